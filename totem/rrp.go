package totem

import (
	"fmt"
	"time"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// RRPMode says how redundant rings, that is networks, are used. EL7 only.
type RRPMode uint8

// The modes, rrp_mode in corosync.conf.
const (
	// RRPNone uses ring 0 only.
	RRPNone RRPMode = iota
	// RRPPassive sends each message on one ring, in turn.
	RRPPassive
	// RRPActive sends everything on all rings, and waits for the token on all.
	RRPActive
)

// maxRings is how many rings EL7 has room for.
const maxRings = 2

// redundancy is the layer between the protocol and more than one ring. Spec:
// totem.md 3.12.
type redundancy struct {
	mode  RRPMode
	rings []ringState

	// Passive: which ring the next multicast and the next token go out on.
	mcastTurn, tokenTurn int

	// Active: a token whose copies on other rings are still to come.
	waiting []byte
	ring    RingID // of the token last seen
	seq     uint32
	seen    bool
	got     [maxRings]bool
}

// A ringState is what is known about one ring.
type ringState struct {
	faulty   bool
	text     string    // what is wrong; "" if nothing is
	problems int       // active: tokens that did not come by it
	received [2]uint32 // passive: other messages and tokens that came by it
}

// sendOn returns the rings to send on; token tells what is sent.
func (r *redundancy) sendOn(token bool) (on [maxRings]bool) {
	good := 0
	for i := range r.rings {
		if !r.rings[i].faulty {
			good++
		}
	}
	switch {
	case good == 0 || r.mode == RRPNone:
		on[0] = true
	case r.mode == RRPActive:
		for i := range r.rings {
			on[i] = !r.rings[i].faulty
		}
	default:
		turn := &r.mcastTurn
		if token {
			turn = &r.tokenTurn
		}
		for {
			*turn = (*turn + 1) % len(r.rings)
			if !r.rings[*turn].faulty {
				break
			}
		}
		on[*turn] = true
	}
	return on
}

// arrived notes that a message came by ring iface, and reports whether it is to
// be worked on now.
func (m *Machine) arrived(msg wire.Message, b []byte, iface int) bool {
	r := &m.rrp
	if r.mode == RRPNone || iface >= len(r.rings) {
		return true
	}
	token, isToken := msg.(*wire.Token)
	if r.mode == RRPPassive {
		kind, threshold := 0, m.tun.RRPProblemCountMcastThreshold
		if isToken {
			kind, threshold = 1, m.tun.RRPProblemCountThreshold
		}
		m.countPassive(kind, iface, threshold)
		return true
	}
	if !isToken {
		return true // the second copy is a duplicate like any other
	}
	return m.collectToken(token, b, iface)
}

// countPassive counts a message of a kind on a ring, and calls those rings faulty
// by which far fewer came.
func (m *Machine) countPassive(kind, iface, threshold int) {
	r := &m.rrp
	r.rings[iface].received[kind]++
	most := uint32(0)
	for i := range r.rings {
		most = max(most, r.rings[i].received[kind])
	}
	for i := range r.rings {
		if n := r.rings[i].received[kind]; !r.rings[i].faulty && most-n > uint32(threshold) {
			m.setFaulty(i, fmt.Sprintf("Marking ringid %d interface %v FAULTY", i, m.self.IP[i].Addr()))
		}
	}
	if most > 1<<30 {
		for i := range r.rings {
			r.rings[i].received[kind] -= min(r.rings[i].received[kind], 1<<29)
		}
	}
}

// collectToken keeps a token until its copies have come by all good rings, or
// until the time for that is up.
func (m *Machine) collectToken(t *wire.Token, b []byte, iface int) bool {
	r := &m.rrp
	if t.Ring != m.ring {
		return true // to be dropped
	}
	if !r.seen || t.Ring != r.ring || lessThan(r.seq, t.TokenSeq) {
		r.ring, r.seq, r.seen = t.Ring, t.TokenSeq, true
		r.waiting = append(r.waiting[:0], b...)
		r.got = [maxRings]bool{}
		m.setTimer(timerRRPToken, m.copiesWait())
	} else if t.TokenSeq != r.seq || len(r.waiting) == 0 {
		m.stats.RxMsgDropped++ // an old token, or a copy of one already worked on
		return false
	}
	r.got[iface] = true
	for i := range r.rings {
		if !r.rings[i].faulty && !r.got[i] {
			return false
		}
	}
	m.stopTimer(timerRRPToken)
	r.waiting = r.waiting[:0]
	return true
}

// copiesWait is how long to wait for the copies of a token. When a network goes, all
// members wait, one after the other, and the token must still come round in time.
// (With RRPTokenExpired as it is by default five nodes lose the token, and the next, until
// the ring is marked faulty.)
func (m *Machine) copiesWait() time.Duration {
	return min(m.tun.RRPTokenExpired, m.tun.Token*8/10/time.Duration(max(m.newMemb.len(), 1)))
}

// tokenExpired works on a token that did not come by all rings, and notes which
// ones failed it.
func (m *Machine) tokenExpired() {
	r := &m.rrp
	if len(r.waiting) == 0 {
		return
	}
	for i := range r.rings {
		if s := &r.rings[i]; !s.faulty && !r.got[i] {
			s.problems++
			m.setTimer(timerRRPProblem, m.tun.RRPProblemCountTimeout)
			m.troubled(i, fmt.Sprintf("Incrementing problem counter for seqid %d iface %v to [%d of %d]",
				r.seq, m.self.IP[i].Addr(), s.problems, m.tun.RRPProblemCountThreshold))
			if s.problems >= m.tun.RRPProblemCountThreshold {
				m.setFaulty(i, fmt.Sprintf("Marking seqid %d ringid %d interface %v FAULTY", r.seq, i, m.self.IP[i].Addr()))
			}
		}
	}
	b := r.waiting
	r.waiting = r.waiting[:0]
	if msg, err := m.dec.Decode(b); err == nil {
		m.stats.OrfTokenRx++
		m.receiveToken(msg.(*wire.Token))
	}
}

// forgive lowers the problem counters of active mode by one.
func (m *Machine) forgive() {
	left := false
	for i := range m.rrp.rings {
		if s := &m.rrp.rings[i]; s.problems > 0 && !s.faulty {
			s.problems--
			left = left || s.problems > 0
			text := ""
			if s.problems > 0 {
				text = fmt.Sprintf("Decrementing problem counter for iface %v to [%d of %d]",
					m.self.IP[i].Addr(), s.problems, m.tun.RRPProblemCountThreshold)
			}
			m.troubled(i, text)
		}
	}
	if left {
		m.setTimer(timerRRPProblem, m.tun.RRPProblemCountTimeout)
	}
}

// troubled notes, and tells, what is wrong with a ring that is still in use; "" is
// nothing any more.
func (m *Machine) troubled(i int, text string) {
	m.rrp.rings[i].text = text
	m.out = append(m.out, RingStatus{Iface: i, State: RingTroubled, Text: m.RingText(i)})
}

func (m *Machine) setFaulty(i int, text string) {
	if len(m.rrp.rings) < 2 || m.rrp.rings[i].faulty {
		return
	}
	m.rrp.rings[i].faulty, m.rrp.rings[i].text = true, text
	m.log.Error("ring marked faulty", "iface", i)
	m.out = append(m.out, RingStatus{Iface: i, State: RingFaulty, Text: text})
	if !m.running(timerRRPCheck) {
		m.setTimer(timerRRPCheck, m.tun.RRPAutorecoveryCheck)
	}
}

func (m *Machine) setGood(i int) {
	s := &m.rrp.rings[i]
	was := s.faulty
	*s = ringState{}
	for k := range m.rrp.rings { // counters only mean something side by side
		m.rrp.rings[k].received = [2]uint32{}
	}
	if was {
		m.log.Info("ring works again", "iface", i)
		m.out = append(m.out, RingStatus{Iface: i, State: RingWorks, Text: m.RingText(i)})
	}
}

// reenable takes all faulty rings into use again, as an administrator asks for.
func (m *Machine) reenable() {
	for i := range m.rrp.rings {
		m.setGood(i)
	}
	m.stopTimer(timerRRPCheck)
}

// RingText describes the state of a ring as corosync 2 does.
func (m *Machine) RingText(i int) string {
	if i < len(m.rrp.rings) && m.rrp.rings[i].text != "" {
		return m.rrp.rings[i].text
	}
	return fmt.Sprintf("ring %d active with no faults", i)
}

// testRings sends a test round each faulty ring.
func (m *Machine) testRings() {
	for i := range m.rrp.rings {
		if !m.rrp.rings[i].faulty {
			continue
		}
		m.setTimer(timerRRPCheck, m.tun.RRPAutorecoveryCheck)
		m.passOn(&wire.RingTest{Header: wire.Header{Type: wire.TypeRingTest}, Ring: int32(i), Activator: m.cfg.Self}, i)
	}
}

// receiveRingTest passes a test on. Back with who sent it, it shows that the ring
// works, which is then told to all. If who sent it is gone, it would go round for ever,
// as fast as the network is, and each copy of it that a network makes.
func (m *Machine) receiveRingTest(t *wire.RingTest, iface int) {
	i := int(t.Ring)
	if m.rrp.mode == RRPNone || i < 0 || i >= len(m.rrp.rings) || iface >= len(m.rrp.rings) {
		m.drop("ring test without redundant rings")
		return
	}
	if !m.onNewRing(t.Activator) {
		m.drop("ring test of a node that is not on the ring")
		return
	}
	mine := t.Activator == m.cfg.Self
	again := wire.RingTest{Header: wire.Header{Type: t.Type}, Ring: t.Ring, Activator: t.Activator}
	switch {
	case t.Type == wire.TypeRingTest && mine:
		again.Type = wire.TypeRingActivate
		m.passOn(&again, iface)
	case t.Type == wire.TypeRingTest:
		m.passOn(&again, iface)
	default:
		if m.rrp.rings[i].faulty {
			m.setGood(i)
		}
		if !mine {
			m.passOn(&again, iface)
		}
	}
}

// passOn sends a ring test to the next node, by one ring.
func (m *Machine) passOn(t *wire.RingTest, iface int) {
	if to := m.next.IP[iface].Addr(); to.IsValid() && !m.isSelf(m.next) {
		m.sendBy(iface, to, m.encode(t))
	}
}
