package cpg_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/cpg"
	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// A story is some nodes on perfect rings, and what their clients are told, one
// line for each event: "node/client: event".
type story struct {
	t     *testing.T
	gen   wire.Generation
	seq   uint64
	nodes map[totem.NodeID]*node
	wire  []message
	trace []string
	after func(message) // called once a message was delivered; nil is nothing
}

type message struct {
	from totem.NodeID
	ring totem.RingID
	data []byte
}

type node struct {
	id      totem.NodeID
	s       *story
	cpg     *cpg.Machine
	svc     *service.Machine
	members []totem.NodeID
	ring    totem.RingID
}

func newStory(t *testing.T, gen wire.Generation, ids ...totem.NodeID) *story {
	s := &story{t: t, gen: gen, nodes: make(map[totem.NodeID]*node)}
	for _, id := range ids {
		s.boot(id)
	}
	s.form(ids...)
	s.trace = nil
	return s
}

func (s *story) boot(id totem.NodeID) {
	n := &node{id: id, s: s, cpg: cpg.New(cpg.Config{Self: id, Generation: s.gen})}
	n.svc = service.New(service.Config{Self: id, Generation: s.gen}, n.cpg)
	s.nodes[id] = n
}

// form makes one ring of nodes, wherever they were before.
func (s *story) form(ids ...totem.NodeID) {
	s.seq += 4
	ring := totem.RingID{Rep: ids[0], Seq: s.seq}
	for _, id := range ids {
		n := s.nodes[id]
		var along []totem.NodeID
		for _, m := range n.members {
			if slices.Contains(ids, m) && s.nodes[m].members != nil {
				along = append(along, m)
			}
		}
		if along == nil {
			along = []totem.NodeID{id}
		}
		n.step(totem.Members{Kind: totem.Transitional, Ring: ring, IDs: along})
	}
	for _, id := range ids {
		n := s.nodes[id]
		n.members, n.ring = ids, ring
		n.step(totem.Members{Kind: totem.Regular, Ring: ring, IDs: ids})
	}
	s.pump()
}

func (s *story) pump() {
	for len(s.wire) > 0 {
		m := s.wire[0]
		s.wire = s.wire[1:]
		for id := totem.NodeID(1); id < 10; id++ {
			if n := s.nodes[id]; n != nil && n.ring == m.ring {
				n.step(&totem.Deliver{From: m.from, Data: m.data})
			}
		}
		if s.after != nil {
			s.after(m)
		}
	}
}

func (n *node) step(ev service.Event) {
	for _, a := range slices.Clone(n.svc.Step(0, ev)) {
		switch a := a.(type) {
		case totem.Submit:
			n.s.wire = append(n.s.wire, message{n.id, n.ring, slices.Clone(a.Data)})
		case cpg.Reply:
			if a.Status != cpg.OK {
				n.note(a.Conn, "status %d", a.Status)
			}
		case cpg.Confchg:
			for _, c := range a.Conns {
				n.note(c, "%s [%s] left [%s] joined [%s]", a.Group, list(a.Members, false), list(a.Left, true), list(a.Joined, true))
			}
		case cpg.Deliver:
			for _, c := range a.Conns {
				n.note(c, "%s from %d/%d: %s", a.Group, a.Node, a.PID, a.Data)
			}
		case cpg.PartialDeliver:
			for _, c := range a.Conns {
				n.note(c, "%s part %d of %d from %d/%d: %s", a.Group, a.Type, a.Total, a.Node, a.PID, a.Data)
			}
		}
	}
}

func (n *node) note(c cpg.Conn, format string, args ...any) {
	n.s.trace = append(n.s.trace, fmt.Sprintf("%d/%d: ", n.id, c)+fmt.Sprintf(format, args...))
}

