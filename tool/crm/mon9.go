package crm

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
)

// text9 prints the status as 2.1.5 does.
func (m *monitor) text9(c *pengine.Cluster) {
	w := &status.Writer9{W: m.env.Stdout, Fancy: true}
	space := func() { fmt.Fprintln(m.env.Stdout) }
	if !m.noHead {
		if m.file == "" {
			m.env.Printf("Status of pacemakerd: 'Pacemaker is running' (last updated %s)\n", time.Now().UTC().Format("2006-01-02 15:04:05Z"))
		}
		w.Begin("Cluster Summary")
		w.Line("Stack: %s", stack(c))
		m.dc9(c, w)
		w.Line("Last updated: %s", time.Now().Format(time.ANSIC))
		w.Line("Last change:  %s", lastChange(c.CIB()))
		n := c.Count()
		w.Line("%d node%s configured", len(c.Nodes), plural(len(c.Nodes)))
		switch {
		case n.Disabled > 0 && n.Blocked > 0:
			w.Line("%d resource instance%s configured (%d DISABLED, %d BLOCKED from further action due to failure)", n.Instances, plural(n.Instances), n.Disabled, n.Blocked)
		case n.Disabled > 0:
			w.Line("%d resource instance%s configured (%d DISABLED)", n.Instances, plural(n.Instances), n.Disabled)
		case n.Blocked > 0:
			w.Line("%d resource instance%s configured (%d BLOCKED from further action due to failure)", n.Instances, plural(n.Instances), n.Blocked)
		default:
			w.Line("%d resource instance%s configured", n.Instances, plural(n.Instances))
		}
		w.End()
		space()
		if c.MaintenanceMode() {
			m.env.Printf("              *** Resource management is DISABLED ***\n  The cluster will not attempt to start, stop or recover services\n\n")
		}
	}
	m.resources9(c, w)
	if m.attributes && len(attributesXML(c).Children) > 0 {
		space()
		m.attributes9(c, w)
	}
	if m.failcount {
		space()
		m.migration9(c, w)
	}
	if len(c.FailedOps) > 0 {
		space()
		m.failed9(c, w)
	}
	if m.tickets && len(c.Tickets) > 0 {
		space()
		m.tickets9(c, w)
	}
}

// resources9 lists nodes and resources, the ones below the others or apart.
func (m *monitor) resources9(c *pengine.Cluster, w *status.Writer9) {
	w.Begin("Node List")
	if m.byNode {
		for _, n := range c.Nodes {
			w.Begin("%s %s: %s", status.NodeTypeName(n), n.Name, status.NodeStatus7(n))
			w.Begin("Resources")
			for _, r := range n.Running {
				w.Primitive(runningEntry(r))
			}
			w.End()
			w.End()
		}
	} else {
		w.Nodes(c)
	}
	w.End()
	list := status.Entries(c, status.Options{Inactive: m.inactive, Pending: true})
	title, none := "Active Resources", "No active resources"
	switch {
	case m.byNode && !m.inactive:
		return
	case m.byNode:
		title, none = "Inactive Resources", "No inactive resources"
		list = slices.DeleteFunc(list, func(e *status.Entry) bool { return e.R.Active(true) })
	case m.inactive:
		title, none = "Full List of Resources", "No resources"
	}
	fmt.Fprintln(m.env.Stdout)
	w.Begin("%s", title)
	if len(list) == 0 {
		w.Line("%s", none)
	}
	w.Resources(list)
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
