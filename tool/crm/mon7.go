package crm

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// text7 prints the status as 1.1.20 does.
func (m *monitor) text7(c *pengine.Cluster) {
	out := m.env.Stdout
	n := counts7(c)
	switch {
	case !m.noHead:
		m.header7(c)
	case n.Disabled+n.Blocked > 0 || c.MaintenanceMode():
		m.env.Printf("\n")
		m.counts7(c)
	}
	if c.MaintenanceMode() && !m.noHead {
		fmt.Fprintf(out, "\n              *** Resource management is DISABLED ***\n  The cluster will not attempt to start, stop or recover services\n")
	}
	fmt.Fprintln(out)
	w := &status.Writer7{W: out}
	list := status.Entries(c, status.Options{Inactive: m.inactive, Pending: m.pending})
	switch {
	case m.byNode:
		m.byNode7(c, list)
	default:
		w.Nodes(c, m.ids, false)
		fmt.Fprintln(out)
		switch {
		case len(list) == 0 && m.inactive:
			fmt.Fprintf(out, "No resources\n\n")
		case len(list) == 0:
			fmt.Fprintf(out, "No active resources\n\n")
		default:
			if m.inactive {
				fmt.Fprintf(out, "Full list of resources:\n\n")
			} else {
				fmt.Fprintf(out, "Active resources:\n\n")
			}
			w.Resources(list)
		}
	}
	if m.attributes {
		m.attributes7(c)
	}
	if m.ops || m.failcount {
		m.history7(c)
	}
	m.failed7(c)
	if m.tickets {
		m.tickets7(c)
	}
}

func (m *monitor) header7(c *pengine.Cluster) {
	p := m.env.Printf
	p("Stack: %s\n", stack(c))
	quorum := "WITHOUT quorum"
	if c.HaveQuorum() {
		quorum = "with quorum"
	}
	switch {
	case c.DC == nil:
		p("Current DC: NONE\n")
	default:
		id, version := "", c.Option("dc-version")
		if m.ids {
			id = " (" + c.DC.ID + ")"
		}
		if version == "" {
			version = "unknown"
		}
		p("Current DC: %s%s (version %s) - partition %s\n", c.DC.Name, id, version, quorum)
	}
	by := c.CIB().Get("update-user") + c.CIB().Get("update-client") + c.CIB().Get("update-origin")
	end := "\t\t"
	if by != "" {
		end = "\n"
	}
	p("Last updated: %s%s", time.Now().Format(time.ANSIC), end)
	p("Last change: %s\n\n", lastChange(c.CIB()))
	m.counts7(c)
}

// counts7 is the part of the header that is shown even without headers where
// something is disabled.
func (m *monitor) counts7(c *pengine.Cluster) {
	n := counts7(c)
	var notes []string
	if n.Disabled > 0 {
		notes = append(notes, fmt.Sprintf("%d DISABLED", n.Disabled))
	} else if n.Blocked > 0 {
		notes = append(notes, fmt.Sprintf("%d BLOCKED from starting due to failure", n.Blocked))
	}
	text := ""
	if len(notes) > 0 {
		text = " (" + strings.Join(notes, ", ") + ")"
	}
	m.env.Printf("%d node%s configured\n%d resource%s configured%s\n", len(c.Nodes), plural(len(c.Nodes)), n.Instances, plural(n.Instances), text)
}

// counts7 counts resources as 1.1.20 does: none that runs without being
// configured, a blocked one only if it is not disabled, and what is disabled
// once for itself and once for what it is a member of.
func counts7(c *pengine.Cluster) (n pengine.Counts) {
	var walk func(r *pengine.Resource)
	walk = func(r *pengine.Resource) {
		switch r.Kind {
		case pengine.Primitive:
			if !r.Orphan {
				n.Instances++
			}
			if r.Disabled() {
				n.Disabled++
			} else if r.Blocked {
				n.Blocked++
			}
		case pengine.Bundle:
			for _, rep := range r.Bundle.Replicas {
				for _, part := range [...]*pengine.Resource{rep.IP, rep.Child, rep.Container, rep.Connection} {
					if part != nil {
						walk(part)
					}
				}
			}
		default:
			for _, member := range r.Children {
				if member.Disabled() {
					n.Disabled++
				}
				walk(member)
			}
		}
	}
	for _, r := range c.Resources {
		walk(r)
	}
	return n
}

// lastChange says when, by whom and from where the CIB was last changed.
func lastChange(doc *xml.Node) string {
	text := doc.Get("cib-last-written")
	for _, x := range []struct{ word, attr string }{{"by", "update-user"}, {"via", "update-client"}, {"on", "update-origin"}} {
		if v := doc.Get(x.attr); v != "" {
			text += " " + x.word + " " + v
		}
	}
	return text
}

