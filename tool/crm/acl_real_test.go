//go:build interop

package crm

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
)

// aclGroups is the file of groups that both see: one of the users is in
// haclient's list of members, one in none.
const aclGroups = "root:x:0:\nhaclient:x:110:carol\n"

// aclDocument makes a CIB with access control from a seed: two targets, a
// group, and roles with permissions of all forms.
func aclDocument(rng *rand.Rand) *xml.Element {
	one := func(of ...string) string { return of[rng.IntN(len(of))] }
	permission := func(i int) string {
		kind := one("read", "read", "write", "write", "deny")
		what := one(
			`xpath="/cib"`, `xpath="/cib/configuration"`, `xpath="//resources"`, `xpath="//primitive[@id='a']"`, `xpath="//primitive[@id='b']//nvpair"`,
			`xpath="//nvpair[@name='secret']"`, `xpath="//meta_attributes"`, `xpath="//constraints"`, `xpath="//crm_config"`, `xpath="/cib/status"`,
			`xpath="//primitive[meta_attributes]"`, `xpath="//acls"`, `xpath="//nosuch"`, `reference="a"`, `reference="am"`, `reference="loc"`,
			`object-type="primitive"`, `object-type="nvpair" attribute="value"`,
			`object-type="resources"`, `object-type="nodes"`)
		return fmt.Sprintf(`<acl_permission id="p%d" kind="%s" %s/>`, i, kind, what)
	}
	role := func(id string, first int) string {
		var b strings.Builder
		for i := range 1 + rng.IntN(4) {
			b.WriteString(permission(first + i))
		}
		return `<acl_role id="` + id + `">` + b.String() + `</acl_role>`
	}
	roles := func() string {
		s := ""
		for _, r := range []string{"r1", "r2", "r3"} {
			if rng.IntN(2) == 0 {
				s += `<role id="` + r + `"/>`
			}
		}
		if s == "" { // the schema wants one
			s = `<role id="` + one("r1", "r2", "r3") + `"/>`
		}
		return s
	}
	text := `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="5" num_updates="3" admin_epoch="0"><configuration>` +
		`<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="o-acl" name="enable-acl" value="` + one("true", "true", "true", "on", "false") + `"/>` +
		`<nvpair id="o-st" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>` +
		`<nodes><node id="1" uname="n1"/></nodes><resources>` +
		`<primitive id="a" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="am"><nvpair id="am-tr" name="target-role" value="Started"/>` +
		`<nvpair id="am-s" name="secret" value="s"/></meta_attributes></primitive>` +
		`<group id="g"><primitive id="b" class="ocf" provider="pacemaker" type="Dummy"><instance_attributes id="bi"><nvpair id="bi-s" name="secret" value="t"/></instance_attributes></primitive></group>` +
		`</resources><constraints><rsc_location id="loc" rsc="a" node="n1" score="10"/></constraints>` +
		`<acls><acl_target id="alice">` + roles() + `</acl_target><acl_target id="bob" name="bob">` + roles() + `</acl_target><acl_group id="haclient">` + roles() + `</acl_group>` +
		role("r1", 0) + role("r2", 10) + role("r3", 20) + `</acls></configuration>` +
		`<status><node_state id="1" uname="n1"/></status></cib>`
	doc, err := xml.Parse([]byte(text))
	if err != nil {
		panic(err) // a mistake above
	}
	return doc
}

// An aclCall is one use of cibadmin.
type aclCall struct {
	args []string
	op   cib.Op
}

