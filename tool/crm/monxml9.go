package crm

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// apiVersion is the version of the XML that the tools of 2.1.5 print.
const apiVersion = "2.25"

// xml9 prints the status as crm_mon --output-as=xml of 2.1.5 does: every
// section, whatever else was asked for.
func (m *monitor) xml9(c *pengine.Cluster) {
	request := strings.Join(append([]string{m.env.Name}, m.env.Args...), " ")
	root := xml.New("pacemaker-result", "api-version", apiVersion, "request", request)
	root.Append(summaryXML(c))
	add := func(e *xml.Node) { // a section that has something in it
		if len(e.Children) > 0 {
			root.Append(e)
		}
	}
	nodes := xml.New("nodes")
	for _, n := range c.Nodes {
		nodes.Append(nodeXML(c, n))
	}
	add(nodes)
	resources := xml.New("resources")
	for _, r := range c.Resources {
		if r.Orphan && !r.Active(false) || !m.inactive && !r.Active(false) {
			continue
		}
		if e := m.resourceXML(c, r); e != nil {
			resources.Append(e)
		}
	}
	add(resources)
	add(attributesXML(c))
	if h, some := historyXML(c); some {
		root.Append(h)
	}
	add(failuresXML(c))
	add(ticketsXML(c))
	add(bansXML(c))
	root.Append(xml.New("status", "code", "0", "message", "OK"))
	m.env.Printf("%s", root.Format())
}

func yes(b bool) string { return strconv.FormatBool(b) }

func summaryXML(c *pengine.Cluster) *xml.Node {
	doc := c.CIB()
	e := xml.New("summary")
	e.Append(xml.New("stack", "type", stack(c)))
	dc := e.Append(xml.New("current_dc", "present", yes(c.DC != nil)))
	if c.DC != nil {
		dc.Set("version", c.Option("dc-version"))
		dc.Set("name", c.DC.Name)
		dc.Set("id", c.DC.ID)
		dc.Set("with_quorum", yes(c.HaveQuorum()))
		dc.Set("mixed_version", yes(mixedVersions(c)))
	}
	e.Append(xml.New("last_update", "time", time.Now().Format(time.ANSIC)))
	e.Append(xml.New("last_change", "time", doc.Get("cib-last-written"), "user", doc.Get("update-user"),
		"client", doc.Get("update-client"), "origin", doc.Get("update-origin")))
	e.Append(xml.New("nodes_configured", "number", strconv.Itoa(len(c.Nodes))))
	n := c.Count()
	e.Append(xml.New("resources_configured", "number", strconv.Itoa(n.Instances), "disabled", strconv.Itoa(n.Disabled), "blocked", strconv.Itoa(n.Blocked)))
	e.Append(xml.New("cluster_options", "stonith-enabled", yes(c.FencingEnabled()), "symmetric-cluster", yes(c.Symmetric()),
		"no-quorum-policy", c.QuorumPolicy(), "maintenance-mode", yes(c.MaintenanceMode()), "stop-all-resources", yes(c.StopAll()),
		"stonith-timeout-ms", c.Milliseconds("stonith-timeout", "60s"), "priority-fencing-delay-ms", c.Milliseconds("priority-fencing-delay", "0")))
	return e
}

// mixedVersions tells whether the nodes speak different feature sets.
func mixedVersions(c *pengine.Cluster) bool {
	first := ""
	for _, n := range c.Nodes {
		v := n.Attrs["#feature-set"]
		if !n.Online || v == "" {
			continue
		}
		if first != "" && v != first {
			return true
		}
		first = v
	}
	return false
}

func nodeXML(c *pengine.Cluster, n *pengine.Node) *xml.Node {
	health := [...]string{"green", "yellow", "red"}[c.NodeHealth(n)]
	e := xml.New("node", "name", n.Name, "id", n.ID, "online", yes(n.Online), "standby", yes(n.Standby), "standby_onfail", yes(n.StandbyOnFail),
		"maintenance", yes(n.Maintenance), "pending", yes(n.Pending), "unclean", yes(n.Unclean), "health", health)
	if n.Online && n.Kind == pengine.Member {
		e.Set("feature_set", cmp.Or(n.Attrs["#feature-set"], "<3.15.1")) // the first one to tell its own
	}
	kind := "unknown"
	switch n.Kind {
	case pengine.Member:
		kind = "member"
	case pengine.Remote:
		kind = "remote"
	case pengine.Ping:
		kind = "ping"
	}
	for _, kv := range [...][2]string{{"shutdown", yes(n.Shutdown)}, {"expected_up", yes(n.Expected)}, {"is_dc", yes(n.IsDC)},
		{"resources_running", strconv.Itoa(len(n.Running))}, {"type", kind}} {
		e.Set(kv[0], kv[1])
	}
	if n.Guest() {
		e.Set("id_as_resource", n.Connection.Container().ID)
	}
	return e
}

