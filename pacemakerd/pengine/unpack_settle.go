package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/rules"

// settle draws the conclusions of a whole history entry
// (scheduler.md 8.7).
func (tr *Transition) settle(r *Resource, n *Node, fail onFail) {
	if r.Role != RoleUnknown {
		for it := r; it != nil; it = it.Parent {
			it.known[n] = true
			if it.Unique {
				break
			}
		}
	}
	if r.Role > RoleStopped && !n.Online && !n.Maintenance && r.Managed {
		why := r.ID + " is thought to be active there"
		fence := tr.opt.fencing
		if n.Guest() {
			r.Failed, r.stopNeeded = true, true
			fence = true
		} else if fence && n.RemoteOnly() && n.Connection != nil && !n.Connection.Failed {
			// Fenced only if the connection does not come up elsewhere.
			n.Unseen = true
			why = r.ID + " is active there (fencing will be revoked if remote connection can be re-established elsewhere)"
		}
		if fence {
			tr.fenceNode(n, why, false)
		}
	}
	remembered := fail
	if n.Unclean {
		fail = failIgnore // fencing is enough
	}
	active := r.Role != RoleStopped && r.Role != RoleUnknown
	switch fail {
	case failDemote:
		r.Failed = true
		tr.action(r, OpKey(r.ID, "demote", 0), "demote", n, false)
	case failFence:
		tr.fenceNode(n, r.ID+" failed there", false)
	case failStandby:
		n.Standby, n.StandbyOnFail = true, true
	case failBlock:
		r.Managed, r.Blocked = false, true
	case failMigrate:
		tr.addScore(r, n, -rules.Infinity, "a failure with on-fail=migrate there")
	case failStop:
		r.setNextRole(RoleStopped, "on-fail=stop")
	case failRestart:
		if active {
			r.Failed, r.stopNeeded = true, true
			tr.stopAction(r, n, false)
		}
	case failRestartContainer:
		r.Failed, r.stopNeeded = true, true
		switch {
		case r.container != nil && r.bundleOf() != nil:
			tr.stopLater = append([]*Resource{r.container}, tr.stopLater...)
		case r.container != nil:
			tr.stopAction(r.container, n, false)
		case active:
			tr.stopAction(r, n, false)
		}
	case failResetRemote:
		r.Failed, r.stopNeeded = true, true
		if tr.opt.fencing && r.isConnection {
			if m := tr.node(r.ID); m != nil && m.RemoteOnly() && !m.remoteFenced {
				tr.fenceNode(m, "remote connection is unrecoverable", false)
			}
		}
		if r.Role > RoleStopped {
			tr.stopAction(r, n, false)
		}
		if r.reconnectMS != 0 {
			r.setNextRole(RoleStopped, "remote reset")
		}
	}
	if r.Failed && r.isConnection {
		if m := tr.node(r.ID); m != nil && m.Unclean {
			m.Unseen = false
		}
	}
	switch {
	case active:
		if r.Orphan && r.Managed {
			tr.log("process_rsc_state", Warning, "Detected active orphan %s running on %s", r.ID, n.Name)
		}
		tr.addRunning(r, n, remembered != failIgnore)
		switch fail {
		case failIgnore:
		case failDemote, failBlock:
			r.Failed = true
		default:
			r.Failed, r.stopNeeded = true, true
		}
	case r.cloneName != "" && HistoryBase(r.cloneName) != r.cloneName:
		// Old status sections had instance numbers; they mean nothing here.
		r.cloneName = ""
	default:
		for _, a := range r.actions {
			if a.Task == "stop" && a.Node == n {
				a.optional = true
			}
		}
	}
	if r.Role == RoleStopped && r.partialSource == n && r.partialTarget != nil && len(r.Running) > 0 {
		// A stop on the source does not stop what arrived at the target.
		r.Role = RoleStarted
	}
}

// addRunning notes that a resource, and what contains it, is active on a node.
func (c *Cluster) addRunning(r *Resource, n *Node, failed bool) {
	for _, m := range r.Running {
		if m == n {
			return
		}
	}
	r.Running = append(r.Running, n)
	if r.Kind == Primitive {
		n.Running = append(n.Running, r)
		r.addPriority(n, failed)
		if n.Maintenance {
			r.Managed = false
		}
	}
	if !r.Managed {
		c.addScore(r, n, rules.Infinity, "being unmanaged: it runs there")
		for p := r.Parent; p != nil && n.Online; p = p.Parent {
			p.Running = append(p.Running, n)
		}
		return
	}
	if r.Kind == Primitive && r.multiplyActive() {
		switch r.multipleActive {
		case "stop_only":
			c.banEverywhere(r)
		case "block":
			r.Managed, r.Blocked = false, true
			if p := r.Parent; p != nil && (p.Kind == Group || p.Kind == Bundle) && p.multipleActive == "block" {
				for _, m := range p.Children {
					m.Managed, m.Blocked = false, true
				}
			}
		}
	}
	if r.Parent != nil {
		c.addRunning(r.Parent, n, false)
	}
}

func (r *Resource) addPriority(n *Node, failed bool) {
	if r.priority == 0 || failed {
		return
	}
	p := r.priority
	if r.Role == RolePromoted {
		p++
	}
	n.priority += p
	if n.Guest() {
		for _, host := range n.Connection.container.Running {
			host.priority += p
		}
	}
}

// banEverywhere replaces a resource's own table: no node is acceptable.
func (c *Cluster) banEverywhere(r *Resource) {
	r.allowed = nil
	for _, n := range c.Nodes {
		r.allowed.put(n, slot{score: -rules.Infinity, discover: n.discover})
	}
}

// activeCount counts the nodes a resource is active on, and the clean ones.
func (r *Resource) activeCount() (all, clean int) {
	for _, n := range r.Running {
		all++
		if n.Online && !n.Unclean {
			clean++
		}
	}
	return all, clean
}

func (r *Resource) multiplyActive() bool {
	all, clean := r.activeCount()
	if r.needsFencing {
		return all > 1
	}
	return clean > 1
}

// CurrentNode is the one node that counts for a resource active on several:
// its migration source; if it needs no fencing, the first that is online and
// clean; else the first.
func (r *Resource) CurrentNode() *Node {
	switch r.Kind {
	case Primitive, Clone:
		return pickNode(r, r.Running)
	case Group, Bundle:
		return pickNode(r, r.Running)
	}
	return nil
}

func pickNode(r *Resource, list []*Node) *Node {
	if len(list) == 0 {
		return nil
	}
	for _, n := range list {
		if r.partialSource != nil && n == r.partialSource {
			return n
		}
	}
	if !r.needsFencing {
		for _, n := range list {
			if n.Online && !n.Unclean {
				return n
			}
		}
	}
	return list[0]
}
