package status

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// An xmlEL7 prints the status as crm_mon --as-xml of 1.1.20 does: every section,
// whatever else was asked for, with its spacing, which is not quite regular.
type xmlEL7 struct {
	w io.Writer
	c *pengine.Cluster
	v *View
}

func newXMLEL7(w io.Writer, c *pengine.Cluster, v *View) Form { return &xmlEL7{w, c, v} }

func (x *xmlEL7) line(indent int, text string) { fmt.Fprintf(x.w, "%*s%s\n", indent, "", text) }

// tag is a start tag without its end.
func tag(name string, p pairs) string {
	var b strings.Builder
	b.WriteString("<" + name)
	for i := 0; i+1 < len(p); i += 2 {
		b.WriteString(" " + p[i] + `="` + string(xml.AppendEscaped(nil, p[i+1])) + `"`)
	}
	return b.String()
}

func (x *xmlEL7) empty(indent int, name string, p pairs) { x.line(indent, tag(name, p)+" />") }

func (x *xmlEL7) open(indent int, name string, p pairs) { x.line(indent, tag(name, p)+">") }

// wide writes a start tag as those of resources are written, with a blank at
// its end.
func (x *xmlEL7) wide(indent int, name string, p pairs) { x.line(indent, tag(name, p)+" >") }

func (x *xmlEL7) close(indent int, name string) { x.line(indent, "</"+name+">") }

// section writes an element below the root and what fill writes into it.
func (x *xmlEL7) section(name string, fill func()) {
	x.open(4, name, nil)
	fill()
	x.close(4, name)
}

func (x *xmlEL7) Header() {
	x.line(0, `<?xml version="1.0"?>`)
	x.line(0, `<crm_mon version="1.1.20">`)
	c := x.c
	x.section("summary", func() {
		x.empty(8, "stack", pairs{"type", stack(c)})
		x.empty(8, "current_dc", dcPairs(c))
		x.empty(8, "last_update", pairs{"time", x.v.Now.Format(time.ANSIC)})
		x.empty(8, "last_change", lastChangePairs(c.CIB()))
		x.empty(8, "nodes_configured", pairs{"number", strconv.Itoa(len(c.Nodes)), "expected_votes", cmp.Or(c.Option("expected-quorum-votes"), "unknown")})
		x.empty(8, "resources_configured", countPairs(countEL7(c)))
		x.empty(8, "cluster_options", optionPairs(c))
	})
}

func (x *xmlEL7) Footer() { x.close(0, "crm_mon") }

func (x *xmlEL7) Nodes() {
	x.section("nodes", func() {
		for _, n := range x.c.Nodes {
			p := append(nodeStatePairs(n), nodeUsePairs(n)...)
			if !x.v.ByNode {
				x.empty(8, "node", p)
				continue
			}
			x.open(8, "node", p)
			for _, r := range n.Running {
				x.primitive(12, r)
			}
			x.close(8, "node")
		}
	})
}

func (x *xmlEL7) Resources() {
	var list []*pengine.Resource
	for _, r := range x.c.Resources {
		if active := r.Active(false); active || x.v.Inactive && !r.Orphan {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		x.line(4, "<resources/>")
		return
	}
	x.section("resources", func() {
		for _, r := range list {
			x.resource(8, r)
		}
	})
}

func (x *xmlEL7) resource(indent int, r *pengine.Resource) {
	switch r.Kind {
	case pengine.Primitive:
		x.primitive(indent, r)
	case pengine.Group:
		x.wide(indent, "group", pairs{"id", r.ID, "number_resources", strconv.Itoa(len(r.Children))})
		for _, member := range r.Children {
			x.resource(indent+5, member)
		}
		x.close(indent, "group")
	case pengine.Clone:
		x.wide(indent, "clone", pairs{"id", r.ID, "multi_state", yes(r.Promotable), "unique", yes(r.Unique), "managed", yes(r.Managed),
			"failed", yes(r.Failed), "failure_ignored", yes(r.FailureIgnored)})
		for _, inst := range r.Children {
			if !inst.Orphan || inst.Active(false) {
				x.resource(indent+4, inst)
			}
		}
		x.close(indent, "clone")
	case pengine.Bundle:
		x.wide(indent, "bundle", bundlePairs(r))
		for i, rep := range r.Bundle.Replicas {
			x.open(indent+4, "replica", pairs{"id", strconv.Itoa(i)})
			for _, part := range replicaParts(rep) {
				x.primitive(indent+8, part)
			}
			x.close(indent+4, "replica")
		}
		x.close(indent, "bundle")
	}
}

func (x *xmlEL7) primitive(indent int, r *pengine.Resource) {
	p := wordsEL7.primitivePairs(x.c, r, true)
	if len(r.Running) == 0 {
		x.empty(indent, "resource", p)
		return
	}
	x.wide(indent, "resource", p)
	for _, n := range r.Running {
		x.line(indent+4, tag("node", pairs{"name", n.Name, "id", n.ID, "cached", yes(!n.Online)})+"/>")
	}
	x.close(indent, "resource")
}

func (x *xmlEL7) Attributes() {
	x.section("node_attributes", func() {
		for _, a := range wordsEL7.attributes(x.c) {
			x.open(8, "node", pairs{"name", a.node})
			for _, name := range a.names {
				x.empty(12, "attribute", pairs{"name", name, "value", a.of[name]})
			}
			x.close(8, "node")
		}
	})
}

func (x *xmlEL7) Operations() {
	x.section("node_history", func() {
		for _, h := range wordsEL7.historyThere(x.c) {
			x.open(8, "node", pairs{"name", h.name})
			for _, r := range h.resources {
				x.record(&r)
			}
			x.close(8, "node")
		}
	})
}

func (x *xmlEL7) record(r *record) {
	ops := r.operations()
	if len(ops) == 0 {
		return
	}
	x.open(12, "resource_history", r.pairs(strconv.Itoa))
	for _, op := range ops {
		p := pairs{"call", op.Get("call-id"), "task", taskOf(op)}
		if recurring(op) {
			p = append(p, "interval", op.Get("interval")+"ms")
		}
		at := changed(op)
		if at != "" {
			p = append(p, "last-rc-change", at)
		}
		if at = cmp.Or(when(op.Get("last-run")), at); at != "" && !recurring(op) {
			p = append(p, "last-run", at)
		}
		p = append(p, spanPairs(op)...)
		x.empty(16, "operation_history", append(p, "rc", strconv.Itoa(rcOf(op)), "rc_text", wordsEL7.result(rcOf(op))))
	}
	x.close(12, "resource_history")
}

func (x *xmlEL7) Failures() {
	if len(x.c.FailedOps) == 0 {
		return
	}
	x.section("failures", func() {
		for _, op := range x.c.FailedOps {
			x.empty(8, "failure", wordsEL7.failurePairs(op, op.Get("exit-reason"), changed(op)))
		}
	})
}

// Fencing has nothing in it: the history of fencing comes from the fencer, and
// only the CIB is asked for.
func (x *xmlEL7) Fencing() {
	if x.v.Live {
		x.section("fence_history", func() {})
	}
}

func (x *xmlEL7) Tickets() {
	x.section("tickets", func() {
		for _, k := range tickets(x.c) {
			x.empty(8, "ticket", k.pairs())
		}
	})
}

func (x *xmlEL7) Bans() {
	x.section("bans", func() {
		for _, b := range bans(x.c) {
			x.empty(8, "ban", append(b.pairs(), "master_only", yes(b.promoted)))
		}
	})
}
