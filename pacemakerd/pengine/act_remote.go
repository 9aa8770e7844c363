package pengine

// remoteState is how far a remote node can be reached
// (scheduler.md 20.2).
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
func (tr *Transition) afterRemoteFencing(a *Action, r *Resource) {
	if n := tr.node(r.ID); n != nil {
		order(tr.fenceAction(n, "", true, "", false), a, orderImpliesThen)
	}
}

// orderRemoteActions orders the actions on remote and guest nodes relative to
// their connections and machines (scheduler.md 20.3).
func (tr *Transition) orderRemoteActions() {
	if !tr.haveRemote {
		return
	}
	for i := len(tr.actions) - 1; i >= 0; i-- {
		a := tr.actions[i]
		r := a.Rsc
		if r == nil {
			continue
		}
		if r.isConnection && a.Task == "clear_failcount" {
			tr.addOrdering(ref{r: r, a: a}, op(r, "start"), orderOptional)
			continue
		}
		if !a.Node.Away() || a.pseudo || a.Node.Connection == nil {
			continue
		}
		conn := a.Node.Connection
		if a.Task == "start" {
			for j := len(r.actions) - 1; j >= 0; j-- {
				if b := r.actions[j]; b.Node != a.Node && b.Task == "stop" {
					tr.addOrdering(op(conn, "start"), ref{r: r, a: b}, orderOptional)
				}
			}
		}
		if conn.container != nil {
			tr.orderOnGuest(a, conn, conn.container)
		} else {
			tr.orderOnRemote(a, conn)
		}
	}
}

func (tr *Transition) afterStartOf(r *Resource, a *Action, extra orderFlags) {
	tr.addOrdering(op(r, "start"), ref{r: a.Rsc, a: a}, orderPreserve|orderRunnableLeft|extra)
}

func (tr *Transition) beforeStopOf(r *Resource, a *Action, extra orderFlags) {
	tr.addOrdering(ref{r: a.Rsc, a: a}, op(r, "stop"), orderPreserve|extra)
}

func (a *Action) recurring() bool { return a.meta["interval"] != "" && a.meta["interval"] != "0" }

func (tr *Transition) orderOnGuest(a *Action, conn, machine *Resource) {
	if machine.Failed {
		tr.fenceNode(a.Node, "container failed", false)
	}
	switch a.Task {
	case "start", "promote":
		tr.afterStartOf(machine, a, orderImpliesThen)
		tr.afterStartOf(conn, a, 0)
	case "stop", "demote", "migrate_to", "migrate_from":
		if !machine.Failed {
			tr.beforeStopOf(conn, a, 0)
		}
	case "cancel":
	default:
		if a.recurring() {
			tr.afterStartOf(conn, a, orderImpliesThen)
		} else {
			tr.afterStartOf(conn, a, 0)
		}
	}
}

func (tr *Transition) orderOnRemote(a *Action, conn *Resource) {
	state := a.Node.remoteState()
	switch a.Task {
	case "start", "promote":
		extra := orderFlags(0)
		if state == remoteFailed {
			extra = orderImpliesThen
		}
		tr.afterStartOf(conn, a, extra)
	case "stop", "migrate_to", "migrate_from":
		switch {
		case state == remoteAlive:
			tr.beforeStopOf(conn, a, orderImpliesFirst)
		case state == remoteFailed:
			tr.fenceNode(a.Node, "resources are active but connection is unrecoverable", false)
		case conn.NextRole == RoleStopped:
			tr.beforeStopOf(conn, a, orderImpliesFirst)
		default:
			tr.afterStartOf(conn, a, 0)
		}
	case "demote":
		if state == remoteResting || state == remoteUnknown {
			tr.afterStartOf(conn, a, 0)
		}
	default:
		if a.recurring() {
			tr.afterStartOf(conn, a, orderImpliesThen)
			return
		}
		if a.Task == "monitor" && state == remoteFailed {
			tr.fenceNode(a.Node, "resources are in unknown state and connection is unrecoverable", false)
		}
		if state == remoteStopped && conn.CurrentNode() != nil {
			tr.beforeStopOf(conn, a, orderRunnableLeft)
		} else {
			tr.afterStartOf(conn, a, 0)
		}
	}
}

// router is the cluster node through which an action on a remote or guest node
// goes (scheduler.md 20.4).
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
