package totem

import "time"

// A timer is one deadline of a Machine.
type timer uint8

const (
	timerToken           timer = iota // the token is lost
	timerTokenRetransmit              // send the token again
	timerHold                         // let go of the token of an idle ring
	timerMerge                        // call for other rings
	timerJoin                         // send a join again
	timerJoinDelay                    // send_join is over: send the join
	timerConsensus                    // give up those who do not agree
	timerHeartbeat                    // like token
	timerWarning                      // the token is late
	timerAnnounce                     // the next message goes to everybody
	timerRRPToken                     // the token's copies on other rings did not come
	timerRRPProblem                   // lower the problem counters
	timerRRPCheck                     // test the faulty rings
	timerPause                        // note that this process runs
	numTimers
)

var timerNames = [numTimers]string{"token lost", "token retransmit", "hold", "merge", "join",
	"join delay", "consensus", "heartbeat", "token late", "announce", "ring token", "ring problems", "ring test", "pause"}

// never is a deadline that does not come.
const never = time.Duration(1<<63 - 1)

// timers are the deadlines, on the Machine's clock.
type timers [numTimers]time.Duration

func (t *timers) clear() {
	for i := range t {
		t[i] = never
	}
}

func (t *timers) next() (at time.Duration, why string) {
	at, why = never, "nothing"
	for i, d := range t {
		if d < at {
			at, why = d, timerNames[i]
		}
	}
	return at, why
}

func (m *Machine) setTimer(t timer, after time.Duration) { m.timers[t] = m.now + after }
func (m *Machine) stopTimer(t timer)                     { m.timers[t] = never }
func (m *Machine) running(t timer) bool                  { return m.timers[t] != never }

// startTokenTimers restarts all that waits for the token.
func (m *Machine) startTokenTimers() {
	m.setTimer(timerToken, m.tun.Token)
	m.setTimer(timerTokenRetransmit, m.tun.TokenRetransmit)
	if n := m.tun.HeartbeatFailuresAllowed; n > 0 {
		if d := time.Duration(n)*m.tun.TokenRetransmit + m.tun.MaxNetworkDelay; d < m.tun.Token {
			m.setTimer(timerHeartbeat, d)
		}
	}
	if p := m.tun.TokenWarning; p > 0 {
		m.setTimer(timerWarning, m.tun.Token*time.Duration(min(p, 100))/100)
	}
}

func (m *Machine) stopTokenTimers() {
	for _, t := range []timer{timerToken, timerTokenRetransmit, timerHeartbeat, timerWarning, timerHold, timerMerge} {
		m.stopTimer(t)
	}
}

// expire acts on the deadlines that have passed, in the order of their numbers.
// Spec: totem.md 3.4.
func (m *Machine) expire() {
	for t := range numTimers {
		due := m.timers[t]
		if due > m.now {
			continue
		}
		m.stopTimer(t)
		switch t {
		case timerToken:
			m.tokenLost()
		case timerHeartbeat:
			m.log.Warn("heartbeat lost", "ring", m.ring)
			m.tokenLost()
		case timerTokenRetransmit:
			if m.state != gather {
				m.sendKept()
				m.setTimer(timerTokenRetransmit, m.tun.TokenRetransmit)
			}
		case timerHold:
			if m.state == operational || m.state == recovery {
				m.sendKept()
			}
		case timerMerge:
			if m.state == operational && m.isRep {
				m.sendMergeDetect()
			}
		case timerJoin:
			if m.state == gather {
				m.scheduleJoin()
				m.setTimer(timerJoin, m.tun.Join)
			}
		case timerJoinDelay:
			if m.state == gather {
				m.sendJoin()
			}
		case timerConsensus:
			if m.state == gather {
				m.consensusExpired()
			}
		case timerWarning:
			m.log.Warn("token is late", "note", NoteTokenLate, "ring", m.ring, "silence", m.now-m.stats.LastToken, "timeout", m.tun.Token)
		case timerAnnounce:
			m.announce()
		case timerRRPToken:
			m.tokenExpired()
		case timerRRPProblem:
			m.forgive()
		case timerRRPCheck:
			m.testRings()
		case timerPause:
			m.stale = m.now-due > m.tun.Token*3/10
			m.setTimer(timerPause, m.tun.Token/5)
		}
	}
}

// paused reports whether this process was stopped for so long that what waits
// in its sockets is of no use.
func (m *Machine) paused() bool {
	return m.stale || m.now-(m.timers[timerPause]-m.tun.Token/5) > m.tun.Token/2
}

func (m *Machine) tokenLost() {
	m.log.Warn("token lost", "note", NoteTokenLost, "ring", m.ring, "silence", m.now-m.stats.LastToken, "state", m.state,
		"generation", m.gen, "timeout", m.tun.Token, "consensus", m.tun.Consensus)
	switch m.state {
	case operational:
		m.stats.OperationalTokenLost++
		m.enterGather("token lost")
	case gather:
		m.stats.GatherTokenLost++
		m.consensusExpired()
		m.enterGather("token lost")
	case commit:
		m.stats.CommitTokenLost++
		m.enterGather("token lost")
	case recovery:
		m.stats.RecoveryTokenLost++
		m.restoreOldRing()
		m.enterGather("token lost")
	}
}
