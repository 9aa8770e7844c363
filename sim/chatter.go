package sim

import (
	"encoding/binary"
	"time"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// A Chatter is an Upper that needs nothing above the ring: it says a barrier on
// each new ring, waits for those of the others, and then sends numbered messages
// of all sizes.
type Chatter struct {
	w *World
	n *Node
	c *Checker

	ring  totem.RingID
	On    []totem.NodeID        // members of ring
	waits map[totem.NodeID]bool // whose barrier is missing

	Rate    time.Duration // mean time between two messages; 0 is silent
	MaxSize int           // of a message, in bytes
	nextAt  time.Duration

	Sent, Heard int // own messages: count of the last accepted, and delivered here
}

const never = time.Duration(1) << 62

// NewChatter returns a Chatter that reports to c.
func NewChatter(w *World, n *Node, c *Checker, rate time.Duration, maxSize int) *Chatter {
	return &Chatter{w: w, n: n, c: c, Rate: rate, MaxSize: maxSize}
}

// Members takes a report of the ring.
func (u *Chatter) Members(m totem.Members) {
	u.c.Members(u.n, m)
	u.waits = nil
	if m.Kind == totem.Transitional {
		return
	}
	u.ring, u.On = m.Ring, m.IDs
	u.waits = make(map[totem.NodeID]bool)
	for _, id := range m.IDs {
		u.waits[id] = true
	}
	b := wire.AppendGroup(nil, wire.GroupSync)
	b = wire.AppendRingID(b, u.w.cfg.Generation, m.Ring)
	u.n.Post(totem.Submit{Data: b, Sync: true})
}

// Deliver takes a message.
func (u *Chatter) Deliver(d *totem.Deliver) {
	groups, body, err := wire.SplitGroups(d.Data, d.BigEndian)
	if err != nil {
		u.w.Failf("node %d: %v", u.n.ID, err)
		return
	}
	if groups.Has(wire.GroupSync) {
		ring, ok := wire.ParseRingID(body, u.w.cfg.Generation, d.BigEndian)
		if ok && ring == u.ring && u.waits != nil {
			delete(u.waits, d.From)
			if len(u.waits) == 0 {
				u.waits = nil
				u.n.Post(totem.Synced{Ring: ring})
			}
		}
		return
	}
	if len(body) < 16 {
		u.w.Failf("node %d gets %d bytes", u.n.ID, len(body))
		return
	}
	msg := Message{
		From:  totem.NodeID(binary.LittleEndian.Uint32(body)),
		Life:  int(binary.LittleEndian.Uint32(body[4:])),
		Count: int(binary.LittleEndian.Uint32(body[8:])),
	}
	if msg.From != d.From || int(binary.LittleEndian.Uint32(body[12:])) != len(body) {
		u.w.Failf("node %d gets %v from %d, %d bytes", u.n.ID, msg, d.From, len(body))
	}
	for i := 16; i < len(body); i += 97 {
		if body[i] != byte(msg.Count+i) {
			u.w.Failf("node %d gets %v with byte %d changed", u.n.ID, msg, i)
			break
		}
	}
	u.c.Deliver(u.n, msg)
	if msg.From == u.n.ID && msg.Life == u.n.Life {
		u.Heard = msg.Count
	}
}

// Refused takes back a message that did not fit.
func (u *Chatter) Refused(r totem.Refused) { u.w.Failf("node %d: %v", u.n.ID, r.Err) }

// Tick sends what is due.
func (u *Chatter) Tick(now time.Duration) {
	if u.Rate == 0 || now < u.nextAt {
		return
	}
	rng := u.w.Rand
	if u.nextAt != 0 {
		burst := 1
		if rng.IntN(20) == 0 {
			burst += rng.IntN(40)
		}
		for range burst {
			u.Say(16 + u.size())
		}
	}
	u.nextAt = now + time.Duration(rng.ExpFloat64()*float64(u.Rate)) + 1
}

func (u *Chatter) size() int {
	switch n := u.w.Rand.IntN(100); {
	case n < 80:
		return u.w.Rand.IntN(min(400, u.MaxSize+1))
	case n < 98:
		return u.w.Rand.IntN(min(5000, u.MaxSize+1))
	}
	return u.w.Rand.IntN(u.MaxSize + 1)
}

// Say sends one message of size bytes, if there is room.
func (u *Chatter) Say(size int) {
	b := wire.AppendGroup(nil, wire.GroupServices)
	start := len(b)
	b = append(b, make([]byte, size)...)
	if len(b) > u.n.Ring.Room() || len(u.n.queue) > 0 {
		return
	}
	u.Sent++
	body := b[start:]
	binary.LittleEndian.PutUint32(body, uint32(u.n.ID))
	binary.LittleEndian.PutUint32(body[4:], uint32(u.n.Life))
	binary.LittleEndian.PutUint32(body[8:], uint32(u.Sent))
	binary.LittleEndian.PutUint32(body[12:], uint32(size))
	for i := 16; i < size; i++ {
		body[i] = byte(u.Sent + i)
	}
	u.n.Post(totem.Submit{Data: b})
}

// Next returns when the next message is due.
func (u *Chatter) Next() time.Duration {
	if u.Rate == 0 {
		return never
	}
	return u.nextAt
}
