package sim

import (
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/cpg"
)

// guests is a group whose members come, send messages in parts and die at any moment,
// also between two parts.
const guests = "guests"

// A guest is the client of that kind on one node, one after the other.
type guest struct {
	conn cpg.Conn // 0 for none
	pid  uint32
	n    int // that there were
	next time.Duration
	part uint32        // that the next is: 1 the first
	in   []cpg.Address // of the group, as it was told
}

// visit lets the guest do something, if it is time to.
func (u *Stack) visit(now time.Duration) {
	g, r := &u.guest, u.w.Rand
	if now < g.next {
		return
	}
	g.next = now + time.Duration(r.ExpFloat64()*float64(20*u.Rate))
	switch ready := u.Synced && u.n.Ring.Room() >= 4000 && len(u.n.queue)+len(u.held) == 0; {
	case g.conn != 0 && r.IntN(4) == 0: // requests wait for the ring, death does not
		u.w.trace("node %d: the guest of pid %d dies before part %d", u.n.ID, g.pid, g.part)
		gone := g.conn
		g.conn = 0
		u.request(cpg.Closed{Conn: gone})
	case !ready:
	case g.conn == 0:
		g.n++
		g.conn, g.pid, g.part, g.in = theConn+cpg.Conn(g.n), u.pid()+uint32(100*g.n), 1, nil
		u.request(cpg.Open{Conn: g.conn})
		u.request(cpg.Join{Conn: g.conn, Group: guests, PID: g.pid})
	default:
		u.request(cpg.PartialMcast{Conn: g.conn, Total: 3000, Type: g.part, Data: make([]byte, 1000)})
		g.part = g.part%3 + 1
	}
}

// told checks that a guest is told nothing after its end.
func (g *guest) told(u *Stack, c cpg.Confchg) {
	if !slices.Contains(c.Conns, g.conn) || len(c.Conns) != 1 {
		u.w.Failf("node %d: clients %v are told of the group of guests, and the guest is %d", u.n.ID, c.Conns, g.conn)
	}
	g.in = slices.Clone(c.Members)
	u.w.trace("node %d guests %v joined %v left %v", u.n.ID, c.Members, c.Joined, c.Left)
}

// misses tells whether a node knows other guests than there are.
func (u *Stack) misses() bool {
	var there, known []uint64
	for _, n := range u.w.Nodes {
		if g := n.Up.(*Stack).guest; g.conn != 0 && slices.Contains(u.On, n.ID) {
			there = append(there, uint64(n.ID)<<32|uint64(g.pid))
		}
	}
	for _, m := range u.cpg.Members(guests) {
		known = append(known, uint64(m.Node)<<32|uint64(m.PID))
	}
	slices.Sort(known)
	return !slices.Equal(there, known) || u.guest.conn != 0 && len(u.guest.in) != len(there)
}
