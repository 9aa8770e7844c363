package pacemakerd

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/ipc"
	"github.com/gocorosync/gocorosync/ipc/pcmk"
	"github.com/gocorosync/gocorosync/pacemakerd/node"
)

// a front is a daemon's endpoint without what is behind it: the test is the loop.
type front struct {
	*daemon
	name string
	log  *bytes.Buffer
	lock sync.Mutex
}

func (f *front) Write(b []byte) (int, error) {
	f.lock.Lock()
	defer f.lock.Unlock()
	return f.log.Write(b)
}

func (f *front) logged(text string) bool {
	f.lock.Lock()
	defer f.lock.Unlock()
	return strings.Contains(f.log.String(), text)
}

func newFront(t *testing.T, socket bool) *front {
	if os.Getuid() != 0 {
		t.Skip("needs root, whom alone an endpoint lets in here")
	}
	f := &front{log: &bytes.Buffer{}, name: fmt.Sprintf("front-%d-%s", os.Getpid(), strings.ReplaceAll(t.Name(), "/", "-"))}
	f.daemon = &daemon{opt: Options{Socket: socket}, log: slog.New(slog.NewTextHandler(f, nil)), clients: make(chan fromClient), large: newLarge(), conns: map[string]*ipc.Conn{}}
	s, err := ipc.Listen(f.name, f.serverOptions())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, &endpoint{daemon: f.daemon, ctx: ctx, name: f.name}) }()
	t.Cleanup(func() { cancel(); <-done; close(f.clients) })
	return f
}

// dial connects a client, and returns the loop's idea of it.
func (f *front) dial(t *testing.T) (*ipc.Client, *local) {
	t.Helper()
	opened := make(chan *local, 1)
	go func() { opened <- (<-f.clients).by }()
	c, err := ipc.Dial(t.Context(), f.name, ipc.DialOptions{MaxMessage: minMessage})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, <-opened
}

