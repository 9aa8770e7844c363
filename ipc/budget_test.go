package ipc

import (
	"context"
	"testing"
	"time"
)

// TestBudget: of three clients two do not read; what waits for all of them has
// a bound, the two are disconnected, and the third one gets every event.
func TestBudget(t *testing.T) {
	eachTransport(t, func(t *testing.T, opt transport) {
		budget := &Budget{Bytes: 8 << 20, Each: 1 << 20}
		opt.Budget = budget
		opt.QueueBytes = 1 << 30
		h := &echo{}
		name := start(t, opt, h)
		deaf := []*Client{dial(t, name), dial(t, name)}
		good := dial(t, name)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		const events, size = 600, 50_000 // 30 MB for each
		got := make(chan int, 1)
		go func() {
			n := 0
			for n < events {
				b, err := good.NextEvent(ctx)
				if err != nil {
					break
				}
				if len(b) == HeaderSize+size {
					n++
				}
			}
			got <- n
		}()
		ready := func() []*Conn {
			h.mu.Lock()
			defer h.mu.Unlock()
			return append([]*Conn(nil), h.conns...)
		}
		for len(ready()) < 3 {
			time.Sleep(time.Millisecond)
		}
		for range events {
			b := message(7, make([]byte, size))
			for _, c := range ready() {
				c.Event(b)
			}
			if used := budget.Used(); used > budget.Bytes+3*budget.Each {
				t.Fatalf("%d bytes wait", used)
			}
			for i := 0; ready()[2].Queued() > 10 && i < 1000; i++ {
				time.Sleep(time.Millisecond) // it is not to be called slow
			}
		}
		if n := <-got; n != events {
			t.Errorf("the one that reads got %d events of %d", n, events)
		}
		for i, c := range deaf {
			select {
			case <-c.Done():
			case <-ctx.Done():
				t.Errorf("client %d is still connected", i)
			}
		}
		select {
		case <-good.Done():
			t.Error("the one that reads was disconnected")
		default:
		}
		for budget.Used() != 0 { // the last event is counted until its reader has said so
			if ctx.Err() != nil {
				t.Fatalf("%d bytes wait for nobody", budget.Used())
			}
			time.Sleep(time.Millisecond)
		}
	})
}
