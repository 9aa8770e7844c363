package totem

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem/wire"
)

var generations = []wire.Generation{wire.EL7, wire.EL9}

// TestRingNumbersAsCaptured forms rings of one and of two from nothing: their
// numbers are those of fresh corosyncs. Spec: totem.md 6.
func TestRingNumbersAsCaptured(t *testing.T) {
	for g, want := range map[wire.Generation][2]int{wire.EL7: {4, 8}, wire.EL9: {5, 9}} {
		c := newCluster(t, g, 2, Tunables{})
		c.start(1)
		c.run(10 * time.Millisecond)
		c.start(2)
		c.run(time.Second)
		c.wantReports(1,
			fmt.Sprintf("transitional 1/%d [] left [] joined []", want[0]),
			fmt.Sprintf("regular 1/%d [1] left [] joined [1]", want[0]),
			fmt.Sprintf("transitional 1/%d [1] left [] joined []", want[1]),
			fmt.Sprintf("regular 1/%d [1 2] left [] joined [2]", want[1]))
	}
}

// TestCleanLeaveNeedsNoTimeout: one leave, and the rest are on a new ring at
// once. Spec: totem.md 3.5.
func TestCleanLeaveNeedsNoTimeout(t *testing.T) {
	for _, g := range generations {
		c := newCluster(t, g, 3, Tunables{})
		c.start(1, 2, 3)
		c.run(3 * time.Second)
		for _, id := range c.ids() {
			c.nodes[id].reports = nil
		}
		c.step(2, Leave{})
		c.nodes[2] = nil
		c.run(20 * time.Millisecond)
		ring := c.nodes[1].Ring()
		c.wantReports(1, fmt.Sprintf("transitional %v [1 3] left [2] joined []", ring), fmt.Sprintf("regular %v [1 3] left [] joined []", ring))
		c.wantReports(3, fmt.Sprintf("transitional %v [1 3] left [2] joined []", ring), fmt.Sprintf("regular %v [1 3] left [] joined []", ring))
	}
}

// TestCrashCostsTokenAndConsensus: a node that dies is missed after the token
// timeout and given up after the consensus timeout. Spec: totem.md 3.5.
func TestCrashCostsTokenAndConsensus(t *testing.T) {
	for _, g := range generations {
		c := newCluster(t, g, 3, Tunables{Token: time.Second})
		c.start(1, 2, 3)
		c.run(3 * time.Second)
		for _, id := range c.ids() {
			c.nodes[id].reports = nil
		}
		c.nodes[1] = nil // the representative, with or without the token
		c.run(2000 * time.Millisecond)
		c.wantReports(2)
		c.run(450 * time.Millisecond)
		ring := c.nodes[2].Ring()
		if ring.Rep != 2 {
			t.Errorf("%v: ring %v, want node 2 as representative", g, ring)
		}
		c.wantReports(3, fmt.Sprintf("transitional %v [2 3] left [1] joined []", ring), fmt.Sprintf("regular %v [2 3] left [] joined []", ring))
	}
}

// TestOneOrder sends from all nodes and compares.
func TestOneOrder(t *testing.T) {
	for _, g := range generations {
		c := newCluster(t, g, 4, Tunables{})
		c.start(1, 2, 3, 4)
		c.run(3 * time.Second)
		for i := range 100 {
			c.say(NodeID(i%4+1), fmt.Sprint(i))
			if i%10 == 0 {
				c.run(time.Millisecond)
			}
		}
		c.run(time.Second)
		want := c.nodes[1].got
		if len(want) != 100 {
			t.Fatalf("%v: %d messages, want 100", g, len(want))
		}
		for _, id := range c.ids() {
			c.wantGot(id, want...)
		}
	}
}

