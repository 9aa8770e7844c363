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

// htmlHead is all of a page above its body.
const htmlHead = `<!DOCTYPE html>
<html lang="en">
<head>
<title>Cluster Status</title>
<meta charset="utf-8">
<style>.bold { font-weight: bold }
.online { color: green }
.offline { color: red }
.maint { color: blue }
.standby { color: blue }
.health_red { color: red }
.health_yellow { color: GoldenRod }
.rsc-failed { color: red }
.rsc-failure-ignored { color: DarkGreen }
.rsc-managed { color: blue }
.rsc-multiple { color: orange }
.rsc-ok { color: green }
.warning { color: red; font-weight: bold }</style>
</head>
`

// An htmlNode is an element of the page.
type htmlNode struct {
	name, class, text string
	children          []*htmlNode
}

func (n *htmlNode) add(name, class, text string) *htmlNode {
	child := &htmlNode{name: name, class: class, text: text}
	n.children = append(n.children, child)
	return child
}

var htmlText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// write breaks lines where libxml2 does: inside blocks with several children
// and between blocks.
func (n *htmlNode) write(b *strings.Builder) {
	b.WriteString("<" + n.name)
	if n.class != "" {
		b.WriteString(` class="` + n.class + `"`)
	}
	b.WriteString(">" + htmlText.Replace(n.text))
	broken := n.name != "span" && len(n.children) > 1
	if broken {
		b.WriteString("\n")
	}
	for i, child := range n.children {
		child.write(b)
		if child.name != "span" && i+1 < len(n.children) {
			b.WriteString("\n")
		}
	}
	if broken {
		b.WriteString("\n")
	}
	b.WriteString("</" + n.name + ">")
}

// htmlList is a list of the page, for resources.
type htmlList struct{ open []*htmlNode }

func (l *htmlList) top() *htmlNode { return l.open[len(l.open)-1] }

func (l *htmlList) Begin(format string, args ...any) {
	item := l.top().add("li", "", "")
	item.add("h3", "", fmt.Sprintf(format, args...))
	l.open = append(l.open, item.add("ul", "", ""))
}

func (l *htmlList) End() { l.open = l.open[:len(l.open)-1] }

func (l *htmlList) Item(label string, words []string) {
	l.top().add("li", "", label+": [ "+strings.Join(words, " ")+" ]")
}

func (l *htmlList) Primitive(e *status.Entry) {
	class := "rsc-ok"
	switch r := e.R; {
	case !r.Managed:
		class = "rsc-managed"
	case r.Failed, len(r.Running) == 0:
		class = "rsc-failed"
	case len(r.Running) > 1:
		class = "rsc-multiple"
	case r.FailureIgnored:
		class = "rsc-failure-ignored"
	}
	l.top().add("li", "", "").add("span", class, e.Text9())
}

// html9 prints the status as crm_mon --output-as=html of 2.1.5 does.
func (m *monitor) html9(w io.Writer, c *pengine.Cluster) {
	body := &htmlNode{name: "body"}
	section := func(title string) *htmlList {
		body.add("h2", "", title)
		return &htmlList{open: []*htmlNode{body.add("ul", "", "")}}
	}
	if !m.noHead {
		htmlSummary(c, section("Cluster Summary").top())
	}
	nodes := section("Node List")
	for _, n := range c.Nodes {
		if m.byNode {
			htmlNodeResources(c, n, nodes)
		} else {
			li := nodes.top().add("li", "", "")
			li.add("span", "bold", n.Name+":")
			htmlNodeStatus(c, n, li)
		}
	}
	list := status.Entries(c, status.Options{Inactive: m.inactive, Pending: true})
	title, none := "Active Resources", "No active resources"
	switch {
	case m.byNode:
		title, none = "Inactive Resources", "No inactive resources"
		list = slices.DeleteFunc(list, func(e *status.Entry) bool { return e.R.Active(true) })
	case m.inactive:
		title, none = "Full List of Resources", "No resources"
	}
	if !m.byNode || m.inactive {
		resources := section(title)
		if len(list) == 0 {
			resources.top().add("li", "", none)
		}
		status.WriteResources(resources, list)
	}
	if m.attributes {
		m.htmlAttributes(c, section)
	}
	if m.failcount {
		m.htmlMigration(c, section)
	}
	if len(c.FailedOps) > 0 {
		ul := section("Failed Resource Actions").top()
		for _, op := range c.FailedOps {
			ul.add("li", "", failureInWords(op))
		}
	}
	var b strings.Builder
	body.write(&b)
	head := htmlHead
	if m.page != "" { // a page that a browser shall look at again and again
		head = strings.Replace(head, "<style>", fmt.Sprintf("<meta http-equiv=\"refresh\" content=\"%d\">\n<style>", int(m.every().Seconds())), 1)
	}
	fmt.Fprintf(w, "%s%s\n</html>\n", head, b.String())
}

