package captures

import (
	"testing"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A Message is one that a pacemaker daemon sent to a CPG group.
type Message struct {
	Group string
	XML   *xml.Element
}

// Messages returns what the daemons of real clusters sent to each other, in order.
func Messages(t testing.TB) (list []Message) {
	t.Helper()
	for _, name := range Glob(t, "pacemaker", "*/cluster/*.xml") {
		doc, err := xml.Parse(Read(t, "pacemaker", name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for m := range doc.Each("cpg") {
			if c := m.Child(""); c != nil {
				list = append(list, Message{m.Get("group"), c.Clone()})
			}
		}
	}
	return list
}

// MessagesOf returns those of one group as text.
func MessagesOf(t testing.TB, group string) (list []string) {
	t.Helper()
	for _, m := range Messages(t) {
		if m.Group == group {
			list = append(list, string(m.XML.Compact()))
		}
	}
	return list
}
