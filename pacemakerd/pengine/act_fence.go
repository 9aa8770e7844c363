package pengine

import (
	"slices"
	"strings"
)

// canFence tells whether a node could be fenced (scheduler.md 14.5).
func (c *Cluster) canFence(n *Node) bool { return c.canFenceWithin(n, nil) }

// canFenceWithin is canFence; within are the guests whose hosts are being looked
// at. Histories may say that a machine runs in its own guest: nothing can fence that.
func (c *Cluster) canFenceWithin(n *Node, within []*Node) bool {
	switch {
	case n.Guest():
		if slices.Contains(within, n) {
			return false
		}
		for _, host := range n.Connection.container.Running {
			if !host.Online && !c.canFenceWithin(host, append(within, n)) {
				return false
			}
		}
		return true
	case !c.opt.fencing, !c.haveDevice && !c.opt.watchdog:
		return false
	case c.haveQuorum, c.opt.noQuorum == "ignore":
		return true
	}
	return n != nil && n.Online
}

// fenceNode marks a node for fencing (scheduler.md 19.1).
func (tr *Transition) fenceNode(n *Node, why string, delay bool) {
	switch {
	case n.Guest():
		machine := n.Connection.container
		if !machine.Failed && machine.Managed {
			n.remoteReset = true
			machine.Failed, machine.stopNeeded = true, true
		}
	case n.Kind == Remote && n.Connection != nil && n.Connection.container == nil && n.Connection.Orphan && n.Connection.Meta["container"] != "":
		// The connection of a guest whose machine is gone.
		n.Connection.Failed, n.Connection.stopNeeded = true, true
	case n.Kind == Remote:
		if n.Connection == nil || n.Connection.Managed {
			n.remoteReset = true
		}
		n.Unclean = true
		tr.fenceAction(n, "", true, why, false)
	case !n.Unclean:
		n.Unclean = true
		tr.log("pe_fence_node", Warning, "Cluster node %s will be fenced: %s", n.Name, why)
		tr.fenceAction(n, "", true, why, delay)
	}
}

// fenceAction returns the action that fences a node, or unfences it with op
// "on".
func (tr *Transition) fenceAction(n *Node, op string, optional bool, why string, delay bool) *Action {
	if op == "" {
		op = tr.opt.fenceAction
	}
	key := "stonith-" + n.Name + "-" + op
	a := tr.nodeAction[key]
	if a == nil {
		a = tr.action(nil, key, "stonith", n, true)
		a.meta["on_node"], a.meta["on_node_uuid"], a.meta["stonith_action"] = n.Name, n.ID, op
		if tr.unfencing {
			if tr.unfencingDigests(n, a) {
				optional = false
			}
		}
	}
	if tr.opt.fencingDelay > 0 {
		if _, had := a.meta["priority-fencing-delay"]; delay || had {
			a.meta["priority-fencing-delay"] = itoa(tr.delayFor(n))
		}
	}
	if !optional && tr.canFence(n) {
		a.optional = false
		a.setReason(why, false)
	} else if why != "" {
		a.setReason(why, false)
	}
	return a
}

// delayFor is the priority delay for fencing n (scheduler.md 19.4).
func (c *Cluster) delayFor(n *Node) int64 {
	if n.Online || n.Kind != Member {
		return 0
	}
	members, online := 0, 0
	var top, lowest int
	for _, m := range c.Nodes {
		if m.Kind != Member {
			continue
		}
		if members == 0 {
			top, lowest = m.priority, m.priority
		}
		members++
		top, lowest = max(top, m.priority), min(lowest, m.priority)
		if m.Online {
			online++
		}
	}
	if online > members/2 || lowest == top || n.priority < top {
		return 0
	}
	return c.opt.fencingDelay
}

// managedInside tells whether r or anything below it is managed: a member can
// be though its group is not.
func (r *Resource) managedInside() bool {
	return r.Managed || slices.ContainsFunc(r.Children, (*Resource).managedInside)
}

