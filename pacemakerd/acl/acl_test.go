package acl_test

import (
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/pacemakerd/acl"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

const text = `<cib epoch="1"><configuration><crm_config><cluster_property_set id="s"><nvpair id="e" name="enable-acl" value="true"/></cluster_property_set></crm_config>` +
	`<resources><primitive id="a" class="ocf"><meta_attributes id="am"><nvpair id="t" name="target-role" value="x"/><nvpair id="s1" name="secret" value="y"/></meta_attributes></primitive>` +
	`<primitive id="b" class="ocf"/></resources>` +
	`<acls><acl_target id="alice"><role id="r"/></acl_target><acl_target id="x" name="bob"><role id="none"/></acl_target><acl_user id="old"><read tag="primitive" ref="b"/></acl_user>` +
	`<acl_group id="ops"><role id="w"/></acl_group>` +
	`<acl_role id="r"><acl_permission id="p1" kind="read" xpath="/cib"/><acl_permission id="p2" kind="write" reference="a"/><acl_permission id="p3" kind="deny" xpath="//nvpair[@name='secret']"/></acl_role>` +
	`<acl_role id="w"><acl_permission id="p4" kind="write" object-type="nvpair" attribute="value"/><role id="w"/></acl_role></acls></configuration></cib>`

func document(t testing.TB) *xml.Element {
	t.Helper()
	doc, err := xml.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func inGroup(user, group string) bool { return user == "carol" && group == "ops" }

// TestFilter shows each user what he may read, in one line of ids.
func TestFilter(t *testing.T) {
	doc := document(t)
	before := string(doc.Compact())
	for user, want := range map[string]string{
		"alice": "s e a am t b alice r x none old ops w r p1 p2 p3 w p4 w", // all but the secret
		"bob":   "-",                                                       // a role that is not there
		"eve":   "-",
		"old":   "b",
		"carol": "s e a am t s1", // what leads to an nvpair stays with its id
	} {
		out := acl.For(doc, user, inGroup).Filter(doc)
		var ids []string
		for n := range out.Walk() {
			if n.ID() != "" {
				ids = append(ids, n.ID())
			}
		}
		if out == nil {
			ids = []string{"-"}
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s sees %s, want %s", user, got, want)
		}
	}
	if carol := acl.For(doc, "carol", inGroup).Filter(doc); carol.First("//primitive[@class]") != nil || carol.Has("epoch") {
		t.Errorf("carol sees attributes: %s", carol)
	}
	if string(doc.Compact()) != before {
		t.Error("the document changed")
	}
}

func TestAllow(t *testing.T) {
	doc := document(t)
	set := func(id, name, value string) func(*xml.Element) {
		return func(d *xml.Element) { d.First("//*[@id='"+id+"']").Set(name, value) }
	}
	for _, c := range []struct {
		name, user string
		edit       func(*xml.Element)
		want       string // of the error, "" for allowed
	}{
		{"nothing", "alice", func(*xml.Element) {}, ""},
		{"own resource", "alice", set("t", "value", "z"), ""},
		{"a secret in it", "alice", set("s1", "value", "z"), "change attributes of /cib/configuration/resources/primitive[@id='a']/meta_attributes[@id='am']/nvpair[@id='s1']"},
		{"another's", "alice", set("b", "class", "lsb"), "change attributes of"},
		{"delete own", "alice", func(d *xml.Element) { d.First("//primitive[@id='a']").Remove() }, ""},
		{"delete another's", "alice", func(d *xml.Element) { d.First("//primitive[@id='b']").Remove() }, "delete /cib/configuration/resources/primitive[@id='b']"},
		{"scaffolding", "alice", func(d *xml.Element) { d.First("//primitive[@id='b']").Append(xml.New("meta_attributes", "id", "bm")) }, ""},
		{"more than scaffolding", "alice", func(d *xml.Element) { d.First("//primitive[@id='b']").Append(xml.New("op", "id", "o", "name", "x")) }, "create"},
		{"scaffolding of the lists", "alice", func(d *xml.Element) { d.First("//acls").Append(xml.New("acl_role", "id", "r9")) }, "create"},
		{"off", "alice", set("e", "value", "false"), "change attributes of"},
		{"no rules", "eve", set("t", "value", "z"), "change"},
		{"by a mark on the attribute's element", "carol", set("t", "value", "z"), ""},
		{"beside it", "carol", set("am", "score", "1"), "change attributes of"},
	} {
		next := doc.Clone()
		c.edit(next)
		err := acl.For(doc, c.user, inGroup).Allow(doc, next, false)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s: %v, want %q", c.user, c.name, err, c.want)
		}
	}
}

func TestEnabled(t *testing.T) {
	doc := document(t)
	if !acl.Enabled(doc) || acl.Required("root") || acl.Required("hacluster") || acl.Required("") || !acl.Required("#unprivileged") {
		t.Error("who and when")
	}
	doc.Descend("configuration", "crm_config").Append(xml.New("cluster_property_set", "id", "cib-bootstrap-options")).
		Append(xml.New("nvpair", "id", "x", "name", "enable-acl", "value", "false"))
	if acl.Enabled(doc) {
		t.Error("the set cib-bootstrap-options comes first")
	}
	if acl.Enabled(xml.New("cib")) {
		t.Error("on without a configuration")
	}
}

// FuzzACL: a document with any lists never shows what a rule of the user denies
// by name, never panics, and allows a change of nothing.
func FuzzACL(f *testing.F) {
	f.Add(text, "alice")
	f.Add(strings.ReplaceAll(text, "deny", "read"), "carol")
	f.Fuzz(func(t *testing.T, s, user string) {
		doc, err := xml.Parse([]byte(s))
		if err != nil || len(s) > 1<<14 {
			return
		}
		rules := acl.For(doc, user, inGroup)
		if out := rules.Filter(doc); out != nil && len(out.Compact()) > len(doc.Compact()) {
			t.Errorf("%s became %s", doc, out)
		}
		if err := rules.Allow(doc, doc.Clone(), true); (err == nil) != (len(rules) > 0) {
			t.Errorf("%d rules: %v", len(rules), err)
		}
	})
}
