package corosync

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/conf"
)

// next returns the next event of a group that is a T.
func next[T Event](t *testing.T, g *Group) T {
	t.Helper()
	ctx := within(t, 20*time.Second)
	for {
		ev, err := g.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if ev, ok := ev.(T); ok {
			return ev
		}
	}
}

// TestJoinTells: who joins a ring that has been quorate for long hears of that,
// and of all members, before anything else.
func TestJoinTells(t *testing.T) {
	nodes := cluster(t, conf.EL9, 25421, 2)
	ctx := within(t, 20*time.Second)
	first, err := nodes[0].Join(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	for !next[QuorumChange](t, first).Quorate {
	}
	for _, n := range nodes {
		g, err := n.Join(ctx, "test")
		if err != nil {
			t.Fatal(err)
		}
		for !next[QuorumChange](t, g).Quorate { // the other node may not know yet
		}
		if err := g.Multicast(ctx, []byte("here")); err != nil {
			t.Fatal(err)
		}
	}
	late, err := nodes[0].Join(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	ev, err := late.Next(ctx)
	if q, ok := ev.(QuorumChange); !ok || !q.Quorate {
		t.Errorf("first event %#v, %v", ev, err)
	}
	ev, err = late.Next(ctx)
	if c, ok := ev.(Change); !ok || len(c.Members) != 4 {
		t.Errorf("second event %#v, %v", ev, err)
	}
}

// TestTooLarge: what can never fit on the ring is refused, whoever sends it,
// and holds up nothing.
func TestTooLarge(t *testing.T) {
	node := cluster(t, conf.EL9, 25422, 1)[0]
	ctx := within(t, 20*time.Second)
	g, err := node.Join(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Multicast(ctx, make([]byte, MaxMessage+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v, want %v", err, ErrTooLarge)
	}
	largest := bytes.Repeat([]byte("x"), MaxMessage)
	for _, data := range [][]byte{largest, []byte("after")} {
		if err := g.Multicast(ctx, data); err != nil {
			t.Fatal(err)
		}
		if m := next[Message](t, g); !bytes.Equal(m.Data, data) {
			t.Errorf("%d bytes arrived as %d", len(data), len(m.Data))
		}
	}
}
