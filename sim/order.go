package sim

import (
	"fmt"
	"slices"

	"github.com/gocorosync/gocorosync/totem"
)

// A Message names one application message: the count-th of a life of a node.
type Message struct {
	From  totem.NodeID
	Life  int
	Count int
}

func (m Message) String() string { return fmt.Sprintf("%d.%d#%d", m.From, m.Life, m.Count) }

// A stay is what one node saw of one ring: from the regular report of it to that
// of the next.
type stay struct {
	node      totem.NodeID
	life      int
	newTo     []totem.NodeID // members it met here, or before without having heard a message of them since
	delivered []Message
	cut       int // how many were delivered before the transitional report; -1 if there was none

	begins bool // the life had delivered nothing before

	next     totem.RingID   // the ring it went to; zero if none
	together []totem.NodeID // who went there with it
}

// heard reports whether a message of node from was delivered.
func (s *stay) heard(from totem.NodeID) bool {
	return slices.ContainsFunc(s.delivered, func(m Message) bool { return m.From == from })
}

// A Checker watches what the nodes of a World report and holds it against the
// promises of the ring:
//
//   - one ring, one list of members, on all nodes;
//   - all nodes of a ring deliver in one order, and until it breaks what one
//     delivered is the beginning of what another did;
//   - nodes that go from one ring to the next together delivered the same in the
//     first;
//   - nothing is delivered twice to one life of a node, nor out of its sender's
//     order;
//   - ring numbers never go back on a node (see [Node]).
//
// A node that meets another may miss the first message from it, if that was
// begun before.
type Checker struct {
	w       *World
	members map[totem.RingID][]totem.NodeID
	rings   []totem.RingID // in order of appearance
	stays   map[totem.RingID][]*stay
	now     map[totem.NodeID]*stay         // the current one of each node
	trans   map[totem.NodeID]totem.Members // the last transitional report
	last    map[[3]int]int                 // receiver, its life, sender and life packed: last count

	// late tells that a life of a node begins to listen some time after it came
	// to its first ring: what it missed until then does not count.
	late bool

	Delivered int
}

// NewChecker returns a Checker of w.
func NewChecker(w *World) *Checker {
	return &Checker{
		w:       w,
		members: make(map[totem.RingID][]totem.NodeID),
		stays:   make(map[totem.RingID][]*stay),
		now:     make(map[totem.NodeID]*stay),
		trans:   make(map[totem.NodeID]totem.Members),
		last:    make(map[[3]int]int),
	}
}

// Members notes a report of a node.
func (c *Checker) Members(n *Node, m totem.Members) {
	if m.Kind == totem.Transitional {
		c.trans[n.ID] = m
		if s := c.current(n); s != nil {
			s.cut = len(s.delivered)
		}
		return
	}
	if !slices.Contains(m.IDs, n.ID) || !slices.IsSorted(m.IDs) {
		c.w.Failf("node %d reports members %v", n.ID, m.IDs)
	}
	if want, ok := c.members[m.Ring]; !ok {
		c.members[m.Ring] = m.IDs
		c.rings = append(c.rings, m.Ring)
	} else if !slices.Equal(want, m.IDs) {
		c.w.Failf("ring %v is %v on node %d, but %v elsewhere", m.Ring, m.IDs, n.ID, want)
	}
	t := c.trans[n.ID]
	if t.Ring != m.Ring {
		c.w.Failf("node %d: regular report of ring %v after transitional of %v", n.ID, m.Ring, t.Ring)
	}
	s := &stay{node: n.ID, life: n.Life, cut: -1}
	for _, id := range m.IDs {
		if !slices.Contains(t.IDs, id) {
			s.newTo = append(s.newTo, id)
		}
	}
	if !slices.Equal(s.newTo, m.Joined) {
		c.w.Failf("node %d ring %v: joined %v, want %v", n.ID, m.Ring, m.Joined, s.newTo)
	}
	s.begins = c.late
	if old := c.current(n); old != nil {
		s.begins = old.begins && len(old.delivered) == 0
		old.next, old.together = m.Ring, t.IDs
		for _, id := range old.newTo {
			if slices.Contains(t.IDs, id) && !old.heard(id) {
				s.newTo = append(s.newTo, id)
			}
		}
	}
	c.now[n.ID] = s
	c.stays[m.Ring] = append(c.stays[m.Ring], s)
}

