package acl

import (
	"slices"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Filter returns a copy of the document with what the rules let be read: an
// element that may not be, but has something below it that may, stays with its
// id alone. It returns nil where nothing is left.
func (r Rules) Filter(doc *xml.Element) *xml.Element {
	out := doc.Clone()
	m := r.on(out)
	for _, rule := range r {
		if rule.mode != deny {
			continue
		}
		found, _ := out.Select(rule.xpath) // on has looked at the error
		for _, n := range found {
			if !m.purge(n) && n == out {
				return nil
			}
		}
	}
	if !m.purge(out) {
		return nil
	}
	return out
}

// purge takes away what may not be read of n, n itself if that is all of it,
// and tells whether something is left.
func (m marks) purge(n *xml.Element) bool {
	if m[n].allows(read) {
		return true
	}
	n.Attrs = slices.DeleteFunc(n.Attrs, func(a xml.Attr) bool { return a.Name != "id" })
	left := false
	for _, c := range slices.Clone(n.Children) {
		left = m.purge(c) || left
	}
	if !left {
		n.Remove()
	}
	return left
}
