package service

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// syncState is where a synchronisation stands.
type syncState struct {
	running      bool
	transitional []totem.NodeID
	members      []totem.NodeID
	ring         totem.RingID
	services     []int // of all members together, once all have told
	current      int   // index in services; -1 while members tell
	heard        map[totem.NodeID]bool
}

const (
	syncBarrier = 0
	syncBuild   = 1
	maxServices = 128 // in a service build message
)

// syncs reports whether a service takes part. EL7 has nothing to say for the
// quorum service; cfg never has.
func (m *Machine) syncs(id int) bool {
	switch id {
	case IDCMAP, IDCPG, IDVotequorum:
		return true
	case IDQuorum:
		return m.cfg.Generation == wire.EL9
	}
	return false
}

func (m *Machine) members(now time.Duration, ev totem.Members) {
	s := &m.sync
	if s.running {
		s.running = false
		if s.current >= 0 && s.current < len(s.services) {
			if e := m.engine(s.services[s.current]); e != nil {
				m.step(now, e, SyncAbort{})
			}
		}
	}
	s.ring = totem.RingID{}
	if ev.Kind == totem.Transitional {
		s.transitional = slices.Clone(ev.IDs)
		return
	}
	*s = syncState{
		running:      true,
		transitional: s.transitional,
		members:      slices.Clone(ev.IDs),
		ring:         ev.Ring,
		current:      -1,
		heard:        make(map[totem.NodeID]bool),
	}
	m.out = append(m.out, SyncStarted{ev.Ring})
	for _, e := range m.engines {
		if m.syncs(e.ID()) {
			s.services = append(s.services, e.ID())
		}
	}
	m.submitSync(syncBuild, s.services)
	init := SyncInit{Transitional: s.transitional, Members: s.members, Ring: s.ring}
	for _, e := range m.engines {
		if m.syncs(e.ID()) {
			m.step(now, e, init)
		}
	}
}

// submitSync sends one of the two messages of the sync engine:
//
//	       EL7  EL9
//	header   0    0  16 bytes
//	ring    16   16  30 or 12 bytes
//	count   48   32  build only: i32
//	ids     56   40  build only: i32[128]
func (m *Machine) submitSync(id uint32, services []int) {
	countAt, size := 32, 32
	if m.cfg.Generation == wire.EL7 {
		countAt, size = 48, 48
	}
	if id == syncBuild {
		size = countAt + 8 + 4*maxServices
	}
	b := wire.AppendGroup(nil, groupSync)
	at := len(b)
	b = append(b, make([]byte, size)...)
	p := b[at:]
	putHeader(p, id)
	copy(p[headerSize:], wire.AppendRingID(nil, m.cfg.Generation, m.sync.ring))
	if id == syncBuild {
		binary.LittleEndian.PutUint32(p[countAt:], uint32(len(services)))
		for i, s := range services {
			binary.LittleEndian.PutUint32(p[countAt+8+4*i:], uint32(s))
		}
	}
	m.out = append(m.out, totem.Submit{Data: b, Sync: true})
}

// syncMessage takes a message of the sync engine. One for another ring than
// ours is late, or early for us, and ignored.
func (m *Machine) syncMessage(now time.Duration, from totem.NodeID, id uint32, p []byte, order binary.ByteOrder) {
	s := &m.sync
	if !s.running {
		return
	}
	ring, ok := wire.ParseRingID(p[headerSize:], m.cfg.Generation, order == binary.BigEndian)
	if !ok || ring != s.ring {
		m.cfg.Log.Debug("sync message ignored", "node", from, "ring", ring, "current", s.ring)
		return
	}
	switch {
	case id == syncBuild && s.current < 0:
		m.mergeServices(p, order)
		s.heard[from] = true
		if m.heardAll() {
			slices.Sort(s.services)
			m.startService(now, 0)
		}
	case id == syncBarrier && s.current >= 0:
		s.heard[from] = true
		if !m.heardAll() {
			return
		}
		if e := m.engine(s.services[s.current]); e != nil {
			m.step(now, e, SyncActivate{})
		}
		m.startService(now, s.current+1)
	}
}

// mergeServices adds the services that only others have: they take part in the
// barriers and do nothing.
func (m *Machine) mergeServices(p []byte, order binary.ByteOrder) {
	countAt := 32
	if m.cfg.Generation == wire.EL7 {
		countAt = 48
	}
	if len(p) < countAt+8 {
		return
	}
	n := order.Uint32(p[countAt:])
	ids := p[countAt+8:]
	for i := uint32(0); i < n && i < maxServices && len(ids) >= 4; i++ {
		if id := int(int32(order.Uint32(ids))); !slices.Contains(m.sync.services, id) {
			m.sync.services = append(m.sync.services, id)
		}
		ids = ids[4:]
	}
}

func (m *Machine) heardAll() bool {
	for _, id := range m.sync.members {
		if !m.sync.heard[id] {
			return false
		}
	}
	return true
}

// startService lets service number i speak, or ends the synchronisation.
func (m *Machine) startService(now time.Duration, i int) {
	s := &m.sync
	s.current = i
	clear(s.heard)
	if i == len(s.services) {
		s.running, m.synced = false, true
		m.out = append(m.out, totem.Synced{Ring: s.ring}, SyncDone{Ring: s.ring, Members: s.members})
		return
	}
	e := m.engine(s.services[i])
	if e == nil {
		m.submitSync(syncBarrier, nil)
		return
	}
	m.step(now, e, SyncProcess{})
}

// processed sends the barrier of a service that has said what it had to say.
func (m *Machine) processed(now time.Duration, id int) {
	s := &m.sync
	if s.running && s.current >= 0 && s.current < len(s.services) && s.services[s.current] == id {
		m.submitSync(syncBarrier, nil)
	}
}
