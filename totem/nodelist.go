package totem

import (
	"slices"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// A nodeList is a list of nodes without doubles, in the order they were added.
// Joins carry two of them; their order does not count.
type nodeList struct {
	gen  wire.Generation
	list []wire.SRP
}

func (l *nodeList) len() int { return len(l.list) }

func (l *nodeList) index(s wire.SRP) int {
	id := s.Identity(l.gen)
	for i := range l.list {
		if l.list[i].Identity(l.gen) == id {
			return i
		}
	}
	return -1
}

func (l *nodeList) has(s wire.SRP) bool { return l.index(s) >= 0 }

// add adds s if it is not there and if there is room.
func (l *nodeList) add(s wire.SRP) {
	if !l.has(s) && len(l.list) < MaxMembers {
		l.list = append(l.list, s)
	}
}

func (l *nodeList) addAll(list []wire.SRP) {
	for _, s := range list {
		l.add(s)
	}
}

// set makes l hold exactly list.
func (l *nodeList) set(list ...wire.SRP) {
	l.list = l.list[:0]
	l.addAll(list)
}

// covers reports whether all of list are in l.
func (l *nodeList) covers(list []wire.SRP) bool {
	for _, s := range list {
		if !l.has(s) {
			return false
		}
	}
	return true
}

// equal reports whether l and list hold the same nodes.
func (l *nodeList) equal(list []wire.SRP) bool {
	if !l.covers(list) {
		return false
	}
	other := nodeList{l.gen, list}
	return other.covers(l.list)
}

// minus returns those of l that are not in other.
func (l *nodeList) minus(other *nodeList) nodeList {
	out := nodeList{gen: l.gen}
	for _, s := range l.list {
		if !other.has(s) {
			out.list = append(out.list, s)
		}
	}
	return out
}

// sort puts l in ring order.
func (l *nodeList) sort() {
	slices.SortFunc(l.list, func(a, b wire.SRP) int {
		return a.Identity(l.gen).Compare(b.Identity(l.gen))
	})
}

// ids returns the node ids. The slice is the caller's.
func (l *nodeList) ids() []NodeID {
	ids := make([]NodeID, 0, len(l.list))
	for _, s := range l.list {
		ids = append(ids, s.Node())
	}
	return ids
}
