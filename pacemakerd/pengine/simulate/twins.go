package simulate

import "github.com/gocorosync/gocorosync/pacemakerd/xml"

// sameIDs tells whether elements of one name and id stand side by side in a
// node's state: then each writing of it changes more than was meant.
func (x *executor) sameIDs(state *xml.Element) bool {
	same, known := x.twins[state]
	if !known {
		same = hasTwins(state)
		x.twins[state] = same
	}
	return same
}

func hasTwins(e *xml.Element) bool {
	seen := make(map[[2]string]bool, len(e.Children))
	for _, child := range e.Children {
		key := [2]string{child.Name, child.ID()}
		if seen[key] || hasTwins(child) {
			return true
		}
		seen[key] = true
	}
	return false
}

// overwrite does what modifying an element of the CIB does: attributes are set,
// children written over the first of their name and id. Of several with one id
// the first thereby gets what the last says.
func overwrite(e, with *xml.Element) {
	for _, a := range with.Attrs {
		e.Set(a.Name, a.Value)
	}
	for _, child := range with.Children {
		for _, own := range e.Children {
			if own.Name == child.Name && own.ID() == child.ID() {
				overwrite(own, child)
				break
			}
		}
	}
}
