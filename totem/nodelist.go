package totem

import (
	"slices"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// A nodeList is a set of nodes that keeps the order in which they were added.
// Joins carry two of them; their order does not count.
type nodeList struct {
	gen   wire.Generation
	list  []wire.SRP
	place map[wire.Identity]int // in list; nil while the list is short
	seen  []bool                // scratch of equal
}

// shortList is up to how many nodes looking at all is faster than a map.
const shortList = 16

func (l *nodeList) len() int { return len(l.list) }

// index returns the place of s in the list, or -1.
func (l *nodeList) index(s wire.SRP) int {
	id := s.Identity(l.gen)
	if l.place != nil {
		if i, ok := l.place[id]; ok {
			return i
		}
		return -1
	}
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
	if l.has(s) || len(l.list) >= MaxMembers {
		return
	}
	l.list = append(l.list, s)
	switch {
	case l.place != nil:
		l.place[s.Identity(l.gen)] = len(l.list) - 1
	case len(l.list) > shortList:
		l.place = make(map[wire.Identity]int, len(l.list))
		for i := range l.list {
			l.place[l.list[i].Identity(l.gen)] = i
		}
	}
}

func (l *nodeList) addAll(list []wire.SRP) {
	for _, s := range list {
		l.add(s)
	}
}

// set makes l hold exactly list.
func (l *nodeList) set(list ...wire.SRP) {
	l.list, l.place = l.list[:0], nil
	l.addAll(list)
}

// refresh takes what a node says of itself instead of what others said of it.
func (l *nodeList) refresh(s wire.SRP) {
	if i := l.index(s); i >= 0 {
		l.list[i] = s
	}
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

// equal reports whether l and list, which may name a node twice, hold the same
// nodes.
func (l *nodeList) equal(list []wire.SRP) bool {
	l.seen = append(l.seen[:0], make([]bool, len(l.list))...)
	distinct := 0
	for _, s := range list {
		i := l.index(s)
		if i < 0 {
			return false
		}
		if !l.seen[i] {
			l.seen[i] = true
			distinct++
		}
	}
	return distinct == len(l.list)
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
	l.place = nil
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

// names reports whether list, as a message carries it, names s.
func names(g wire.Generation, list []wire.SRP, s wire.SRP) bool {
	id := s.Identity(g)
	return slices.ContainsFunc(list, func(s wire.SRP) bool { return s.Identity(g) == id })
}
