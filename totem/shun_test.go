package totem

import (
	"slices"
	"testing"
	"time"
)

// TestOneWay cuts the way from one node of three to another. Two that can hear
// each other have a ring for a part of the time, although the third comes again
// and again; and once the way is open all are on one ring.
func TestOneWay(t *testing.T) {
	for _, g := range generations {
		for _, cut := range [][2]NodeID{{1, 2}, {2, 1}, {1, 3}, {3, 1}, {2, 3}, {3, 2}} {
			c := newCluster(t, g, 3, Tunables{Token: time.Second})
			c.start(1, 2, 3)
			c.run(3 * time.Second)
			c.lost = func(from, to NodeID, _ []byte) bool { return from == cut[0] && to == cut[1] }
			c.run(5 * time.Second)
			up, samples := 0, 3000
			for range samples {
				c.run(10 * time.Millisecond)
				for _, id := range c.ids() {
					n := c.nodes[id]
					if n.state == operational && n.memb.len() > 1 && n.ring.Rep == id && !slices.ContainsFunc(n.memb.ids(), func(o NodeID) bool { return c.nodes[o].ring != n.ring || c.nodes[o].state != operational }) {
						up++
						break
					}
				}
			}
			share := 100 * up / samples
			t.Logf("%v, no way from %d to %d: a ring works %d %% of the time", g, cut[0], cut[1], share)
			if share < 20 {
				t.Errorf("%v, no way from %d to %d: a ring works only %d %% of the time", g, cut[0], cut[1], share)
			}
			c.lost = nil
			c.run(5 * time.Second)
			for _, id := range c.ids() {
				if n := c.nodes[id]; n.state != operational || n.memb.len() != 3 {
					t.Errorf("%v: node %d is on a ring of %v, %v, once the way is open", g, id, n.memb.ids(), n.state)
				}
			}
		}
	}
}
