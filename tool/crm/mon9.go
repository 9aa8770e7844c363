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

// text9 prints the status as 2.1.5 does: sections with an empty line between
// them.
func (m *monitor) text9(c *pengine.Cluster) {
	w := &status.Writer9{W: m.env.Stdout, Fancy: true}
	begun := false
	section := func(print func(*pengine.Cluster, *status.Writer9)) {
		if begun {
			fmt.Fprintln(m.env.Stdout)
		}
		begun = true
		print(c, w)
	}
	has := func(part sections) bool { return m.shows&part != 0 }
	if has(showSummary|showOptions) || c.DC == nil { // that there is none is always said
		section(m.summary9)
	}
	if has(showMaintenance) && c.MaintenanceMode() {
		m.env.Printf("\n              *** Resource management is DISABLED ***\n  The cluster will not attempt to start, stop or recover services\n")
		begun = true
	}
	if has(showNodes) {
		section(m.nodes9)
	}
	if has(showResources) && (!m.byNode || m.inactive) {
		section(m.resources9)
	}
	if has(showAttributes) && len(attributesXML(c).Children) > 0 {
		section(m.attributes9)
	}
	_, anyHistory := historyXML(c)
	switch {
	case has(showOperations) && anyHistory:
		section(m.operations9)
	case !anyHistory: // no node is there of which there could be some
	case has(showFailCounts):
		section(m.migration9)
	}
	if has(showFailures) && len(c.FailedOps) > 0 {
		section(m.failed9)
	}
	if has(showTickets) && len(c.Tickets) > 0 {
		section(m.tickets9)
	}
	if has(showBans) && len(m.bansOf(c)) > 0 {
		section(m.bans9)
	}
}

func (m *monitor) summary9(c *pengine.Cluster, w *status.Writer9) {
	has := func(part sections) bool { return m.shows&part != 0 }
	if m.file == "" && has(showTimes) {
		m.env.Printf("Status of pacemakerd: 'Pacemaker is running' (last updated %s)\n", time.Now().UTC().Format("2006-01-02 15:04:05Z"))
	}
	w.Begin("Cluster Summary")
	defer w.End()
	if has(showStack) {
		w.Line("Stack: %s", stack(c))
	}
	if has(showDC) || c.DC == nil {
		m.dc9(c, w)
	}
	if has(showTimes) {
		w.Line("Last updated: %s", time.Now().Format(time.ANSIC))
		w.Line("Last change:  %s", lastChange(c.CIB()))
	}
	if has(showCounts) {
		n := c.Count()
		w.Line("%d node%s configured", len(c.Nodes), plural(len(c.Nodes)))
		not := ""
		switch {
		case n.Disabled > 0 && n.Blocked > 0:
			not = fmt.Sprintf(" (%d DISABLED, %d BLOCKED from further action due to failure)", n.Disabled, n.Blocked)
		case n.Disabled > 0:
			not = fmt.Sprintf(" (%d DISABLED)", n.Disabled)
		case n.Blocked > 0:
			not = fmt.Sprintf(" (%d BLOCKED from further action due to failure)", n.Blocked)
		}
		w.Line("%d resource instance%s configured%s", n.Instances, plural(n.Instances), not)
	}
	if has(showOptions) {
		m.options9(c, w)
	}
}

// options9 says how the cluster is configured in what matters most.
func (m *monitor) options9(c *pengine.Cluster, w *status.Writer9) {
	fencing, symmetric := "enabled", "symmetric"
	if !c.FencingEnabled() {
		fencing = "disabled"
	}
	if !c.Symmetric() {
		symmetric = "asymmetric"
	}
	w.Line("STONITH of failed nodes %s", fencing)
	w.Line("Cluster is %s", symmetric)
	policy := map[string]string{"freeze": "Freeze resources", "ignore": "Ignore", "suicide": "Suicide",
		"demote": "Demote promotable resources and stop all other resources"}[c.QuorumPolicy()]
	w.Line("No quorum policy: %s", cmp.Or(policy, "Stop ALL resources"))
}

