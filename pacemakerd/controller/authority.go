package controller

import (
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// An Asker is on whose behalf a local client of crmd asks.
type Asker struct {
	Client     string // answers go there
	User       string
	Privileged bool // root or hacluster: may speak for others
}

// The right of a client ends at its node unless its message says whose it is.
const (
	attrUser   = "crm_user"
	attrTarget = "acl_target" // the same, of the originals' older messages
)

// sign writes into a client's request who asks, whatever it said itself: the
// node that it is relayed to knows of no client but what is in there. Only the
// privileged may name another.
func (a Asker) sign(msg *xml.Element) {
	user := a.User
	if named := msg.Get(attrUser); named != "" && a.Privileged {
		user = named
	}
	msg.Set("crm_sys_from", a.Client)
	msg.Set(attrTarget, user)
	msg.Set(attrUser, user)
	msg.Unset("src")
}

// privilegedUser tells whether a user may do everything.
func privilegedUser(user string) bool { return user == "root" || user == "hacluster" }

// mayRelay tells whether a client's request may go to another node's controller.
// What is not listed is said between controllers only, like what an executor or
// an election is told.
func mayRelay(task string, privileged bool) bool {
	switch task {
	case "ping", "lrm_delete", "lrm_fail": // whose the last two are is looked at there
		return true
	case "lrm_refresh", "probe_again", "reprobe":
		return privileged
	}
	return false
}

// An order is one that came while this node knew no DC: just after its controller
// began anew, which the DC need not have noticed.
type order struct {
	from, sys string
	op        *xml.Element
	at        time.Duration
}

// How many of them are kept, and for how long: what is older was given up by who
// asked, or another DC has decided otherwise since.
const (
	maxOrders = 1000
	orderAge  = 10 * time.Second
)

// ordered carries out what the DC asks of the executor. While no DC is known it waits
// until one is; then that one's orders are carried out, and the others' are not.
func (m *Machine) ordered(o order) {
	if m.dc == "" && len(m.orders) < maxOrders {
		o.at = m.now
		m.orders = append(m.orders, o)
		return
	}
	if m.fromDC(o.from, "lrm_invoke") {
		m.invoke(o.from, o.sys, o.op)
	}
}

// takeOrders is for when the DC becomes known.
func (m *Machine) takeOrders() {
	waiting := m.orders
	m.orders = nil
	for _, o := range waiting {
		if m.now-o.at <= orderAge {
			m.ordered(o)
		}
	}
}

// fromDC tells whether a message is from the node that is DC. Others give no orders.
func (m *Machine) fromDC(from, task string) bool {
	if m.dc != "" && strings.EqualFold(from, m.dc) {
		return true
	}
	m.cfg.Log.Warn("order refused: it is not from the DC", "task", task, "node", from, "dc", m.dc)
	return false
}

// mayInvoke decides whether an lrm_delete or lrm_fail may be carried out: the DC's
// own may, and those that a node relays for a client, if its user may.
func (m *Machine) mayInvoke(from, task, resource string, msg *xml.Element) bool {
	user := msg.Get(attrUser)
	switch {
	case user == "":
		return m.fromDC(from, task)
	case privilegedUser(user):
		return true
	case task == "lrm_delete" && m.cfg.MayForget != nil && m.cfg.MayForget(user, resource):
		return true
	}
	m.cfg.Log.Warn("request refused: its user may not do that", "task", task, "resource", resource, "user", user, "node", from)
	return false
}

// refuseInvoke answers as if the operation had been tried by somebody without the right to.
func (m *Machine) refuseInvoke(a ack, action string) {
	r := lrmd.Result{Op: lrmd.Op{Resource: a.rsc, Agent: agentOf(a.op.Child("primitive")), Action: action, UserData: a.key, Params: a.op.Child("attributes").AttrList()},
		RC: lrmd.RCNoPrivilege, Status: lrmd.Failed, Reason: "permission denied"}
	m.ackDirectly(a, m.entry(r, a.rsc+"_last_failure_0", "controld_ack_event_directly", 0))
}
