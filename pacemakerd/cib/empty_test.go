package cib

import (
	"errors"
	"testing"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// noEmptyTags refuses a document that has a section tags.
type noEmptyTags struct{ Schemas }

func (noEmptyTags) Validate(doc *xml.Element) error {
	if Section(doc, "tags") != nil {
		return errors.New("tags")
	}
	return nil
}

// TestEmptyElement: an element without attributes is in the CIB of every node,
// though nothing counts it, and the schema may refuse it all the same.
func TestEmptyElement(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		c := Config{Node: "n1"}
		if refuse {
			c.Schemas = noEmptyTags{}
		}
		m := New(c)
		m.Step(0, Delivered{From: "n1", Msg: ask(OpErase, 0, "", nil)})
		before := VersionOf(m.Doc())
		m.Step(0, Delivered{From: "n1", Msg: ask(OpCreate, 0, "configuration", xml.New("tags"))})
		if got := VersionOf(m.Doc()); got != before {
			t.Errorf("version %s after %s", got, before)
		}
		if has := Section(m.Doc(), "tags") != nil; has == refuse {
			t.Errorf("refused by the schema: %v, there: %v", refuse, has)
		}
	}
}

// TestUpgradeUnnecessary: a client that waits is told with a result that there is
// nothing to upgrade.
func TestUpgradeUnnecessary(t *testing.T) {
	m := New(Config{Node: "n1"})
	m.clients["c"] = &client{Connected: Connected{Client: "c"}, frames: map[string]int32{"7": 3}}
	reply := xml.New("cib_process_upgrade_server", "t", "cib", "cib_op", OpUpgrade, "cib_isreplyto", "n1", "cib_clientid", "c", "cib_callid", "7", "cib_upgrade_rc", "-211")
	for _, a := range m.Step(0, Delivered{From: "n1", Msg: reply}) {
		if r, ok := a.(Respond); ok {
			if got := r.Msg.Get("cib_rc"); got != "-211" {
				t.Errorf("cib_rc %q", got)
			}
			return
		}
	}
	t.Error("no answer")
}
