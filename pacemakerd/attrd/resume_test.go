package attrd

import (
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/peer"
)

// resume replaces a node's machine by one that knows nothing while the others
// have not seen it go, and by its CPU time would win every election.
func (w *world) resume(i int, now time.Duration) {
	old := w.nodes[i]
	m := New(Config{Node: w.names[i], ID: uint32(i + 1), Cache: old.cfg.Cache, Version: "3.16.1", Resumed: true,
		Writer: &peer.Writer{Version: "3.16.1", Now: func() int64 { return 0 }}})
	m.SetAge(time.Hour)
	w.nodes[i] = m
	w.do(i, m.Start(now))
}

func (w *world) knows(values map[string]string) {
	w.t.Helper()
	for i, m := range w.nodes {
		for node, want := range values {
			if v, ok := m.Value(node, "color"); !ok || v != want {
				w.t.Errorf("%s believes that color of %s is %q, %v, want %q", w.names[i], node, v, ok, want)
			}
		}
	}
	writers := 0
	for _, m := range w.nodes {
		if m.Writer() {
			writers++
		}
		if m.Asking() {
			w.t.Errorf("%s still asks", m.cfg.Node)
		}
	}
	if writers != 1 {
		w.t.Errorf("%d writers", writers)
	}
}

// TestResumedLearnsItsOwnValues kills each node's process in turn, the writer's
// among them, and two at once.
func TestResumedLearnsItsOwnValues(t *testing.T) {
	for _, victims := range [][]int{{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 2}} {
		w := newWorld(t, "n1", "n2", "n3")
		for i, m := range w.nodes {
			w.do(i, m.Update(0, "", "color", "blue"))
		}
		w.settle()
		for _, i := range victims {
			w.resume(i, 0)
		}
		w.settle()
		w.knows(map[string]string{"n1": "blue", "n2": "blue", "n3": "blue"})
	}
}

// TestResumedKeepsWhatIsNewer changes values while the answers are under way.
func TestResumedKeepsWhatIsNewer(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	for i, m := range w.nodes {
		w.do(i, m.Update(0, "", "color", "blue"))
	}
	w.settle()
	w.resume(1, 0) // its request is on the wire,
	w.do(2, w.nodes[2].Update(0, "", "color", "red"))
	w.do(0, w.nodes[0].Update(0, "n2", "color", "green"))
	w.settle() // and the answers, as of before, come last
	w.knows(map[string]string{"n1": "blue", "n2": "green", "n3": "red"})
}

// TestResumedWithoutAnswers has peers that do not know the request, or die.
func TestResumedWithoutAnswers(t *testing.T) {
	w := newWorld(t, "n1", "n2")
	w.resume(1, time.Second)
	w.wire = nil
	m := w.nodes[1]
	at, _ := m.Next()
	if at != time.Second+askTimeout {
		t.Fatalf("waits until %v", at)
	}
	w.do(1, m.Tick(at))
	if m.Asking() {
		t.Error("still asks after its time")
	}
	w.settle()

	w = newWorld(t, "n1", "n2")
	w.resume(1, 0)
	for _, c := range []*peer.Cache{w.nodes[0].cfg.Cache, w.nodes[1].cfg.Cache} {
		c.ByName("n1").In["attrd"] = false
	}
	asked := w.wire
	w.wire = nil
	for _, f := range asked { // come round, unanswered
		w.do(1, w.nodes[1].Delivered(0, "n2", f.send.Msg))
	}
	w.do(1, w.nodes[1].PeersChanged(0, nil, []string{"n1"}))
	if w.nodes[1].Asking() {
		t.Error("still asks who has left")
	}
}
