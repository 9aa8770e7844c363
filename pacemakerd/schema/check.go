package schema

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A checker walks one document. The first element that does not conform ends
// the walk: libxml2's own words about it and about what stands around it are
// then in faults.
type checker struct {
	modern bool // 3.0 or later
	last   bool // 3.9 or later
	first  bool // 1.0, which demands that a node says what it is
	older  bool // before 2.0
	schema string
	unused bool // a name was met that 3.0 has no use for any more
	ids    map[string]*xml.Element
	twice  map[*xml.Element]bool // elements whose id another one has too
	lines  map[string]definition // of the grammar, as far as they were needed
	faults []Fault
}

func (c *checker) define(name string) (definition, bool) {
	d, ok := c.lines[name]
	if !ok {
		if line, other := before2[name]; other && c.older {
			d = defineBy(name, strings.TrimPrefix(line, name+"|"))
		} else {
			d, _ = define(name)
		}
		c.lines[name] = d
	}
	return d, d.name != ""
}

func (c *checker) say(n *xml.Element, text string) bool {
	c.faults = append(c.faults, Fault{Node: n, Text: text, Relax: true})
	return false
}

// collect notes all ids below configuration.
func (c *checker) collect(doc *xml.Element) {
	c.twice = map[*xml.Element]bool{}
	var walk func(n *xml.Element)
	walk = func(n *xml.Element) {
		if d, ok := c.define(n.Name); ok {
			if a, ok := d.of("id"); ok && a.kind == "id" {
				if id, ok := n.Lookup("id"); ok {
					if c.ids[id] != nil {
						c.twice[n] = true
					} else {
						c.ids[id] = n
					}
				}
			}
		}
		for _, k := range n.Children {
			walk(k)
		}
	}
	for conf := range doc.Each("configuration") {
		walk(conf)
	}
}

func (c *checker) document(doc *xml.Element) bool {
	var odd *xml.Element // the first child that does not belong where it is: one configuration, then one status at most
	order := []string{"configuration", "status"}
	for i, k := range doc.Children {
		if i >= len(order) || k.Name != order[i] {
			odd = k
			break
		}
	}
	versioned := true
	for _, a := range []string{"admin_epoch", "epoch", "num_updates"} {
		versioned = versioned && isInteger(doc.Get(a))
	}
	conf := doc.Child("configuration")
	switch {
	case conf == nil && odd == nil:
		return c.say(doc, "Element cib failed to validate content")
	case !versioned: // and what is inside is looked at all the same
		at := conf
		if at == nil || odd != nil {
			at = odd
		}
		c.say(at, "Invalid sequence in interleave")
		c.say(at, "Element cib failed to validate attributes")
		if odd != nil {
			return c.say(odd, "Did not expect element "+odd.Name+" there")
		}
	case odd != nil:
		c.say(odd, "Did not expect element "+odd.Name+" there")
		return c.say(odd, "Element cib has extra content: "+odd.Name)
	}
	good := c.element(conf)
	for _, s := range []string{"crm_config", "nodes", "resources", "constraints"} {
		if conf.Child(s) == nil {
			c.say(conf, "Expecting an element "+s+", got nothing")
			if s == "crm_config" { // the first of those that must be there
				c.say(conf, "Invalid sequence in interleave")
			}
			c.say(conf, "Invalid sequence in interleave")
			return c.say(conf, "Element configuration failed to validate content")
		}
	}
	return good && versioned
}

// element checks n and what it contains.
func (c *checker) element(n *xml.Element) bool {
	d, _ := c.define(n.Name)
	if !c.attributes(n, d) {
		return false
	}
	seen := map[string]bool{}
	for _, k := range n.Children {
		once, ok := d.children[k.Name]
		ok = ok && (c.modern || !onlyModern(k.Name)) && !(n.Name == "configuration" && before(c.schema, since[k.Name]))
		if !ok || once && seen[k.Name] {
			return c.misplaced(n, k, ok)
		}
		seen[k.Name] = true
		if !c.element(k) {
			return c.around(n, k)
		}
	}
	return c.content(n, seen)
}

