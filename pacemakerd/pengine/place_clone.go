package pengine

import (
	"slices"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
)

// assignClone places the instances of a clone (scheduler.md 12.7).
func (tr *Transition) assignClone(r *Resource, prefer *Node) {
	if !r.provisional || r.assigning {
		return
	}
	if r.Promotable {
		tr.addPromotionScores(r)
	}
	r.assigning = true
	for _, col := range slices.Clone(r.thisWith) {
		tr.assign(col.Primary, prefer)
	}
	for _, col := range slices.Clone(r.withThis) {
		if col.hasInfluence(nil) {
			tr.mergeScores(col.Dependent, r, &r.allowed, col.attr, factorOf(col), mergeActive|mergeNonNegative)
		}
	}
	tr.showScores(r, "pcmk__clone_allocate")
	r.Children = mergeSort(r.Children, tr.compareInstances)
	tr.distribute(r, r.Children, r.Clone.Max, r.Clone.NodeMax)
	if r.Promotable {
		tr.promoteInstances(r)
	}
	r.provisional, r.assigning = false, false
}

// distribute gives instances their nodes: first those that can stay, then the
// others.
func (tr *Transition) distribute(parent *Resource, list []*Resource, most, perNode int) {
	available := 0
	for i := range parent.allowed {
		if s := &parent.allowed[i]; s.in {
			s.count = 0
			if tr.allNodes[i].available() {
				available++
			}
		}
	}
	quota := 1
	if available > 0 {
		quota = max(1, most/available)
	}
	all := most < available
	placed := 0
	for _, inst := range list {
		if placed >= most {
			break
		}
		if len(inst.Running) == 0 || !inst.provisional || inst.Failed {
			continue
		}
		n := pickNode(inst, inst.Running)
		s := parent.allowed.get(n)
		if !n.available() || n.weight < 0 || s != nil && s.count >= quota {
			continue
		}
		if tr.assignInstance(parent, inst, n, all, perNode) {
			placed++
		}
	}
	for _, inst := range list {
		switch {
		case !inst.provisional:
		case placed >= most:
			tr.addScoreEverywhere(inst, -rules.Infinity, "the limit of instances")
		case tr.assignInstance(parent, inst, nil, all, perNode):
			placed++
		}
	}
}

// assignInstance assigns one instance, with prefer as the only acceptable
// choice if given.
func (tr *Transition) assignInstance(parent, inst *Resource, prefer *Node, all bool, perNode int) bool {
	if inst.assigning {
		return false
	}
	tr.takeOver(parent, inst, all)
	if prefer != nil {
		if s := inst.allowed.get(prefer); s == nil || s.score < 0 {
			return false
		}
	}
	for i := range inst.allowed {
		if inst.allowed[i].in {
			tr.limitInstance(parent, inst, tr.allNodes[i], perNode)
		}
	}
	backup := inst.allowed.clone()
	chosen := tr.assign(inst, prefer)
	if chosen != nil && prefer != nil && chosen != prefer {
		inst.allowed = backup
		inst.unassign()
		return false
	}
	if chosen == nil {
		return false
	}
	if s := parent.allowed.get(chosen); s != nil {
		s.count++
	}
	return true
}

// takeOver gives an instance the clone's colocations: all of them if not every
// node gets an instance.
func (c *Cluster) takeOver(parent, inst *Resource, all bool) {
	for _, col := range parent.thisWith {
		if all || col.Score < 0 || col.Score >= rules.Infinity {
			c.addThisWith(inst, col)
		}
	}
	for _, col := range parent.withThis {
		if col.hasInfluence(inst) && (all || col.Score < 0) {
			c.addWithThis(inst, col)
		}
	}
}

// limitInstance bans an instance from a node where it cannot be.
func (c *Cluster) limitInstance(parent, inst *Resource, n *Node, perNode int) {
	s := parent.allowed.get(n)
	why, of := "", ""
	switch {
	case !n.available():
		why = "the node not being available"
	case inst.Orphan:
		why = "being one instance too many"
	case s == nil, s.score < 0:
		why, of = "the ban of ", parent.ID
	case s.count < perNode:
		return
	default:
		why = "the instances that the node has already"
	}
	c.addToListed(inst, n, -rules.Infinity, why, of)
}

// addToListed adds to a score where the node is listed, below r too.
func (c *Cluster) addToListed(r *Resource, n *Node, score int, why ...string) {
	if s := r.allowed.get(n); s != nil {
		s.score = rules.AddScores(s.score, score)
		c.because(r, n, score, why...)
	}
	for _, child := range r.Children {
		c.addToListed(child, n, score, why...)
	}
}

// compareInstances orders instances for distribution (scheduler.md 12.7, step 3).
func (c *Cluster) compareInstances(a, b *Resource) int {
	// A node counts twice for an instance with unmanaged members there.
	on1, on2 := a.Running, b.Running
	if len(on1) > 0 && len(on2) > 0 && len(on1) != len(on2) {
		return sign(len(on1) - len(on2))
	}
	n1, n2 := pickNode(a, on1), pickNode(b, on2)
	can := func(r *Resource, n **Node) bool {
		if *n == nil {
			return true
		}
		if s := r.allowed.get(*n); s == nil || s.score < 0 {
			*n = nil
			return false
		}
		return true
	}
	if x, y := can(a, &n1), can(b, &n2); x != y {
		return before(x)
	}
	if a.priority != b.priority {
		return sign(b.priority - a.priority)
	}
	if n1 == nil || n2 == nil {
		if n1 == nil && n2 == nil {
			return 0
		}
		return before(n2 == nil)
	}
	if x, y := n1.available(), n2.available(); x != y {
		return before(x)
	}
	s1, s2 := a.Parent.allowed.get(n1), b.Parent.allowed.get(n2)
	if s1 == nil || s2 == nil {
		if s1 == nil && s2 == nil {
			return 0
		}
		return before(s2 == nil)
	}
	if s1.count != s2.count {
		return sign(s1.count - s2.count)
	}
	if x, y := a.failedInside(), b.failedInside(); x != y {
		return before(y)
	}
	if d := c.compareByColocation(a, b, n1, n2); d != 0 {
		return d
	}
	return compareNumbers(a, b)
}

// before is the comparison result for "the first one has it".
func before(first bool) int {
	if first {
		return -1
	}
	return 1
}

func compareNumbers(a, b *Resource) int {
	x, _ := rules.Int(a.number)
	y, _ := rules.Int(b.number)
	return sign(int(x - y))
}

// compareByColocation prefers the instance whose current node the clone's
// colocations like better.
func (c *Cluster) compareByColocation(a, b *Resource, n1, n2 *Node) int {
	score := func(r *Resource, n *Node) int {
		var t table
		t.put(n, slot{score: n.weight})
		for _, col := range r.Parent.thisWith {
			c.mergeScores(col.Primary, r, &t, col.attr, factorOf(col), 0)
		}
		for _, col := range r.Parent.withThis {
			if col.hasInfluence(r) {
				c.mergeScores(col.Dependent, r, &t, col.attr, factorOf(col), mergeNonNegative)
			}
		}
		return t.get(n).score
	}
	if len(a.Parent.thisWith)+len(a.Parent.withThis) == 0 {
		return sign(n2.weight - n1.weight)
	}
	return sign(score(b, n2) - score(a, n1))
}
