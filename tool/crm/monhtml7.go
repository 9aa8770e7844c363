package crm

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// An html7 writes the status as an HTML page of 1.1.20. Tags of the original
// that do not match stay as they are: scripts read this page.
type html7 struct {
	w io.Writer
	m *monitor
	c *pengine.Cluster
}

func (h *html7) p(format string, args ...any) { fmt.Fprintf(h.w, format, args...) }

// head7 is the start of the page; seconds is how often a browser shall look again.
const head7 = `<html>
 <head>
  <title>Cluster status</title>
  <meta http-equiv="refresh" content="%d">
 </head>
<body>
`

// html7 writes the page.
func (m *monitor) html7(w io.Writer, c *pengine.Cluster) {
	h := &html7{w: w, m: m, c: c}
	if m.cgi {
		h.p("Content-Type: text/html\n\n")
	}
	h.p(head7, int(m.every().Seconds()))
	if !m.noHead {
		h.summary()
		h.rule()
	}
	h.nodes()
	h.resources()
	if m.attributes {
		h.attributes()
	}
	if m.ops || m.failcount {
		h.history()
	}
	if len(c.FailedOps) > 0 {
		h.failures()
	}
	if m.tickets {
		h.tickets()
	}
	if m.bans {
		h.bans()
	}
	h.p("</body>\n</html>\n")
}

func (h *html7) rule() { h.p(" <hr />\n") }

func (h *html7) summary() {
	c := h.c
	h.p(" <h2>Cluster Summary</h2>\n <p>\n <b>Stack:</b> %s<br/>\n", stack(c))
	if c.DC == nil {
		h.p(" <b>Current DC:</b> <font color=\"red\"><b>NONE</b></font><br/>\n")
	} else {
		quorum := "with"
		if !c.HaveQuorum() {
			quorum = `<font color="red"><b>WITHOUT</b></font>`
		}
		name, version := c.DC.Name, c.Option("dc-version")
		if h.m.ids {
			name += " (" + c.DC.ID + ")"
		}
		if version == "" {
			version = "unknown"
		}
		h.p(" <b>Current DC:</b> %s (version %s) - partition %s quorum<br/>\n", name, version, quorum)
	}
	h.p(" <b>Last updated:</b> %s<br/>\n <b>Last change:</b> %s<br/>\n", time.Now().Format(time.ANSIC), lastChange(c.CIB()))
	h.p(" %d node%s configured<br/>\n", len(c.Nodes), plural(len(c.Nodes)))
	n := counts7(c)
	h.p(" %d resource%s configured", n.Instances, plural(n.Instances))
	switch {
	case n.Disabled > 0 && n.Blocked > 0:
		h.p(" (%d <strong>DISABLED</strong>, %d <strong>BLOCKED</strong> from starting due to failure)", n.Disabled, n.Blocked)
	case n.Disabled > 0:
		h.p(" (%d <strong>DISABLED</strong>)", n.Disabled)
	case n.Blocked > 0:
		h.p(" (%d <strong>BLOCKED</strong> from starting due to failure)", n.Blocked)
	}
	h.p("<br/>\n </p>\n")
	h.options()
}

func (h *html7) options() {
	c := h.c
	word := func(b bool, yes, no string) string {
		if b {
			return yes
		}
		return no
	}
	policy := map[string]string{"freeze": "Freeze resources", "stop": "Stop ALL resources", "ignore": "Ignore",
		"suicide": "Suicide"}[c.QuorumPolicy()]
	h.p(" <h3>Config Options</h3>\n <table>\n")
	for _, row := range [][2]string{
		{"STONITH of failed nodes", word(c.FencingEnabled(), "enabled", "disabled")},
		{"Cluster is", word(c.Symmetric(), "symmetric", "asymmetric")},
		{"No Quorum Policy", policy},
		{"Resource management", word(c.MaintenanceMode(), "<strong>DISABLED</strong> (the cluster will not attempt to start, stop or recover services)", "enabled")},
	} {
		h.p("  <tr><th>%s</th><td>%s</td></tr>\n", row[0], row[1])
	}
	h.p("</table>\n <p>\n </p>\n")
}

