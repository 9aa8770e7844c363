package service

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// Ids of the services. The numbers are the protocol's.
const (
	IDCMAP       = 0
	IDCFG        = 1
	IDCPG        = 2
	IDQuorum     = 3
	IDPload      = 4
	IDVotequorum = 5
)

// Groups of totem that carry the services' messages and the sync engine's.
const (
	group     = "a"
	groupSync = "sync"
)

// An Event is an input of a Machine or an Engine, an Action an output: any of
// the types that their documentation names.
type (
	Event  = any
	Action = any
)

// An Engine is one service. Its Step takes the events below and those of its
// own that are sent to it with [To]; of its actions, Multicast, Processed and
// To are for the Machine, the others are handed on to the Machine's caller.
type Engine interface {
	ID() int
	Step(now time.Duration, ev Event) []Action
	// Next is when the engine needs a Tick; a negative time means never.
	Next() time.Duration
}

// Events of an engine.
type (
	// *Exec is a message of this service from some node, this one included. It
	// is valid during Step.
	Exec struct {
		From  totem.NodeID
		Func  int
		Data  []byte // header included; valid during Step
		Order binary.ByteOrder
	}
	// SyncInit begins a synchronisation. Transitional are the members that
	// come from this node's old ring.
	SyncInit struct {
		Transitional, Members []totem.NodeID
		Ring                  totem.RingID
	}
	// SyncProcess asks for what the service has to tell the others. It is
	// answered with Processed, at once or later.
	SyncProcess struct{}
	// SyncActivate tells that all members have processed.
	SyncActivate struct{}
	// SyncAbort ends a synchronisation that will not be completed.
	SyncAbort struct{}
	// Tick says that time has passed.
	Tick struct{}
)

// Actions of an engine that are for the Machine, and events of the Machine.
type (
	// Multicast sends a message that was made with [NewMessage]. What is said during
	// a synchronisation goes out before all that waits for its end, unless it is to
	// come Behind what was sent earlier.
	Multicast struct {
		Message []byte
		Behind  bool
	}
	// Processed ends the answer to SyncProcess.
	Processed struct{}
	// To hands an event to the engine with this id. It is also an event of
	// the Machine.
	To struct {
		ID    int
		Event Event
	}
)

// Actions for the Machine's caller.
type (
	// SyncStarted and SyncDone bracket a synchronisation.
	SyncStarted struct{ Ring totem.RingID }
	SyncDone    struct {
		Ring    totem.RingID
		Members []totem.NodeID
	}
	// SetKey asks for a key of cmap to be set. Value is a uint8, uint32,
	// uint64 or string.
	SetKey struct {
		Name  string
		Value any
	}
	// Exit asks for an orderly end of the daemon.
	Exit struct{ Reason string }
)

// Config sets up a Machine.
type Config struct {
	Self       totem.NodeID
	Generation wire.Generation
	Log        *slog.Logger // nil discards
}

// Traffic counts the messages of one function of one service.
type Traffic struct{ Tx, Rx uint64 }

// A Machine is all services of one node. One goroutine owns it.
type Machine struct {
	cfg     Config
	engines []Engine // by id
	traffic map[int]*[8]Traffic
	sync    syncState
	synced  bool // once: until then everything said is part of starting
	out     []Action
	exec    Exec // the event under way
}

// New returns a Machine with these services, in any order.
func New(cfg Config, engines ...Engine) *Machine {
	cfg.Log = cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	m := &Machine{cfg: cfg, engines: slices.Clone(engines), traffic: make(map[int]*[8]Traffic)}
	slices.SortFunc(m.engines, func(a, b Engine) int { return a.ID() - b.ID() })
	for _, e := range m.engines {
		m.traffic[e.ID()] = new([8]Traffic)
	}
	return m
}

// Step feeds one event in: *totem.Deliver, totem.Members, To or Tick. The slice
// is valid until the next Step.
func (m *Machine) Step(now time.Duration, ev Event) []Action {
	m.out = m.out[:0]
	switch ev := ev.(type) {
	case *totem.Deliver:
		m.deliver(now, ev)
	case totem.Members:
		m.members(now, ev)
	case To:
		if e := m.engine(ev.ID); e != nil {
			m.step(now, e, ev.Event)
		}
	case Tick:
	}
	for _, e := range m.engines {
		if at := e.Next(); at >= 0 && at <= now {
			m.step(now, e, Tick{})
		}
	}
	return m.out
}

