package node

import (
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// said is a message of a group.
type said struct {
	group string
	msg   *xml.Node
}

// captured returns the messages that real clusters sent.
func captured(t testing.TB) (list []said) {
	for _, name := range captures.Glob(t, "pacemaker", "*/cluster/*.xml") {
		doc, err := xml.Parse(captures.Read(t, "pacemaker", name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for m := range doc.Each("cpg") {
			if c := m.Child(""); c != nil {
				list = append(list, said{m.Get("group"), c.Clone()})
			}
		}
	}
	return list
}
