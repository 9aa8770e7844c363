package totem

import "github.com/gocorosync/gocorosync/totem/wire"

// enterRecovery begins to fill the holes that members of the same old ring have.
// Spec: totem.md 3.7.
func (m *Machine) enterRecovery(c *wire.CommitToken) {
	m.recover.reset(0, m.pool.put)
	m.retrans, m.retransDone = m.retrans[:0], 0
	m.sendCommitToken(c)
	m.tokenSeq = ^uint32(0)

	m.trans.set()
	missing, low := false, m.savedHigh
	for i, s := range c.Members {
		e := &c.Entries[i]
		if e.Ring != m.oldRing || !m.memb.has(s) {
			continue
		}
		m.trans.add(s)
		if e.ReceivedFlg == 0 {
			missing = true
		}
		low = minSeq(low, e.Aru)
	}
	if m.savedHigh-low > m.savedHigh-m.regular.base {
		low = m.regular.base // what is before it was let go, whatever an entry says
	}
	if missing {
		for seq := low + 1; !lessThan(m.savedHigh, seq) && len(m.retrans) < windowSize; seq++ {
			if m.regular.get(seq) != nil {
				m.retrans = append(m.retrans, seq)
			}
		}
	}
	m.log.Debug("recovering", "ring", m.ring, "old", m.oldRing, "members", m.newMemb.ids(),
		"together", m.trans.ids(), "from", low, "high", m.savedHigh, "send", len(m.retrans))

	m.aru, m.highSeq, m.aruRep, m.seqUnchanged, m.installSeq = 0, 0, 0, 0, 0
	m.lastSeq, m.lastAru, m.aruSince = 0, 0, m.now
	m.retransCount, m.rotationCount, m.setRetransFlg = 0, 0, false
	m.held = false
	m.startTokenTimers()
	m.state = recovery
	m.stats.RecoveryEntered++
}

// restoreOldRing takes back what this node had of the old ring before the
// recovery that has just failed. Spec: totem.md 3.9.
func (m *Machine) restoreOldRing() {
	m.aru, m.highSeq = m.savedAru, m.savedHigh
}

// originateToken sends the first token of a ring, as its representative. Spec:
// totem.md 3.8.6.
func (m *Machine) originateToken() {
	m.originated = true
	t := wire.Token{
		Header: m.header(), Aru: ^uint32(0), AruAddr: m.cfg.Self, Ring: m.ring,
	}
	if m.retransWaiting() > 0 {
		t.RetransFlg = 1
		m.setRetransFlg = true
	}
	m.stats.OrfTokenTx++
	b := m.encode(&t)
	m.keep(b)
	m.toNext(b)
	m.startTokenTimers()
}

func (m *Machine) retransWaiting() int { return len(m.retrans) - m.retransDone }

// recoveryFrame returns the next old message to send, with room for the header
// in front.
func (m *Machine) recoveryFrame() []byte {
	for m.retransDone < len(m.retrans) {
		old := m.regular.get(m.retrans[m.retransDone])
		m.retransDone++
		if old != nil {
			head := wire.McastSize(m.gen)
			b := m.pool.get(head + len(old))[:head]
			return append(b, old...)
		}
	}
	return nil
}

// recoveryToken decides whether all have all: when the token has come round
// often enough without anybody having old messages to send.
// Spec: totem.md 3.8.6.
func (m *Machine) recoveryToken(t *wire.Token) {
	switch {
	case m.retransWaiting() > 0:
		if t.RetransFlg == 0 {
			t.RetransFlg, m.setRetransFlg = 1, true
		}
	case t.RetransFlg != 0 && m.setRetransFlg:
		t.RetransFlg, m.setRetransFlg = 0, false
	}
	if t.RetransFlg == 0 {
		m.retransCount++
	} else {
		m.retransCount = 0
	}
	if m.retransCount == 2 {
		m.installSeq = t.Seq
	}
	if m.retransCount >= 2 && !m.receivedFlg && !lessThan(m.aru, m.installSeq) {
		m.receivedFlg = true
	}
	if m.retransCount >= 3 && !lessThan(t.Aru, m.installSeq) {
		m.rotationCount++
	} else {
		m.rotationCount = 0
	}
	if m.rotationCount == 2 {
		m.enterOperational()
	}
}