func htmlSummary(c *pengine.Cluster, ul *htmlNode) {
	pair := func(label, text string) {
		li := ul.add("li", "", "")
		li.add("span", "bold", label)
		li.add("span", "", text)
	}
	pair("Stack: ", stack(c))
	dc := ul.add("li", "", "")
	dc.add("span", "bold", "Current DC: ")
	if c.DC == nil {
		dc.add("span", "warning", "NONE")
	} else {
		dc.add("span", "", c.DC.Name+" (version "+c.Option("dc-version")+") -")
		if mixedVersions(c) {
			dc.add("span", "warning", " MIXED-VERSION")
		}
		dc.add("span", "", " partition")
		if c.HaveQuorum() {
			dc.add("span", "", " with")
		} else {
			dc.add("span", "warning", " WITHOUT")
		}
		dc.add("span", "", " quorum")
	}
	pair("Last updated: ", time.Now().Format(time.ANSIC))
	pair("Last change: ", lastChange(c.CIB()))
	ul.add("li", "", "").add("span", "", fmt.Sprintf("%d node%s configured", len(c.Nodes), plural(len(c.Nodes))))
	n := c.Count()
	li := ul.add("li", "", "")
	text := fmt.Sprintf("%d resource instance%s configured", n.Instances, plural(n.Instances))
	switch {
	case n.Disabled > 0 && n.Blocked > 0:
		li.add("span", "", fmt.Sprintf("%s (%d ", text, n.Disabled))
		li.add("span", "bold", "DISABLED")
		li.add("span", "", fmt.Sprintf(", %d ", n.Blocked))
		li.add("span", "bold", "BLOCKED")
		li.add("span", "", " from further action due to failure)")
	case n.Disabled > 0:
		li.add("span", "", fmt.Sprintf("%s (%d ", text, n.Disabled))
		li.add("span", "bold", "DISABLED")
		li.add("span", "", ")")
	case n.Blocked > 0:
		li.add("span", "", fmt.Sprintf("%s (%d ", text, n.Blocked))
		li.add("span", "bold", "BLOCKED")
		li.add("span", "", " from further action due to failure)")
	default:
		li.add("span", "", text)
	}
}

// htmlNodeResources is a node with what runs on it.
func htmlNodeResources(c *pengine.Cluster, n *pengine.Node, l *htmlList) {
	l.Begin("%s:", n.Name)
	defer l.End()
	li := l.top().add("li", "", "")
	li.add("span", "", "Status:")
	htmlNodeStatus(c, n, li)
	if len(n.Running) == 0 {
		return
	}
	running := &htmlList{open: []*htmlNode{li}}
	running.Begin("Resources")
	for _, r := range n.Running {
		running.Primitive(runningEntry(r))
	}
}

