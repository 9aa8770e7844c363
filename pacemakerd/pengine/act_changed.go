package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/xml"

// changedDefinitions compares recorded operations with the configuration
// (spec: scheduler.md 16.3).
func (c *Cluster) changedDefinitions() {
	owners := c.historyOwners()
	for _, n := range c.Nodes {
		if !n.Maintenance && !n.available() {
			continue
		}
		for state := range c.cib.Child("status").Each("node_state") {
			if state.Get("uname") != n.Name {
				continue
			}
			for e := range state.Descend("lrm", "lrm_resources").Each("lrm_resource") {
				if e.Child("") == nil {
					continue
				}
				for _, r := range owners[e.ID()] {
					c.checkHistory(r, n, e)
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

func (c *Cluster) checkHistory(r *Resource, n *Node, e *xml.Node) {
	if r.Orphan {
		if !r.anonymous() {
			c.scheduleCleanup(r, n, false)
		}
		return
	}
	active := runsOn(r, n)
	if c.agentChanged(r, n, e, active) {
		c.scheduleCleanup(r, n, false)
	}
	if !active {
		return
	}
	var ops []*xml.Node
	for i := len(e.Children) - 1; i >= 0; i-- {
		if e.Children[i].Name == "lrm_rsc_op" {
			ops = append(ops, e.Children[i])
		}
	}
	ops = mergeSort(ops, func(a, b *xml.Node) int { return olderOp(a, b, true) })
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
			c.cancelRecorded(r, n, op)
			continue
		}
		switch {
		case ms > 0, task == "monitor", task == "start", task == "promote", task == "migrate_from":
			if c.needsRemoteName(r) {
				c.paramChecks = append(c.paramChecks, paramCheck{op, r, n, false})
			} else if c.definitionChanged(r, n, op) {
				c.clearOutdated(r, n)
			}
		}
	}
}

func (c *Cluster) clearOutdated(r *Resource, n *Node) {
	if count, _ := c.failCount(n, r, true, nil); count != 0 {
		c.clearFailCount(r, n, "action definition changed")
	}
}

// agentChanged tells whether the history is of another agent; an active
// resource is restarted then.
func (c *Cluster) agentChanged(r *Resource, n *Node, e *xml.Node, active bool) bool {
	changed := false
	for _, attr := range [...]string{"type", "class", "provider"} {
		if r.XML.Get(attr) != e.Get(attr) {
			changed = true
			c.triggerUnfencing(r, n, "Device definition changed", nil)
		}
	}
	if changed && active {
		c.stopAction(r, n, false)
		r.StartPending = true
	}
	return changed
}

// scheduleCleanup deletes a history entry through the local executor.
func (c *Cluster) scheduleCleanup(r *Resource, n *Node, optional bool) {
	if r.Failed || n == nil || n.Unclean || !n.Online {
		return
	}
	flags := orderOptional
	if optional {
		flags = orderImpliesThen
	}
	c.action(r, OpKey(r.ID, "delete", 0), "delete", n, optional)
	c.then(r, "stop", r, "delete", flags)
	c.then(r, "delete", r, "start", flags)
}

// cancelAction makes an action that cancels a recurring operation.
func (c *Cluster) cancelAction(r *Resource, task string, ms int64, n *Node) *Action {
	a := c.action(r, OpKey(r.ID, task, ms), "cancel", n, false)
	a.Task, a.cancelTask, a.cancelMS = "cancel", task, ms
	a.meta["operation"], a.meta["interval"] = task, itoa(ms)
	return a
}

func (c *Cluster) cancelRecorded(r *Resource, n *Node, op *xml.Node) {
	a := c.cancelAction(r, op.Get("operation"), opInterval(op), n)
	a.meta["call-id"] = op.Get("call-id")
	c.addOrdering(ref{r: r, key: OpKey(r.ID, "stop", 0)}, ref{r: r, a: a}, orderOptional)
}

// definitionChanged compares one recorded operation and schedules what a
// difference asks for.
func (c *Cluster) definitionChanged(r *Resource, n *Node, op *xml.Node) bool {
	task, ms := op.Get("operation"), opInterval(op)
	if ms > 0 && r.opEntry(OpKey(r.ID, task, ms), false) == nil {
		if c.opt.stopOrphanOps {
			c.cancelRecorded(r, n, op)
		}
		return true
	}
	if ms == 0 && (task == "monitor" || task == "migrate_from" || task == "promote") {
		task = "start"
	}
	d := c.compareDigests(r, op, n)
	if c.ask.Sanitized && d.result != digestMatch && d.secure != "" && op.Get("op-secure-digest") == d.secure {
		c.notices = append(c.notices, "Only 'private' parameters to "+readableInterval(ms)+"-interval "+op.Get("operation")+" for "+r.ID+" on "+n.Name+" changed: "+op.Get("transition-magic"))
		return false
	}
	switch d.result {
	case digestRestart:
		c.forceRestart(r, task, ms, n)
		return true
	case digestAll, digestUnknown:
		switch {
		case ms > 0:
			c.triggerUnfencing(r, n, "Device parameters changed (reschedule)", nil)
			c.action(r, OpKey(r.ID, task, ms), task, n, true).reschedule = true
		case op.Has("op-restart-digest"):
			c.triggerUnfencing(r, n, "Device parameters changed (reload)", nil)
			c.scheduleReload(r, n)
		default:
			c.forceRestart(r, task, ms, n)
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

func (c *Cluster) forceRestart(r *Resource, task string, ms int64, n *Node) {
	a := c.action(r, OpKey(r.ID, task, ms), task, nil, false)
	a.setReason("resource definition change", true)
	c.triggerUnfencing(r, n, "Device parameters changed", nil)
}

func (c *Cluster) scheduleReload(r *Resource, n *Node) {
	if n == nil || !r.Managed || r.Failed {
		return
	}
	if r.StartPending {
		c.stopAction(r, n, false)
		return
	}
	r.reload = true
	a := c.action(r, OpKey(r.ID, "reload-agent", 0), "reload-agent", n, false)
	a.setReason("resource definition change", false)
	c.addOrdering(ref{a: a}, op(r, "stop"), orderOptional|orderThenCancelsFirst)
	c.addOrdering(ref{a: a}, op(r, "demote"), orderOptional|orderThenCancelsFirst)
}

// triggerUnfencing asks for a node to be unfenced, or all nodes of a device
// (spec: 19.7).
func (c *Cluster) triggerUnfencing(r *Resource, n *Node, why string, dependent *Action) {
	usable := func(n *Node) bool { return n != nil && n.Online && !n.Unclean && !n.Shutdown }
	switch {
	case !c.unfencing, r != nil && !r.fenceDevice:
	case usable(n):
		a := c.fenceAction(n, "on", false, why, false)
		if dependent != nil {
			order(a, dependent, orderOptional)
		}
	case r != nil:
		for _, i := range c.hashOrder(r.allowed) {
			if m := c.allNodes[i]; usable(m) {
				c.triggerUnfencing(r, m, why, dependent)
			}
		}
	}
}

// checkDeferred does the comparisons that had to wait for the assignment.
func (c *Cluster) checkDeferred() {
	for i := len(c.paramChecks) - 1; i >= 0; i-- {
		p := c.paramChecks[i]
		if !p.lastFailure {
			if c.definitionChanged(p.r, p.n, p.op) {
				c.clearOutdated(p.r, p.n)
			}
			continue
		}
		if d := c.compareDigests(p.r, p.op, p.n); d.result != digestMatch && d.result != digestUnknown {
			c.clearFailCount(p.r, p.n, "resource parameters have changed")
		}
	}
}