func (c *Checker) current(n *Node) *stay {
	if s := c.now[n.ID]; s != nil && s.life == n.Life {
		return s
	}
	return nil
}

// Deliver notes that a message reached a node.
func (c *Checker) Deliver(n *Node, msg Message) {
	c.Delivered++
	s := c.current(n)
	if s == nil {
		c.w.Failf("node %d delivers %v before it is on a ring", n.ID, msg)
		return
	}
	key := [3]int{int(n.ID), n.Life, int(msg.From)<<32 | msg.Life}
	if last := c.last[key]; msg.Count <= last {
		c.w.Failf("node %d delivers %v after #%d", n.ID, msg, last)
	}
	c.last[key] = msg.Count
	s.delivered = append(s.delivered, msg)
}

// Finish compares all that was noted.
func (c *Checker) Finish() {
	for _, ring := range c.rings {
		stays := c.stays[ring]
		for i, a := range stays {
			for _, b := range stays[:i] {
				if err := compare(a, b); err != nil {
					c.w.Failf("ring %v, nodes %d and %d: %v", ring, a.node, b.node, err)
					return
				}
			}
		}
	}
}

func compare(a, b *stay) error {
	if a.node == b.node {
		return fmt.Errorf("life %d and %d are on one ring", a.life, b.life)
	}
	x, xcut := excused(a, b)
	y, ycut := excused(b, a)
	x, xcut, y, ycut = sinceBoth(a, b, x, xcut, y, ycut)
	together := a.next == b.next && a.next != (totem.RingID{}) &&
		slices.Contains(a.together, b.node) && slices.Contains(b.together, a.node)
	if together {
		if i := firstDifference(x, y); i >= 0 {
			return fmt.Errorf("go to ring %v together, but message %d is %v on one and %v on the other (%d and %d in all)",
				a.next, i, at(x, i), at(y, i), len(x), len(y))
		}
		if xcut != ycut {
			return fmt.Errorf("go to ring %v together, but one had delivered %d messages by then, the other %d", a.next, xcut, ycut)
		}
		return nil
	}
	before := min(xcut, ycut)
	if i := firstDifference(x[:before], y[:before]); i >= 0 {
		return fmt.Errorf("message %d is %v on one and %v on the other", i, at(x, i), at(y, i))
	}
	// Behind that messages may be missing, but not out of order.
	place := make(map[Message]int, len(y))
	for i, m := range y {
		place[m] = i + 1
	}
	last := 0
	for _, m := range x {
		if p := place[m]; p != 0 {
			if p < last {
				return fmt.Errorf("message %v is out of order", m)
			}
			last = p
		}
	}
	return nil
}

// excused returns what a delivered, without the first message of each node that
// b does not have because it met that node in the middle of it; and where the cut is in
// it.
func excused(a, b *stay) (list []Message, cut int) {
	cut = -1
	var seen []totem.NodeID
	for i, m := range a.delivered {
		if i == a.cut {
			cut = len(list)
		}
		first := !slices.Contains(seen, m.From)
		if first {
			seen = append(seen, m.From)
			if slices.Contains(b.newTo, m.From) && !slices.Contains(b.delivered, m) {
				continue
			}
		}
		list = append(list, m)
	}
	if cut < 0 {
		cut = len(list)
	}
	return list, cut
}

// sinceBoth leaves out what one had delivered before the other began to listen.
func sinceBoth(a, b *stay, x []Message, xcut int, y []Message, ycut int) ([]Message, int, []Message, int) {
	if a.begins {
		y, ycut = since(y, ycut, x)
	}
	if b.begins {
		x, xcut = since(x, xcut, y)
	}
	return x, xcut, y, ycut
}

// since returns what of list comes from the first of other on: nothing, if list
// ends before other begins.
func since(list []Message, cut int, other []Message) ([]Message, int) {
	if len(other) == 0 {
		return nil, 0
	}
	if i := slices.Index(list, other[0]); i >= 0 {
		return list[i:], max(cut-i, 0)
	}
	if !slices.ContainsFunc(list, func(m Message) bool { return slices.Contains(other, m) }) {
		return nil, 0
	}
	return list, cut
}

func firstDifference(x, y []Message) int {
	for i := range max(len(x), len(y)) {
		if at(x, i) != at(y, i) {
			return i
		}
	}
	return -1
}

func at(x []Message, i int) Message {
	if i < len(x) {
		return x[i]
	}
	return Message{}
}