// nodeWord7 is the state of a node and the colour it has. Unlike the text, the
// page does not tell whether a node is unclean.
func nodeWord7(n *pengine.Node) (word, colour string) {
	switch {
	case n.StandbyOnFail && n.Online:
		return "standby (on-fail)", "orange"
	case n.Standby && n.Online:
		return "standby", "orange"
	case n.Standby:
		return "OFFLINE (standby)", "red"
	case n.Maintenance && n.Online:
		return "maintenance", "blue"
	case n.Maintenance:
		return "OFFLINE (maintenance)", "red"
	case n.Online:
		return "online", "green"
	}
	return "OFFLINE", "red"
}

func (h *html7) nodes() {
	h.p(" <h2>Node List</h2>\n<ul>\n")
	for _, n := range h.c.Nodes {
		word, colour := nodeWord7(n)
		name := n.Name
		if h.m.ids {
			name += " (" + n.ID + ")"
		}
		h.p("<li>%s: %s: <font color=\"%s\">%s</font>\n", status.NodeTypeName(n), htmlText.Replace(name), colour, word)
		if h.m.byNode {
			h.p("<ul>\n")
			for _, r := range n.Running {
				h.p("<li>")
				h.primitive(runningEntry(r), false, "")
				h.p("</li>\n")
			}
			h.p("</ul>\n")
		}
		h.p("</li>\n")
	}
	h.p("</ul>\n")
}

func (h *html7) resources() {
	if h.m.byNode && !h.m.inactive {
		return
	}
	list := status.Entries(h.c, status.Options{Inactive: h.m.inactive, Pending: h.m.pending})
	title, none := "Active resources", "No active resources"
	switch {
	case h.m.byNode:
		title, none = "Inactive resources", "No inactive resources"
		list = slices.DeleteFunc(list, func(e *status.Entry) bool { return e.R.Active(true) })
	case h.m.inactive:
		title, none = "Full list of resources", "No resources"
	}
	h.rule()
	if len(list) == 0 {
		h.p(" <h2>%s</h2>\n", none)
		return
	}
	h.p(" <h2>%s</h2>\n", title)
	for _, e := range list {
		h.entry(e, "")
	}
}

// entry writes a resource and what is in it.
func (h *html7) entry(e *status.Entry, indent string) {
	if e.R.Kind == pengine.Primitive {
		h.primitive(e, true, indent)
		return
	}
	h.p("%s %s\n<ul>\n", indent, htmlText.Replace(e.Title7()))
	for _, child := range e.Children {
		h.p("<li>\n")
		h.entry(child, indent+"     ")
		h.p("</li>\n")
	}
	for _, l := range e.Lists7() {
		h.p("<li>%s     %s</li>\n", indent, htmlText.Replace(l))
	}
	h.p("</ul>\n")
}

func (h *html7) primitive(e *status.Entry, node bool, indent string) {
	colour := "green"
	switch r := e.R; {
	case !r.Managed:
		colour = "yellow"
	case r.Failed, r.Role == pengine.RoleStopped, len(r.Running) == 0:
		colour = "red"
	case len(r.Running) > 1:
		colour = "orange"
	case r.FailureIgnored:
		colour = "yellow"
	}
	h.p("<font color=\"%s\">%s%s </font> <br/>\n", colour, indent, htmlText.Replace(e.Text7(node)))
}

func (h *html7) attributes() {
	h.rule()
	h.p(" <h2>Node Attributes</h2>\n")
	for _, n := range h.c.Nodes {
		if !n.Online {
			continue
		}
		h.p("  <h3>Node: %s</h3>\n  <ul>\n", htmlText.Replace(n.Name))
		for _, name := range shownAttributes(n, true) {
			h.p("   <li>%s: %s</li>\n", htmlText.Replace(name), htmlText.Replace(n.Attrs[name]))
		}
		h.p("  </ul>\n")
	}
}

