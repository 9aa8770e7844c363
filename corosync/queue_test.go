package corosync

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/conf"
)

// TestClosedGroup: nothing can be done with a group that is closed, and those who
// wait in it hear of that.
func TestClosedGroup(t *testing.T) {
	ctx := within(t, 20*time.Second)
	n := cluster(t, conf.EL9, 25448, 1)[0]
	g := join(t, ctx, "test", n)[0]
	waits := make(chan error, 1)
	go func() {
		for {
			if _, err := g.Next(ctx); err != nil {
				waits <- err
				return
			}
		}
	}()
	g.Close()
	g.Close()
	if err := <-waits; !errors.Is(err, ErrGroupClosed) {
		t.Errorf("Next: %v", err)
	}
	for _, size := range []int{1, 2 << 20} {
		if err := g.Multicast(ctx, make([]byte, size)); !errors.Is(err, ErrGroupClosed) {
			t.Errorf("Multicast of %d bytes: %v", size, err)
		}
	}
	if err := n.Stop(); err != nil {
		t.Error(err)
	}
	if err := g.Multicast(ctx, nil); !errors.Is(err, ErrGroupClosed) {
		t.Errorf("Multicast after the end of the node: %v", err)
	}
}

// TestStoppedNode: the end of a node ends all that waits for it.
func TestStoppedNode(t *testing.T) {
	ctx := within(t, 20*time.Second)
	n := cluster(t, conf.EL9, 25449, 1)[0]
	g := join(t, ctx, "test", n)[0]
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, 2 << 20} {
		if err := g.Multicast(ctx, make([]byte, size)); !errors.Is(err, ErrStopped) {
			t.Errorf("Multicast of %d bytes: %v", size, err)
		}
	}
	for {
		if _, err := g.Next(ctx); err != nil {
			if !errors.Is(err, ErrStopped) {
				t.Errorf("Next: %v", err)
			}
			break
		}
	}
	if _, err := n.Join(ctx, "test"); !errors.Is(err, ErrStopped) {
		t.Errorf("Join: %v", err)
	}
	if n.Err() != nil || n.Stop() != nil {
		t.Errorf("Err: %v", n.Err())
	}
	g.Close()
	n.Stats()
	for range n.Views(ctx) { // the last one
	}
}

// TestQueueBound: who does not read cannot send for ever; its own messages wait,
// those of others end its membership, and it can read what came before that.
func TestQueueBound(t *testing.T) {
	ctx := within(t, 30*time.Second)
	nodes := cluster(t, conf.EL9, 25450, 2)
	nodes[0].queue = 1 << 20
	groups := join(t, ctx, "test", nodes...)
	lazy, busy := groups[0], groups[1]
	data := make([]byte, 64<<10)
	sent := 0
	for {
		short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		err := lazy.Multicast(short, data)
		cancel()
		if err != nil {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			break
		}
		sent++
	}
	if sent != 7 { // half a MiB, with what events need besides
		t.Errorf("%d messages of 64 KiB went through", sent)
	}
	// Reading makes room.
	for range sent {
		next[Message](t, lazy)
	}
	if err := lazy.Multicast(ctx, data); err != nil {
		t.Fatal(err)
	}
	// The other one reads, and sends too much.
	go func() {
		for range 40 {
			busy.Multicast(ctx, data)
		}
	}()
	for len(next[Change](t, busy).Left) == 0 {
	}
	if err := lazy.Multicast(ctx, data); !errors.Is(err, ErrTooSlow) {
		t.Errorf("Multicast: %v", err)
	}
	got := 0
	for ev, err := range lazy.Events(ctx) {
		if err != nil {
			if ev != nil || !errors.Is(err, ErrTooSlow) {
				t.Errorf("%v, %v", ev, err)
			}
			break
		}
		got++
	}
	if got < 10 || got > 17 {
		t.Errorf("%d events could be read", got)
	}
	// It may join again.
	if _, err := nodes[0].Join(ctx, "test"); err != nil {
		t.Error(err)
	}
}

// TestTwoReaders: several callers of Next share the events.
func TestTwoReaders(t *testing.T) {
	ctx := within(t, 20*time.Second)
	g := join(t, ctx, "test", cluster(t, conf.EL9, 25452, 1)...)[0]
	const count = 200
	got := make(chan struct{}, count)
	for range 3 {
		go func() {
			for {
				if _, err := g.Next(ctx); err != nil {
					return
				}
				got <- struct{}{}
			}
		}()
	}
	for range count {
		if err := g.Multicast(ctx, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	for range count {
		select {
		case <-got:
		case <-ctx.Done():
			t.Fatal("events are missing")
		}
	}
}