// byNode7 lists what runs on each node.
func (m *monitor) byNode7(c *pengine.Cluster, list []*status.Entry) {
	for _, n := range c.Nodes {
		m.env.Printf("%s %s: %s\n", status.NodeTypeName(n), n.Name, status.NodeStatus7(n))
		for _, r := range n.Running {
			m.env.Printf("\t%s\n", runningEntry(r).Text7(false))
		}
	}
	if !m.inactive {
		return
	}
	var stopped []*status.Entry
	for _, e := range list {
		if !e.R.Active(true) {
			stopped = append(stopped, e)
		}
	}
	if len(stopped) == 0 {
		m.env.Printf("\nNo inactive resources\n\n")
		return
	}
	m.env.Printf("\nInactive resources:\n\n")
	(&status.Writer7{W: m.env.Stdout}).Resources(stopped)
}

// runningEntry is a primitive as it is listed below the node it runs on.
func runningEntry(r *pengine.Resource) *status.Entry {
	e := &status.Entry{R: r, Name: r.PrintableID(), Role: r.Role}
	if e.Role == pengine.RoleStarted && r.Top().Promotable {
		e.Role = pengine.RoleUnpromoted
	}
	if r.Disabled() {
		e.Limit = r.TargetRole()
	}
	return e
}

// rcText7 is an agent's result in 1.1.20's words.
func rcText7(rc int) string {
	switch rc {
	case 0:
		return "ok"
	case 1:
		return "unknown error"
	case 2:
		return "invalid parameter"
	case 3:
		return "unimplemented feature"
	case 4:
		return "insufficient privileges"
	case 5:
		return "not installed"
	case 6:
		return "not configured"
	case 7:
		return "not running"
	case 8:
		return "master"
	case 9:
		return "master (failed)"
	case 193:
		return "unknown"
	}
	return "<unknown>"
}

func statusText7(s string) string {
	switch s {
	case "-1":
		return "pending"
	case "0":
		return "complete"
	case "1":
		return "Cancelled"
	case "2":
		return "Timed Out"
	case "3":
		return "NOT SUPPORTED"
	case "4":
		return "Error"
	case "5":
		return "Hard error"
	case "6":
		return "Fatal error"
	case "7":
		return "Not installed"
	}
	return "UNKNOWN!"
}

func (m *monitor) failed7(c *pengine.Cluster) {
	if len(c.FailedOps) == 0 {
		return
	}
	m.env.Printf("\nFailed Resource Actions:\n")
	for _, op := range c.FailedOps {
		rc, _ := strconv.Atoi(op.Get("rc-code"))
		m.env.Printf("* %s on %s '%s' (%d): call=%s, status=%s, exitreason='%s'", op.Get("operation_key"), nodeOf(op), rcText7(rc), rc,
			op.Get("call-id"), statusText7(op.Get("op-status")), op.Get("exit-reason"))
		if t := when(op.Get("last-rc-change")); t != "" {
			m.env.Printf(",\n    last-rc-change='%s', queued=%sms, exec=%sms", t, zero(op.Get("queue-time")), zero(op.Get("exec-time")))
		}
		m.env.Printf("\n")
	}
}

// nodeOf is the name of the node in whose history an entry stands.
func nodeOf(op *xml.Node) string {
	for n := op; n != nil; n = n.Parent {
		if n.Name == "node_state" {
			return n.Get("uname")
		}
	}
	return op.Get("on_node")
}

func when(seconds string) string {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || n == 0 {
		return ""
	}
	return time.Unix(n, 0).Format(time.ANSIC)
}

func zero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

