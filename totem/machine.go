package totem

import (
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// Errors in Refused actions.
var (
	ErrNoRoom   = errors.New("totem: send queue is full")
	ErrTooLarge = errors.New("totem: message too large")
)

// state is what a Machine is doing.
type state uint8

const (
	stopped     state = iota // not started yet, or has left
	operational              // on a ring
	gather                   // looking for members
	commit                   // the commit token goes round the first time
	recovery                 // the new ring's token goes round for old messages
)

var stateNames = [...]string{"stopped", "operational", "gather", "commit", "recovery"}

func (s state) String() string { return stateNames[s] }

// A Machine is the protocol of one node and nothing else. One goroutine owns
// it. Time is the duration since any fixed instant, and never goes back.
type Machine struct {
	cfg   Config
	gen   wire.Generation
	tun   Tunables
	log   *slog.Logger
	stats Stats

	started, left bool
	now           time.Duration
	state         state
	down          bool // interface 0 is
	stale         bool // this process was stopped lately
	self          wire.SRP
	ring          RingID // the current ring, or the one being formed
	oldRing       RingID // the last ring that was operational
	prevRing      RingID // the one before
	ringSeq       uint64 // highest ring number heard of

	// Membership. memb is the last operational ring, newMemb the one being
	// formed (the same once it is operational).
	proc, failed, consensus     nodeList
	memb, newMemb, trans        nodeList
	joinAt                      map[NodeID]time.Duration // last join of each node
	failedToRecv                bool
	leaver                      NodeID // last node that said good-bye
	isRep                       bool   // of ring
	next                        wire.SRP
	originated                  bool          // as rep: the ring's first token was sent
	commitAt, operationalAt     time.Duration // when these states were entered
	commitSeq                   uint32        // token_seq of the commit token last sent
	saved                       bool          // the next two are kept from the last operational ring
	savedAru, savedHigh         uint32
	receivedFlg, setRetransFlg  bool
	retransCount, rotationCount int
	installSeq                  uint32
	retrans                     []uint32 // numbers of old messages to send in recovery
	retransDone                 int      // how many of them were

	// The messages of the last operational ring, and of the one in recovery.
	regular, recover window
	aru              uint32 // of the window in use
	highSeq          uint32 // highest received
	highDelivered    uint32
	thisSeqno        uint32

	// The token.
	tokenSeq             uint32
	lastSeq, lastAru     uint32
	seqUnchanged, aruRep int
	aruSince             time.Duration // when aruRep was 0 last
	sentSince            time.Duration // when the token came from others who had sent something
	held                 bool
	myTrc, myPbl, myCbl  uint32
	kept                 []byte // the last token sent, to send again

	normal, sync packer
	mtu          int  // of frames, as configured
	narrow       int  // largest IP packet that seems to get through; 0 for any
	hopeful      bool // this visit of the token has sent something again in smaller packets than before
	unsynced     bool // between a change of members and Synced
	assembler    assembler
	pool         pool

	timers      timers
	nets        []fanout // by ring
	rrp         redundancy
	listed      map[wire.Identity]bool // configured nodes; nil if others may come
	removed     nodeList               // were in the list of nodes once
	shun        shunning
	outcasts    nodeList // strangers that members count with, or that are members
	toEverybody bool     // the next message of the ring goes to all nodes (EL7)

	dec, inner wire.Decoder
	scratch    []byte
	loop       [][]byte // what this node sent to itself, oldest first
	out        []Action // of the current Step
	sends      []Send   // what out points to
	delivers   []Deliver
}

// New returns a Machine that is on no ring yet. It wants its first Tick at once.
// It panics if cfg.Check fails.
func New(cfg Config) *Machine {
	if err := cfg.Check(); err != nil {
		panic(err) // a caller's bug, not an input
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	g := cfg.Generation
	m := &Machine{
		cfg: cfg, gen: g, log: cfg.Log, tun: cfg.Tunables.withDefaults(g),
		receivedFlg: true,
		unsynced:    true,
		tokenSeq:    ^uint32(0),
		dec:         wire.Decoder{Generation: g},
		inner:       wire.Decoder{Generation: g},
	}
	for _, l := range []*nodeList{&m.proc, &m.failed, &m.consensus, &m.memb, &m.newMemb, &m.trans, &m.removed, &m.outcasts, &m.shun.marked, &m.shun.now} {
		l.gen = g
	}
	m.timers.clear()
	m.setNodes(cfg.Nodes)

	mtu, head := netMTU(&m.cfg, m.tun), wire.McastSize(g)
	m.pool.size = 2*head + mtu
	m.mtu = mtu
	for _, p := range []*packer{&m.normal, &m.sync} {
		*p = packer{head: head, mtu: mtu, limit: queueLimit(mtu), pool: &m.pool}
	}

	// A node that comes back before its loss was noticed must not use the
	// number of the ring it was on: corosync 3 (and 2.4.6) add one. A fresh
	// node of the older generation starts at 0 all the same.
	seq := cfg.RingSeq
	if g == wire.EL9 || seq > 0 {
		seq++
	}
	m.ring = wire.NewRingID(g, m.self, seq)
	m.oldRing, m.ringSeq = m.ring, seq
	return m
}

// Step feeds one event in and returns what to do about it. The slice, and the
// bytes in it, are valid until the next Step.
func (m *Machine) Step(now time.Duration, ev Event) []Action {
	m.begin(now)
	if m.left {
		return nil
	}
	if !m.started {
		m.started = true
		m.setTimer(timerPause, m.tun.Token/5)
		m.enterGather("start")
	}
	switch ev := ev.(type) {
	case *Received:
		if !m.down {
			m.receive(ev.Data, ev.From, ev.Iface)
		}
	case Submit:
		m.submit(ev)
	case Synced:
		m.synced(ev.Ring)
	case Leave:
		m.leave()
		return m.out
	case SetNodes:
		m.changeNodes(ev.Nodes)
	case Retune:
		m.tun = ev.Tunables.withDefaults(m.gen)
		m.widen()
	case GiveUp:
		m.tokenLost()
	case Reenable:
		m.reenable()
	case Unreachable:
		m.unreachable(ev.Addr)
	case SetAddress:
		m.setAddress(ev)
	case IfaceChange:
		m.ifaceChange(ev)
	}
	m.expire()
	m.drainLoop()
	return m.out
}

func (m *Machine) begin(now time.Duration) {
	m.now = max(m.now, now)
	clear(m.out)
	m.out = m.out[:0]
	clear(m.sends)
	clear(m.delivers)
	m.sends, m.delivers = m.sends[:0], m.delivers[:0]
	m.scratch = m.scratch[:0]
	m.pool.turn()
	m.assembler.turn()
}

// Next returns the time of the next Tick the Machine needs, and why.
func (m *Machine) Next() (at time.Duration, why string) {
	switch {
	case m.left:
		return never, "left"
	case !m.started:
		return 0, "start"
	case len(m.loop) > 0:
		return m.now, "own message"
	}
	return m.timers.next()
}

// Room returns the size in bytes of the largest message that a Submit may carry
// now, group table included; 0 means the queue is full.
func (m *Machine) Room() int { return m.normal.room() }

// SyncRoom is Room for messages with Sync set, which have a queue of their own.
func (m *Machine) SyncRoom() int { return m.sync.room() }

// Ring returns the ring this node is on, or forming.
func (m *Machine) Ring() RingID { return m.ring }

// State returns the name of the state: operational, gather, commit, recovery or
// stopped.
func (m *Machine) State() string { return m.state.String() }

// Addrs returns the addresses of a node, one for each interface: what the
// members of the ring told (EL7), or what is configured. It is nil for an
// unknown node.
func (m *Machine) Addrs(id NodeID) []netip.Addr {
	if m.gen == wire.EL7 {
		for _, l := range [][]wire.SRP{m.memb.list, m.newMemb.list, m.proc.list} {
			for _, s := range l {
				if s.Node() == id {
					var addrs []netip.Addr
					for _, ip := range s.IP {
						if a := ip.Addr(); a.IsValid() {
							addrs = append(addrs, a)
						}
					}
					return addrs
				}
			}
		}
	}
	for _, n := range m.cfg.Nodes {
		if n.ID == id {
			return n.Addrs
		}
	}
	return nil
}

// Stats returns a copy of the counters.
func (m *Machine) Stats() Stats {
	s := m.stats
	s.MsgQueueAvail = uint32(m.normal.limit - m.normal.waiting())
	s.MsgReserved = 0
	s.FragmentsLost = m.assembler.lost
	return s
}

func (m *Machine) submit(ev Submit) {
	p := &m.normal
	if ev.Sync && m.unsynced {
		p = &m.sync
	}
	switch {
	case len(ev.Data) > MaxMessage:
		m.out = append(m.out, Refused{ev.Data, ev.Sync, ErrTooLarge})
		return
	case len(ev.Data) > p.room():
		m.out = append(m.out, Refused{ev.Data, ev.Sync, ErrNoRoom})
		return
	}
	p.add(ev.Data)
	if m.held && p == m.sending() {
		m.held = false
		m.sendHoldCancel()
	}
}

// sending returns the queue that the token empties now: between a change of
// members and Synced only that of the sync engine.
func (m *Machine) sending() *packer {
	if m.unsynced {
		return &m.sync
	}
	return &m.normal
}

func (m *Machine) synced(ring RingID) {
	if !m.unsynced || ring != m.ring || m.state != operational {
		return
	}
	m.unsynced = false
	// What the sync engine still had goes first, under the same numbers.
	if !m.sync.empty() {
		m.sync.flush()
		m.normal.flush()
		m.normal.prepend(&m.sync)
	}
	if m.held && !m.normal.empty() {
		m.held = false
		m.sendHoldCancel()
	}
}

func (m *Machine) ifaceChange(ev IfaceChange) {
	if ev.Iface != 0 || m.down == !ev.Up {
		return
	}
	m.down = !ev.Up
	m.log.Warn("interface changed", "up", ev.Up, "ring", m.ring)
	if m.state == recovery {
		m.restoreOldRing()
	}
	m.enterGather("interface changed")
}

// ownMessage is the interface of messages that this node sent to itself.
const ownMessage = -1

// receive works on one message that came by an interface.
func (m *Machine) receive(b []byte, from netip.AddrPort, iface int) {
	msg, err := m.dec.Decode(b)
	if err != nil {
		m.malformed(err, from)
		return
	}
	if iface != ownMessage {
		if m.pretends(msg) {
			m.drop("message from the network in this node's name")
			return
		}
		if !m.arrived(msg, b, iface) {
			return
		}
	}
	switch msg := msg.(type) {
	case *wire.Token:
		m.stats.OrfTokenRx++
		m.receiveToken(msg)
	case *wire.Mcast:
		m.stats.McastRx++
		m.receiveMcast(msg, b)
	case *wire.MergeDetect:
		m.stats.MembMergeDetectRx++
		m.receiveMergeDetect(msg)
	case *wire.Join:
		m.stats.MembJoinRx++
		m.receiveJoin(msg)
	case *wire.CommitToken:
		m.stats.MembCommitTokenRx++
		m.receiveCommitToken(msg)
	case *wire.HoldCancel:
		m.stats.TokenHoldCancelRx++
		m.receiveHoldCancel(msg)
	case *wire.RingTest:
		m.receiveRingTest(msg, iface)
	}
}

// pretends reports whether a message says that this node wrote it. What this
// node really wrote comes back to it inside, or not at all.
func (m *Machine) pretends(msg wire.Message) bool {
	switch msg := msg.(type) {
	case *wire.Join:
		return m.isSelf(msg.From)
	case *wire.MergeDetect:
		return m.isSelf(msg.From)
	case *wire.Mcast:
		return m.isSelf(msg.From)
	}
	return false
}

func (m *Machine) malformed(err error, from netip.AddrPort) {
	switch {
	case errors.Is(err, wire.ErrShort):
		m.stats.RxShort++
	case errors.Is(err, wire.ErrLong):
		m.stats.RxLong++
	case errors.Is(err, wire.ErrMagic), errors.Is(err, wire.ErrVersion):
		m.stats.RxMagic++
	case errors.Is(err, wire.ErrType):
		m.stats.RxType++
	default:
		m.stats.RxValue++
	}
	m.log.Debug("packet ignored", "from", from, "err", err)
}

// drop counts a message that is of no use now.
func (m *Machine) drop(why string) {
	m.stats.RxMsgDropped++
	m.log.Debug("message dropped", "why", why, "state", m.state)
}

// drainLoop works on what this node has sent to itself before now. What it sends
// to itself meanwhile waits for the next Step.
func (m *Machine) drainLoop() {
	for n := len(m.loop); n > 0 && !m.left; n-- {
		b := m.loop[0]
		m.loop = m.loop[1:]
		m.receive(b, netip.AddrPort{}, ownMessage)
	}
}
