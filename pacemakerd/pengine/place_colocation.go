package pengine

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
)

// handDown gives the colocations of a group to its members, from whose
// assignment on the group has none of its own: the first member has those in
// which the group depends, the last one those in which it is the primary. That
// is enough where each member is with the one before; one that is unmanaged
// would break the chain, so those after it have the mandatory ones as well.
func (c *Cluster) handDown(g *Resource) {
	broken := false
	for i, m := range g.Children {
		for _, col := range g.thisWith {
			if i == 0 || broken && col.Score >= rules.Infinity {
				c.addThisWith(m, col)
			}
		}
		broken = broken || !m.Managed
	}
	last := g.Children[len(g.Children)-1]
	for _, col := range g.withThis {
		c.addWithThis(last, col)
	}
	g.thisWith, g.withThis = nil, nil
}

// applyDependent applies "D with P" on behalf of D (scheduler.md 12.5).
func (tr *Transition) applyDependent(d, p *Resource, col *Colocation) {
	if d.Kind == Group {
		if d.colocat {
			tr.applyDependent(d.Children[0], p, col)
			return
		}
		if col.Score >= rules.Infinity {
			tr.log("colocate_group_with", Error, "%s: Cannot perform mandatory colocation between non-colocated group and %s", d.ID, p.ID)
			return
		}
		for _, m := range d.Children {
			tr.applyDependent(m, p, col)
		}
		return
	}
	tr.applyPrimary(d, p, col)
}

// applyPrimary applies "D with P" as P sees it; D is a primitive.
func (tr *Transition) applyPrimary(d, p *Resource, col *Colocation) {
	switch p.Kind {
	case Primitive:
		tr.applyPrimitive(d, p, col)
	case Group:
		tr.applyWithGroup(d, p, col)
	case Clone:
		tr.applyWithClone(d, p, col)
	case Bundle:
		tr.applyWithBundle(d, p, col)
	}
}

func (c *Cluster) applyPrimitive(d, p *Resource, col *Colocation) {
	switch col.affects(d, p, false) {
	case affectsRole:
		d.applyToPriority(p, col)
	case affectsPlace:
		c.applyToScores(d, p, col)
	}
}

// effect is what a colocation does to a dependent.
type effect int

const (
	affectsNothing effect = iota
	affectsPlace          // where it will be
	affectsRole           // the role of an instance that has its place already
)

// affects tells what a colocation does to d when p is the primary: as things
// are, or, for a preview, as if p had its place and d had none.
func (col *Colocation) affects(d, p *Resource, preview bool) effect {
	if !preview && p.provisional {
		return affectsNothing
	}
	if col.dependentRole >= RoleUnpromoted && d.Parent != nil && d.Parent.Promotable && !d.provisional {
		return affectsRole
	}
	if !preview && !d.provisional {
		return affectsNothing
	}
	// An attraction is limited to the roles it names, a repulsion to others.
	limited := func(role, next Role) bool {
		return role != RoleUnknown && (col.Score > 0) != (role == next)
	}
	if limited(col.dependentRole, d.NextRole) || limited(col.primaryRole, p.NextRole) {
		return affectsNothing
	}
	return affectsPlace
}

func (c *Cluster) applyToScores(d, p *Resource, col *Colocation) {
	at := p.Assigned
	if at == nil && col.Score < 0 {
		return
	}
	work := d.allowed.clone()
	for i := range work {
		s := &work[i]
		if !s.in {
			continue
		}
		switch {
		case at == nil:
			s.score = rules.AddScores(-col.Score, s.score)
		case c.allNodes[i].sameAttr(at, col.attr):
			if col.Score < rules.Infinity {
				s.score = rules.AddScores(col.Score, s.score)
			}
		case col.Score >= rules.Infinity:
			s.score = rules.AddScores(-col.Score, s.score)
		default:
			continue
		}
		if s.score != d.allowed[i].score {
			c.because(d, c.allNodes[i], s.score-d.allowed[i].score, "the colocation ", col.ID, " with ", p.ID)
		}
	}
	if col.Score >= rules.Infinity || col.Score <= -rules.Infinity || c.anyAvailable(work) {
		d.allowed = work
	}
}

