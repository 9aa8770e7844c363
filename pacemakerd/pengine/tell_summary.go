package pengine

// A Change is one line of the transition summary (scheduler.md 23.4).
type Change struct {
	Verb     string // Start, Stop, Move, ...
	ID       string
	Origin   *Node // where it is
	Dest     *Node // where it will be
	Role     Role  // what it is
	NextRole Role
	NeedRole bool // the roles are worth showing
	SameHost bool
	SameRole bool
	Reason   string
	Blocked  bool
}

// A NodeChange is a line about a node as a whole.
type NodeChange struct {
	Verb     string // Fence, Shutdown
	Op       string // reboot, off, on
	Node     *Node
	Resource string // the machine of a guest
	Reason   string
}

// NodeChanges lists what happens to nodes, newest first.
func (tr *Transition) NodeChanges() []NodeChange {
	var list []NodeChange
	for i := len(tr.actions) - 1; i >= 0; i-- {
		a := tr.actions[i]
		if a.optional || a.Rsc != nil {
			continue
		}
		switch a.Task {
		case "stonith":
			ch := NodeChange{Verb: "Fence", Op: a.meta["stonith_action"], Node: a.Node, Reason: a.reason}
			if a.Node.Guest() {
				ch.Resource = a.Node.Connection.container.ID
			}
			list = append(list, ch)
		case "do_shutdown":
			list = append(list, NodeChange{Verb: "Shutdown", Node: a.Node, Reason: a.reason})
		}
	}
	return list
}

// Changes lists what happens to resources, in list order.
func (tr *Transition) Changes() []Change {
	var list []Change
	for _, r := range tr.inOrder() {
		r.resourceChanges(&list)
	}
	return list
}

func (r *Resource) resourceChanges(list *[]Change) {
	switch r.Kind {
	case Primitive:
		r.primitiveChanges(list)
	case Bundle:
		for _, rep := range r.Bundle.Replicas {
			for _, part := range [...]*Resource{rep.IP, rep.Container, rep.Connection, rep.Child} {
				if part != nil {
					part.resourceChanges(list)
				}
			}
		}
	default:
		for _, child := range r.Children {
			child.resourceChanges(list)
		}
	}
}

func (r *Resource) primitiveChanges(list *[]Change) {
	next := r.Assigned
	current := r.CurrentNode()
	if !r.Managed || current == nil && next == nil {
		return
	}
	moving := current != nil && next != nil && current != next
	get := func(task string, n *Node) *Action {
		// An action without node takes the node it is asked for; of several the
		// oldest counts.
		if list := r.findByKey(OpKey(r.ID, task, 0), n); len(list) > 0 {
			return list[len(list)-1]
		}
		return nil
	}
	var start, stop, promote, demote *Action
	start = get("start", next)
	if start == nil || !start.runnable {
		stop = get("stop", nil)
	} else {
		stop = get("stop", current)
	}
	if stop == nil && r.stopUnexpected {
		stop = get("stop", nil) // it stays on its node, and stops on the others
	}
	promote = get("promote", next)
	demote = get("demote", next)
	role := r.Role
	if role == RoleStopped && len(r.Running) > 0 {
		role = RoleStarted
	}
	// Why is told by source, by the action itself where there is none.
	add := func(verb string, origin, dest *Node, a, source *Action) {
		ch := Change{Verb: verb, ID: r.ID, Origin: origin, Dest: dest, Role: role, NextRole: r.NextRole,
			NeedRole: role > RoleStarted || r.NextRole > RoleUnpromoted, SameHost: origin != nil && origin == dest, SameRole: role == r.NextRole}
		if source == nil {
			source = a
		}
		if a == nil {
			a = source
		}
		if a != nil {
			ch.Blocked, ch.Reason = !a.runnable, source.reason
		}
		*list = append(*list, ch)
	}
	stopReason := func(s *Action) *Action {
		if s != nil && s.reason != "" {
			return s
		}
		return start
	}
	if role == r.NextRole {
		from := get("migrate_from", next)
		switch {
		case from != nil && current != nil && from.runnable:
			add("Migrate", current, next, start, nil)
		case r.reload:
			add("Reload", current, next, start, nil)
		case start == nil || start.optional:
			if demote != nil && promote != nil && !demote.optional && !promote.optional {
				add("Re-promote", current, next, promote, demote)
			}
		case !start.runnable:
			add("Stop", current, nil, stop, stopReason(stop))
		case moving && r.Failed:
			add("Recover", current, next, stop, nil)
		case moving:
			add("Move", current, next, stop, nil)
		case r.Failed:
			add("Recover", current, nil, stop, nil)
		default:
			add("Restart", current, next, start, nil)
		}
		return
	}
	if stop != nil && (r.NextRole == RoleStopped || start != nil && !start.runnable) {
		for _, n := range r.Running {
			s := get("stop", n)
			add("Stop", n, nil, s, stopReason(s))
		}
		return
	}
	switch {
	case r.Failed && r.stopNeeded && stop != nil:
		add("Recover", current, next, stop, start)
	case moving:
		add("Move", current, next, stop, nil)
	case r.reload:
		add("Reload", current, next, start, nil)
	case stop != nil && !stop.optional:
		add("Restart", current, next, start, nil)
	case role == RolePromoted:
		add("Demote", current, next, demote, nil)
	case r.NextRole == RolePromoted:
		add("Promote", current, next, promote, nil)
	case role == RoleStopped:
		add("Start", current, next, start, nil)
	}
}
