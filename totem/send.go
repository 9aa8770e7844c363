package totem

import (
	"net/netip"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// A fanout is who gets a copy on one ring of what this node multicasts, where
// there is no multicast. Spec: totem.md 5.3.
type fanout struct {
	all    []netip.Addr // every configured node but this one
	active []netip.Addr // those on the ring (EL7)
	next   []netip.Addr // the node that gets the token
}

func (m *Machine) setNodes(nodes []Node) {
	m.cfg.Nodes = nodes
	m.setListed(nodes)
	rings := 1
	for _, n := range nodes {
		if n.ID == m.cfg.Self && !m.started {
			m.self = wire.NewSRP(m.gen, n.ID, n.Addrs...) // for good
			if m.cfg.RRP != RRPNone {
				rings = min(len(n.Addrs), maxRings)
			}
			m.nets = make([]fanout, rings)
			m.rrp = redundancy{mode: m.cfg.RRP, rings: make([]ringState, rings)}
		}
	}
	for i := range m.nets {
		f := &m.nets[i]
		f.all = nil
		for _, n := range nodes {
			if n.ID != m.cfg.Self && i < len(n.Addrs) {
				f.all = append(f.all, n.Addrs[i].Unmap())
			}
		}
	}
	m.setActive()
}

// setActive computes who gets the messages of the ring that is or is being
// formed: in EL9 all nodes, in EL7 its members. (2.4.5 adds a member only when
// the ring is operational, and so starves it of the messages of recovery.)
func (m *Machine) setActive() {
	for i := range m.nets {
		f := &m.nets[i]
		if m.gen == wire.EL9 {
			f.active = f.all
			continue
		}
		f.active = nil
		for _, a := range f.all {
			for _, s := range m.newMemb.list {
				if s.IP[i].Addr() == a {
					f.active = append(f.active, a)
				}
			}
		}
	}
	if m.gen == wire.EL7 && !m.cfg.Multicast && !m.running(timerAnnounce) {
		m.setTimer(timerAnnounce, 2*m.tun.Merge)
	}
}

// setNext notes who gets the token.
func (m *Machine) setNext(s wire.SRP) {
	m.next = s
	for i := range m.nets {
		addr := s.IP[i].Addr()
		if m.gen == wire.EL9 {
			for _, n := range m.cfg.Nodes {
				if n.ID == s.Node() {
					addr = n.Addrs[0].Unmap()
				}
			}
		}
		if m.nets[i].next = nil; addr.IsValid() {
			m.nets[i].next = []netip.Addr{addr}
		}
	}
}

// announce is the look that happens every two merge timeouts: if nothing has gone
// to everybody since the last one, the next message does.
func (m *Machine) announce() {
	m.toEverybody = len(m.nets[0].active) < len(m.nets[0].all)
	m.setTimer(timerAnnounce, 2*m.tun.Merge)
}

// toAll sends a message to every configured node: joins, leaves, merge detects,
// hold cancels ("flush" messages).
func (m *Machine) toAll(b []byte) {
	m.toEverybody = false
	if m.gen == wire.EL7 && !m.cfg.Multicast && m.running(timerAnnounce) {
		m.setTimer(timerAnnounce, 2*m.tun.Merge)
	}
	on := m.rrp.sendOn(false)
	for i := range m.nets {
		if on[i] {
			m.send(Send{Iface: i, To: m.nets[i].all, Group: true, Data: b})
		}
	}
}

// toRing sends an mcast to those that should have it ("noflush" messages).
func (m *Machine) toRing(b []byte) {
	if m.gen == wire.EL7 {
		if m.newMemb.len() <= 1 {
			return // a node alone only delivers to itself
		}
		if m.toEverybody {
			m.toAll(b)
			return
		}
	}
	on := m.rrp.sendOn(false)
	for i := range m.nets {
		if on[i] {
			m.send(Send{Iface: i, To: m.nets[i].active, Group: true, Data: b})
		}
	}
}

// toNext sends a token to the node after this one.
func (m *Machine) toNext(b []byte) {
	if m.isSelf(m.next) {
		m.loopBack(b)
		return
	}
	on := m.rrp.sendOn(true)
	for i := range m.nets {
		if on[i] {
			m.send(Send{Iface: i, To: m.nets[i].next, Data: b})
		}
	}
}

// sendBy sends a message to one address by one ring.
func (m *Machine) sendBy(iface int, to netip.Addr, b []byte) {
	m.send(Send{Iface: iface, To: []netip.Addr{to}, Data: b})
}

func (m *Machine) send(s Send) {
	if m.down || len(s.To) == 0 && !(s.Group && m.cfg.Multicast) {
		return
	}
	if m.gen == wire.EL7 && len(s.Data)+m.cfg.Overhead > maxDatagram {
		// Only lists of very many nodes are so long. Nobody would take it.
		m.stats.TxTooLong++
		m.log.Warn("message not sent: too long", "size", len(s.Data), "limit", maxDatagram)
		return
	}
	s.Packet = m.narrow
	// Where this moves them, those that out points to stay where they were.
	m.sends = append(m.sends, s)
	m.out = append(m.out, &m.sends[len(m.sends)-1])
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
