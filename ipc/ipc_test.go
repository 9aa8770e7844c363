package ipc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// An echo answers request 1 with its payload, emits an event for request 2,
// and refuses when told to.
type echo struct {
	refuse error
	mu     sync.Mutex
	conns  []*Conn
	closed int
	heard  atomic.Int64 // requests 5
}

func (e *echo) Connected(c *Conn) error {
	if e.refuse != nil {
		return e.refuse
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.conns = append(e.conns, c)
	c.Event(message(99, []byte("hello")))
	return nil
}

func (e *echo) Message(c *Conn, id int32, msg []byte) {
	switch id {
	case 1:
		b := make([]byte, ResponseHeaderSize+len(msg)-HeaderSize)
		PutResponseHeader(b, 1, 1)
		copy(b[ResponseHeaderSize:], msg[HeaderSize:])
		c.Respond(b)
	case 2:
		c.Event(message(2, msg[HeaderSize:]))
	case 5:
		e.heard.Add(1)
	}
}

func (e *echo) Closed(*Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed++
}

func message(id int32, payload []byte) []byte {
	b := make([]byte, HeaderSize+len(payload))
	copy(b[HeaderSize:], payload)
	PutHeader(b, id)
	return b
}

// A taker reads its clients itself, one goroutine for each.
type taker struct{ *echo }

func (k taker) Take(c *Conn, fd int) bool {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return false
	}
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET}
	if err := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		unix.Close(ep)
		return false
	}
	go func() {
		defer unix.Close(ep)
		defer c.Return()
		var evs [1]unix.EpollEvent
		for wait := 20; !c.shutNow(); {
			if left, err := c.Flush(); err == nil && left > 0 {
				wait = 1
			} else {
				wait = 20
			}
			n, err := unix.EpollWait(ep, evs[:], wait)
			if err != nil && err != unix.EINTR {
				return
			}
			for more := n > 0; more; {
				left := 3 // so that it stops in the middle now and then
				if more, err = c.Read(func(id int32, msg []byte) bool {
					k.Message(c, id, msg)
					left--
					return left > 0
				}); err != nil {
					return
				}
			}
			if n > 0 && evs[0].Events&unix.EPOLLRDHUP != 0 {
				return
			}
		}
	}()
	return true
}

func (c *Conn) shutNow() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.isShut
}

// A transport is how a test's clients are served.
type transport struct {
	Options
	take bool
}

// start serves h under a name of its own and stops it when the test ends.
func start(t *testing.T, opt transport, e *echo) string {
	t.Helper()
	name := fmt.Sprintf("gocorosync-test-%d-%s", os.Getpid(), t.Name())
	name = string(bytes.Map(func(r rune) rune {
		if r == '/' {
			return '-'
		}
		return r
	}, []byte(name)))
	s, err := Listen(name, opt.Options)
	if err != nil {
		t.Fatal(err)
	}
	h := Handler(e)
	if opt.take {
		h = taker{e}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, h) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Serve: %v", err)
		}
	})
	return name
}

func eachTransport(t *testing.T, f func(t *testing.T, opt transport)) {
	t.Run("shm", func(t *testing.T) { f(t, transport{}) })
	t.Run("taken", func(t *testing.T) { f(t, transport{take: true}) })
	t.Run("socket", func(t *testing.T) { f(t, transport{Options: Options{Socket: true}}) })
}