// misplaced reports that k does not belong into n, or not once more.
func (c *checker) misplaced(n, k *xml.Element, known bool) bool {
	switch {
	case n.Name == "configuration" && known:
		c.say(nil, "Extra element "+k.Name+" in interleave")
		c.say(n, "Invalid sequence in interleave")
	case section(n.Name):
		c.say(k, "Did not expect element "+k.Name+" there")
		return c.extra(n)
	case known || n.Name == "clone" || n.Name == "master":
		c.say(nil, "Extra element "+k.Name+" in interleave")
		c.say(k, "Element "+n.Name+" failed to validate content")
	default:
		c.say(k, "Element "+n.Name+" has extra content: "+k.Name)
	}
	return false
}

// attributes checks those of n.
func (c *checker) attributes(n *xml.Element, d definition) bool {
	wrong := "" // the first one with a value that is not allowed
	for _, at := range n.Attrs {
		a, ok := d.of(at.Name)
		if !ok || a.generation == '2' && c.modern || a.generation == '3' && !c.modern {
			if n.Name == "op" {
				return c.say(n, "Expecting an element meta_attributes, got nothing")
			}
			return c.say(n, "Invalid attribute "+at.Name+" for element "+n.Name)
		}
		if a.kind == "id" && c.twice[n] {
			c.say(n, "ID "+at.Value+" redefined")
			return c.incomplete(n, "")
		}
		if a.conforms(at.Value, c.modern) {
			continue
		}
		switch a.kind {
		case "id":
			c.say(n, "Type ID doesn't allow value '"+at.Value+"'")
			return c.incomplete(n, "")
		case "ref":
			c.say(n, "Type IDREF doesn't allow value '"+at.Value+"'")
			return c.incomplete(n, "")
		case "score", "int":
			if n.Name != "rsc_order" {
				c.say(n, "Type integer doesn't allow value '"+at.Value+"'")
			}
		}
		if wrong == "" {
			wrong = at.Name
		}
	}
	if wrong != "" {
		return c.incomplete(n, wrong)
	}
	for _, a := range d.attrs {
		if _, ok := n.Lookup(a.name); a.required && !ok {
			return c.incomplete(n, a.name)
		}
	}
	if c.first && n.Name == "node" && !n.Has("type") {
		return c.incomplete(n, "type")
	}
	return true
}

// incomplete reports that attributes of n do not make a whole; name is the one
// to name, if any.
func (c *checker) incomplete(n *xml.Element, name string) bool {
	_, there := n.Lookup(name)
	switch n.Name {
	case "primitive", "template", "group", "clone", "master", "bundle":
		c.say(n, "Invalid sequence in interleave")
		return c.say(n, "Element "+n.Name+" failed to validate content")
	case "op":
		if there {
			c.say(n, "Expecting an element meta_attributes, got nothing")
		} else if name != "" {
			c.say(nil, "Element op failed to validate attributes")
		}
		return false
	case "rsc_location":
		c.say(n, "Expecting an element rule, got nothing")
		return c.say(n, "Element rsc_location failed to validate content")
	case "node":
		if !there {
			c.say(n, "Element node failed to validate attributes")
		}
		c.say(n, "Expecting an element instance_attributes, got nothing")
		if there {
			c.say(n, "Invalid attribute "+name+" for element node")
		}
		return false
	case "expression":
		if c.last {
			return c.say(n, "Element expression failed to validate attributes")
		}
		c.say(nil, "Element expression failed to validate attributes")
	case "fencing-level":
		return false
	}
	if there {
		return c.say(n, "Invalid attribute "+name+" for element "+n.Name)
	}
	return c.say(n, "Element "+n.Name+" failed to validate attributes")
}

