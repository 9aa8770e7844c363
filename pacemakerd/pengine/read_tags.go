package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/xml"

// tagged returns the ids a tag or template stands for.
func (c *Cluster) tagged(id string) ([]string, bool) {
	if c.constrained(id) != nil {
		return nil, false
	}
	if list, ok := c.templates[id]; ok {
		return list, true
	}
	list, ok := c.Tags[id]
	return list, ok
}

// tagsOrigin is who complains of what a constraint names, by its element.
var tagsOrigin = map[string]string{
	"rsc_location": "unpack_location_tags", "rsc_colocation": "unpack_colocation_tags", "rsc_order": "unpack_order_tags", "rsc_ticket": "unpack_rsc_ticket_tags",
}

// expandTags replaces tags and templates in a constraint by resource sets. Each
// of refs is an attribute that names a resource and the one that goes into the
// set with it: role or action. It returns e itself where nothing is to be
// done, nil where the constraint makes no sense (scheduler.md 10.6).
func (c *Cluster) expandTags(e *xml.Element, refs ...[2]string) *xml.Element {
	if e.Child("resource_set") != nil {
		return c.expandTagsInSets(e)
	}
	some := 0
	for _, ref := range refs {
		id := e.Get(ref[0])
		if id == "" {
			continue
		}
		if list, ok := c.tagged(id); ok {
			if len(list) == 0 {
				c.log("pcmk__tag_to_set", Error, "Ignoring constraint '%s' because '%s' is empty", e.ID(), id)
				return nil
			}
			some++
		} else if c.constrained(id) == nil {
			c.log("find_constraint_tag", Warning, "No template or tag named '%s'", id)
			c.log(tagsOrigin[e.Name], Error, "Ignoring constraint '%s' because '%s' is not a valid resource or tag", e.ID(), id)
			return nil
		}
	}
	if some == 0 {
		return e
	}
	if some > 1 && e.Name == "rsc_colocation" {
		c.log("unpack_colocation_tags", Error, "Ignoring constraint '%s' because two templates or tags cannot be colocated", e.ID())
		return nil
	}
	n := e.Clone()
	for _, ref := range refs {
		id := n.Get(ref[0])
		if id == "" {
			continue
		}
		set := xml.New("resource_set", "id", id)
		members, isTag := c.tagged(id)
		if isTag {
			set.Set("sequential", "false")
		} else {
			members = []string{id}
		}
		if c.nmembers += len(members); !c.fits(c.nmembers, 0, c.limits.Members, "members of resource sets") {
			return nil
		}
		for _, m := range members {
			set.Append(xml.New("resource_ref", "id", m))
		}
		if v, ok := n.Lookup(ref[1]); ok {
			name := "role"
			if e.Name == "rsc_order" {
				name = "action"
			}
			set.Set(name, v)
			n.Unset(ref[1])
		}
		n.Unset(ref[0])
		n.Append(set)
	}
	return n
}

func (c *Cluster) expandTagsInSets(e *xml.Element) *xml.Element {
	some := false
	for _, set := range c.sets(e) {
		for ref := range set.Each("resource_ref") {
			if _, ok := c.tagged(ref.ID()); ok {
				some = true
			}
		}
	}
	if !some {
		return e
	}
	n := e.ShallowClone()
	for _, set := range c.sets(e) {
		copied := n.Append(set.ShallowClone())
		for ref := range set.Each("resource_ref") {
			members, ok := c.tagged(ref.ID())
			if !ok {
				members = []string{ref.ID()}
			}
			if c.nmembers += len(members); !c.fits(c.nmembers, 0, c.limits.Members, "members of resource sets") {
				return nil
			}
			for _, m := range members {
				copied.Append(xml.New("resource_ref", "id", m))
			}
		}
	}
	for child := range e.Each("") {
		if child.Name != "resource_set" {
			n.Append(child.Clone())
		}
	}
	return n
}
