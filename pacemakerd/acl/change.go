package acl

import (
	"fmt"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A DeniedError says which change a user may not make.
type DeniedError struct{ What, Path string }

func (e *DeniedError) Error() string {
	return fmt.Sprintf("the access control lists do not allow to %s %s", e.What, e.Path)
}

// Allow returns nil if the rules allow all that is different between two
// versions of a document, else a *DeniedError about the first thing that they
// do not. whole says that elements were replaced as a whole and not changed one
// by one: the marks of the new version count then for changed attributes too.
func (r Rules) Allow(old, new *xml.Element, whole bool) error {
	if len(r) == 0 {
		return &DeniedError{"change", old.Path()}
	}
	c := change{old: r.on(old), new: r.on(new), whole: whole}
	return c.compare(old, new)
}

type change struct {
	old, new marks
	whole    bool
}

func (c *change) compare(old, new *xml.Element) error {
	if !sameAttributes(old, new) {
		may := c.old.may(old, write)
		if c.whole {
			may = c.new.may(new, write)
		}
		if !may {
			return &DeniedError{"change attributes of", new.Path()}
		}
	}
	partner, paired := xml.Pair(old, new)
	for i, e := range old.Children {
		if !paired[i] && !e.IsComment() && !c.old.may(e, write) {
			return &DeniedError{"delete", e.Path()}
		}
	}
	for i, e := range new.Children {
		var err error
		switch {
		case e.IsComment():
		case partner[i] < 0:
			err = c.created(e)
		default:
			err = c.compare(old.Children[partner[i]], e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *change) created(n *xml.Element) error {
	for e := range n.Walk() {
		if !scaffolding(e) && !c.new.may(e, write) {
			return &DeniedError{"create", e.Path()}
		}
	}
	return nil
}

// scaffolding tells whether an element, outside of the lists themselves, has at
// most an id: anybody may create that on the way to what he may write.
func scaffolding(n *xml.Element) bool {
	for _, a := range n.Attrs {
		if a.Name != "id" {
			return false
		}
	}
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Name == "acls" {
			return false
		}
	}
	return true
}

func sameAttributes(a, b *xml.Element) bool {
	if len(a.Attrs) != len(b.Attrs) {
		return false
	}
	for _, attr := range a.Attrs {
		if v, ok := b.Lookup(attr.Name); !ok || v != attr.Value {
			return false
		}
	}
	return true
}
