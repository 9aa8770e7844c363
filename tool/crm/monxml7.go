package crm

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// xml7 prints the status as crm_mon --as-xml of 1.1.20 does: every section,
// whatever else was asked for.
func (m *monitor) xml7(c *pengine.Cluster) {
	w := &xml7{w: m.env.Stdout}
	w.line(0, `<?xml version="1.0"?>`)
	w.line(0, `<crm_mon version="1.1.20">`)
	w.summary(c)
	w.open(4, "nodes", nil)
	for _, n := range c.Nodes {
		w.node(c, n, m.byNode)
	}
	w.line(4, "</nodes>")
	w.resources(c, m.inactive)
	w.attributes(c)
	w.history(c)
	w.failures(c)
	if m.file == "" {
		// The history of fencing comes from the fencer, and this tool asks only
		// for the CIB.
		w.section("fence_history")
	}
	w.tickets(c)
	w.bans(c)
	w.line(0, "</crm_mon>")
}

// An xml7 writes XML with the spacing of 1.1.20, which is not quite regular.
type xml7 struct{ w io.Writer }

func (w *xml7) line(indent int, text string) {
	fmt.Fprintf(w.w, "%*s%s\n", indent, "", text)
}

// pairs are the attributes of an element, name and value in turn.
type pairs []string

func (p pairs) String() string {
	var b strings.Builder
	for i := 0; i+1 < len(p); i += 2 {
		b.WriteString(" " + p[i] + `="` + string(xml.AppendEscaped(nil, p[i+1])) + `"`)
	}
	return b.String()
}

func (w *xml7) empty(indent int, name string, p pairs) { w.line(indent, "<"+name+p.String()+" />") }

func (w *xml7) open(indent int, name string, p pairs) { w.line(indent, "<"+name+p.String()+">") }

// wide writes a start tag as those of resources are written, with a blank at
// its end.
func (w *xml7) wide(indent int, name string, p pairs) { w.line(indent, "<"+name+p.String()+" >") }

// section writes an element that has nothing in it.
func (w *xml7) section(name string) {
	w.open(4, name, nil)
	w.line(4, "</"+name+">")
}

func (w *xml7) summary(c *pengine.Cluster) {
	doc := c.CIB()
	w.open(4, "summary", nil)
	w.empty(8, "stack", pairs{"type", stack(c)})
	if c.DC == nil {
		w.empty(8, "current_dc", pairs{"present", "false"})
	} else {
		w.empty(8, "current_dc", pairs{"present", "true", "version", c.Option("dc-version"), "name", c.DC.Name, "id", c.DC.ID, "with_quorum", yes(c.HaveQuorum())})
	}
	w.empty(8, "last_update", pairs{"time", time.Now().Format(time.ANSIC)})
	w.empty(8, "last_change", pairs{"time", doc.Get("cib-last-written"), "user", doc.Get("update-user"),
		"client", doc.Get("update-client"), "origin", doc.Get("update-origin")})
	w.empty(8, "nodes_configured", pairs{"number", strconv.Itoa(len(c.Nodes)), "expected_votes", cmp.Or(c.Option("expected-quorum-votes"), "unknown")})
	n := counts7(c)
	w.empty(8, "resources_configured", pairs{"number", strconv.Itoa(n.Instances), "disabled", strconv.Itoa(n.Disabled), "blocked", strconv.Itoa(n.Blocked)})
	w.empty(8, "cluster_options", pairs{"stonith-enabled", yes(c.FencingEnabled()), "symmetric-cluster", yes(c.Symmetric()),
		"no-quorum-policy", c.QuorumPolicy(), "maintenance-mode", yes(c.MaintenanceMode())})
	w.line(4, "</summary>")
}

