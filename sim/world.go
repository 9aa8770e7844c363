package sim

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// Config sets up a World.
type Config struct {
	Seed       uint64
	Nodes      int
	Generation wire.Generation
	Tunables   totem.Tunables
	RingSeq    uint64 // on every disk at the start

	// RRP gives each node a second interface on a network of its own. EL7 only.
	RRP totem.RRPMode
	// Key, if set, signs and encrypts what goes over the network. EL7 only.
	Key []byte
	// Dirt lets Chaos damage packets too.
	Dirt bool
	// Reloads lets Chaos change the files of nodes and make them reload.
	Reloads bool
	// Edits lets Chaos do so as an administrator might (see edit).
	Edits bool
	// Holes lets Chaos lose packets for being large.
	Holes bool

	// Upper makes what runs above the ring of one node.
	Upper func(w *World, n *Node) Upper

	// Trace, if set, is told what nodes do.
	Trace func(line string)
	// Log, if set, is the log of one node's machines.
	Log func(id totem.NodeID) *slog.Logger
}

// An Upper is what runs above the ring on one node. Its methods are called in
// the order of the ring's actions; bytes are valid during the call.
type Upper interface {
	Deliver(*totem.Deliver)
	Members(totem.Members)
	Refused(totem.Refused)
	// Tick is called after every step of the ring and at the time Next says.
	Tick(now time.Duration)
	Next() time.Duration
}

// A World is a cluster, its network and its clock.
type World struct {
	cfg   Config
	Rand  *rand.Rand
	Now   time.Duration
	Nodes []*Node // by id, from 1
	net   network
	edits edit
	errs  []error
	steps uint64

	refused int // packets that did not open
	lost    int // members that a ring formed without
}

// A Node is one host: what survives a crash, and what runs while it is up.
type Node struct {
	w  *World
	ID totem.NodeID

	env  *wire.Envelope
	disk uint64 // ring sequence number
	File File   // its configuration
	Life int    // how many times it was started

	// While it is up:
	InForce     File
	Ring        *totem.Machine
	Up          Upper
	queue       []totem.Event // for the ring, from above
	pausedUntil time.Duration
	powered     bool     // the host is up, whether the daemon is or not
	boots       int      // how often it was switched on
	inbox       []flight // came while paused
	crashAfter  int      // crash in the middle of the actions of some step; -1 is not
	reloadAfter int      // reload after some more steps; -1 is not

	pacemakers *Pacemakers // nil in worlds without
}

// NewWorld makes a cluster of which no node runs yet.
func NewWorld(cfg Config) *World {
	w := &World{cfg: cfg, Rand: rand.New(rand.NewPCG(cfg.Seed, 0x746f74656d))}
	w.net = network{rng: w.Rand, weather: fair, cut: make(map[[2]totem.NodeID]bool), lame: make(map[link]float64), hole: make(map[[2]totem.NodeID]int)}
	for i := range cfg.Nodes {
		n := &Node{w: w, ID: totem.NodeID(i + 1), disk: cfg.RingSeq, crashAfter: -1, reloadAfter: -1}
		if cfg.Key != nil {
			n.seal()
		}
		w.Nodes = append(w.Nodes, n)
	}
	for _, n := range w.Nodes {
		n.File = File{List: w.ids(), Token: cfg.Tunables.Token}
	}
	w.edits.list = w.ids()
	return w
}

// Node returns the node with an id.
func (w *World) Node(id totem.NodeID) *Node { return w.Nodes[id-1] }

// Addr returns the address of a node on its first network.
func Addr(id totem.NodeID) netip.Addr { return addrOn(0, id) }

func addrOn(iface int, id totem.NodeID) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 77 + byte(iface), byte(id >> 8), byte(id)})
}

func (w *World) listEntry(id totem.NodeID) totem.Node {
	n := totem.Node{ID: id, Addrs: []netip.Addr{Addr(id)}}
	if w.cfg.RRP != totem.RRPNone {
		n.Addrs = append(n.Addrs, addrOn(1, id))
	}
	return n
}

