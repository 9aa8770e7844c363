package pengine

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A ticketConstraint makes a resource, or its promotion, depend on a ticket
// (scheduler.md 10.4).
type ticketConstraint struct {
	id     string
	r      *Resource
	ticket *Ticket
	role   Role // RoleUnknown: any
	policy string
}

func (tr *Transition) unpackTicket(e *xml.Element) {
	name, ok := e.Lookup("ticket")
	if !ok {
		tr.log("pcmk__unpack_rsc_ticket", Error, "Ignoring constraint '%s' without ticket", e.ID())
		return
	}
	e = tr.expandTags(e, [2]string{"rsc", "rsc-role"})
	if e == nil {
		return
	}
	t := tr.ticket(name)
	policy := e.Get("loss-policy")
	if sets := tr.sets(e); len(sets) > 0 {
		for _, set := range sets {
			list, ok := tr.members(set)
			for _, r := range list {
				tr.needTicket(e.ID(), r, t, set.Get("role"), policy)
			}
			if !ok {
				return
			}
		}
		return
	}
	r := tr.constrained(e.Get("rsc"))
	if r == nil {
		tr.log("unpack_simple_rsc_ticket", Error, "Ignoring constraint '%s' because resource '%s' does not exist", e.ID(), e.Get("rsc"))
		return
	}
	tr.needTicket(e.ID(), r, t, e.Get("rsc-role"), policy)
}

func (tr *Transition) needTicket(id string, r *Resource, t *Ticket, role, policy string) {
	tc := &ticketConstraint{id: id, r: r, ticket: t, role: colocationRole(role), policy: strings.ToLower(policy)}
	if tc.policy == "fence" && !tr.opt.fencing {
		tr.log("rsc_ticket_new", Error, "Resetting 'loss-policy' for ticket '%s' to 'stop' because fencing is not configured", t.ID)
		tc.policy = "stop"
	}
	switch tc.policy {
	case "fence", "freeze", "demote", "stop":
	case "":
		tc.policy = "stop"
		if tc.role == RolePromoted {
			tc.policy = "demote"
		}
	default:
		tc.policy = "stop"
	}
	r.tickets = append(r.tickets, tc)
	if !t.Granted || t.Standby {
		tr.withoutTicket(r, tc)
	}
}

func (tr *Transition) withoutTicket(r *Resource, tc *ticketConstraint) {
	if len(r.Children) > 0 {
		for _, child := range r.Children {
			tr.withoutTicket(child, tc)
		}
		return
	}
	ban := func(why string) { tr.addScoreEverywhere(r, -rules.Infinity, why+" "+tc.ticket.ID) }
	roleMatches := tc.role == RoleUnknown || tc.role == r.Role
	switch {
	case !tc.ticket.Granted && len(r.Running) > 0:
		switch tc.policy {
		case "stop":
			ban("the lost ticket")
		case "demote":
			if tc.role != RolePromoted {
				ban("the lost ticket")
			}
		case "fence":
			if !roleMatches {
				return
			}
			ban("the lost ticket")
			for _, n := range r.Running {
				tr.fenceNode(n, "deadman ticket was lost", false)
			}
		case "freeze":
			if roleMatches {
				r.Managed, r.Blocked = false, true
			}
		}
	case tc.role != RolePromoted || tc.policy == "stop":
		ban("the missing ticket")
	}
}