func htmlNodeStatus(c *pengine.Cluster, n *pengine.Node, li *htmlNode) {
	if n.Online {
		li.add("span", "online", " online")
	} else {
		li.add("span", "offline", " OFFLINE")
	}
	if n.Standby || n.StandbyOnFail {
		text := " (in standby"
		switch busy := len(n.Running) > 0; {
		case n.StandbyOnFail && busy:
			text += " due to on-fail, with active resources"
		case n.StandbyOnFail:
			text += " due to on-fail"
		case busy:
			text += ", with active resources"
		}
		li.add("span", "standby", text+")")
	}
	if n.Maintenance {
		li.add("span", "maint", " (in maintenance mode)")
	}
	switch c.NodeHealth(n) {
	case 2:
		li.add("span", "health_red", " (health is RED)")
	case 1:
		li.add("span", "health_yellow", " (health is YELLOW)")
	}
}

func (m *monitor) htmlAttributes(c *pengine.Cluster, section func(string) *htmlList) {
	var list *htmlList
	for _, n := range c.Nodes {
		names := shownAttributes(n, false)
		if len(names) == 0 {
			continue
		}
		if list == nil {
			list = section("Node Attributes")
		}
		list.Begin("%s:", n.Name)
		for _, name := range names {
			list.top().add("li", "", name+": "+n.Attrs[name])
		}
		list.End()
	}
}

func (m *monitor) htmlMigration(c *pengine.Cluster, section func(string) *htmlList) {
	var list *htmlList
	for s := range c.CIB().Child("status").Each("node_state") {
		n := c.Node(s.Get("uname"))
		if n == nil || !n.Online {
			continue
		}
		if list == nil {
			list = section("Migration Summary")
		}
		begun := false
		for rsc := range s.Descend("lrm", "lrm_resources").Each("lrm_resource") {
			count, last := failCount(s, rsc.ID())
			if count == 0 {
				continue
			}
			if !begun {
				list.Begin("%s:", n.Name)
				begun = true
			}
			list.top().add("li", "", fmt.Sprintf("%s: migration-threshold=%s fail-count=%d last-failure='%s'", rsc.ID(), threshold(c, rsc.ID()), count, last))
		}
		if begun {
			list.End()
		}
	}
}

// failureInWords is a failed operation as a sentence.
func failureInWords(op *xml.Node) string {
	task := taskOf(op)
	rsc, _, _ := strings.Cut(op.Get("operation_key"), "_"+op.Get("operation")+"_")
	if v := op.Get("interval"); v != "" && v != "0" {
		task = readable(v) + "-interval " + task
	}
	rc, _ := strconv.Atoi(op.Get("rc-code"))
	text := fmt.Sprintf("%s %s on %s ", rsc, task, nodeOf(op))
	why := op.Get("exit-reason")
	if op.Get("op-status") == "0" {
		text += "returned '" + status.ResultText(rc) + "'"
		if why != "" {
			text += " (" + why + ")"
		}
	} else {
		text += "could not be executed (" + statusOf(op)
		if why != "" {
			text += ": " + why
		}
		text += ")"
	}
	if t := when(op.Get("last-rc-change")); t != "" {
		text += " at " + t
	}
	if v := op.Get("exec-time"); v != "" && v != "0" {
		text += " after " + readable(v)
	}
	return text
}

// readable is a time span in words: days to milliseconds.
func readable(ms string) string {
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil || n <= 0 {
		return "0s"
	}
	var b strings.Builder
	for _, u := range [...]struct {
		ms   int64
		unit string
	}{{24 * 3600_000, "d"}, {3600_000, "h"}, {60_000, "m"}} {
		if v := n / u.ms; v > 0 {
			fmt.Fprintf(&b, "%d%s", v, u.unit)
			n %= u.ms
		}
	}
	switch {
	case n >= 1000 && n%1000 != 0:
		fmt.Fprintf(&b, "%d.%03ds", n/1000, n%1000)
	case n >= 1000:
		fmt.Fprintf(&b, "%ds", n/1000)
	case n > 0:
		fmt.Fprintf(&b, "%dms", n)
	}
	return b.String()
}