func aclCalls(doc *xml.Element) []aclCall {
	el := func(s string) *xml.Element {
		n, err := xml.Parse([]byte(s))
		if err != nil {
			panic(err)
		}
		return n
	}
	update := func(name, letter, section, text string) aclCall {
		return aclCall{[]string{letter, "-o", section, "-X", text}, cib.Op{Name: name, Section: section, Data: el(text)}}
	}
	changed := func(edit func(*xml.Element)) string {
		c := doc.Clone()
		edit(c)
		return string(c.Compact())
	}
	whole := func(edit func(*xml.Element)) aclCall {
		text := changed(edit)
		return aclCall{[]string{"-R", "-X", text}, cib.Op{Name: cib.OpReplace, Data: el(text)}}
	}
	section := func(name string, edit func(*xml.Element)) aclCall {
		text := string(cib.Section(el(changed(edit)), name).Compact())
		return update(cib.OpReplace, "-R", name, text)
	}
	patch := func(edit func(*xml.Element)) aclCall {
		c := doc.Clone()
		edit(c)
		c.Set("epoch", "6")
		c.Set("num_updates", "0")
		p := xml.Diff(doc, c)
		return aclCall{[]string{"-P", "-X", string(p.Compact())}, cib.Op{Name: cib.OpApplyDiff, Data: p}}
	}
	set := func(id, name, value string) func(*xml.Element) {
		return func(d *xml.Element) { d.First("//*[@id='"+id+"']").Set(name, value) }
	}
	remove := func(id string) func(*xml.Element) {
		return func(d *xml.Element) { d.First("//*[@id='" + id + "']").Remove() }
	}
	add := func(id, text string) func(*xml.Element) {
		return func(d *xml.Element) { d.First("//*[@id='" + id + "']").Append(el(text)) }
	}
	query := func(xpath string) aclCall {
		return aclCall{[]string{"-Q", "--xpath", xpath}, cib.Op{Name: cib.OpQuery, Section: xpath, Options: cib.XPath}}
	}
	return []aclCall{
		{[]string{"-Q"}, cib.Op{Name: cib.OpQuery}},
		{[]string{"-Q", "-o", "resources"}, cib.Op{Name: cib.OpQuery, Section: "resources"}},
		query("//nvpair"), query("//primitive[@class]"), query("//primitive[@id='b']"),
		update(cib.OpModify, "-M", "resources", `<primitive id="a" description="x"/>`),
		update(cib.OpModify, "-M", "resources", `<nvpair id="am-tr" value="Stopped"/>`),
		update(cib.OpModify, "-M", "resources", `<nvpair id="am-tr" value="Started"/>`), // no change
		update(cib.OpModify, "-M", "resources", `<nvpair id="am-tr" name="secret"/>`),
		update(cib.OpModify, "-M", "resources", `<primitive id="a"><operations><op id="o" name="monitor" interval="10s"/></operations></primitive>`),
		update(cib.OpModify, "-M", "resources", `<primitive id="b"><meta_attributes id="bm"/></primitive>`), // scaffolding
		update(cib.OpCreate, "-C", "resources", `<primitive id="c" class="ocf" provider="pacemaker" type="Dummy"/>`),
		update(cib.OpCreate, "-C", "constraints", `<rsc_location id="l2" rsc="b" node="n1" score="5"/>`),
		update(cib.OpCreate, "-C", "acls", `<acl_role id="r4"/>`),
		update(cib.OpDelete, "-D", "resources", `<primitive id="a"/>`),
		update(cib.OpDelete, "-D", "resources", `<nvpair id="am-s"/>`),
		update(cib.OpDelete, "-D", "constraints", `<rsc_location id="loc"/>`),
		update(cib.OpDelete, "-D", "crm_config", `<nvpair id="o-acl"/>`),
		whole(func(d *xml.Element) {}),
		whole(set("am-tr", "value", "Stopped")),
		whole(set("am-s", "name", "open")),
		whole(remove("loc")),
		whole(add("a", `<operations><op id="o" name="monitor" interval="10s"/></operations>`)),
		whole(add("g", `<primitive id="c" class="ocf" provider="pacemaker" type="Dummy"/>`)),
		whole(func(d *xml.Element) { d.Set("epoch", "9") }),
		section("resources", set("bi-s", "value", "u")),
		section("resources", remove("am")),
		section("constraints", set("loc", "score", "11")),
		section("acls", set("p0", "description", "x")),
		patch(set("am-tr", "value", "Stopped")),
		patch(remove("loc")),
		patch(set("o-st", "value", "true")),
	}
}

