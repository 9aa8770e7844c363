package votequorum

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
)

// Functions of the service on the ring.
const (
	execNodeinfo          = 0
	execReconfigure       = 1
	execDeviceReg         = 2
	execDeviceReconfigure = 3
)

// Parameters of a reconfigure message.
const (
	reconfigureExpected   = 1
	reconfigureVotes      = 2
	reconfigureCancelWait = 3
)

const deviceNameSize = 255

var le = binary.LittleEndian

func (m *Machine) send(message []byte) { m.emit(service.Multicast{Message: message}) }

// sendNodeinfo multicasts a node: id @16, votes @20, expected @24, flags @28.
func (m *Machine) sendNodeinfo(n *Node) {
	msg, p := service.NewMessage(service.IDVotequorum, execNodeinfo, 32)
	le.PutUint32(p[16:], uint32(n.ID))
	le.PutUint32(p[20:], n.Votes)
	le.PutUint32(p[24:], n.Expected)
	le.PutUint32(p[28:], uint32(n.Flags))
	m.send(msg)
}

// sendDeviceInfo multicasts the quorum device's pseudo node 0.
func (m *Machine) sendDeviceInfo() {
	n := m.dev.node
	n.Flags = 0
	m.sendNodeinfo(&n)
}

// sendReconfigure multicasts a change: node @16, value @20, parameter u8 @24.
func (m *Machine) sendReconfigure(param uint8, id totem.NodeID, value uint32) {
	msg, p := service.NewMessage(service.IDVotequorum, execReconfigure, 32)
	le.PutUint32(p[16:], uint32(id))
	le.PutUint32(p[20:], value)
	p[24] = param
	m.send(msg)
}

func (m *Machine) exec(ev *service.Exec) {
	p, o := ev.Data, ev.Order
	switch {
	case ev.Func == execNodeinfo && len(p) >= 32:
		m.nodeinfo(ev.From, Node{
			ID: totem.NodeID(o.Uint32(p[16:])), Votes: o.Uint32(p[20:]),
			Expected: o.Uint32(p[24:]), Flags: Flags(o.Uint32(p[28:])),
		})
	case ev.Func == execReconfigure && len(p) >= 32:
		m.reconfigure(ev.From, p[24], totem.NodeID(o.Uint32(p[16:])), o.Uint32(p[20:]))
	case ev.Func == execDeviceReg && len(p) >= 280:
		m.deviceReg(ev.From, o.Uint32(p[16:]), text(p[20:20+deviceNameSize]))
	case ev.Func == execDeviceReconfigure && len(p) >= 528:
		if text(p[16:16+deviceNameSize]) == m.dev.name {
			m.dev.name = text(p[271 : 271+deviceNameSize])
		}
	}
}

func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// nodeinfo takes what a node tells about itself, or about the quorum device.
func (m *Machine) nodeinfo(from totem.NodeID, info Node) {
	sender := m.node(from)
	if info.ID == 0 {
		quorate := sender != nil && sender.Flags&FlagQuorate != 0
		if !m.quorate && quorate {
			m.dev.node.Votes = info.Votes
		} else {
			m.dev.node.Votes = max(m.dev.node.Votes, info.Votes)
		}
		m.recalculate(false, false)
		return
	}
	if !slices.Contains(m.members, from) && from != m.us.ID && len(m.members) > 0 {
		return
	}
	n := m.node(info.ID)
	created := n == nil
	if created {
		n = m.addNode(info.ID)
	}
	before := *n

	n.Votes, n.stated = info.Votes, info.Expected
	if n != m.us { // ours may have changed since we said so
		n.Flags = info.Flags
	}
	n.State = Member
	decrease, byNodes := false, false
	if info.Flags&FlagLeaving != 0 {
		n.State = Leaving
		decrease, byNodes = true, true
	}
	if !m.quorate && info.Flags&FlagQuorate != 0 && n != m.us {
		decrease = true
		m.us.Expected = info.Expected
		// These two are for expecting less than the list says.
		meant := m.set.LastManStanding || m.set.AllowDownscale
		m.borrowed = m.set.Counted && !meant && info.Expected < m.set.Expected
	}
	switch {
	case n == m.us: // as above
	case info.Flags&FlagQuorate != 0 || m.set.ExpectedTracking:
		n.Expected = info.Expected
	default:
		n.Expected = m.us.Expected
	}
	if m.set.LastManStanding && info.Votes > 1 {
		m.emit(Critical{"last_man_standing feature has been disabled because a node has more than one vote"})
		m.set.LastManStanding = false
	}
	decrease = m.lowered() || decrease
	if created || n == m.us || before != *n || info.Flags&FlagFirst != 0 || decrease {
		m.recalculate(decrease, byNodes)
	}
	if m.set.WaitForAll && info.Flags&FlagWaitForAll == 0 && info.Flags&FlagQuorate != 0 {
		m.setWaiting(false)
	}
}

