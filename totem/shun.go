package totem

import (
	"time"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// A node that cannot hear all the others, but is heard, keeps them from working:
// they wait in vain for it to agree, form a ring without it, and meet it again at
// once, because it calls for others as soon as it is alone. Of such a node a new
// ring hears nothing for a while, longer if that happens again. What was sent meanwhile can
// be delivered then. To the others that looks like lost packets.

// shunning is who is not heard.
type shunning struct {
	marked nodeList // given up in this gathering, because they did not agree
	now    nodeList // not heard until
	until  time.Duration
}

// mark notes that a node is given up although it may live.
func (m *Machine) mark(s wire.SRP) {
	if !m.isSelf(s) {
		m.shun.marked.add(s)
	}
}

// beginShunning is called when a ring is operational.
func (m *Machine) beginShunning() {
	s := &m.shun
	again := false
	for _, x := range s.marked.list {
		again = again || s.now.has(x)
	}
	s.now.set()
	for _, x := range s.marked.list {
		if !m.memb.has(x) {
			s.now.add(x)
		}
	}
	s.marked.set()
	if s.now.len() == 0 || m.memb.len() == 1 {
		s.now.set() // who is alone has nothing to protect, and wants to be found
		return
	}
	// Not as long as the node itself gathers before it gives up: else two that
	// could agree may miss each other for ever.
	d := m.tun.Token / 4
	if again {
		d = m.tun.Token / 2
	}
	s.until = m.now + d
}

// shunned reports whether a node is not heard now.
func (m *Machine) shunned(s wire.SRP) bool {
	return m.state == operational && m.now < m.shun.until && m.shun.now.has(s)
}