// content checks what the list of children and the kinds of attributes do not
// say: what has to be there together.
func (c *checker) content(n *xml.Element, has map[string]bool) bool {
	set := func(name string) bool { _, ok := n.Lookup(name); return ok }
	switch n.Name {
	case "primitive":
		if set("template") == set("class") || set("class") != set("type") || set("template") && set("provider") {
			return c.incomplete(n, "")
		}
		fallthrough
	case "template":
		if set("class") && (n.Get("class") == "ocf") != set("provider") {
			return c.incomplete(n, "")
		}
	case "group", "clone", "master":
		if !has["primitive"] && !has["group"] {
			c.say(n, "Expecting an element meta_attributes, got nothing")
			return c.incomplete(n, "")
		}
		if has["primitive"] && has["group"] {
			return c.misplaced(n, n.Children[len(n.Children)-1], true)
		}
	case "bundle":
		kinds := 0
		for _, kind := range [...]string{"docker", "rkt", "podman"} {
			if has[kind] {
				kinds++
			}
		}
		if kinds != 1 {
			return c.incomplete(n, "")
		}
	case "cluster_property_set", "meta_attributes", "instance_attributes", "utilization", "nvpair", "rule":
		if set("id") == set("id-ref") && !(n.Name == "nvpair" && set("id-ref")) {
			return c.say(n, "Element "+n.Name+" failed to validate attributes")
		}
		if n.Name != "nvpair" && set("id-ref") && len(n.Children) > 0 {
			return c.say(n.Children[0], "Element "+n.Name+" has extra content: "+n.Children[0].Name)
		}
		if n.Name == "nvpair" && set("id") && !set("name") {
			return c.say(n, "Element nvpair failed to validate attributes")
		}
		if n.Name == "nvpair" && c.modern && gone(n) {
			c.unused = true
			c.say(n, "Element nvpair failed to validate attributes")
			if n.Parent.Parent.Name != "op" {
				c.say(nil, "Extra element nvpair in interleave")
			}
			return false
		}
		if n.Name == "rule" && set("id") && !c.modern && set("score") == set("score-attribute") {
			return c.say(n, "Element rule failed to validate attributes")
		}
		if n.Name == "rule" && set("id") && len(n.Children) == 0 {
			c.say(n, "Expecting an element expression, got nothing")
			return c.say(n, "Element rule failed to validate content")
		}
	case "rsc_location":
		if set("score") != set("node") || set("score") == has["rule"] {
			return c.incomplete(n, "")
		}
		subjects := 0
		for _, given := range [...]bool{set("rsc"), set("rsc-pattern"), has["resource_set"]} {
			if given {
				subjects++
			}
		}
		if subjects != 1 {
			return c.incomplete(n, "")
		}
	case "rsc_colocation":
		if has["resource_set"] && (set("rsc") || set("with-rsc")) || !has["resource_set"] && !(set("rsc") && set("with-rsc")) {
			return c.say(n, "Element rsc_colocation failed to validate attributes")
		}
	case "rsc_order":
		if has["resource_set"] && (set("first") || set("then")) || !has["resource_set"] && !(set("first") && set("then")) {
			return c.say(n, "Element rsc_order failed to validate attributes")
		}
		if set("score") && set("kind") {
			return c.say(n, "Invalid attribute kind for element rsc_order")
		}
	case "rsc_ticket":
		if has["resource_set"] == set("rsc") {
			return c.say(n, "Element rsc_ticket failed to validate attributes")
		}
	default:
		if !c.together(n, has, set) {
			return c.say(n, "Element "+n.Name+" failed to validate attributes")
		}
	}
	return true
}

// together is content for the elements about which libxml2 has nothing special
// to say.
func (c *checker) together(n *xml.Element, has map[string]bool, set func(string) bool) bool {
	one := func(names ...string) bool { // exactly one of them
		count := 0
		for _, name := range names {
			if set(name) {
				count++
			}
		}
		return count == 1
	}
	switch n.Name {
	case "acl_user":
		return !has["role_ref"] || !has["read"] && !has["write"] && !has["deny"]
	case "read", "write", "deny":
		return set("xpath") != (set("ref") || set("tag"))
	case "date_expression":
		switch n.Get("operation") {
		case "gt":
			return set("start") && !set("end") && len(has) == 0
		case "lt":
			return set("end") && !set("start") && len(has) == 0
		case "date_spec":
			return has["date_spec"] && !has["duration"] && !set("start") && !set("end")
		case "in_range":
			if has["duration"] {
				return set("start") && !set("end") && !has["date_spec"]
			}
			return (set("end") || set("start") && c.modern) && !has["date_spec"]
		}
		return false
	case "lifetime":
		return has["rule"]
	case "tag":
		return has["obj_ref"] || c.modern
	case "resource_set":
		if set("id-ref") {
			return len(n.Attrs) == 1 && len(n.Children) == 0
		}
		return set("id") && has["resource_ref"]
	case "fencing-level":
		return one("target", "target-pattern", "target-attribute") && set("target-attribute") == set("target-value")
	case "port-mapping":
		return one("port", "range") && !(set("internal-port") && set("range"))
	case "storage-mapping":
		return one("source-dir", "source-dir-root")
	case "acl_permission":
		return one("xpath", "reference", "object-type") && !(set("attribute") && !set("object-type"))
	}
	return true
}

