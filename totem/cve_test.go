package totem

import (
	"net/netip"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// TestCVE_2026_35091_Index: a commit token's member index led to any entry of
// the list. A node that gathers takes the token only if the index is where it
// stands itself.
func TestCVE_2026_35091_Index(t *testing.T) {
	for _, g := range generations {
		for n := range 8 {
			index, members := n%4, []NodeID{2, 3, 9} // without this node
			if n >= 4 {
				members = []NodeID{1, 2, 3}
			}
			if n == 4 {
				continue // where it stands
			}
			c := newCluster(t, g, 3, Tunables{Token: time.Second})
			c.start(1)
			c.run(20 * time.Millisecond)
			c.nodes[1].enterGatherForTest(c)
			m := c.nodes[1].Machine
			if m.state != gather {
				t.Fatalf("%v: %v, want gather", g, m.state)
			}
			srp := func(id NodeID) wire.SRP { return wire.NewSRP(g, id, testAddr(id)) }
			token := &wire.CommitToken{Header: wire.Header{Sender: 2}, Ring: wire.NewRingID(g, srp(1), m.ring.Seq+400), TokenSeq: 1,
				MembIndex: index, Entries: make([]wire.CommitEntry, 3)}
			for _, id := range members {
				token.Members = append(token.Members, srp(id))
			}
			c.step(1, &Received{Data: token.Append(nil, g)})
			if m.state != gather {
				t.Errorf("%v: index %d of %v: %v", g, index, members, m.state)
			}
		}
	}
}

// enterGatherForTest makes a node gather: it hears the join of another.
func (n *testNode) enterGatherForTest(c *cluster) {
	srp := wire.NewSRP(c.gen, 2, testAddr(2))
	j := &wire.Join{Header: wire.Header{Sender: 2}, From: srp, RingSeq: n.ring.Seq, Proc: []wire.SRP{srp}}
	c.step(1, &Received{Data: j.Append(nil, c.gen)})
}

// TestCVE_2026_35092_Merge: each list of a join is short enough, but the lists
// of many joins together are not. A node stays within its bound, goes on, and
// is on a ring again when that ends.
func TestCVE_2026_35092_Merge(t *testing.T) {
	for i := range 2 * len(generations) {
		g := generations[i/2]
		c := newCluster(t, g, 2, Tunables{Token: time.Second})
		c.open = i%2 == 1
		c.start(1, 2)
		c.run(3 * time.Second)
		for round := range 5 {
			var list []wire.SRP
			for n := range wire.MaxNodes {
				id := NodeID(1000 + round*wire.MaxNodes + n)
				list = append(list, wire.NewSRP(g, id, netip.AddrFrom4([4]byte{10, 99, byte(id >> 8), byte(id)})))
			}
			j := &wire.Join{Header: wire.Header{Sender: list[0].Node()}, From: list[0], RingSeq: 1 << 20, Proc: list}
			for _, id := range c.ids() {
				c.step(id, &Received{Data: j.Append(nil, g)})
				m := c.nodes[id].Machine
				if p, f := m.proc.len(), m.failed.len(); p > MaxMembers || f > MaxMembers {
					t.Errorf("%v: %d candidates, %d given up", g, p, f)
				}
			}
			c.run(100 * time.Millisecond)
		}
		c.run(8 * time.Second)
		for _, id := range c.ids() {
			if m := c.nodes[id].Machine; m.state != operational || m.memb.len() != 2 {
				t.Errorf("%v: node %d: %v on a ring of %d", g, id, m.state, m.memb.len())
			}
		}
	}
}
