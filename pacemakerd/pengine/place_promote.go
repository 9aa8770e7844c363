package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/rules"

// addPromotionScores makes promotion scores count in the placement
// (scheduler.md 12.7, step 1).
func (c *Cluster) addPromotionScores(r *Resource) {
	if r.Clone.promotionAdded {
		return
	}
	r.Clone.promotionAdded = true
	for _, child := range r.Children {
		for i := range child.allowed {
			s := &child.allowed[i]
			n := c.allNodes[i]
			if !s.in || !n.available() {
				continue
			}
			score, _ := c.promotionScore(child, n)
			if score > 0 {
				s.score = rules.AddScores(s.score, score)
				c.because(child, n, score, "its promotion score")
			}
			child.priority = max(child.priority, score)
		}
	}
}

// promotionScore reads an instance's promotion score on a node; set is false
// where there is none.
func (c *Cluster) promotionScore(r *Resource, n *Node) (score int, set bool) {
	if len(r.Children) > 0 {
		for _, child := range r.Children {
			v, ok := c.promotionScore(child, n)
			score += v
			set = set || ok
		}
		return score, set
	}
	if !r.promotionCounts(n) {
		return 0, false
	}
	name := r.ID
	if r.cloneName != "" {
		name = r.cloneName
	}
	v, ok := r.attribute(n, "master-"+name)
	if !ok && !r.Unique {
		if base := HistoryBase(r.ID); base != r.ID {
			v, ok = r.attribute(n, "master-"+base)
		}
	}
	if !ok {
		return 0, false
	}
	return c.rules.Score(v), true
}

// promotionCounts tells whether an instance's promotion score on a node means
// anything.
func (r *Resource) promotionCounts(n *Node) bool {
	allowed := func() bool {
		s := r.allowed.get(n)
		return s != nil && s.score >= 0
	}
	if !r.Unique {
		var active *Resource
		probed := false
		for _, child := range r.Top().Children {
			inst := child.instanceOf(r.baseID())
			if inst == nil {
				continue
			}
			if active == nil && runsOn(inst, n) {
				active = inst
			}
			probed = probed || inst.known[n]
		}
		if active == r || active == nil && probed {
			return allowed()
		}
	}
	if len(r.Running) == 0 && len(r.known) == 0 {
		return allowed()
	}
	if r.known[n] || runsOn(r, n) {
		return allowed()
	}
	return false
}

func runsOn(r *Resource, n *Node) bool {
	for _, m := range r.Running {
		if m == n {
			return true
		}
	}
	return false
}

// promoteInstances decides which instances are promoted (scheduler.md 12.8).
func (tr *Transition) promoteInstances(r *Resource) {
	for i := range r.allowed {
		r.allowed[i].count = 0
	}
	for _, inst := range r.Children {
		tr.promotionPriority(r, inst)
	}
	tr.sortForPromotion(r)
	promoted := 0
	for _, inst := range r.Children {
		tr.showPromotionScore(inst)
		var s *slot
		if inst.sortIndex >= 0 && (promoted < r.Clone.PromotedMax || !r.Managed) {
			s = inst.promotable()
		}
		if s == nil {
			setUnpromoted(inst)
			continue
		}
		if inst.Role < RolePromoted && !tr.haveQuorum && tr.opt.noQuorum == "freeze" {
			tr.log("set_instance_role", Notice, "Clone instance %s cannot be promoted without quorum", inst.ID)
			setUnpromoted(inst)
			continue
		}
		s.count++
		setPromoted(inst)
		promoted++
	}
	r.Clone.promotedCount = promoted
}

// showPromotionScore notes an instance's promotion score for printing.
func (tr *Transition) showPromotionScore(inst *Resource) {
	if !tr.ask.Scores {
		return
	}
	at := "none"
	if n, _ := inst.location(false); n != nil {
		at = n.Name
	}
	tr.Scores = append(tr.Scores, ScoreLine{Resource: inst.ID, Node: at, Score: inst.sortIndex})
}

