package totem

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// TestNodesRemoved takes the representative or another node out of the lists of
// all others, or of one of them only. The others go on without it at once, also
// where unlisted nodes are let in; listed again, it comes back.
func TestNodesRemoved(t *testing.T) {
	for i := range 2 * len(generations) {
		g, open := generations[i/2], i%2 == 1
		for _, gone := range []NodeID{1, 3} {
			for _, one := range []bool{false, true} {
				c := newCluster(t, g, 3, Tunables{Token: time.Second})
				c.open = open
				c.start(1, 2, 3)
				c.run(3 * time.Second)
				all := c.config(1).Nodes
				var rest []Node
				var ids []NodeID
				for _, n := range all {
					if n.ID != gone {
						rest, ids = append(rest, n), append(ids, n.ID)
					}
				}
				reload := func(nodes []Node) {
					for _, n := range rest {
						c.step(n.ID, SetNodes{Nodes: nodes})
						if one {
							break
						}
					}
				}
				want := func(what string, members []NodeID, ids ...NodeID) {
					t.Helper()
					for _, id := range ids {
						if n := c.nodes[id]; n.state != operational || !slices.Equal(n.memb.ids(), members) {
							t.Errorf("%v, open %v, %d removed, by one %v: %s, node %d is on a ring of %v, %v", g, open, gone, one, what, id, n.memb.ids(), n.state)
						}
					}
				}
				reload(rest)
				c.run(100 * time.Millisecond) // no timeout is waited for
				want("at once", ids, ids...)
				c.run(10 * time.Second)
				if !one { // else who lists both hears of one from the other again and again
					want("later", ids, ids...)
					want("later", []NodeID{gone}, gone)
				}
				reload(all)
				c.run(10 * time.Second)
				want("listed again", []NodeID{1, 2, 3}, 1, 2, 3)
			}
		}
	}
}

// TestNodesMoved gives a running node another address in the lists of the
// others. In EL7 that is another name: the old one is out. In EL9 its name is its
// number, and it gets what is sent to it at the new address.
func TestNodesMoved(t *testing.T) {
	for _, g := range generations {
		c := newCluster(t, g, 3, Tunables{Token: time.Second})
		c.start(1, 2, 3)
		c.run(3 * time.Second)
		moved := slices.Clone(c.config(1).Nodes)
		moved[2].Addrs = []netip.Addr{netip.AddrFrom4([4]byte{10, 77, 9, 3})} // the same host here
		for _, id := range []NodeID{1, 2} {
			c.step(id, SetNodes{Nodes: moved})
		}
		c.run(5 * time.Second)
		want := []NodeID{1, 2, 3}
		if g == wire.EL7 {
			want = want[:2]
		}
		for _, id := range []NodeID{1, 2} {
			if n := c.nodes[id]; n.state != operational || !slices.Equal(n.memb.ids(), want) {
				t.Errorf("%v: node %d is on a ring of %v, %v; want %v", g, id, n.memb.ids(), n.state, want)
			}
		}
	}
}

// TestNodesWithoutSelf: a list without this node is no list.
func TestNodesWithoutSelf(t *testing.T) {
	c := newCluster(t, generations[0], 2, Tunables{Token: time.Second})
	c.start(1, 2)
	c.run(3 * time.Second)
	c.step(1, SetNodes{Nodes: c.config(1).Nodes[1:]})
	c.run(3 * time.Second)
	if n := c.nodes[1]; n.state != operational || n.memb.len() != 2 {
		t.Errorf("on a ring of %v, %v", n.memb.ids(), n.state)
	}
}
