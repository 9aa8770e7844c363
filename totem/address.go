package totem

import (
	"slices"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// Alone reports whether this node is the only one on its ring, and nothing is
// under way: it may take another address then.
func (m *Machine) Alone() bool {
	return m.state == operational && m.memb.len() == 1 && m.highDelivered == m.highSeq
}

// setAddress gives this node another address. In EL7 that is another name too,
// so the others must not see the two as one: a node that came from their own old
// ring under a new name would neither leave nor join. Only a node that is Alone
// changes; what it was called is lost to the others by then, or will be when it
// does not answer.
func (m *Machine) setAddress(ev SetAddress) {
	if !m.Alone() || ev.Iface < 0 || ev.Iface >= len(m.nets) || !ev.Addr.IsValid() {
		m.drop("change of address at the wrong time")
		return
	}
	nodes := slices.Clone(m.cfg.Nodes)
	for i, n := range nodes {
		if n.ID != m.cfg.Self || ev.Iface >= len(n.Addrs) {
			continue
		}
		n.Addrs = slices.Clone(n.Addrs)
		n.Addrs[ev.Iface] = ev.Addr.Unmap()
		nodes[i] = n
		m.self = wire.NewSRP(m.gen, n.ID, n.Addrs...)
	}
	m.log.Info("address changed", "iface", ev.Iface, "addr", ev.Addr)
	m.ring = wire.NewRingID(m.gen, m.self, m.ring.Seq)
	m.oldRing = m.ring
	for _, l := range []*nodeList{&m.memb, &m.newMemb, &m.trans, &m.proc} {
		l.set(m.self)
	}
	m.failed.set()
	m.setNext(m.self)
	m.setNodes(nodes)
	m.enterGather("address changed")
}
