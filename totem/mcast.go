package totem

import (
	"math/rand/v2"
	"time"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// receiveMcast stores a message of this node's ring and delivers what is
// complete. b is its wire form. Spec: totem.md 3.4 and 3.8.4.
func (m *Machine) receiveMcast(msg *wire.Mcast, b []byte) {
	if msg.Ring != m.ring {
		if msg.Ring == m.prevRing && m.state == operational && m.memb.has(msg.From) {
			m.drop("late message of the ring before")
			return
		}
		m.foreign(msg.From, "message of another ring")
		return
	}
	w := m.window()
	switch {
	case w == nil:
		m.drop("message of a ring that was not formed")
		return
	case msg.Sender != msg.From.Node() || !m.newMemb.has(msg.From):
		m.drop("message of a node that is not on the ring")
		return
	case w == &m.regular && msg.Encapsulated == wire.Encapsulated:
		m.drop("recovery message after recovery")
		return
	case !w.wants(msg.Seq):
		m.stats.RxMsgDropped++ // there already, or long gone
		return
	}
	w.put(msg.Seq, append(m.pool.get(len(b)), b...))
	if lessThan(m.highSeq, msg.Seq) {
		m.highSeq = msg.Seq
	}
	m.advance(w)
	if m.state == operational {
		m.deliver(w, m.highSeq)
	}
}

// window returns where messages of the current ring go, or nil if there is no
// such place.
func (m *Machine) window() *window {
	switch {
	case m.state == recovery:
		return &m.recover
	case m.state == operational, m.state == gather && m.ring == m.oldRing:
		return &m.regular
	}
	return nil
}

// advance moves aru over what is there without a gap.
func (m *Machine) advance(w *window) {
	for w.get(m.aru+1) != nil {
		m.aru++
	}
}

// deliver delivers in order up to seq to or the first gap.
func (m *Machine) deliver(w *window, to uint32) {
	for lessThan(m.highDelivered, to) {
		b := w.get(m.highDelivered + 1)
		if b == nil {
			return
		}
		m.highDelivered++
		if msg, err := m.inner.Decode(b); err != nil {
			m.malformedInner(err)
		} else if msg, ok := msg.(*wire.Mcast); ok && msg.Encapsulated == wire.Plain {
			m.deliverFrame(msg)
		}
	}
}

func (m *Machine) malformedInner(err error) {
	m.stats.RxValue++
	m.log.Debug("message ignored", "err", err)
}

// deliverFrame hands up the application messages that a frame completes.
func (m *Machine) deliverFrame(msg *wire.Mcast) {
	f, err := wire.DecodeFrame(msg.Payload, msg.BigEndian)
	if err != nil {
		m.malformedInner(err)
		return
	}
	from, big := msg.Sender, msg.BigEndian
	m.assembler.frame(from, &f, func(b []byte) {
		m.stats.Delivered++
		m.delivers = append(m.delivers, Deliver{From: from, Data: b, BigEndian: big})
		m.out = append(m.out, &m.delivers[len(m.delivers)-1])
	})
}

// encapsulation returns Header.Encapsulated of an encoded mcast.
func encapsulation(b []byte, g wire.Generation) uint8 {
	if g == wire.EL9 {
		return b[4]
	}
	return b[1]
}

// randomDelay returns a time below d.
func randomDelay(r *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(d)))
}