// history writes the operations, or only the fail counts, of each node. The
// original closes a list for each resource that has a history, opened or not.
func (h *html7) history() {
	h.rule()
	if h.m.ops {
		h.p(" <h2>Operations</h2>\n")
	} else {
		h.p(" <h2>Migration Summary</h2>\n")
	}
	for state := range h.c.CIB().Child("status").Each("node_state") {
		n := h.c.Node(state.Get("uname"))
		if n == nil || !n.Online {
			continue
		}
		h.p("  <h3>Node: %s</h3>\n  <ul>\n", htmlText.Replace(n.Name))
		for rsc := range state.Descend("lrm", "lrm_resources").Each("lrm_resource") {
			h.resourceHistory(state, rsc)
		}
		h.p("  </ul>\n")
	}
}

func (h *html7) resourceHistory(state, rsc *xml.Node) {
	ops := historyOps(rsc)
	count, last := failCount(state, rsc.ID())
	if count > 0 || h.m.ops && len(ops) > 0 {
		h.p("   <li>%s: migration-threshold=%s", htmlText.Replace(rsc.ID()), threshold(h.c, rsc.ID()))
		if count > 0 {
			h.p(" fail-count=%d", count)
			if last != "" {
				h.p(" last-failure=\"%s\"", last)
			}
		}
		h.p("\n    <ul>\n")
	}
	if h.m.ops {
		for _, op := range ops {
			h.operation(op)
		}
	}
	h.p("    </ul>\n   </li>\n")
}

func (h *html7) operation(op *xml.Node) {
	h.p("     <li>(%s) %s:", op.Get("call-id"), taskOf(op))
	recurring := op.Get("interval") != "0" && op.Get("interval") != ""
	if recurring {
		h.p(" interval=%sms", op.Get("interval"))
	}
	if h.m.timing {
		if t := when(op.Get("last-rc-change")); t != "" {
			h.p(" last-rc-change=\"%s\"", t)
			if !recurring {
				h.p(" last-run=\"%s\"", t)
			}
		}
		h.p(" exec-time=%sms queue-time=%sms", zero(op.Get("exec-time")), zero(op.Get("queue-time")))
	}
	rc, _ := strconv.Atoi(op.Get("rc-code"))
	h.p(" rc=%d (%s)</li>\n", rc, rcText7(rc))
}

func (h *html7) failures() {
	h.rule()
	h.p(" <h2>Failed Resource Actions</h2>\n <ul>\n")
	for _, op := range h.c.FailedOps {
		rc, _ := strconv.Atoi(op.Get("rc-code"))
		h.p("  <li>%s on %s '%s' (%d): call=%s, status=%s, exitreason='%s'", htmlText.Replace(op.Get("operation_key")), htmlText.Replace(nodeOf(op)), rcText7(rc), rc,
			op.Get("call-id"), statusOf(op), htmlText.Replace(op.Get("exit-reason")))
		if t := when(op.Get("last-rc-change")); t != "" {
			h.p(" last-rc-change='%s', queued=%sms, exec=%sms", t, zero(op.Get("queue-time")), zero(op.Get("exec-time")))
		}
		h.p("</li>\n")
	}
	h.p(" </ul>\n")
}

func (h *html7) tickets() {
	h.rule()
	h.p(" <h2>Tickets</h2>\n <ul>\n")
	for _, id := range ticketNames(h.c) {
		t := h.c.Tickets[id]
		words := []string{"revoked"}
		if t.Granted {
			words[0] = "granted"
		}
		if t.Standby {
			words = append(words, "[standby]")
		}
		if v := when(t.LastGranted); v != "" {
			words = append(words, `last-granted="`+v+`"`)
		}
		h.p("  <li>%s: %s</li>\n", htmlText.Replace(id), strings.Join(words, " "))
	}
	h.p(" </ul>\n")
}

func (h *html7) bans() {
	h.rule()
	h.p(" <h2>Negative Location Constraints</h2>\n <ul>\n")
	for _, ban := range bansXML(h.c).Children {
		only := ""
		if ban.Get("master_only") == "true" {
			only = " (Master role only)"
		}
		h.p("  <li>%s prevents %s from running %son %s</li>\n", htmlText.Replace(ban.ID()), htmlText.Replace(ban.Get("resource")), strings.TrimSpace(only), htmlText.Replace(ban.Get("node")))
	}
	h.p(" </ul>\n")
}
