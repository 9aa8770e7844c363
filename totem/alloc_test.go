package totem

import (
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// TestNoAllocation: once a ring is under way, its messages are sent, received and
// delivered without allocation.
func TestNoAllocation(t *testing.T) {
	for _, g := range generations {
		c := newCluster(t, g, 2, Tunables{})
		c.start(1, 2)
		c.run(2 * time.Second)
		w := pump{c: c}
		var say Event = Submit{Data: append(wire.AppendGroup(nil, wire.GroupServices), make([]byte, 100)...)}
		round := func() {
			for range 10 {
				w.step(1, say)
			}
			w.run(20) // too short for the token to be held
		}
		for range 50 {
			round() // buffers grow
		}
		before := w.delivered
		per := testing.AllocsPerRun(100, round)
		if n := w.delivered - before; n < 2*10*90 {
			t.Fatalf("%v: %d deliveries", g, n)
		}
		if per > 0 {
			t.Errorf("%v: %.1f allocations for 10 messages on 2 nodes", g, per)
		}
	}
}

// A pump carries packets between two machines in buffers that it uses again.
type pump struct {
	c         *cluster
	queue     []testPacket
	spare     [][]byte
	delivered int
	got       Received
}

func (w *pump) step(id NodeID, ev Event) {
	w.c.now += 10 * time.Microsecond
	for _, a := range w.c.nodes[id].Step(w.c.now, ev) {
		switch a := a.(type) {
		case *Send:
			var b []byte
			if n := len(w.spare); n > 0 {
				b, w.spare = w.spare[n-1], w.spare[:n-1]
			}
			w.queue = append(w.queue, testPacket{from: id, to: 3 - id, data: append(b[:0], a.Data...)})
		case *Deliver:
			w.delivered++
		}
	}
}

// run lets n packets arrive.
func (w *pump) run(n int) {
	for range n {
		if len(w.queue) == 0 {
			w.c.now += time.Millisecond
			w.step(1, Tick{})
			w.step(2, Tick{})
			continue
		}
		p := w.queue[0]
		w.queue = append(w.queue[:0], w.queue[1:]...)
		w.got = Received{Data: p.data}
		w.step(p.to, &w.got)
		w.spare = append(w.spare, p.data)
	}
}
