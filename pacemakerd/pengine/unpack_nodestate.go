package pengine

import (
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// unpackStatus reads the status section (scheduler.md 7).
func (tr *Transition) unpackStatus() {
	status := tr.cib.Child("status")
	tr.Tickets = make(map[string]*Ticket)
	for tickets := range status.Each("tickets") {
		for e := range tickets.Each("ticket_state") {
			tr.unpackTicketState(e)
		}
	}
	for e := range status.Each("node_state") {
		tr.unpackNodeState(e)
	}
	for tr.unpackHistories(status, false) {
	}
	tr.unpackHistories(status, tr.opt.fencing)
	for _, r := range tr.stopLater {
		if n := r.CurrentNode(); n != nil {
			tr.stopAction(r, n, false)
		}
	}
	for _, n := range tr.Nodes {
		if !n.Away() {
			continue
		}
		if n.Shutdown && n.Connection != nil {
			n.Connection.setNextRole(RoleStopped, "remote shutdown")
		}
		if !n.unpacked {
			n.remoteOnline()
		}
	}
}

func (c *Cluster) unpackTicketState(e *xml.Element) {
	id := e.ID()
	if id == "" {
		return
	}
	t := c.ticket(id)
	t.State = e
	t.Granted = rules.IsTrue(e.Get("granted"))
	t.Standby = rules.IsTrue(e.Get("standby"))
	t.LastGranted = e.Get("last-granted")
}

func (c *Cluster) ticket(id string) *Ticket {
	t := c.Tickets[id]
	if t == nil {
		t = &Ticket{ID: id}
		c.Tickets[id] = t
		c.ticketIDs = append(c.ticketIDs, id)
	}
	return t
}

// unpackNodeState is the first pass over a node's state (scheduler.md 7.2).
func (tr *Transition) unpackNodeState(e *xml.Element) {
	if e.ID() == "" || e.Get("uname") == "" {
		tr.log("unpack_node_state", Warning, "Ignoring malformed node_state entry without id or uname")
		return
	}
	n := tr.nodeByIDOrName(e.ID(), e.Get("uname"))
	if n == nil {
		switch {
		case e.ID() == "":
			tr.log("unpack_node_state", Warning, "Ignoring malformed node_state entry without id")
		case e.Get("uname") == "":
			tr.log("unpack_node_state", Warning, "Ignoring malformed node_state entry without uname")
		default:
			tr.log("unpack_node_state", Warning, "Ignoring recorded node state for '%s' because it is no longer in the configuration", e.Get("uname"))
		}
		return
	}
	if n.State == nil {
		n.State = e
	}
	if n.Away() {
		// What matters about their own state comes through their connection.
		n.remoteFenced = fenced(e)
		return
	}
	n.Unclean, n.Unseen = false, false
	tr.nodeAttributes(n, e.Child("transient_attributes"), rules.Replace)
	if rules.IsTrue(n.Attrs["standby"]) {
		n.Standby = true
	}
	if rules.IsTrue(n.Attrs["maintenance"]) {
		n.Maintenance = true
	}
	if v, ok := n.Attrs["resource-discovery-enabled"]; ok && !rules.IsTrue(v) {
		tr.logOnce("unpack_transient_attributes", Warning, "Ignoring resource-discovery-enabled attribute for %s because disabling resource discovery is not allowed for cluster nodes", n.Name)
	}
	tr.nodeOnline(n, e)
	if n.Unclean {
		tr.log("determine_online_status", Warning, "%s is unclean", n.Name)
	}
	if !tr.haveQuorum && n.Online && tr.opt.noQuorum == "suicide" {
		tr.fenceNode(n, "cluster does not have quorum", false)
	}
}

func fenced(e *xml.Element) bool {
	v, _ := rules.Int(e.Get("node_fenced"))
	return v != 0 || rules.IsTrue(e.Get("node_fenced"))
}

// asked reads an attribute that is off when missing or zero.
func asked(v string) bool { return v != "" && v != "0" }

func (tr *Transition) nodeOnline(n *Node, e *xml.Element) {
	expected := e.Get("expected")
	n.Expected = expected == "member"
	if asked(n.Attrs["shutdown"]) {
		n.Shutdown, n.Expected = true, false
	}
	if tr.opt.fencing {
		n.Online = tr.onlineWithFencing(n, e)
	} else {
		n.Online = tr.onlineWithoutFencing(n, e)
	}
	if n.Online && n.Shutdown || !n.Online {
		n.fixed, n.weight = true, -rules.Infinity
	}
	if n.Kind == Ping {
		n.Unclean, n.Online = false, false
		n.fixed, n.weight = true, -rules.Infinity
	}
}

func (tr *Transition) onlineWithoutFencing(n *Node, e *xml.Element) bool {
	controller := e.Get("crmd") == "online"
	if !rules.IsTrue(e.Get("in_ccm")) {
		return false
	}
	if controller {
		return e.Get("join") == "member"
	}
	if n.Expected {
		tr.fenceNode(n, "peer is unexpectedly down", false)
	}
	return false
}

// onlineWithFencing takes the first row of the table that applies (scheduler.md 7.2).
func (tr *Transition) onlineWithFencing(n *Node, e *xml.Element) bool {
	member, known := e.Lookup("in_ccm")
	inMembership := rules.IsTrue(member)
	controller := e.Get("crmd") == "online"
	join, expected := e.Get("join"), e.Get("expected")
	if expected == "" {
		expected = "down"
	}
	term := n.Attrs["terminate"]
	terminate := rules.IsTrue(term) || term != "" && term[0] >= '1' && term[0] <= '9'
	switch {
	case n.Shutdown:
		return controller
	case !known:
		tr.fenceNode(n, "peer has not been seen by the cluster", false)
	case join == "banned":
		tr.fenceNode(n, "peer failed Pacemaker membership criteria", false)
	case !terminate && expected == "down":
		if inMembership || controller {
			n.Standby, n.Pending = true, true
		}
	case terminate && join == "down" && !inMembership && !controller:
	case !inMembership:
		tr.fenceNode(n, "peer is no longer part of the cluster", true)
	case !controller:
		tr.fenceNode(n, "peer process is no longer available", false)
	case terminate:
		tr.fenceNode(n, "termination was requested", false)
	case join == "member":
	case join == "pending" || join == "down":
		n.Standby, n.Pending = true, true
	default:
		tr.fenceNode(n, "peer was in an unknown state", false)
	}
	return inMembership
}

// unpackHistories is one round of the second pass; it reports whether another
// round may find more (scheduler.md 7.3).
func (tr *Transition) unpackHistories(status *xml.Element, rest bool) bool {
	again := false
	for e := range status.Each("node_state") {
		id, name := e.Get("id"), e.Get("uname")
		if id == "" || name == "" {
			continue
		}
		n := tr.nodeByIDOrName(id, name)
		if n == nil || n.unpacked {
			continue
		}
		conn := n.Connection
		switch {
		case rest:
		case n.Guest():
			if conn.Role != RoleStarted || conn.container.Role != RoleStarted {
				continue
			}
		case n.Away():
			if conn == nil || !tr.opt.shutdownLock && conn.Role != RoleStarted {
				continue
			}
		case !tr.opt.fencing && !tr.opt.shutdownLock && !n.Online:
			continue
		}
		if n.Away() {
			n.remoteOnline()
			tr.remoteAttributes(n, e)
		}
		n.unpacked = true
		again = true
		tr.unpackNodeHistory(n, e)
	}
	return again
}

// remoteOnline works out a remote or guest node's state from its connection.
func (n *Node) remoteOnline() {
	conn := n.Connection
	if conn == nil {
		n.Online = false
		return
	}
	container := conn.container
	if conn.Role == RoleStarted {
		n.Online = true
	}
	if conn.Role == RoleStarted && conn.NextRole == RoleStopped {
		n.Shutdown = true
	}
	var host *Node
	if container != nil && len(conn.Running) == 1 {
		host = conn.Running[0]
	}
	switch {
	case container != nil && container.Failed:
		n.Online, n.remoteReset = false, true
	case conn.Failed:
		n.Online = false
	case conn.Role == RoleStopped || container != nil && container.Role == RoleStopped:
		n.Online, n.remoteReset = false, false
	case host != nil && !host.Online && host.Unclean:
		n.Online, n.remoteReset = false, true
	}
}

func (c *Cluster) remoteAttributes(n *Node, e *xml.Element) {
	if v, ok := e.Lookup("node_in_maintenance"); ok {
		n.remoteMaintenance = rules.IsTrue(v)
	}
	if !n.remoteReset {
		n.Unclean, n.Unseen = false, false
	}
	c.nodeAttributes(n, e.Child("transient_attributes"), rules.Replace)
	conn := n.Connection
	if asked(n.Attrs["shutdown"]) {
		n.Shutdown = true
		if conn != nil {
			conn.setNextRole(RoleStopped, "remote shutdown")
		}
	}
	if rules.IsTrue(n.Attrs["standby"]) {
		n.Standby = true
	}
	if rules.IsTrue(n.Attrs["maintenance"]) || conn != nil && !conn.Managed {
		n.Maintenance = true
	}
	if v, ok := n.Attrs["resource-discovery-enabled"]; ok && !rules.IsTrue(v) {
		if n.RemoteOnly() && !c.opt.fencing {
			c.logOnce("unpack_handle_remote_attrs", Warning, "Ignoring resource-discovery-enabled attribute on Pacemaker Remote node %s because fencing is disabled", n.Name)
		} else {
			n.discovery = false
		}
	}
}

func (r *Resource) setNextRole(role Role, why string) {
	r.NextRole, r.nextRoleWhy = role, why
}