func (m *Machine) reconfigure(from totem.NodeID, param uint8, id totem.NodeID, value uint32) {
	switch param {
	case reconfigureExpected:
		// Who has a longer list says before what it expects now. Otherwise
		// somebody has decided it.
		sender := m.node(from)
		m.raised = sender != nil && sender.stated == value && m.set.Counted && value > max(m.set.Expected, m.us.Expected)
		m.lowering, m.borrowed = m.raised, false
		for _, n := range m.nodes {
			if n.State == Member {
				n.Expected = value
			}
		}
		m.expects(value)
		if m.set.ExpectedTracking {
			m.us.Expected = max(m.us.Expected, m.trackingBarrier)
		}
		if from == m.us.ID {
			m.lowered() // our own word, late, is taken back
		}
		m.recalculate(true, false)
	case reconfigureVotes:
		n := m.node(id)
		if id == 0 {
			n = &m.dev.node
		}
		if n == nil {
			return
		}
		n.Votes = value
		m.recalculate(true, false)
	case reconfigureCancelWait:
		m.emit(Notice{"wait_for_all_status reset by user on this node"})
		m.setWaiting(false)
		m.recalculate(false, false)
	}
}

// expects tells trackers that the expected votes are others.
func (m *Machine) expects(votes uint32) {
	m.emit(ExpectedChanged{votes})
	m.barrier = votes
	m.key("ev_barrier", votes)
}

func (m *Machine) syncInit(ev service.SyncInit) {
	m.syncing, m.told = true, false
	if len(ev.Members) > 1 {
		m.us.Flags &^= FlagFirst
	}
	left := false
	for _, id := range m.members {
		if !slices.Contains(ev.Transitional, id) || !slices.Contains(ev.Members, id) {
			left = true
			if n := m.node(id); n != nil && n != m.us {
				n.State = Dead
			}
		}
	}
	if m.set.LastManStanding && left {
		present := uint32(len(ev.Members))
		if present >= m.quorum || m.set.TieBreaker != TieNone && slices.Contains(ev.Members, m.lowest) {
			m.lastManAt = m.now + m.set.LastManStandingWindow
		}
	}
	if left && m.borrowed {
		m.us.Expected, m.borrowed = m.set.Expected, false
	}
	m.previous = m.members
	m.members = slices.Clone(ev.Members)
	m.ring = ev.Ring
	m.deviceSyncInit()
}

// syncProcess says what the others need, and holds the synchronisation up while
// a quorum device has yet to vote: it learns of the new ring from the event.
func (m *Machine) syncProcess() {
	m.sendNodeinfo(m.us)
	m.sendDeviceInfo()
	if m.dev.name != "" {
		m.sendDeviceReg(true, m.dev.name)
	}
	m.emit(m.NodesEvent())
	m.told = true
	if !m.dev.waiting {
		m.emit(service.Processed{})
	}
}

func (m *Machine) syncActivate() {
	m.syncing = false
	lowered := m.lowered()
	m.syncing = true
	m.recalculate(lowered, false)
	m.syncing = false
	m.report()
	m.emit(m.QuorumEvent())
}
