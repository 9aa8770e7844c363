package status

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine/simulate"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A simXMLEL9 prints a simulation as crm_simulate --output-as=xml of 2.1.5 does,
// whatever became of it.
type simXMLEL9 struct {
	silentSimulation
	w       io.Writer
	v       *SimulationView
	root    *xml.Element
	timings *xml.Element // if there are any
	mods    *xml.Element
}

func newSimXMLEL9(w io.Writer, v *SimulationView) SimulationForm {
	return &simXMLEL9{w: w, v: v, root: ResultEL9(v.Request)}
}

func (x *simXMLEL9) Timing(file string, took time.Duration) {
	if x.timings == nil {
		x.timings = x.root.Append(xml.New("timings"))
	}
	x.timings.Append(xml.New("timing", "file", file, "duration", strconv.FormatFloat(took.Seconds(), 'f', 6, 64)))
}

// End prints the result with what the tool exits with, and the lines of what
// went wrong.
func (x *simXMLEL9) End(with Ending) {
	status := x.root.Append(xml.New("status", "code", strconv.Itoa(with.Code), "message", with.Text))
	if with.Trouble != "" {
		errors := status.Append(xml.New("errors"))
		for line := range strings.Lines(with.Trouble) {
			e := errors.Append(xml.New("error"))
			e.Text = strings.TrimSuffix(line, "\n")
		}
	}
	fmt.Fprintf(x.w, "%s", x.root.Format())
}

func (x *simXMLEL9) Before(c *pengine.Cluster) { x.status(c, "cluster_status", true) }

func (x *simXMLEL9) After(c *pengine.Cluster) {
	x.status(c, "revised_cluster_status", false) // nothing is under way any more
}

// status is one of the two states of the cluster, with the sections that a
// status has, too.
func (x *simXMLEL9) status(c *pengine.Cluster, name string, pending bool) {
	e := x.root.Append(xml.New(name))
	e.Append(nodesEL9(c))
	e.Append(resourcesEL9(c, pending))
	if attrs := attributesEL9(c); x.v.Attributes && len(attrs.Children) > 0 {
		e.Append(attrs)
	}
	if x.v.FailCounts {
		e.Append(failCountsEL9(c))
		if failed := failuresEL9(c); len(failed.Children) > 0 {
			e.Append(failed)
		}
	}
}

// failCountsEL9 is the history of the nodes as far as something failed.
func failCountsEL9(c *pengine.Cluster) *xml.Element {
	e := xml.New("node_history")
	for _, h := range wordsEL9.failings(c) {
		node := e.Append(xml.New("node", "name", h.name))
		for _, r := range h.resources {
			node.Append(xml.New("resource_history", r.pairs(rules.FormatScore)...))
		}
	}
	return e
}

func (x *simXMLEL9) Modifications() { x.mods = x.root.Append(xml.New("modifications")) }

func (x *simXMLEL9) Modified(m Modification) {
	if m.XML.Name != "" {
		x.mods.Append(m.XML)
		return
	}
	for _, a := range m.XML.Attrs {
		x.mods.Set(a.Name, a.Value)
	}
}

// Scores is what the planner noted of scores and of room on the nodes.
func (x *simXMLEL9) Scores(r *pengine.Transition) {
	name := "allocations_utilizations"
	switch {
	case !x.v.Scores && !x.v.Utilization:
		return
	case !x.v.Utilization:
		name = "allocations"
	case !x.v.Scores:
		name = "utilizations"
	}
	e := x.root.Append(xml.New(name))
	for _, l := range r.Scores {
		switch score := rules.FormatScore(l.Score); {
		case l.Room:
			room := xml.New("capacity", "node", l.Node, "comment", l.Step)
			if l.Resource != "" {
				room = xml.New("utilization", "resource", l.Resource, "node", l.Node, "function", l.Step)
			}
			for _, a := range l.Amounts {
				room.Append(xml.New(a.Name)).Text = strconv.Itoa(a.Value)
			}
			e.Append(room)
		case l.Step == "":
			p := e.Append(xml.New("promotion_score", "id", l.Resource, "score", score))
			if l.Node != "none" {
				p.Set("node", l.Node)
			}
		default:
			e.Append(xml.New("node_weight", "function", l.Step, "node", l.Node, "score", score, "id", l.Resource))
		}
	}
}

// Actions is the transition summary.
func (x *simXMLEL9) Actions(r *pengine.Transition) {
	e := x.root.Append(xml.New("actions"))
	for _, ch := range r.NodeChanges() {
		if ch.Reason == "" {
			continue // goes to the log
		}
		task, node := ch.Verb, ch.Node.Name
		if ch.Op != "" {
			task += " (" + ch.Op + ")"
		}
		if ch.Resource != "" {
			node += " (resource: " + ch.Resource + ")"
		}
		e.Append(xml.New("node_action", "task", task, "node", node, "reason", ch.Reason))
	}
	for _, ch := range r.Changes() {
		e.Append(changeEL9(ch))
	}
}

func (x *simXMLEL9) Steps(done *simulate.Execution) {
	e := x.root.Append(xml.New("transition"))
	for _, step := range done.Done {
		e.Append(stepEL9(step))
		for _, a := range step.Injected {
			e.Append(Injected(a).XML)
		}
	}
}

func (x *simXMLEL9) Incomplete(errors io.Writer) { fmt.Fprint(errors, incomplete) }

// changeEL9 says of a resource what the case asks for: which roles and which
// nodes, and in what order, follows the text.
func changeEL9(ch pengine.Change) *xml.Element {
	e := xml.New("rsc_action", "action", strings.ToLower(ch.Verb), "resource", ch.ID)
	role := func() { e.Set("role", ch.Role.String()) }
	next := func() { e.Set("next-role", ch.NextRole.String()) }
	from := func(name string) { e.Set(name, ch.Origin.Name) }
	to := func(name string) { e.Set(name, ch.Dest.Name) }
	switch {
	case ch.Origin == nil && ch.NeedRole:
		role()
		next()
		to("dest")
	case ch.Origin == nil:
		to("node")
	case ch.Dest == nil:
		if ch.NeedRole {
			role()
		}
		from("node")
	case ch.SameRole && ch.SameHost:
		if ch.NeedRole {
			role()
		}
		from("source")
	case ch.SameRole:
		from("source")
		to("dest")
		if ch.NeedRole {
			role()
		}
	case ch.SameHost:
		role()
		next()
		from("source")
	default:
		role()
		from("source")
		next()
		to("dest")
	}
	if ch.Reason != "" {
		e.Set("reason", ch.Reason)
	}
	if ch.Blocked {
		e.Set("blocked", "true")
	}
	return e
}

// stepEL9 is an action that was carried out.
func stepEL9(s simulate.Step) *xml.Element {
	set := func(e *xml.Element, name, value string) *xml.Element {
		if value != "" {
			e.Set(name, value)
		}
		return e
	}
	switch s.Kind {
	case "pseudo":
		return set(xml.New("pseudo_action", "task", s.Key), "node", s.Node)
	case "fence":
		return xml.New("fencing_action", "target", s.Node, "op", s.Op)
	case "cluster":
		return set(xml.New("cluster_action", "task", s.Task, "node", s.Node), "id", s.Resource)
	}
	e := xml.New("rsc_action", "resource", s.Resource, "op", s.Task, "node", s.Node)
	if s.MS > 0 {
		e.Set("interval", strconv.FormatInt(s.MS, 10))
	}
	return e
}
