package totem

import (
	"slices"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// setListed notes by what names the configured nodes go.
func (m *Machine) setListed(nodes []Node) {
	m.listed = nil
	if m.cfg.AllowUnlisted || m.cfg.Multicast {
		return
	}
	m.listed = make(map[wire.Identity]bool, len(nodes))
	for _, n := range nodes {
		m.listed[wire.NewSRP(m.gen, n.ID, n.Addrs...).Identity(m.gen)] = true
	}
}

// stranger reports whether s is a node that may not be on the ring.
func (m *Machine) stranger(s wire.SRP) bool {
	if m.isSelf(s) {
		return false
	}
	return m.listed != nil && !m.listed[s.Identity(m.gen)] || m.removed.has(s)
}

// strangers reports whether any of a list are.
func (m *Machine) strangers(list []wire.SRP) bool { return slices.ContainsFunc(list, m.stranger) }

// withoutStrangers takes strangers out of a list of a join. They count for
// nothing: not as candidates, not as given up, and not where lists are compared.
func (m *Machine) withoutStrangers(list []wire.SRP) []wire.SRP {
	if m.listed == nil && m.removed.len() == 0 {
		return list
	}
	return slices.DeleteFunc(list, m.stranger)
}

// maxOutcasts bounds the strangers that the joins of this node name.
const maxOutcasts = 16

// noteOutcasts notes strangers that a member counts with, and reports whether
// one of them is new. They do not count here, but the member must hear that: its
// list of nodes is another one, and it would wait for them to agree, and then
// give up this node, which has not named them.
func (m *Machine) noteOutcasts(j *wire.Join) (fresh bool) {
	if j.Leave() || !m.memb.has(j.From) {
		return false
	}
	for _, s := range j.Proc {
		if m.stranger(s) && !m.outcasts.has(s) && m.outcasts.len() < maxOutcasts {
			m.outcasts.add(s)
			fresh = true
		}
	}
	return fresh
}

// changeNodes puts another list of nodes in force while the ring runs. Members
// that it has not are given up at once: what they send is not listened to any
// more and nothing is sent to them, so the token that they get next is lost.
func (m *Machine) changeNodes(nodes []Node) {
	if !slices.ContainsFunc(nodes, func(n Node) bool { return n.ID == m.cfg.Self }) {
		m.log.Warn("list of nodes without this node ignored")
		return
	}
	old := m.cfg.Nodes
	if m.cfg.Multicast {
		// Who is on the ring does not follow from the list: a member that it
		// has no longer stays, and gets the token.
		nodes = slices.Clone(nodes)
		for _, o := range old {
			if !slices.ContainsFunc(nodes, func(n Node) bool { return n.ID == o.ID }) && len(nodes) < MaxMembers {
				nodes = append(nodes, o)
			}
		}
	}
	m.setNodes(nodes)
	m.noteRemoved(old)
	if m.next.Node() != 0 {
		m.setNext(m.next) // it may have another address
	}
	for _, l := range []*nodeList{&m.proc, &m.failed, &m.consensus} {
		l.set(slices.DeleteFunc(slices.Clone(l.list), m.stranger)...)
	}
	ring := m.memb.list
	if m.state == commit || m.state == recovery {
		ring = m.newMemb.list
	}
	for _, s := range slices.Concat(m.memb.list, m.newMemb.list) {
		if m.stranger(s) && m.outcasts.len() < maxOutcasts {
			m.outcasts.add(s)
		}
	}
	switch {
	case m.state == gather:
		m.enterGather("list of nodes changed")
	case m.state != stopped && m.strangers(ring):
		if m.state == recovery {
			m.restoreOldRing()
		}
		m.enterGather("member is not in the list of nodes any more")
	}
}

// noteRemoved notes who was in the list of nodes and is not any more: even where
// nodes are let in that the list does not have, these are not.
func (m *Machine) noteRemoved(old []Node) {
	kept := nodeList{gen: m.gen}
	for _, n := range m.cfg.Nodes {
		kept.add(wire.NewSRP(m.gen, n.ID, n.Addrs...))
	}
	gone := slices.Clone(m.removed.list)
	for _, n := range old {
		gone = append(gone, wire.NewSRP(m.gen, n.ID, n.Addrs...))
	}
	m.removed.set(slices.DeleteFunc(gone, kept.has)...)
}
