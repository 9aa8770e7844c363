package pengine

// remoteState is how far a remote node can be reached (spec: scheduler.md
// 20.2).
type remoteState int

const (
	remoteUnknown remoteState = iota
	remoteAlive
	remoteResting
	remoteFailed
	remoteStopped
)

func (n *Node) remoteState() remoteState {
	conn := n.Connection
	host := conn.CurrentNode()
	switch {
	case conn.NextRole == RoleStopped || conn.Assigned == nil:
		switch {
		case host != nil && host.Unclean:
			return remoteFailed
		case !conn.Failed:
			return remoteStopped
		case conn.NextRole == RoleStopped && conn.reconnectMS != 0 && n.remoteFenced && !asked(n.Attrs["shutdown"]):
			return remoteUnknown
		}
		return remoteFailed
	case host == nil:
		return remoteUnknown
	case host.Unclean || !host.Online:
		return remoteResting
	case len(conn.Running) > 1 && conn.partialSource != nil && conn.partialTarget != nil:
		return remoteResting
	}
	return remoteAlive
}

// afterRemoteFencing lets an action wait for the fencing of the remote node
// whose connection r is.
func (c *Cluster) afterRemoteFencing(a *Action, r *Resource) {
	if n := c.node(r.ID); n != nil {
		order(c.fenceAction(n, "", true, "", false), a, orderImpliesThen)
	}
}

// orderRemoteActions orders the actions on remote and guest nodes relative to
// their connections and machines (spec: 20.3).
func (c *Cluster) orderRemoteActions() {
	if !c.haveRemote {
		return
	}
	for i := len(c.actions) - 1; i >= 0; i-- {
		a := c.actions[i]
		r := a.Rsc
		if r == nil {
			continue
		}
		if r.isConnection && a.Task == "clear_failcount" {
			c.addOrdering(ref{r: r, a: a}, op(r, "start"), orderOptional)
			continue
		}
		if !a.Node.Away() || a.pseudo || a.Node.Connection == nil {
			continue
		}
		conn := a.Node.Connection
		if a.Task == "start" {
			for j := len(r.actions) - 1; j >= 0; j-- {
				if b := r.actions[j]; b.Node != a.Node && b.Task == "stop" {
					c.addOrdering(op(conn, "start"), ref{r: r, a: b}, orderOptional)
				}
			}
		}
		if conn.container != nil {
			c.orderOnGuest(a, conn, conn.container)
		} else {
			c.orderOnRemote(a, conn)
		}
	}
}

func (c *Cluster) afterStartOf(r *Resource, a *Action, extra orderFlags) {
	c.addOrdering(op(r, "start"), ref{r: a.Rsc, a: a}, orderPreserve|orderRunnableLeft|extra)
}

func (c *Cluster) beforeStopOf(r *Resource, a *Action, extra orderFlags) {
	c.addOrdering(ref{r: a.Rsc, a: a}, op(r, "stop"), orderPreserve|extra)
}

func (a *Action) recurring() bool { return a.meta["interval"] != "" && a.meta["interval"] != "0" }

func (c *Cluster) orderOnGuest(a *Action, conn, machine *Resource) {
	if machine.Failed {
		c.fenceNode(a.Node, "container failed", false)
	}
	switch a.Task {
	case "start", "promote":
		c.afterStartOf(machine, a, orderImpliesThen)
		c.afterStartOf(conn, a, 0)
	case "stop", "demote", "migrate_to", "migrate_from":
		if !machine.Failed {
			c.beforeStopOf(conn, a, 0)
		}
	case "cancel":
	default:
		if a.recurring() {
			c.afterStartOf(conn, a, orderImpliesThen)
		} else {
			c.afterStartOf(conn, a, 0)
		}
	}
}

func (c *Cluster) orderOnRemote(a *Action, conn *Resource) {
	state := a.Node.remoteState()
	switch a.Task {
	case "start", "promote":
		extra := orderFlags(0)
		if state == remoteFailed {
			extra = orderImpliesThen
		}
		c.afterStartOf(conn, a, extra)
	case "stop", "migrate_to", "migrate_from":
		switch {
		case state == remoteAlive:
			c.beforeStopOf(conn, a, orderImpliesFirst)
		case state == remoteFailed:
			c.fenceNode(a.Node, "resources are active but connection is unrecoverable", false)
		case conn.NextRole == RoleStopped:
			c.beforeStopOf(conn, a, orderImpliesFirst)
		default:
			c.afterStartOf(conn, a, 0)
		}
	case "demote":
		if state == remoteResting || state == remoteUnknown {
			c.afterStartOf(conn, a, 0)
		}
	default:
		if a.recurring() {
			c.afterStartOf(conn, a, orderImpliesThen)
			return
		}
		if a.Task == "monitor" && state == remoteFailed {
			c.fenceNode(a.Node, "resources are in unknown state and connection is unrecoverable", false)
		}
		if state == remoteStopped && conn.CurrentNode() != nil {
			c.beforeStopOf(conn, a, orderRunnableLeft)
		} else {
			c.afterStartOf(conn, a, 0)
		}
	}
}

// router is the cluster node through which an action on a remote or guest node
// goes (spec: 20.4).
func (a *Action) router() *Node {
	if a.Task == "stonith" || !a.Node.Away() || a.Node.Connection == nil {
		return nil
	}
	conn := a.Node.Connection
	began, ended := conn.CurrentNode(), conn.Assigned
	switch {
	case began == nil:
		return ended
	case ended == nil || began == ended:
		return began
	}
	task := a.Task
	if task == "notify" {
		task = a.meta["notify_operation"]
	}
	partial := conn.container == nil && conn.partialTarget != nil
	switch task {
	case "cancel", "stop", "demote", "migrate_from", "migrate_to":
		if !partial {
			return began
		}
	}
	return ended
}