// TestLostMessageIsAskedFor drops one multicast to one node: it gets it again,
// and nobody notices. Spec: totem.md 3.8.3.
func TestLostMessageIsAskedFor(t *testing.T) {
	for _, g := range generations {
		c := newCluster(t, g, 3, Tunables{})
		c.start(1, 2, 3)
		c.run(3 * time.Second)
		dropped := 0
		c.lost = func(_, to NodeID, b []byte) bool {
			d := wire.Decoder{Generation: g}
			if msg, _ := d.Decode(b); msg.Head().Type == wire.TypeMcast && to == 3 && dropped == 0 {
				dropped++
				return true
			}
			return false
		}
		for _, word := range []string{"one", "two", "three"} {
			c.say(1, word)
			c.nodes[1].normal.flush() // a frame each
		}
		c.run(time.Second)
		c.wantGot(3, "one", "two", "three")
		if dropped != 1 || c.nodes[1].Stats().McastRetx+c.nodes[2].Stats().McastRetx == 0 {
			t.Errorf("%v: %d dropped, nothing sent again", g, dropped)
		}
	}
}

// TestIdleRingHoldsTheToken: after seqno_unchanged_const rotations the token
// rests with the representative, and goes round once per hold. Whoever has
// something to say wakes it. Spec: totem.md 3.11.
func TestIdleRingHoldsTheToken(t *testing.T) {
	for _, g := range generations {
		c := newCluster(t, g, 2, Tunables{Token: time.Second})
		c.start(1, 2)
		c.run(3 * time.Second)
		c.sent = nil
		c.run(1800 * time.Millisecond)
		tokens := 0
		for _, s := range c.sent {
			if s == "1 orf_token" {
				tokens++
			}
		}
		if tokens < 9 || tokens > 11 { // hold is 180 ms
			t.Errorf("%v: %d tokens in ten hold times", g, tokens)
		}
		if !slices.Contains(c.sent, "1 memb_merge_detect") {
			t.Errorf("%v: no merge detect from an idle ring", g)
		}
		c.sent = nil
		c.say(2, "hello")
		c.run(time.Millisecond)
		c.wantGot(1, "hello")
		if !slices.Contains(c.sent, "2 token_hold_cancel") {
			t.Errorf("%v: node 2 did not cancel the hold: %v", g, c.sent)
		}
	}
}

// TestNoHoldInTheMiddleOfAMessage: what the representative has to say comes just
// before the token that it would keep. The rest of it must not wait for the end of
// the hold: nobody held the token when it came, so nobody is told to let go.
func TestNoHoldInTheMiddleOfAMessage(t *testing.T) {
	for _, g := range generations {
		c := newCluster(t, g, 2, Tunables{Token: time.Second})
		c.start(1, 2)
		c.run(3 * time.Second)
		c.say(2, "hello")
		long := strings.Repeat("long ", 20_000)
		said := false
		c.lost = func(from, to NodeID, b []byte) bool {
			if n := c.nodes[1]; to == 1 && !said && n.seqUnchanged == n.tun.SeqnoUnchanged {
				said = true
				c.say(1, long)
			}
			return false
		}
		c.run(50 * time.Millisecond)
		if !said {
			t.Fatalf("%v: the ring did not become idle", g)
		}
		c.wantGot(2, "hello", long)
	}
}

// TestPortClosed: what a host says about a closed port gives a node up at once,
// but not one that has come up since.
func TestPortClosed(t *testing.T) {
	for _, g := range generations {
		c := newCluster(t, g, 3, Tunables{Token: time.Second})
		c.start(1, 2, 3)
		c.run(3 * time.Second)
		for _, n := range c.nodes {
			n.reports = nil
		}
		c.nodes[3] = nil
		c.step(1, Unreachable{Addr: testAddr(3)})
		c.run(100 * time.Millisecond)
		ring := c.nodes[1].Ring()
		c.wantReports(1, fmt.Sprintf("transitional %v [1 2] left [3] joined []", ring), fmt.Sprintf("regular %v [1 2] left [] joined []", ring))

		c.start(3)
		c.lost = func(from, to NodeID, b []byte) bool { return from == 1 } // so that it stays in gather
		c.run(10 * time.Millisecond)
		c.lost = nil
		c.step(1, Unreachable{Addr: testAddr(3)}) // late: it was sent while nobody listened
		c.run(300 * time.Millisecond)
		c.step(1, Unreachable{Addr: testAddr(9)})
		ring = c.nodes[1].Ring()
		c.wantReports(1, fmt.Sprintf("transitional %v [1 2] left [] joined []", ring), fmt.Sprintf("regular %v [1 2 3] left [] joined [3]", ring))
	}
}

