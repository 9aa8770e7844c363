package totem

import (
	"fmt"
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
		for _, n := range []int{2, 3} {
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
					talk(8 * time.Second)
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
