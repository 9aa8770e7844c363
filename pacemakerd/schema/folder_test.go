package schema_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestFolder judges documents by the schemas of testdata/own.
func TestFolder(t *testing.T) {
	set, err := schema.Load(os.DirFS("testdata/own"))
	if err != nil {
		t.Fatal(err)
	}
	const good = `<cib validate-with="pacemaker-3.10"><configuration><nodes><node id="a" uname="db1" score="7"/></nodes><crm_config/>` +
		`<constraints><rsc_order id="o"/></constraints><resources><group id="g" colours="red  blue"><group id="h"/></group></resources></configuration><status/></cib>`
	for _, c := range []struct{ change, fault string }{
		{"", ""},
		{`score="7"->score="INFINITY"`, ""},
		{`score="7"->score="much"`, "Invalid attribute score for element node"},
		{`uname="db1"->uname="web1"`, "Invalid attribute uname for element node"},
		{`uname="db1"->uname="db0"`, "Invalid attribute uname for element node"},
		{`id="a" uname->uname`, "Element node failed to validate attributes"},
		{`id="a"->id="1a"`, "Invalid attribute id for element node"},
		{`red  blue->red green`, "Invalid attribute colours for element group"},
		{`<group id="h"/>-><clone id="h"/>`, "Did not expect element clone there"},
		{`<crm_config/>->`, "Element configuration failed to validate content"},
		{`<crm_config/>-><crm_config/><crm_config/>`, "Did not expect element crm_config there"},
		{`rsc_order->rsc_ticket`, "Did not expect element rsc_ticket there"},
		{`<group id="h"/>-><group id="a"/>`, ""}, // no id as the schema has it
		{`</nodes>-><node id="a" uname="db2"/></nodes>`, "ID a redefined"},
		{`<status/>-><status>text</status>`, "Element status failed to validate content"},
	} {
		from, to, _ := strings.Cut(c.change, "->")
		doc, err := xml.Parse([]byte(strings.Replace(good, from, to, 1)))
		if err != nil {
			t.Fatal(err)
		}
		err = set.Validate(doc)
		var bad *schema.Invalid
		if c.fault == "" && err != nil || c.fault != "" && (!errors.As(err, &bad) || len(bad.Faults) != 1 || bad.Faults[0].Text != c.fault) {
			t.Errorf("%s: %v, want %q", c.change, err, c.fault)
		}
	}
	for name, want := range map[string]error{"pacemaker-3.9": schema.ErrUnknown, "own.rng": schema.ErrUnknown, schema.None: nil} {
		if err := set.Validate(xml.New("cib", "validate-with", name)); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if set.Newest() != "pacemaker-3.10" {
		t.Error(set.Newest())
	}
}

// TestFolderOrder: versions are numbers, and other files are no schemas.
func TestFolderOrder(t *testing.T) {
	files := fstest.MapFS{}
	for _, name := range []string{"pacemaker-3.9.rng", "pacemaker-3.10.rng", "pacemaker-2.10.rng", "custom.rng", "pacemaker-next.rng"} {
		files[name] = &fstest.MapFile{Data: []byte(`<element name="cib"><zeroOrMore><attribute><anyName/></attribute></zeroOrMore></element>`)}
	}
	set, err := schema.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	l, ok := set.Lineage()
	if got := l.From("pacemaker-2.10"); !ok || !slices.Equal(got, []string{"pacemaker-2.10", "pacemaker-3.9", "pacemaker-3.10"}) {
		t.Error(got)
	}
	doc, changed, err := set.Upgrade(xml.New("cib", "validate-with", "pacemaker-3.9"), "")
	if err != nil || !changed || doc.Get("validate-with") != "pacemaker-3.10" {
		t.Error(doc, changed, err)
	}
}

// TestBadSchemas: what is wrong with a schema is said, and nothing conforms.
func TestBadSchemas(t *testing.T) {
	for text, want := range map[string]string{
		`<grammar><start><ref name="a"/></start></grammar>`:                                                               "a is not defined",
		`<grammar><start><ref name="a"/></start><define name="a"><optional><ref name="a"/></optional></define></grammar>`: "needs itself",
		`<externalRef href="pacemaker-3.9.rng"/>`:                                                                         "include each other",
		`<grammar><include href="pacemaker-3.9.rng"/></grammar>`:                                                          "cannot be included",
		`<externalRef href="../secret"/>`:                                                                                 "file does not exist",
		`<element name="cib"><data type="hexBinary"/></element>`:                                                          "not supported",
		`<element name="cib"><data type="string"><param name="pattern">(</param></data></element>`:                        "error parsing regexp",
		`<element/>`: "without a name",
		`<grammar><start><element name="cib"><element name="x"><ref name="b"/></element></element></start></grammar>`: "b is not defined",
		`<broken`: "3.9.rng",
	} {
		set, err := schema.Load(fstest.MapFS{"pacemaker-3.9.rng": &fstest.MapFile{Data: []byte(text)}})
		if err != nil {
			t.Fatal(err)
		}
		err = set.Validate(xml.New("cib", "validate-with", "pacemaker-3.9"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// FuzzFolder: no schema and no document make it panic.
func FuzzFolder(f *testing.F) {
	schemaText, err := os.ReadFile("testdata/own/pacemaker-3.10.rng")
	if err != nil {
		f.Fatal(err)
	}
	parts, err := os.ReadFile("testdata/own/parts.rng")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(schemaText, parts, []byte(`<cib validate-with="pacemaker-3.10"><configuration/></cib>`))
	f.Fuzz(func(t *testing.T, schemaText, parts, doc []byte) {
		set, err := schema.Load(fstest.MapFS{"pacemaker-3.10.rng": {Data: schemaText}, "parts.rng": {Data: parts}})
		if err != nil {
			return
		}
		if d, err := xml.Parse(doc); err == nil {
			_ = set.Validate(d)
		}
	})
}

// TestAmbiguous: a schema that can be read in ever more ways is given up.
func TestAmbiguous(t *testing.T) {
	text := `<attribute><anyName/></attribute>`
	for range 40 {
		text = `<choice><group>` + text + `<optional><attribute><anyName/></attribute></optional></group><interleave>` +
			`<attribute><anyName/></attribute><optional><attribute name="x"/></optional></interleave></choice>`
	}
	set, err := schema.Load(fstest.MapFS{"pacemaker-3.9.rng": &fstest.MapFile{Data: []byte(`<element name="cib">` + text + `</element>`)}})
	if err != nil {
		t.Fatal(err)
	}
	doc := xml.New("cib", "validate-with", "pacemaker-3.9")
	for i := range 40 {
		doc.Set("a"+strings.Repeat("b", i), "")
	}
	err = set.Validate(doc)
	if err == nil || !strings.Contains(err.Error(), "too ambiguous") {
		t.Errorf("%v", err)
	}
}
