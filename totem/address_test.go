package totem

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSetAddress: a node that is alone takes another address, and joins the
// others again under it. They see it leave and come; messages go on, and what was
// said meanwhile is kept. While it is on a ring with others it keeps its address.
func TestSetAddress(t *testing.T) {
	for _, g := range generations {
		c := newCluster(t, g, 3, Tunables{Token: time.Second})
		c.group = true
		c.start(1, 2, 3)
		c.run(3 * time.Second)
		c.say(3, "before")
		c.run(time.Second)
		other := netip.MustParseAddr("10.77.1.3")
		c.step(3, SetAddress{Addr: other})
		if a := c.nodes[3].Addrs(3); len(a) == 0 || a[0] != testAddr(3) {
			t.Fatalf("%v: addresses %v on a ring of three", g, a)
		}
		c.lost = func(from, to NodeID, _ []byte) bool { return from == 3 || to == 3 }
		c.run(5 * time.Second)
		c.say(3, "alone")
		c.run(time.Second)
		if !c.nodes[3].Alone() {
			t.Fatalf("%v: not alone", g)
		}
		for _, id := range c.ids() {
			c.nodes[id].reports = nil
		}
		c.step(3, SetAddress{Addr: other})
		c.say(3, "moving")
		c.lost = nil
		c.run(5 * time.Second)
		c.say(1, "together")
		c.say(3, "again")
		c.run(time.Second)
		for _, id := range c.ids() {
			if a := c.nodes[id].Addrs(3); g == generations[0] && (len(a) == 0 || a[0] != other) {
				t.Errorf("%v: node %d knows node 3 by %v", g, id, a)
			}
			got := c.nodes[id].got
			if n := len(got); n < 2 || !slices.Contains(got[n-2:], "together") || !slices.Contains(got[n-2:], "again") {
				t.Errorf("%v: node %d delivers %v", g, id, got)
			}
			for _, text := range []string{"before", "alone", "moving"} {
				if want := id == 3 || text == "before"; slices.Contains(got, text) != want {
					t.Errorf("%v: node %d delivers %v", g, id, got)
				}
			}
		}
		if r := strings.Join(c.nodes[1].reports, "\n"); !strings.Contains(r, "[1 2 3] left [] joined [3]") {
			t.Errorf("%v: node 1 reports %s", g, r)
		}
	}
}
