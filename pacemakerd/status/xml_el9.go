package status

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// apiVersion is the version of the XML that the tools of 2.1.5 print.
const apiVersion = "2.25"

// ResultEL9 is the element that everything is in that a tool of 2.1.5 prints as
// XML; request is its command line.
func ResultEL9(request string) *xml.Element {
	return xml.New("pacemaker-result", "api-version", apiVersion, "request", request)
}

// An xmlEL9 prints the status as crm_mon --output-as=xml of 2.1.5 does: every
// section, whatever else was asked for, that has something in it.
type xmlEL9 struct {
	silent
	w    io.Writer
	c    *pengine.Cluster
	v    *View
	root *xml.Element
}

func newXMLEL9(w io.Writer, c *pengine.Cluster, v *View) Form {
	return &xmlEL9{w: w, c: c, v: v, root: ResultEL9(v.Request)}
}

// add adds a section that has something in it.
func (x *xmlEL9) add(e *xml.Element) {
	if len(e.Children) > 0 {
		x.root.Append(e)
	}
}

func (x *xmlEL9) Header() {
	c := x.c
	e := x.root.Append(xml.New("summary"))
	e.Append(xml.New("stack", "type", stack(c)))
	dc := dcPairs(c)
	if c.DC != nil {
		dc = append(dc, "mixed_version", yes(mixedVersions(c)))
	}
	e.Append(xml.New("current_dc", dc...))
	e.Append(xml.New("last_update", "time", x.v.Now.Format(time.ANSIC)))
	e.Append(xml.New("last_change", lastChangePairs(c.CIB())...))
	e.Append(xml.New("nodes_configured", "number", strconv.Itoa(len(c.Nodes))))
	e.Append(xml.New("resources_configured", countPairs(c.Count())...))
	e.Append(xml.New("cluster_options", append(optionPairs(c), "stop-all-resources", yes(c.StopAll()),
		"stonith-timeout-ms", c.Milliseconds("stonith-timeout", "60s"), "priority-fencing-delay-ms", c.Milliseconds("priority-fencing-delay", "0"))...))
}

func (x *xmlEL9) Footer() {
	x.root.Append(xml.New("status", "code", "0", "message", "OK"))
	fmt.Fprintf(x.w, "%s", x.root.Format())
}

func (x *xmlEL9) Nodes() { x.root.Append(nodesEL9(x.c)) }

// nodesEL9 are the nodes.
func nodesEL9(c *pengine.Cluster) *xml.Element {
	e := xml.New("nodes")
	for _, n := range c.Nodes {
		p := append(nodeStatePairs(n), "health", [...]string{"green", "yellow", "red"}[c.NodeHealth(n)])
		if n.Online && n.Kind == pengine.Member {
			p = append(p, "feature_set", cmp.Or(n.Attrs["#feature-set"], "<3.15.1")) // the first one to tell its own
		}
		e.Append(xml.New("node", append(p, nodeUsePairs(n)...)...))
	}
	return e
}

// Resources are all there are, whichever were asked for.
func (x *xmlEL9) Resources() { x.add(resourcesEL9(x.c, true)) }

// resourcesEL9 are the resources, pending ones with what is under way.
func resourcesEL9(c *pengine.Cluster, pending bool) *xml.Element {
	e := xml.New("resources")
	for _, r := range c.Resources {
		active := r.Active(false)
		if r.Orphan && !active || active && len(r.Running) == 0 { // it is not known where
			continue
		}
		e.Append(resourceEL9(c, r, pending))
	}
	return e
}

// resourceEL9 is a resource with everything in it, also what runs nowhere.
func resourceEL9(c *pengine.Cluster, r *pengine.Resource, pending bool) *xml.Element {
	var e *xml.Element
	children := r.Children
	switch r.Kind {
	case pengine.Primitive:
		return primitiveEL9(c, r, pending)
	case pengine.Group:
		e = xml.New("group", "id", r.ID, "number_resources", strconv.Itoa(len(r.Children)), "managed", yes(r.Managed), "disabled", yes(r.Disabled()))
	case pengine.Clone:
		e = cloneEL9(r)
		children = slices.Clone(children)
		slices.SortStableFunc(children, func(a, b *pengine.Resource) int {
			x, _ := strconv.Atoi(a.Number())
			y, _ := strconv.Atoi(b.Number())
			return cmp.Compare(x, y)
		})
	case pengine.Bundle:
		e = xml.New("bundle", bundlePairs(r)...)
		for i, rep := range r.Bundle.Replicas {
			x := e.Append(xml.New("replica", "id", strconv.Itoa(i)))
			for _, part := range replicaParts(rep) {
				x.Append(primitiveEL9(c, part, pending))
			}
		}
		return e
	}
	for _, child := range children {
		e.Append(resourceEL9(c, child, pending))
	}
	return e
}

