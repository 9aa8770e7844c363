package sim

import (
	"fmt"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/cpg"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/votequorum"
)

// stackWorld makes a cluster of whole corosyncs.
func stackWorld(seed uint64, trace func(string)) (*World, *StackChecker) {
	var c *StackChecker
	nodes := 2 + int(seed/2%4)
	settings := votequorum.Settings{Votes: 1, Expected: uint32(nodes), Counted: true}
	switch seed / 8 % 4 {
	case 1:
		settings.WaitForAll = true
	case 2:
		settings.TieBreaker = votequorum.TieLowest
	case 3:
		if nodes == 2 {
			settings.TwoNode, settings.WaitForAll = true, true
		}
	}
	cfg := Config{
		Seed: seed, Nodes: nodes, Generation: generation(seed), Trace: trace,
		Tunables: totem.Tunables{Token: time.Second},
	}
	cfg.Upper = func(w *World, n *Node) Upper {
		return NewStack(w, n, c, settings, time.Duration(1+w.Rand.IntN(100))*time.Millisecond, 3000)
	}
	if trace != nil && *nodeLog {
		cfg.Log = logTo(trace)
	}
	w := NewWorld(cfg)
	c = NewStackChecker(w)
	// Both rules let a part of the cluster go on that is not a majority; with
	// auto_tie_breaker nodes may even remember different lowest nodes.
	c.Overlap = !settings.TwoNode && settings.TieBreaker == votequorum.TieNone
	return w, c
}

// TestStack is TestRing with the services of corosync on the ring and clients on
// them, of which some die at any moment: groups and their messages are in step, no
// two partitions are quorate, and in peace all agree on the ring, the groups and the
// quorum.
func TestStack(t *testing.T) {
	var worst time.Duration
	delivered := 0
	forSeeds(t, func(seed uint64, trace func(string)) (time.Duration, error) {
		w, c := stackWorld(seed, trace)
		for _, n := range w.Nodes {
			n.Start()
		}
		w.Chaos(12)
		if err := w.Err(); err != nil {
			return w.Now, err
		}
		w.Peace()
		start := w.Now
		for _, n := range w.Nodes {
			n.Up.(*Stack).Rate = 0
		}
		w.RunUntil(start+agreeWithin, func() bool { return stacksAgree(w) })
		worst = max(worst, w.Now-start)
		if w.Err() == nil && !stacksAgree(w) {
			for _, n := range w.Nodes {
				u := n.Up.(*Stack)
				w.Failf("no agreement %v after peace: node %d is on %v %v %s, synced %v, quorate %v, group %v, sent %d, heard %d, guests %v",
					agreeWithin, n.ID, n.Ring.Ring(), u.On, n.Ring.State(), u.Synced, u.Quorate, u.Group, u.Sent, u.Heard, u.cpg.Members(guests))
			}
		}
		c.Finish()
		delivered += c.Delivered
		if err := w.Err(); err != nil {
			return w.Now, fmt.Errorf("%w (%d nodes, %v)", err, len(w.Nodes), w.cfg.Generation)
		}
		return w.Now, nil
	})
	t.Logf("%d deliveries; agreement after peace took at most %v", delivered, worst)
}

func stacksAgree(w *World) bool {
	first := w.Nodes[0].Up.(*Stack)
	for _, n := range w.Nodes {
		u := n.Up.(*Stack)
		if len(u.On) != len(w.Nodes) || u.Ring != first.Ring || !u.Synced || !u.Quorate ||
			len(u.Group) != len(w.Nodes) || u.Heard != u.Sent || u.misses() {
			return false
		}
	}
	return true
}

// TestDiesWhileInStep: a client joins a group while the ring is formed anew, and dies while
// the services are being brought into step. Its end must not overtake its join, which
// waits until they are.
func TestDiesWhileInStep(t *testing.T) {
	for seed := range uint64(2) { // both generations
		w, _ := stackWorld(seed+4, nil)
		for _, n := range w.Nodes {
			n.Start()
			n.Up.(*Stack).Rate = 0
		}
		w.RunUntil(agreeWithin, func() bool { return stacksAgree(w) })
		n := w.Nodes[0]
		u := n.Up.(*Stack)
		w.Nodes[len(w.Nodes)-1].Crash()
		w.RunUntil(w.Now+agreeWithin, func() bool { return n.Ring.State() != "operational" })
		u.request(cpg.Open{Conn: 2})
		u.request(cpg.Join{Conn: 2, Group: guests, PID: 77})
		for u.Synced && w.Err() == nil {
			w.Run(10 * time.Microsecond)
		}
		if !u.svc.Syncing() {
			t.Fatal("the services were brought into step too fast")
		}
		u.request(cpg.Closed{Conn: 2})
		w.Run(5 * time.Second)
		for _, n := range w.Nodes[:len(w.Nodes)-1] {
			if in := n.Up.(*Stack).cpg.Members(guests); len(in) > 0 || w.Err() != nil {
				t.Errorf("%v, node %d: the dead are %v, %v", w.cfg.Generation, n.ID, in, w.Err())
			}
		}
	}
}
