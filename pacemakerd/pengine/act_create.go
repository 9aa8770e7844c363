package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/rules"

// createActions makes the actions that bring everything where it was assigned
// (spec: scheduler.md 15).
func (c *Cluster) createActions() {
	c.checkDeferred()
	if c.opt.startupProbes {
		c.scheduleProbes()
	}
	if c.opt.stopOrphans {
		for _, r := range c.Resources {
			c.clearOrphanFailures(r)
		}
	}
	for _, r := range c.Resources {
		c.create(r)
	}
}

// clearOrphanFailures clears the fail counts of what is no longer configured.
func (c *Cluster) clearOrphanFailures(r *Resource) {
	if !r.Orphan {
		return
	}
	for _, n := range c.Nodes {
		if !n.Online {
			continue
		}
		if count, _ := c.failCount(n, r, true, nil); count == 0 {
			continue
		}
		a := c.clearFailCount(r, n, "it is orphaned")
		c.addOrdering(ref{a: a}, op(r, "stop"), orderOptional)
	}
}

func (c *Cluster) create(r *Resource) {
	switch r.Kind {
	case Primitive:
		c.createPrimitive(r)
	case Group:
		c.createGroup(r)
	case Clone:
		c.createInstances(r, r.Children)
		if r.Promotable {
			c.createPromotable(r)
		}
	case Bundle:
		c.createBundle(r)
	}
}

func (c *Cluster) createPrimitive(r *Resource) {
	if r.NextRole == RoleUnknown {
		r.NextRole = RoleStopped
		if r.Assigned != nil {
			r.NextRole = RoleStarted
		}
	}
	current := r.CurrentNode()
	all, clean := r.activeCount()
	for _, source := range r.dangling {
		a := c.stopAction(r, source, false)
		a.dangle = true
		if c.opt.removeAfterStop {
			c.scheduleCleanup(r, source, false)
		}
	}
	var needStop, needPromote, moving, migrate, multiple bool
	if current != nil && r.Assigned != nil && current != r.Assigned && r.NextRole >= RoleStarted {
		moving, needStop = true, true
		migrate = r.canMigrate(current)
	}
	switch {
	case r.partialSource != nil && r.partialTarget != nil && migrate && all == 2 && current == r.partialSource && r.Assigned == r.partialTarget:
	case r.partialSource != nil || r.partialTarget != nil:
		needStop, migrate = true, false
		r.partialSource, r.partialTarget = nil, nil
	case r.needsFencing:
		multiple = all > 1
	default:
		multiple = clean > 1
	}
	r.stopUnexpected = false
	if multiple {
		c.log("pcmk__primitive_create_actions", Error, "%s resource %s might be active on %d nodes (attempting recovery)", r.Type, r.ID, all)
		switch r.multipleActive {
		case "stop_start":
			needStop = true
		case "stop_unexpected":
			needStop, r.stopUnexpected = true, true
		}
	}
	if r.StartPending {
		a := c.startAction(r, r.Assigned, true)
		a.printed = true
	}
	switch {
	case moving:
	case r.Failed:
		if r.stopNeeded {
			needStop = true
		} else if r.NextRole == RolePromoted {
			needPromote = true
		}
	case r.Blocked:
		needStop = true
	case r.Role > RoleStarted && current != nil && r.Assigned != nil:
		if a := c.startAction(r, r.Assigned, true); !a.optional {
			needStop = true
		}
	}
	c.restartCycle(r, needStop, needPromote)
	for role := r.Role; role != r.NextRole; {
		next := step(role, r.NextRole)
		if next == role {
			break
		}
		c.stepAction(r, role, next, r.Assigned, false, false)
		role = next
	}
	c.createRecurring(r)
	if migrate {
		c.createMigration(r, current)
	}
}

// restartCycle makes the actions that take a resource down and up to its
// current role again.
func (c *Cluster) restartCycle(r *Resource, needStop, needPromote bool) {
	role := r.Role
	for role != RoleStopped {
		next := step(role, RoleStopped)
		c.stepAction(r, role, next, nil, !needStop, true)
		role = next
	}
	for r.Role <= r.NextRole && role != r.Role && !r.Blocked {
		next := step(role, r.Role)
		required := needStop || next == RolePromoted && needPromote
		c.stepAction(r, role, next, r.Assigned, !required, true)
		role = next
	}
}

// step is the next role on the way from one role to another.
func step(from, to Role) Role {
	switch from {
	case RoleUnknown:
		return RoleStopped
	case RoleStopped:
		switch {
		case to <= RoleStopped:
			return RoleStopped
		case to == RoleStarted:
			return RoleStarted
		}
		return RoleUnpromoted
	case RoleStarted:
		switch {
		case to <= RoleStopped:
			return RoleStopped
		}
		return to
	case RoleUnpromoted:
		switch {
		case to <= RoleStarted:
			return RoleStopped
		}
		return to
	}
	if to == RolePromoted {
		return to
	}
	return RoleUnpromoted
}

