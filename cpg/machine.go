package cpg

import (
	"cmp"
	"log/slog"
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// Conn names a local connection, for the life of the daemon.
type Conn uint64

// MaxName is the longest name of a group in bytes.
const MaxName = 128

// Status answers a request. The numbers are those of corosync's libraries.
type Status int32

// The answers.
const (
	OK          Status = 1
	TryAgain    Status = 6
	Busy        Status = 10
	NotExist    Status = 12
	NameTooLong Status = 13
	Exist       Status = 14
	Interrupt   Status = 16
)

// Reason says why a process joined or left.
type Reason uint32

// The reasons.
const (
	Joined   Reason = 1
	Left     Reason = 2
	NodeDown Reason = 3
	NodeUp   Reason = 4
	ProcDown Reason = 5
)

// Events of a Machine, besides those of package service.
type (
	// Open is a new connection, Closed its end, Finalize the announcement of
	// its end.
	Open     struct{ Conn Conn }
	Closed   struct{ Conn Conn }
	Finalize struct{ Conn Conn }

	// Join, Leave and Mcast are requests; they are answered with Reply, except
	// Mcast. InitialTotem asks for a TotemConfchg right after the first
	// Confchg.
	Join struct {
		Conn         Conn
		Group        string
		PID          uint32
		InitialTotem bool
	}
	Leave struct {
		Conn  Conn
		Group string
		PID   uint32
	}
	Mcast struct {
		Conn Conn
		Data []byte
	}
	// PartialMcast sends one part of a message of Total bytes. Type is 1 for
	// the first, 2 for middle ones, 3 for the last.
	PartialMcast struct {
		Conn        Conn
		Total, Type uint32
		Data        []byte
	}
)

// Actions of a Machine, besides those of package service. The lists of
// connections are in the order in which they were opened.
type (
	// Reply answers the request of a connection.
	Reply struct {
		Conn   Conn
		Status Status
	}
	// Confchg reports a change of a group.
	Confchg struct {
		Conns                 []Conn
		Group                 string
		Members, Left, Joined []Address
	}
	// Deliver hands up a message. Data is valid until the next Step of the
	// machine below.
	Deliver struct {
		Conns []Conn
		Group string
		Node  totem.NodeID
		PID   uint32
		Data  []byte
	}
	// PartialDeliver hands up a part of one.
	PartialDeliver struct {
		Conns       []Conn
		Group       string
		Node        totem.NodeID
		PID         uint32
		Total, Type uint32
		Data        []byte
	}
	// TotemConfchg reports a new ring.
	TotemConfchg struct {
		Conns   []Conn
		Ring    totem.RingID
		Members []totem.NodeID
	}
)

// An Address names a process.
type Address struct {
	Node   totem.NodeID
	PID    uint32
	Reason Reason // in lists of joined and left ones
}

// process is one member of one group.
type process struct {
	node  totem.NodeID
	pid   uint32
	group string
}

// state is how far a connection is with its group.
type state uint8

const (
	unjoined state = iota
	joinStarted
	joined
	leaveStarted
)

type conn struct {
	id           Conn
	state        state
	group        string
	pid          uint32
	initialTotem bool
	finalized    bool
	changes      uint64 // Machine.changes at the first part of a message
}

// Config sets up a Machine.
type Config struct {
	Self       totem.NodeID
	Generation wire.Generation
	Log        *slog.Logger // nil discards
}

// A Machine is the service on one node.
type Machine struct {
	cfg     Config
	procs   []process // sorted by node, then pid
	conns   []*conn   // as opened
	members []totem.NodeID
	ring    totem.RingID
	changes uint64 // completed synchronisations

	next      syncing
	joinlists []process // newest first
	out       []service.Action

	// What receivers found, by group, as long as only messages come.
	to map[string][]Conn
}

// New returns a Machine without processes.
func New(cfg Config) *Machine {
	cfg.Log = cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	return &Machine{cfg: cfg}
}

func (m *Machine) ID() int             { return service.IDCPG }
func (m *Machine) Next() time.Duration { return -1 }

// Step feeds one event in. The slice is valid until the next Step.
func (m *Machine) Step(_ time.Duration, ev service.Event) []service.Action {
	m.out = m.out[:0]
	if !isMessage(ev) {
		m.to = nil
	}
	switch ev := ev.(type) {
	case *service.Exec:
		m.exec(ev)
	case service.SyncInit:
		m.syncInit(ev)
	case service.SyncProcess:
		m.syncProcess()
	case service.SyncActivate:
		m.syncActivate()
	case service.SyncAbort:
		m.joinlists = nil
	case Open:
		m.conns = append(m.conns, &conn{id: ev.Conn})
	case Closed:
		m.closed(ev.Conn)
	case Finalize:
		if c := m.conn(ev.Conn); c != nil {
			c.finalized = true
		}
	case Join:
		m.reply(ev.Conn, m.join(ev))
	case Leave:
		m.reply(ev.Conn, m.leave(ev))
	case Mcast:
		m.mcast(ev)
	case PartialMcast:
		m.reply(ev.Conn, m.partialMcast(ev))
	}
	return m.out
}

func (m *Machine) reply(c Conn, s Status) { m.out = append(m.out, Reply{c, s}) }

func (m *Machine) conn(id Conn) *conn {
	for _, c := range m.conns {
		if c.id == id {
			return c
		}
	}
	return nil
}

// join starts to join: the connection is a member once its procjoin is
// delivered, and may send from now on.
func (m *Machine) join(ev Join) Status {
	c := m.conn(ev.Conn)
	switch {
	case c == nil:
		return NotExist
	case len(ev.Group) > MaxName:
		return NameTooLong
	case c.state == leaveStarted:
		return Busy
	case c.state != unjoined:
		return Exist
	}
	for _, o := range m.conns {
		if o.state != unjoined && o.group == ev.Group && o.pid == ev.PID {
			return Exist
		}
	}
	if m.find(process{m.cfg.Self, ev.PID, ev.Group}) >= 0 {
		return TryAgain // an earlier leave is on its way
	}
	c.state, c.group, c.pid, c.initialTotem = joinStarted, ev.Group, ev.PID, ev.InitialTotem
	m.sendJoinLeave(execProcjoin, c, Joined)
	return OK
}

func (m *Machine) leave(ev Leave) Status {
	c := m.conn(ev.Conn)
	switch {
	case c == nil || c.state == unjoined || c.state == leaveStarted:
		return NotExist
	case c.state == joinStarted:
		return Busy
	}
	c.state = leaveStarted
	m.sendJoinLeave(execProcleave, c, Left)
	return OK
}

// closed forgets a connection; if it is in a group, the others are told: behind its
// join, even if that waits for the end of a synchronisation. A leave that overtook it
// would leave the group with a member that is dead.
func (m *Machine) closed(id Conn) {
	c := m.conn(id)
	if c == nil {
		return
	}
	m.conns = slices.DeleteFunc(m.conns, func(o *conn) bool { return o == c })
	if c.state == joinStarted || c.state == joined {
		m.behind(func() { m.sendJoinLeave(execProcleave, c, ProcDown) })
	}
}

func (m *Machine) mcast(ev Mcast) {
	c := m.conn(ev.Conn)
	if c == nil || c.state != joined && c.state != joinStarted {
		m.cfg.Log.Debug("multicast of a process that is in no group ignored", "conn", ev.Conn)
		return
	}
	m.sendMcast(c, ev.Data)
}

func (m *Machine) partialMcast(ev PartialMcast) Status {
	c := m.conn(ev.Conn)
	if c == nil || c.state != joined && c.state != joinStarted {
		return NotExist
	}
	if ev.Type == partFirst {
		c.changes = m.changes
	}
	if c.changes != m.changes {
		return Interrupt
	}
	m.sendPart(c, ev)
	return OK
}

// find returns the index of a process in the list, or -1.
func (m *Machine) find(p process) int { return slices.Index(m.procs, p) }

// insert adds a process behind all with the same node and pid.
func (m *Machine) insert(p process) {
	i := len(m.procs)
	for i > 0 {
		o := m.procs[i-1]
		if o.node < p.node || o.node == p.node && o.pid <= p.pid {
			break
		}
		i--
	}
	m.procs = slices.Insert(m.procs, i, p)
}

// notify tells the local members of a group who is in it. The left ones must
// still be in the list, the joined ones already.
func (m *Machine) notify(group string, left, joinedNow []Address) {
	var members []Address
	for _, p := range m.procs {
		if p.group == group && !slices.ContainsFunc(left, func(a Address) bool { return a.Node == p.node && a.PID == p.pid }) {
			members = append(members, Address{Node: p.node, PID: p.pid})
		}
	}
	var to, initial []Conn
	for _, c := range m.conns {
		if c.group != group || c.state == unjoined || c.finalized {
			continue
		}
		if c.state == joinStarted && slices.ContainsFunc(joinedNow, func(a Address) bool { return a.Node == m.cfg.Self && a.PID == c.pid }) {
			c.state = joined
			if c.initialTotem {
				c.initialTotem = false
				initial = append(initial, c.id)
			}
		}
		if c.state == joined || c.state == leaveStarted {
			to = append(to, c.id)
		}
		if c.state == leaveStarted && slices.ContainsFunc(left, func(a Address) bool { return a.Node == m.cfg.Self && a.PID == c.pid }) {
			c.state, c.group = unjoined, ""
		}
	}
	if len(to) > 0 {
		m.out = append(m.out, Confchg{Conns: to, Group: group, Members: members, Left: left, Joined: joinedNow})
	}
	if len(initial) > 0 {
		m.out = append(m.out, TotemConfchg{Conns: initial, Ring: m.ring, Members: slices.Clone(m.members)})
	}
}

// isMessage reports whether an event changes nothing in any group.
func isMessage(ev service.Event) bool {
	switch ev := ev.(type) {
	case *service.Exec:
		return ev.Func == execMcast || ev.Func == execPartialMcast
	case Mcast:
		return true
	}
	return false
}

// receivers are the local connections that messages of a group go to.
func (m *Machine) receivers(group string) (to []Conn) {
	if to, ok := m.to[group]; ok {
		return to
	}
	for _, c := range m.conns {
		if c.group == group && (c.state == joined || c.state == leaveStarted) && !c.finalized {
			to = append(to, c.id)
		}
	}
	if m.to == nil {
		m.to = make(map[string][]Conn)
	}
	m.to[group] = to
	return to
}

// Members returns the processes of a group.
func (m *Machine) Members(group string) (list []Address) {
	for _, p := range m.procs {
		if p.group == group {
			list = append(list, Address{Node: p.node, PID: p.pid})
		}
	}
	return list
}

// A Process is one item of a listing.
type Process struct {
	Group string
	Node  totem.NodeID
	PID   uint32
}

// Processes lists all processes, those of one group, or with names only one
// item for each group, in the order in which corosync lists them: groups in
// the reverse order of their first process; of each its first process, then the
// others in reverse order.
func (m *Machine) Processes(namesOnly bool, group *string) (list []Process) {
	var groups []string
	for _, p := range m.procs {
		if !slices.Contains(groups, p.group) && (group == nil || *group == p.group) {
			groups = append(groups, p.group)
		}
	}
	slices.Reverse(groups)
	for _, g := range groups {
		if namesOnly {
			list = append(list, Process{Group: g})
			continue
		}
		var of []Process
		for _, p := range m.procs {
			if p.group == g {
				of = append(of, Process{g, p.node, p.pid})
			}
		}
		slices.Reverse(of[1:])
		list = append(list, of...)
	}
	return list
}
