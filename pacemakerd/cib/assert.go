package cib

import (
	"github.com/gocorosync/gocorosync/pacemakerd/fault"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// broken returns what must hold of a change and does not, "" if all does. It is about
// what this machine made of it, never about what was asked.
func broken(old, doc, patch *xml.Element) fault.Invariant {
	if doc == nil || doc.Name != "cib" {
		return "the document is a CIB"
	}
	if v := patch.Child("version"); v != nil {
		switch {
		case VersionOf(v.Child("source")) != VersionOf(old):
			return "a patch begins at the document before"
		case VersionOf(v.Child("target")) != VersionOf(doc):
			return "a patch ends at the document after"
		}
	}
	return ""
}

// assert looks at a change before it is in force. What is wrong is told, and made
// good: a copy is taken from the DC's node, or, there, the others' are compared.
func (m *Machine) assert(a *applied) {
	what := broken(a.old, a.Doc, a.Patch)
	if what == "" {
		return
	}
	fault.Tell(m.cfg.Log, what, "The copies of the CIB are compared",
		"op", a.op.Name, "section", a.op.Section, "node", a.from, "before", VersionOf(a.old).String(), "after", VersionOf(a.Doc).String())
	if m.primary {
		m.pingAt = m.now + pingDelay
	} else {
		m.askSync()
	}
}
