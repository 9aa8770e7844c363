//go:build interop

package integration

import (
	"fmt"
	"slices"
	"strings"
)

// A msg is one message of a talker.
type msg struct{ life, count uint32 }

// A trace is what one talker got, in order.
type trace struct {
	life  uint32
	who   string // NODE:PID
	cut   bool   // it was killed, or its daemon was
	items []item
}

// An item is a message, or the report of a ring or of a change of the group.
type item struct {
	msg
	ring   string // REP SEQ MEMBERS
	joined string // ",NODE:PID,NODE:PID"
}

// A stretch is what came between two reports of rings, or before the first or
// after the last one.
type stretch struct {
	from, to string // rings; "" where there is none
	items    []item
}

func (t *trace) stretches() []stretch {
	var list []stretch
	s := stretch{}
	for _, it := range t.items {
		if it.ring == "" {
			s.items = append(s.items, it)
			continue
		}
		s.to = it.ring
		list = append(list, s)
		s = stretch{from: it.ring}
	}
	return append(list, s)
}

func messages(items []item) []msg {
	var list []msg
	for _, it := range items {
		if it.life != 0 {
			list = append(list, it.msg)
		}
	}
	return list
}

// faults holds traces against what the ring promises:
//
//   - nothing comes twice, nor out of its sender's order, nor with a hole while
//     the ring stays;
//   - what two have got both they have got in one order;
//   - two that go from one ring to the next have got the same in the first, from
//     where the later of them joined the group.
func faults(traces []*trace) []string {
	var bad []string
	say := func(format string, args ...any) {
		if len(bad) < 20 {
			bad = append(bad, fmt.Sprintf(format, args...))
		}
	}
	for _, t := range traces {
		last := make(map[uint32]uint32)
		for _, s := range t.stretches() {
			heard := make(map[uint32]bool)
			for _, m := range messages(s.items) {
				switch {
				case m.count <= last[m.life]:
					say("life %d gets %v after %d", t.life, m, last[m.life])
				case heard[m.life] && m.count != last[m.life]+1:
					say("life %d gets %v after %d on one ring", t.life, m, last[m.life])
				}
				last[m.life], heard[m.life] = m.count, true
			}
		}
	}
	for i, a := range traces {
		at := make(map[msg]int)
		for j, m := range messages(a.items) {
			at[m] = j
		}
		for _, b := range traces[i+1:] {
			before := -1
			for _, m := range messages(b.items) {
				j, common := at[m]
				if !common {
					continue
				}
				if j < before {
					say("lives %d and %d get %v in different order", a.life, b.life, m)
				}
				before = j
			}
			for _, s := range a.stretches() {
				for _, o := range b.stretches() {
					if s.to == o.to && (s.to != "" || !a.cut && !b.cut) {
						if why := differ(a, b, s, o); why != "" {
							say("lives %d and %d on ring %q, then %q: %s", a.life, b.life, s.from, s.to, why)
						}
					}
				}
			}
		}
	}
	return bad
}

// differ compares stretches of two traces that end alike.
func differ(a, b *trace, s, o stretch) string {
	switch {
	case s.from == o.from && s.from != "":
	case s.from == "" && (o.from != "" || indexOfJoin(o.items, a.who) >= 0):
		i := indexOfJoin(o.items, a.who)
		if i < 0 {
			return "" // on other rings
		}
		s.items, o.items = afterJoin(s.items, a.who), o.items[i:]
	case o.from == "":
		i := indexOfJoin(s.items, b.who)
		if i < 0 {
			return ""
		}
		o.items, s.items = afterJoin(o.items, b.who), s.items[i:]
	default:
		return ""
	}
	x, y := messages(s.items), messages(o.items)
	if slices.Equal(x, y) {
		return ""
	}
	for i := range max(len(x), len(y)) {
		if i >= len(x) || i >= len(y) || x[i] != y[i] {
			return fmt.Sprintf("%d and %d messages, different from the %dth on", len(x), len(y), i+1)
		}
	}
	return ""
}

func indexOfJoin(items []item, who string) int {
	return slices.IndexFunc(items, func(it item) bool {
		return slices.Contains(strings.Split(it.joined, ","), who)
	})
}

func afterJoin(items []item, who string) []item { return items[max(indexOfJoin(items, who), 0):] }
