package status

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// An htmlEL7 prints the status as an HTML page of 1.1.20. Tags of the original
// that do not match stay as they are: scripts read this page.
type htmlEL7 struct {
	silent
	w io.Writer
	c *pengine.Cluster
	v *View
}

func newHTMLEL7(w io.Writer, c *pengine.Cluster, v *View) Form {
	return &htmlEL7{w: w, c: c, v: v}
}

func (h *htmlEL7) p(format string, args ...any) { fmt.Fprintf(h.w, format, args...) }

// title begins a section that has a line above it.
func (h *htmlEL7) title(text string) { h.p(" <hr />\n <h2>%s</h2>\n", text) }

// headEL7 is the start of the page; the number is how often a browser shall look
// again, in seconds.
const headEL7 = `<html>
 <head>
  <title>Cluster status</title>
  <meta http-equiv="refresh" content="%d">
 </head>
<body>
`

func (h *htmlEL7) Header() {
	if h.v.CGI {
		h.p(cgiHeader)
	}
	h.p(headEL7, int(h.v.Refresh.Seconds()))
	if h.v.shows(ShowSummary) {
		h.summary()
		h.p(" <hr />\n")
	}
}

func (h *htmlEL7) Footer() { h.p("</body>\n</html>\n") }

func (h *htmlEL7) summary() {
	c := h.c
	h.p(" <h2>Cluster Summary</h2>\n <p>\n <b>Stack:</b> %s<br/>\n", stack(c))
	if c.DC == nil {
		h.p(" <b>Current DC:</b> <font color=\"red\"><b>NONE</b></font><br/>\n")
	} else {
		quorum := choose(c.HaveQuorum(), "with", `<font color="red"><b>WITHOUT</b></font>`)
		name := c.DC.Name
		if h.v.Detail {
			name += " (" + c.DC.ID + ")"
		}
		h.p(" <b>Current DC:</b> %s (version %s) - partition %s quorum<br/>\n", name, version(c), quorum)
	}
	h.p(" <b>Last updated:</b> %s<br/>\n <b>Last change:</b> %s<br/>\n", h.v.Now.Format(time.ANSIC), lastChange(c.CIB()))
	h.p(" %d node%s configured<br/>\n", len(c.Nodes), plural(len(c.Nodes)))
	n := countEL7(c)
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

func (h *htmlEL7) options() {
	c := h.c
	policy := map[string]string{"freeze": "Freeze resources", "stop": "Stop ALL resources", "ignore": "Ignore",
		"suicide": "Suicide"}[c.QuorumPolicy()]
	h.p(" <h3>Config Options</h3>\n <table>\n")
	for _, row := range [][2]string{
		{"STONITH of failed nodes", fencingWord(c)},
		{"Cluster is", symmetryWord(c)},
		{"No Quorum Policy", policy},
		{"Resource management", choose(c.MaintenanceMode(), "<strong>DISABLED</strong> (the cluster will not attempt to start, stop or recover services)", "enabled")},
	} {
		h.p("  <tr><th>%s</th><td>%s</td></tr>\n", row[0], row[1])
	}
	h.p("</table>\n <p>\n </p>\n")
}

// nodeWordEL7 is the state of a node and the colour it has. Unlike the text, the
// page does not tell whether a node is unclean.
func nodeWordEL7(n *pengine.Node) (word, colour string) {
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

func (h *htmlEL7) Nodes() {
	h.p(" <h2>Node List</h2>\n<ul>\n")
	for _, n := range h.c.Nodes {
		word, colour := nodeWordEL7(n)
		name := n.Name
		if h.v.Detail {
			name += " (" + n.ID + ")"
		}
		h.p("<li>%s: %s: <font color=\"%s\">%s</font>\n", nodeTypeName(n), escape(name), colour, word)
		if h.v.ByNode {
			h.p("<ul>\n")
			for _, r := range n.Running {
				h.p("<li>")
				h.primitive(running(r), false, "")
				h.p("</li>\n")
			}
			h.p("</ul>\n")
		}
		h.p("</li>\n")
	}
	h.p("</ul>\n")
}

func (h *htmlEL7) Resources() {
	list, title, none := resourceList(h.c, h.v, &wordsEL7, h.v.Pending)
	switch {
	case title == "":
		return
	case len(list) == 0:
		title = none
	}
	h.title(title)
	for _, e := range list {
		h.entry(e, "")
	}
}

// entry writes a resource and what is in it.
func (h *htmlEL7) entry(e *entry, indent string) {
	if e.R.Kind == pengine.Primitive {
		h.primitive(e, true, indent)
		return
	}
	h.p("%s %s\n<ul>\n", indent, escape(e.titleEL7()))
	for _, child := range e.Children {
		h.p("<li>\n")
		h.entry(child, indent+"     ")
		h.p("</li>\n")
	}
	for _, l := range e.listsEL7() {
		h.p("<li>%s     %s</li>\n", indent, escape(l))
	}
	h.p("</ul>\n")
}

func (h *htmlEL7) primitive(e *entry, node bool, indent string) {
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
	h.p("<font color=\"%s\">%s%s </font> <br/>\n", colour, indent, escape(e.textEL7(node)))
}

func (h *htmlEL7) Attributes() {
	h.title("Node Attributes")
	for _, a := range wordsEL7.attributes(h.c) {
		h.p("  <h3>Node: %s</h3>\n  <ul>\n", escape(a.node))
		for _, name := range a.names {
			h.p("   <li>%s: %s</li>\n", escape(name), escape(a.of[name]))
		}
		h.p("  </ul>\n")
	}
}

// Operations writes the operations, or only the fail counts, of each node. The
// original closes a list for each resource that has a history, opened or not.
func (h *htmlEL7) Operations() {
	h.title(choose(h.v.shows(ShowOperations), "Operations", "Migration Summary"))
	for _, n := range wordsEL7.historyThere(h.c) {
		h.p("  <h3>Node: %s</h3>\n  <ul>\n", escape(n.name))
		for _, r := range n.resources {
			h.record(&r)
		}
		h.p("  </ul>\n")
	}
}

func (h *htmlEL7) record(r *record) {
	var ops []*xml.Element
	if h.v.shows(ShowOperations) {
		ops = r.operations()
	}
	if r.failures > 0 || len(ops) > 0 {
		h.p("   <li>%s: migration-threshold=%s", escape(r.id), r.threshold)
		if r.failures > 0 {
			h.p(" fail-count=%d", r.failures)
			if r.last != "" {
				h.p(" last-failure=\"%s\"", r.last)
			}
		}
		h.p("\n    <ul>\n")
	}
	for _, op := range ops {
		h.p("     <li>(%s) %s:%s rc=%d (%s)</li>\n", op.Get("call-id"), taskOf(op), timesEL7(op, h.v.Timing, "\""), rcOf(op), wordsEL7.result(rcOf(op)))
	}
	h.p("    </ul>\n   </li>\n")
}

func (h *htmlEL7) Failures() {
	if len(h.c.FailedOps) == 0 {
		return
	}
	h.title("Failed Resource Actions")
	h.p(" <ul>\n")
	for _, op := range h.c.FailedOps {
		h.p("  <li>%s on %s '%s' (%d): call=%s, status=%s, exitreason='%s'", escape(op.Get("operation_key")), escape(nodeOf(op)), wordsEL7.result(rcOf(op)), rcOf(op),
			op.Get("call-id"), opStatus(op), escape(op.Get("exit-reason")))
		if at := changed(op); at != "" {
			h.p(" last-rc-change='%s', queued=%sms, exec=%sms", at, zero(op.Get("queue-time")), zero(op.Get("exec-time")))
		}
		h.p("</li>\n")
	}
	h.p(" </ul>\n")
}

func (h *htmlEL7) Tickets() {
	h.title("Tickets")
	h.p(" <ul>\n")
	for _, k := range tickets(h.c) {
		words := []string{k.state}
		if k.standby {
			words = append(words, "[standby]")
		}
		if k.last != "" {
			words = append(words, `last-granted="`+k.last+`"`)
		}
		h.p("  <li>%s: %s</li>\n", escape(k.id), strings.Join(words, " "))
	}
	h.p(" </ul>\n")
}

func (h *htmlEL7) Bans() {
	h.title("Negative Location Constraints")
	h.p(" <ul>\n")
	for _, b := range bans(h.c) {
		h.p("  <li>%s prevents %s from running %son %s</li>\n", escape(b.id), escape(b.resource), choose(b.promoted, "(Master role only)", ""), escape(b.node))
	}
	h.p(" </ul>\n")
}