func (w *xml7) node(c *pengine.Cluster, n *pengine.Node, byNode bool) {
	kind := "unknown"
	switch n.Kind {
	case pengine.Member:
		kind = "member"
	case pengine.Remote:
		kind = "remote"
	case pengine.Ping:
		kind = "ping"
	}
	p := pairs{"name", n.Name, "id", n.ID, "online", yes(n.Online), "standby", yes(n.Standby), "standby_onfail", yes(n.StandbyOnFail),
		"maintenance", yes(n.Maintenance), "pending", yes(n.Pending), "unclean", yes(n.Unclean), "shutdown", yes(n.Shutdown),
		"expected_up", yes(n.Expected), "is_dc", yes(n.IsDC), "resources_running", strconv.Itoa(len(n.Running)), "type", kind}
	if n.Guest() {
		p = append(p, "id_as_resource", n.Connection.Container().ID)
	}
	if !byNode {
		w.empty(8, "node", p)
		return
	}
	w.open(8, "node", p)
	for _, r := range n.Running {
		w.primitive(c, 12, r)
	}
	w.line(8, "</node>")
}

func (w *xml7) resources(c *pengine.Cluster, inactive bool) {
	var list []*pengine.Resource
	for _, r := range c.Resources {
		if active := r.Active(false); active || inactive && !r.Orphan {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		w.line(4, "<resources/>")
		return
	}
	w.open(4, "resources", nil)
	for _, r := range list {
		w.resource(c, 8, r)
	}
	w.line(4, "</resources>")
}

func (w *xml7) resource(c *pengine.Cluster, indent int, r *pengine.Resource) {
	switch r.Kind {
	case pengine.Primitive:
		w.primitive(c, indent, r)
		return
	case pengine.Group:
		w.wide(indent, "group", pairs{"id", r.ID, "number_resources", strconv.Itoa(len(r.Children))})
		for _, member := range r.Children {
			w.resource(c, indent+5, member)
		}
		w.line(indent, "</group>")
	case pengine.Clone:
		w.wide(indent, "clone", pairs{"id", r.ID, "multi_state", yes(r.Promotable), "unique", yes(r.Unique), "managed", yes(r.Managed),
			"failed", yes(r.Failed), "failure_ignored", yes(r.FailureIgnored)})
		for _, inst := range r.Children {
			if !inst.Orphan || inst.Active(false) {
				w.resource(c, indent+4, inst)
			}
		}
		w.line(indent, "</clone>")
	case pengine.Bundle:
		kind := ""
		if len(r.Bundle.Replicas) > 0 {
			kind = r.Bundle.Replicas[0].Container.Type
		}
		w.wide(indent, "bundle", pairs{"id", r.ID, "type", kind, "image", r.Bundle.Image, "unique", yes(r.Unique), "managed", yes(r.Managed), "failed", yes(r.Failed)})
		for i, rep := range r.Bundle.Replicas {
			w.open(indent+4, "replica", pairs{"id", strconv.Itoa(i)})
			for _, part := range [...]*pengine.Resource{rep.IP, rep.Child, rep.Container, rep.Connection} {
				if part != nil {
					w.primitive(c, indent+8, part)
				}
			}
			w.line(indent+4, "</replica>")
		}
		w.line(indent, "</bundle>")
	}
}

func (w *xml7) primitive(c *pengine.Cluster, indent int, r *pengine.Resource) {
	shown := status.Primitive(c, r, status.Options{Inactive: true, Pending: true})
	p := pairs{"id", r.PrintableID(), "resource_agent", status.Agent7(r), "role", status.RoleName7(shown.Role)}
	if v := r.Meta["target-role"]; v != "" {
		p = append(p, "target_role", v)
	}
	p = append(p, "active", yes(r.Active(false)), "orphaned", yes(r.Orphan), "blocked", yes(r.Blocked), "managed", yes(r.Managed),
		"failed", yes(r.Failed), "failure_ignored", yes(r.FailureIgnored), "nodes_running_on", strconv.Itoa(len(r.Running)))
	if what := cmp.Or(shown.State, shown.Pending); what != "" {
		p = append(p, "pending", what)
	}
	if len(r.Running) == 0 {
		w.empty(indent, "resource", p)
		return
	}
	w.wide(indent, "resource", p)
	for _, n := range r.Running {
		w.line(indent+4, "<node"+pairs{"name", n.Name, "id", n.ID, "cached", yes(!n.Online)}.String()+"/>")
	}
	w.line(indent, "</resource>")
}

func (w *xml7) attributes(c *pengine.Cluster) {
	w.open(4, "node_attributes", nil)
	for _, n := range c.Nodes {
		if !n.Online {
			continue
		}
		w.open(8, "node", pairs{"name", n.Name})
		for _, name := range shownAttributes(n, true) {
			w.empty(12, "attribute", pairs{"name", name, "value", n.Attrs[name]})
		}
		w.line(8, "</node>")
	}
	w.line(4, "</node_attributes>")
}

func (w *xml7) history(c *pengine.Cluster) {
	w.open(4, "node_history", nil)
	for state := range c.CIB().Child("status").Each("node_state") {
		n := c.Node(state.Get("uname"))
		if n == nil || !n.Online {
			continue
		}
		w.open(8, "node", pairs{"name", n.Name})
		for rsc := range state.Descend("lrm", "lrm_resources").Each("lrm_resource") {
			w.resourceHistory(c, state, rsc)
		}
		w.line(8, "</node>")
	}
	w.line(4, "</node_history>")
}

func (w *xml7) resourceHistory(c *pengine.Cluster, state, rsc *xml.Node) {
	ops := historyOps(rsc)
	if len(ops) == 0 {
		return
	}
	id := rsc.ID()
	p := pairs{"id", id, "orphan", yes(c.Find(id) == nil), "migration-threshold", threshold(c, id)}
	if count, last := failCount(state, id); count > 0 {
		p = append(p, "fail-count", strconv.Itoa(count))
		if last != "" {
			p = append(p, "last-failure", last)
		}
	}
	w.open(12, "resource_history", p)
	for _, op := range ops {
		rc, _ := strconv.Atoi(op.Get("rc-code"))
		p := pairs{"call", op.Get("call-id"), "task", taskOf(op)}
		recurring := op.Get("interval") != "" && op.Get("interval") != "0"
		if recurring {
			p = append(p, "interval", op.Get("interval")+"ms")
		}
		if t := when(op.Get("last-rc-change")); t != "" {
			p = append(p, "last-rc-change", t)
		}
		if t := when(op.Get("last-run")); t != "" && !recurring {
			p = append(p, "last-run", t)
		} else if t := when(op.Get("last-rc-change")); t != "" && !recurring {
			p = append(p, "last-run", t)
		}
		for _, name := range [...]string{"exec-time", "queue-time"} {
			if v := op.Get(name); v != "" {
				p = append(p, name, v+"ms")
			}
		}
		w.empty(16, "operation_history", append(p, "rc", strconv.Itoa(rc), "rc_text", rcText7(rc)))
	}
	w.line(12, "</resource_history>")
}

func (w *xml7) failures(c *pengine.Cluster) {
	if len(c.FailedOps) == 0 {
		return
	}
	w.open(4, "failures", nil)
	for _, op := range c.FailedOps {
		rc, _ := strconv.Atoi(op.Get("rc-code"))
		key, name := "op_key", op.Get("operation_key")
		if name == "" {
			key, name = "id", op.ID()
		}
		p := pairs{key, name, "node", nodeOf(op), "exitstatus", rcText7(rc), "exitreason", op.Get("exit-reason"),
			"exitcode", strconv.Itoa(rc), "call", op.Get("call-id"), "status", statusOf(op)}
		if t := when(op.Get("last-rc-change")); t != "" {
			p = append(p, "last-rc-change", t, "queued", zero(op.Get("queue-time")), "exec", zero(op.Get("exec-time")),
				"interval", zero(op.Get("interval")), "task", op.Get("operation"))
		}
		w.empty(8, "failure", p)
	}
	w.line(4, "</failures>")
}

func (w *xml7) tickets(c *pengine.Cluster) {
	w.open(4, "tickets", nil)
	for _, id := range ticketNames(c) {
		t := c.Tickets[id]
		word := "revoked"
		if t.Granted {
			word = "granted"
		}
		p := pairs{"id", id, "status", word, "standby", yes(t.Standby)}
		if v := when(t.LastGranted); v != "" {
			p = append(p, "last-granted", v)
		}
		w.empty(8, "ticket", p)
	}
	w.line(4, "</tickets>")
}

func (w *xml7) bans(c *pengine.Cluster) {
	w.open(4, "bans", nil)
	for _, ban := range bansXML(c).Children {
		w.empty(8, "ban", pairs{"id", ban.ID(), "resource", ban.Get("resource"), "node", ban.Get("node"), "weight", ban.Get("weight"),
			"master_only", ban.Get("master_only")})
	}
	w.line(4, "</bans>")
}
