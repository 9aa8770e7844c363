package cib

import (
	"errors"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

func (c *change) delete(op *Op) Code {
	if op.Options&XPath != 0 {
		found, err := c.doc.Select(op.Section)
		if errors.Is(err, xml.ErrXPathPanic) || errors.Is(err, xml.ErrXPathTooCostly) || errors.Is(err, xml.ErrXPathCounts) {
			return Invalid // there may be a match; to the original an expression that it cannot read has none
		}
		if op.Options&Multiple == 0 && len(found) > 1 {
			found = found[:1]
		}
		for _, e := range found {
			if e == c.doc {
				return Invalid // the document itself is never deleted
			}
			c.note(e)
			e.Remove()
		}
		return OK
	}
	in := input(op)
	if in == nil {
		return Invalid
	}
	at := c.section(op.Section)
	if at == nil {
		return OK
	}
	items := []*xml.Element{in}
	if in.Name == at.Name && at != c.doc {
		items = items[:0]
		for e := range in.Each("") {
			items = append(items, e)
		}
	}
	for _, e := range items {
		if found := matching(at, e); found != nil && found != c.doc {
			c.note(found)
			found.Remove()
		}
	}
	return OK
}

// matching finds, depth first, the first element with like's tag that has all
// of like's attributes, compared without regard to case.
func matching(at, like *xml.Element) *xml.Element {
	for e := range at.Walk() {
		if e.Name != like.Name {
			continue
		}
		ok := true
		for _, a := range like.Attrs {
			v, has := e.Lookup(a.Name)
			if !has || !strings.EqualFold(v, a.Value) {
				ok = false
				break
			}
		}
		if ok {
			return e
		}
	}
	return nil
}

// deleteAlt is the absolute delete: the element must be there.
func (c *change) deleteAlt(op *Op) Code {
	in := input(op)
	at, code := c.start(op)
	if code != OK {
		return code
	}
	if in == nil {
		if at == c.doc {
			return Invalid
		}
		c.note(at)
		at.Children = nil
		return OK
	}
	found := first(at, in)
	if found == nil || found == c.doc {
		return NotFound
	}
	c.note(found)
	found.Remove()
	return OK
}

func (c *change) replace(op *Op) Code {
	if op.Data == nil {
		return Invalid
	}
	if op.Digest != "" && op.Digest != xml.Digest(op.Data) {
		return DiffFailed
	}
	if op.Options&XPath != 0 {
		at, code := c.start(op)
		if code != OK {
			return code
		}
		if at == c.doc {
			return c.replaceAll(op)
		}
		c.note(at)
		parent := at.Parent
		at.Remove()
		parent.Append(op.Data.Clone())
		return OK
	}
	if op.Data.Name == "cib" && len(sectionPath[op.Section]) == 0 {
		return c.replaceAll(op)
	}
	in := input(op)
	at := c.section(op.Section)
	if at == nil {
		return NotFound
	}
	old := first(at, in)
	if old == nil || old == c.doc {
		return NotFound
	}
	if xml.Diff(old, in) != nil {
		c.note(old)
	}
	i, parent := old.Index(), old.Parent
	old.Remove()
	parent.Insert(i, in.Clone())
	return OK
}

func (c *change) replaceAll(op *Op) Code {
	if !op.Exact && VersionOf(op.Data).Compare(VersionOf(c.doc)) < 0 {
		return OldData
	}
	next := op.Data.Clone()
	c.compare(c.doc, next)
	c.doc = next
	return OK
}

func (c *change) applyDiff(op *Op) Code {
	if op.Data == nil || op.Data.Name != "diff" {
		return Invalid
	}
	if f := op.Data.Get("format"); f != "2" {
		return UnknownFormat
	}
	v := op.Data.Child("version")
	if v == nil { // it applies to whatever is there
		old := c.doc.Clone()
		if err := xml.Apply(c.doc, op.Data); err != nil {
			return DiffFailed
		}
		VersionOf(old).set(c.doc)
		c.compare(old, c.doc)
		return OK
	}
	// What version the document has afterwards says the change of <cib> itself.
	source, target, have := VersionOf(v.Child("source")), VersionOf(v.Child("target")), VersionOf(c.doc)
	switch {
	case have.Compare(source) < 0:
		return DiffResync
	case have.Compare(source) > 0, target.Compare(source) <= 0:
		return OldData
	}
	old := c.doc.Clone()
	if err := xml.Apply(c.doc, op.Data); err != nil {
		return DiffFailed
	}
	if d := op.Data.Get("digest"); d != "" && d != xml.Digest(c.doc) {
		return DiffFailed
	}
	c.compare(old, c.doc)
	return OK
}

// erase empties the configuration and keeps the attributes of <cib>.
func (c *change) erase() {
	old := c.doc
	c.doc = Empty()
	c.doc.Attrs = old.ShallowClone().Attrs
	v := VersionOf(old)
	v.AdminEpoch++
	v.set(c.doc)
	c.compare(old, c.doc)
}

func (c *change) upgrade(op *Op, schemas Schemas) Code {
	if schemas == nil {
		return TransformFail
	}
	next, changed, err := schemas.Upgrade(c.doc.Clone(), op.SchemaMax)
	if err != nil {
		return TransformFail
	}
	if !changed {
		return SchemaSame
	}
	v, old := VersionOf(c.doc), c.doc
	c.doc = next
	Version{v.AdminEpoch + 1, 1, 1}.set(c.doc)
	c.compare(old, next) // what there is to change is counted on top
	return OK
}