// stepAction makes the actions of one step.
func (c *Cluster) stepAction(r *Resource, from, to Role, n *Node, optional, restarting bool) {
	switch {
	case to == RoleStopped:
		c.stopResource(r, optional, restarting)
	case from == RoleStopped:
		c.startResource(r, n, optional, restarting)
	case from == RolePromoted:
		for _, at := range r.Running {
			if !r.expectedOn(at, restarting) {
				c.demoteAction(r, at, optional)
			}
		}
	case to == RolePromoted:
		c.promoteResource(r, n, optional, restarting)
	}
}

// expectedOn tells whether a multiply active resource may stay on a node.
func (r *Resource) expectedOn(n *Node, restarting bool) bool {
	return restarting && r.stopUnexpected && r.NextRole > RoleStopped && n != nil && n == r.Assigned
}

func (c *Cluster) stopResource(r *Resource, optional, restarting bool) {
	for _, n := range r.Running {
		if r.expectedOn(n, restarting) {
			continue
		}
		if r.partialTarget != nil {
			if n == r.partialTarget && n == r.Assigned {
				continue
			}
			optional = false
		}
		a := c.stopAction(r, n, optional)
		if r.Assigned == nil {
			a.setReason("node availability", true)
		} else if restarting && r.stopUnexpected {
			a.setReason("being multiply active", true)
		}
		if !r.Managed {
			a.runnable = false
		}
		if c.opt.removeAfterStop {
			c.scheduleCleanup(r, n, optional)
		}
		if r.needsUnfencing {
			order(a, c.fenceAction(n, "on", true, "", false), orderImpliesFirst)
		}
	}
}

func (c *Cluster) startResource(r *Resource, n *Node, optional, restarting bool) {
	a := c.startAction(r, n, true)
	c.afterUnfencing(r, n, a, orderImpliesThen)
	if a.runnable && !optional {
		a.optional = false
	}
	if r.expectedOn(n, restarting) {
		a.pseudo = true
	}
}

// afterUnfencing orders a start or probe after the unfencing of its node.
func (c *Cluster) afterUnfencing(r *Resource, n *Node, a *Action, flags orderFlags) {
	if n == nil || !(r.fenceDevice && c.unfencing) && !r.needsUnfencing {
		return
	}
	order(c.fenceAction(n, "on", true, "", false), a, flags)
	if v, ok := n.Attrs["#node-unfenced"]; !ok || v == "0" {
		c.triggerUnfencing(nil, n, "required by "+r.ID+" "+a.Task, nil)
	}
}

func (c *Cluster) promoteResource(r *Resource, n *Node, optional, restarting bool) {
	for _, start := range r.findExact(OpKey(r.ID, "start", 0), n) {
		if !start.runnable {
			for _, a := range r.findExact(OpKey(r.ID, "promote", 0), n) {
				a.runnable = false
			}
			return
		}
	}
	a := c.promoteAction(r, n, optional)
	if r.expectedOn(n, restarting) {
		a.pseudo = true
	}
}

func (r *Resource) canMigrate(current *Node) bool {
	return r.allowMigrate && r.Managed && !r.Failed && !r.StartPending &&
		current != nil && !current.Unclean && r.Assigned != nil && !r.Assigned.Unclean
}

// createMigration makes the actions of a live migration (spec: 17).
func (c *Cluster) createMigration(r *Resource, current *Node) {
	start, stop := c.startAction(r, r.Assigned, true), c.stopAction(r, current, true)
	var to *Action
	if r.partialTarget == nil {
		to = c.action(r, OpKey(r.ID, "migrate_to", 0), "migrate_to", current, true)
	}
	from := c.action(r, OpKey(r.ID, "migrate_from", 0), "migrate_from", r.Assigned, true)
	start.migratable, stop.migratable, from.migratable = true, true, true
	start.pseudo = true
	if to == nil { // the first half is done
		from.needs = start.needs
		c.then(r, "monitor", r, "migrate_from", orderOptional)
	} else {
		to.migratable = true
		to.needs = start.needs
		c.then(r, "monitor", r, "migrate_to", orderOptional)
		c.then(r, "migrate_to", r, "migrate_from", orderOptional|orderImpliesFirstMigratable)
	}
	c.then(r, "migrate_from", r, "stop", orderOptional|orderImpliesFirstMigratable)
	c.then(r, "migrate_from", r, "start", orderOptional|orderImpliesFirstMigratable|orderPseudoLeft)
	meta := func(a *Action) {
		addMissing(a.meta, map[string]string{"migrate_source": current.Name, "migrate_target": r.Assigned.Name})
	}
	if to != nil {
		meta(to)
		if !r.isConnection {
			addMissing(to.meta, map[string]string{"record-pending": "true"})
		}
	}
	meta(from)
}

func (c *Cluster) createGroup(r *Resource) {
	for _, m := range r.Children {
		c.create(m)
	}
	tasks := []string{"start", "running", "stop", "stopped"}
	if rules.IsTrue(r.Meta["promotable"]) || r.Top().Clone != nil && r.Top().Clone.legacyMaster {
		tasks = append(tasks, "demote", "demoted", "promote", "promoted")
	}
	for _, task := range tasks {
		c.pseudoAction(r, task, true, true)
	}
}

