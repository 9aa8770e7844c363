package attrd

import (
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// askTimeout is how long a resumed node waits for peers that do not answer its
// request for all values; the versions after 2.1 may know the request no more.
const askTimeout = 5 * time.Second

// asking is the state of a resumed node that does not know its values yet. It
// takes no part in elections: a writer that knows nothing tells nothing, and
// the others then repeat their own values only, never those of this node.
type asking struct {
	active bool            // from the beginning until all have answered
	from   map[uint32]bool // nodes whose answer is missing; nil before the request has come round
	until  time.Duration   // 0: not asked yet
}

// Asking tells whether this node, resumed, does not know all values yet. What its
// clients and its controller want is then better kept until it does: value++ and
// the clearing of failures go by what is known.
func (m *Machine) Asking() bool { return m.asking.active }

// ask requests all values of everybody. The answers are as of the moment at
// which the request is delivered.
func (m *Machine) ask() {
	m.asking = asking{active: true, until: m.now + askTimeout}
	m.send("", xml.New("attrd_request", "t", "attrd", "src", "pacemaker-attrd", "task", "sync"))
}

// asked answers a request for all values, or notes who will answer ours.
func (m *Machine) asked(from string) {
	if !strings.EqualFold(from, m.cfg.Node) {
		m.syncTo(from)
		return
	}
	if !m.asking.active {
		return
	}
	m.asking.from = map[uint32]bool{}
	for _, p := range m.cfg.Cache.Active("attrd") {
		if p.ID != m.cfg.ID {
			m.asking.from[p.ID] = true
		}
	}
	m.answered("")
}

// answered notes that no answer of that node is to come any more.
func (m *Machine) answered(from string) {
	if !m.asking.active || m.asking.from == nil {
		return
	}
	if p := m.cfg.Cache.ByName(from); p != nil {
		delete(m.asking.from, p.ID)
	}
	if len(m.asking.from) == 0 {
		m.askingEnds()
	}
}

// askingEnds lets this node be a candidate, and sees to it that there is a writer.
func (m *Machine) askingEnds() {
	m.asking = asking{}
	if m.writer == "" {
		m.elect()
	}
}
