package pengine

import (
	"regexp"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A Location is a location constraint in terms of nodes and scores
// (scheduler.md 10.1).
type Location struct {
	ID       string
	Resource *Resource
	Nodes    []NodeScore
	role     Role // only for instances going to that role
	gathered bool // its nodes were found one after the other, not left over of all
	discover discovery
}

// NodeScore is a score on a node.
type NodeScore struct {
	Node  *Node
	Score int
}

// unpackConstraints reads the constraints in document order.
func (tr *Transition) unpackConstraints() {
	for e := range tr.cib.Descend("configuration", "constraints").Each("") {
		id := e.ID()
		if id == "" {
			tr.log("pcmk__unpack_constraints", Error, "Ignoring <%s> constraint without id", e.Name)
			continue
		}
		life := e.Child("lifetime")
		if life != nil {
			tr.logDeprecated(NoteDeprecatedNow, "pcmk__unpack_constraints", "lifetime of "+id,
				"Support for 'lifetime' attribute (in "+id+") is deprecated (the rules it contains should instead be direct descendents of the constraint object)")
		}
		if life != nil && !tr.rules.AnyRule(life, &rules.Facts{}) {
			continue
		}
		switch e.Name {
		case "rsc_location":
			tr.unpackLocation(e)
		case "rsc_colocation":
			tr.unpackColocation(e)
		case "rsc_order":
			tr.unpackOrder(e)
		case "rsc_ticket":
			tr.unpackTicket(e)
		default:
			tr.log("pcmk__unpack_constraints", Error, "Unsupported constraint type: %s", e.Name)
		}
	}
}

// constrained finds what a constraint names: the resource of that id; for
// what is known under that name in an anonymous clone, the whole clone.
func (c *Cluster) constrained(id string) *Resource {
	r := c.Named(id)
	if r != nil && r.ID != id {
		return r.Top()
	}
	return r
}

// sets yields the resource sets of a constraint, references followed.
func (c *Cluster) sets(e *xml.Element) []*xml.Element {
	var list []*xml.Element
	for set := range e.Each("resource_set") {
		if s := c.rules.Referred(set); s != nil {
			list = append(list, s)
		}
	}
	return list
}

func (tr *Transition) unpackLocation(e *xml.Element) {
	e = tr.expandTags(e, [2]string{"rsc", "role"})
	if e == nil {
		return
	}
	if sets := tr.sets(e); len(sets) > 0 {
		for _, set := range sets {
			for ref := range set.Each("resource_ref") {
				r := tr.constrained(ref.ID())
				if r == nil {
					tr.log("unpack_location_set", Error, "%s: No resource found for %s", set.ID(), ref.ID())
					return
				}
				tr.locate(e, r, set.Get("role"), set.Get("score"), nil)
			}
		}
		return
	}
	if id, ok := e.Lookup("rsc"); ok {
		r := tr.constrained(id)
		if r == nil {
			tr.log("unpack_rsc_location", Warning, "Ignoring constraint '%s' because resource '%s' does not exist", e.ID(), id)
			return
		}
		tr.locate(e, r, "", "", nil)
	}
	if pattern, ok := e.Lookup("rsc-pattern"); ok {
		pattern, invert := strings.CutPrefix(pattern, "!")
		re, err := regexp.CompilePOSIX(pattern)
		if err != nil {
			tr.log("unpack_simple_location", Error, "Ignoring constraint '%s' because rsc-pattern has invalid value '%s'", e.ID(), pattern)
			return
		}
		for _, r := range tr.Resources {
			if !tr.spend(100, "matching patterns") {
				return
			}
			groups := re.FindStringSubmatch(r.ID)
			switch {
			case groups != nil && !invert:
				tr.locate(e, r, "", "", groups)
			case groups == nil && invert:
				tr.locate(e, r, "", "", nil)
			}
		}
	}
}

// locate makes locations for one resource out of a constraint.
func (tr *Transition) locate(e *xml.Element, r *Resource, role, score string, groups []string) {
	if score == "" {
		score = e.Get("score")
	}
	discovery := e.Get("resource-discovery")
	node, hasNode := e.Lookup("node")
	if hasNode && score != "" {
		n := tr.node(node)
		if n == nil {
			return
		}
		loc := tr.newLocation(e.ID(), r, discovery)
		loc.Nodes = []NodeScore{{n, tr.rules.Score(score)}}
		if role == "" {
			role = e.Get("role")
		}
		if role != "" {
			loc.role = limitingRole(role)
			if rules.ParseRole(role) == RoleUnknown {
				tr.log("unpack_rsc_location", Error, "Ignoring role '%s' in constraint '%s'", role, e.ID())
			}
		}
		return
	}
	some := false
	for rule := range e.Each("rule") {
		some = true
		if rule = tr.rules.Referred(rule); rule != nil {
			tr.locateByRule(rule, r, discovery, groups)
		}
	}
	if !some {
		tr.log("unpack_rsc_location", Error, "Ignoring constraint '%s' because it contains no rules", e.ID())
	}
}

// limitingRole is the role that a location of a node is limited to. An instance
// has to be started, or unpromoted, whatever it is to become: these are no limits.
func limitingRole(text string) Role {
	if role := rules.ParseRole(text); role != RoleStarted && role != RoleUnpromoted {
		return role
	}
	return RoleUnknown
}

func (tr *Transition) newLocation(id string, r *Resource, discovery string) *Location {
	loc := &Location{ID: id, Resource: r}
	switch discovery {
	case "", "always":
	case "never":
		loc.discover = discoverNever
	case "exclusive":
		loc.discover = discoverExclusive
		r.exclusive = true
	default:
		tr.log("pcmk__new_location", Error, "Invalid resource-discovery value %s in location constraint", discovery)
	}
	tr.locations = append(tr.locations, loc)
	r.locations = append(r.locations, loc)
	return loc
}

func (tr *Transition) locateByRule(rule *xml.Element, r *Resource, discovery string, groups []string) {
	score, literal := rule.Lookup("score")
	attr := ""
	if !literal {
		attr = (&rules.Facts{Groups: groups}).Expand(rule.Get("score-attribute"))
	}
	or := strings.EqualFold(rule.Get("boolean-op"), "or")
	loc := tr.newLocation(rule.ID(), r, discovery)
	loc.gathered = or
	if v, ok := rule.Lookup("role"); ok {
		if loc.role = rules.ParseRole(v); loc.role == RoleUnpromoted {
			loc.role = RoleUnknown // what is promoted has to be that, too
		}
	}
	for _, n := range tr.Nodes {
		ev := &rules.Facts{Attrs: n.Attrs, Params: tr.parameters(r, n), Meta: r.Meta, Groups: groups}
		if !tr.rules.Holds(rule, ev) {
			continue
		}
		value := -rules.Infinity
		if literal {
			value = tr.rules.Score(score)
		} else if v, ok := r.attribute(n, attr); ok {
			value = tr.rules.Score(v)
		}
		if or {
			value = rules.AddScores(n.weight, value)
		}
		loc.Nodes = append(loc.Nodes, NodeScore{n, value})
	}
}

// attribute reads a node attribute for a resource: with meta attribute
// container-attribute-target=host, that of the machine a guest runs on.
func (r *Resource) attribute(n *Node, name string) (string, bool) {
	if n.Guest() && r != nil && strings.EqualFold(r.Meta["container-attribute-target"], "host") {
		container := n.Connection.container
		if container != nil {
			if len(container.Running) > 0 {
				v, ok := container.Running[0].Attrs[name]
				return v, ok
			}
			return "", false
		}
	}
	v, ok := n.Attrs[name]
	return v, ok
}

// applyLocation puts a location's scores on a resource's table.
func (c *Cluster) applyLocation(r *Resource, loc *Location, nodes []NodeScore) {
	c.applyLocationTo(r, loc, nodes)
	switch r.Kind {
	case Group:
		for _, m := range r.Children {
			c.applyLocation(m, loc, nodes)
			if r.colocat {
				// The others follow the first; they only need to list the nodes.
				zero := make([]NodeScore, len(nodes))
				for i, ns := range nodes {
					zero[i].Node = ns.Node
				}
				nodes = zero
			}
		}
	case Clone:
		for _, child := range r.Children {
			c.applyLocation(child, loc, nodes)
		}
	case Bundle:
		for _, rep := range r.Bundle.Replicas {
			c.applyLocation(rep.Container, loc, nodes)
			if rep.IP != nil {
				c.applyLocation(rep.IP, loc, nodes)
			}
		}
		if inner := r.Bundle.Inner; inner != nil && loc.role >= RoleUnpromoted {
			c.applyLocation(inner, loc, nodes)
			inner.locations = append(inner.locations, loc)
		}
	}
}

func (c *Cluster) applyLocationTo(r *Resource, loc *Location, nodes []NodeScore) {
	if loc.role > RoleUnknown && loc.role != r.NextRole {
		return
	}
	if !c.spend(len(nodes), "applying location constraints") {
		return
	}
	for _, ns := range nodes {
		s := r.allowed.get(ns.Node)
		if s == nil {
			s = r.allowed.put(ns.Node, slot{score: ns.Score, discover: ns.Node.discover})
		} else {
			s.score = rules.AddScores(s.score, ns.Score)
		}
		if ns.Score != 0 {
			c.because(r, ns.Node, ns.Score, "the location constraint ", loc.ID)
		}
		if s.discover < loc.discover {
			if loc.discover == discoverExclusive {
				r.exclusive = true
			}
			s.discover = loc.discover
		}
	}
}