// resourceXML is a resource with everything in it, nil if there is nothing to
// show.
func (m *monitor) resourceXML(c *pengine.Cluster, r *pengine.Resource) *xml.Node {
	var e *xml.Node
	children := r.Children
	switch r.Kind {
	case pengine.Primitive:
		if r.Internal() {
			return nil
		}
		return m.primitiveXML(c, r)
	case pengine.Group:
		e = xml.New("group", "id", r.ID, "number_resources", strconv.Itoa(len(r.Children)), "managed", yes(r.Managed), "disabled", yes(r.Disabled()))
	case pengine.Clone:
		e = xml.New("clone", "id", r.ID, "multi_state", yes(r.Promotable), "unique", yes(r.Unique), "managed", yes(r.Managed),
			"disabled", yes(r.Disabled()), "failed", yes(r.Failed), "failure_ignored", yes(r.FailureIgnored))
		v := r.Meta["target-role"]
		if v == "" && len(children) > 0 {
			v = children[0].Meta["target-role"]
		}
		if v != "" {
			e.Set("target_role", v)
		}
		children = slices.Clone(children)
		slices.SortStableFunc(children, func(a, b *pengine.Resource) int {
			x, _ := strconv.Atoi(a.Number())
			y, _ := strconv.Atoi(b.Number())
			return cmp.Compare(x, y)
		})
	case pengine.Bundle:
		return m.bundleXML(c, r)
	}
	for _, child := range children {
		if (child.Orphan && r.Kind != pengine.Clone || !m.inactive) && !child.Active(false) {
			continue
		}
		if x := m.resourceXML(c, child); x != nil {
			e.Append(x)
		}
	}
	return e
}

func (m *monitor) bundleXML(c *pengine.Cluster, r *pengine.Resource) *xml.Node {
	kind := ""
	if len(r.Bundle.Replicas) > 0 {
		kind = r.Bundle.Replicas[0].Container.Type
	}
	e := xml.New("bundle", "id", r.ID, "type", kind, "image", r.Bundle.Image, "unique", yes(r.Unique), "managed", yes(r.Managed), "failed", yes(r.Failed))
	for i, rep := range r.Bundle.Replicas {
		x := e.Append(xml.New("replica", "id", strconv.Itoa(i)))
		for _, part := range [...]*pengine.Resource{rep.IP, rep.Child, rep.Container, rep.Connection} {
			if part != nil {
				x.Append(m.primitiveXML(c, part))
			}
		}
	}
	return e
}

func (m *monitor) primitiveXML(c *pengine.Cluster, r *pengine.Resource) *xml.Node {
	shown := status.Primitive(c, r, status.Options{Inactive: true, Pending: true})
	e := xml.New("resource", "id", r.PrintableID(), "resource_agent", status.Agent9(r), "role", shown.Role.String())
	if v := r.Meta["target-role"]; v != "" {
		e.Set("target_role", v)
	}
	for _, kv := range [...][2]string{{"active", yes(r.Active(false))}, {"orphaned", yes(r.Orphan)}, {"blocked", yes(r.Blocked)}, {"managed", yes(r.Managed)},
		{"failed", yes(r.Failed)}, {"failure_ignored", yes(r.FailureIgnored)}, {"nodes_running_on", strconv.Itoa(len(r.Running))}} {
		e.Set(kv[0], kv[1])
	}
	if p := cmp.Or(shown.State, shown.Pending); p != "" {
		e.Set("pending", p)
	}
	for _, n := range r.Running {
		e.Append(xml.New("node", "name", n.Name, "id", n.ID, "cached", yes(n.Online)))
	}
	return e
}

func attributesXML(c *pengine.Cluster) *xml.Node {
	e := xml.New("node_attributes")
	for _, n := range c.Nodes {
		names := shownAttributes(n, false)
		if len(names) == 0 {
			continue
		}
		x := e.Append(xml.New("node", "name", n.Name))
		for _, name := range names {
			x.Append(xml.New("attribute", "name", name, "value", n.Attrs[name]))
		}
	}
	return e
}

