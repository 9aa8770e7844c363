package acl

import "github.com/gocorosync/gocorosync/pacemakerd/xml"

// Access is what a user may do with an element.
type Access uint8

// From least to most.
const (
	Denied Access = iota
	Readable
	Writable
)

// Accesses tells of every element of a document what a user may do with it.
func (r Rules) Accesses(doc *xml.Element) map[*xml.Element]Access {
	m := r.on(doc)
	all := map[*xml.Element]Access{}
	for n := range doc.Walk() {
		switch {
		case m.may(n, write):
			all[n] = Writable
		case m.may(n, read):
			all[n] = Readable
		default:
			all[n] = Denied
		}
	}
	return all
}
