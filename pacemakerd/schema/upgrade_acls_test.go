package schema

import (
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestUpgradeOfOldACLs brings access control of 1.2 to the newest schema, with
// what cibadmin --upgrade of 2.1.5 makes of it.
func TestUpgradeOfOldACLs(t *testing.T) {
	for _, c := range []struct{ old, new, note string }{
		{`<acl_role id="r"><read id="m1" xpath="/cib"/><write id="m2" ref="a"/></acl_role>`,
			`<acl_role id="r"><acl_permission id="m1" kind="read" xpath="/cib"/><acl_permission id="m2" kind="write" reference="a"/></acl_role>`, ""},
		{`<acl_role id="r"><deny id="m1" tag="nvpair" attribute="value"/></acl_role>`,
			`<acl_role id="r"><acl_permission id="m1" kind="deny" object-type="nvpair" attribute="value"/></acl_role>`, "ACLs: @attribute (with @tag) handling generalized a bit for upgrade-1.3.xsl purposes"},
		{`<acl_role id="r"><deny id="m1" xpath="/cib/x[@y]" attribute="z"/></acl_role>`,
			`<acl_role id="r"><acl_permission id="m1" kind="deny" xpath="/cib/x[@y][@z]"/></acl_role>`, "ACLs: @attribute (with @xpath) handling generalized a bit for upgrade-1.3.xsl purposes"},
		{`<acl_role id="r"><read id="m1" ref="a" attribute="z"/></acl_role>`,
			`<acl_role id="r"><acl_permission id="m1" kind="read" reference="a"/></acl_role>`, "ACLs: @attribute cannot accompany @ref for upgrade-1.3.xsl purposes, ignoring"},
		{`<acl_role id="r"/><acl_user id="joe"><role_ref id="r"/></acl_user>`, `<acl_role id="r"/><acl_target id="joe"><role id="r"/></acl_target>`, ""},
		{`<acl_user id="joe"><read id="u1" xpath="/cib"/></acl_user><acl_user id="jo"/>`,
			`<acl_target id="joe"><role id="auto-joe"/></acl_target><acl_role id="auto-joe"><acl_permission id="u1" kind="read" xpath="/cib"/></acl_role><acl_target id="jo"/>`, ""},
	} {
		text := func(schema, acls string) string {
			return `<cib validate-with="` + schema + `" epoch="1" num_updates="0" admin_epoch="0"><configuration><crm_config/><nodes/><resources>` +
				`<primitive id="a" class="ocf" provider="p" type="T"/></resources><constraints/><acls>` + acls + `</acls></configuration><status/></cib>`
		}
		doc, err := xml.Parse([]byte(text("pacemaker-1.2", c.old)))
		if err != nil {
			t.Fatal(err)
		}
		if notes := strings.Join(ModerniseACLs(doc.Clone()), "\n"); notes != c.note {
			t.Errorf("%s: notes %q, want %q", c.old, notes, c.note)
		}
		next, changed, err := Upgrade(doc, "")
		if err != nil || !changed {
			t.Errorf("%s: %v", c.old, err)
			continue
		}
		if got, want := string(next.AppendCompact(nil)), text(Newest, c.new); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.old, got, want)
		}
	}
}