// enterOperational installs the ring and tells the services: first what is left
// of the old ring, then who comes along, then the rest, then who is on the new
// ring. Spec: totem.md 3.10.
func (m *Machine) enterOperational() {
	m.consensus.set()
	m.saved = false
	m.takeRecovered()
	m.deliver(&m.regular, m.savedHigh)

	left, joined := m.memb.minus(&m.trans), m.newMemb.minus(&m.trans)
	m.unsynced = true
	m.out = append(m.out, Members{
		Kind: Transitional, Ring: m.ring, IDs: m.trans.ids(), Left: left.ids(),
	})
	m.deliverOverGaps()
	for _, s := range left.list {
		m.assembler.forget(s.Node())
	}
	m.memb.set(m.newMemb.list...)
	m.out = append(m.out, Members{
		Kind: Regular, Ring: m.ring, IDs: m.memb.ids(), Joined: joined.ids(),
	})

	// The numbering goes on behind the messages of the recovery, which have all
	// been dealt with; messages of the new ring that came early stay.
	m.regular.reset(0, m.pool.put)
	m.regular, m.recover = m.recover, m.regular
	m.highDelivered = m.recovered()
	m.regular.release(m.highDelivered, m.pool.put)

	m.proc.set(m.newMemb.list...)
	m.failed.set()
	m.outcasts.set()
	m.state, m.operationalAt = operational, m.now
	m.stats.OperationalEntered++
	m.stats.ContinuousGather = 0
	m.prevRing, m.oldRing = m.oldRing, m.ring
	m.receivedFlg = true
	m.retransCount, m.rotationCount = 0, 0
	m.beginShunning()
	m.logRing(&joined, &left)
}

func (m *Machine) logRing(joined, left *nodeList) {
	m.log.Info("ring formed", "note", NoteFormed, "ring", m.ring, "members", m.memb.ids(),
		"joined", joined.ids(), "left", left.ids(), "bye", m.leaver)
	m.leaver = 0
}

// takeRecovered puts the old messages that this recovery brought into the old
// ring's window.
func (m *Machine) takeRecovered() {
	head := wire.McastSize(m.gen)
	for seq := uint32(1); !lessThan(m.aru, seq); seq++ {
		b := m.recover.get(seq)
		if b == nil || encapsulation(b, m.gen) != wire.Encapsulated {
			continue
		}
		msg, err := m.inner.Decode(b[head:])
		if err != nil {
			m.malformedInner(err)
			continue
		}
		old, ok := msg.(*wire.Mcast)
		if !ok || old.Encapsulated != wire.Plain || old.Ring != m.oldRing || old.Sender != old.From.Node() || !m.memb.has(old.From) {
			continue
		}
		if m.regular.wants(old.Seq) {
			m.regular.put(old.Seq, append(m.pool.get(len(b)-head), b[head:]...))
		}
		if lessThan(m.savedHigh, old.Seq) && old.Seq-m.regular.base <= windowSize {
			m.savedHigh = old.Seq
		}
	}
}

// deliverOverGaps delivers what is left of the old ring up to the highest
// message known, skipping what nobody has. Only messages of nodes that come
// along count: of the others one cannot know what the rest got.
func (m *Machine) deliverOverGaps() {
	for lessThan(m.highDelivered, m.savedHigh) {
		m.highDelivered++
		b := m.regular.get(m.highDelivered)
		if b == nil {
			continue
		}
		if msg, err := m.inner.Decode(b); err == nil {
			if old, ok := msg.(*wire.Mcast); ok && m.trans.has(old.From) {
				m.deliverFrame(old)
			}
		}
	}
}

// recovered returns the number of the last recovery message of the new ring.
func (m *Machine) recovered() uint32 {
	last := uint32(0)
	for seq := uint32(1); !lessThan(m.regular.high, seq); seq++ {
		if b := m.regular.get(seq); b != nil && encapsulation(b, m.gen) == wire.Encapsulated {
			last = seq
		}
	}
	return last
}
