package attrd

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/fault"
)

// broken returns what must hold between two events and does not, "" if all does.
func (m *Machine) broken() fault.Invariant {
	switch {
	case m.bytes < 0:
		return "no more is forgotten than was stored"
	case m.Writer() && m.writer != "" && !strings.EqualFold(m.writer, m.cfg.Node):
		return "a writer knows no other"
	}
	return ""
}

// assert is for the end of every event. What is wrong is a fault of ours: it is told,
// counted anew, and the writer, elected anew, tells everybody all values.
func (m *Machine) assert() {
	what := m.broken()
	if what == "" {
		return
	}
	fault.Tell(m.cfg.Log, what, "Attributes are told anew after an election",
		"attributes", len(m.attrs), "bytes", m.bytes, "writer", m.writer, "election", int(m.election.State))
	m.bytes = 0
	for _, a := range m.attrs {
		m.bytes += len(a.name)
		for _, v := range a.values {
			m.bytes += len(v.node) + len(v.text)
		}
	}
	m.writer = ""
	m.elect()
}