func cloneEL9(r *pengine.Resource) *xml.Element {
	e := xml.New("clone", "id", r.ID, "multi_state", yes(r.Promotable), "unique", yes(r.Unique), "managed", yes(r.Managed),
		"disabled", yes(r.Disabled()), "failed", yes(r.Failed), "failure_ignored", yes(r.FailureIgnored))
	v := r.Meta["target-role"]
	if v == "" && len(r.Children) > 0 {
		v = r.Children[0].Meta["target-role"]
	}
	if v != "" {
		e.Set("target_role", v)
	}
	return e
}

func primitiveEL9(c *pengine.Cluster, r *pengine.Resource, pending bool) *xml.Element {
	e := xml.New("resource", wordsEL9.primitivePairs(c, r, pending)...)
	for _, n := range r.Running {
		e.Append(xml.New("node", "name", n.Name, "id", n.ID, "cached", yes(n.Online)))
	}
	return e
}

func (x *xmlEL9) Attributes() { x.add(attributesEL9(x.c)) }

// attributesEL9 are the attributes of the nodes.
func attributesEL9(c *pengine.Cluster) *xml.Element {
	e := xml.New("node_attributes")
	for _, a := range wordsEL9.attributesIfAny(c) {
		node := e.Append(xml.New("node", "name", a.node))
		for _, name := range a.names {
			e := node.Append(xml.New("attribute", "name", name, "value", a.of[name]))
			if expected, ok := connectivity(c, a.node, name); ok {
				e.Set("expected", strconv.Itoa(expected))
			}
		}
	}
	return e
}

// Operations is the history of the nodes that are there, if any is.
func (x *xmlEL9) Operations() {
	there := wordsEL9.historyThere(x.c)
	if len(there) == 0 {
		return
	}
	e := x.root.Append(xml.New("node_history"))
	for _, h := range only(there, (*record).done) {
		node := e.Append(xml.New("node", "name", h.name))
		for _, r := range h.resources {
			node.Append(recordEL9(&r))
		}
	}
}

func recordEL9(r *record) *xml.Element {
	e := xml.New("resource_history", r.pairs(strconv.Itoa)...)
	for _, op := range r.operations() {
		p := pairs{"call", op.Get("call-id"), "task", taskOf(op), "rc", strconv.Itoa(pastRC(op)), "rc_text", wordsEL9.result(pastRC(op))}
		if recurring(op) {
			p = append(p, "interval", op.Get("interval")+"ms")
		}
		if at := changed(op); at != "" {
			p = append(p, "last-rc-change", at)
		}
		e.Append(xml.New("operation_history", append(p, spanPairs(op)...)...))
	}
	return e
}

func (x *xmlEL9) Failures() { x.add(failuresEL9(x.c)) }

// failuresEL9 are the operations that failed.
func failuresEL9(c *pengine.Cluster) *xml.Element {
	e := xml.New("failures")
	for _, op := range wordsEL9.failed(c) {
		reason, told := op.Lookup("exit-reason")
		if !told {
			reason = "none"
		}
		at := ""
		if sec, err := strconv.ParseInt(op.Get("last-rc-change"), 10, 64); err == nil && sec != 0 {
			at = time.Unix(sec, 0).Format("2006-01-02 15:04:05Z07:00")
		}
		e.Append(xml.New("failure", wordsEL9.failurePairs(op, reason, at)...))
	}
	return e
}

func (x *xmlEL9) Tickets() {
	e := xml.New("tickets")
	for _, k := range tickets(x.c) {
		e.Append(xml.New("ticket", k.pairs()...))
	}
	x.add(e)
}

func (x *xmlEL9) Bans() {
	e := xml.New("bans")
	for _, b := range bans(x.c) {
		e.Append(xml.New("ban", append(b.pairs(), "promoted-only", yes(b.promoted), "master_only", yes(b.promoted))...))
	}
	x.add(e)
}
