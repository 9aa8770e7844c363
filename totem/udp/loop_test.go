package udp_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/udp"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// app is the simplest thing that stacks on a ring: it calls itself in sync when
// it has heard a barrier from all members, and notes what it gets.
type app struct {
	loop *udp.Loop
	gen  wire.Generation

	ring  totem.RingID
	waits map[totem.NodeID]bool

	mu      sync.Mutex
	members []totem.NodeID
	synced  bool
	got     []string
}

func (a *app) Save(uint64) error     { return nil }
func (a *app) Refused(totem.Refused) {}
func (a *app) Tick(time.Duration)    {}
func (a *app) Next() time.Duration   { return -1 }
func (a *app) Flush()                {}
func (a *app) Members(m totem.Members) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.synced = false
	if m.Kind != totem.Regular {
		return
	}
	a.ring, a.members, a.waits = m.Ring, m.IDs, make(map[totem.NodeID]bool)
	for _, id := range m.IDs {
		a.waits[id] = true
	}
	b := wire.AppendRingID(wire.AppendGroup(nil, wire.GroupSync), a.gen, m.Ring)
	a.loop.Post(totem.Submit{Data: b, Sync: true})
}

func (a *app) Deliver(d *totem.Deliver) {
	a.mu.Lock()
	defer a.mu.Unlock()
	groups, body, err := wire.SplitGroups(d.Data, d.BigEndian)
	if err != nil {
		panic(err)
	}
	if groups.Has(wire.GroupSync) {
		if ring, ok := wire.ParseRingID(body, a.gen, d.BigEndian); ok && ring == a.ring {
			if delete(a.waits, d.From); len(a.waits) == 0 {
				a.synced = true
				a.loop.Post(totem.Synced{Ring: ring})
			}
		}
		return
	}
	a.got = append(a.got, fmt.Sprintf("%d:%d/%d", d.From, binary.LittleEndian.Uint32(body), len(body)))
}

func (a *app) state() (members []totem.NodeID, synced bool, got []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.members, a.synced, slices.Clone(a.got)
}

type node struct {
	*app
	stop context.CancelCauseFunc
	done chan error
}

func start(t testing.TB, id totem.NodeID, n int, port uint16, edit func(*udp.Config)) *node {
	t.Helper()
	gen := wire.EL7
	cfg := udp.Config{Totem: totem.Config{Self: id, Nodes: loopNodes(n), Generation: gen}, Port: port}
	if edit != nil {
		edit(&cfg)
	}
	loop, err := udp.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	nd := &node{&app{loop: loop, gen: cfg.Totem.Generation}, stop, make(chan error, 1)}
	go func() { nd.done <- loop.Run(ctx, nd.app) }()
	t.Cleanup(func() {
		stop(nil)
		<-nd.done
	})
	return nd
}

func loopNodes(n int) (nodes []totem.Node) {
	for i := range n {
		nodes = append(nodes, totem.Node{ID: totem.NodeID(i + 1), Addrs: []netip.Addr{addr(i + 1)}})
	}
	return nodes
}

// twoRings adds a second network.
func twoRings(c *udp.Config, mode totem.RRPMode) {
	c.Totem.RRP = mode
	for i := range c.Totem.Nodes {
		c.Totem.Nodes[i].Addrs = append(c.Totem.Nodes[i].Addrs, netip.AddrFrom4([4]byte{127, 0, 78, byte(i + 1)}))
	}
}

func addr(i int) netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 77, byte(i)}) }

// until waits for what nodes of a real ring take some time for.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("timeout: %s", what)
}

func ringOf(nodes []*node, n int) func() bool {
	return func() bool {
		for _, nd := range nodes {
			if members, synced, _ := nd.state(); len(members) != n || !synced {
				return false
			}
		}
		return true
	}
}

// TestRingOnLoopback forms a ring of three on real sockets, sends messages of
// all sizes from all nodes, and compares what they deliver. Then one leaves.
func TestRingOnLoopback(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*udp.Config)
	}{
		{"el7", nil},
		{"el7 aes256 sha1", func(c *udp.Config) {
			c.Cipher, c.Hash, c.Key = "aes256", "sha1", make([]byte, wire.KeySize)
		}},
		{"el9", func(c *udp.Config) { c.Totem.Generation = wire.EL9 }},
		{"el7 passive", func(c *udp.Config) { twoRings(c, totem.RRPPassive) }},
		{"el7 active", func(c *udp.Config) { twoRings(c, totem.RRPActive) }},
		{"el7 dedicated", func(c *udp.Config) { c.Dedicated = true }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var nodes []*node
			for id := range totem.NodeID(3) {
				nodes = append(nodes, start(t, id+1, 3, 5475, tt.edit))
			}
			until(t, "ring of three", ringOf(nodes, 3))
			const each = 60
			for count := range each {
				for i, nd := range nodes {
					size := 4 + count*count*count%5000
					if count == 50 {
						size = 200_000
					}
					b := wire.AppendGroup(nil, wire.GroupServices)
					b = binary.LittleEndian.AppendUint32(b, uint32(count))
					b = append(b, make([]byte, size-4)...)
					if err := nd.loop.Do(t.Context(), func() { nd.loop.Post(totem.Submit{Data: b}) }); err != nil {
						t.Fatalf("node %d: %v", i+1, err)
					}
				}
			}
			until(t, "all messages", func() bool {
				for _, nd := range nodes {
					if _, _, got := nd.state(); len(got) < 3*each {
						return false
					}
				}
				return true
			})
			_, _, want := nodes[0].state()
			for i, nd := range nodes[1:] {
				if _, _, got := nd.state(); !slices.Equal(got, want) {
					t.Errorf("node %d delivers\n%v\nnode 1\n%v", i+2, got, want)
				}
			}
			nodes[2].stop(nil)
			until(t, "ring of two", ringOf(nodes[:2], 2))
		})
	}
}

