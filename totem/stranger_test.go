package totem

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// TestStrangers: names that are not configured do not get into the lists of a
// node, whoever tells them, and keep nobody from agreeing; where others are
// allowed they do.
func TestStrangers(t *testing.T) {
	for i := range 2 * len(generations) {
		g := generations[i/2]
		c := newCluster(t, g, 3, Tunables{Token: time.Second})
		c.open = i%2 == 1
		c.start(1, 2)
		c.run(3 * time.Second)
		m := c.nodes[1].Machine
		stranger := wire.NewSRP(g, 200, netip.MustParseAddr("10.99.0.200"))
		member, third := wire.NewSRP(g, 2, testAddr(2)), wire.NewSRP(g, 3, testAddr(3))
		j := &wire.Join{Header: wire.Header{Sender: 2}, From: member, RingSeq: m.ring.Seq,
			Proc: []wire.SRP{m.self, member, stranger}, Failed: []wire.SRP{stranger, third}}
		c.step(1, &Received{Data: j.Append(nil, g)})
		if got := m.proc.has(stranger) || m.failed.has(stranger); got != c.open || !m.failed.has(third) {
			t.Errorf("%v, open %v: candidates %v, given up %v", g, c.open, m.proc.ids(), m.failed.ids())
		}
		for _, msg := range []wire.Message{
			&wire.Join{Header: wire.Header{Sender: 200}, From: stranger, RingSeq: 1 << 40, Proc: []wire.SRP{stranger}},
			&wire.MergeDetect{Header: wire.Header{Sender: 200}, From: stranger, Ring: wire.NewRingID(g, stranger, 44)},
		} {
			c.step(1, &Received{Data: msg.Append(nil, g)})
			if got := m.proc.has(stranger); got != c.open {
				t.Errorf("%v, open %v: candidates %v after a %T of a stranger", g, c.open, m.proc.ids(), msg)
			}
		}
		if !c.open && m.ringSeq >= 1<<40 {
			t.Errorf("%v: a stranger sets the number of rings", g)
		}
		c.run(6 * time.Second)
		for _, id := range c.ids() {
			if n := c.nodes[id]; n.state != operational || !slices.Equal(n.memb.ids(), []NodeID{1, 2}) {
				t.Errorf("%v, open %v: node %d is on a ring of %v, %v", g, c.open, id, n.memb.ids(), n.state)
			}
		}
	}
}
