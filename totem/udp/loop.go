package udp

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// An App is what stacks on the ring. Run calls its methods on its own
// goroutine, in the order of the ring's actions; bytes are valid during the
// call. From inside them Loop.Post gives the ring an event.
type App interface {
	// Save makes the ring sequence number durable. It is so when Save returns
	// nil; an error ends Run.
	Save(ringSeq uint64) error
	Deliver(*totem.Deliver) // valid during the call
	Members(totem.Members)
	Refused(totem.Refused)

	// Tick is called after every step of the ring, and at the time Next says.
	// Times are as Loop.Now tells them.
	Tick(now time.Duration)
	Next() time.Duration // negative for never

	// Flush is called before the loop waits: what Run brought since the last
	// time can be told to others in one go.
	Flush()
}

// A RingWatcher is an App that wants to know about faulty rings.
type RingWatcher interface {
	RingStatus(totem.RingStatus)
}

// Config sets up a Loop.
type Config struct {
	Totem totem.Config // Overhead, Log and Rand are filled in

	// Port is where all nodes listen, 5405 if 0.
	Port uint16

	// Cipher and Hash are crypto_cipher and crypto_hash, empty for none, and
	// Key their key. EL7 only.
	Cipher, Hash string
	Key          []byte

	// IgnoreUnreachable leaves it to the token timeout to find out that a node's
	// daemon is gone, even if its host says at once that the port is closed.
	IgnoreUnreachable bool

	// Multicast selects transport udp; nil is udpu.
	Multicast *Multicast

	// Second is ring 1, where Totem.RRP asks for redundant rings.
	Second Network

	// AllowUnlisted takes datagrams from any address (block_unlisted_ips: no),
	// as transport udp always does.
	AllowUnlisted bool

	// Rebind, if set, is asked for another address of this node on a ring when
	// the one it has is on no interface any more. local are the addresses of
	// interfaces that run. The answer is invalid if none will do. Without it
	// the node waits for its address to come back.
	Rebind func(ring int, local []netip.Prefix) netip.Addr

	// Dedicated says that the program runs little else than this loop, and with
	// GOMAXPROCS above 1, so that the loop may keep its share of the Go
	// scheduler during short waits: a token costs less then.
	Dedicated bool

	Log *slog.Logger // nil discards
}

// Limits of the queue that other goroutines use.
const maxCalls = 4096

// ErrClosed says that the loop has ended.
var ErrClosed = errors.New("udp: loop has ended")

// ErrKilled as the cause of a context's end makes Run return without a good-bye,
// as if the process had been killed.
var ErrKilled = errors.New("udp: killed")

// A Loop runs one node's ring.
type Loop struct {
	cfg      Config
	env      *wire.Envelope
	m        *totem.Machine
	app      App
	nets     []*network // by ring
	networks []Network  // how they were opened
	rcvbuf   int
	poll     *poller
	inputs   []*input // in the order in which they are read
	start    time.Time
	stats    Stats
	quiet    quiet
	listed   map[netip.Addr]bool
	posted   []totem.Event
	sealed   []byte
	received totem.Received // the event under way

	follower *follower // nil if there is none
	pieces   *pieces   // nil until needed

	mu     sync.Mutex
	calls  []func()
	space  chan struct{} // closed and replaced when calls were taken
	closed bool
	done   chan struct{}
}

// New opens the socket and makes the machine. Run must be called to close it
// again.
func New(ctx context.Context, cfg Config) (*Loop, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Port == 0 {
		cfg.Port = 5405
	}
	l := &Loop{
		cfg:   cfg,
		start: time.Now(),
		space: make(chan struct{}),
		done:  make(chan struct{}),
		quiet: quiet{cfg.Log, make(map[quietKey]time.Time)},
	}
	var err error
	if l.env, err = wire.NewEnvelope(cfg.Totem.Generation, cfg.Cipher, cfg.Hash, cfg.Key, rand.Reader); err != nil {
		return nil, err
	}
	t := cfg.Totem
	t.Overhead = l.env.Overhead()
	t.Log = cfg.Log
	t.Multicast, t.AllowUnlisted = cfg.Multicast != nil, cfg.AllowUnlisted
	if t.Rand == nil {
		t.Rand = mathrand.New(mathrand.NewPCG(mathrand.Uint64(), mathrand.Uint64()))
	}
	if err := t.Check(); err != nil {
		return nil, err
	}
	l.setNodes(t.Nodes)
	if l.poll, err = newPoller(cfg.Dedicated); err != nil {
		return nil, err
	}
	if err := l.openNetworks(ctx, &t); err != nil {
		l.closeFiles()
		return nil, err
	}
	l.follow()
	l.m = totem.New(t)
	return l, nil
}

