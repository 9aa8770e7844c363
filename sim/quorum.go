package sim

import (
	"slices"

	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
)

// A StackChecker is a Checker for nodes with all services. It also holds that
// no two partitions that could exist side by side are quorate: of any two rings
// that ever were, the members overlap.
type StackChecker struct {
	Checker

	// Overlap can be switched off for rules that allow both halves of a
	// cluster to be quorate (two_node).
	Overlap bool
	quorate []totem.Members // rings that were
}

// NewStackChecker returns a StackChecker of w.
func NewStackChecker(w *World) *StackChecker {
	c := &StackChecker{Checker: *NewChecker(w), Overlap: true}
	c.late = true
	return c
}

// Quorum notes a node's judgement of its ring.
func (c *StackChecker) Quorum(n *Node, r service.QuorumReport) {
	c.w.trace("node %d quorate %v members %v ring %v", n.ID, r.Quorate, r.Members, r.Ring)
	if !r.Quorate || !c.Overlap {
		return
	}
	members := c.members[r.Ring]
	if members == nil {
		return // before the first ring
	}
	for _, q := range c.quorate {
		if q.Ring == r.Ring {
			return
		}
		if !slices.ContainsFunc(q.IDs, func(id totem.NodeID) bool { return slices.Contains(members, id) }) {
			c.w.Failf("node %d: ring %v of %v is quorate, and so was %v of %v", n.ID, r.Ring, members, q.Ring, q.IDs)
		}
	}
	c.quorate = append(c.quorate, totem.Members{Ring: r.Ring, IDs: members})
}
