package totem

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// TestImpossibleMessages gives an operational ring messages that decode but
// cannot be. Each is dropped, and the ring stays as it is.
// Spec: totem.md 8.
func TestImpossibleMessages(t *testing.T) {
	for _, g := range generations {
		srp := func(id NodeID) wire.SRP { return wire.NewSRP(g, id, testAddr(id)) }
		head := wire.Header{Sender: 2}
		for _, tt := range []struct {
			name string
			msg  func(m *Machine) wire.Message
		}{
			{"token far ahead", func(m *Machine) wire.Message {
				return &wire.Token{Header: head, Ring: m.ring, TokenSeq: m.tokenSeq + 1, Seq: m.aru + 1<<20}
			}},
			{"token behind", func(m *Machine) wire.Message {
				return &wire.Token{Header: head, Ring: m.ring, TokenSeq: m.tokenSeq + 1, Seq: m.aru - 5}
			}},
			{"token again", func(m *Machine) wire.Message {
				return &wire.Token{Header: head, Ring: m.ring, TokenSeq: m.tokenSeq, Seq: m.aru}
			}},
			{"token whose aru is of no member", func(m *Machine) wire.Message {
				return &wire.Token{Header: head, Ring: m.ring, TokenSeq: m.tokenSeq + 1, Seq: m.aru, Aru: m.aru, AruAddr: 77}
			}},
			{"token with a strange flag", func(m *Machine) wire.Message {
				return &wire.Token{Header: head, Ring: m.ring, TokenSeq: m.tokenSeq + 1, Seq: m.aru, Aru: m.aru, RetransFlg: 2}
			}},
			{"token of another ring", func(m *Machine) wire.Message {
				return &wire.Token{Header: head, Ring: wire.NewRingID(g, srp(2), 4444), TokenSeq: m.tokenSeq + 1, Seq: m.aru}
			}},
			{"message far ahead", func(m *Machine) wire.Message {
				return &wire.Mcast{Header: wire.Header{Sender: 2, Encapsulated: wire.Plain}, From: srp(2), Ring: m.ring, Seq: m.aru + 1<<20, Payload: make([]byte, 8)}
			}},
			{"message of a stranger", func(m *Machine) wire.Message {
				return &wire.Mcast{Header: wire.Header{Sender: 77, Encapsulated: wire.Plain}, From: srp(77), Ring: m.ring, Seq: m.aru + 1, Payload: make([]byte, 8)}
			}},
			{"message in another's name", func(m *Machine) wire.Message {
				return &wire.Mcast{Header: wire.Header{Sender: 1, Encapsulated: wire.Plain}, From: srp(2), Ring: m.ring, Seq: m.aru + 1, Payload: make([]byte, 8)}
			}},
			{"recovery message after recovery", func(m *Machine) wire.Message {
				return &wire.Mcast{Header: wire.Header{Sender: 2, Encapsulated: wire.Encapsulated}, From: srp(2), Ring: m.ring, Seq: m.aru + 1, Payload: make([]byte, 200)}
			}},
			{"commit token", func(m *Machine) wire.Message {
				return &wire.CommitToken{Header: head, Ring: wire.NewRingID(g, srp(2), 4444), MembIndex: 1, Members: []wire.SRP{srp(1), srp(2)}, Entries: make([]wire.CommitEntry, 2)}
			}},
			{"old join", func(m *Machine) wire.Message {
				return &wire.Join{Header: head, From: srp(2), RingSeq: m.ring.Seq - 4, Proc: []wire.SRP{srp(2)}}
			}},
			{"join that gives this node up", func(m *Machine) wire.Message {
				return &wire.Join{Header: head, From: srp(2), RingSeq: m.ring.Seq, Proc: []wire.SRP{srp(2)}, Failed: []wire.SRP{srp(1)}}
			}},
			{"merge detect of this ring", func(m *Machine) wire.Message {
				return &wire.MergeDetect{Header: head, From: srp(2), Ring: m.ring}
			}},
		} {
			c := newCluster(t, g, 2, Tunables{Token: time.Second})
			c.start(1, 2)
			c.run(3 * time.Second)
			m := c.nodes[1].Machine
			ring, aru := m.ring, m.aru
			c.step(1, &Received{Data: tt.msg(m).Append(nil, g)})
			if m.state != operational || m.ring != ring || m.aru != aru {
				t.Errorf("%v: %s: %v ring %v aru %d, was operational %v %d", g, tt.name, m.state, m.ring, m.aru, ring, aru)
			}
			c.run(5 * time.Second)
			if m.ring != ring || m.Stats().OperationalTokenLost != 0 {
				t.Errorf("%v: %s: ring %v, was %v", g, tt.name, m.ring, ring)
			}
		}
	}
}