// openNetworks opens the sockets of all rings.
func (l *Loop) openNetworks(ctx context.Context, t *totem.Config) error {
	l.rcvbuf = 16 * 10000
	if t.Generation == wire.EL9 {
		l.rcvbuf = 16 * 136192
	}
	networks := []Network{{l.cfg.Port, l.cfg.Multicast}}
	if t.RRP != totem.RRPNone {
		networks = append(networks, l.cfg.Second)
	}
	i := slices.IndexFunc(t.Nodes, func(n totem.Node) bool { return n.ID == t.Self })
	for ring, addr := range t.Nodes[i].Addrs[:min(len(networks), len(t.Nodes[i].Addrs))] {
		n := networks[ring]
		n.Port = cmp.Or(n.Port, l.cfg.Port)
		w, err := openNetwork(ctx, addr.Unmap(), n, l.rcvbuf)
		if err != nil {
			return err
		}
		l.nets, l.networks = append(l.nets, w), append(l.networks, n)
		if err := l.readNetwork(w, ring); err != nil {
			return err
		}
	}
	return nil
}

// readNetwork makes the loop read the sockets of a ring.
func (l *Loop) readNetwork(w *network, ring int) error {
	if w.all != nil {
		if err := l.read(w.all, ring, true); err != nil {
			return err
		}
		if err := w.send.watch(l.poll, 0); err != nil {
			return err
		}
	}
	if err := l.read(w.recv, ring, false); err != nil {
		return err
	}
	// What was sent to all comes before the token that was sent after it.
	slices.SortStableFunc(l.inputs, func(a, b *input) int {
		switch {
		case a.group == b.group:
			return 0
		case a.group:
			return -1
		}
		return 1
	})
	return nil
}

func (l *Loop) setNodes(nodes []totem.Node) {
	l.listed = make(map[netip.Addr]bool)
	for _, n := range nodes {
		for _, a := range n.Addrs {
			l.listed[a.Unmap()] = true
		}
	}
}

// Now returns the time on the clock that the machines use.
func (l *Loop) Now() time.Duration { return time.Since(l.start) }

// Machine returns the machine. Only the App and functions given to Do may touch
// it.
func (l *Loop) Machine() *totem.Machine { return l.m }

// Stats returns the counters, on the loop's goroutine.
func (l *Loop) Stats() Stats { return l.stats }

// Secure reports whether datagrams are signed.
func (l *Loop) Secure() bool { return l.env.Secure() }

// Post gives the ring an event once the current step is over. Only the App and
// functions given to Do may call it.
func (l *Loop) Post(ev totem.Event) {
	if set, ok := ev.(totem.SetNodes); ok {
		l.setNodes(set.Nodes)
	}
	l.posted = append(l.posted, ev)
}

