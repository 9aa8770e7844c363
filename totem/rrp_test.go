package totem

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// TestRedundantRings cuts each of two networks in turn. The membership does not
// change and no message is lost; the ring is marked faulty on all nodes, and good
// again when its network is back. Spec: totem.md 3.12.
func TestRedundantRings(t *testing.T) {
	for _, mode := range []RRPMode{RRPPassive, RRPActive} {
		for _, n := range []int{2, 3, 6} {
			for iface := range maxRings {
				t.Run(fmt.Sprintf("mode %d, %d nodes, network %d", mode, n, iface), func(t *testing.T) {
					c := newCluster(t, wire.EL7, n, Tunables{Token: time.Second})
					c.rrp = mode
					for id := range NodeID(n) {
						c.start(id + 1)
					}
					c.run(3 * time.Second)
					if got := c.nodes[1].memb.len(); got != n {
						t.Fatalf("ring of %d, want %d", got, n)
					}
					ring := c.nodes[1].Ring()
					for _, id := range c.ids() {
						c.nodes[id].reports = nil
					}
					count := 0
					talk := func(d time.Duration) {
						for end := c.now + d; c.now < end; c.run(25 * time.Millisecond) {
							c.say(NodeID(count%n+1), fmt.Sprint(count))
							count++
						}
					}
					talk(time.Second)
					c.cut[iface] = true
					talk(time.Duration(6+n) * time.Second) // in active mode, six nodes wait a good second each round
					addr := fmt.Sprintf("10.%d.0.", 77+iface)
					for _, id := range c.ids() {
						n := c.nodes[id]
						said := strings.Join(n.troubles, "\n")
						for i, r := range n.reports {
							n.reports[i] = seqID.ReplaceAllString(r, "")
						}
						c.wantReports(id, fmt.Sprintf("Marking ringid %d interface %s%d FAULTY", iface, addr, id))
						for _, text := range []string{
							fmt.Sprintf("iface %s%d to [1 of 10]", addr, id), fmt.Sprintf("iface %s%d to [10 of 10]", addr, id),
						} {
							if active := mode == RRPActive; strings.Contains(said, text) != active || seqID.MatchString(said) != active {
								t.Errorf("node %d says\n%s", id, said)
							}
						}
					}
					c.cut[iface] = false
					talk(3 * time.Second)
					for _, id := range c.ids() {
						c.wantReports(id, fmt.Sprintf("ring %d active with no faults", iface))
						if c.nodes[id].Ring() != ring || c.nodes[id].Stats().OperationalTokenLost != 0 {
							t.Errorf("node %d is on ring %v, was on %v", id, c.nodes[id].Ring(), ring)
						}
						if got := c.nodes[id].got; len(got) != count || got[count-1] != fmt.Sprint(count-1) {
							t.Errorf("node %d got %d messages, want %d", id, len(got), count)
						}
					}
					if !slices.ContainsFunc(c.sent, func(s string) bool { return strings.HasSuffix(s, "rrp_ring_test_activate") }) {
						t.Error("no ring test on the wire")
					}
				})
			}
		}
	}
}

// seqID is what active mode says in addition.
var seqID = regexp.MustCompile(`\bseqid \d+ `)

// TestReenable takes a faulty ring into use by hand.
func TestReenable(t *testing.T) {
	c := newCluster(t, wire.EL7, 2, Tunables{Token: time.Second})
	c.rrp = RRPPassive
	c.start(1, 2)
	c.run(time.Second)
	c.nodes[1].setFaulty(1, "Marking ringid 1 interface 10.78.0.1 FAULTY")
	if got := c.nodes[1].RingText(1); got != "Marking ringid 1 interface 10.78.0.1 FAULTY" {
		t.Errorf("RingText = %q", got)
	}
	c.step(1, Reenable{})
	if got := c.nodes[1].RingText(1); got != "ring 1 active with no faults" {
		t.Errorf("RingText = %q", got)
	}
}

// TestRingTestEnds: who tests a ring dies while its test, or what follows it, is on the
// way round. That ends with the first node that is on a ring without it.
func TestRingTestEnds(t *testing.T) {
	for _, typ := range []wire.Type{wire.TypeRingTest, wire.TypeRingActivate} {
		c := newCluster(t, wire.EL7, 3, Tunables{Token: time.Second})
		c.rrp = RRPPassive
		c.start(1, 2, 3)
		c.run(2 * time.Second)
		pass := func(activator NodeID) int {
			c.sent = nil
			test := wire.RingTest{Header: wire.Header{Type: typ}, Ring: 1, Activator: activator}
			c.step(1, &Received{Iface: 1, From: netip.AddrPortFrom(testAddr(3), 5405), Data: test.Append(nil, wire.EL7)})
			c.run(time.Millisecond)
			return len(slices.DeleteFunc(slices.Clone(c.sent), func(s string) bool { return !strings.Contains(s, "rrp_ring_test") }))
		}
		if n := pass(3); n == 0 {
			t.Errorf("type %v of a member: sent %v", typ, c.sent)
		}
		delete(c.nodes, 3)
		c.run(4 * time.Second)
		if n := pass(3); n != 0 || c.nodes[1].memb.len() != 2 {
			t.Errorf("type %v of a node that is gone is passed on %d times, ring of %v", typ, n, c.nodes[1].memb.ids())
		}
	}
}
