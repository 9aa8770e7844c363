package totem

import (
	"net/netip"
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// enterGather starts to look for members. Spec: totem.md 3.3.
func (m *Machine) enterGather(why string) {
	m.log.Debug("gathering", "ring", m.ring, "why", why, "was", m.state)
	m.state = gather
	m.stats.GatherEntered++
	m.stats.ContinuousGather++
	m.originated = false
	m.proc.add(m.self)
	m.stopTokenTimers()
	m.held = false
	m.setTimer(timerJoin, m.tun.Join)
	m.setTimer(timerConsensus, m.tun.Consensus+m.stagger())
	m.consensus.set(m.self)
	m.scheduleJoin()
}

// stagger is how much longer than others this node waits for consensus. Nodes
// restart that timer together, by the same join; if it ended together too, all
// would give each other up at once and begin again, possibly for good.
func (m *Machine) stagger() time.Duration {
	rank := 0
	if len(m.cfg.Nodes) == 1 {
		rank = int(m.cfg.Self % 16) // transport udp does without a list of nodes
	}
	for _, n := range m.cfg.Nodes {
		if n.ID < m.cfg.Self {
			rank++
		}
	}
	return time.Duration(rank) * m.staggerStep()
}

// staggerStep is how much longer one node waits than the one before it.
func (m *Machine) staggerStep() time.Duration {
	nodes := len(m.cfg.Nodes)
	if nodes == 1 {
		nodes = 16
	}
	return min(m.tun.Join/2, m.tun.Consensus/4/time.Duration(nodes))
}

// scheduleJoin sends this node's join, after a random delay if one is set.
func (m *Machine) scheduleJoin() {
	if d := m.tun.SendJoin; d > 0 {
		if !m.running(timerJoinDelay) {
			m.timers[timerJoinDelay] = m.now + randomDelay(m.cfg.Rand, d)
		}
		return
	}
	m.sendJoin()
}

func (m *Machine) sendJoin() {
	m.stats.MembJoinTx++
	b := m.encode(&wire.Join{
		Header: m.header(), From: m.self, RingSeq: m.ring.Seq,
		Proc: m.withOutcasts(&m.proc), Failed: m.withOutcasts(&m.failed),
	})
	m.toAll(b)
	m.loopBack(b)
}

// withOutcasts is a list as this node's joins tell it: members whose list of
// nodes has the outcasts hear that they are given up.
func (m *Machine) withOutcasts(l *nodeList) []wire.SRP {
	if room := MaxMembers - l.len(); m.outcasts.len() > 0 && room > 0 {
		return slices.Concat(l.list, m.outcasts.list[:min(room, m.outcasts.len())])
	}
	return l.list
}

// leave says good-bye: a join without sender that ends its failed list with
// this node. Nothing is awaited. Spec: totem.md 1.5 and 3.13.
func (m *Machine) leave() {
	from := m.self
	if m.gen == wire.EL7 {
		from.IP[0].Node = 0
	}
	proc := slices.DeleteFunc(slices.Clone(m.proc.list), func(s wire.SRP) bool {
		return m.isSelf(s)
	})
	failed := slices.DeleteFunc(slices.Clone(m.failed.list), func(s wire.SRP) bool {
		return m.isSelf(s)
	})
	m.stats.MembJoinTx++
	m.toAll(m.encode(&wire.Join{
		From: from, RingSeq: m.ring.Seq, Proc: proc, Failed: append(failed, m.self),
	}))
	m.log.Info("left the ring", "ring", m.ring)
	m.state, m.left = stopped, true
	m.timers.clear()
}

// receiveJoin is the column of joins in the table of events.
// Spec: totem.md 3.4.
func (m *Machine) receiveJoin(j *wire.Join) {
	if m.paused() && !m.isSelf(j.From) {
		// This process was stopped. What waits in its sockets is old, and old
		// joins would keep the others from their ring.
		m.log.Warn("process was stopped", "took", m.now-(m.timers[timerPause]-m.tun.Token/5))
		m.setTimer(timerPause, m.tun.Token/5)
		m.stale = false
		m.out = append(m.out, Drain{})
		m.drop("join from before a pause")
		return
	}
	if m.stranger(j.From) {
		m.drop("join of a stranger")
		return
	}
	if m.shunned(j.From) {
		m.drop("join of a node that did not agree")
		return
	}
	if !j.Leave() {
		m.refresh(j.From)
	}
	fresh := m.noteOutcasts(j)
	j.Proc, j.Failed = m.withoutStrangers(j.Proc), m.withoutStrangers(j.Failed)
	m.noteJoin(j.From.Node())
	m.ringSeq = max(m.ringSeq, j.RingSeq)
	switch m.state {
	case operational:
		if names(m.gen, j.Failed, m.self) {
			m.drop("join that gives this node up")
			return
		}
		if m.memb.has(j.From) && j.RingSeq < m.ring.Seq {
			m.drop("join from before this ring")
			return
		}
		m.processJoin(j, fresh)
	case gather:
		if m.ring == m.oldRing && m.now-m.operationalAt < m.tun.Join/2+time.Duration(len(m.cfg.Nodes))*m.staggerStep() &&
			j.RingSeq < m.ring.Seq && names(m.gen, j.Failed, m.self) {
			// Who was given up, went on alone and met the others again, all
			// within no time, still hears how it was given up. Nodes that give
			// each other up do so one after the other: see stagger.
			m.drop("join from before this ring")
			return
		}
		m.processJoin(j, fresh)
	case commit, recovery:
		if !m.newMemb.has(j.From) || j.RingSeq < m.ring.Seq && !m.refuses(j) {
			m.drop("join from before this ring")
			return
		}
		m.mergeJoin(j)
		if m.state == recovery {
			m.restoreOldRing()
		}
		m.enterGather("join during " + m.state.String())
	}
}

// refresh puts the names right that this node and the sender of a join have in
// the lists. What makes the name is not all of it in EL7: others may tell a wrong
// node id, and once that is on a ring nobody is who he says.
func (m *Machine) refresh(from wire.SRP) {
	for _, l := range []*nodeList{&m.proc, &m.failed, &m.consensus} {
		l.refresh(from)
		l.refresh(m.self)
	}
}

// refuses reports whether a join that comes during commit shows that its sender
// will not take the commit token: it has candidates, or has given up members,
// that this node did not know of. Lists only grow while gathering, so the ring
// cannot be. corosync waits for the token timeout then; to gather again at once
// saves seconds when many nodes start together. A join that was sent before and
// comes late looks the same, hence the delay.
func (m *Machine) refuses(j *wire.Join) bool {
	if m.state != commit || m.now-m.commitAt < m.tun.Join/2 {
		return false
	}
	if !m.newMemb.covers(j.Proc) {
		alive := nodeList{gen: m.gen}
		alive.addAll(j.Proc)
		failed := nodeList{gen: m.gen}
		failed.addAll(j.Failed)
		alive = alive.minus(&failed)
		if !m.newMemb.covers(alive.list) {
			return true
		}
	}
	for _, s := range j.Failed {
		if m.newMemb.has(s) {
			return true
		}
	}
	return false
}

// processJoin works on a join in operational or gather.
// Spec: totem.md 3.5. fresh says that it names new outcasts, which this node's join has to name.
func (m *Machine) processJoin(j *wire.Join, fresh bool) {
	if m.mergeJoin(j) || fresh {
		m.enterGather("join")
		return
	}
	if !j.Leave() && m.proc.equal(j.Proc) && m.failed.equal(j.Failed) {
		m.consensus.add(j.From)
	}
	if m.proc.equal(j.Proc) && m.failed.equal(j.Failed) && m.agreed() {
		switch alive := m.proc.minus(&m.failed); {
		case m.failedToRecv:
			// The others agree that this node has failed: go on alone.
			m.failedToRecv = false
			m.proc.set(m.self)
			m.failed.set()
			m.createCommitToken()
			return
		case alive.len() > 0:
			alive.sort()
			if m.isSelf(alive.list[0]) {
				m.createCommitToken()
				return
			}
		}
	}
	if m.state == operational {
		m.enterGather("join")
	}
}

// mergeJoin takes over what a join knows that this node does not, and reports
// whether that changed its view. Spec: totem.md 3.5, rules 0 and 2 to 4.
func (m *Machine) mergeJoin(j *wire.Join) (changed bool) {
	if j.Leave() && len(j.Failed) > 0 {
		m.leaver = j.Failed[len(j.Failed)-1].Node()
	}
	switch {
	case m.proc.covers(j.Proc) && m.failed.covers(j.Failed):
		return false // the same view, or an older one
	case m.failed.has(j.From):
		return false // not listened to
	}
	before := m.proc.len() + m.failed.len()
	m.proc.addAll(j.Proc)
	if names(m.gen, j.Failed, m.self) {
		m.failed.add(j.From) // who gives me up is given up
		m.mark(j.From)
	} else if m.memb.has(j.From) {
		m.failed.addAll(j.Failed)
		for _, s := range j.Failed {
			if !j.Leave() {
				m.mark(s)
			}
		}
	}
	// corosync gathers anew, and sends a join, even if nothing was taken over.
	// Then nodes that disagree for good answer each join with another one, as
	// fast as the network goes, and put off the timeout that would end it.
	return m.proc.len()+m.failed.len() > before
}

// agreed reports whether everybody who is not given up has sent the same join as
// this node.
func (m *Machine) agreed() bool {
	alive := m.proc.minus(&m.failed)
	return m.consensus.covers(alive.list)
}

// noteJoin notes when a node sent its last join.
func (m *Machine) noteJoin(id NodeID) {
	if m.joinAt == nil || len(m.joinAt) > maxJoinsNoted {
		m.joinAt = make(map[NodeID]time.Duration)
	}
	m.joinAt[id] = m.now
}

const maxJoinsNoted = 1024 // nodes; more than a ring can have

// unreachable gives up a candidate or member whose port is closed. It is gone as
// after a leave, only that it could not say so; without this the others wait for
// the token and for consensus. corosync does.
//
// An answer of the host may be late, and the node up again. Such a node has just
// sent a join. If it did go after that, the next join of this node will be
// answered too.
func (m *Machine) unreachable(addr netip.Addr) {
	addr = addr.Unmap()
	list := &m.proc
	if m.state == commit || m.state == recovery {
		list = &m.newMemb
	}
	for _, s := range list.list {
		if m.isSelf(s) || m.failed.has(s) || !slices.Contains(m.addrs(s), addr) {
			continue
		}
		if at, ok := m.joinAt[s.Node()]; ok && m.now-at < 2*m.tun.Join {
			m.log.Debug("closed port of a node that has just sent a join ignored", "node", s.Node())
			return
		}
		m.log.Warn("node is gone", "node", s.Node(), "ring", m.ring, "why", "port closed")
		m.stats.PortClosed++
		if m.state == recovery {
			m.restoreOldRing()
		}
		m.proc.add(s)
		m.failed.add(s)
		m.enterGather("port of a node is closed")
		return
	}
}

// addrs returns the addresses of a node.
func (m *Machine) addrs(s wire.SRP) []netip.Addr {
	if m.gen == wire.EL7 {
		return []netip.Addr{s.IP[0].Addr(), s.IP[1].Addr()}
	}
	for _, n := range m.cfg.Nodes {
		if n.ID == s.Node() {
			return n.Addrs
		}
	}
	return nil
}

// consensusExpired gives up those who did not agree in time. If all did, the
// commit token did not come: wait once more. Spec: totem.md 3.4.
func (m *Machine) consensusExpired() {
	if m.agreed() {
		m.consensus.set(m.self)
		m.setTimer(timerToken, m.tun.Token)
		return
	}
	m.stats.ConsensusTimeouts++
	silent := m.proc.minus(&m.consensus)
	m.log.Debug("no consensus", "silent", silent.ids(), "candidates", m.proc.ids())
	m.failed.addAll(silent.list)
	for _, s := range silent.list {
		m.mark(s)
	}
	m.enterGather("no consensus")
}

// foreign works on a sign of life of another ring. Spec: totem.md 3.4.
func (m *Machine) foreign(from wire.SRP, why string) {
	if m.stranger(from) {
		m.drop(why + " of a stranger")
		return
	}
	if m.shunned(from) {
		m.drop(why + " of a node that did not agree")
		return
	}
	switch m.state {
	case operational:
		m.proc.add(from)
		m.enterGather(why)
	case gather:
		if !m.proc.has(from) {
			m.proc.add(from)
			m.enterGather(why)
		}
	default:
		m.drop(why)
	}
}

// isSelf reports whether s is this node.
func (m *Machine) isSelf(s wire.SRP) bool {
	return s.Identity(m.gen) == m.self.Identity(m.gen)
}

func (m *Machine) receiveMergeDetect(d *wire.MergeDetect) {
	if d.Ring == m.ring {
		return
	}
	m.foreign(d.From, "merge detect of another ring")
}
