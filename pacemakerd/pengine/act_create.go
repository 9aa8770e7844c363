package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/rules"

// createActions makes the actions that bring everything where it was assigned
// (scheduler.md 15).
func (tr *Transition) createActions() {
	tr.checkDeferred()
	if tr.opt.startupProbes {
		tr.scheduleProbes()
	}
	if tr.opt.stopOrphans {
		for _, r := range tr.inOrder() {
			tr.clearOrphanFailures(r)
		}
	}
	for _, r := range tr.inOrder() {
		tr.create(r)
	}
}

// clearOrphanFailures clears the fail counts of what is no longer configured.
func (tr *Transition) clearOrphanFailures(r *Resource) {
	if !r.Orphan {
		return
	}
	for _, n := range tr.Nodes {
		if !n.Online {
			continue
		}
		if count, _ := tr.failCount(n, r, true, nil); count == 0 {
			continue
		}
		a := tr.clearFailCount(r, n, "it is orphaned")
		tr.addOrdering(ref{a: a}, op(r, "stop"), orderOptional)
	}
}

func (tr *Transition) create(r *Resource) {
	switch r.Kind {
	case Primitive:
		tr.createPrimitive(r)
	case Group:
		tr.createGroup(r)
	case Clone:
		tr.createInstances(r, r.Children)
		if r.Promotable {
			tr.createPromotable(r)
		}
	case Bundle:
		tr.createBundle(r)
	}
}