// createInstances makes the actions of instances, then the pseudo actions of
// what holds them.
func (c *Cluster) createInstances(r *Resource, instances []*Resource) {
	var starting, stopping, restarting, active bool
	for _, inst := range instances {
		c.create(inst)
		s := instanceState{}
		s.look(inst)
		starting = starting || s.starting
		stopping = stopping || s.stopping
		active = active || s.active
		restarting = restarting || s.starting && s.stopping
	}
	if r.Kind == Clone && r.Clone.Ordered {
		r.chainInstances()
	}
	start := c.pseudoAction(r, "start", !starting, true)
	started := c.pseudoAction(r, "running", !starting, false)
	started.priority = rules.Infinity
	started.runnable = active || starting
	if r.Notify && r.Kind == Clone {
		r.Clone.startNotify = c.notifyPseudo(r, "start", start, started)
	}
	stop := c.pseudoAction(r, "stop", !stopping, true)
	stopped := c.pseudoAction(r, "stopped", !stopping, true)
	stopped.priority = rules.Infinity
	if !restarting {
		stop.migratable = true
	}
	if r.Notify && r.Kind == Clone {
		r.Clone.stopNotify = c.notifyPseudo(r, "stop", stop, stopped)
		order(r.Clone.stopNotify.postDone, r.Clone.startNotify.pre, orderOptional)
	}
}

// instanceState is what an instance is about to do.
type instanceState struct{ starting, stopping, active bool }

func (s *instanceState) look(r *Resource) {
	for _, child := range r.Children {
		s.look(child)
	}
	if len(r.Children) > 0 {
		return
	}
	s.active = s.active || len(r.Running) > 0
	for i := len(r.actions) - 1; i >= 0; i-- {
		a := r.actions[i]
		if a.optional || !a.pseudo && !a.runnable {
			continue
		}
		switch a.Task {
		case "stop":
			s.stopping = true
		case "start":
			s.starting = s.starting || a.runnable
		}
	}
}

// chainInstances lets ordered instances start and stop by number.
func (r *Resource) chainInstances() {
	r.Children = mergeSort(r.Children, compareNumbers)
	var lastStart, lastStop *Action
	for _, inst := range r.Children {
		if stop := inst.oneRequired("stop"); stop != nil {
			order(stop, lastStop, orderOptional)
			lastStop = stop
		}
		if start := inst.oneRequired("start"); start != nil {
			order(lastStart, start, orderOptional)
			lastStart = start
		}
	}
}

// oneRequired is the one required action of a task; with several, none.
func (r *Resource) oneRequired(task string) *Action {
	var one *Action
	for _, a := range r.findByKey(OpKey(r.ID, task, 0), nil) {
		if a.optional {
			continue
		}
		if one != nil {
			return nil
		}
		one = a
	}
	return one
}

func (c *Cluster) createPromotable(r *Resource) {
	promoting, demoting := false, false
	for _, inst := range r.Children {
		c.create(inst)
		for _, p := range inst.Primitives() {
			for _, a := range p.actions {
				if a.optional {
					continue
				}
				promoting = promoting || a.Task == "promote"
				demoting = demoting || a.Task == "demote"
			}
		}
	}
	promote := c.pseudoAction(r, "promote", !promoting, true)
	promoted := c.pseudoAction(r, "promoted", !promoting, true)
	promoted.priority = rules.Infinity
	if r.Notify {
		r.Clone.promoteNotify = c.notifyPseudo(r, "promote", promote, promoted)
	}
	demote := c.pseudoAction(r, "demote", !demoting, true)
	demoted := c.pseudoAction(r, "demoted", !demoting, true)
	demoted.priority = rules.Infinity
	if r.Notify {
		info := r.Clone
		info.demoteNotify = c.notifyPseudo(r, "demote", demote, demoted)
		order(info.stopNotify.postDone, info.promoteNotify.pre, orderOptional)
		order(info.startNotify.postDone, info.promoteNotify.pre, orderOptional)
		order(info.demoteNotify.postDone, info.promoteNotify.pre, orderOptional)
		order(info.demoteNotify.postDone, info.startNotify.pre, orderOptional)
		order(info.demoteNotify.postDone, info.stopNotify.pre, orderOptional)
	}
	for _, inst := range r.Children {
		inst.priority = r.priority
	}
}

func (c *Cluster) createBundle(r *Resource) {
	b := r.Bundle
	for _, rep := range b.Replicas {
		for _, part := range [...]*Resource{rep.IP, rep.Container, rep.Connection} {
			if part != nil {
				c.create(part)
			}
		}
	}
	c.createInstances(r, r.instances())
	if b.Inner == nil {
		return
	}
	c.create(b.Inner)
	if b.Inner.Promotable {
		for _, task := range [...]string{"promote", "promoted", "demote", "demoted"} {
			a := c.pseudoAction(r, task, true, true)
			if task == "promoted" || task == "demoted" {
				a.priority = rules.Infinity
			}
		}
	}
}