// sameAttr tells whether two nodes have the same value of an attribute; two
// nodes without it do, and that goes for the name of guests nothing is known of.
func (n *Node) sameAttr(m *Node, attr string) bool {
	if attr == "#uname" {
		return n == m || !n.named && !m.named
	}
	x, okx := n.Attrs[attr]
	y, oky := m.Attrs[attr]
	return okx == oky && strings.EqualFold(x, y)
}

// applyToPriority changes the promotion priority of an instance.
func (r *Resource) applyToPriority(p *Resource, col *Colocation) {
	if p.Assigned == nil || r.Assigned == nil {
		return
	}
	if !p.Assigned.sameAttr(r.Assigned, col.attr) {
		if col.Score >= rules.Infinity && col.dependentRole == RolePromoted {
			r.priority = -rules.Infinity
		}
		return
	}
	if col.primaryRole != RoleUnknown && col.primaryRole != p.NextRole {
		return
	}
	score := col.Score
	if col.dependentRole == RoleUnpromoted {
		score = -score
	}
	r.priority = rules.AddScores(score, r.priority)
}

func (tr *Transition) applyWithGroup(d, p *Resource, col *Colocation) {
	if p.provisional {
		return
	}
	if p.colocat {
		m := p.Children[0]
		if col.Score >= rules.Infinity {
			m = p.Children[len(p.Children)-1]
		}
		tr.applyPrimary(d, m, col)
		return
	}
	if col.Score >= rules.Infinity {
		tr.log("colocate_with_group", Error, "%s: Cannot perform mandatory colocation with non-colocated group %s", d.ID, p.ID)
		return
	}
	for _, m := range p.Children {
		tr.applyPrimary(d, m, col)
	}
}

func (tr *Transition) applyWithClone(d, p *Resource, col *Colocation) {
	if p.provisional {
		return
	}
	if p.Promotable && col.primaryRole != RoleUnknown {
		if d.provisional {
			tr.applyWithPromotable(d, p, col)
			return
		}
		if col.dependentRole == RolePromoted {
			// Where it is decided already, it is about promotion.
			if tr.compatible(d, p, col.primaryRole, false) != nil {
				d.priority = rules.AddScores(d.priority, col.Score)
			} else if col.Score >= rules.Infinity {
				d.priority = -rules.Infinity
			}
			return
		}
	}
	if tr.interleaved(col) {
		if pair := tr.compatible(d, p, RoleUnknown, false); pair != nil {
			tr.applyDependent(d, pair, col)
		} else if col.Score >= rules.Infinity {
			tr.settleOn(d, nil, true)
		}
		return
	}
	if col.Score >= rules.Infinity {
		var where []nodeScore
		for _, inst := range p.Children {
			if n, _ := inst.location(false); n != nil && !inst.blockedInside() {
				where = append(where, nodeScore{n, 0, inst.discoveryOn(n)})
			}
		}
		tr.restrict(d, where, false, col)
		return
	}
	for _, inst := range p.Children {
		tr.applyPrimary(d, inst, col)
	}
}

// A nodeScore is a node something was assigned to, with what that knows of it.
type nodeScore struct {
	n        *Node
	score    int
	discover discovery
}

// discoveryOn is resource-discovery of what r, or something in it, is assigned
// to n.
func (r *Resource) discoveryOn(n *Node) discovery {
	for _, p := range r.Primitives() {
		if s := p.allowed.get(n); s != nil && p.Assigned == n {
			return s.discover
		}
	}
	return n.discover
}

// interleaved tells whether a colocation of clones pairs their instances. What
// is configured has to be equal: an anonymous clone is told apart by a number
// of instances per node that it cannot have.
func (c *Cluster) interleaved(col *Colocation) bool {
	d, p := col.Dependent, col.Primary
	if d.Kind != Clone || !rules.IsTrue(d.Meta["interleave"]) {
		return false
	}
	if p.Kind != Clone || d.Clone.configuredNodeMax != p.Clone.configuredNodeMax {
		c.log("pcmk__clone_apply_coloc_score", Error, "Cannot interleave %s and %s because they do not support the same number of instances per node", d.ID, p.ID)
		return false
	}
	return true
}

