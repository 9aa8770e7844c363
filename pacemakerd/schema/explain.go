package schema

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A Problem is one thing that is wrong with a document, in words for people. A
// Fault says what libxml2 says, and only of the first element that it cannot
// take; problems are all there are.
type Problem struct {
	Node *xml.Element // where, nil for the document itself
	Attr string       // the attribute in question, "" for the element as a whole
	Text string
	// Word is what is not known, and Known what could stand there instead: an
	// attribute, an element, a value or an id.
	Word  string
	Known []string
	Other *xml.Element // the element that has the same id
	// Advice is set for what the schema lets pass: a name of a node or a device
	// that is not in this document.
	Advice bool
}

// Explain lists all problems of doc, measured by the schema called name. The
// list is empty of all but advice if and only if Check returns nil. For schemas
// that are not ours, and documents that are no CIB, it is what Check says.
func (l Lineage) Explain(doc *xml.Element, name string) []Problem {
	if !l.Has(name) && l.own == nil {
		return []Problem{{Node: doc, Attr: "validate-with", Text: fmt.Sprintf("there is no schema %q", name), Word: name, Known: l.names}}
	}
	err := l.Check(doc, name)
	var e explainer
	if l.own == nil && doc.Name == "cib" && !strings.HasSuffix(name, "-0.6") {
		e = explainer{checker: newChecker(name)}
		e.collect(doc)
		e.survey(doc)
		e.document(doc)
	}
	if err == nil || slices.ContainsFunc(e.found, func(p Problem) bool { return !p.Advice }) {
		return e.found
	}
	var bad *Invalid
	if !errors.As(err, &bad) || len(bad.Faults) == 0 {
		return append(e.found, Problem{Node: doc, Text: err.Error()})
	}
	return append(e.found, Problem{Node: bad.Faults[0].Node, Text: bad.Faults[0].Text})
}

// An explainer walks the whole of a document.
type explainer struct {
	*checker
	found     []Problem
	resources []string            // ids of resources
	nodes     []string            // names of nodes
	byElement map[string][]string // ids of the elements of a name
}

func (e *explainer) say(p Problem) { e.found = append(e.found, p) }

// survey notes what can be referred to.
func (e *explainer) survey(doc *xml.Element) {
	e.byElement = map[string][]string{}
	for n := range doc.Walk() {
		if id := n.ID(); id != "" {
			e.byElement[n.Name] = append(e.byElement[n.Name], id)
		}
		switch n.Name {
		case "node", "node_state":
			e.nodes = append(e.nodes, n.Get("uname"))
		case "primitive", "group", "clone", "master", "bundle":
			e.resources = append(e.resources, n.ID())
			if n.Name == "primitive" && n.Get("type") == "remote" && n.Get("provider") == "pacemaker" {
				e.nodes = append(e.nodes, n.ID())
			}
		case "nvpair":
			if n.Get("name") == "remote-node" {
				e.nodes = append(e.nodes, n.Get("value"))
			}
		}
	}
}

func (e *explainer) document(doc *xml.Element) {
	for _, a := range []string{"admin_epoch", "epoch", "num_updates"} {
		if v, there := doc.Lookup(a); !there {
			e.say(Problem{Node: doc, Text: fmt.Sprintf("the attribute %q is missing", a)})
		} else if !isInteger(v) {
			e.say(Problem{Node: doc, Attr: a, Text: fmt.Sprintf("%q is no number", v)})
		}
	}
	sections := []string{"configuration", "status"}
	for _, k := range doc.Children {
		if !slices.Contains(sections, k.Name) {
			e.misplaced(doc, k, sections)
		}
	}
	conf := doc.Child("configuration")
	if conf == nil {
		e.say(Problem{Node: doc, Text: `there is no "configuration" in it`})
		return
	}
	e.element(conf)
	for _, s := range []string{"crm_config", "nodes", "resources", "constraints"} {
		if conf.Child(s) == nil {
			e.say(Problem{Node: conf, Text: fmt.Sprintf("there is no %q in it", s)})
		}
	}
}

