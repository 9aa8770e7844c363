package schema

import (
	"errors"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

func document(t testing.TB, name, nodes, resources, constraints string) *xml.Element {
	t.Helper()
	doc, err := xml.Parse([]byte(`<cib validate-with="` + name + `" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes>` +
		nodes + `</nodes><resources>` + resources + `</resources><constraints>` + constraints + `</constraints></configuration><status/></cib>`))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

const dummy = `<primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/>`

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		schema, nodes, resources, constraints string
		want                                  string // the faults, one after the other
	}{
		{schema: Newest, resources: dummy},
		{schema: None, resources: `<widget/>`},
		{schema: "pacemaker-1.2", resources: dummy},
		{schema: Newest, resources: `<primitive id="1a" class="ocf" provider="pacemaker" type="Dummy"/>`,
			want: "element primitive: Relax-NG validity error : Type ID doesn't allow value '1a'|" +
				"element primitive: Relax-NG validity error : Invalid sequence in interleave|" +
				"element primitive: Relax-NG validity error : Element primitive failed to validate content|" +
				"element primitive: Relax-NG validity error : Element resources has extra content: primitive"},
		{schema: Newest, resources: dummy + `<widget/>`,
			want: "element widget: Relax-NG validity error : Did not expect element widget there|" +
				"element primitive: Relax-NG validity error : Element resources has extra content: primitive"},
		{schema: Newest, resources: dummy, constraints: `<rsc_location id="l" rsc="b" node="n" score="1"/>`,
			want: `element rsc_location: validity error : IDREF attribute rsc references an unknown ID "b"`},
		{schema: Newest1, resources: `<primitive id="a" class="ocf" provider="p" type="T"><operations><op id="o" name="monitor" interval="9" on-fail="demote"/></operations></primitive>`,
			want: "element op: Relax-NG validity error : Expecting an element meta_attributes, got nothing|" +
				"Relax-NG validity error : Extra element operations in interleave|" +
				"element operations: Relax-NG validity error : Element primitive failed to validate content|" +
				"element primitive: Relax-NG validity error : Element resources has extra content: primitive"},
		{schema: Newest, resources: `<primitive id="a" class="ocf" provider="p" type="T"><operations><op id="o" name="monitor" interval="9" on-fail="demote"/></operations></primitive>`},
	} {
		err := Validate(document(t, c.schema, c.nodes, c.resources, c.constraints))
		var got []string
		if bad := (*Invalid)(nil); errors.As(err, &bad) {
			for _, f := range bad.Faults {
				got = append(got, f.String())
			}
		}
		if s := strings.Join(got, "|"); s != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s %s%s: %v\ngot  %s\nwant %s", c.schema, c.resources, c.constraints, err, s, c.want)
		}
	}
	if err := Validate(document(t, "pacemaker-9.9", "", "", "")); !errors.Is(err, ErrUnknown) {
		t.Errorf("a schema that does not exist: %v", err)
	}
}

func TestUpgrade(t *testing.T) {
	doc := document(t, "pacemaker-2.10", `<node id="1" uname="n1" type="normal"/>`,
		`<primitive id="a" class="ocf" provider="p" type="T"><operations><op id="o" name="start" interval="0" requires="quorum"/></operations></primitive>`, "")
	up, changed, err := Upgrade(doc, "")
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	if text := string(up.Compact()); up.Get("validate-with") != Newest || strings.Contains(text, `requires="`) || strings.Contains(text, "normal") ||
		!strings.Contains(text, `<meta_attributes id="_2TO3_a-meta"><nvpair id="_2TO3_o-meta-requires" name="requires" value="quorum"/></meta_attributes>`) {
		t.Errorf("upgraded: %s", text)
	}
	if _, changed, err := Upgrade(up, ""); changed || err != nil {
		t.Error("upgraded twice", changed, err)
	}
	if _, _, err := Upgrade(document(t, "pacemaker-2.0", "", "<widget/>", ""), ""); !errors.Is(err, ErrUpgrade) {
		t.Errorf("what does not conform is upgraded: %v", err)
	}
	if _, changed, err := Upgrade(document(t, "pacemaker-2.0", "", dummy, ""), Newest1); !changed || err != nil {
		t.Error("to the newest of the older generation", changed, err)
	}
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte(`<cib validate-with="pacemaker-3.9" epoch="1" num_updates="1" admin_epoch="1"><configuration><crm_config/><nodes/><resources/><constraints/></configuration></cib>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := xml.Parse(b)
		if err != nil {
			return
		}
		_ = Validate(doc)
		if up, changed, err := Upgrade(doc, ""); err == nil && changed && Validate(up) != nil {
			t.Errorf("upgraded into something that does not conform: %s", b)
		}
	})
}

// TestOrderInTheDocument: a configuration comes first, then the status if there is
// one, and nothing else; the words are libxml2's.
func TestOrderInTheDocument(t *testing.T) {
	const configuration, status = `<configuration><crm_config/><nodes/><resources/><constraints/></configuration>`, `<status/>`
	for _, c := range []struct{ name, inside, odd string }{
		{"configuration and status", configuration + status, ""},
		{"configuration alone", configuration, ""},
		{"status first", status + configuration, "status"},
		{"status alone", status, "status"},
		{"two configurations", configuration + configuration + status, "configuration"},
		{"two of status", configuration + status + status, "status"},
	} {
		doc, err := xml.Parse([]byte(`<cib validate-with="` + Newest + `" admin_epoch="0" epoch="1" num_updates="0">` + c.inside + `</cib>`))
		if err != nil {
			t.Fatal(err)
		}
		got, want := "", ""
		if bad := (*Invalid)(nil); errors.As(Validate(doc), &bad) {
			for _, f := range bad.Faults {
				got += f.String() + "\n"
			}
		}
		if c.odd != "" {
			of := "element " + c.odd + ": Relax-NG validity error : "
			want = of + "Did not expect element " + c.odd + " there\n" + of + "Element cib has extra content: " + c.odd + "\n"
		}
		if got != want {
			t.Errorf("%s:\ngot\n%swant\n%s", c.name, got, want)
		}
	}
}