// fencingAndShutdown schedules what happens to nodes as a whole (scheduler.md 19.2).
func (tr *Transition) fencingAndShutdown() {
	managed := slices.ContainsFunc(tr.inOrder(), (*Resource).managedInside)
	if !managed && len(tr.Nodes) > 0 {
		tr.logNoted(NoteFencingDelayed, "schedule_fencing_and_shutdowns", Notice, "No fencing will be done until there are resources to manage")
	}
	var dcDown *Action
	var fenceOps, shutdownOps []*Action
	integrity := true
	for _, n := range tr.Nodes {
		if n.Guest() {
			if n.remoteReset && managed && tr.canFence(n) {
				tr.fenceGuest(n)
			}
			continue
		}
		var a *Action
		switch {
		case tr.needsFencing(n, managed):
			tr.log("schedule_fencing", Warning, "Scheduling node %s for fencing", n.Name)
			a = tr.fenceAction(n, "", false, "node is unclean", false)
			tr.orderAgainstFencing(a)
			if n.IsDC {
				dcDown = a
			} else {
				fenceOps = tr.chainFencing(fenceOps, a)
			}
		case n.Online && n.Shutdown && n.Kind == Member:
			a = tr.shutdownAction(n)
			if n.IsDC {
				dcDown = a
			} else {
				shutdownOps = append(shutdownOps, a)
			}
		}
		if a == nil && n.Unclean {
			integrity = false
			tr.log("schedule_fencing_and_shutdowns", Warning, "Node %s is unclean but cannot be fenced", n.Name)
		}
	}
	if !integrity {
		if !tr.opt.fencing {
			tr.log("schedule_fencing_and_shutdowns", Warning, "Resource functionality and data integrity cannot be guaranteed (configure, enable, and test fencing to correct this)")
		} else if !tr.haveQuorum {
			tr.log("schedule_fencing_and_shutdowns", Notice, "Unclean nodes will not be fenced until quorum is attained or no-quorum-policy is set to ignore")
		}
	}
	if dcDown == nil {
		return
	}
	// The coordinator leaves last.
	if dcDown.Task == "do_shutdown" {
		for _, s := range shutdownOps {
			order(s, dcDown, orderOptional)
		}
	}
	if tr.opt.concurrentFencing {
		for i := len(fenceOps) - 1; i >= 0; i-- {
			order(fenceOps[i], dcDown, orderOptional)
		}
	} else if len(fenceOps) > 0 {
		order(fenceOps[len(fenceOps)-1], dcDown, orderOptional)
	}
}

// chainFencing orders fencings of nodes one after another.
func (c *Cluster) chainFencing(ops []*Action, a *Action) []*Action {
	if !c.opt.concurrentFencing && len(ops) > 0 {
		order(ops[len(ops)-1], a, orderOptional)
	}
	return append(ops, a)
}

func (c *Cluster) needsFencing(n *Node, managed bool) bool {
	return managed && n.Unclean && c.canFence(n)
}

func (tr *Transition) shutdownAction(n *Node) *Action {
	a := tr.action(nil, "do_shutdown-"+n.Name, "do_shutdown", n, false)
	tr.orderStopsBeforeShutdown(n, a)
	a.meta["op_no_wait"] = "true"
	return a
}

// orderStopsBeforeShutdown: what runs on a node stops before the node does
// (scheduler.md 19.6).
func (tr *Transition) orderStopsBeforeShutdown(n *Node, shutdown *Action) {
	for i := len(tr.actions) - 1; i >= 0; i-- {
		a := tr.actions[i]
		if a.Node != n || a.Rsc == nil || a.Task != "stop" {
			continue
		}
		if r := a.Rsc; r.Maintenance || n.Maintenance || !r.Managed && !r.Blocked {
			continue // it will not be touched
		}
		a.optional = false
		tr.addOrdering(of(a), ref{key: "do_shutdown", a: shutdown}, orderOptional|orderRunnableLeft)
	}
}