// TestACLBesideTheRealOne makes 40 documents with access control and gives each
// to pacemaker's cibadmin (on a file) and to ours with the calls above, as one of
// four users by turns: what may be read, what a change is answered with and what
// it leaves must be equal. A third of the calls is made on each document, by
// turns. GOCOROSYNC_ACL_SEEDS=N takes N documents, each with all calls as all
// users.
func TestACLBesideTheRealOne(t *testing.T) {
	real, err := exec.LookPath("cibadmin")
	if err != nil {
		captures.Lack(t, captures.Peers, "pacemaker's cibadmin is not installed")
	}
	dir := t.TempDir()
	groups := filepath.Join(dir, "group")
	if err := os.WriteFile(groups, []byte(aclGroups), 0o644); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "cib.xml")
	env := cib.Env{Schemas: schema.Set{}, InGroup: func(user, group string) bool { return user == "carol" && group == "haclient" }}
	calls, denied, filtered := 0, 0, 0
	seeds, all := uint64(40), false
	if n, err := strconv.ParseUint(os.Getenv("GOCOROSYNC_ACL_SEEDS"), 10, 32); err == nil {
		seeds, all = n, true
	}
	users := []string{"alice", "bob", "carol", "dave"}
	for seed := range seeds {
		doc := aclDocument(rand.New(rand.NewPCG(seed, 10)))
		text := doc.Format()
		of := users
		if !all {
			of = users[seed%4 : seed%4+1]
		}
		for _, user := range of {
			list := aclCalls(doc)
			if !all {
				kept := list[:0]
				for i, c := range list {
					if i%3 == int(seed/4)%3 {
						kept = append(kept, c)
					}
				}
				list = kept
			}
			// One start of a shell in a namespace of its own for all calls of a user.
			var script bytes.Buffer
			script.WriteString("mount --bind " + groups + " /etc/group\n")
			for i, c := range list {
				fmt.Fprintf(&script, "cat %s.in > %s\n", file, file)
				fmt.Fprintf(&script, "%s -U %s", real, user)
				for _, a := range c.args {
					script.WriteString(" '" + strings.ReplaceAll(a, "'", `'\''`) + "'")
				}
				fmt.Fprintf(&script, " > %s.%d 2>/dev/null; echo $?\ncp %s %s.%d.after\n", file, i, file, file, i)
			}
			if err := os.WriteFile(file+".in", text, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("unshare", "-m", "sh", "-s")
			cmd.Stdin = &script
			cmd.Env = append(os.Environ(), "CIB_file="+file)
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("seed %d, %s: %v", seed, user, err)
			}
			statuses := strings.Fields(string(out))
			if len(statuses) != len(list) {
				t.Fatalf("seed %d, %s: %d exit statuses", seed, user, len(statuses))
			}
			for i, c := range list {
				calls++
				op := c.op
				op.User = user
				r := cib.Apply(doc, &op, cib.Stamp{}, env)
				want, _ := strconv.Atoi(statuses[i])
				if got := exitOf(&tool.Env{Profile: conf.EL9}, r.Code); got != want {
					t.Fatalf("seed %d, %s, %.150q: exit status %d, want %d (%v)\n%s", seed, user, c.args, got, want, r.Denied, cib.Section(doc, "acls"))
				}
				if r.Code == cib.AccessDenied {
					denied++
				}
				if op.Name == cib.OpQuery {
					b, err := os.ReadFile(file + "." + strconv.Itoa(i))
					if err != nil {
						t.Fatal(err)
					}
					var got []byte
					if r.Output != nil {
						got = r.Output.Format()
						filtered++
					}
					if want := recoverText(b); want != recoverText(got) {
						t.Fatalf("seed %d, %s, %q: we show\n%s\nwant\n%s", seed, user, c.args, recoverText(got), want)
					}
					continue
				}
				b, err := os.ReadFile(file + "." + strconv.Itoa(i) + ".after")
				if err != nil {
					t.Fatal(err)
				}
				after, err := xml.Parse(b)
				if err != nil {
					t.Fatal(err)
				}
				for _, part := range []string{"configuration", "status"} {
					if want, got := cib.Section(after, part).Compact(), cib.Section(r.Doc, part).Compact(); !bytes.Equal(want, got) {
						t.Fatalf("seed %d, %s, %.150q leaves\n%s\nwant\n%s", seed, user, c.args, got, want)
					}
				}
			}
		}
	}
	t.Logf("%d calls: %d refused, %d queries answered", calls, denied, filtered)
}

// recoverText is a document in one spelling, "" for none.
func recoverText(b []byte) string {
	n, err := xml.Parse(b)
	if err != nil {
		return ""
	}
	return string(n.Compact())
}
