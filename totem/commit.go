package totem

import (
	"slices"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// createCommitToken starts the ring that consensus was reached on, with this
// node as its representative. Spec: totem.md 3.6.
func (m *Machine) createCommitToken() {
	alive := m.proc.minus(&m.failed)
	alive.sort()
	m.enterCommit(&wire.CommitToken{
		Ring:    wire.NewRingID(m.gen, m.self, m.ringSeq+4),
		Members: alive.list,
		Entries: make([]wire.CommitEntry, alive.len()),
	})
}

// enterCommit fills in this node's entry of the commit token and sends it on.
// Whatever goes wrong from here until the ring is operational, the old ring's
// state is what it is now. Spec: totem.md 3.6.
func (m *Machine) enterCommit(c *wire.CommitToken) {
	if !m.saved {
		m.saved = true
		m.oldRing = m.ring
		m.savedAru, m.savedHigh = m.aru, m.highSeq
	}
	m.fillIn(c)

	m.newMemb.set(c.Members...)
	m.setActive()
	m.ring = c.Ring
	m.ringSeq = max(m.ringSeq, c.Ring.Seq)
	m.isRep = m.isSelf(c.Members[0])
	m.setNext(c.Members[c.MembIndex%len(c.Members)])

	m.state, m.commitAt = commit, m.now
	m.stats.CommitEntered++
	m.myTrc, m.myPbl, m.myCbl = 0, 0, 0
	m.stopTimer(timerJoin)
	m.stopTimer(timerJoinDelay)
	m.stopTimer(timerConsensus)
	m.startTokenTimers()
	m.out = append(m.out, Save{c.Ring.Seq})
	m.sendCommitToken(c)
}

// fillIn writes this node's entry. Members of the same old ring that have less
// of it than others are marked.
func (m *Machine) fillIn(c *wire.CommitToken) {
	i := c.MembIndex
	m.receivedFlg = m.savedAru == m.savedHigh
	c.Entries[i] = wire.CommitEntry{
		Ring: m.oldRing, Aru: m.savedAru, HighDelivered: m.highDelivered, ReceivedFlg: flag(m.receivedFlg),
	}
	highest := m.savedAru
	for _, e := range c.Entries[:i+1] {
		if e.Ring == m.oldRing && lessThan(highest, e.Aru) {
			highest = e.Aru
		}
	}
	for k := range c.Entries[:i+1] {
		if e := &c.Entries[k]; e.Ring == m.oldRing && lessThan(e.Aru, highest) {
			e.ReceivedFlg = 0
			if k == i {
				m.receivedFlg = false
			}
		}
	}
	c.MembIndex++
}

func (m *Machine) sendCommitToken(c *wire.CommitToken) {
	m.stats.MembCommitTokenTx++
	c.Header = m.header()
	c.TokenSeq++
	m.commitSeq = c.TokenSeq
	b := m.encode(c)
	m.keep(b)
	m.toNext(b)
}

// receiveCommitToken is the column of commit tokens in the table of events.
// Spec: totem.md 3.6.
func (m *Machine) receiveCommitToken(c *wire.CommitToken) {
	complete := c.MembIndex == len(c.Members)
	switch m.state {
	case gather:
		alive := m.proc.minus(&m.failed)
		switch {
		case !alive.equal(c.Members) || c.Ring.Seq <= m.ring.Seq:
			m.drop("commit token for other members")
		case complete || !m.isSelf(c.Members[c.MembIndex]) || c.Members[c.MembIndex].Node() != m.cfg.Self:
			m.drop("commit token for another node")
		case !m.inRingOrder(c):
			m.drop("commit token with members out of order")
		default:
			m.enterCommit(c)
		}
	case commit:
		if c.Ring == m.ring && complete && m.newMemb.equal(c.Members) {
			m.enterRecovery(c)
			return
		}
		m.drop("commit token again")
	case recovery:
		// Only the representative needs it, to know that all are in recovery:
		// it must have come round after this node sent it, which one sent
		// again by the node before has not.
		if c.Ring == m.ring && complete && m.isRep && !m.originated && !lessThan(c.TokenSeq, m.commitSeq) {
			m.originateToken()
			return
		}
		m.drop("commit token again")
	default:
		m.drop("commit token while operational")
	}
}

func (m *Machine) inRingOrder(c *wire.CommitToken) bool {
	return slices.IsSortedFunc(c.Members, func(a, b wire.SRP) int {
		return a.Identity(m.gen).Compare(b.Identity(m.gen))
	})
}

func flag(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}
