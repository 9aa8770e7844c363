package sim

import (
	"fmt"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem"
)

// TestHole is TestRing on networks that lose large packets, also in peace: all
// must agree and get what they sent nevertheless.
func TestHole(t *testing.T) {
	var worst time.Duration
	delivered := 0
	forSeeds(t, func(seed uint64, trace func(string)) (time.Duration, error) {
		w, c := ringWorld(seed, trace)
		w.cfg.Holes = true
		took, err := troubleAndPeace(w, c, 8)
		worst = max(worst, took)
		delivered += c.Delivered
		return w.Now, err
	})
	t.Logf("%d deliveries; agreement after peace took at most %v", delivered, worst)
}

// TestHoleHoldsRing opens a hole while a ring works, on all links, one, or one
// way: no node is lost for it, and large messages arrive.
func TestHoleHoldsRing(t *testing.T) {
	var worst time.Duration
	forSeeds(t, func(seed uint64, trace func(string)) (time.Duration, error) {
		nodes := 2 + int(seed/2%4)
		w, c := chattingWorld(Config{Seed: seed, Nodes: nodes, Generation: generation(seed), Trace: trace,
			Tunables: totem.Tunables{Token: time.Second}}, 100*time.Millisecond, 3000)
		for _, n := range w.Nodes {
			n.Start()
			n.Up.(*Chatter).Rate = 0
		}
		w.RunUntil(agreeWithin, func() bool { return agreed(w) })
		w.Run(time.Second)
		ring := w.Nodes[0].Ring.Ring()
		for len(w.net.hole) == 0 {
			w.changeHoles()
		}
		w.Nodes[w.Rand.IntN(nodes)].Up.(*Chatter).Say(60000)
		if seed%3 == 0 { // others talk meanwhile, and the ring is never idle
			for _, n := range w.Nodes {
				n.Up.(*Chatter).Rate = 20 * time.Millisecond
			}
		}
		w.Run(2 * time.Second)
		for _, n := range w.Nodes {
			n.Up.(*Chatter).Rate = 0
		}
		start := w.Now
		w.RunUntil(start+agreeWithin, func() bool { return agreed(w) })
		worst = max(worst, w.Now-start)
		for _, n := range w.Nodes {
			u := n.Up.(*Chatter)
			if w.Err() == nil && (!agreed(w) || n.Ring.Ring() != ring) {
				w.Failf("%v after a hole on %v, node %d is on %v %v %s, sent %d, heard %d", w.Now-start, ring, n.ID, n.Ring.Ring(), u.On, n.Ring.State(), u.Sent, u.Heard)
			}
		}
		c.Finish()
		if err := w.Err(); err != nil {
			return w.Now, fmt.Errorf("%w (%d nodes, %v)", err, len(w.Nodes), w.cfg.Generation)
		}
		return w.Now, nil
	})
	t.Logf("all was delivered at most %v after it was said", worst+2*time.Second)
}
