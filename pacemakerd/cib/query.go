package cib

import "github.com/gocorosync/gocorosync/pacemakerd/xml"

// query answers a read. The output shares nodes with doc: it must not be
// changed or put into another tree without Clone.
func query(doc *xml.Element, op *Op) Result {
	r := Result{Doc: doc}
	if op.Options&XPath == 0 {
		found := Section(doc, op.Section)
		if _, known := sectionPath[op.Section]; !known {
			found = doc // as in the original
		}
		switch {
		case found == nil:
			r.Code = NotFound
		case op.Options&NoChildren != 0:
			r.Output = found.ShallowClone()
		default:
			r.Output = found
		}
		return r
	}
	found, code := pick(doc, op)
	if code != OK {
		r.Code = code
		return r
	}
	show := func(n *xml.Element) *xml.Element {
		switch {
		case op.Options&NoChildren != 0:
			return n.ShallowClone()
		case op.Options&XPathAddress != 0:
			return xml.New("xpath-query-path", "id", n.Path())
		}
		return n.Clone()
	}
	if len(found) == 1 && op.Options&XPathAddress == 0 {
		if op.Options&NoChildren != 0 {
			r.Output = found[0].ShallowClone()
		} else {
			r.Output = found[0]
		}
		return r
	}
	r.Output = xml.New("xpath-query")
	for _, n := range found {
		r.Output.Append(show(n))
	}
	return r
}
