package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/xml"

// changedDefinitions compares recorded operations with the configuration
// (scheduler.md 16.3).
func (tr *Transition) changedDefinitions() {
	owners := tr.historyOwners()
	for _, n := range tr.Nodes {
		if !n.Maintenance && !n.available() {
			continue
		}
		for state := range tr.cib.Child("status").Each("node_state") {
			if state.Get("uname") != n.Name {
				continue
			}
			for e := range state.Descend("lrm", "lrm_resources").Each("lrm_resource") {
				if e.Child("") == nil {
					continue
				}
				for _, r := range owners[e.ID()] {
					tr.checkHistory(r, n, e)
				}
			}
		}
	}
}

// historyOwners says by id which primitives a history entry may be of, newest
// first.
func (c *Cluster) historyOwners() map[string][]*Resource {
	owners := make(map[string][]*Resource)
	var add func(list []*Resource)
	add = func(list []*Resource) {
		for i := len(list) - 1; i >= 0; i-- {
			r := list[i]
			if len(r.Children) > 0 {
				add(r.Children)
				continue
			}
			owners[r.ID] = append(owners[r.ID], r)
			if r.cloneName != "" && r.cloneName != r.ID {
				owners[r.cloneName] = append(owners[r.cloneName], r)
			}
		}
	}
	add(c.Resources)
	return owners
}

func (tr *Transition) checkHistory(r *Resource, n *Node, e *xml.Element) {
	if r.Orphan {
		if !r.anonymous() {
			tr.scheduleCleanup(r, n, false)
		}
		return
	}
	active := runsOn(r, n)
	if tr.agentChanged(r, n, e, active) {
		tr.scheduleCleanup(r, n, false)
	}
	if !active {
		return
	}
	var ops []*xml.Element
	for i := len(e.Children) - 1; i >= 0; i-- {
		if e.Children[i].Name == "lrm_rsc_op" {
			ops = append(ops, e.Children[i])
		}
	}
	ops = mergeSort(ops, func(a, b *xml.Element) int { return olderOp(a, b, true) })
	start, stop := activeSince(ops)
	if start < stop {
		return
	}
	for i, op := range ops {
		if i < start {
			continue
		}
		task, ms := op.Get("operation"), opInterval(op)
		if ms > 0 && (r.Maintenance || n.Maintenance) {
			tr.cancelRecorded(r, n, op)
			continue
		}
		switch {
		case ms > 0, task == "monitor", task == "start", task == "promote", task == "migrate_from":
			if tr.needsRemoteName(r) {
				tr.paramChecks = append(tr.paramChecks, paramCheck{op, r, n, false})
			} else if tr.definitionChanged(r, n, op) {
				tr.clearOutdated(r, n)
			}
		}
	}
}

func (tr *Transition) clearOutdated(r *Resource, n *Node) {
	if count, _ := tr.failCount(n, r, true, nil); count != 0 {
		tr.clearFailCount(r, n, "action definition changed")
	}
}

// agentChanged tells whether the history is of another agent; an active
// resource is restarted then.
func (tr *Transition) agentChanged(r *Resource, n *Node, e *xml.Element, active bool) bool {
	changed := false
	for _, attr := range [...]string{"type", "class", "provider"} {
		if r.XML.Get(attr) != e.Get(attr) {
			changed = true
			tr.triggerUnfencing(r, n, "Device definition changed", nil)
		}
	}
	if changed && active {
		tr.stopAction(r, n, false)
		r.StartPending = true
	}
	return changed
}

// scheduleCleanup deletes a history entry through the local executor.
func (tr *Transition) scheduleCleanup(r *Resource, n *Node, optional bool) {
	if r.Failed || n == nil || n.Unclean || !n.Online {
		return
	}
	flags := orderOptional
	if optional {
		flags = orderImpliesThen
	}
	tr.action(r, OpKey(r.ID, "delete", 0), "delete", n, optional)
	tr.then(r, "stop", r, "delete", flags)
	tr.then(r, "delete", r, "start", flags)
}

// cancelAction makes an action that cancels a recurring operation.
func (tr *Transition) cancelAction(r *Resource, task string, ms int64, n *Node) *Action {
	a := tr.action(r, OpKey(r.ID, task, ms), "cancel", n, false)
	a.Task, a.cancelTask, a.cancelMS = "cancel", task, ms
	a.meta["operation"], a.meta["interval"] = task, itoa(ms)
	return a
}

