package ipc

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// A parrot answers each message and sends it as an event too.
type parrot struct {
	closed chan struct{}
	conns  chan *Conn
	done   chan struct{} // one for each message
}

func (e *parrot) Connected(c *Conn) error { e.conns <- c; return nil }
func (e *parrot) Message(c *Conn, _ int32, msg []byte) {
	c.Respond(msg)
	c.Event(msg)
	e.done <- struct{}{}
}
func (e *parrot) Closed(*Conn) { close(e.closed) }

// TestConnectionOutlivesItsClient goes on with a connection whose process is
// dead: the server sees no end, what it sent meanwhile is read, an answer that
// the dead one did not fetch is not taken for another, and Close ends it.
func TestConnectionOutlivesItsClient(t *testing.T) {
	for _, socket := range []bool{false, true} {
		t.Run(fmt.Sprint("socket ", socket), func(t *testing.T) {
			name := fmt.Sprintf("keep-%d-%v", time.Now().UnixNano(), socket)
			e := &parrot{closed: make(chan struct{}), conns: make(chan *Conn, 1), done: make(chan struct{}, 16)}
			s, err := Listen(name, Options{Socket: socket})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			served := make(chan struct{})
			go func() { defer close(served); s.Serve(ctx, e) }()
			defer func() { cancel(); <-served }()

			first, err := Dial(t.Context(), name, DialOptions{})
			if err != nil {
				t.Fatal(err)
			}
			say := func(c *Client, text string) {
				t.Helper()
				b, err := c.Call(t.Context(), request(text))
				if err != nil || string(b[ResponseHeaderSize:]) != text {
					t.Fatalf("answer to %q: %q, %v", text, b, err)
				}
			}
			hear := func(c *Client, text string) {
				t.Helper()
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				b, err := c.NextEvent(ctx)
				if err != nil || string(b[ResponseHeaderSize:]) != text {
					t.Fatalf("event %q, %v, want %q", b, err, text)
				}
			}
			say(first, "one")
			hear(first, "one")
			kept, files, err := first.Keep()
			if err != nil {
				t.Fatal(err)
			}
			// It asks and dies: its copy of the stream is gone, nothing is said.
			if err := first.Send(request("two")); err != nil {
				t.Fatal(err)
			}
			<-e.done // one
			<-e.done // two
			if sc, ok := first.channel.(*shmClient); ok {
				// It had begun to read the next event.
				for !sc.events.sem.tryWait() {
					time.Sleep(time.Millisecond)
				}
			}
			first.kept.Store(false)
			first.abandon()
			conn := <-e.conns
			if err := conn.Event(request("three")); err != nil {
				t.Fatal(err)
			}

			b, err := json.Marshal(kept) // it goes from process to process
			if err != nil {
				t.Fatal(err)
			}
			var again Kept
			if err := json.Unmarshal(b, &again); err != nil {
				t.Fatal(err)
			}
			second, err := Adopt(t.Context(), again, files)
			if err != nil {
				t.Fatal(err)
			}
			hear(second, "two")
			hear(second, "three")
			say(second, "four")
			hear(second, "four")
			select {
			case <-e.closed:
				t.Fatal("the server saw an end")
			default:
			}
			// Somebody else still holds it, and Close ends it all the same.
			_, more, err := second.Keep()
			if err != nil {
				t.Fatal(err)
			}
			second.Close()
			select {
			case <-e.closed:
			case <-time.After(5 * time.Second):
				t.Error("the server saw no end after Close")
			}
			if _, err := Adopt(t.Context(), again, more); err == nil {
				t.Error("a connection that is over was adopted")
			}
		})
	}
}

// TestRequestThatNobodyWasToldOf: the dead one had written a request and not
// told the server.
func TestRequestThatNobodyWasToldOf(t *testing.T) {
	name := fmt.Sprintf("keep-untold-%d", time.Now().UnixNano())
	e := &parrot{closed: make(chan struct{}), conns: make(chan *Conn, 1), done: make(chan struct{}, 16)}
	s, err := Listen(name, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan struct{})
	go func() { defer close(served); s.Serve(ctx, e) }()
	defer func() { cancel(); <-served }()
	first, err := Dial(t.Context(), name, DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	kept, files, err := first.Keep()
	if err != nil {
		t.Fatal(err)
	}
	r := first.channel.(*shmClient).request
	if err := r.write(request("late")); err != nil {
		t.Fatal(err)
	}
	// As it is a moment before the write is finished.
	r.sem.tryWait()
	atomic.StoreUint32(r.word(1), markAlloc)
	first.kept.Store(false)
	first.abandon()
	second, err := Adopt(t.Context(), kept, files)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	hearing, stop := context.WithTimeout(t.Context(), 5*time.Second)
	defer stop()
	if b, err := second.NextEvent(hearing); err != nil || string(b[ResponseHeaderSize:]) != "late" {
		t.Errorf("event %q, %v", b, err)
	}
}

func request(text string) []byte {
	b := make([]byte, ResponseHeaderSize, ResponseHeaderSize+len(text))
	PutHeader(b, 1)
	b = append(b, text...)
	le.PutUint32(b[8:], uint32(len(b)))
	return b
}