func list(l []cpg.Address, reason bool) string {
	var words []string
	for _, a := range l {
		w := fmt.Sprintf("%d/%d", a.Node, a.PID)
		if reason {
			w += fmt.Sprintf("=%d", a.Reason)
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

// do feeds client events to a node and delivers what comes of them.
func (s *story) do(id totem.NodeID, events ...service.Event) {
	for _, ev := range events {
		s.nodes[id].step(service.To{ID: service.IDCPG, Event: ev})
	}
	s.pump()
}

// join lets client c of a node join a group with process id 100+c.
func (s *story) join(id totem.NodeID, c cpg.Conn, group string) {
	s.do(id, cpg.Open{Conn: c}, cpg.Join{Conn: c, Group: group, PID: 100 + uint32(c)})
}

func (s *story) want(lines ...string) {
	s.t.Helper()
	if !slices.Equal(s.trace, lines) {
		s.t.Errorf("got\n  %s\nwant\n  %s", strings.Join(s.trace, "\n  "), strings.Join(lines, "\n  "))
	}
	s.trace = nil
}

// TestJoinSendLeave: services.md 5, normal operation.
func TestJoinSendLeave(t *testing.T) {
	s := newStory(t, wire.EL9, 1, 2)
	s.join(1, 1, "g")
	s.want("1/1: g [1/101] left [] joined [1/101=1]")
	s.join(2, 1, "g")
	s.want("1/1: g [1/101 2/101] left [] joined [2/101=1]", "2/1: g [1/101 2/101] left [] joined [2/101=1]")
	s.join(2, 2, "other")
	s.want("2/2: other [2/102] left [] joined [2/102=1]")
	s.do(2, cpg.Mcast{Conn: 1, Data: []byte("hi")})
	s.want("1/1: g from 2/101: hi", "2/1: g from 2/101: hi")
	s.do(1, cpg.Mcast{Conn: 9, Data: []byte("nobody")})
	s.want()
	s.do(1, cpg.Join{Conn: 1, Group: "g", PID: 101})
	s.want("1/1: status 14") // already in it
	s.do(1, cpg.Leave{Conn: 1, Group: "g"})
	s.want("1/1: g [2/101] left [1/101=2] joined []", "2/1: g [2/101] left [1/101=2] joined []")
	s.do(1, cpg.Leave{Conn: 1, Group: "g"})
	s.want("1/1: status 12")
	s.do(1, cpg.Join{Conn: 1, Group: "g", PID: 101}) // again, on the same connection
	s.want("1/1: g [1/101 2/101] left [] joined [1/101=1]", "2/1: g [1/101 2/101] left [] joined [1/101=1]")
	s.do(1, cpg.Closed{Conn: 1}) // its process died
	s.want("2/1: g [2/101] left [1/101=5] joined []")
}

// TestSendRightAfterJoin: a message sent before the join is delivered comes
// after it.
func TestSendRightAfterJoin(t *testing.T) {
	s := newStory(t, wire.EL7, 1)
	s.do(1, cpg.Open{Conn: 1}, cpg.Join{Conn: 1, Group: "g", PID: 7}, cpg.Mcast{Conn: 1, Data: []byte("x")}, cpg.Leave{Conn: 1, Group: "g"})
	s.want("1/1: status 10", "1/1: g [1/7] left [] joined [1/7=1]", "1/1: g from 1/7: x")
}

// TestNodesComeAndGo: processes of lost nodes leave in one event for each
// group, in byte order of the groups; those of new ones come in one event for
// each group, or in corosync 2 for each process.
func TestNodesComeAndGo(t *testing.T) {
	for _, gen := range []wire.Generation{wire.EL7, wire.EL9} {
		s := newStory(t, gen, 1, 2, 3)
		s.join(1, 1, "b")
		s.join(1, 2, "a")
		s.join(2, 1, "b")
		s.join(2, 2, "b")
		s.join(2, 3, "a")
		s.join(3, 1, "b")
		s.trace = nil
		delete(s.nodes, 2) // crashes
		s.form(1, 3)
		s.want("1/2: a [1/102] left [2/103=3] joined []",
			"1/1: b [1/101 3/101] left [2/101=3 2/102=3] joined []",
			"3/1: b [1/101 3/101] left [2/101=3 2/102=3] joined []")
		s.boot(2) // alone, with two processes, then back
		s.form(2)
		s.join(2, 5, "b")
		s.join(2, 6, "b")
		s.trace = nil
		s.form(1, 2, 3)
		got := s.trace
		s.trace = nil
		for _, c := range []string{"1/1: ", "3/1: "} {
			var mine []string
			for _, line := range got {
				if rest, ok := strings.CutPrefix(line, c); ok {
					mine = append(mine, rest)
				}
			}
			want := []string{"b [1/101 2/105 2/106 3/101] left [] joined [2/106=4 2/105=4]"}
			if gen == wire.EL7 {
				want = []string{"b [1/101 2/106 3/101] left [] joined [2/106=4]", "b [1/101 2/105 2/106 3/101] left [] joined [2/105=4]"}
			}
			if !slices.Equal(mine, want) {
				t.Errorf("%v %sgot %q, want %q", gen, c, mine, want)
			}
		}
	}
}

// TestFastRestart: a node that came back before anybody missed it loses its old
// processes first.
func TestFastRestart(t *testing.T) {
	s := newStory(t, wire.EL9, 1, 2)
	s.join(1, 1, "g")
	s.join(2, 1, "g")
	s.trace = nil
	s.boot(2)
	s.form(2)
	s.join(2, 8, "g")
	s.trace = nil
	// Node 1 comes from a ring with node 2 on it, but not with this node 2.
	n := s.nodes[1]
	n.members = []totem.NodeID{1}
	s.form(1, 2)
	s.want("1/1: g [1/101] left [2/101=3] joined []", "1/1: g [1/101 2/108] left [] joined [2/108=4]",
		"2/8: g [1/101 2/108] left [] joined [1/101=4]")
}

// TestZombie: a process that its own node does not know of any more leaves.
func TestZombie(t *testing.T) {
	s := newStory(t, wire.EL9, 1, 2)
	s.join(1, 1, "g")
	s.join(2, 1, "g")
	s.trace = nil
	// Node 2 forgets it while the two are apart and nobody hears the leave.
	s.nodes[2].ring = totem.RingID{Rep: 2, Seq: 999}
	s.do(2, cpg.Closed{Conn: 1})
	s.form(1, 2)
	s.want("1/1: g [1/101] left [2/101=5] joined []")
}

// TestParts: parts are forwarded as they come, and a change of membership
// interrupts a sender.
func TestParts(t *testing.T) {
	s := newStory(t, wire.EL7, 1, 2)
	s.join(1, 1, "g")
	s.join(2, 1, "g")
	s.trace = nil
	s.do(1, cpg.PartialMcast{Conn: 1, Total: 4, Type: 1, Data: []byte("ab")}, cpg.PartialMcast{Conn: 1, Total: 4, Type: 3, Data: []byte("cd")})
	s.want("1/1: g part 1 of 4 from 1/101: ab", "2/1: g part 1 of 4 from 1/101: ab", "1/1: g part 3 of 4 from 1/101: cd", "2/1: g part 3 of 4 from 1/101: cd")
	s.do(1, cpg.PartialMcast{Conn: 1, Total: 4, Type: 1, Data: []byte("ab")})
	s.trace = nil
	s.form(1)
	s.trace = nil
	s.do(1, cpg.PartialMcast{Conn: 1, Total: 4, Type: 3, Data: []byte("cd")})
	s.want("1/1: status 16")
}

// TestListing is the order in which corosync-cpgtool lists:
// corosync-ipc.md 3.
func TestListing(t *testing.T) {
	s := newStory(t, wire.EL9, 1)
	for i, g := range []string{"x", "y", "x", "x"} {
		s.join(1, cpg.Conn(i+1), g)
	}
	var got []string
	for _, p := range s.nodes[1].cpg.Processes(false, nil) {
		got = append(got, fmt.Sprintf("%s %d", p.Group, p.PID))
	}
	if want := []string{"y 102", "x 101", "x 104", "x 103"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if names := s.nodes[1].cpg.Processes(true, nil); len(names) != 2 || names[0].Group != "y" {
		t.Errorf("%v", names)
	}
}

// TestJoinAcrossAChange: a join that was on its way when the ring changed comes
// between the lists that are exchanged for the new membership and the moment when it
// is true. No list has it, so the others drop the process; it is in the group for
// all of them all the same.
func TestJoinAcrossAChange(t *testing.T) {
	for _, gen := range []wire.Generation{wire.EL7, wire.EL9} {
		s := newStory(t, gen, 1, 2)
		s.join(1, 1, "g")
		s.boot(2)
		s.form(2)
		s.trace = nil
		n := s.nodes[2]
		n.step(service.To{ID: service.IDCPG, Event: cpg.Open{Conn: 8}})
		n.step(service.To{ID: service.IDCPG, Event: cpg.Join{Conn: 8, Group: "g", PID: 108}})
		late := s.wire[0]
		late.ring = totem.RingID{Rep: 1, Seq: s.seq + 4}
		s.wire = nil
		lists := binary.LittleEndian.AppendUint32(nil, service.IDCPG<<16|5) // node 2 tells whom it lost, and then its processes
		s.after = func(m message) {
			if m.from == 2 && bytes.Contains(m.data, lists) {
				s.wire = slices.Insert(s.wire, 0, late)
				s.after = nil
			}
		}
		s.nodes[1].members = []totem.NodeID{1}
		s.form(1, 2)
		s.want("1/1: g [1/101 2/108] left [] joined [2/108=1]", "2/8: g [2/108] left [] joined [2/108=1]",
			"1/1: g [1/101] left [2/108=3] joined []", "2/8: g [1/101 2/108] left [] joined [1/101=4]",
			"1/1: g [1/101 2/108] left [] joined [2/108=1]")
		s.do(2, cpg.Mcast{Conn: 8, Data: []byte("heard")})
		s.want("1/1: g from 2/108: heard", "2/8: g from 2/108: heard")
	}
}