// TestFailedToReceive: a node that gets no messages gives itself up, goes on
// alone, and comes back when it hears again. Spec: totem.md 3.8.1.
func TestFailedToReceive(t *testing.T) {
	for _, g := range generations {
		c := newCluster(t, g, 3, Tunables{Token: time.Second, FailRecv: 60})
		c.start(1, 2, 3)
		c.run(3 * time.Second)
		deaf := true
		c.lost = func(_, to NodeID, b []byte) bool {
			d := wire.Decoder{Generation: g}
			msg, _ := d.Decode(b)
			return deaf && msg.Head().Type == wire.TypeMcast && to == 3
		}
		c.nodes[3].reports = nil
		c.say(1, "unheard")
		for range 1000 {
			c.run(10 * time.Millisecond)
			if len(c.nodes[3].reports) > 0 {
				break
			}
		}
		if r := c.nodes[3].reports; len(r) < 2 || !strings.HasPrefix(r[1], "regular 3/") || !strings.HasSuffix(r[1], "[3] left [] joined []") {
			t.Fatalf("%v: node 3 reports %q", g, r)
		}
		deaf = false
		c.run(3 * time.Second)
		if got := c.nodes[3].memb.ids(); len(got) != 3 {
			t.Errorf("%v: after hearing again node 3 is with %v", g, got)
		}
		c.wantGot(2, "unheard")
	}
}

// TestNothingGoesOutBeforeSync: after a change of members ordinary messages wait
// until the services are in step. Spec: totem.md 3.10.
func TestNothingGoesOutBeforeSync(t *testing.T) {
	m := New((&cluster{gen: wire.EL9, nodes: map[NodeID]*testNode{1: nil}}).config(1))
	var ring RingID
	delivered := 0
	run := func(ev Event) {
		for range 200 {
			for _, a := range m.Step(m.now+time.Millisecond, ev) {
				switch a := a.(type) {
				case Members:
					ring = a.Ring
				case *Deliver:
					delivered++
				}
			}
			ev = Tick{}
		}
	}
	run(Tick{})
	run(Submit{Data: []byte("ordinary")})
	if delivered != 0 {
		t.Error("ordinary message delivered before sync")
	}
	run(Submit{Data: []byte("sync"), Sync: true})
	if delivered != 1 {
		t.Error("sync message not delivered")
	}
	run(Synced{Ring: RingID{Rep: 1, Seq: 99}})
	if delivered != 1 {
		t.Error("sync of another ring counts")
	}
	run(Synced{Ring: ring})
	if delivered != 2 {
		t.Error("ordinary message not delivered after sync")
	}
}

// TestRefused: what does not fit comes back, and nothing else does.
func TestRefused(t *testing.T) {
	m := New((&cluster{gen: wire.EL7, nodes: map[NodeID]*testNode{1: nil}}).config(1))
	for range 100 { // on a ring of its own, out of sync
		m.Step(0, Tick{})
	}
	if out := m.Step(0, Submit{Data: make([]byte, MaxMessage+1)}); len(out) != 1 || out[0].(Refused).Err != ErrTooLarge {
		t.Errorf("too large: %v", out)
	}
	taken := 0
	for m.Room() >= 100_000 {
		if out := m.Step(0, Submit{Data: make([]byte, 100_000)}); len(out) != 0 {
			t.Fatalf("refused with room for %d bytes: %v", m.Room(), out)
		}
		taken += 100_000
	}
	if taken < 3<<20 || taken > 5<<20 {
		t.Errorf("queue takes %d bytes, want about 4 MiB", taken)
	}
	if out := m.Step(0, Submit{Data: make([]byte, 100_000)}); len(out) != 1 || out[0].(Refused).Err != ErrNoRoom {
		t.Errorf("no room: %v", out)
	}
}

