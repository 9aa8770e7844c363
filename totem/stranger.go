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
	return m.listed != nil && !m.listed[s.Identity(m.gen)] && !m.isSelf(s)
}

// withoutStrangers takes strangers out of a list of a join. They count for
// nothing: not as candidates, not as given up, and not where lists are compared.
func (m *Machine) withoutStrangers(list []wire.SRP) []wire.SRP {
	if m.listed == nil {
		return list
	}
	return slices.DeleteFunc(list, m.stranger)
}