func (tr *Transition) promotionPriority(r, inst *Resource) {
	if inst.state(true) == RoleStarted { // with any member in a higher role, the others stay as they are
		currentUnpromoted(inst)
	}
	n, _ := inst.location(false)
	if n == nil {
		return
	}
	next := inst.state(false)
	switch next {
	case RoleStarted, RoleUnknown:
		score, set := tr.promotionScore(inst, n)
		if !set {
			score = -1
		}
		inst.priority = score
	case RoleUnpromoted, RoleStopped:
		inst.priority = -rules.Infinity
	}
	for _, list := range [...][]*Location{inst.locations, r.locations} {
		for i := len(list) - 1; i >= 0; i-- {
			loc := list[i]
			if loc.role != RolePromoted {
				continue
			}
			for _, ns := range loc.Nodes {
				if ns.Node == n {
					inst.priority = rules.AddScores(inst.priority, ns.Score)
				}
			}
		}
	}
	for _, col := range inst.thisWith {
		tr.applyDependent(inst, col.Primary, col)
	}
	inst.sortIndex = inst.priority
	if next == RolePromoted {
		inst.sortIndex = rules.Infinity
	}
}

func currentUnpromoted(r *Resource) {
	if r.Role == RoleStarted {
		r.Role = RoleUnpromoted
	}
	for _, child := range r.Children {
		currentUnpromoted(child)
	}
}

func (c *Cluster) sortForPromotion(r *Resource) {
	if r.Clone.promotionSorted {
		return
	}
	r.Clone.promotionSorted = true
	r.merging = true
	for _, inst := range r.Children {
		n, _ := inst.location(false)
		if n == nil || inst.sortIndex < 0 {
			continue
		}
		if s := r.allowed.get(n); s != nil {
			s.score = rules.AddScores(inst.sortIndex, s.score)
		}
	}
	for _, col := range r.thisWith {
		if col.dependentRole != RolePromoted {
			continue
		}
		mode := mergeActive
		if col.Score >= rules.Infinity {
			mode = 0
		}
		c.mergeScores(col.Primary, r, &r.allowed, col.attr, factorOf(col), mode)
	}
	for _, col := range r.withThis {
		if col.primaryRole == RolePromoted && col.hasInfluence(nil) {
			c.mergeScores(col.Dependent, r, &r.allowed, col.attr, factorOf(col), mergeActive|mergeNonNegative)
		}
	}
	for _, tc := range r.tickets {
		if tc.role == RolePromoted && (!tc.ticket.Granted || tc.ticket.Standby) {
			c.addScoreEverywhere(r, -rules.Infinity, "no ticket "+tc.ticket.ID)
		}
	}
	for _, inst := range r.Children {
		n, _ := inst.location(false)
		switch {
		case !inst.Managed && inst.NextRole == RolePromoted:
			inst.sortIndex = rules.Infinity
		case n == nil || inst.sortIndex < 0:
		default:
			if s := r.allowed.get(n); s != nil {
				inst.sortIndex = s.score
			}
		}
	}
	r.Children = mergeSort(r.Children, func(a, b *Resource) int {
		if a.sortIndex != b.sortIndex {
			return sign(b.sortIndex - a.sortIndex)
		}
		if x, y := a.state(true), b.state(true); x != y {
			return sign(int(y) - int(x))
		}
		return c.compareInstances(a, b)
	})
	r.merging = false
}

// promotable returns the clone's slot of the node an instance can be promoted
// on, nil if it cannot.
func (r *Resource) promotable() *slot {
	for _, child := range r.Children {
		if child.promotable() == nil {
			return nil
		}
	}
	n, _ := r.location(false)
	switch {
	case n == nil:
		return nil
	case !r.Managed:
		if r.state(true) != RolePromoted {
			return nil
		}
	case r.priority < 0, !n.available():
		return nil
	case n.Guest():
		if at, _ := n.Connection.container.location(false); at == nil {
			return nil
		}
	}
	top := r.Top()
	s := top.allowed.get(n)
	if s == nil || s.count >= top.Clone.PromotedNodeMax && r.Managed {
		return nil
	}
	return s
}

func setUnpromoted(r *Resource) {
	if _, all := r.location(false); len(all) == 0 {
		r.setNextRole(RoleStopped, "stopped instance")
	} else {
		r.setNextRole(RoleUnpromoted, "unpromoted instance")
	}
	for _, child := range r.Children {
		setUnpromoted(child)
	}
}

func setPromoted(r *Resource) {
	if r.NextRole == RoleUnknown {
		r.setNextRole(RolePromoted, "promoted instance")
	}
	for _, child := range r.Children {
		setPromoted(child)
	}
}
