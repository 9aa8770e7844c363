package pengine

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// recurringOp is a configured recurring operation.
type recurringOp struct {
	name string
	ms   int64
	key  string
	role Role
}

// createRecurring makes, or cancels, the recurring operations of a primitive
// (scheduler.md 16.1).
func (tr *Transition) createRecurring(r *Resource) {
	if r.Blocked || r.Maintenance {
		return
	}
	var start *Action
	n := r.Assigned
	if n != nil && !n.Maintenance && (r.NextRole != RoleStopped || !r.Managed) {
		start = tr.startAction(r, n, true)
	}
	for e := range r.ops.Each("op") {
		o, ok := tr.recurring(r, e)
		if !ok {
			continue
		}
		if start != nil {
			tr.recurActive(r, start, n, o)
		}
		tr.recurStopped(r, n, o)
	}
}

// recurring tells whether an op element is a recurring operation to run. Of
// several with one name and interval none is.
func (c *Cluster) recurring(r *Resource, e *xml.Element) (o recurringOp, ok bool) {
	o.name, o.ms = e.Get("name"), rules.Interval(e.Get("interval"))
	if o.ms == 0 {
		return o, false
	}
	switch strings.ToLower(o.name) {
	case "start", "stop", "demote", "promote", "reload-agent", "migrate_to", "migrate_from", "":
		c.log("is_recurring_history", Error, "Ignoring %s because %s action cannot be recurring", e.ID(), o.name)
		return o, false
	}
	first := ""
	for other := range r.ops.Each("op") {
		if other.Get("name") != o.name || rules.Interval(other.Get("interval")) != o.ms {
			continue
		}
		if first != "" {
			c.log("is_op_dup", Error, "Operation %s is duplicate of %s (do not use same name and interval combination more than once per resource)", other.ID(), first)
			return o, false
		}
		first = other.ID()
	}
	if v, given := e.Lookup("role"); given {
		if o.role = rules.ParseRole(v); o.role == RoleUnknown {
			return o, false
		}
	}
	o.key = OpKey(r.ID, o.name, o.ms)
	return o, r.opEntry(o.key, false) != nil
}

// recurActive handles an operation of active roles.
func (tr *Transition) recurActive(r *Resource, start *Action, n *Node, o recurringOp) {
	if o.role == RoleStopped {
		return
	}
	optional := start.optional
	existing := r.findExact(o.key, n)
	for _, a := range existing {
		optional = optional && !a.reschedule
	}
	optional = optional && len(existing) > 0
	if o.role == RoleUnknown && r.NextRole == RolePromoted || o.role != RoleUnknown && o.role != r.NextRole {
		if optional {
			tr.cancelForRole(r, n, o)
		}
		return
	}
	mon := tr.action(r, o.key, o.name, n, optional)
	if !start.runnable || !n.Online || n.Unclean {
		mon.runnable = false
	}
	if r.NextRole == RolePromoted {
		mon.meta["op_target_rc"] = "8"
	}
	if r.Managed {
		flags := orderImpliesThen | orderRunnableLeft
		tr.addOrdering(op(r, "start"), ref{a: mon, key: mon.Key}, flags)
		tr.addOrdering(op(r, "reload-agent"), ref{a: mon}, flags)
		if r.NextRole == RolePromoted {
			tr.addOrdering(op(r, "promote"), ref{r: r, a: mon}, orderOptional|orderRunnableLeft)
		} else if r.Role == RolePromoted {
			tr.addOrdering(op(r, "demote"), ref{r: r, a: mon}, orderOptional|orderRunnableLeft)
		}
	}
}

// cancelForRole cancels an operation that is not for the coming role.
func (tr *Transition) cancelForRole(r *Resource, n *Node, o recurringOp) {
	a := tr.cancelAction(r, o.name, o.ms, n)
	after := ""
	switch r.Role {
	case RoleUnpromoted, RoleStarted:
		if r.NextRole == RolePromoted {
			after = "promote"
		} else if r.NextRole == RoleStopped {
			after = "stop"
		}
	case RolePromoted:
		after = "demote"
	}
	if after != "" {
		tr.addOrdering(ref{r: r, a: a}, op(r, after), orderRunnableLeft)
	}
}

// recurStopped handles an operation of the Stopped role: it runs everywhere
// else.
func (tr *Transition) recurStopped(r *Resource, n *Node, o recurringOp) {
	if o.role != RoleStopped {
		return
	}
	if !r.Unique {
		tr.log("recurring_op_for_inactive", Notice, "Ignoring %s (recurring monitors for Stopped role are not supported for anonymous clones)", o.key)
		return
	}
	for _, m := range tr.Nodes {
		existing := r.findExact(o.key, m)
		if m == n {
			if len(existing) == 0 {
				continue
			}
			a := tr.cancelAction(r, o.name, o.ms, m)
			if r.NextRole == RoleStarted || r.NextRole == RoleUnpromoted {
				tr.addOrdering(ref{r: r, a: a}, op(r, "start"), orderRunnableLeft)
			}
			continue
		}
		mon := tr.action(r, o.key, o.name, m, len(existing) > 0)
		mon.meta["op_target_rc"] = "7"
		if r.Managed {
			for _, probe := range r.findByKey(OpKey(r.ID, "monitor", 0), m) {
				order(probe, mon, orderRunnableLeft)
			}
		}
		for _, stop := range r.findExact(OpKey(r.ID, "stop", 0), m) {
			if !stop.optional && !mon.optional && !r.Managed {
				mon.optional = true
			}
			if !stop.runnable {
				mon.runnable = false
			}
			if r.Managed {
				tr.addOrdering(ref{r: r, a: stop, key: stop.Key}, ref{a: mon}, orderImpliesThen|orderRunnableLeft)
			}
		}
		if !m.Online || m.Unclean {
			mon.runnable = false
		}
	}
}