func nodeAt(a netip.Addr) totem.NodeID {
	b := a.As4()
	return totem.NodeID(b[2])<<8 | totem.NodeID(b[3])
}

// Failf notes a violation. The run goes on to its next look at Err.
func (w *World) Failf(format string, args ...any) {
	if len(w.errs) < 10 {
		w.errs = append(w.errs, fmt.Errorf("%v %s", w.Now, fmt.Sprintf(format, args...)))
	}
}

// Err returns the first violation, or nil.
func (w *World) Err() error {
	if len(w.errs) == 0 {
		return nil
	}
	return w.errs[0]
}

func (w *World) trace(format string, args ...any) {
	if w.cfg.Trace != nil {
		w.cfg.Trace(fmt.Sprintf("%12v ", w.Now) + fmt.Sprintf(format, args...))
	}
}

// Start boots a node.
func (n *Node) Start() {
	if n.Ring != nil {
		return
	}
	if !slices.Contains(n.File.List, n.ID) {
		n.w.trace("node %d does not start: it is not in its list of nodes", n.ID)
		return
	}
	n.Life++
	n.w.trace("node %d starts, life %d, ring seq %d", n.ID, n.Life, n.disk)
	n.InForce = n.File
	cfg := totem.Config{
		Self: n.ID, Nodes: n.nodes(), Generation: n.w.cfg.Generation,
		RingSeq: n.disk, Tunables: n.tunables(), Rand: n.w.Rand, RRP: n.w.cfg.RRP,
	}
	if n.env != nil {
		cfg.Overhead = n.env.Overhead()
	}
	if n.w.cfg.Log != nil {
		cfg.Log = n.w.cfg.Log(n.ID)
	}
	if !n.powered {
		n.powered = true
		n.boots++
	}
	n.Ring = totem.New(cfg)
	n.queue, n.inbox, n.pausedUntil, n.crashAfter, n.reloadAfter = nil, nil, 0, -1, -1
	n.Up = n.w.cfg.Upper(n.w, n)
}

// Crash ends a node as a power cut does.
func (n *Node) Crash() {
	n.powered = false
	if n.Ring != nil {
		n.w.trace("node %d crashes", n.ID)
		n.Ring, n.Up = nil, nil
	}
}

// Kill ends a node's daemon. Its host tells others that the port is closed.
func (n *Node) Kill() {
	if n.Ring != nil {
		n.w.trace("node %d is killed", n.ID)
		n.Ring, n.Up = nil, nil
	}
}

// Stop ends a node in good order.
func (n *Node) Stop() {
	if n.Ring != nil {
		n.w.trace("node %d leaves", n.ID)
		n.step(totem.Leave{})
		n.Ring, n.Up = nil, nil
	}
}

// Pause stops a running node's process for d.
func (n *Node) Pause(d time.Duration) {
	if n.Ring != nil {
		n.w.trace("node %d is stopped for %v", n.ID, d)
		n.pausedUntil = n.w.Now + d
	}
}

// Post gives the node's ring an event, after the current step.
func (n *Node) Post(ev totem.Event) { n.queue = append(n.queue, ev) }

// Running reports whether the node is up and not paused.
func (n *Node) Running() bool { return n.Ring != nil && n.w.Now >= n.pausedUntil }

// Run lets d go by.
func (w *World) Run(d time.Duration) { w.RunUntil(w.Now+d, nil) }

// RunUntil lets time go by until end, or until done says so; done is asked after
// every event.
func (w *World) RunUntil(end time.Duration, done func() bool) {
	for w.Err() == nil {
		if done != nil && done() {
			return
		}
		n, at := w.nextTick()
		if arrival, ok := w.net.next(); ok && arrival <= at {
			if arrival > end {
				break
			}
			w.now(arrival)
			w.land(w.net.arrive())
			continue
		}
		if n == nil || at > end {
			break
		}
		w.now(at)
		n.wake()
	}
	w.Now = max(w.Now, end)
}