func frame(t *testing.T, id int32, text string) []byte {
	t.Helper()
	b, err := (&pcmk.Frame{ID: id, Data: []byte(text)}).Append(nil, minMessage)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFlood: one that asks without end has one request with the loop, and another
// is served in between; nothing of it is in the queue of the ring and the agents.
func TestFlood(t *testing.T) {
	f := newFront(t, false)
	loud, _ := f.dial(t)
	quiet, quietID := f.dial(t)
	go func() {
		for i := int32(1); ; i++ {
			if b, err := (&pcmk.Frame{ID: i, Data: []byte("<a/>")}).Append(nil, minMessage); err != nil || loud.Post(t.Context(), b, 1) != nil {
				return
			}
		}
	}()
	for range 100 { // it is in full swing
		<-f.clients
	}
	if err := quiet.Post(t.Context(), frame(t, 1, "<b/>"), 1); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(20 * time.Second)
	for others := 0; ; others++ {
		select {
		case from := <-f.clients:
			if from.by == quietID {
				loud.Close()
				go func() {
					for range f.clients { // until the cleanup closes it
					}
				}()
				return
			}
			if others > 1000 {
				time.Sleep(10 * time.Millisecond) // its goroutine has not run yet
			}
		case <-deadline:
			t.Fatal("the other one is not heard")
		}
	}
}

// TestLargeText: what is too large is not unpacked, and does not come to the loop.
func TestLargeText(t *testing.T) {
	f := newFront(t, false)
	c, by := f.dial(t)
	b := frame(t, 1, "<a>"+strings.Repeat(" ", 2*minMessage)+"</a>")
	lie := bytes.Clone(b)
	binary.LittleEndian.PutUint32(lie[24:], maxText+1)
	for _, tt := range []struct {
		msg  []byte
		want bool
	}{{b, true}, {lie, false}, {b, true}} {
		if err := c.Post(t.Context(), tt.msg, 1); err != nil {
			t.Fatal(err)
		}
		if !tt.want {
			continue
		}
		from := <-f.clients
		if ev, ok := from.ev.(node.ClientAsked); !ok || ev.Msg.Name != "a" {
			t.Errorf("%+v", from.ev)
		}
	}
	if !f.logged("text of") {
		t.Error("the log does not say why a message was ignored")
	}
	if _, err := pcmk.DecodeUpTo(b, 2*minMessage); err == nil {
		t.Error("a larger text than allowed is unpacked")
	}
	member := &local{}
	if member.limit() >= by.limit() {
		t.Errorf("a member may send %d bytes, root %d", member.limit(), by.limit())
	}
	// Two at a time, and root does not wait for members.
	ctx, cancel := context.WithCancel(t.Context())
	l := newLarge()
	var leave []func()
	for range largeAtOnce {
		leave = append(leave, l.enter(ctx, member, lie))
	}
	l.enter(ctx, member, frame(t, 1, "<small/>"))()
	l.enter(ctx, by, lie)()
	third := make(chan struct{})
	go func() { l.enter(ctx, member, lie)(); close(third) }()
	select {
	case <-third:
		t.Error("three at once")
	case <-time.After(50 * time.Millisecond):
	}
	leave[0]()
	<-third
	cancel()
}

// TestUnsent: who fills the ring waits, and goes on when there is room.
func TestUnsent(t *testing.T) {
	for _, size := range []int{1, maxUnsent / 4} {
		var u unsent
		n := 0
		for !u.full() {
			u.add(size)
			n++
		}
		if n > maxUnsentMessages || n*size > maxUnsent {
			t.Errorf("%d messages of %d bytes", n, size)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { u.wait(ctx); close(done) }()
		select {
		case <-done:
			t.Error("it does not wait")
		case <-time.After(30 * time.Millisecond):
		}
		u.sent(size)
		<-done
		u.add(size)
		cancel()
		u.wait(ctx) // the daemon ends
	}
	var nobody *unsent
	nobody.add(1)
	nobody.sent(1)
}

// TestUnsentOfRing: the ring's queue says whose its messages are.
func TestUnsentOfRing(t *testing.T) {
	g := &group{wake: make(chan struct{}, 1)}
	r := &corosync{groups: map[string]*group{"cib": g}}
	l := &local{}
	r.send("cib", make([]byte, 100), l)
	r.send("cib", make([]byte, 100), nil)
	r.send("none", make([]byte, 100), l)
	if l.unsent.bytes != 100 || l.unsent.messages != 1 || len(g.queue) != 2 {
		t.Errorf("%d bytes, %d messages, %d in the queue", l.unsent.bytes, l.unsent.messages, len(g.queue))
	}
}

// TestStuckClient: a client that reads neither events nor answers is disconnected,
// memory has a bound, the loop does not wait, and another gets all.
func TestStuckClient(t *testing.T) {
	for _, socket := range []bool{false, true} {
		t.Run(map[bool]string{false: "shm", true: "socket"}[socket], func(t *testing.T) {
			f := newFront(t, socket)
			good, goodID := f.dial(t)
			deaf, deafID := f.dial(t)
			mute, muteID := f.dial(t)
			closed := make(chan struct{}, 3)
			for _, c := range []*ipc.Client{good, deaf, mute} { // over datagrams nothing is told before that
				if err := c.Post(t.Context(), frame(t, 1, "<hello/>"), 1); err != nil {
					t.Fatal(err)
				}
				<-f.clients
			}
			go func() {
				for from := range f.clients {
					if _, ok := from.ev.(node.ClientClosed); ok {
						closed <- struct{}{}
					}
				}
			}()
			const events = 900
			text := strings.Repeat("x", 100_000)
			got := make(chan int, 1)
			go func() {
				n := 0
				for n < events {
					if _, err := good.NextEvent(t.Context()); err != nil {
						break
					}
					n++
				}
				got <- n
			}()
			begin := time.Now()
			var slowest time.Duration
			for i := range events {
				step := time.Now()
				ev := pcmk.Frame{Flags: pcmk.Event, Data: []byte("<e>" + text + "</e>")}
				f.reply(goodID.id, ev, true)
				f.reply(deafID.id, ev, true)
				f.reply(muteID.id, pcmk.Frame{ID: int32(i), Data: []byte("<r>" + text + "</r>")}, false)
				slowest = max(slowest, time.Since(step))
				f.mu.Lock()
				c := f.conns[goodID.id]
				f.mu.Unlock()
				for n := 0; c != nil && c.Queued() > 5 && n < 1000; n++ {
					time.Sleep(time.Millisecond) // it is not to be called slow
				}
			}
			if n := <-got; n != events {
				t.Errorf("the one that reads got %d events of %d", n, events)
			}
			for _, c := range []*ipc.Client{deaf, mute} {
				select {
				case <-c.Done():
				case <-time.After(20 * time.Second):
					t.Error("still connected")
				}
			}
			<-closed
			<-closed
			select {
			case <-good.Done():
				t.Error("the one that reads was disconnected")
			default:
			}
			if !f.logged("does not read its events") || !f.logged("does not read its answers") {
				t.Error("the log does not say so")
			}
			t.Logf("%v in all, one turn at most %v", time.Since(begin).Round(time.Millisecond), slowest.Round(time.Millisecond))
			if slowest > 2*time.Second {
				t.Errorf("a turn took %v", slowest)
			}
		})
	}
}
