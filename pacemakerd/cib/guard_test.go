package cib

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// faulty breaks down where a document has an element <boom>, as a fault of the
// validator would.
type faulty struct{}

func (faulty) Validate(doc *xml.Element) error {
	for e := range doc.Walk() {
		if e.Name == "boom" {
			panic("injected")
		}
	}
	return nil
}

func (faulty) Upgrade(doc *xml.Element, _ string) (*xml.Element, bool, error) { return doc, false, nil }

func ask(op string, options Options, section string, data *xml.Element) *xml.Element {
	n := xml.New("cib_command", "t", "cib", "cib_op", op, "cib_callid", "7", "cib_section", section, "cib_clientid", "c1", "cib_delegated_from", "n1")
	n.Set("cib_callopt", strconv.Itoa(int(options)))
	if data != nil {
		n.Append(xml.New("cib_calldata")).Append(data)
	}
	return n
}

// TestPanicIsRefusal: an operation that breaks down is refused on every node in
// the same way, the document stays, and the primary compares digests.
func TestPanicIsRefusal(t *testing.T) {
	for _, primary := range []bool{true, false} {
		m := New(Config{Node: "n1", Schemas: faulty{}})
		m.Step(0, Connected{Client: "c1", Privileged: true, Name: "test"})
		if primary {
			m.Step(0, Asked{Client: "c1", Msg: xml.New("cib_command", "cib_op", OpMaster)})
		}
		before := xml.Digest(m.Doc())
		refused := false
		for _, a := range m.Step(time.Second, Delivered{From: "n1", Msg: ask(OpCreate, 0, "resources", xml.New("boom", "id", "b"))}) {
			switch a := a.(type) {
			case Refused:
				refused = a.Code == Generic
			case Save, Changed:
				t.Errorf("%T after a panic", a)
			}
		}
		if !refused {
			t.Error("not refused with Generic")
		}
		if xml.Digest(m.Doc()) != before {
			t.Error("the document changed")
		}
		if at, _ := m.Next(); (at == time.Second+pingDelay) != primary {
			t.Errorf("primary %v: digests compared at %v", primary, at)
		}
		// It goes on.
		m.Step(2*time.Second, Delivered{From: "n1", Msg: ask(OpCreate, 0, "resources", xml.New("primitive", "id", "p"))})
		if m.Doc().First("//primitive[@id='p']") == nil {
			t.Error("the next operation was not applied")
		}
	}
}

// TestXPathOutcome: the codes of 2.1.5 for expressions that select nothing,
// cannot be read, or yield a number.
func TestXPathOutcome(t *testing.T) {
	doc := Empty()
	doc.Ensure("configuration").Ensure("resources").Append(xml.New("primitive", "id", "a"))
	for _, expr := range []string{"//nosuch", "//primitive[", "count(//primitive)", "//primitive[matches(@id, 'a')]", "//a" + strings.Repeat("/b", xml.MaxXPath)} {
		for op, want := range map[string]Code{OpQuery: NotFound, OpModify: NotFound, OpReplace: NotFound, OpDelete: OK} {
			r := Apply(doc, &Op{Name: op, Section: expr, Options: XPath, Data: xml.New("primitive", "id", "a")}, Stamp{}, Env{})
			if r.Code != want || r.Changed {
				t.Errorf("%s %.60s: %v changed=%v, want %v", op, expr, r.Code, r.Changed, want)
			}
		}
	}
}
