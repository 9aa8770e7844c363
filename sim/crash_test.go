package sim

import (
	"testing"
	"time"
)

// TestCrashAtEveryStep crashes a node after each of its first actions of a
// change of members, one run for each: the others must agree without it, and
// with it once it is back. (fault-matrix.md row 1)
func TestCrashAtEveryStep(t *testing.T) {
	runs := 0
	for seed := range uint64(4) {
		for victim := range 2 {
			for step := int(seed); step < 60; step += 4 {
				w, c := ringWorld(seed+2, nil) // two or three nodes, both generations
				for _, n := range w.Nodes {
					n.Start()
				}
				w.Run(2 * time.Second)
				if len(w.Nodes) > 2 {
					w.Nodes[2].Crash()
				} else {
					w.Nodes[1-victim].Stop()
					w.Nodes[1-victim].Start()
				}
				w.Nodes[victim].crashAfter = step
				w.Run(4 * time.Second)
				w.Peace()
				for _, n := range w.Nodes {
					n.Up.(*Chatter).Rate = 0
				}
				w.RunUntil(w.Now+agreeWithin, func() bool { return agreed(w) })
				if w.Err() == nil && !agreed(w) {
					w.Failf("no agreement")
				}
				c.Finish()
				if err := w.Err(); err != nil {
					t.Fatalf("seed %d, node %d crashes after %d actions: %v", seed+2, victim+1, step, err)
				}
				runs++
			}
		}
	}
	t.Logf("%d runs", runs)
}
