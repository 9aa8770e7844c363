package totem

import (
	"slices"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// idleRecovery is how many times the token is held in a recovery in which nobody
// sends or misses anything, before the ring is given up. A recovery ends some
// rotations after the last message; one that does not was led astray, for
// instance by a flag that none of its members has set. While messages are sent
// again it is not idle, but for some token timeouts at most.
const idleRecovery = 5

// receiveToken is a visit of the token: this node asks for what it misses, sends
// what it may, notes what it has and passes the token on.
// Spec: totem.md 3.8.1, whose steps the comments number.
func (m *Machine) receiveToken(t *wire.Token) {
	if m.state != operational && m.state != recovery {
		m.drop("token in " + m.state.String())
		return
	}
	w := m.window()
	switch { // step 4: before anything is believed
	case t.Ring != m.ring:
		m.drop("token of another ring")
		return
	case !lessThan(m.tokenSeq, t.TokenSeq):
		m.stats.RxMsgDropped++ // sent again, but it had come
		return
	case t.Seq-m.aru >= windowSize || t.Seq-w.base > windowSize:
		m.drop("token with an impossible sequence number")
		return
	case t.RetransFlg != 0 && t.RetransFlg != 1:
		m.drop("token with an impossible retransmission flag")
		return
	case t.AruAddr != 0 && !m.onNewRing(t.AruAddr):
		// Only who lowered the aru raises it again. One that nobody did stays
		// for ever, and keeps the ring from getting on.
		m.drop("token whose aru is of no member")
		return
	}
	// 1, 3: an idle ring does not spin
	if t.Seq == m.lastSeq {
		if !m.running(timerMerge) {
			m.setTimer(timerMerge, m.tun.Merge)
		}
		m.seqUnchanged++
	} else {
		m.stopTimer(timerMerge)
		m.seqUnchanged = 0
	}
	m.stopTimer(timerHold)
	m.lastSeq = t.Seq
	m.held = m.seqUnchanged > m.tun.SeqnoUnchanged || !m.isRep && m.seqUnchanged == m.tun.SeqnoUnchanged
	// 5
	m.sending().flush()
	if m.state == operational {
		m.release(t.Aru)
	}
	// 6
	lastAru := m.lastAru
	m.lastAru = t.Aru
	if t.Fcc > 0 && t.Fcc <= uint32(m.tun.WindowSize+m.tun.MaxMessages) {
		m.sentSince = m.now // somebody sends, if only old messages again
	}
	// 7
	asked := len(t.RTR) > 0
	allowed := m.allowance(t)
	resent := m.retransmit(t, w, &allowed)
	if (asked || len(t.RTR) > 0) && m.held && (m.tun.CancelTokenHoldOnRetransmit || m.hopeful) {
		m.held = false
	}
	forward := !(m.isRep && m.held)
	// 8: nobody's window may overflow
	if int(t.Seq-w.base) > windowSize-allowed-m.tun.WindowSize {
		allowed = 0
	}
	// 9
	sent := m.sendMessages(t, w, allowed)
	if sent > 0 || !m.sending().empty() {
		// What came while this token was on its way needs it again at once, and
		// whoever asked was told that nobody holds it.
		m.held, forward = false, true
	}
	// 10
	t.Fcc += uint32(resent+sent) - m.myTrc
	t.Backlog += m.myCbl - m.myPbl
	m.myTrc, m.myPbl = uint32(resent+sent), m.myCbl
	m.smoothStats(t)
	// 11
	if lessThan(m.aru, t.Aru) || t.AruAddr == m.cfg.Self || t.AruAddr == 0 {
		t.Aru, t.AruAddr = m.aru, m.cfg.Self
		if t.Aru == t.Seq {
			t.AruAddr = 0
		}
	}
	// 12
	if t.Aru == lastAru && t.AruAddr != 0 {
		m.aruRep++
	} else {
		m.aruRep, m.aruSince = 0, m.now
	}
	if (m.aruRep > m.tun.FailRecv || m.missesInVain()) && t.AruAddr == m.cfg.Self {
		m.log.Error("failed to receive", "note", NoteFailedToReceive, "ring", m.ring, "aru", m.aru, "seq", t.Seq)
		if m.state == recovery {
			m.restoreOldRing()
		}
		m.failedToRecv = true
		m.failed.add(m.self)
		m.enterGather("failed to receive")
		return
	}
	// 13
	m.tokenSeq = t.TokenSeq
	t.TokenSeq++
	if m.state == recovery {
		if m.seqUnchanged > m.tun.SeqnoUnchanged+idleRecovery && t.Aru == lastAru && len(t.RTR) == 0 &&
			(m.now-m.sentSince > m.tun.TokenRetransmit || m.now-m.commitAt > 3*m.tun.Token) {
			m.log.Warn("recovery does not end", "ring", m.ring, "flag", t.RetransFlg, "aru", t.Aru, "seq", t.Seq)
			m.restoreOldRing()
			m.enterGather("recovery does not end")
			return
		}
		m.recoveryToken(t)
	}
	// 14
	t.Header = m.header()
	b := m.encode(t)
	m.keep(b)
	if forward {
		m.stats.OrfTokenTx++
		m.toNext(b)
	}
	if m.state == operational {
		m.deliver(&m.regular, m.highSeq)
	}
	m.startTokenTimers()
	if !forward {
		m.setTimer(timerHold, m.tun.Hold)
	}
}

// missesInVain reports whether this node asks for a message that nobody has,
// while nothing is sent. The token is held then, and a count of rotations that
// takes a second on a busy ring would take minutes. Where somebody has it, and
// sends it again, it is the network that loses it: that may end, see
// suspectSize.
func (m *Machine) missesInVain() bool {
	return m.aruRep > m.tun.SeqnoUnchanged && m.seqUnchanged > m.tun.SeqnoUnchanged && m.now-max(m.aruSince, m.sentSince) > 2*m.tun.Token
}

// onNewRing reports whether a node is a member of the ring that is, or is being
// formed.
func (m *Machine) onNewRing(id NodeID) bool {
	return slices.ContainsFunc(m.newMemb.list, func(s wire.SRP) bool { return s.Node() == id })
}

// release frees what all nodes had in two rotations and what was delivered here.
// Spec: totem.md 3.8.5.
func (m *Machine) release(aru uint32) {
	to := minSeq(minSeq(aru, m.lastAru), m.highDelivered)
	if lessThan(m.regular.base, to) && to-m.regular.base <= windowSize {
		m.regular.release(to, m.pool.put)
	}
}

// allowance returns how many messages this visit may send.
// Spec: totem.md 3.8.2.
func (m *Machine) allowance(t *wire.Token) int {
	window := uint32(m.tun.WindowSize)
	allowed := uint32(m.tun.MaxMessages)
	if left := window - t.Fcc; allowed > left { // wraps: no limit when fcc is above
		allowed = left
	}
	if m.state == recovery {
		m.myCbl = uint32(m.retransWaiting())
	} else {
		m.myCbl = uint32(m.sending().waiting())
	}
	if d := t.Backlog + m.myCbl - m.myPbl; d != 0 {
		if b := window * m.myPbl / d; b > 0 && allowed > b {
			allowed = b
		}
	}
	return int(allowed)
}

// retransmit sends again what others ask for and this node has, and asks for
// what it misses itself. Spec: totem.md 3.8.3.
func (m *Machine) retransmit(t *wire.Token, w *window, allowed *int) (resent int) {
	rest := t.RTR[:0]
	m.hopeful = false
	for _, e := range t.RTR {
		if resent < *allowed && e.Ring == m.ring {
			if b := w.get(e.Seq); b != nil {
				m.suspectSize(w.at(e.Seq, false))
				m.toRing(b)
				m.stats.McastRetx++
				resent++
				continue
			}
		}
		rest = append(rest, e)
	}
	t.RTR = rest
	*allowed -= resent

	for seq := m.aru + 1; !lessThan(t.Seq, seq) && len(t.RTR) < wire.MaxRTR; seq++ {
		if w.wants(seq) && w.miss(seq) >= m.tun.MissCount && !m.asked(t, seq) {
			t.RTR = append(t.RTR, wire.RTR{Ring: m.ring, Seq: seq})
		}
	}
	return resent
}

func (m *Machine) asked(t *wire.Token, seq uint32) bool {
	for _, e := range t.RTR {
		if e.Seq == seq && e.Ring == m.ring {
			return true
		}
	}
	return false
}

// sendMessages multicasts up to allowed messages: old ones in recovery, new ones
// otherwise. Spec: totem.md 3.8.1 step 9.
func (m *Machine) sendMessages(t *wire.Token, w *window, allowed int) (sent int) {
	msg := wire.Mcast{Header: m.header(), From: m.self, Ring: m.ring}
	for sent < allowed {
		var b []byte
		if m.state == recovery {
			msg.Encapsulated = wire.Encapsulated
			b = m.recoveryFrame()
		} else if q := m.sending(); q.waiting() > 0 {
			msg.Encapsulated = wire.Plain
			b = q.take()
		}
		if b == nil {
			break
		}
		t.Seq++
		msg.Seq, msg.ThisSeqno = t.Seq, m.thisSeqno
		m.thisSeqno++
		msg.AppendHead(b[:0], m.gen)
		w.put(t.Seq, b)
		m.highSeq = t.Seq
		m.stats.McastTx++
		m.toRing(b)
		sent++
	}
	m.advance(w)
	return sent
}

func (m *Machine) receiveHoldCancel(c *wire.HoldCancel) {
	if c.Ring != m.ring {
		return
	}
	m.seqUnchanged = 0
	if m.isRep && m.state != gather && m.running(timerHold) {
		m.stopTimer(timerHold)
		m.held = false
		m.sendKept()
	}
}

// smoothStats keeps the mean times that corosync shows.
func (m *Machine) smoothStats(t *wire.Token) {
	if last := m.stats.LastToken; last != 0 {
		gap := m.now - last
		if m.stats.MttRxToken == 0 {
			m.stats.MttRxToken = gap
		} else {
			m.stats.MttRxToken += (gap - m.stats.MttRxToken) / 16
		}
	}
	m.stats.LastToken = m.now
	m.stats.AvgBacklogCalc = t.Backlog
}
