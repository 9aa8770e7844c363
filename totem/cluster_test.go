package totem

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// A cluster is some machines on a perfect network without delay, for stories in
// which exactly one thing goes wrong. Package sim is for everything at once.
type cluster struct {
	t     *testing.T
	gen   wire.Generation
	tun   Tunables
	now   time.Duration
	nodes map[NodeID]*testNode
	rrp   RRPMode
	lost  func(from, to NodeID, b []byte) bool // drops packets
	cut   [maxRings]bool                       // networks that are down
	dirty bool                                 // packets are changed on the way
	open  bool                                 // to nodes that are not configured
	group bool                                 // with multicast
	log   *slog.Logger                         // of all nodes
	sent  []string                             // types of messages, with the sender
	wire  []testPacket
}

type testNode struct {
	*Machine
	saved   []uint64
	reports []string

	troubles []string // what was said of rings
	got      []string
	waits    []NodeID
}

type testPacket struct {
	iface    int
	from, to NodeID
	data     []byte
}

func newCluster(t *testing.T, g wire.Generation, n int, tun Tunables) *cluster {
	c := &cluster{t: t, gen: g, tun: tun, nodes: make(map[NodeID]*testNode)}
	for id := NodeID(1); int(id) <= n; id++ {
		c.nodes[id] = nil
	}
	return c
}

func testAddr(id NodeID) netip.Addr { return netip.AddrFrom4([4]byte{10, 77, 0, byte(id)}) }

func (c *cluster) config(id NodeID) Config {
	cfg := Config{Self: id, Generation: c.gen, Tunables: c.tun, AllowUnlisted: c.open, Multicast: c.group, Log: c.log}
	for i := NodeID(1); int(i) <= len(c.nodes); i++ {
		n := Node{ID: i, Addrs: []netip.Addr{testAddr(i)}}
		if c.rrp != RRPNone {
			cfg.RRP = c.rrp
			n.Addrs = append(n.Addrs, netip.AddrFrom4([4]byte{10, 78, 0, byte(i)}))
		}
		cfg.Nodes = append(cfg.Nodes, n)
	}
	return cfg
}

func (c *cluster) start(ids ...NodeID) {
	for _, id := range ids {
		c.nodes[id] = &testNode{Machine: New(c.config(id))}
		c.step(id, Tick{})
	}
}

func (c *cluster) ids() (ids []NodeID) {
	for id := NodeID(1); int(id) <= len(c.nodes); id++ {
		if c.nodes[id] != nil {
			ids = append(ids, id)
		}
	}
	return ids
}

func (c *cluster) step(id NodeID, ev Event) {
	n := c.nodes[id]
	var post []Event
	for _, a := range n.Step(c.now, ev) {
		switch a := a.(type) {
		case *Send:
			d := wire.Decoder{Generation: c.gen}
			msg, err := d.Decode(a.Data)
			if err != nil {
				c.t.Fatalf("node %d sends %x: %v", id, a.Data, err)
			}
			c.sent = append(c.sent, fmt.Sprintf("%d %v", id, msg.Head().Type))
			if a.Group && c.group {
				for _, to := range c.ids() {
					if to != id {
						c.wire = append(c.wire, testPacket{a.Iface, id, to, slices.Clone(a.Data)})
					}
				}
				continue
			}
			for _, to := range a.To {
				if to.As4()[1] != byte(77+a.Iface) {
					c.t.Fatalf("node %d sends to %v by ring %d", id, to, a.Iface)
				}
				c.wire = append(c.wire, testPacket{a.Iface, id, NodeID(to.As4()[3]), slices.Clone(a.Data)})
			}
		case Save:
			n.saved = append(n.saved, a.RingSeq)
		case Members:
			n.reports = append(n.reports, fmt.Sprintf("%v %v %v left %v joined %v", a.Kind, a.Ring, a.IDs, a.Left, a.Joined))
			if n.waits = nil; a.Kind == Regular {
				n.waits = a.IDs
				b := wire.AppendRingID(wire.AppendGroup(nil, wire.GroupSync), c.gen, a.Ring)
				post = append(post, Submit{Data: b, Sync: true})
			}
		case *Deliver:
			groups, body, err := wire.SplitGroups(a.Data, a.BigEndian)
			if err != nil {
				if !c.dirty {
					c.t.Fatal(err)
				}
				continue
			}
			if !groups.Has(wire.GroupSync) {
				n.got = append(n.got, string(body))
				continue
			}
			if ring, _ := wire.ParseRingID(body, c.gen, a.BigEndian); ring == n.ring && n.waits != nil {
				if n.waits = slices.DeleteFunc(n.waits, func(id NodeID) bool { return id == a.From }); len(n.waits) == 0 {
					post = append(post, Synced{Ring: ring})
				}
			}
		case RingStatus:
			if a.State != RingTroubled {
				n.reports = append(n.reports, a.Text)
			}
			n.troubles = append(n.troubles, a.Text)
		case Refused:
			n.reports = append(n.reports, a.Err.Error())
		}
	}
	for _, ev := range post {
		c.step(id, ev)
	}
}

// run lets d go by. Packets arrive in order, at once, and what is under way at
// the end still does, unless there is no end to that: a token that somebody has
// changed may go round and round.
func (c *cluster) run(d time.Duration) {
	end := c.now + d
	for steps := 0; ; steps++ {
		if steps > 2_000_000 {
			c.t.Fatal("no end")
		}
		if len(c.wire) > 0 && c.now < end+settling {
			p := c.wire[0]
			c.wire = c.wire[1:]
			if c.nodes[p.to] != nil && !c.cut[p.iface] && (c.lost == nil || !c.lost(p.from, p.to, p.data)) {
				c.now += 10 * time.Microsecond
				c.step(p.to, &Received{Iface: p.iface, Data: p.data})
			}
			continue
		}
		var next NodeID
		at := never
		for _, id := range c.ids() {
			if t, _ := c.nodes[id].Next(); t < at {
				next, at = id, t
			}
		}
		if next == 0 || at > end {
			c.now = max(c.now, end)
			return
		}
		c.now = max(c.now, at)
		c.step(next, Tick{})
	}
}

const settling = 5 * time.Millisecond

func (c *cluster) say(id NodeID, text string) {
	c.step(id, Submit{Data: append(wire.AppendGroup(nil, wire.GroupServices), text...)})
}

func (c *cluster) wantReports(id NodeID, want ...string) {
	c.t.Helper()
	if got := c.nodes[id].reports; !slices.Equal(got, want) {
		c.t.Errorf("node %d reports\n got %q\nwant %q", id, got, want)
	}
	c.nodes[id].reports = nil
}

func (c *cluster) wantGot(id NodeID, want ...string) {
	c.t.Helper()
	if got := c.nodes[id].got; !slices.Equal(got, want) {
		c.t.Errorf("node %d delivers\n got %q\nwant %q", id, got, want)
	}
	c.nodes[id].got = nil
}
