package votequorum

import (
	"fmt"
	"time"

	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
)

// deviceState is the quorum device as this node knows it.
// Spec: services.md 7.6.
type deviceState struct {
	node   Node   // the pseudo node, id 0
	name   string // of the cluster's device, "" if there is none
	pollAt time.Duration

	registering bool // the message is on its way
	conn        uint64

	// During a synchronisation, if the device lives: it has yet to vote on the
	// new ring, and until when it may.
	waiting bool
	syncAt  time.Duration
}

func (d *deviceState) init() { d.pollAt, d.syncAt, d.node.State = -1, -1, Dead }

// stopWaiting ends a wait that has been satisfied or has become pointless.
func (d *deviceState) stopWaiting() { d.waiting, d.syncAt = false, -1 }

// Events about the quorum device: requests of its daemon, answered with Reply.
type (
	DeviceRegister struct {
		Conn uint64
		Name string
	}
	DeviceUnregister struct {
		Conn uint64
		Name string
	}
	DeviceUpdate struct {
		Conn     uint64
		Old, New string
	}
	DevicePoll struct {
		Conn uint64
		Name string
		Cast bool
		Node totem.NodeID // of the ring id
		Seq  uint64
	}
	DeviceMasterWins struct {
		Conn  uint64
		Name  string
		Allow bool
	}
)

func (m *Machine) deviceStep(ev service.Event) {
	switch ev := ev.(type) {
	case DeviceRegister:
		m.deviceRegister(ev)
	case DeviceUnregister:
		m.emit(Reply{ev.Conn, m.deviceUnregister(ev)})
	case DeviceUpdate:
		m.emit(Reply{ev.Conn, m.deviceUpdate(ev)})
	case DevicePoll:
		m.emit(Reply{ev.Conn, m.devicePoll(ev)})
	case DeviceMasterWins:
		m.emit(Reply{ev.Conn, m.deviceSetMasterWins(ev)})
	}
}

func (m *Machine) registered() bool { return m.us.Flags&FlagDeviceRegistered != 0 }

func (m *Machine) deviceRegister(ev DeviceRegister) {
	switch {
	case !m.set.Device.CanOperate:
		m.emit(Reply{ev.Conn, Access})
	case m.registered() && ev.Name == m.dev.name:
		m.emit(Reply{ev.Conn, OK})
	case m.registered():
		m.emit(Reply{ev.Conn, Exist})
	case m.dev.registering:
		m.emit(Reply{ev.Conn, TryAgain})
	default:
		m.dev.registering, m.dev.conn = true, ev.Conn
		m.sendDeviceReg(true, ev.Name)
	}
}

// sendDeviceReg multicasts an operation, u32 @16, and a name @20.
func (m *Machine) sendDeviceReg(register bool, name string) {
	msg, p := service.NewMessage(service.IDVotequorum, execDeviceReg, 280)
	if register {
		le.PutUint32(p[16:], 1)
	}
	copy(p[20:20+deviceNameSize-1], name)
	m.send(msg)
}

func (m *Machine) deviceReg(from totem.NodeID, operation uint32, name string) {
	if operation == 0 {
		for _, n := range m.nodes {
			if n.State == Member && n.Flags&FlagDeviceRegistered != 0 {
				return
			}
		}
		m.dev.name = ""
		return
	}
	if from == m.us.ID && m.dev.registering {
		m.dev.registering = false
		if m.dev.name != "" && m.dev.name != name {
			m.emit(Reply{m.dev.conn, Exist})
			return
		}
		m.dev.name = name
		m.us.Flags |= FlagDeviceRegistered
		m.dev.node.Votes, m.dev.node.State = m.set.Device.Votes, Member
		m.sendDeviceInfo()
		m.sendNodeinfo(m.us)
		m.emit(Reply{m.dev.conn, OK})
		return
	}
	if m.dev.name == "" {
		m.dev.name = name
	}
}

