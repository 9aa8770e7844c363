package crm

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine/simulate"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// xml9 runs the simulation and prints it as crm_simulate --output-as=xml of
// 2.1.5 does, whatever became of it.
func (s *simulation) xml9(cib *xml.Node) int {
	root := s.resultXML()
	// What else would go to standard error is a part of the result.
	env, said := *s.env, &bytes.Buffer{}
	env.Stderr = said
	outer := s.env
	s.env = &env
	code := s.fillXML(root, cib)
	s.env = outer
	s.endXML(root, code, said.String())
	return code
}

// resultXML is the element that everything is in.
func (s *simulation) resultXML() *xml.Node {
	request := strings.Join(append([]string{s.env.Name}, s.env.Args...), " ")
	return xml.New("pacemaker-result", "api-version", apiVersion, "request", request)
}

// endXML prints the result with what the tool exits with, and the lines of what
// went wrong.
func (s *simulation) endXML(root *xml.Node, code int, wrong string) {
	status := root.Append(xml.New("status", "code", strconv.Itoa(code), "message", exitText(code)))
	if wrong != "" {
		errors := status.Append(xml.New("errors"))
		for line := range strings.Lines(wrong) {
			e := errors.Append(xml.New("error"))
			e.Text = strings.TrimSuffix(line, "\n")
		}
	}
	s.env.Printf("%s", root.Format())
}

// exitText is the meaning of an exit status in words.
func exitText(code int) string {
	switch code {
	case 0:
		return "OK"
	case exitSoftware:
		return "Internal software bug"
	case exitConfig:
		return "Invalid configuration"
	case exitNoInput:
		return "Input file not available"
	case exitUsage2:
		return "Incorrect usage"
	case exitDisconnect:
		return "Lost connection to a cluster daemon"
	}
	return "Error occurred"
}

// fillXML adds one section after the other to the result.
func (s *simulation) fillXML(root, cib *xml.Node) int {
	c, err := pengine.Status(cib, s.options())
	if err != nil {
		return s.env.Fail(exitError, "%v", err)
	}
	root.Append(s.statusXML(c, "cluster_status", true))
	if s.toModify() {
		mods := root.Append(xml.New("modifications"))
		cib = cib.Clone()
		err := s.modify(cib, func(m modified) {
			if m.xml.Name != "" {
				mods.Append(m.xml)
				return
			}
			for _, a := range m.xml.Attrs {
				mods.Set(a.Name, a.Value)
			}
		})
		if err != nil {
			return s.env.Fail(exitError, "%v", err)
		}
	}
	if err := s.writeInput(cib); err != nil {
		return s.env.Fail(exitError, "%v", err)
	}
	if !s.toPlan() {
		return 0
	}
	r, err := pengine.Plan(cib, s.options())
	if err != nil {
		return s.env.Fail(exitError, "%v", err)
	}
	if s.scores || s.utilization {
		root.Append(s.scoresXML(r))
	}
	if err := s.save(r); err != nil {
		return s.env.Fail(exitError, "%v", err)
	}
	root.Append(actionsXML(r))
	if !s.simulate {
		return 0
	}
	return s.execute(io.Discard, cib, r, func(x *simulate.Execution) {
		e := root.Append(xml.New("transition"))
		for _, step := range x.Done {
			e.Append(stepXML(step))
			for _, a := range step.Injected {
				e.Append(injectedXML(a))
			}
		}
	}, func(after *pengine.Cluster) { root.Append(s.statusXML(after, "revised_cluster_status", false)) })
}

// statusXML is one of the two states of the cluster, with the sections that
// crm_mon has, too.
func (s *simulation) statusXML(c *pengine.Cluster, name string, pending bool) *xml.Node {
	e := xml.New(name)
	m := &monitor{env: s.env, inactive: true, ids: true}
	nodes := e.Append(xml.New("nodes"))
	for _, n := range c.Nodes {
		nodes.Append(nodeXML(c, n))
	}
	resources := e.Append(xml.New("resources"))
	for _, r := range c.Resources {
		if r.Orphan && !r.Active(false) {
			continue
		}
		if x := m.resourceXML(c, r); x != nil {
			resources.Append(x)
		}
	}
	if !pending {
		withoutPending(resources)
	}
	if attrs := attributesXML(c); s.attrs && len(attrs.Children) > 0 {
		e.Append(attrs)
	}
	if s.failcounts {
		e.Append(failCountsXML(c))
		if failed := failuresXML(c); len(failed.Children) > 0 {
			e.Append(failed)
		}
	}
	return e
}

// withoutPending takes away what is under way: after a simulation nothing is.
func withoutPending(e *xml.Node) {
	e.Unset("pending")
	for _, child := range e.Children {
		withoutPending(child)
	}
}

// failCountsXML is the history of the nodes as far as something failed.
func failCountsXML(c *pengine.Cluster) *xml.Node {
	e := xml.New("node_history")
	for _, count := range failings(c) {
		if len(e.Children) == 0 || e.Children[len(e.Children)-1].Get("name") != count.node {
			e.Append(xml.New("node", "name", count.node))
		}
		x := e.Children[len(e.Children)-1].Append(xml.New("resource_history", "id", count.id, "orphan", yes(count.orphan),
			"migration-threshold", count.threshold, "fail-count", count.count))
		if count.last != "" {
			x.Set("last-failure", count.last)
		}
	}
	return e
}

// scoresXML is what the planner noted of scores and of room on the nodes.
func (s *simulation) scoresXML(r *pengine.Result) *xml.Node {
	name := "allocations_utilizations"
	switch {
	case !s.utilization:
		name = "allocations"
	case !s.scores:
		name = "utilizations"
	}
	e := xml.New(name)
	for _, l := range r.Scores {
		switch score := rules.FormatScore(l.Score); {
		case l.Room:
			x := xml.New("capacity", "node", l.Node, "comment", l.Step)
			if l.Resource != "" {
				x = xml.New("utilization", "resource", l.Resource, "node", l.Node, "function", l.Step)
			}
			for _, a := range l.Amounts {
				x.Append(xml.New(a.Name)).Text = strconv.Itoa(a.Value)
			}
			e.Append(x)
		case l.Step == "":
			x := e.Append(xml.New("promotion_score", "id", l.Resource, "score", score))
			if l.Node != "none" {
				x.Set("node", l.Node)
			}
		default:
			e.Append(xml.New("node_weight", "function", l.Step, "node", l.Node, "score", score, "id", l.Resource))
		}
	}
	return e
}

// actionsXML is the transition summary.
func actionsXML(r *pengine.Result) *xml.Node {
	e := xml.New("actions")
	for _, ch := range r.NodeChanges() {
		if ch.Verb == "Shutdown" && ch.Reason == "" {
			continue
		}
		task, node := ch.Verb, ch.Node.Name
		if ch.Op != "" {
			task += " (" + ch.Op + ")"
		}
		if ch.Resource != "" {
			node += " (resource: " + ch.Resource + ")"
		}
		x := e.Append(xml.New("node_action", "task", task, "node", node))
		if ch.Reason != "" {
			x.Set("reason", ch.Reason)
		}
	}
	for _, ch := range r.Changes() {
		e.Append(changeXML(ch))
	}
	return e
}

// changeXML says of a resource what the case asks for: which roles and which
// nodes, and in what order, follows the text.
func changeXML(ch pengine.Change) *xml.Node {
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

// stepXML is an action that was carried out.
func stepXML(s simulate.Step) *xml.Node {
	set := func(e *xml.Node, name, value string) *xml.Node {
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
