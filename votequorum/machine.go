package votequorum

import (
	"cmp"
	"log/slog"
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
)

// State is what a node is to us. The numbers are those of corosync's library.
type State uint32

// The states.
const (
	Member  State = 1
	Dead    State = 2
	Leaving State = 3
)

// Flags of a node as nodeinfo messages carry them.
type Flags uint32

// The flags.
const (
	FlagQuorate          Flags = 1
	FlagLeaving          Flags = 2
	FlagWaitForAll       Flags = 4 // waiting for all
	FlagFirst            Flags = 8 // never saw another member
	FlagDeviceRegistered Flags = 16
	FlagDeviceAlive      Flags = 32
	FlagDeviceCastVote   Flags = 64
	FlagDeviceMasterWins Flags = 128
)

// A Node is what is known about one node.
type Node struct {
	ID       totem.NodeID
	State    State
	Votes    uint32
	Expected uint32
	Flags    Flags

	stated uint32 // what it last said it expects; Expected is what we take it for
}

// Status answers a request. The numbers are those of corosync's libraries.
type Status int32

// The answers.
const (
	OK           Status = 1
	TryAgain     Status = 6
	InvalidParam Status = 7
	Access       Status = 11
	NotExist     Status = 12
	Exist        Status = 14
	NameNotFound Status = 17
	MessageError Status = 22
)

// Events of a Machine, besides those of package service.
type (
	// Start makes the node known; it is the first event.
	Start struct{}
	// Configure puts new settings in force.
	Configure struct{ Settings *Settings }
	// SetExpected and SetVotes are requests of a client, answered with Reply.
	SetExpected struct {
		Conn  uint64
		Votes uint32
	}
	SetVotes struct {
		Conn  uint64
		Node  totem.NodeID
		Votes uint32
	}
	// CancelWaitForAll makes all nodes stop waiting.
	CancelWaitForAll struct{}
	// Goodbye tells the others that this node leaves in an orderly way.
	Goodbye struct{}
)

// Actions of a Machine, besides those of package service.
type (
	// Reply answers the request of a connection.
	Reply struct {
		Conn   uint64
		Status Status
	}
	// QuorumChanged, ExpectedChanged and NodesChanged are for trackers.
	QuorumChanged struct {
		Quorate bool
		Nodes   []Node
	}
	ExpectedChanged struct{ Votes uint32 }
	NodesChanged    struct {
		Ring  totem.RingID
		Nodes []totem.NodeID
	}
	// Critical, Warning, Notice and Informational are lines for the log.
	Critical      struct{ Text string }
	Warning       struct{ Text string }
	Notice        struct{ Text string }
	Informational struct{ Text string }
)

// Config sets up a Machine.
type Config struct {
	Self     totem.NodeID
	Settings *Settings
	// Lenient accepts what corosync 2 accepts in SetExpected.
	Lenient bool
	Log     *slog.Logger // nil discards
}

// A Machine is the service on one node.
type Machine struct {
	cfg Config
	set *Settings
	log *slog.Logger

	us    *Node
	nodes []*Node // by id, us included

	ring            totem.RingID
	members         []totem.NodeID
	previous        []totem.NodeID
	syncing         bool
	told            bool // in a synchronisation: what the others need to know
	quorum          uint32
	quorate         bool
	waiting         bool // the wait_for_all status
	lowering        bool // our list of nodes is shorter than those of others, or than they were
	raised          bool // ... because of the list of another node
	borrowed        bool // we expect less than our list of nodes says, because a quorate node does
	barrier         uint32
	trackingBarrier uint32
	lowest, highest totem.NodeID // of the last quorate partition
	lastManAt       time.Duration
	dev             deviceState
	now             time.Duration

	out []service.Action
}