func (m *Machine) checkName(name string) Status {
	switch {
	case !m.registered():
		return NotExist
	case name != m.dev.name:
		return InvalidParam
	}
	return OK
}

func (m *Machine) deviceUnregister(ev DeviceUnregister) Status {
	if s := m.checkName(ev.Name); s != OK {
		return s
	}
	m.dev.pollAt = -1
	m.deviceVoted()
	m.us.Flags &^= FlagDeviceRegistered | FlagDeviceAlive | FlagDeviceCastVote | FlagDeviceMasterWins
	m.dev.node.State = Dead
	m.sendNodeinfo(m.us)
	m.sendDeviceReg(false, ev.Name)
	return OK
}

func (m *Machine) deviceUpdate(ev DeviceUpdate) Status {
	if s := m.checkName(ev.Old); s != OK {
		return s
	}
	msg, p := service.NewMessage(service.IDVotequorum, execDeviceReconfigure, 528)
	copy(p[16:16+deviceNameSize-1], ev.Old)
	copy(p[271:271+deviceNameSize-1], ev.New)
	m.send(msg)
	return OK
}

func (m *Machine) devicePoll(ev DevicePoll) Status {
	if !m.set.Device.CanOperate {
		return Access
	}
	if ev.Node != m.ring.Rep || ev.Seq != m.ring.Seq {
		return MessageError
	}
	if s := m.checkName(ev.Name); s != OK {
		return s
	}
	before := m.us.Flags
	m.us.Flags |= FlagDeviceAlive
	m.us.Flags &^= FlagDeviceCastVote
	if ev.Cast {
		m.us.Flags |= FlagDeviceCastVote
	}
	if m.us.Flags != before {
		m.sendNodeinfo(m.us)
	}
	m.dev.pollAt = m.now + m.set.Device.Timeout
	m.deviceVoted()
	return OK
}

func (m *Machine) deviceSetMasterWins(ev DeviceMasterWins) Status {
	if !m.set.Device.CanOperate {
		return Access
	}
	if s := m.checkName(ev.Name); s != OK {
		return s
	}
	m.us.Flags &^= FlagDeviceMasterWins
	if ev.Allow {
		m.us.Flags |= FlagDeviceMasterWins
	}
	m.key("qdevice_master_wins", bit(ev.Allow))
	m.sendNodeinfo(m.us)
	return OK
}

func (m *Machine) deviceMasterWins() bool {
	for _, n := range m.nodes {
		if n.State == Member && n.Flags&FlagDeviceMasterWins != 0 && n.Flags&FlagDeviceCastVote != 0 {
			return true
		}
	}
	return false
}

// deviceSyncInit lets a device that lives vote on the new ring. Its votes of
// before count until it has, or until the time for it is over.
func (m *Machine) deviceSyncInit() {
	m.dev.stopWaiting()
	const alive = FlagDeviceRegistered | FlagDeviceAlive
	if m.us.Flags&alive != alive {
		return
	}
	m.dev.waiting, m.dev.pollAt = true, -1
	m.dev.syncAt = m.now + m.set.Device.SyncTimeout
	m.emit(Informational{fmt.Sprintf("waiting for quorum device %s poll (but maximum for %d ms)", m.dev.name, m.set.Device.SyncTimeout.Milliseconds())})
}

// deviceVoted ends the wait: if everything else has been said, the others need
// not wait for us any longer.
func (m *Machine) deviceVoted() {
	waited := m.dev.waiting
	m.dev.stopWaiting()
	if waited && m.told {
		m.emit(service.Processed{})
	}
}

func (m *Machine) deviceTick() {
	if m.dev.pollAt >= 0 && m.now >= m.dev.pollAt || m.dev.syncAt >= 0 && m.now >= m.dev.syncAt {
		m.dev.pollAt = -1
		m.us.Flags &^= FlagDeviceAlive | FlagDeviceCastVote
		m.emit(Informational{"lost contact with quorum device " + m.dev.name})
		m.sendNodeinfo(m.us)
		m.deviceVoted()
	}
}
