package pengine

import (
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// expandTemplate returns the primitive with its template's content in front of
// its own, or e itself when it has none. It fails when the template is missing
// (scheduler.md 6.2).
func (c *Cluster) expandTemplate(e *xml.Element) (*xml.Element, bool) {
	ref, ok := e.Lookup("template")
	if !ok {
		return e, true
	}
	id := e.ID()
	if ref == id || ref == "" {
		c.log("unpack_template", Error, "The resource object '%s' should not reference itself", id)
		return nil, false
	}
	var from *xml.Element
	for t := range c.cib.Descend("configuration", "resources").Each("template") {
		if t.ID() == ref {
			from = t
			break
		}
	}
	if from == nil {
		c.log("unpack_template", Error, "No template named '%s'", ref)
		return nil, false
	}
	n := from.Clone()
	n.Name = e.Name
	n.Set("id", id)
	if v, ok := e.Lookup("clone"); ok {
		n.Set("clone", v)
	}
	theirs := n.Child("operations")
	var ours *xml.Element
	for child := range e.Each("") {
		copied := n.Append(child.Clone())
		if child.Name == "operations" {
			ours = copied
		}
	}
	if theirs != nil && ours != nil {
		have := make(map[string]bool)
		for op := range ours.Each("op") {
			have[templateOpKey(op)] = true
		}
		for op := range theirs.Each("op") {
			if !have[templateOpKey(op)] {
				ours.Append(op.Clone())
			}
		}
		theirs.Remove()
	}
	return n, true
}

// templateOpKey says which operations are the same to a template: those with
// equal name and role, where no role, Started and Unpromoted are equal.
func templateOpKey(op *xml.Element) string {
	role := op.Get("role")
	if role == "" {
		role = "Started"
	}
	switch rules.ParseRole(role) {
	case RoleStarted, RoleUnpromoted:
		role = "Started"
	case RolePromoted:
		role = "Promoted"
	}
	return op.Get("name") + "-" + role
}

// unpackTags reads tags, and the templates that act as tags.
func (c *Cluster) unpackTags() {
	c.Tags = make(map[string][]string)
	for tag := range c.cib.Descend("configuration", "tags").Each("tag") {
		for ref := range tag.Each("obj_ref") {
			if id := ref.ID(); id != "" && tag.ID() != "" {
				c.Tags[tag.ID()] = appendNew(c.Tags[tag.ID()], id)
			}
		}
		if len(c.Tags[tag.ID()]) == 0 && tag.ID() != "" {
			c.Tags[tag.ID()] = []string{}
		}
	}
}

func appendNew[T comparable](list []T, v T) []T {
	for _, old := range list {
		if old == v {
			return list
		}
	}
	return append(list, v)
}