// TestRingComesBackAfterStorm floods a ring with forged joins for half a minute.
// When that ends the ring forms again. (fault-matrix.md T6)
func TestRingComesBackAfterStorm(t *testing.T) {
	for i := range 2 * len(generations) {
		g := generations[i/2]
		c := newCluster(t, g, 3, Tunables{Token: time.Second})
		c.open = i%2 == 1
		c.start(1, 2, 3)
		c.run(3 * time.Second)
		r := rand.New(rand.NewPCG(6, 6))
		for range 10 {
			var list []wire.SRP
			for range 1 + r.IntN(40) {
				id := NodeID(1 + r.IntN(250))
				list = append(list, wire.NewSRP(g, id, testAddr(id)))
			}
			j := &wire.Join{Header: wire.Header{Sender: 2}, From: list[0], RingSeq: r.Uint64N(1 << 20), Proc: list, Failed: list[:r.IntN(len(list))]}
			for _, id := range c.ids() {
				c.step(id, &Received{Data: j.Append(nil, g)})
			}
			c.run(time.Second)
		}
		for _, id := range c.ids() {
			if n := c.nodes[id].proc.len(); n > MaxMembers {
				t.Errorf("%v: node %d has %d candidates", g, id, n)
			}
		}
		c.run(6 * time.Second)
		for _, id := range c.ids() {
			if got := c.nodes[id].memb.len(); got != 3 || c.nodes[id].state != operational {
				t.Errorf("%v: node %d is on a ring of %d, %v", g, id, got, c.nodes[id].state)
			}
		}
	}
}

// TestCommitEntryFarBack: an entry of a commit token may say that its member has
// next to nothing of the old ring. What is sent again begins where this node's
// own messages begin, and is found at once.
func TestCommitEntryFarBack(t *testing.T) {
	for _, g := range generations {
		c := newCluster(t, g, 2, Tunables{Token: time.Second})
		c.start(1, 2)
		c.run(3 * time.Second)
		for i := range 100 {
			c.say(NodeID(i%2+1), "a message")
			c.run(10 * time.Millisecond)
		}
		m := c.nodes[1].Machine
		m.savedAru, m.savedHigh = m.aru, m.highSeq
		for _, back := range []uint32{0, 5, 1 << 20, 1<<31 - 1, 1 << 31} {
			token := &wire.CommitToken{Header: wire.Header{Sender: 2}, Ring: wire.NewRingID(g, m.self, m.ring.Seq+4),
				Members: m.memb.list, Entries: slices.Repeat([]wire.CommitEntry{{Ring: m.oldRing, Aru: m.savedHigh - back}}, 2)}
			begin := time.Now()
			m.enterRecovery(token)
			if took := time.Since(begin); took > 100*time.Millisecond {
				t.Errorf("%v, %d back: took %v", g, back, took)
			}
			if n := len(m.retrans); n > int(m.savedHigh-m.regular.base) || back == 5 && n != 5 && m.savedHigh-m.regular.base >= 5 {
				t.Errorf("%v, %d back: %d messages to send again, window of %d", g, back, n, m.savedHigh-m.regular.base)
			}
		}
	}
}

// FuzzMachine gives a member of a ring any bytes, and messages of a real ring
// with bytes changed: nothing panics and nothing grows without bound.
func FuzzMachine(f *testing.F) {
	f.Add([]byte("seed"), uint64(1), uint16(5))
	f.Add([]byte{1, 2, 3}, uint64(2), uint16(0))
	f.Add([]byte{}, uint64(11), uint16(14)) // a token goes round in recovery without an end
	f.Fuzz(func(t *testing.T, b []byte, seed uint64, flip uint16) {
		g := generations[seed%2]
		c := newCluster(t, g, 2, Tunables{Token: 100 * time.Millisecond})
		c.start(1, 2)
		r := rand.New(rand.NewPCG(seed, 0))
		c.dirty = true
		c.lost = func(_, to NodeID, p []byte) bool {
			switch r.IntN(20) {
			case 0:
				p[int(flip)%len(p)] ^= byte(seed)
			case 1:
				copy(p[int(flip)%len(p):], b)
			case 2:
				c.step(to, &Received{Data: b})
			}
			return false
		}
		for i := range 20 {
			c.say(NodeID(i%2+1), string(b))
			c.run(20 * time.Millisecond)
		}
		for _, n := range c.nodes {
			if len(n.assembler.nodes) > 2 || n.proc.len() > MaxMembers || len(n.regular.slots) > windowSize {
				t.Errorf("%d senders, %d candidates, %d slots", len(n.assembler.nodes), n.proc.len(), len(n.regular.slots))
			}
		}
	})
}