// TestDeadDaemonIsNoticedAtOnce ends one of three daemons without a good-bye.
// Its host is still there and says that the port is closed: the others do not
// wait for the token timeout of a minute.
func TestDeadDaemonIsNoticedAtOnce(t *testing.T) {
	for _, g := range []wire.Generation{wire.EL7, wire.EL9} {
		var nodes []*node
		for id := range totem.NodeID(3) {
			nodes = append(nodes, start(t, id+1, 3, 5477, func(c *udp.Config) {
				c.Totem.Generation = g
				c.Totem.Tunables = totem.Tunables{Token: time.Minute, TokenRetransmit: 300 * time.Millisecond, Hold: 200 * time.Millisecond, Consensus: time.Minute}
			}))
		}
		until(t, "ring of three", ringOf(nodes, 3))
		nodes[1].stop(udp.ErrKilled)
		start := time.Now()
		until(t, "ring of two", ringOf([]*node{nodes[0], nodes[2]}, 2))
		t.Logf("%v: %v", g, time.Since(start))
		for _, nd := range nodes {
			nd.stop(nil)
			nd.done <- <-nd.done // for the cleanup
		}
	}
}

// TestJunkDoesNoHarm floods a ring with 20,000 datagrams that are not totem, cut
// short, of the other generation, or from strangers: the ring stays as it is,
// the log stays short. (fault-matrix.md T2 to T4)
func TestJunkDoesNoHarm(t *testing.T) {
	var lines atomic.Int64
	log := slog.New(slog.NewTextHandler(countWriter{&lines}, nil))
	var nodes []*node
	for id := range totem.NodeID(2) {
		nodes = append(nodes, start(t, id+1, 3, 5478, func(c *udp.Config) { c.Log = log }))
	}
	until(t, "ring of two", ringOf(nodes, 2))
	var ring totem.RingID
	_ = nodes[0].loop.Do(t.Context(), func() { ring = nodes[0].loop.Machine().Ring() })
	before := lines.Load()

	listed := dial(t, addr(3)) // configured, but not running
	stranger := dial(t, addr(99))
	to := netip.AddrPortFrom(addr(1), 5478)
	other := (&wire.HoldCancel{Header: wire.Header{Sender: 3}}).Append(nil, wire.EL9)
	token := (&wire.Token{Header: wire.Header{Sender: 3}}).Append([]byte{0xfe, 0xfe, 0, 0}, wire.EL7)
	sent := 0
	for i := range 4000 {
		for _, b := range [][]byte{{}, {1, 2, 3}, other, token[:4+i%70], make([]byte, 11000)} {
			if _, err := listed.WriteToUDPAddrPort(b, to); err == nil {
				sent++
			}
		}
		if i%100 == 0 {
			_, _ = stranger.WriteToUDPAddrPort(token, to)
			time.Sleep(time.Millisecond) // or the kernel drops most of it
		}
	}
	var stats udp.Stats
	until(t, "the flood to be read", func() bool {
		var s udp.Stats
		_ = nodes[0].loop.Do(t.Context(), func() { s = nodes[0].loop.Stats() })
		quiet := s.Rx == stats.Rx
		stats = s
		return quiet
	})
	if stats.Malformed == 0 || stats.ForeignEL9 == 0 || stats.Oversized == 0 || stats.Unlisted == 0 {
		t.Errorf("%d sent: %+v", sent, stats)
	}
	var now totem.RingID
	_ = nodes[0].loop.Do(t.Context(), func() { now = nodes[0].loop.Machine().Ring() })
	if now != ring {
		t.Errorf("ring %v, was %v", now, ring)
	}
	if n := lines.Load() - before; n > 20 {
		t.Errorf("%d log lines", n)
	}
}

func dial(t *testing.T, a netip.Addr) *net.UDPConn {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

type countWriter struct{ n *atomic.Int64 }

func (w countWriter) Write(b []byte) (int, error) {
	w.n.Add(1)
	return len(b), nil
}