// compatible finds the instance of a clone or bundle to pair r with: the one
// on its node, or on the best of its nodes.
func (c *Cluster) compatible(r, clone *Resource, role Role, current bool) *Resource {
	if n, _ := r.location(current); n != nil {
		return instanceOn(clone, n, role, current)
	}
	for _, n := range c.sortNodes(r.allowed, nil) {
		if inst := instanceOn(clone, n, role, current); inst != nil {
			return inst
		}
	}
	return nil
}

func instanceOn(clone *Resource, n *Node, role Role, current bool) *Resource {
	for _, inst := range clone.instances() {
		if inst.blockedInside() || role != RoleUnknown && inst.state(current) != role {
			continue
		}
		if at, _ := inst.location(current); at == n {
			return inst
		}
	}
	return nil
}

// instances are the children of a clone, or the containers of a bundle.
func (r *Resource) instances() []*Resource {
	if r.Kind != Bundle {
		return r.Children
	}
	var list []*Resource
	for _, rep := range r.Bundle.Replicas {
		list = append(list, rep.Container)
	}
	return list
}

// restrict bans d from all nodes but the listed ones, adding their scores if
// wanted.
func (c *Cluster) restrict(d *Resource, where []nodeScore, merge bool, col *Colocation) {
	for i := range d.allowed {
		s := &d.allowed[i]
		if !s.in {
			continue
		}
		found := false
		for _, ns := range where {
			if ns.n.index == i {
				found = true
				if merge {
					s.score = rules.AddScores(s.score, ns.score)
				}
				break
			}
		}
		if !found {
			s.score = -rules.Infinity
			c.because(d, c.allNodes[i], -rules.Infinity, "the colocation ", col.ID, " with ", col.Primary.ID)
		}
	}
	for _, ns := range where {
		if d.allowed.get(ns.n) == nil {
			d.allowed.put(ns.n, slot{score: -rules.Infinity, discover: ns.discover})
		}
	}
}

// applyWithPromotable colocates with the instances in one role.
func (c *Cluster) applyWithPromotable(d, p *Resource, col *Colocation) {
	var where []nodeScore
	for _, inst := range p.Children {
		n, _ := inst.location(false)
		if n == nil || inst.state(false) != col.primaryRole {
			continue
		}
		if col.Score < rules.Infinity {
			for i := range d.allowed {
				if s := &d.allowed[i]; s.in && c.allNodes[i].sameAttr(n, col.attr) {
					s.score = rules.AddScores(s.score, col.Score)
					c.because(d, c.allNodes[i], col.Score, "the colocation ", col.ID, " with ", p.ID)
				}
			}
		}
		where = append([]nodeScore{{n, inst.Primitives()[0].assignedScore, inst.discoveryOn(n)}}, where...)
	}
	if col.Score >= rules.Infinity && (col.dependentRole != RolePromoted || col.primaryRole != RolePromoted) {
		c.restrict(d, where, true, col)
	}
}

func (tr *Transition) applyWithBundle(d, p *Resource, col *Colocation) {
	if p.provisional {
		return
	}
	if col.Dependent.Kind > Group {
		if pair := tr.compatible(d, p, RoleUnknown, false); pair != nil {
			tr.applyDependent(d, pair, col)
		} else if col.Score >= rules.Infinity {
			tr.settleOn(d, nil, true)
		}
		return
	}
	var where []nodeScore
	for _, rep := range p.Bundle.Replicas {
		if col.Score < rules.Infinity {
			tr.applyPrimary(d, rep.Container, col)
			continue
		}
		n := rep.Container.Assigned
		if n == nil || rep.Container.Blocked {
			continue
		}
		if col.primaryRole >= RolePromoted && (rep.Child == nil || rep.Child.NextRole < RolePromoted) {
			continue
		}
		where = append(where, nodeScore{n, 0, rep.Container.discoveryOn(n)})
	}
	if col.Score >= rules.Infinity {
		tr.restrict(d, where, false, col)
	}
}