func (w *World) now(at time.Duration) {
	if at > w.Now {
		w.Now, w.steps = at, 0
	}
	if w.steps++; w.steps > 1_000_000 {
		w.Failf("the clock stands still")
	}
}

func (w *World) nextTick() (next *Node, at time.Duration) {
	at = 1 << 62
	for _, n := range w.Nodes {
		if n.Ring == nil {
			continue
		}
		t, _ := n.Ring.Next()
		t = max(min(t, n.Up.Next()), n.pausedUntil)
		if len(n.queue) > 0 {
			t = max(w.Now, n.pausedUntil)
		}
		if t < at {
			next, at = n, t
		}
	}
	return next, at
}

// wake is what a node does when it is its turn.
func (n *Node) wake() {
	if len(n.inbox) > 0 {
		inbox := n.inbox
		n.inbox = nil
		for i, f := range inbox {
			if n.Ring == nil {
				return
			}
			f, ok := n.opened(f)
			if !ok {
				continue
			}
			if drained := n.step(f.event()); drained {
				n.w.trace("node %d drains %d packets", n.ID, len(inbox)-i-1)
				break
			}
		}
		return
	}
	n.step(totem.Tick{})
}

func (w *World) land(f flight) {
	n := w.Node(f.to)
	if w.net.cut[[2]totem.NodeID{f.from, f.to}] || n.Ring != nil && !n.hears(f.from) {
		return
	}
	if n.Ring == nil {
		if n.powered && f.data != nil {
			w.net.send(w.Now, link{f.iface, f.to, f.from}, nil)
		}
		return
	}
	if w.Now < n.pausedUntil {
		if len(n.inbox) < 400 { // about what a socket holds
			n.inbox = append(n.inbox, f)
		}
		return
	}
	if f, ok := n.opened(f); ok {
		n.step(f.event())
	}
}

func (f flight) event() totem.Event {
	if f.data == nil {
		return totem.Unreachable{Addr: addrOn(f.iface, f.from)}
	}
	return &totem.Received{Iface: f.iface, From: netip.AddrPortFrom(addrOn(f.iface, f.from), 5405), Data: f.data}
}

// step steps the ring once, and again for what was posted meanwhile.
func (n *Node) step(ev totem.Event) (drained bool) {
	drained = n.carryOut(n.Ring.Step(n.w.Now, ev))
	for n.Ring != nil {
		n.Up.Tick(n.w.Now)
		if len(n.queue) == 0 {
			break
		}
		ev := n.queue[0]
		n.queue = n.queue[1:]
		drained = n.carryOut(n.Ring.Step(n.w.Now, ev)) || drained
	}
	if n.reloadAfter--; n.reloadAfter == 0 {
		n.Reload()
	}
	n.reloadAfter = max(n.reloadAfter, -1)
	return drained
}

func (n *Node) carryOut(actions []totem.Action) (drained bool) {
	for _, a := range actions {
		if n.crashAfter == 0 {
			n.crashAfter = -1
			n.Crash()
			return
		}
		if n.crashAfter > 0 {
			n.crashAfter--
		}
		switch a := a.(type) {
		case *totem.Send:
			data := n.sealed(a.Data)
			for _, to := range a.To {
				if n.w.net.swallows(n.ID, nodeAt(to), data, a.Packet) {
					continue
				}
				n.w.net.send(n.w.Now, link{a.Iface, n.ID, nodeAt(to)}, data)
			}
		case totem.Save:
			if a.RingSeq <= n.disk {
				n.w.Failf("node %d goes back from ring %d to %d", n.ID, n.disk, a.RingSeq)
			}
			n.disk = a.RingSeq
		case *totem.Deliver:
			n.Up.Deliver(a)
		case totem.Members:
			n.w.trace("node %d %v %v members %v left %v joined %v", n.ID, a.Kind, a.Ring, a.IDs, a.Left, a.Joined)
			n.w.lost += len(a.Left)
			n.Up.Members(a)
		case totem.Refused:
			n.Up.Refused(a)
		case totem.Drain:
			drained = true
		}
	}
	return drained
}
