package pengine

import (
	"iter"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Reasons of an action that cannot be run for want of a quorum, as they are shown.
const (
	reasonNoQuorum = "no quorum"
	reasonFreeze   = "quorum freeze"
)

// An Action is something that may have to be done (scheduler.md 14).
type Action struct {
	ID     int
	Key    string
	Task   string
	Rsc    *Resource
	Node   *Node
	Reason string // alias of reason, filled when the plan is done

	reason     string
	optional   bool
	runnable   bool
	pseudo     bool
	printed    bool // in the graph although optional
	migratable bool // still part of a live migration
	anyOf      bool // runnable when enough of the actions before it are
	dangle     bool
	implied    bool // by fencing
	reschedule bool
	delete     bool // carried out by the controller
	written    bool // its synapse exists
	merged     bool
	haveExtra  bool

	needs      need
	onFail     onFail
	failRole   Role
	priority   int
	anyNeeded  int // for anyOf
	anyHave    int
	meta       map[string]string
	extra      map[string]string // parameters of this operation only
	entry      *xml.Element      // its op element
	before     []*edge           // oldest first
	after      []*edge
	ms         int64
	cancelTask string
	cancelMS   int64
	visit      int
}

type need int

const (
	needNothing need = iota
	needQuorum
	needFencing
)

// Optional tells whether the action is not needed.
func (a *Action) Optional() bool { return a.optional }

// Runnable tells whether the action could be done.
func (a *Action) Runnable() bool { return a.runnable }

// Pseudo tells whether the action is only a point in the order.
func (a *Action) Pseudo() bool { return a.pseudo }

// Meta is a meta attribute of the action, "" if it has none of that name.
func (a *Action) Meta(name string) string { return a.meta[name] }

// Cancels is the recurring operation that a cancel action ends.
func (a *Action) Cancels() (task string, ms int64) { return a.cancelTask, a.cancelMS }

// An Input is an action that another one may have to wait for.
type Input struct {
	First   *Action
	Trigger bool // the graph has it
	Load    bool // it is for the room on a node alone
}

// Inputs goes through what the action comes after, without orderings that
// turned out to be void.
func (a *Action) Inputs() iter.Seq[Input] {
	return func(yield func(Input) bool) {
		for _, e := range a.before {
			kept := e.state == linkKept
			if (kept || e.flags != 0) && !yield(Input{e.a, kept, e.flags == orderLoad}) {
				return
			}
		}
	}
}

// action returns the action with that key, creating it where it does not
// exist. Asked for as required it becomes required (scheduler.md 14.1, 14.2).
func (tr *Transition) action(r *Resource, key, task string, n *Node, optional bool) *Action {
	a := tr.existing(r, key, n)
	if a == nil {
		a = tr.newAction(r, key, task, n, optional, true)
	}
	tr.request(a, optional, true)
	return a
}

// temporaryAction builds an action without registering it.
func (tr *Transition) temporaryAction(r *Resource, key, task string, n *Node) *Action {
	a := tr.newAction(r, key, task, n, true, false)
	tr.request(a, true, false)
	return a
}

func (tr *Transition) existing(r *Resource, key string, n *Node) *Action {
	if r == nil {
		return tr.nodeAction[key]
	}
	tr.spend(len(r.actions), "looking for actions")
	for i := len(r.actions) - 1; i >= 0; i-- {
		a := r.actions[i]
		if a.Key != key {
			continue
		}
		switch {
		case n == nil || a.Node == n:
			return a
		case a.Node == nil:
			a.Node = n
			return a
		}
	}
	return nil
}

func (tr *Transition) newAction(r *Resource, key, task string, n *Node, optional, register bool) *Action {
	a := &Action{Key: key, Task: task, Rsc: r, Node: n, optional: optional, runnable: true, meta: make(map[string]string)}
	a.delete = task == "lrm_delete"
	if register {
		tr.lastActionID++
		a.ID = tr.lastActionID
		tr.actions = append(tr.actions, a)
		if r != nil {
			r.actions = append(r.actions, a)
		} else {
			tr.nodeAction[key] = a
		}
	}
	if r != nil {
		_, _, a.ms, _ = ParseOpKey(key)
		a.entry = r.opEntry(key, true)
		tr.unpackOperation(a)
	}
	return a
}

// request notes that somebody wants the action, and decides anew whether it
// can be done.
func (tr *Transition) request(a *Action, optional, registered bool) {
	r := a.Rsc
	if r != nil && a.Node != nil && !a.pseudo && !r.Managed && a.meta["interval"] == "" {
		a.optional = true
	} else if !optional {
		a.optional = false
	}
	if r == nil {
		return
	}
	if a.Node != nil && a.entry != nil && !a.haveExtra {
		a.haveExtra = true
		a.extra = make(map[string]string)
		tr.rules.Unpack(a.entry, "instance_attributes", "", &rules.Facts{Attrs: a.Node.Attrs}, a.extra, rules.KeepFirst)
	}
	tr.decideRunnable(a, registered)
}

// decideRunnable follows the table of scheduler.md 14.4.
func (tr *Transition) decideRunnable(a *Action, registered bool) {
	if a.pseudo {
		return
	}
	r, n := a.Rsc, a.Node
	switch {
	case n == nil:
		a.runnable = false
	case !a.delete && !n.Online && (!n.Guest() || n.remoteReset):
		a.runnable = false
		if r.Managed && registered && a.Task == "stop" && !n.Unclean {
			tr.fenceNode(n, "stop is unrunnable", false)
		}
	case !a.delete && n.Pending:
		a.runnable = false
	case a.needs == needNothing:
		a.reason = ""
		a.runnable = !n.Guest() || tr.canFence(n)
	default:
		switch tr.quorumPolicyFor(r) {
		case "stop":
			a.runnable = false
			a.reason = reasonNoQuorum
		case "freeze":
			if !r.active(true) || r.NextRole > r.Role {
				a.runnable = false
				a.reason = reasonFreeze
			}
		default:
			a.runnable = true
		}
	}
}

func (c *Cluster) quorumPolicyFor(r *Resource) string {
	switch {
	case c.haveQuorum:
		return "ignore"
	case c.opt.noQuorum != "demote":
		return c.opt.noQuorum
	case r.Role == RolePromoted || r.Role == RoleUnpromoted:
		if r.NextRole > RoleUnpromoted {
			r.setNextRole(RoleUnpromoted, "no-quorum-policy=demote")
		}
		return "ignore"
	}
	return "stop"
}

// active tells whether all, or any, of a resource is active.
func (r *Resource) active(all bool) bool {
	switch r.Kind {
	case Primitive:
		for _, n := range r.Running {
			if n.Unclean || n.Online || !r.Managed {
				return true
			}
		}
		return false
	case Bundle:
		for _, rep := range r.Bundle.Replicas {
			for _, part := range rep.parts() {
				if part == nil {
					continue
				}
				if on := part.active(all); on && !all {
					return true
				} else if !on && all {
					return false
				}
			}
		}
		return all
	}
	for _, child := range r.Children {
		on := child.active(all)
		if on && !all {
			return true
		}
		if !on && all {
			return false
		}
	}
	return all
}

// parts are the resources of a replica: ip, child, container, connection.
func (rep *Replica) parts() [4]*Resource {
	return [4]*Resource{rep.IP, rep.Child, rep.Container, rep.Connection}
}

// setReason sets the reason unless there is one and overwrite is not wanted.
func (a *Action) setReason(why string, overwrite bool) {
	if a.reason == "" || overwrite {
		a.reason = why
	}
}

func (tr *Transition) stopAction(r *Resource, n *Node, optional bool) *Action {
	return tr.action(r, OpKey(r.ID, "stop", 0), "stop", n, optional)
}

func (tr *Transition) startAction(r *Resource, n *Node, optional bool) *Action {
	return tr.action(r, OpKey(r.ID, "start", 0), "start", n, optional)
}

func (tr *Transition) promoteAction(r *Resource, n *Node, optional bool) *Action {
	return tr.action(r, OpKey(r.ID, "promote", 0), "promote", n, optional)
}

func (tr *Transition) demoteAction(r *Resource, n *Node, optional bool) *Action {
	return tr.action(r, OpKey(r.ID, "demote", 0), "demote", n, optional)
}

// pseudoAction returns a pseudo action of a resource: an ordering point.
func (tr *Transition) pseudoAction(r *Resource, task string, optional, runnable bool) *Action {
	a := tr.action(r, OpKey(r.ID, task, 0), task, nil, optional)
	a.pseudo = true
	if runnable {
		a.runnable = true
	}
	return a
}

// namedPseudo returns a pseudo action without resource.
func (tr *Transition) namedPseudo(name string) *Action {
	a := tr.action(nil, name, name, nil, true)
	a.pseudo, a.runnable = true, true
	return a
}

// findByKey lists the registered actions of r with that key, newest first, on
// n unless n is nil.
func (r *Resource) findByKey(key string, n *Node) []*Action {
	var list []*Action
	for i := len(r.actions) - 1; i >= 0; i-- {
		a := r.actions[i]
		if a.Key == key && (n == nil || a.Node == nil || a.Node == n) {
			if n != nil && a.Node == nil {
				a.Node = n
			}
			list = append(list, a)
		}
	}
	return list
}

// findExact is findByKey for actions that have exactly that node.
func (r *Resource) findExact(key string, n *Node) []*Action {
	var list []*Action
	for i := len(r.actions) - 1; i >= 0; i-- {
		if a := r.actions[i]; a.Key == key && a.Node != nil && a.Node == n {
			list = append(list, a)
		}
	}
	return list
}

// findFirst returns the newest action with key or task and node; empty
// conditions match everything.
func findFirst(list []*Action, key, task string, n *Node) *Action {
	for i := len(list) - 1; i >= 0; i-- {
		a := list[i]
		if key != "" && a.Key != key || task != "" && a.Task != task {
			continue
		}
		if n == nil || a.Node == n {
			return a
		}
	}
	return nil
}
