package pengine

import (
	"slices"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
)

func unix(s int64) time.Time { return time.Unix(s, 0) }

// assignAll decides where everything runs (scheduler.md 12).
func (tr *Transition) assignAll() {
	if tr.opt.placement != "default" {
		tr.sortForUtilization()
	}
	tr.showRoom("Original")
	defer tr.showRoom("Remaining")
	if tr.haveRemote {
		for _, r := range slices.Clone(tr.inOrder()) {
			if r.isConnection {
				tr.assign(r, r.partialTarget)
			}
		}
	}
	for _, r := range slices.Clone(tr.inOrder()) {
		if !r.isConnection {
			tr.assign(r, nil)
		}
	}
}

// assign gives a resource its place, and colocation primaries theirs first.
// The result is the (first) node, nil for none.
func (tr *Transition) assign(r *Resource, prefer *Node) *Node {
	switch r.Kind {
	case Group:
		return tr.assignGroup(r, prefer)
	case Clone:
		tr.assignClone(r, prefer)
		return nil
	case Bundle:
		tr.assignBundle(r, prefer)
		return nil
	}
	return tr.assignPrimitive(r, prefer)
}

func (tr *Transition) assignPrimitive(r *Resource, prefer *Node) *Node {
	if r.Parent != nil && !r.Parent.assigning {
		tr.assign(r.Parent, prefer)
	}
	if !r.provisional {
		return r.Assigned
	}
	if r.assigning {
		return nil // a loop
	}
	r.assigning = true
	for _, col := range slices.Clone(r.thisWith) {
		tr.applyThisWith(r, col)
	}
	for _, col := range slices.Clone(r.withThis) {
		if col.hasInfluence(nil) {
			tr.mergeScores(col.Dependent, r, &r.allowed, col.attr, factorOf(col), mergeActive)
		}
	}
	if r.NextRole == RoleStopped {
		tr.addScoreEverywhere(r, -rules.Infinity, "its target role")
	} else if r.NextRole > r.Role && !tr.haveQuorum && tr.opt.noQuorum == "freeze" {
		tr.log("pcmk__primitive_assign", Notice, "Resource %s cannot be elevated from %s to %s due to no-quorum-policy=freeze", r.ID, r.Role, r.NextRole)
		r.setNextRole(r.Role, "no-quorum-policy=freeze")
	}
	tr.showScores(r, "pcmk__primitive_assign")
	if r.Managed && tr.opt.fencing && !tr.haveDevice && !tr.opt.watchdog {
		r.Managed = false
	}
	switch {
	case !r.Managed:
		r.setNextRole(r.Role, "unmanaged")
		if tr.settleOn(r, r.CurrentNode(), true) {
			r.assignedScore = r.Assigned.weight // it was not chosen for its score
		}
	case tr.opt.stopAll:
		tr.settleOn(r, nil, true)
	case r.provisional:
		tr.chooseNode(r, prefer)
	}
	r.assigning = false
	if r.isConnection {
		tr.connectionAssigned(r)
	}
	return r.Assigned
}

// factorOf is a colocation's score as a fraction, in single precision.
func factorOf(col *Colocation) float32 { return float32(col.Score) / rules.Infinity }

// applyThisWith assigns the primary and lets it count.
func (tr *Transition) applyThisWith(r *Resource, col *Colocation) {
	var archive table
	if col.dependentRole >= RolePromoted || col.Score < 0 && col.Score > -rules.Infinity {
		archive = r.allowed.clone()
	}
	tr.assign(col.Primary, nil)
	tr.applyDependent(r, col.Primary, col)
	if archive != nil && !tr.anyAvailable(r.allowed) {
		r.allowed = archive
	}
}

// chooseNode picks the best node for a resource (scheduler.md 12.4, step 6).
func (tr *Transition) chooseNode(r *Resource, prefer *Node) bool {
	if free := tr.banInsufficient(r); prefer == nil {
		prefer = free
	}
	nodes := tr.sortNodes(r.allowed, r.CurrentNode())
	var chosen *Node
	if len(nodes) > 0 {
		best := r.allowed.get(nodes[0])
		if s := r.allowed.get(prefer); s != nil && s.score >= best.score && prefer.available() && s.score >= 0 {
			chosen = prefer
		}
		if chosen == nil {
			chosen = nodes[0]
			if !r.uniqueInstance() && best.score > 0 && chosen.available() {
				running := r.CurrentNode()
				if running != nil && running.available() && running.weight >= 0 {
					if s := r.allowed.get(running); s != nil && s.score == best.score {
						chosen = running
					}
				}
			}
		}
	}
	return tr.settleOn(r, chosen, false)
}

func (r *Resource) uniqueInstance() bool {
	return r.Parent != nil && r.Parent.Kind == Clone && r.Parent.Unique
}

// settleOn makes the choice final, unless the node turns out to be unusable
// and force is not given (scheduler.md 12.4, step 7).
func (tr *Transition) settleOn(r *Resource, n *Node, force bool) bool {
	if len(r.Children) > 0 {
		changed := false
		for _, child := range r.Children {
			changed = tr.settleOn(child, n, force) || changed
		}
		return changed
	}
	score := 0
	if s := r.allowed.get(n); s != nil {
		score = s.score
	}
	if !force && n != nil && (score < 0 || !n.available() && !n.Guest()) {
		r.setNextRole(RoleStopped, "node availability")
		n = nil
	}
	r.unassign()
	r.provisional = false
	if n == nil {
		r.setNextRole(RoleStopped, "unable to assign")
		for i := len(r.actions) - 1; i >= 0; i-- {
			a := r.actions[i]
			switch {
			case a.Task == "stop":
				a.optional = false
			case a.Task == "start":
				a.runnable = false
			case a.meta["interval"] != "" && a.meta["interval"] != "0" && a.meta["op_target_rc"] != "7":
				a.runnable = false
			}
		}
		return false
	}
	r.Assigned, r.assignedScore = n, score
	n.assigned = append(n.assigned, r)
	n.nassigned++
	if s := r.allowed.get(n); s != nil {
		s.count++
	}
	n.consume(r)
	tr.showUse(r, n)
	return true
}

