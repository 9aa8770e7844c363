package status

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
)

// htmlList is a list of the page, for resources.
type htmlList struct{ open []*htmlNode }

func (l *htmlList) top() *htmlNode { return l.open[len(l.open)-1] }

func (l *htmlList) begin(format string, args ...any) {
	item := l.top().add("li", "", "")
	item.add("h3", "", fmt.Sprintf(format, args...))
	l.open = append(l.open, item.add("ul", "", ""))
}

func (l *htmlList) end() { l.open = l.open[:len(l.open)-1] }

func (l *htmlList) item(label string, words []string) {
	l.top().add("li", "", label+": [ "+strings.Join(words, " ")+" ]")
}

func (l *htmlList) primitive(e *entry) {
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
	l.top().add("li", "", "").add("span", class, e.textEL9())
}

// An htmlEL9 prints the status as crm_mon --output-as=html of 2.1.5 does: nodes,
// resources and failures in any case.
type htmlEL9 struct {
	silent
	w    io.Writer
	c    *pengine.Cluster
	v    *View
	body *htmlNode
}

func newHTMLEL9(w io.Writer, c *pengine.Cluster, v *View) Form {
	return &htmlEL9{w: w, c: c, v: v, body: &htmlNode{name: "body"}}
}

// section begins one.
func (h *htmlEL9) section(title string) *htmlList {
	h.body.add("h2", "", title)
	return &htmlList{open: []*htmlNode{h.body.add("ul", "", "")}}
}

func (h *htmlEL9) Header() {
	if h.v.shows(ShowSummary) {
		h.summary(h.section("Cluster Summary").top())
	}
}

func (h *htmlEL9) Footer() {
	var b strings.Builder
	h.body.write(&b)
	head := headEL9
	switch {
	case h.v.Page: // a browser shall look at it again and again
		head = strings.Replace(head, "<style>", fmt.Sprintf("<meta http-equiv=\"refresh\" content=\"%d\">\n<style>", int(h.v.Refresh.Seconds())), 1)
	case h.v.CGI:
		head = cgiHeader + head
	}
	fmt.Fprintf(h.w, "%s%s\n</html>\n", head, b.String())
}

func (h *htmlEL9) Nodes() {
	list := h.section("Node List")
	for _, n := range h.c.Nodes {
		if h.v.ByNode {
			htmlNodeResources(h.c, n, list)
		} else {
			li := list.top().add("li", "", "")
			li.add("span", "bold", n.Name+":")
			htmlNodeStatus(h.c, n, li)
		}
	}
}

func (h *htmlEL9) Resources() {
	list, title, none := resourceList(h.c, h.v, &wordsEL9, true)
	if title == "" {
		return
	}
	resources := h.section(title)
	if len(list) == 0 {
		resources.top().add("li", "", none)
	}
	writeResources(resources, list)
}

func (h *htmlEL9) Attributes() {
	all := wordsEL9.attributesIfAny(h.c)
	if len(all) == 0 {
		return
	}
	list := h.section("Node Attributes")
	for _, a := range all {
		list.begin("%s:", a.node)
		for _, name := range a.names {
			list.top().add("li", "", name+": "+a.of[name])
		}
		list.end()
	}
}

// Operations is how often they failed, and nothing else.
func (h *htmlEL9) Operations() {
	there := wordsEL9.historyThere(h.c)
	if !h.v.shows(ShowFailCounts) || len(there) == 0 {
		return
	}
	list := h.section("Migration Summary")
	for _, n := range only(there, (*record).failed) {
		list.begin("%s:", n.name)
		for _, r := range n.resources {
			list.top().add("li", "", fmt.Sprintf("%s: migration-threshold=%s fail-count=%d last-failure='%s'", r.id, r.threshold, r.failures, r.last))
		}
		list.end()
	}
}

func (h *htmlEL9) Failures() {
	failed := wordsEL9.failed(h.c)
	if len(failed) == 0 {
		return
	}
	ul := h.section("Failed Resource Actions").top()
	for _, op := range failed {
		ul.add("li", "", failureInWords(op))
	}
}

func (h *htmlEL9) summary(ul *htmlNode) {
	c := h.c
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
		dc.add("span", "", c.DC.Name+" (version "+version(c)+") -")
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
	pair("Last updated: ", h.v.Now.Format(time.ANSIC))
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
	l.begin("%s:", n.Name)
	defer l.end()
	li := l.top().add("li", "", "")
	li.add("span", "", "Status:")
	htmlNodeStatus(c, n, li)
	here := runningOn(n)
	if len(here) == 0 {
		return
	}
	list := &htmlList{open: []*htmlNode{li}}
	list.begin("Resources")
	for _, r := range here {
		list.primitive(runningEL9(r))
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