// operations9 is what was done with each resource on each node that is online.
func (m *monitor) operations9(c *pengine.Cluster, w *status.Writer9) {
	w.Begin("Operations")
	defer w.End()
	history, _ := historyXML(c)
	for node := range history.Each("node") {
		w.Begin("Node: %s", node.Get("name"))
		for rsc := range node.Each("resource_history") {
			title := rsc.ID() + ": migration-threshold=" + rsc.Get("migration-threshold")
			if rsc.Get("orphan") == "true" {
				title = rsc.ID() + ": orphan"
			}
			if v := rsc.Get("fail-count"); v != "" {
				title += " fail-count=" + v
			}
			if v := rsc.Get("last-failure"); v != "" {
				title += " last-failure='" + v + "'"
			}
			w.Begin("%s", title)
			for op := range rsc.Each("operation_history") {
				w.Line("%s", m.operation9(op))
			}
			w.End()
		}
		w.End()
	}
}

// operation9 is one operation, with its times if they were asked for.
func (m *monitor) operation9(op *xml.Node) string {
	line := "(" + op.Get("call") + ") " + op.Get("task")
	var more []string
	if v := op.Get("interval"); v != "" {
		more = append(more, `interval="`+v+`"`)
	}
	if m.timing {
		for _, name := range [...]string{"last-rc-change", "exec-time", "queue-time"} {
			if v := op.Get(name); v != "" {
				more = append(more, name+`="`+v+`"`)
			}
		}
		more = append(more, "rc="+op.Get("rc")+" ("+op.Get("rc_text")+")")
	}
	if len(more) > 0 {
		line += ": " + strings.Join(more, " ")
	}
	return line
}

// bansOf are the constraints that keep a resource from a node, the last one
// first, as far as their ids begin as was asked for.
func (m *monitor) bansOf(c *pengine.Cluster) []*xml.Node {
	list := slices.DeleteFunc(slices.Clone(bansXML(c).Children), func(b *xml.Node) bool { return !strings.HasPrefix(b.ID(), m.banPrefix) })
	slices.Reverse(list)
	return list
}

func (m *monitor) bans9(c *pengine.Cluster, w *status.Writer9) {
	w.Begin("Negative Location Constraints")
	defer w.End()
	for _, b := range m.bansOf(c) {
		role := ""
		if b.Get("promoted-only") == "true" {
			role = "in Promoted role "
		}
		w.Line("%s\tprevents %s from running %son %s", b.ID(), b.Get("resource"), role, b.Get("node"))
	}
}

// nodes9 lists the nodes, with what runs there if that was asked for.
func (m *monitor) nodes9(c *pengine.Cluster, w *status.Writer9) {
	w.Begin("Node List")
	if m.byNode {
		for _, n := range c.Nodes {
			if m.brief && len(n.Running) == 0 {
				continue
			}
			w.Begin("%s %s: %s", status.NodeTypeName(n), n.Name, status.NodeStatus7(n))
			w.Begin("Resources")
			if m.brief {
				w.Brief(n.Running, true, false)
			} else {
				for _, r := range n.Running {
					w.Primitive(runningEntry(r))
				}
			}
			w.End()
			w.End()
		}
	} else {
		w.Nodes(c)
	}
	w.End()
}

// resources9 lists the resources: all, or with the nodes only those that do not
// run.
func (m *monitor) resources9(c *pengine.Cluster, w *status.Writer9) {
	list := status.Entries(c, status.Options{Inactive: m.inactive, Pending: true})
	title, none := "Active Resources", "No active resources"
	switch {
	case m.byNode:
		title, none = "Inactive Resources", "No inactive resources"
		list = slices.DeleteFunc(list, func(e *status.Entry) bool { return e.R.Active(true) })
	case m.inactive:
		title, none = "Full List of Resources", "No resources"
	}
	w.Begin("%s", title)
	if len(list) == 0 {
		w.Line("%s", none)
	}
	if m.brief && !m.byNode {
		w.BriefResources(list, m.inactive)
	} else {
		w.Resources(list)
	}
	w.End()
}