// hiddenAttribute tells whether a node attribute is the cluster's own.
func hiddenAttribute(name string) bool {
	for _, p := range []string{"#", "fail-count", "last-failure", "probe_complete", "shutdown", "terminate", "standby", "maintenance"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

func (m *monitor) attributes7(c *pengine.Cluster) {
	m.env.Printf("\nNode Attributes:\n")
	for _, n := range c.Nodes {
		if !n.Online {
			continue
		}
		m.env.Printf("* Node %s:\n", n.Name)
		var names []string
		for name := range n.Attrs {
			if !hiddenAttribute(name) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			m.env.Printf("    + %-32s\t: %-10s\n", name, n.Attrs[name])
		}
	}
}

// history7 prints the operations, or only the fail counts, of each node.
func (m *monitor) history7(c *pengine.Cluster) {
	if m.ops {
		m.env.Printf("\nOperations:\n")
	} else {
		m.env.Printf("\nMigration Summary:\n")
	}
	for s := range c.CIB().Child("status").Each("node_state") {
		node := c.Node(s.Get("uname"))
		if node == nil || !node.Online {
			continue
		}
		m.env.Printf("* Node %s:\n", s.Get("uname"))
		for rsc := range s.Descend("lrm", "lrm_resources").Each("lrm_resource") {
			count, last := failCount(s, rsc.ID())
			ops := shownOps(rsc)
			if m.ops && len(ops) == 0 || !m.ops && count == 0 {
				continue
			}
			line := fmt.Sprintf("   %s: migration-threshold=%s", rsc.ID(), threshold(c, rsc.ID()))
			if count > 0 {
				line += " fail-count=" + strconv.Itoa(count)
				if last != "" {
					line += " last-failure='" + last + "'"
				}
			}
			m.env.Printf("%s\n", line)
			if m.ops {
				m.ops7(ops)
			}
		}
	}
}

func threshold(c *pengine.Cluster, id string) string {
	if r := c.Resource(id); r != nil {
		if v := r.Meta["migration-threshold"]; v != "" && v != "INFINITY" {
			return v
		}
	}
	return "1000000"
}

// failCount adds up a resource's failures on a node.
func failCount(state *xml.Node, rsc string) (total int, last string) {
	var latest int64
	for nv := range state.Child("transient_attributes").Walk() {
		name, of, ok := strings.Cut(nv.Get("name"), "-"+rsc)
		if !ok || of != "" && of[0] != '#' {
			continue
		}
		switch name {
		case "fail-count":
			if nv.Get("value") == "INFINITY" {
				total = 1000000
			} else if n, err := strconv.Atoi(nv.Get("value")); err == nil {
				total = min(total+n, 1000000)
			}
		case "last-failure":
			if n, err := strconv.ParseInt(nv.Get("value"), 10, 64); err == nil && n > latest {
				latest = n
			}
		}
	}
	return total, when(strconv.FormatInt(latest, 10))
}

// shownOps are a resource's operations in the order they were called, probes
// that found nothing left out.
func shownOps(rsc *xml.Node) []*xml.Node {
	var ops []*xml.Node
	for op := range rsc.Each("lrm_rsc_op") {
		if op.Get("operation") == "monitor" && op.Get("interval") == "0" && op.Get("rc-code") == "7" || op.Get("operation") == "stop" && len(ops) == 0 && op.Get("rc-code") == "0" {
			continue
		}
		ops = append(ops, op)
	}
	return byCall(ops)
}

// byCall sorts operations in the order in which they were called.
func byCall(ops []*xml.Node) []*xml.Node {
	slices.SortStableFunc(ops, func(a, b *xml.Node) int {
		x, _ := strconv.Atoi(a.Get("call-id"))
		y, _ := strconv.Atoi(b.Get("call-id"))
		return cmp.Compare(x, y)
	})
	return ops
}

func (m *monitor) ops7(ops []*xml.Node) {
	seen := map[string]bool{}
	for _, op := range ops {
		if seen[op.Get("call-id")] { // a failure is recorded twice
			continue
		}
		seen[op.Get("call-id")] = true
		line := fmt.Sprintf("    + (%s) %s:", op.Get("call-id"), op.Get("operation"))
		recurring := op.Get("interval") != "0" && op.Get("interval") != ""
		if recurring {
			line += " interval=" + op.Get("interval") + "ms"
		}
		if m.timing {
			if t := when(op.Get("last-rc-change")); t != "" {
				line += " last-rc-change='" + t + "'"
				if !recurring {
					line += " last-run='" + t + "'"
				}
			}
			line += " exec-time=" + zero(op.Get("exec-time")) + "ms queue-time=" + zero(op.Get("queue-time")) + "ms"
		}
		rc, _ := strconv.Atoi(op.Get("rc-code"))
		m.env.Printf("%s rc=%d (%s)\n", line, rc, rcText7(rc))
	}
}

func (m *monitor) tickets7(c *pengine.Cluster) {
	m.env.Printf("\nTickets:\n")
	var ids []string
	for id := range c.Tickets {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		t := c.Tickets[id]
		state, standby, last := "revoked", "          ", ""
		if t.Granted {
			state = "granted"
		}
		if t.Standby {
			standby = " [standby]"
		}
		if v := when(t.LastGranted); v != "" {
			last = " last-granted='" + v + "'"
		}
		m.env.Printf("* %s:\t%s%s%s\n", id, state, standby, last)
	}
}