func dial(t *testing.T, name string) *Client {
	t.Helper()
	c, err := Dial(t.Context(), name, DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	// Over datagrams a client hears nothing before it has said something.
	if _, err := c.Call(t.Context(), message(1, nil)); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCallAndEvents sends requests of many sizes, enough of them to wrap the
// rings several times, and checks what comes back.
func TestCallAndEvents(t *testing.T) {
	eachTransport(t, func(t *testing.T, opt transport) {
		h := &echo{}
		c := dial(t, start(t, opt, h))
		if b, err := c.NextEvent(t.Context()); err != nil || string(b[16:]) != "hello" {
			t.Fatalf("first event %q, %v", b, err)
		}
		if c.Server().PID != os.Getpid() || h.conns[0].Peer().PID != os.Getpid() {
			t.Errorf("server %+v, client %+v; want pid %d", c.Server(), h.conns[0].Peer(), os.Getpid())
		}
		for i := range 200 {
			n := (i * 7919) % 200_000
			if i == 100 {
				n = DefaultMaxMessage - ResponseHeaderSize
			}
			payload := bytes.Repeat([]byte{byte(i)}, n)
			b, err := c.Call(t.Context(), message(1, payload))
			if err != nil || !bytes.Equal(b[ResponseHeaderSize:], payload) {
				t.Fatalf("call %d of %d bytes: %d bytes, %v", i, n, len(b), err)
			}
			if i%10 == 0 {
				if err := c.Post(t.Context(), message(2, payload[:min(n, 1000)]), 1); err != nil {
					t.Fatal(err)
				}
				if b, err := c.NextEvent(t.Context()); err != nil || !bytes.Equal(b[HeaderSize:], payload[:min(n, 1000)]) {
					t.Fatalf("event %d: %d bytes, %v", i, len(b), err)
				}
			}
		}
		if _, err := c.Call(t.Context(), make([]byte, DefaultMaxMessage+1)); !errors.Is(err, syscall.EMSGSIZE) {
			t.Errorf("oversized call: %v; want EMSGSIZE", err)
		}
	})
}

// TestRefuse sees the server's errno at the client.
func TestRefuse(t *testing.T) {
	name := start(t, transport{}, &echo{refuse: syscall.EAGAIN})
	if _, err := Dial(t.Context(), name, DialOptions{}); !errors.Is(err, syscall.EAGAIN) {
		t.Errorf("Dial: %v; want EAGAIN", err)
	}
	if _, err := Dial(t.Context(), name+"-none", DialOptions{}); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("Dial of nobody: %v; want ECONNREFUSED", err)
	}
}

// TestEventsInOrder sends far more events than the channel holds, to a client
// that begins to read late.
func TestEventsInOrder(t *testing.T) {
	eachTransport(t, func(t *testing.T, opt transport) {
		h := &echo{}
		c := dial(t, start(t, opt, h))
		const n = 20000
		for i := range n {
			if err := h.conns[0].Event(message(int32(i), make([]byte, 500))); err != nil {
				t.Fatal(err)
			}
		}
		c.NextEvent(t.Context()) // hello
		for i := range n {
			b, err := c.NextEvent(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if hdr, err := ParseHeader(b); err != nil || hdr.ID != int32(i) {
				t.Fatalf("event %d: %+v, %v", i, hdr, err)
			}
		}
	})
}

// TestStuckClientIsDisconnected is fault-matrix.md I9: a client that stops
// reading costs a bounded queue and then its connection.
func TestStuckClientIsDisconnected(t *testing.T) {
	eachTransport(t, func(t *testing.T, opt transport) {
		opt.QueueMessages = 100
		h := &echo{}
		c := dial(t, start(t, opt, h))
		var err error
		for i := 0; i < 5000 && err == nil; i++ {
			err = h.conns[0].Event(message(3, make([]byte, 10000)))
		}
		if !errors.Is(err, ErrClosed) {
			t.Fatalf("Event: %v; want ErrClosed", err)
		}
		select {
		case <-c.Done():
		case <-time.After(5 * time.Second):
			t.Error("client not disconnected")
		}
	})
}

// TestServerGone: a client blocked in a call learns that the server is gone.
func TestServerGone(t *testing.T) {
	eachTransport(t, func(t *testing.T, opt transport) {
		h := &echo{}
		c := dial(t, start(t, opt, h))
		c.NextEvent(t.Context())
		time.AfterFunc(20*time.Millisecond, func() { h.conns[0].Close() })
		begin := time.Now()
		if _, err := c.Call(t.Context(), message(7, nil)); !errors.Is(err, ErrClosed) { // never answered
			t.Errorf("Call: %v; want ErrClosed", err)
		}
		if _, err := c.NextEvent(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("NextEvent: %v; want ErrClosed", err)
		}
		if d := time.Since(begin); d > time.Second {
			t.Errorf("noticed after %v", d)
		}
	})
}

// TestCancel: a call and a wait for events end with their contexts.
func TestCancel(t *testing.T) {
	eachTransport(t, func(t *testing.T, opt transport) {
		c := dial(t, start(t, opt, &echo{}))
		c.NextEvent(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := c.NextEvent(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("NextEvent: %v", err)
		}
		ctx2, cancel2 := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel2()
		if _, err := c.Call(ctx2, message(7, nil)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Call: %v", err)
		}
	})
}

// TestNothingStays: no file in /dev/shm outlives its connection, and Closed
// is called once for each client.
func TestNothingStays(t *testing.T) {
	eachTransport(t, func(t *testing.T, opt transport) {
		h := &echo{}
		name := start(t, opt, h)
		for range 20 {
			dial(t, name).Close()
		}
		for range 200 {
			h.mu.Lock()
			closed := h.closed
			h.mu.Unlock()
			if closed == 20 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if h.closed != 20 {
			t.Errorf("Closed called %d times; want 20", h.closed)
		}
		// Closed comes before the last client's files go.
		var files []string
		for range 200 {
			if files, _ = filepath.Glob(shmDir + "/*" + name + "*"); len(files) == 0 {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("left in %s: %v", shmDir, files)
	})
}

// TestJunkOnTheStream: bytes without requests, and a truncated shared memory, end in an
// error and never in a crash.
func TestJunkOnTheStream(t *testing.T) {
	t.Run("shm", func(t *testing.T) { testJunk(t, transport{}) })
	t.Run("taken", func(t *testing.T) { testJunk(t, transport{take: true}) })
}

func testJunk(t *testing.T, opt transport) {
	c := dial(t, start(t, opt, &echo{}))
	c.stream.Write(make([]byte, 100))
	if b, err := c.Call(t.Context(), message(1, []byte("x"))); err != nil || string(b[24:]) != "x" {
		t.Errorf("after junk bytes: %q, %v", b, err)
	}
	shm := c.channel.(*shmClient)
	os.Truncate(shm.request.dataPath, 0)
	c.stream.Write([]byte{0})
	le.PutUint32(shm.request.hdr[offSem:], 1)
	c.stream.Write([]byte{0})
	select {
	case <-c.Done():
	case <-time.After(5 * time.Second):
		t.Error("server did not notice the truncated shared memory")
	}
}

// TestStale: a server removes what a dead predecessor left, and nothing else.
func TestStale(t *testing.T) {
	const name = "gocorosync-test-stale"
	dead, alive := 1<<30, os.Getpid()
	mine := fmt.Sprintf("%s/qb-%s-event-%d-1-1-data", shmDir, name, dead)
	kept := fmt.Sprintf("%s/qb-%s-event-%d-1-1-data", shmDir, name, alive)
	for _, f := range []string{mine, kept} {
		if err := os.WriteFile(f, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(f)
	}
	// What a group shares is in folders.
	for _, file := range []string{"qb-control-" + name, "qb-control-" + name + "-SECRET", "qb-" + name + "-request-SECRET-header", "qb-" + name + "-event-SECRET-data"} {
		dir := fmt.Sprintf("%s/qb-%d-1-1-%d", shmDir, dead, len(file))
		if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(dir+"/"+file, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		defer func() {
			if _, err := os.Stat(dir); err == nil {
				t.Errorf("the folder of a dead server with %s is still there", file)
			}
		}()
	}
	s, err := Listen(name, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := os.Stat(mine); err == nil {
		t.Error("the file of a dead server is still there")
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error("the file of a living process is gone")
	}
}

func FuzzConnectResponse(f *testing.F) {
	f.Add(connectResponse{typ: SharedMemory, maxMessage: 1 << 20, request: "a", response: "b", event: "c"}.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := parseConnectResponse(b); err == nil {
			if again, err := parseConnectResponse(r.append(nil)); err != nil || again != r {
				t.Errorf("%+v became %+v, %v", r, again, err)
			}
		}
	})
}

func BenchmarkCall(b *testing.B) {
	for _, opt := range []Options{{}, {Socket: true}} {
		b.Run(fmt.Sprintf("socket=%v", opt.Socket), func(b *testing.B) {
			s, err := Listen(fmt.Sprintf("gocorosync-bench-%d-%v", os.Getpid(), opt.Socket), opt)
			if err != nil {
				b.Fatal(err)
			}
			go s.Serve(b.Context(), &echo{})
			c, err := Dial(b.Context(), s.Name(), DialOptions{})
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			msg := message(1, make([]byte, 64))
			for b.Loop() {
				if _, err := c.Call(b.Context(), msg); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestAllRequestsAreRead posts bursts of requests: none may stay unread, whatever
// the server was doing when it came.
func TestAllRequestsAreRead(t *testing.T) {
	eachTransport(t, func(t *testing.T, opt transport) {
		h := &echo{}
		c := dial(t, start(t, opt, h))
		bursts := 500
		if opt.Socket {
			bursts = 100
		}
		posted := int64(0)
		for burst := range bursts {
			size := 1 + burst*burst%150
			if burst%50 == 49 {
				size = 1500 // more than the stream holds bytes of
			}
			for range size {
				if err := c.Post(t.Context(), message(5, nil), 1); err != nil {
					t.Fatal(err)
				}
				posted++
			}
			for end := time.Now().Add(5 * time.Second); h.heard.Load() < posted; runtime.Gosched() {
				if time.Now().After(end) {
					t.Fatalf("burst %d: %d of %d requests were read", burst, h.heard.Load(), posted)
				}
			}
		}
	})
}
