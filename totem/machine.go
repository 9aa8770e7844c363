package totem

import (
	"errors"
	"net/netip"
	"time"
)

// Errors in Refused actions.
var (
	ErrNoRoom   = errors.New("totem: send queue is full")
	ErrTooLarge = errors.New("totem: message too large")
)

// A Machine is the protocol of one node and nothing else. One goroutine owns
// it. Time is the duration since any fixed instant, and never goes back.
type Machine struct {
	cfg   Config
	stats Stats
	out   []Action // of the current Step
}

// New returns a Machine that is on no ring yet. It wants its first Tick at once.
// It panics if cfg.Check fails.
func New(cfg Config) *Machine {
	if err := cfg.Check(); err != nil {
		panic(err) // a caller's bug, not an input
	}
	return &Machine{cfg: cfg}
}

// Step feeds one event in and returns what to do about it. The slice, and the
// bytes in it, are valid until the next Step.
func (m *Machine) Step(now time.Duration, ev Event) []Action {
	m.out = m.out[:0]
	return m.out
}

// Next returns the time of the next Tick the Machine needs, and why.
func (m *Machine) Next() (at time.Duration, why string) { return 1 << 62, "nothing" }

// Room returns the size in bytes of the largest message that a Submit may carry
// now, group table included; 0 means the queue is full.
func (m *Machine) Room() int { return 0 }

// SyncRoom is Room for messages with Sync set, which have a queue of their own.
func (m *Machine) SyncRoom() int { return 0 }

// Ring returns the ring this node is on or forming.
func (m *Machine) Ring() RingID { return RingID{} }

// Addrs returns the addresses of a node, one for each interface, as the members
// of the ring told (EL7) or as configured. It is nil for an unknown node.
func (m *Machine) Addrs(id NodeID) []netip.Addr { return nil }

// Stats returns a copy of the counters.
func (m *Machine) Stats() Stats { return m.stats }