func (tr *Transition) createPrimitive(r *Resource) {
	if r.NextRole == RoleUnknown {
		r.NextRole = RoleStopped
		if r.Assigned != nil {
			r.NextRole = RoleStarted
		}
	}
	current := r.CurrentNode()
	all, clean := r.activeCount()
	for _, source := range r.dangling {
		a := tr.stopAction(r, source, false)
		a.dangle = true
		if tr.opt.removeAfterStop {
			tr.scheduleCleanup(r, source, false)
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
		tr.log("pcmk__primitive_create_actions", Error, "%s resource %s might be active on %d nodes (attempting recovery)", r.Type, r.ID, all)
		switch r.multipleActive {
		case "stop_start":
			needStop = true
		case "stop_unexpected":
			needStop, r.stopUnexpected = true, true
		}
	}
	if r.StartPending {
		a := tr.startAction(r, r.Assigned, true)
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
		if a := tr.startAction(r, r.Assigned, true); !a.optional {
			needStop = true
		}
	}
	tr.restartCycle(r, needStop, needPromote)
	for role := r.Role; role != r.NextRole; {
		next := step(role, r.NextRole)
		if next == role {
			break
		}
		tr.stepAction(r, role, next, r.Assigned, false, false)
		role = next
	}
	tr.createRecurring(r)
	if migrate {
		tr.createMigration(r, current)
	}
}

// restartCycle makes the actions that take a resource down and up to its
// current role again.
func (tr *Transition) restartCycle(r *Resource, needStop, needPromote bool) {
	role := r.Role
	for role != RoleStopped {
		next := step(role, RoleStopped)
		tr.stepAction(r, role, next, nil, !needStop, true)
		role = next
	}
	for r.Role <= r.NextRole && role != r.Role && !r.Blocked {
		next := step(role, r.Role)
		required := needStop || next == RolePromoted && needPromote
		tr.stepAction(r, role, next, r.Assigned, !required, true)
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
func (tr *Transition) stepAction(r *Resource, from, to Role, n *Node, optional, restarting bool) {
	switch {
	case to == RoleStopped:
		tr.stopResource(r, optional, restarting)
	case from == RoleStopped:
		tr.startResource(r, n, optional, restarting)
	case from == RolePromoted:
		for _, at := range r.Running {
			if !r.expectedOn(at, restarting) {
				tr.demoteAction(r, at, optional)
			}
		}
	case to == RolePromoted:
		tr.promoteResource(r, n, optional, restarting)
	}
}

// expectedOn tells whether a multiply active resource may stay on a node.
func (r *Resource) expectedOn(n *Node, restarting bool) bool {
	return restarting && r.stopUnexpected && r.NextRole > RoleStopped && n != nil && n == r.Assigned
}

func (tr *Transition) stopResource(r *Resource, optional, restarting bool) {
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
		a := tr.stopAction(r, n, optional)
		if r.Assigned == nil {
			a.setReason("node availability", true)
		} else if restarting && r.stopUnexpected {
			a.setReason("being multiply active", true)
		}
		if !r.Managed {
			a.runnable = false
		}
		if tr.opt.removeAfterStop {
			tr.scheduleCleanup(r, n, optional)
		}
		if r.needsUnfencing {
			order(a, tr.fenceAction(n, "on", true, "", false), orderImpliesFirst)
		}
	}
}

func (tr *Transition) startResource(r *Resource, n *Node, optional, restarting bool) {
	a := tr.startAction(r, n, true)
	tr.afterUnfencing(r, n, a, orderImpliesThen)
	if a.runnable && !optional {
		a.optional = false
	}
	if r.expectedOn(n, restarting) {
		a.pseudo = true
	}
}

// afterUnfencing orders a start or probe after the unfencing of its node.
func (tr *Transition) afterUnfencing(r *Resource, n *Node, a *Action, flags orderFlags) {
	if n == nil || !(r.fenceDevice && tr.unfencing) && !r.needsUnfencing {
		return
	}
	order(tr.fenceAction(n, "on", true, "", false), a, flags)
	if v, ok := n.Attrs["#node-unfenced"]; !ok || v == "0" {
		tr.triggerUnfencing(nil, n, "required by "+r.ID+" "+a.Task, nil)
	}
}

func (tr *Transition) promoteResource(r *Resource, n *Node, optional, restarting bool) {
	for _, start := range r.findExact(OpKey(r.ID, "start", 0), n) {
		if !start.runnable {
			for _, a := range r.findExact(OpKey(r.ID, "promote", 0), n) {
				a.runnable = false
			}
			return
		}
	}
	a := tr.promoteAction(r, n, optional)
	if r.expectedOn(n, restarting) {
		a.pseudo = true
	}
}

func (r *Resource) canMigrate(current *Node) bool {
	return r.allowMigrate && r.Managed && !r.Failed && !r.StartPending &&
		current != nil && !current.Unclean && r.Assigned != nil && !r.Assigned.Unclean
}

// createMigration makes the actions of a live migration (scheduler.md 17).
func (tr *Transition) createMigration(r *Resource, current *Node) {
	start, stop := tr.startAction(r, r.Assigned, true), tr.stopAction(r, current, true)
	var to *Action
	if r.partialTarget == nil {
		to = tr.action(r, OpKey(r.ID, "migrate_to", 0), "migrate_to", current, true)
	}
	from := tr.action(r, OpKey(r.ID, "migrate_from", 0), "migrate_from", r.Assigned, true)
	start.migratable, stop.migratable, from.migratable = true, true, true
	start.pseudo = true
	if to == nil { // the first half is done
		from.needs = start.needs
		tr.then(r, "monitor", r, "migrate_from", orderOptional)
	} else {
		to.migratable = true
		to.needs = start.needs
		tr.then(r, "monitor", r, "migrate_to", orderOptional)
		tr.then(r, "migrate_to", r, "migrate_from", orderOptional|orderImpliesFirstMigratable)
	}
	tr.then(r, "migrate_from", r, "stop", orderOptional|orderImpliesFirstMigratable)
	tr.then(r, "migrate_from", r, "start", orderOptional|orderImpliesFirstMigratable|orderPseudoLeft)
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

func (tr *Transition) createGroup(r *Resource) {
	for _, m := range r.Children {
		tr.create(m)
	}
	tasks := []string{"start", "running", "stop", "stopped"}
	if rules.IsTrue(r.Meta["promotable"]) || r.Top().Clone != nil && r.Top().Clone.legacyMaster {
		tasks = append(tasks, "demote", "demoted", "promote", "promoted")
	}
	for _, task := range tasks {
		tr.pseudoAction(r, task, true, true)
	}
}

// createInstances makes the actions of instances, then the pseudo actions of
// what holds them.
func (tr *Transition) createInstances(r *Resource, instances []*Resource) {
	var starting, stopping, restarting, active bool
	for _, inst := range instances {
		tr.create(inst)
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
	start := tr.pseudoAction(r, "start", !starting, true)
	started := tr.pseudoAction(r, "running", !starting, false)
	started.priority = rules.Infinity
	started.runnable = active || starting
	if r.Notify && r.Kind == Clone {
		r.Clone.startNotify = tr.notifyPseudo(r, "start", start, started)
	}
	stop := tr.pseudoAction(r, "stop", !stopping, true)
	stopped := tr.pseudoAction(r, "stopped", !stopping, true)
	stopped.priority = rules.Infinity
	if !restarting {
		stop.migratable = true
	}
	if r.Notify && r.Kind == Clone {
		r.Clone.stopNotify = tr.notifyPseudo(r, "stop", stop, stopped)
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

func (tr *Transition) createPromotable(r *Resource) {
	promoting, demoting := false, false
	for _, inst := range r.Children {
		tr.create(inst)
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
	promote := tr.pseudoAction(r, "promote", !promoting, true)
	promoted := tr.pseudoAction(r, "promoted", !promoting, true)
	promoted.priority = rules.Infinity
	if r.Notify {
		r.Clone.promoteNotify = tr.notifyPseudo(r, "promote", promote, promoted)
	}
	demote := tr.pseudoAction(r, "demote", !demoting, true)
	demoted := tr.pseudoAction(r, "demoted", !demoting, true)
	demoted.priority = rules.Infinity
	if r.Notify {
		info := r.Clone
		info.demoteNotify = tr.notifyPseudo(r, "demote", demote, demoted)
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

func (tr *Transition) createBundle(r *Resource) {
	b := r.Bundle
	for _, rep := range b.Replicas {
		for _, part := range [...]*Resource{rep.IP, rep.Container, rep.Connection} {
			if part != nil {
				tr.create(part)
			}
		}
	}
	tr.createInstances(r, r.instances())
	if b.Inner == nil {
		return
	}
	tr.create(b.Inner)
	if b.Inner.Promotable {
		for _, task := range [...]string{"promote", "promoted", "demote", "demoted"} {
			a := tr.pseudoAction(r, task, true, true)
			if task == "promoted" || task == "demoted" {
				a.priority = rules.Infinity
			}
		}
	}
}