// gone tells whether a pair of name and value is one that the upgrade to 3.0
// takes away, and that may not come back.
func gone(nv *xml.Element) bool {
	set := nv.Parent
	if set == nil || set.Parent == nil {
		return false
	}
	name := nv.Get("name")
	switch {
	case set.Name == "cluster_property_set":
		for _, r := range clusterOptions {
			if r.old == name && (r.only == "" || strings.Contains(r.only, "|"+nv.Get("value")+"|")) {
				return true
			}
		}
	case set.Name != "meta_attributes":
	case set.Parent.Name == "primitive" || set.Parent.Name == "template":
		return name == "isolation" || name == "isolation-host" || name == "isolation-instance" || name == "isolation-wrapper"
	case set.Parent.Name == "op":
		return name == "requires"
	}
	return false
}

// section tells whether an element is one of the lists below configuration.
func section(name string) bool {
	return strings.Contains("/crm_config/rsc_defaults/op_defaults/nodes/resources/constraints/acls/tags/alerts/", "/"+name+"/")
}

// extra is what is said of a list with a member that does not conform: the
// first member is named, whichever it is.
func (c *checker) extra(n *xml.Element) bool {
	return c.say(n.Children[0], "Element "+n.Name+" has extra content: "+n.Children[0].Name)
}

// around says what n's own content looks like after its child k did not
// conform.
func (c *checker) around(n, k *xml.Element) bool {
	switch {
	case n.Name == "configuration":
		if c.unused && k.Name == "crm_config" {
			c.say(n, "Invalid sequence in interleave")
			c.say(n, "Invalid sequence in interleave")
			return c.say(n, "Element configuration failed to validate content")
		}
		if k.Name == "acls" {
			c.faults = nil // libxml2 says only this of it
			c.say(nil, "Extra element acls in interleave")
			return c.say(k, "Element configuration failed to validate content")
		}
		return false
	case c.unused && (n.Name == "op" || n.Parent.Name == "op"):
		return false
	case c.unused && k.Name == "meta_attributes":
		c.say(nil, "Extra element meta_attributes in interleave")
	case section(n.Name):
		return c.extra(n)
	case n.Name == "fencing-topology":
		c.say(nil, "Extra element fencing-topology in interleave")
		return c.say(n, "Element configuration failed to validate content")
	case n.Name == "operations":
		c.say(nil, "Extra element operations in interleave")
		return c.say(n, "Element "+n.Parent.Name+" failed to validate content")
	case k.Name == "operations":
		return false
	}
	return c.say(k, "Element "+n.Name+" failed to validate content")
}

// references checks that what is referred to exists.
func (c *checker) references(doc *xml.Element) bool {
	ok := true
	var walk func(n *xml.Element)
	walk = func(n *xml.Element) {
		d, _ := c.define(n.Name)
		for _, at := range n.Attrs {
			if a, known := d.of(at.Name); known && (a.kind == "ref" || a.kind == "tagged" && !c.modern) && c.ids[at.Value] == nil {
				f := Fault{Node: n, Text: "IDREF attribute " + at.Name + " references an unknown ID \"" + at.Value + "\""}
				c.faults = append(c.faults, f)
				if at.Name == "with-rsc" { // libxml2 tries it in two places
					c.faults = append(c.faults, f)
				}
				ok = false
			}
		}
		for _, k := range n.Children {
			walk(k)
		}
	}
	walk(doc.Child("configuration"))
	return ok
}