func (tr *Transition) cancelRecorded(r *Resource, n *Node, op *xml.Element) {
	a := tr.cancelAction(r, op.Get("operation"), opInterval(op), n)
	if _, has := a.meta["call-id"]; !has { // of several entries of it the oldest counts
		a.meta["call-id"] = op.Get("call-id")
	}
	tr.addOrdering(ref{r: r, key: OpKey(r.ID, "stop", 0)}, ref{r: r, a: a}, orderOptional)
}

// definitionChanged compares one recorded operation and schedules what a
// difference asks for.
func (tr *Transition) definitionChanged(r *Resource, n *Node, op *xml.Element) bool {
	task, ms := op.Get("operation"), opInterval(op)
	if ms > 0 && r.opEntry(OpKey(r.ID, task, ms), false) == nil {
		if tr.opt.stopOrphanOps {
			tr.cancelRecorded(r, n, op)
		}
		return true
	}
	if ms == 0 && (task == "monitor" || task == "migrate_from" || task == "promote") {
		task = "start"
	}
	d := tr.compareDigests(r, op, n)
	if tr.ask.Sanitized && d.result != digestMatch && d.secure != "" && op.Get("op-secure-digest") == d.secure {
		tr.Notices = append(tr.Notices, "Only 'private' parameters to "+readableInterval(ms)+"-interval "+op.Get("operation")+" for "+r.ID+" on "+n.Name+" changed: "+op.Get("transition-magic"))
		return false
	}
	switch d.result {
	case digestRestart:
		tr.forceRestart(r, task, ms, n)
		return true
	case digestAll, digestUnknown:
		switch {
		case ms > 0:
			tr.triggerUnfencing(r, n, "Device parameters changed (reschedule)", nil)
			tr.action(r, OpKey(r.ID, task, ms), task, n, true).reschedule = true
		case op.Has("op-restart-digest"):
			tr.triggerUnfencing(r, n, "Device parameters changed (reload)", nil)
			tr.scheduleReload(r, n)
		default:
			tr.forceRestart(r, task, ms, n)
		}
		return true
	}
	return false
}

func readableInterval(ms int64) string {
	if ms%1000 == 0 {
		return itoa(ms/1000) + "s"
	}
	return itoa(ms) + "ms"
}

func (tr *Transition) forceRestart(r *Resource, task string, ms int64, n *Node) {
	a := tr.action(r, OpKey(r.ID, task, ms), task, nil, false)
	a.setReason("resource definition change", true)
	tr.triggerUnfencing(r, n, "Device parameters changed", nil)
}

func (tr *Transition) scheduleReload(r *Resource, n *Node) {
	if n == nil || !r.Managed || r.Failed {
		return
	}
	if r.StartPending {
		tr.stopAction(r, n, false)
		return
	}
	r.reload = true
	a := tr.action(r, OpKey(r.ID, "reload-agent", 0), "reload-agent", n, false)
	a.setReason("resource definition change", false)
	tr.addOrdering(ref{a: a}, op(r, "stop"), orderOptional|orderThenCancelsFirst)
	tr.addOrdering(ref{a: a}, op(r, "demote"), orderOptional|orderThenCancelsFirst)
}

// triggerUnfencing asks for a node to be unfenced, or all nodes of a device
// (scheduler.md 19.7).
func (tr *Transition) triggerUnfencing(r *Resource, n *Node, why string, dependent *Action) {
	usable := func(n *Node) bool { return n != nil && n.Online && !n.Unclean && !n.Shutdown }
	switch {
	case !tr.unfencing, r != nil && !r.fenceDevice:
	case usable(n):
		a := tr.fenceAction(n, "on", false, why, false)
		if dependent != nil {
			order(a, dependent, orderOptional)
		}
	case r != nil:
		for _, i := range tr.hashOrder(r.allowed) {
			if m := tr.allNodes[i]; usable(m) {
				tr.triggerUnfencing(r, m, why, dependent)
			}
		}
	}
}

// checkDeferred does the comparisons that had to wait for the assignment.
func (tr *Transition) checkDeferred() {
	for i := len(tr.paramChecks) - 1; i >= 0; i-- {
		p := tr.paramChecks[i]
		if !p.lastFailure {
			if tr.definitionChanged(p.r, p.n, p.op) {
				tr.clearOutdated(p.r, p.n)
			}
			continue
		}
		if d := tr.compareDigests(p.r, p.op, p.n); d.result != digestMatch && d.result != digestUnknown {
			tr.clearFailCount(p.r, p.n, "resource parameters have changed")
		}
	}
}
