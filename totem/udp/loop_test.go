package udp_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"sync"
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

func (a *app) Deliver(d totem.Deliver) {
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

func start(t *testing.T, id totem.NodeID, n int, port uint16, edit func(*udp.Config)) *node {
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