// unassign takes the choice of a primitive back. What is inside a group stays
// where it was put.
func (r *Resource) unassign() {
	n := r.Assigned
	if n == nil {
		return
	}
	r.Assigned, r.provisional = nil, true
	n.nassigned--
	if i := slices.Index(n.assigned, r); i >= 0 {
		n.assigned = slices.Delete(n.assigned, i, i+1)
	}
	n.release(r)
}

func (c *Cluster) connectionAssigned(r *Resource) {
	n := c.node(r.ID)
	if n == nil {
		return
	}
	if r.Assigned != nil && r.NextRole != RoleStopped {
		n.Online = true
		if n.Unseen {
			n.Unclean = false
		}
	} else {
		n.Shutdown = true
	}
}

func (tr *Transition) assignGroup(r *Resource, prefer *Node) *Node {
	if !r.provisional {
		return r.Assigned
	}
	if r.assigning || len(r.Children) == 0 {
		return nil
	}
	r.assigning = true
	r.Role = r.Children[0].Role
	tr.handDown(r)
	tr.showScores(r, "pcmk__group_assign")
	var first *Node
	for _, m := range r.Children {
		if n := tr.assign(m, prefer); first == nil {
			first = n
		}
	}
	r.setNextRole(r.Children[0].NextRole, "first group member")
	r.assigning, r.provisional = false, false
	if !r.colocat {
		return nil
	}
	return first
}

// showScores notes a resource's scores, and those below it, for printing.
func (tr *Transition) showScores(r *Resource, step string) {
	if r.Orphan || !tr.ask.Scores {
		return
	}
	for _, n := range tr.Nodes {
		if s := r.allowed.get(n); s != nil {
			tr.Scores = append(tr.Scores, ScoreLine{Step: step, Resource: r.ID, Node: n.Name, Score: s.score})
		}
	}
	for _, child := range r.Children {
		tr.showScores(child, step)
	}
}

// anyAvailable tells whether any node is left.
func (c *Cluster) anyAvailable(t table) bool {
	for i := range t {
		if t[i].in && t[i].score >= 0 && c.allNodes[i].available() {
			return true
		}
	}
	return false
}

// sortNodes lists the nodes of a table, best first (scheduler.md 12.2).
func (c *Cluster) sortNodes(t table, current *Node) []*Node {
	var list []*Node
	if c.opt.placement == "balanced" {
		// Comparing capacities is not transitive: how they are listed and
		// sorted shows.
		for _, i := range c.hashOrder(t) {
			list = append(list, c.allNodes[i])
		}
		slices.Reverse(list)
	} else {
		for i := range t {
			if t[i].in {
				list = append(list, c.allNodes[i])
			}
		}
	}
	return mergeSort(list, c.nodeOrder(t, current))
}

// nodeOrder compares nodes for sortNodes.
func (c *Cluster) nodeOrder(t table, current *Node) func(a, b *Node) int {
	weight := func(n *Node) int {
		if !n.available() {
			return -rules.Infinity
		}
		return t[n.index].score
	}
	return func(a, b *Node) int {
		if x, y := weight(a), weight(b); x != y {
			return sign(y - x)
		}
		if c.opt.placement != "minimal" {
			if c.opt.placement == "balanced" {
				if d := compareCapacity(a, b); d != 0 {
					return d
				}
			}
			if a.nassigned != b.nassigned {
				return sign(a.nassigned - b.nassigned)
			}
			if a == current {
				return -1
			}
			if b == current {
				return 1
			}
		}
		return strings.Compare(a.Name, b.Name)
	}
}

// location returns where a resource will be, or is: the node if it is only one,
// and all.
func (r *Resource) location(current bool) (only *Node, all []*Node) {
	for _, p := range r.Primitives() {
		if current {
			for _, n := range p.Running {
				all = appendNew(all, n)
			}
		} else if p.Assigned != nil {
			all = appendNew(all, p.Assigned)
		}
	}
	if len(all) == 1 {
		only = all[0]
	}
	return only, all
}

// state is the current or next role; for collectives the highest inside.
func (r *Resource) state(current bool) Role {
	if r.Kind == Primitive {
		if current {
			return r.Role
		}
		return r.NextRole
	}
	role := RoleUnknown
	for _, child := range r.Children {
		role = max(role, child.state(current))
	}
	return role
}

// blockedInside tells whether r or anything below it is blocked.
func (r *Resource) blockedInside() bool {
	if r.Blocked {
		return true
	}
	for _, child := range r.Children {
		if child.blockedInside() {
			return true
		}
	}
	return false
}

func (r *Resource) failedInside() bool {
	if r.Failed {
		return true
	}
	for _, child := range r.Children {
		if child.failedInside() {
			return true
		}
	}
	return false
}

// knownOn tells whether the state of a resource on a node is known. In a cloned
// group what is known of one member says nothing about another.
func (r *Resource) knownOn(n *Node) bool {
	p := r.Parent
	return r.known[n] || r.Kind == Primitive && p != nil && p.Kind == Clone && !p.Unique && p.known[n]
}