// New returns the service of a node.
func New(cfg Config) *Machine {
	m := &Machine{cfg: cfg, set: cfg.Settings, log: cmp.Or(cfg.Log, slog.New(slog.DiscardHandler)), lastManAt: -1}
	m.dev.init()
	s := m.set
	m.dev.node.Votes = s.Device.Votes
	m.us = &Node{ID: cfg.Self, State: Member, Votes: s.Votes, Expected: s.Expected, Flags: FlagFirst}
	m.nodes = []*Node{m.us}
	m.barrier = s.Expected
	if s.ExpectedTracking {
		m.trackingBarrier = s.Expected
	}
	if s.WaitForAll {
		m.waiting = true
		m.us.Flags |= FlagWaitForAll
	}
	return m
}

func (m *Machine) ID() int { return service.IDVotequorum }

// Next is when the machine needs a Tick; negative means never.
func (m *Machine) Next() time.Duration {
	next := m.lastManAt
	for _, at := range []time.Duration{m.dev.pollAt, m.dev.syncAt} {
		if at >= 0 && (next < 0 || at < next) {
			next = at
		}
	}
	return next
}

// Step feeds one event in. The slice is valid until the next Step.
func (m *Machine) Step(now time.Duration, ev service.Event) []service.Action {
	m.out = m.out[:0]
	m.now = now
	switch ev := ev.(type) {
	case Start:
		m.publishAll()
		m.recalculate(false, false)
		m.sendNodeinfo(m.us)
	case *service.Exec:
		m.exec(ev)
	case service.SyncInit:
		m.syncInit(ev)
	case service.SyncProcess:
		m.syncProcess()
	case service.SyncActivate:
		m.syncActivate()
	case service.SyncAbort:
		m.told = false
	case service.Tick:
		m.tick()
	case Configure:
		m.configure(ev.Settings)
	case SetExpected:
		m.emit(Reply{ev.Conn, m.setExpected(ev.Votes)})
	case SetVotes:
		m.emit(Reply{ev.Conn, m.setVotes(ev.Node, ev.Votes)})
	case CancelWaitForAll:
		m.sendReconfigure(reconfigureCancelWait, m.us.ID, 0)
	case Goodbye:
		if m.set.AllowDownscale {
			m.us.Flags |= FlagLeaving
			m.us.State = Leaving
			m.sendNodeinfo(m.us)
		}
	default:
		m.deviceStep(ev)
	}
	return m.out
}

func (m *Machine) emit(a service.Action) { m.out = append(m.out, a) }