// Next is when the Machine needs a Tick; a negative time means never.
func (m *Machine) Next() time.Duration {
	next := time.Duration(-1)
	for _, e := range m.engines {
		if at := e.Next(); at >= 0 && (next < 0 || at < next) {
			next = at
		}
	}
	return next
}

// Syncing reports whether a synchronisation is under way.
func (m *Machine) Syncing() bool { return m.sync.running }

// Traffic returns the counters of a service by function.
func (m *Machine) Traffic(id int) [8]Traffic {
	if t := m.traffic[id]; t != nil {
		return *t
	}
	return [8]Traffic{}
}

func (m *Machine) engine(id int) Engine {
	for _, e := range m.engines {
		if e.ID() == id {
			return e
		}
	}
	return nil
}

// step runs one engine and does what its actions ask for.
func (m *Machine) step(now time.Duration, e Engine, ev Event) {
	for _, a := range e.Step(now, ev) {
		switch a := a.(type) {
		case Multicast:
			m.multicast(e.ID(), a)
		case Processed:
			m.processed(now, e.ID())
		case To:
			if to := m.engine(a.ID); to != nil {
				m.step(now, to, a.Event)
			}
		default:
			m.out = append(m.out, a)
		}
	}
}

// headerSize is the size of a message's header: its id (service and function)
// and its size, both i32 and 8-aligned.
const headerSize = 16

var groupTable = wire.AppendGroup(nil, group)

// NewMessage returns a message of size bytes, header included, for Multicast,
// and the part of it that is the payload from its header on, zeroed.
func NewMessage(id, function, size int) (message, payload []byte) {
	message = make([]byte, len(groupTable)+size)
	copy(message, groupTable)
	payload = message[len(groupTable):]
	putHeader(payload, uint32(id)<<16|uint32(function))
	return message, payload
}

func putHeader(b []byte, id uint32) {
	binary.LittleEndian.PutUint32(b, id)
	binary.LittleEndian.PutUint32(b[8:], uint32(len(b)))
}

func (m *Machine) multicast(id int, a Multicast) {
	fn := binary.LittleEndian.Uint32(a.Message[len(groupTable):]) & 0xffff
	if t := m.traffic[id]; t != nil && fn < 8 {
		t[fn].Tx++
	}
	m.out = append(m.out, totem.Submit{Data: a.Message, Sync: (m.sync.running || !m.synced) && !a.Behind})
}

// deliver routes a message from the ring by its group and its header.
func (m *Machine) deliver(now time.Duration, d *totem.Deliver) {
	groups, payload, err := wire.SplitGroups(d.Data, d.BigEndian)
	if err != nil {
		m.cfg.Log.Debug("message ignored", "node", d.From, "err", err)
		return
	}
	var order binary.ByteOrder = binary.LittleEndian
	if d.BigEndian {
		order = binary.BigEndian
	}
	if len(payload) < headerSize {
		m.cfg.Log.Debug("message ignored", "node", d.From, "err", fmt.Sprintf("%d bytes", len(payload)))
		return
	}
	id, size := order.Uint32(payload), order.Uint32(payload[8:])
	if uint64(size) > uint64(len(payload)) || size < headerSize {
		m.cfg.Log.Debug("message ignored", "node", d.From, "id", id, "err", fmt.Sprintf("says %d bytes, has %d", size, len(payload)))
		return
	}
	payload = payload[:size]
	switch {
	case groups.Has(groupSync):
		m.syncMessage(now, d.From, id, payload, order)
	case groups.Has(group):
		e := m.engine(int(id >> 16))
		if e == nil {
			return // not loaded here
		}
		fn := int(id & 0xffff)
		if fn >= 8 {
			m.cfg.Log.Warn("message ignored", "node", d.From, "service", id>>16, "function", fn)
			return
		}
		m.traffic[e.ID()][fn].Rx++
		m.exec = Exec{From: d.From, Func: fn, Data: payload, Order: order}
		m.step(now, e, &m.exec)
		m.exec = Exec{}
	}
}