func (m *monitor) tickets9(c *pengine.Cluster, w *status.Writer9) {
	w.Begin("Tickets")
	for _, id := range ticketNames(c) {
		t := c.Tickets[id]
		line := id + ": revoked"
		if t.Granted {
			line = id + ": granted"
		}
		if t.Standby {
			line += " [standby]"
		}
		if v := when(t.LastGranted); v != "" {
			line += ` last-granted="` + v + `"`
		}
		w.Line("%s", line)
	}
	w.End()
}

func (m *monitor) dc9(c *pengine.Cluster, w *status.Writer9) {
	if c.DC == nil {
		w.Line("Current DC: NONE")
		return
	}
	quorum := "WITHOUT quorum"
	if c.HaveQuorum() {
		quorum = "with quorum"
	}
	mixed := ""
	if mixedVersions(c) {
		mixed = "MIXED-VERSION "
	}
	version := c.Option("dc-version")
	if version == "" {
		version = "unknown"
	}
	w.Line("Current DC: %s (version %s) - %spartition %s", c.DC.Name, version, mixed, quorum)
}

func (m *monitor) migration9(c *pengine.Cluster, w *status.Writer9) {
	w.Begin("Migration Summary")
	for s := range c.CIB().Child("status").Each("node_state") {
		begun := false
		for rsc := range s.Descend("lrm", "lrm_resources").Each("lrm_resource") {
			count, last := failCount(s, rsc.ID())
			if count == 0 {
				continue
			}
			if !begun {
				w.Begin("Node: %s", s.Get("uname"))
				begun = true
			}
			line := fmt.Sprintf("%s: migration-threshold=%s fail-count=%d", rsc.ID(), threshold(c, rsc.ID()), count)
			if last != "" {
				line += " last-failure='" + last + "'"
			}
			w.Line("%s", line)
		}
		if begun {
			w.End()
		}
	}
	w.End()
}

func (m *monitor) attributes9(c *pengine.Cluster, w *status.Writer9) {
	w.Begin("Node Attributes")
	for _, n := range c.Nodes {
		names := shownAttributes(n, false)
		if len(names) == 0 {
			continue
		}
		w.Begin("Node: %s", n.Name)
		for _, name := range names {
			w.Line("%-32s\t: %-10s", name, n.Attrs[name])
		}
		w.End()
	}
	w.End()
}

func (m *monitor) failed9(c *pengine.Cluster, w *status.Writer9) {
	w.Begin("Failed Resource Actions")
	for _, op := range c.FailedOps {
		if !m.ids { // details are for those who ask for them
			w.Line("%s", failureInWords(op))
			continue
		}
		rc, _ := strconv.Atoi(op.Get("rc-code"))
		st := "complete"
		if s := op.Get("op-status"); s != "0" {
			st = statusText7(s)
		}
		rsc := cmp.Or(op.Get("operation_key"), op.ID())
		line := fmt.Sprintf("%s on %s '%s' (%d): call=%s, status='%s'", rsc, nodeOf(op), status.ResultText(rc), rc, op.Get("call-id"), st)
		if why := op.Get("exit-reason"); why != "" {
			line += ", exitreason='" + why + "'"
		}
		if t := when(op.Get("last-rc-change")); t != "" {
			line += ", last-rc-change='" + t + "'"
		}
		if when(op.Get("last-rc-change")) != "" {
			line += ", queued=" + zero(op.Get("queue-time")) + "ms, exec=" + zero(op.Get("exec-time")) + "ms"
		}
		w.Line("%s", line)
	}
	w.End()
}
