package sim

import (
	"fmt"
	"testing"
	"time"

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
// them: groups and their messages are in step, no two partitions are quorate,
// and in peace all agree on the ring, the group and the quorum.
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
				w.Failf("no agreement %v after peace: node %d is on %v %v %s, synced %v, quorate %v, group %v, sent %d, heard %d",
					agreeWithin, n.ID, n.Ring.Ring(), u.On, n.Ring.State(), u.Synced, u.Quorate, u.Group, u.Sent, u.Heard)
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
			len(u.Group) != len(w.Nodes) || u.Heard != u.Sent {
			return false
		}
	}
	return true
}