// Do runs f on the loop's goroutine and returns when it has run. If the queue is
// full it waits. The error is ErrClosed, or that of ctx.
func (l *Loop) Do(ctx context.Context, f func()) error {
	ran := make(chan struct{})
	if err := l.Go(ctx, func() { f(); close(ran) }); err != nil {
		return err
	}
	select {
	case <-ran:
		return nil
	case <-l.done:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Go is Do without waiting for f to run.
func (l *Loop) Go(ctx context.Context, f func()) error {
	for {
		l.mu.Lock()
		if l.closed {
			l.mu.Unlock()
			return ErrClosed
		}
		if len(l.calls) < maxCalls {
			l.calls = append(l.calls, f)
			if len(l.calls) == 1 {
				l.poll.wake()
			}
			l.mu.Unlock()
			return nil
		}
		space := l.space
		l.mu.Unlock()
		select {
		case <-space:
		case <-l.done:
			return ErrClosed
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// takeCalls returns what other goroutines want done.
func (l *Loop) takeCalls() []func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := l.calls
	if calls != nil {
		l.calls = nil
		close(l.space)
		l.space = make(chan struct{})
	}
	return calls
}

// Watch makes the loop call ready, on its goroutine, whenever something new is
// there to be read from a descriptor, or its other side is gone. It ends with
// stop, which must be called before the descriptor is closed. Only the App and
// functions given to Do may call Watch and stop.
func (l *Loop) Watch(fd int, ready func(gone bool)) (stop func(), err error) {
	const gone = unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR
	s, err := l.poll.add(fd, unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLET, func(events uint32) error {
		ready(events&gone != 0)
		return l.steps()
	})
	if err != nil {
		return nil, fmt.Errorf("udp: watch: %w", err)
	}
	return func() { l.poll.remove(s, fd) }, nil
}

// wake makes the loop look for what other goroutines want.
func (l *Loop) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.poll.wake()
	}
}

// Run runs the ring until ctx ends, app cannot save or the socket fails. At the
// end it says good-bye to the other nodes and closes the socket. It returns nil
// if ctx has ended.
func (l *Loop) Run(ctx context.Context, app App) error {
	l.app = app
	stop := context.AfterFunc(ctx, l.wake)
	defer stop()
	defer l.close()
	for {
		if ctx.Err() != nil {
			if errors.Is(context.Cause(ctx), ErrKilled) {
				return ErrKilled
			}
			return l.step(totem.Leave{})
		}
		if err := l.move(ctx); err != nil {
			return err
		}
		for _, call := range l.takeCalls() {
			call()
			// At once, so that the next call sees what room is left.
			if err := l.steps(); err != nil {
				return err
			}
		}
		l.app.Flush()
		if err := l.wait(); err != nil {
			return err
		}
		// What has arrived counts before the time that has passed: a token that
		// waits in the socket is not lost.
		heard, err := l.receive()
		if err == nil && !heard && l.next() <= l.Now() {
			err = l.step(totem.Tick{})
		}
		if err != nil {
			return err
		}
	}
}

// wait waits until something can be read, the time has come for something, or
// other goroutines want something.
func (l *Loop) wait() error {
	for _, in := range l.inputs {
		if in.readable {
			return l.poll.wait(0)
		}
	}
	return l.poll.wait(l.next() - l.Now())
}

func (l *Loop) next() time.Duration {
	at, _ := l.m.Next()
	if t := l.app.Next(); t >= 0 && t < at {
		at = t
	}
	return at
}

func (l *Loop) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	close(l.done)
	l.closeFiles()
}

func (l *Loop) closeFiles() {
	l.follower.close()
	l.pieces.close()
	for _, n := range l.nets {
		n.close()
	}
	l.poll.close()
}

// step steps the ring, and again for what was posted meanwhile.
func (l *Loop) step(ev totem.Event) error {
	if err := l.carryOut(l.m.Step(l.Now(), ev)); err != nil {
		return err
	}
	l.app.Tick(l.Now())
	return l.steps()
}

// steps steps the ring for what was posted.
func (l *Loop) steps() error {
	for len(l.posted) > 0 {
		posted := l.posted
		l.posted = nil
		for _, ev := range posted {
			if err := l.carryOut(l.m.Step(l.Now(), ev)); err != nil {
				return err
			}
		}
		l.app.Tick(l.Now())
	}
	return nil
}

// carryOut does what a step asks for: first what others wait for, then what this
// node does with it.
func (l *Loop) carryOut(actions []totem.Action) error {
	for _, a := range actions {
		switch a := a.(type) {
		case *totem.Send:
			l.send(a)
		case totem.Save:
			l.flush()
			if err := l.app.Save(a.RingSeq); err != nil {
				return fmt.Errorf("udp: save ring %d: %w", a.RingSeq, err)
			}
		}
	}
	l.flush()
	for _, a := range actions {
		switch a := a.(type) {
		case *totem.Deliver:
			l.app.Deliver(a)
		case totem.Members:
			l.app.Members(a)
		case totem.Refused:
			l.app.Refused(a)
		case totem.RingStatus:
			if app, ok := l.app.(RingWatcher); ok {
				app.RingStatus(a)
			}
		case totem.Drain:
			for _, in := range l.inputs {
				l.stats.Drained += uint64(in.drain())
			}
		}
	}
	return nil
}