// TestSequenceNumbersWrap moves a ring close to the end of the numbers and sends
// on.
func TestSequenceNumbersWrap(t *testing.T) {
	for _, at := range []uint32{0xfffffff0, 0x7ffffff0} {
		for _, g := range generations {
			c := newCluster(t, g, 2, Tunables{Token: time.Second})
			c.start(1, 2)
			c.run(3 * time.Second) // idle: the representative holds the token
			d := wire.Decoder{Generation: g}
			msg, err := d.Decode(c.nodes[1].kept)
			if err != nil || !c.nodes[1].held {
				t.Fatal("node 1 does not hold the token")
			}
			token := msg.(*wire.Token)
			token.Seq, token.Aru = at, at
			c.nodes[1].kept = token.Append(nil, g)
			for _, n := range c.nodes {
				n.aru, n.highSeq, n.highDelivered, n.lastSeq, n.lastAru = at, at, at, at, at
				n.regular.reset(at, func([]byte) {})
			}
			var want []string
			for i := range 100 {
				c.say(NodeID(i%2+1), fmt.Sprint(i))
				c.nodes[NodeID(i%2+1)].normal.flush()
				c.run(time.Millisecond)
				want = append(want, fmt.Sprint(i))
			}
			c.run(time.Second)
			c.wantGot(1, want...)
			c.wantGot(2, want...)
			if c.nodes[1].Stats().OperationalTokenLost != 0 || c.nodes[1].regular.base-at > 200 {
				t.Errorf("%v at %#x: base %#x, stats %+v", g, at, c.nodes[1].regular.base, c.nodes[1].Stats())
			}
		}
	}
}

// TestUnlistedMembers: a run-time change of the node list takes effect.
func TestUnlistedMembers(t *testing.T) {
	c := newCluster(t, wire.EL9, 3, Tunables{Token: time.Second})
	two := c.config(1).Nodes[:2]
	for _, id := range []NodeID{1, 2} {
		cfg := c.config(id)
		cfg.Nodes = two
		c.nodes[id] = &testNode{Machine: New(cfg)}
		c.step(id, Tick{})
	}
	c.run(2 * time.Second)
	if got := c.nodes[1].memb.ids(); len(got) != 2 {
		t.Fatalf("ring of %v, want 1 and 2", got)
	}
	for _, id := range []NodeID{1, 2} {
		c.step(id, SetNodes{Nodes: c.config(id).Nodes})
	}
	c.start(3)
	c.run(2 * time.Second)
	if got := c.nodes[1].memb.ids(); len(got) != 3 {
		t.Errorf("ring of %v after adding node 3", got)
	}
}

// TestHeartbeat: with heartbeat_failures_allowed the token is called lost after
// that many retransmit timeouts and the network's delay, if that is sooner than
// the token timeout. Spec: totem.md 4.
func TestHeartbeat(t *testing.T) {
	for _, g := range generations {
		for _, tt := range []struct {
			allowed int
			lost    time.Duration // after the last token
		}{{0, time.Second}, {2, 2*238*time.Millisecond + 50*time.Millisecond}, {9, time.Second}} {
			c := newCluster(t, g, 3, Tunables{Token: time.Second, HeartbeatFailuresAllowed: tt.allowed})
			c.start(1, 2, 3)
			c.run(3 * time.Second)
			for _, id := range c.ids() {
				c.nodes[id].reports = nil
			}
			c.nodes[1] = nil
			// The token may have been held for a while when it was seen last.
			c.run(tt.lost - 200*time.Millisecond)
			if c.nodes[2].State() != "operational" {
				t.Errorf("%v, %d allowed: %s too early", g, tt.allowed, c.nodes[2].State())
			}
			c.run(250 * time.Millisecond)
			if c.nodes[2].State() != "gather" {
				t.Errorf("%v, %d allowed: still %s", g, tt.allowed, c.nodes[2].State())
			}
			c.run(1500 * time.Millisecond)
			if ids := c.nodes[2].memb.ids(); !slices.Equal(ids, []NodeID{2, 3}) {
				t.Errorf("%v, %d allowed: on a ring of %v", g, tt.allowed, ids)
			}
		}
	}
}
