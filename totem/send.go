package totem

import (
	"net/netip"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// A fanout is who gets a copy of what this node multicasts, where there is no
// multicast. Spec: totem.md section 5.3.
type fanout struct {
	all    []netip.Addr // every configured node but this one
	active []netip.Addr // those on the ring (EL7)

	// EL7: nothing has gone to everybody since the last look, so the next
	// message does.
	announce bool
}

func (m *Machine) setNodes(nodes []Node) {
	m.cfg.Nodes = nodes
	f := &m.nets
	f.all = nil
	for _, n := range nodes {
		if n.ID == m.cfg.Self {
			if !m.started { // the address of this node is its identity
				m.self = wire.NewSRP(m.gen, n.ID, n.Addrs...)
			}
			continue
		}
		if len(n.Addrs) > 0 {
			f.all = append(f.all, n.Addrs[0].Unmap())
		}
	}
	m.setActive()
}

// setActive computes who gets the messages of the ring that is or is being
// formed: in EL9 all nodes, in EL7 its members. (2.4.5 adds a member only when
// the ring is operational, and so starves it of the messages of recovery.)
func (m *Machine) setActive() {
	f := &m.nets
	if m.gen == wire.EL9 {
		f.active = f.all
		return
	}
	f.active = nil
	for _, a := range f.all {
		for _, s := range m.newMemb.list {
			if s.IP[0].Addr() == a {
				f.active = append(f.active, a)
			}
		}
	}
	if !m.cfg.Multicast && !m.running(timerAnnounce) {
		m.setTimer(timerAnnounce, 2*m.tun.Merge)
	}
}

// announce is the look that happens every two merge timeouts.
func (m *Machine) announce() {
	m.nets.announce = len(m.nets.active) < len(m.nets.all)
	m.setTimer(timerAnnounce, 2*m.tun.Merge)
}

// toAll sends a message to every configured node: joins, leaves, merge detects,
// hold cancels ("flush" messages).
func (m *Machine) toAll(b []byte) {
	m.nets.announce = false
	if m.gen == wire.EL7 && !m.cfg.Multicast && m.running(timerAnnounce) {
		m.setTimer(timerAnnounce, 2*m.tun.Merge)
	}
	m.send(Send{To: m.nets.all, Group: true, Data: b})
}

// toRing sends an mcast to those that should have it ("noflush" messages).
func (m *Machine) toRing(b []byte) {
	to := m.nets.active
	if m.gen == wire.EL7 {
		if m.newMemb.len() <= 1 {
			return // a node alone only delivers to itself
		}
		if m.nets.announce {
			m.toAll(b)
			return
		}
	}
	m.send(Send{To: to, Group: true, Data: b})
}

func (m *Machine) send(s Send) {
	if m.down || len(s.To) == 0 && !(s.Group && m.cfg.Multicast) {
		return
	}
	m.out = append(m.out, s)
}

// toNext sends a token to the node after this one.
func (m *Machine) toNext(b []byte) {
	if m.isSelf(m.next) {
		m.loopBack(b)
		return
	}
	addr := m.next.IP[0].Addr()
	if m.gen == wire.EL9 {
		addr = netip.Addr{}
		for _, n := range m.cfg.Nodes {
			if n.ID == m.next.Node() {
				addr = n.Addrs[0].Unmap()
			}
		}
	}
	if !addr.IsValid() {
		m.log.Debug("token not sent: next node is not configured", "node", m.next.Node())
		return
	}
	m.send(Send{To: []netip.Addr{addr}, Data: b})
}

// loopBack gives this node a message of its own.
func (m *Machine) loopBack(b []byte) { m.loop = append(m.loop, append([]byte(nil), b...)) }

// encode returns the wire form of msg, valid until the next Step.
func (m *Machine) encode(msg wire.Message) []byte {
	start := len(m.scratch)
	m.scratch = msg.Append(m.scratch, m.gen)
	return m.scratch[start:len(m.scratch):len(m.scratch)]
}

// keep notes b as the token to send again.
func (m *Machine) keep(b []byte) { m.kept = append(m.kept[:0], b...) }

// sendKept sends the last token again.
func (m *Machine) sendKept() {
	if len(m.kept) == 0 {
		return
	}
	start := len(m.scratch)
	m.scratch = append(m.scratch, m.kept...)
	m.toNext(m.scratch[start:len(m.scratch):len(m.scratch)])
}

func (m *Machine) header() wire.Header { return wire.Header{Sender: m.cfg.Self} }

func (m *Machine) sendMergeDetect() {
	m.stats.MembMergeDetectTx++
	// This node's own copy would tell it nothing.
	m.toAll(m.encode(&wire.MergeDetect{Header: m.header(), From: m.self, Ring: m.ring}))
}

func (m *Machine) sendHoldCancel() {
	m.stats.TokenHoldCancelTx++
	b := m.encode(&wire.HoldCancel{Header: m.header(), Ring: m.ring})
	m.toAll(b)
	m.loopBack(b)
}