// fenceGuest is the pseudo fencing of a guest node (scheduler.md 19.5).
func (tr *Transition) fenceGuest(n *Node) {
	machine := n.Connection.container
	op := "off"
	var stop *Action
	if machine != nil {
		stop = findFirst(machine.actions, "", "stop", nil)
		if findFirst(machine.actions, "", "start", nil) != nil {
			op = "reboot"
		}
	}
	a := tr.fenceAction(n, op, false, "guest is unclean", false)
	a.pseudo, a.runnable = true, true
	if stop != nil && stop.pseudo {
		host := tr.fenceAction(stop.Node, "", false, "", false)
		order(host, a, orderRunnableLeft|orderImpliesThen)
	} else if stop != nil {
		order(stop, a, orderRunnableLeft|orderImpliesThen)
	} else if s := findFirst(n.Connection.actions, "", "stop", nil); s != nil {
		// The guest is thought to be stopped already.
		order(s, a, orderOptional)
	}
	tr.orderAgainstFencing(a)
}

// orderAgainstFencing puts the actions of all resources in their place around
// the fencing of a node (scheduler.md 19.3).
func (tr *Transition) orderAgainstFencing(fence *Action) {
	for _, r := range tr.inOrder() {
		tr.resourceAgainstFencing(r, fence)
	}
}

func (tr *Transition) resourceAgainstFencing(r *Resource, fence *Action) {
	if r.Kind != Primitive {
		for _, child := range r.Children {
			tr.resourceAgainstFencing(child, fence)
		}
		return
	}
	if !r.Managed {
		return
	}
	r.startsAgainstFencing(fence)
	tr.stopsAgainstFencing(r, fence)
}

func (r *Resource) startsAgainstFencing(fence *Action) {
	target := fence.Node
	for i := len(r.actions) - 1; i >= 0; i-- {
		a := r.actions[i]
		switch a.needs {
		case needFencing:
			order(fence, a, orderOptional)
		case needQuorum:
			if a.Task == "start" && r.allowed.get(target) != nil && !r.knownOn(target) {
				order(fence, a, orderOptional|orderRunnableLeft)
			}
		}
	}
}

func (tr *Transition) stopsAgainstFencing(r *Resource, fence *Action) {
	top := r.Top()
	target := fence.Node
	stops := r.findExact(OpKey(r.ID, "stop", 0), target)
	demotes := r.findExact(OpKey(r.ID, "demote", 0), target)
	if len(stops)+len(demotes) == 0 {
		return
	}
	implied := r.needsFencing || target.Guest()
	if implied {
		for _, a := range stops {
			a.implied = true
		}
	}
	for _, a := range stops {
		// The fencing does the stopping.
		a.pseudo, a.runnable = true, true
		if implied {
			if r.bundleOf() == nil {
				order(fence, a, orderPreserve)
			}
			if t := findFirst(top.actions, "", "stop", nil); t != nil {
				order(fence, t, orderPreserve)
			}
		}
		if r.Notify {
			tr.notifyFencing(r, a, fence)
		}
	}
	for _, a := range demotes {
		if a.Node.Online && !a.Node.Unclean && !r.Failed {
			continue
		}
		a.pseudo, a.runnable = true, true
		if r.bundleOf() != nil {
			continue
		}
		if implied {
			order(fence, a, orderPreserve|orderOptional)
		}
	}
}

// unfencingDigests compares the digests of unfencing devices with what the
// node was unfenced with, and notes them in the action. It reports whether one
// changed (scheduler.md 19.7).
func (tr *Transition) unfencingDigests(n *Node, a *Action) (changed bool) {
	var all, secure strings.Builder
	for _, dev := range tr.unfencingDevices() {
		d := tr.deviceDigest(dev, n)
		if d.result == digestAll {
			changed = true
			tr.Notices = append(tr.Notices, "notice: Unfencing node "+n.Name+" because the definition of "+dev.ID+" changed")
		}
		entry := dev.ID + ":" + dev.Type + ":"
		all.WriteString(entry + d.all + ",")
		secure.WriteString(entry + d.secure + ",")
	}
	a.meta["digests-all"], a.meta["digests-secure"] = all.String(), secure.String()
	return changed
}

// unfencingDevices lists the fence devices that unfence.
func (tr *Transition) unfencingDevices() []*Resource {
	var list []*Resource
	for _, r := range tr.inOrder() {
		for _, p := range r.Primitives() {
			if p.fenceDevice && strings.EqualFold(p.Meta["provides"], "unfencing") {
				list = append([]*Resource{p}, list...) // newest first
			}
		}
	}
	return list
}
