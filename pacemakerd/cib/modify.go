package cib

import (
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

const infinity = 1000000

func (c *change) modify(op *Op) Code {
	in := input(op)
	if in == nil {
		return Invalid
	}
	var starts []*xml.Element
	if op.Options&XPath != 0 {
		found, code := pick(c.doc, op)
		if code != OK {
			return code
		}
		if op.Options&Multiple == 0 {
			found = found[:1]
		}
		starts = found
	} else {
		if c.section(op.Section) == nil { // it is made, which is no change of the configuration
			c.other = true
		}
		at, code := c.start(op)
		if code != OK {
			return code
		}
		starts = []*xml.Element{at}
	}
	for _, at := range starts {
		target := first(at, in)
		if target != nil {
			c.merge(target, in)
			continue
		}
		if op.Options&CanCreate == 0 || op.Options&XPath != 0 {
			return NotFound
		}
		// The quirk of 5.1.1: a wholly new element counts as a change of the
		// document, not of the configuration.
		at.Append(in.Clone())
		c.other = true
	}
	if op.Options&MixedUpdate != 0 {
		c.removeMarked()
	}
	return OK
}

// merge sets u's attributes on t and merges its children, making those that
// are missing.
func (c *change) merge(t, u *xml.Element) {
	for _, a := range u.Attrs {
		old, has := t.Lookup(a.Name)
		value := expand(a.Name, a.Value, old)
		if !has || old != value {
			t.Set(a.Name, value)
			c.note(t)
		}
	}
	for child := range u.Each("") {
		match := matchChild(t, child)
		if match == nil {
			match = t.Append(xml.New(child.Name)) // which is no change before it has an attribute
		}
		c.merge(match, child)
	}
}

func matchChild(t, like *xml.Element) *xml.Element {
	key := "id"
	id, has := like.Lookup(key)
	if !has {
		key = "id-ref"
		id, has = like.Lookup(key)
	}
	for e := range t.Each(like.Name) {
		if !has || e.Get(key) == id && e.Has(key) {
			return e
		}
	}
	return nil
}

// expand resolves name="name++" and name="name+=N" against the old value. The
// sum stops at INFINITY.
func expand(name, value, old string) string {
	rest, ok := strings.CutPrefix(value, name)
	if !ok || len(rest) < 2 {
		return value
	}
	by := 0
	switch {
	case rest == "++":
		by = 1
	case strings.HasPrefix(rest, "+="):
		by = score(rest[2:])
	default:
		return value
	}
	return strconv.Itoa(min(score(old)+by, infinity))
}

// score reads an integer or a form of INFINITY; anything else is 0.
func score(s string) int {
	switch strings.ToUpper(s) {
	case "INFINITY", "+INFINITY":
		return infinity
	case "-INFINITY":
		return -infinity
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return max(-infinity, min(n, infinity))
}

// removeMarked removes every element that carries __delete__.
func (c *change) removeMarked() {
	var marked []*xml.Element
	for e := range c.doc.Walk() {
		if e.Has("__delete__") {
			marked = append(marked, e)
		}
	}
	for _, e := range marked {
		c.note(e)
		e.Remove()
	}
}

func (c *change) create(op *Op) (*xml.Element, Code) {
	in := input(op)
	if in == nil {
		return nil, Invalid
	}
	if op.Section == "" { // where it belongs has to be said, or be clear from what is there
		return nil, c.modify(op)
	}
	// A section that is missing is not made, and an XPath is one more name of no
	// section.
	at := c.section(op.Section)
	items := []*xml.Element{in}
	if at == nil && in.Name == op.Section || at != nil && in.Name == at.Name {
		items = items[:0]
		for e := range in.Each("") {
			items = append(items, e)
		}
	}
	failed := xml.New("failed")
	for _, e := range items {
		if code := c.createOne(at, e); code != OK {
			why := failed.Append(xml.New("failed_update"))
			if id, has := e.Lookup("id"); has {
				why.Set("id", id)
			}
			why.Set("object_type", e.Name)
			why.Set("operation", OpCreate)
			why.Set("reason", code.String())
			why.Append(e.Clone())
			return failed, code
		}
	}
	return nil, OK
}

func (c *change) createOne(at, e *xml.Element) Code {
	if at == nil {
		return Invalid
	}
	if how, ok := e.Lookup("replace"); ok { // an old way to replace a child on the way
		if old := at.ByID(how, e.ID()); old != nil {
			c.note(old)
			old.Remove()
		}
	}
	for old := range at.Each(e.Name) {
		if !e.Has("id") || old.Get("id") == e.Get("id") {
			return Exists
		}
	}
	n := at.Append(xml.New(e.Name))
	c.merge(n, e)
	return OK
}