func (m *Machine) key(name string, v any) {
	m.emit(service.SetKey{Name: "runtime.votequorum." + name, Value: v})
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// publishAll sets the keys that exist from the start.
func (m *Machine) publishAll() {
	m.key("this_node_id", uint32(m.us.ID))
	m.publishSettings()
	m.key("ev_barrier", m.barrier)
	if m.set.WaitForAll {
		m.key("wait_for_all_status", bit(m.waiting))
	}
	if m.set.tieAsked || m.set.TieBreaker != TieNone {
		m.key("atb_type", uint32(m.set.TieBreaker))
	}
	if m.set.ExpectedTracking {
		m.key("ev_tracking_barrier", m.trackingBarrier)
	}
	m.remark(m.set.Warnings)
}

func (m *Machine) remark(list []Remark) {
	for _, r := range list {
		if r.Warning {
			m.emit(Warning{r.Text})
		} else {
			m.emit(Critical{r.Text})
		}
	}
}

func (m *Machine) publishSettings() {
	m.key("two_node", bit(m.set.TwoNode))
	if m.set.Device.Configured || !m.set.Device.CanOperate {
		m.key("qdevice_can_operate", bit(m.set.Device.CanOperate))
	}
}

func (m *Machine) setWaiting(w bool) {
	if m.waiting != w {
		m.key("wait_for_all_status", bit(w))
	}
	m.waiting = w
	m.us.Flags &^= FlagWaitForAll
	if w {
		m.us.Flags |= FlagWaitForAll
	}
}

func (m *Machine) node(id totem.NodeID) *Node {
	for _, n := range m.nodes {
		if n.ID == id {
			return n
		}
	}
	return nil
}

func (m *Machine) addNode(id totem.NodeID) *Node {
	n := &Node{ID: id, State: Dead}
	i, _ := slices.BinarySearchFunc(m.nodes, id, func(n *Node, id totem.NodeID) int { return cmp.Compare(n.ID, id) })
	m.nodes = slices.Insert(m.nodes, i, n)
	return n
}

// configure takes new settings into use and tells the others what changed.
// Spec: services.md 7.3.
//
// The original has all members expect what one of them does as soon as its list of
// nodes is shorter. A member whose file is stale may then have quorum together with
// the node that was taken out, beside those who have taken it out. So where Expected is
// the length of a list, it falls when every member's list says so. And a node that
// expects less than its own list says, because it found others quorate with that, does
// so only as long as none of them leaves.
//
// What a node says of its list may come late: what it could not send while it had no
// ring is sent on the next one, after what the synchronisation says. So it is not the
// last word.
func (m *Machine) configure(s *Settings) {
	votes, expected := m.us.Votes, m.us.Expected
	m.set, m.borrowed = s, false
	m.publishSettings()
	m.key("atb_type", uint32(s.TieBreaker))
	m.remark(s.Warnings)
	m.us.Votes, m.us.Expected = s.Votes, s.Expected
	if m.dev.node.Votes != s.Device.Votes {
		m.dev.node.Votes = s.Device.Votes
	}
	m.sendNodeinfo(m.us)
	m.sendDeviceInfo()
	if votes != s.Votes {
		m.sendReconfigure(reconfigureVotes, m.us.ID, s.Votes)
	}
	m.lowering = s.Counted && (s.Expected < expected || m.lowering && s.Expected == expected)
	m.raised = false
	if expected != s.Expected && !m.lowering {
		m.sendReconfigure(reconfigureExpected, m.us.ID, s.Expected)
	}
}

// lowered lets the quorum follow a shorter list of nodes once all members have it,
// and reports whether that is so now.
func (m *Machine) lowered() bool {
	if !m.lowering || m.syncing {
		return false
	}
	total, agreed := m.dev.node.Votes, true
	for _, n := range m.nodes {
		if n.State != Member {
			continue
		}
		total += n.Votes
		if n != m.us {
			agreed = agreed && n.stated <= m.set.Expected
		}
	}
	if total > m.set.Expected {
		return false // the node that was taken out is still here
	}
	if m.raised && !agreed && m.us.stated <= m.set.Expected {
		return false // the longer list may well be the newer one
	}
	if m.us.Expected > m.set.Expected { // as a node more had its vote counted, or another list was longer
		m.us.Expected = m.set.Expected
		m.sendNodeinfo(m.us)
	}
	if !agreed {
		return false
	}
	for _, n := range m.nodes { // taken to expect what another list says, or what we did
		n.Expected = min(n.Expected, m.set.Expected)
	}
	m.lowering = false
	m.expects(m.us.Expected)
	return true
}

// setExpected checks and spreads a new number of expected votes.
func (m *Machine) setExpected(votes uint32) Status {
	q, total := m.calculate(true, votes)
	if m.cfg.Lenient {
		if q < total/2 || q > total {
			return InvalidParam
		}
	} else if votes < total || m.quorate && q > total {
		return InvalidParam
	}
	for _, n := range m.nodes {
		if n.State == Member {
			n.Expected = votes
		}
	}
	m.sendReconfigure(reconfigureExpected, m.us.ID, votes)
	return OK
}

func (m *Machine) setVotes(id totem.NodeID, votes uint32) Status {
	n := m.node(id)
	if id == 0 {
		n = &m.dev.node
	}
	if n == nil {
		return NameNotFound
	}
	before := n.Votes
	n.Votes = votes
	if q, total := m.calculate(true, 0); q < total/2 || q > total {
		n.Votes = before
		return InvalidParam
	}
	m.sendReconfigure(reconfigureVotes, id, votes)
	return OK
}

func (m *Machine) tick() {
	if m.lastManAt >= 0 && m.now >= m.lastManAt {
		m.lastManAt = -1
		if m.quorate {
			m.recalculate(true, true)
		}
	}
	m.deviceTick()
}