// shownAttributes are the names of a node's attributes, if it is there to have
// any. Only 1.1.20 hides whether it was probed and is in maintenance.
func shownAttributes(n *pengine.Node, el7 bool) (names []string) {
	if !n.Online {
		return nil
	}
	for name := range n.Attrs {
		if !hiddenAttribute(name) || (name == "probe_complete" || name == "maintenance") && !el7 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// historyXML is the history of the nodes that are there; some is false if none
// is.
func historyXML(c *pengine.Cluster) (e *xml.Node, some bool) {
	e = xml.New("node_history")
	for state := range c.CIB().Child("status").Each("node_state") {
		n := c.Node(state.Get("uname"))
		if n == nil || !n.Online {
			continue
		}
		some = true
		x := xml.New("node", "name", n.Name)
		for rsc := range state.Descend("lrm", "lrm_resources").Each("lrm_resource") {
			if h := resourceHistoryXML(c, state, rsc); h != nil {
				x.Append(h)
			}
		}
		if len(x.Children) > 0 {
			e.Append(x)
		}
	}
	return e, some
}

func resourceHistoryXML(c *pengine.Cluster, state, rsc *xml.Node) *xml.Node {
	ops := historyOps(rsc)
	if len(ops) == 0 {
		return nil
	}
	id := rsc.ID()
	e := xml.New("resource_history", "id", id, "orphan", yes(c.Find(id) == nil), "migration-threshold", threshold(c, id))
	if count, last := failCount(state, id); count > 0 {
		e.Set("fail-count", strconv.Itoa(count))
		if last != "" {
			e.Set("last-failure", last)
		}
	}
	for _, op := range ops {
		rc, _ := strconv.Atoi(op.Get("rc-code"))
		x := e.Append(xml.New("operation_history", "call", op.Get("call-id"), "task", taskOf(op), "rc", strconv.Itoa(rc), "rc_text", status.ResultText(rc)))
		if rc == 193 { // what stands there while it is under way
			x.Set("rc_text", "unknown")
		}
		if v := op.Get("interval"); v != "" && v != "0" {
			x.Set("interval", v+"ms")
		}
		if t := when(op.Get("last-rc-change")); t != "" {
			x.Set("last-rc-change", t)
		}
		for _, name := range [...]string{"exec-time", "queue-time"} {
			if v := op.Get(name); v != "" {
				x.Set(name, v+"ms")
			}
		}
	}
	return e
}

// historyOps are a resource's operations by call id, without notifications and
// probes that found nothing.
func historyOps(rsc *xml.Node) []*xml.Node {
	var ops []*xml.Node
	for op := range rsc.Each("lrm_rsc_op") {
		if task := taskOf(op); task == "notify" || task == "probe" && op.Get("rc-code") == "7" {
			continue
		}
		ops = append(ops, op)
	}
	return byCall(ops)
}

// taskOf is an operation's task, a monitor that does not recur being a probe.
func taskOf(op *xml.Node) string {
	task := op.Get("operation")
	if v := op.Get("interval"); task == "monitor" && (v == "" || v == "0") {
		return "probe"
	}
	return task
}

func failuresXML(c *pengine.Cluster) *xml.Node {
	e := xml.New("failures")
	for _, op := range c.FailedOps {
		rc, _ := strconv.Atoi(op.Get("rc-code"))
		key := "op_key"
		name := op.Get("operation_key")
		if name == "" {
			key, name = "id", op.ID()
		}
		reason, told := op.Lookup("exit-reason")
		if !told {
			reason = "none"
		}
		x := e.Append(xml.New("failure", key, name, "node", nodeOf(op), "exitstatus", status.ResultText(rc), "exitreason", reason,
			"exitcode", strconv.Itoa(rc), "call", op.Get("call-id"), "status", statusOf(op)))
		if sec, err := strconv.ParseInt(op.Get("last-rc-change"), 10, 64); err == nil && sec != 0 {
			x.Set("last-rc-change", time.Unix(sec, 0).Format("2006-01-02 15:04:05Z07:00"))
			x.Set("queued", zero(op.Get("queue-time")))
			x.Set("exec", zero(op.Get("exec-time")))
			x.Set("interval", zero(op.Get("interval")))
			x.Set("task", op.Get("operation"))
		}
	}
	return e
}

func statusOf(op *xml.Node) string { return statusText7(op.Get("op-status")) }

func ticketsXML(c *pengine.Cluster) *xml.Node {
	e := xml.New("tickets")
	for _, id := range ticketNames(c) {
		t := c.Tickets[id]
		word := "revoked"
		if t.Granted {
			word = "granted"
		}
		x := e.Append(xml.New("ticket", "id", id, "status", word, "standby", yes(t.Standby)))
		if v := when(t.LastGranted); v != "" {
			x.Set("last-granted", v)
		}
	}
	return e
}

// ticketNames lists the tickets in the order they are shown.
func ticketNames(c *pengine.Cluster) (names []string) {
	for id := range c.Tickets {
		names = append(names, id)
	}
	slices.Sort(names)
	return names
}

// bansXML lists the plain constraints that keep a resource off a node.
func bansXML(c *pengine.Cluster) *xml.Node {
	e := xml.New("bans")
	for con := range c.CIB().Descend("configuration", "constraints").Each("rsc_location") {
		node, rsc, score := con.Get("node"), con.Get("rsc"), con.Get("score")
		if node == "" || rsc == "" || !strings.HasPrefix(score, "-") {
			continue
		}
		weight := "-1000000"
		if score != "-INFINITY" {
			weight = score
		}
		promoted := yes(strings.EqualFold(con.Get("role"), "promoted") || strings.EqualFold(con.Get("role"), "master"))
		e.Append(xml.New("ban", "id", con.ID(), "resource", rsc, "node", node, "weight", weight, "promoted-only", promoted, "master_only", promoted))
	}
	return e
}
