package sim

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// TestDirtSealed lets packets be damaged, cut, doubled and replayed, besides all
// the other trouble, on rings with a key: damage is loss and nothing else, so
// every promise of the ring holds. (fault-matrix.md rows 21 and 23)
func TestDirtSealed(t *testing.T) {
	var worst time.Duration
	delivered, refused := 0, 0
	forSeeds(t, func(seed uint64, trace func(string)) (time.Duration, error) {
		w, c := ringWorld(seed, trace)
		w.cfg.Generation = wire.EL7
		w.cfg.Dirt, w.cfg.Key = true, bytes.Repeat([]byte{byte(seed)}, wire.KeySize)
		for _, n := range w.Nodes {
			n.seal()
		}
		took, err := troubleAndPeace(w, c, 12)
		worst = max(worst, took)
		delivered, refused = delivered+c.Delivered, refused+w.refused
		return w.Now, err
	})
	t.Logf("%d deliveries, %d damaged packets refused; agreement after peace took at most %v", delivered, refused, worst)
	if refused == 0 {
		t.Error("no packet was damaged")
	}
}

// A listener is an Upper of a ring on which anything may be said: it takes what
// comes, answers barriers, and sends.
type listener struct {
	*Chatter
	bad int // what no Chatter would have said
}

func (u *listener) Members(m totem.Members) {
	u.waits = nil
	if m.Kind == totem.Transitional {
		return
	}
	u.ring, u.On = m.Ring, m.IDs
	u.waits = make(map[totem.NodeID]bool)
	for _, id := range m.IDs {
		u.waits[id] = true
	}
	b := wire.AppendRingID(wire.AppendGroup(nil, wire.GroupSync), u.w.cfg.Generation, m.Ring)
	u.n.Post(totem.Submit{Data: b, Sync: true})
}

func (u *listener) Deliver(d *totem.Deliver) {
	groups, body, err := wire.SplitGroups(d.Data, d.BigEndian)
	if err != nil || !groups.Has(wire.GroupSync) {
		u.bad++
		return
	}
	if ring, ok := wire.ParseRingID(body, u.w.cfg.Generation, d.BigEndian); ok && ring == u.ring && u.waits != nil {
		if delete(u.waits, d.From); len(u.waits) == 0 {
			u.waits = nil
			u.n.Post(totem.Synced{Ring: ring})
		}
	}
}

// TestDirtPlain is the same on rings without a key. There a changed bit may be a
// message that somebody could have sent, so what is delivered proves nothing,
// and even a barrier may be lost. But nobody stops, and when it ends all are on
// one ring again.
func TestDirtPlain(t *testing.T) {
	var worst time.Duration
	forSeeds(t, func(seed uint64, trace func(string)) (time.Duration, error) {
		cfg := Config{Seed: seed, Nodes: 2 + int(seed/2%4), Generation: generation(seed), Trace: trace,
			Tunables: totem.Tunables{Token: time.Second}, Dirt: true}
		cfg.Upper = func(w *World, n *Node) Upper {
			return &listener{Chatter: NewChatter(w, n, nil, time.Duration(1+w.Rand.IntN(100))*time.Millisecond, 5000)}
		}
		if trace != nil && *nodeLog {
			cfg.Log = logTo(trace)
		}
		w := NewWorld(cfg)
		for _, n := range w.Nodes {
			n.Start()
		}
		w.Chaos(6)
		if err := w.Err(); err != nil {
			return w.Now, err
		}
		w.Peace()
		for _, n := range w.Nodes {
			n.Up.(*listener).Rate = 0
		}
		whole := func() bool {
			first := w.Nodes[0].Up.(*listener)
			for _, n := range w.Nodes {
				u := n.Up.(*listener)
				if len(u.On) != len(w.Nodes) || u.ring != first.ring || n.Ring.State() != "operational" {
					return false
				}
			}
			return true
		}
		start := w.Now
		w.RunUntil(start+agreeWithin, whole)
		if w.Err() == nil && !whole() {
			for _, n := range w.Nodes {
				u := n.Up.(*listener)
				w.Failf("no agreement %v after peace: node %d is on %v %v %s, waits for %v", agreeWithin, n.ID, n.Ring.Ring(), u.On, n.Ring.State(), u.waits)
			}
		}
		worst = max(worst, w.Now-start)
		if err := w.Err(); err != nil {
			return w.Now, fmt.Errorf("%w (%d nodes, %v)", err, len(w.Nodes), w.cfg.Generation)
		}
		return w.Now, nil
	})
	t.Logf("agreement after peace took at most %v", worst)
}