// misplaced says that k does not belong into n, where those known do.
func (e *explainer) misplaced(n, k *xml.Element, known []string) {
	p := Problem{Node: k, Word: k.Name, Known: known}
	if _, elsewhere := e.define(k.Name); elsewhere {
		p.Text = fmt.Sprintf("%q does not belong into %q", k.Name, n.Name)
	} else {
		p.Text = fmt.Sprintf("there is no element %q", k.Name)
	}
	e.say(p)
}

// element explains n and what it contains.
func (e *explainer) element(n *xml.Element) {
	d, _ := e.define(n.Name)
	whole := e.attributes(n, d)
	var known []string
	for name := range d.children {
		if e.modern || !onlyModern(name) {
			known = append(known, name)
		}
	}
	slices.Sort(known)
	seen := map[string]bool{}
	for _, k := range n.Children {
		switch once := d.children[k.Name]; {
		case !slices.Contains(known, k.Name):
			e.misplaced(n, k, known)
			whole = false
			continue
		case once && seen[k.Name]:
			e.say(Problem{Node: k, Text: fmt.Sprintf("there may be only one %q in %q", k.Name, n.Name)})
			whole = false
		}
		seen[k.Name] = true
		e.element(k)
	}
	if !whole { // the rest would follow from what was said
		return
	}
	if quiet := *e.checker; !quiet.content(n, seen) {
		e.say(Problem{Node: n, Text: lacking(n, seen)})
	}
}

// attributes explains those of n, and tells whether all of them may be there as
// they are and none is missing.
func (e *explainer) attributes(n *xml.Element, d definition) bool {
	before := len(e.found)
	var known []string
	for _, a := range d.attrs {
		if !(a.generation == '2' && e.modern || a.generation == '3' && !e.modern) {
			known = append(known, a.name)
		}
	}
	for _, at := range n.Attrs {
		a, ok := d.of(at.Name)
		if !ok || !slices.Contains(known, at.Name) {
			e.say(Problem{Node: n, Attr: at.Name, Word: at.Name, Known: without(known, n.Attrs),
				Text: fmt.Sprintf("%q is no attribute of %q", at.Name, n.Name)})
			continue
		}
		e.value(n, at, a)
	}
	sound := len(e.found)
	for _, a := range d.attrs {
		if !n.Has(a.name) && (a.required || e.first && n.Name == "node" && a.name == "type") {
			e.say(Problem{Node: n, Text: fmt.Sprintf("the attribute %q is missing", a.name)})
		}
	}
	return sound == before && len(e.found) == sound
}

// without are the names of which there is no attribute yet.
func without(names []string, attrs []xml.Attr) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(attrs, func(a xml.Attr) bool { return a.Name == name })
	})
}

// value explains the value of an attribute.
func (e *explainer) value(n *xml.Element, at xml.Attr, a attribute) {
	p := Problem{Node: n, Attr: at.Name, Word: at.Value}
	switch {
	case a.kind == "id" && e.twice[n]:
		p.Other = e.ids[at.Value]
		p.Text, p.Word = fmt.Sprintf("the id %q is taken by a %q", at.Value, p.Other.Name), ""
	case !a.conforms(at.Value, e.modern):
		p.Text = fmt.Sprintf("%s may not be %q: it is to be %s", at.Name, at.Value, a.wanted(e.modern))
		p.Known = a.words(e.modern)
		if a.kind == "ref" {
			p.Known = e.targets(n, at.Name)
		}
	case a.kind == "ref" || a.kind == "tagged":
		if e.ids[at.Value] != nil {
			return
		}
		p.Text, p.Known = fmt.Sprintf("there is nothing with the id %q", at.Value), e.targets(n, at.Name)
		p.Advice = a.kind == "tagged" && e.modern
	default:
		e.names(n, at)
		return
	}
	e.say(p)
}

