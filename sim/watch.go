package sim

import (
	"slices"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/controller"
)

// What must be true of whole nodes at any moment, in the middle of trouble too.
// (That nothing is started beside a running copy is held where it is started, see
// alone.)

// others are the other nodes on which pacemaker runs now.
func (u *Pacemaker) others() (list []*Pacemaker) {
	for _, n := range u.w.Nodes {
		if v, ok := n.Up.(*Pacemaker); ok && v != u && n.Running() && v.Node != nil && v.Exit == 0 && !v.away && v.quorum != nil {
			list = append(list, v)
		}
	}
	return list
}

// onePart fails the world if this node has quorum with nodes of which none is among
// those that another has quorum with: what both parts decide is decided twice.
func (u *Pacemaker) onePart() {
	if !u.quorum.Quorate || u.p.TwoParts {
		return
	}
	for _, v := range u.others() {
		if v.quorum.Quorate && !slices.ContainsFunc(v.quorum.Members, func(id uint32) bool { return slices.Contains(u.quorum.Members, id) }) {
			u.w.Failf("node %d has quorum with %v, and node %d with %v", u.n.ID, u.quorum.Members, v.n.ID, v.quorum.Members)
		}
	}
}

// onePlanner fails the world if this node plans while another on its ring is in
// the middle of what it has planned.
func (u *Pacemaker) onePlanner() {
	if u.quorum == nil || !u.quorum.Quorate || !u.synced {
		return
	}
	for _, v := range u.others() {
		s := v.Node.State()
		if v.Node.IsDC() && (s == controller.PolicyEngine || s == controller.TransitionEngine) &&
			v.synced && v.quorum.Quorate && v.n.Ring.Ring() == u.n.Ring.Ring() {
			u.w.Failf("node %d plans, and so does node %d (%s), on ring %v", u.n.ID, v.n.ID, s, u.n.Ring.Ring())
		}
	}
}

// keepsWrites fails the world if a write that is everybody's is missing in a copy that
// passes for newer. (A copy that is behind may wait for what its network loses.)
func (u *Pacemaker) keepsWrites() {
	if len(u.p.Acked) == 0 || !u.Settled() {
		return
	}
	here := cib.VersionOf(u.Node.CIB())
	for _, n := range u.p.Acked {
		if here.Compare(u.p.made[n]) >= 0 && !u.Wrote(n) {
			u.w.Failf("node %d has lost acknowledged write %d: its CIB is %v, and that made %v", u.n.ID, n, here, u.p.made[n])
		}
	}
}
