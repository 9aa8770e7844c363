package votequorum

import (
	"fmt"
	"slices"

	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
)

// calculate returns the quorum and the votes present. A limit above 0 stands
// for the highest expected votes. Without decrease the quorum does not fall.
// Spec: services.md 7.5.
func (m *Machine) calculate(decrease bool, limit uint32) (quorum, total uint32) {
	if m.set.AllowDownscale && decrease && limit > 0 {
		limit = max(m.barrier, limit)
	}
	var highest uint32
	count := 0
	for _, n := range m.nodes {
		if n.State == Member {
			highest = max(highest, n.Expected)
			total += n.Votes
			count++
		}
	}
	if m.us.Flags&FlagDeviceCastVote != 0 {
		total += m.dev.node.Votes
		count++
	}
	if limit > 0 {
		highest = limit
	}
	quorum = max((highest+2)/2, (total+2)/2)
	if !decrease {
		quorum = max(quorum, m.quorum)
	}
	if m.set.TwoNode && count <= 2 {
		quorum = 1
	}
	return quorum, total
}

// recalculate brings everything up to date. byNodes makes the number of
// members the expected votes.
func (m *Machine) recalculate(decrease, byNodes bool) {
	var total, members uint32
	for _, n := range m.nodes {
		if n.State == Member {
			total += n.Votes
			members++
		}
	}
	if m.dev.node.Votes > 0 {
		total += m.dev.node.Votes
		members++
	}
	if total > m.us.Expected {
		m.us.Expected = total
		m.emit(ExpectedChanged{total})
	}
	if m.set.ExpectedTracking && m.us.Expected > m.trackingBarrier {
		m.trackingBarrier = m.us.Expected
		m.key("ev_tracking_barrier", m.trackingBarrier)
	}
	limit := uint32(0)
	if byNodes {
		limit = members
	}
	q, present := m.calculate(decrease, limit)
	m.quorum = q
	if byNodes {
		for _, n := range m.nodes {
			if n.State == Member {
				n.Expected = members
			}
		}
	}
	m.decide(present)
}

// decide sets whether we are quorate.
func (m *Machine) decide(total uint32) {
	if m.set.WaitForAll && m.waiting {
		if total != m.us.Expected {
			m.emit(Notice{fmt.Sprintf("Waiting for all cluster members. Current votes: %d expected_votes: %d", total, m.us.Expected)})
			return
		}
		m.setWaiting(false)
	}
	quorate := m.quorum <= total
	if quorate {
		m.rememberEnds()
	}
	if m.set.TieBreaker != TieNone && total == m.us.Expected/2 &&
		len(m.previous)-len(m.members) < int(m.quorum) && m.tieBreaker() {
		quorate = true
	}
	if m.set.Device.MasterWins && !quorate && m.deviceMasterWins() {
		quorate = true
	}
	m.us.Flags &^= FlagQuorate
	if quorate {
		m.us.Flags |= FlagQuorate
	}
	if m.set.WaitForAll {
		m.setWaiting(!quorate)
	}
	changed := m.quorate != quorate
	m.quorate = quorate
	if changed && !m.syncing {
		m.report()
		m.emit(m.QuorumEvent())
	}
}

func (m *Machine) rememberEnds() {
	var lowest, highest totem.NodeID
	for _, n := range m.nodes {
		if n.State == Member {
			if lowest == 0 {
				lowest = n.ID
			}
			highest = n.ID
		}
	}
	if lowest != m.lowest {
		m.lowest = lowest
		m.key("lowest_node_id", uint32(lowest))
	}
	if highest != m.highest {
		m.highest = highest
		m.key("highest_node_id", uint32(highest))
	}
}

// tieBreaker tells whether this half is the one that goes on.
func (m *Machine) tieBreaker() bool {
	present := func(id totem.NodeID) bool { n := m.node(id); return n != nil && n.State == Member }
	switch m.set.TieBreaker {
	case TieLowest:
		return present(m.lowest)
	case TieHighest:
		return present(m.highest)
	case TieList:
		for _, id := range m.set.TieList {
			if present(id) {
				return true
			}
			if slices.Contains(m.previous, id) {
				return false // it is in the other half
			}
		}
	}
	return false
}

// report tells the quorum service.
func (m *Machine) report() {
	m.emit(service.To{ID: service.IDQuorum, Event: service.QuorumReport{
		Quorate: m.quorate, Members: slices.Clone(m.members), Ring: m.ring,
	}})
}

// QuorumEvent is what a tracker is told now.
func (m *Machine) QuorumEvent() QuorumChanged {
	ev := QuorumChanged{Quorate: m.quorate}
	for _, n := range m.nodes {
		ev.Nodes = append(ev.Nodes, *n)
	}
	if m.us.Flags&FlagDeviceRegistered != 0 {
		ev.Nodes = append(ev.Nodes, m.dev.node)
	}
	return ev
}

// NodesEvent is what a tracker is told now about the membership.
func (m *Machine) NodesEvent() NodesChanged {
	return NodesChanged{Ring: m.ring, Nodes: slices.Clone(m.members)}
}

// Info is what corosync-quorumtool shows.
type Info struct {
	Node                   Node
	Expected, Highest      uint32
	Total, Quorum          uint32
	Quorate                bool
	Settings               *Settings
	DeviceVotes            uint32
	DeviceName             string
	DeviceFlags            Flags
	Registered, MasterWins bool
}

// Info returns what is known about a node; 0 is this one. ok is false for an
// unknown node.
func (m *Machine) Info(id totem.NodeID) (info Info, ok bool) {
	n := m.us
	if id != 0 {
		if n = m.node(id); n == nil {
			return Info{}, false
		}
	}
	var highest, total uint32
	for _, o := range m.nodes {
		if o.State == Member {
			highest = max(highest, o.Expected)
			total += o.Votes
		}
	}
	if m.us.Flags&FlagDeviceCastVote != 0 {
		total += m.dev.node.Votes
	}
	info = Info{
		Node: *n, Expected: n.Expected, Highest: highest, Total: total, Quorum: m.quorum, Quorate: m.quorate,
		Settings: m.set, DeviceVotes: m.dev.node.Votes, DeviceName: m.dev.name, DeviceFlags: n.Flags,
	}
	return info, true
}