// targets are the ids that an attribute may refer to.
func (e *explainer) targets(n *xml.Element, attr string) []string {
	switch {
	case attr == "template":
		return e.byElement["template"]
	case attr == "id-ref":
		return e.byElement[n.Name]
	case n.Name == "role":
		return e.byElement["acl_role"]
	case n.Name == "obj_ref" || attr == "reference":
		var all []string
		for id := range e.ids {
			all = append(all, id)
		}
		slices.Sort(all)
		return all
	}
	return slices.Concat(e.resources, e.byElement["tag"], e.byElement["template"])
}

// names explains what the schema takes as any text but should be the name of
// something.
func (e *explainer) names(n *xml.Element, at xml.Attr) {
	advise := func(what, word string, known []string) {
		e.say(Problem{Node: n, Attr: at.Name, Text: fmt.Sprintf("there is no %s %q", what, word), Word: word, Known: known, Advice: true})
	}
	node := n.Name == "rsc_location" && at.Name == "node" || n.Name == "fencing-level" && at.Name == "target" ||
		n.Name == "expression" && at.Name == "value" && n.Get("attribute") == "#uname" && n.Get("operation") == "eq"
	switch {
	case node && len(e.nodes) > 0 && !e.isNode(at.Value):
		advise("node", at.Value, e.nodes)
	case n.Name == "fencing-level" && at.Name == "devices":
		for _, dev := range strings.Split(at.Value, ",") {
			if !slices.Contains(e.resources, dev) {
				advise("device", dev, e.resources)
			}
		}
	}
}

// isNode tells whether there is a node of that name, or may be one: the
// replicas of a bundle are.
func (e *explainer) isNode(name string) bool {
	for _, n := range e.nodes {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	at := strings.LastIndexByte(name, '-')
	return at > 0 && slices.Contains(e.byElement["bundle"], name[:at]) && isInteger(name[at+1:])
}

// lacking says in words what content found: what has to be there together.
func lacking(n *xml.Element, has map[string]bool) string {
	switch n.Name {
	case "primitive", "template":
		switch {
		case n.Name == "primitive" && n.Has("template") && (n.Has("class") || n.Has("type") || n.Has("provider")):
			return "a primitive has either a template or class and type"
		case n.Get("class") == "ocf" && !n.Has("provider"):
			return `an agent of class "ocf" needs a "provider"`
		case n.Has("provider") && n.Has("class") && n.Get("class") != "ocf":
			return fmt.Sprintf("agents of class %q have no provider", n.Get("class"))
		}
		return `it needs "class" and "type", or a "template"`
	case "group", "clone", "master":
		if len(has) > 0 && has["primitive"] && has["group"] {
			return fmt.Sprintf("a %s holds a primitive or a group, not both", n.Name)
		}
		return "there is no resource in it"
	case "bundle":
		return "it needs one of docker, podman and rkt"
	case "rsc_location":
		if n.Has("rsc") || n.Has("rsc-pattern") || has["resource_set"] {
			return `it needs either "node" with "score" or a rule, and one of "rsc", "rsc-pattern" and a resource_set`
		}
		return `it says of no resource: it needs "rsc", "rsc-pattern" or a resource_set`
	case "rsc_colocation":
		return `it needs either "rsc" with "with-rsc" or a resource_set`
	case "rsc_order":
		if n.Has("score") && n.Has("kind") {
			return `it has both "score" and "kind"`
		}
		return `it needs either "first" with "then" or a resource_set`
	case "rsc_ticket":
		return `it needs either "rsc" or a resource_set`
	case "fencing-level":
		return `it needs one of "target", "target-pattern" and "target-attribute" with "target-value"`
	case "cluster_property_set", "meta_attributes", "instance_attributes", "utilization", "nvpair", "rule":
		switch {
		case n.Has("id") == n.Has("id-ref"):
			return `it needs either "id" or "id-ref"`
		case n.Name == "nvpair" && !n.Has("name"):
			return `the attribute "name" is missing`
		case n.Name == "rule" && len(n.Children) == 0:
			return "there is no expression in it"
		case n.Has("id-ref"):
			return `with "id-ref" there is to be nothing in it`
		}
	case "tag", "lifetime", "resource_set":
		if len(n.Children) == 0 {
			return "there is nothing in it"
		}
	}
	return "its attributes and contents do not go together"
}
