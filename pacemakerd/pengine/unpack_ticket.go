package pengine

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A ticketConstraint makes a resource, or its promotion, depend on a ticket
// (spec: scheduler.md 10.4).
type ticketConstraint struct {
	id     string
	r      *Resource
	ticket *Ticket
	role   Role // RoleUnknown: any
	policy string
}

func (c *Cluster) unpackTicket(e *xml.Node) {
	name, ok := e.Lookup("ticket")
	if !ok {
		c.log("pcmk__unpack_rsc_ticket", Error, "Ignoring constraint '%s' without ticket", e.ID())
		return
	}
	e = c.expandTags(e, [2]string{"rsc", "rsc-role"})
	if e == nil {
		return
	}
	t := c.ticket(name)
	policy := e.Get("loss-policy")
	if sets := c.sets(e); len(sets) > 0 {
		for _, set := range sets {
			list, ok := c.members(set)
			for _, r := range list {
				c.needTicket(e.ID(), r, t, set.Get("role"), policy)
			}
			if !ok {
				return
			}
		}
		return
	}
	r := c.constrained(e.Get("rsc"))
	if r == nil {
		c.log("unpack_simple_rsc_ticket", Error, "Ignoring constraint '%s' because resource '%s' does not exist", e.ID(), e.Get("rsc"))
		return
	}
	c.needTicket(e.ID(), r, t, e.Get("rsc-role"), policy)
}

func (c *Cluster) needTicket(id string, r *Resource, t *Ticket, role, policy string) {
	tc := &ticketConstraint{id: id, r: r, ticket: t, role: colocationRole(role), policy: strings.ToLower(policy)}
	if tc.policy == "fence" && !c.opt.fencing {
		c.log("rsc_ticket_new", Error, "Resetting 'loss-policy' for ticket '%s' and resource '%s' to 'stop' because fencing is not configured", t.ID, r.ID)
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
		c.withoutTicket(r, tc)
	}
}

func (c *Cluster) withoutTicket(r *Resource, tc *ticketConstraint) {
	if len(r.Children) > 0 {
		for _, child := range r.Children {
			c.withoutTicket(child, tc)
		}
		return
	}
	ban := func(why string) { c.addScoreEverywhere(r, -rules.Infinity, why+" "+tc.ticket.ID) }
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
				c.fenceNode(n, "deadman ticket was lost", false)
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
