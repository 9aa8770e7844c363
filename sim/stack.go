package sim

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/cpg"
	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
	"github.com/gocorosync/gocorosync/votequorum"
)

// A Stack is an Upper with all services of corosync on it, and on them one
// client that joins a group and sends numbered messages there.
type Stack struct {
	w *World
	n *Node
	c *StackChecker

	svc  *service.Machine
	cpg  *cpg.Machine
	vote *votequorum.Machine

	settings votequorum.Settings

	Ring    totem.RingID
	On      []totem.NodeID
	Synced  bool
	Quorate bool
	View    []totem.NodeID // members, as quorum sees them
	Group   []cpg.Address  // as the client was told
	joined  bool
	guest   guest

	Rate    time.Duration
	MaxSize int
	nextAt  time.Duration
	held    [][]byte // what there was no room for

	Sent, Heard int
}

const (
	theConn  cpg.Conn = 1
	theGroup          = "sim"
)

// NewStack returns a Stack that reports to c. In a cluster of n nodes each has a
// vote; settings may change the rules.
func NewStack(w *World, n *Node, c *StackChecker, settings votequorum.Settings, rate time.Duration, maxSize int) *Stack {
	u := &Stack{w: w, n: n, c: c, Rate: rate, MaxSize: maxSize, settings: settings}
	scfg := service.Config{Self: n.ID, Generation: w.cfg.Generation}
	vcfg := votequorum.Config{Self: n.ID, Settings: &settings, Lenient: w.cfg.Generation == wire.EL7}
	if w.cfg.Log != nil {
		scfg.Log = w.cfg.Log(n.ID)
		vcfg.Log = scfg.Log
	}
	u.cpg = cpg.New(cpg.Config{Self: n.ID, Generation: w.cfg.Generation, Log: scfg.Log})
	u.vote = votequorum.New(vcfg)
	u.svc = service.New(scfg, service.NewConfigVersion(scfg, 1, true), &service.CFG{}, u.cpg, u.vote, service.NewQuorum(true))
	u.do(u.svc.Step(w.Now, service.To{ID: u.vote.ID(), Event: votequorum.Start{}}))
	return u
}

// Reload puts the number of nodes in force that the list now has.
func (u *Stack) Reload(f File) {
	set := u.settings
	set.Expected = uint32(len(f.List))
	u.do(u.svc.Step(u.w.Now, service.To{ID: u.vote.ID(), Event: votequorum.Configure{Settings: &set}}))
}

// pid is the client's: another one in each life.
func (u *Stack) pid() uint32 { return uint32(1000 + u.n.Life) }

// Members takes a report of the ring.
func (u *Stack) Members(m totem.Members) {
	u.c.Members(u.n, m)
	u.Synced = false
	if m.Kind == totem.Regular {
		u.Ring, u.On = m.Ring, m.IDs
	}
	u.do(u.svc.Step(u.w.Now, m))
}

// Deliver takes a message.
func (u *Stack) Deliver(d *totem.Deliver) { u.do(u.svc.Step(u.w.Now, d)) }

// Refused takes back a message that did not fit, which can happen to what the
// services say of their own accord. It is sent again when there is room.
func (u *Stack) Refused(r totem.Refused) {
	if r.Sync {
		u.w.Failf("node %d: %v (sync)", u.n.ID, r.Err)
	}
	u.held = append(u.held, slices.Clone(r.Data))
}

// do carries out what the services ask for.
func (u *Stack) do(actions []service.Action) {
	for _, a := range slices.Clone(actions) { // what follows may step them again
		switch a := a.(type) {
		case totem.Submit:
			a.Data = slices.Clone(a.Data)
			u.n.Post(a)
		case service.SyncDone:
			u.w.trace("node %d is in sync on %v", u.n.ID, a.Ring)
			u.n.Post(totem.Synced{Ring: a.Ring})
			if a.Ring == u.Ring {
				u.Synced = true
			}
			if !u.joined {
				u.joined = true
				u.request(cpg.Open{Conn: theConn})
				u.request(cpg.Join{Conn: theConn, Group: theGroup, PID: u.pid()})
			}
		case service.QuorumReport:
			u.Quorate, u.View = a.Quorate, slices.Clone(a.Members)
			u.c.Quorum(u.n, a)
		case cpg.Confchg:
			if a.Group == guests {
				u.guest.told(u, a)
			} else {
				u.confchg(a)
			}
		case cpg.Deliver:
			u.deliver(a)
		case cpg.Reply:
			// Of a message in parts of which some went over another ring, no more is taken.
			if a.Status != cpg.OK && !(a.Status == cpg.Interrupt && a.Conn == u.guest.conn) {
				u.w.Failf("node %d: cpg answers %d", u.n.ID, a.Status)
			}
		}
	}
}

func (u *Stack) request(ev service.Event) {
	u.do(u.svc.Step(u.w.Now, service.To{ID: u.cpg.ID(), Event: ev}))
}

// confchg checks that a report of the group follows from the one before.
func (u *Stack) confchg(c cpg.Confchg) {
	u.w.trace("node %d group %v joined %v left %v", u.n.ID, c.Members, c.Joined, c.Left)
	is := func(a cpg.Address) func(cpg.Address) bool {
		return func(b cpg.Address) bool { return a.Node == b.Node && a.PID == b.PID }
	}
	want := slices.Clone(u.Group)
	for _, a := range c.Left {
		if !slices.ContainsFunc(want, is(a)) && !(a.Node == u.n.ID) {
			u.w.Failf("node %d: %v leaves the group, but was not in it", u.n.ID, a)
		}
		want = slices.DeleteFunc(want, is(a))
	}
	for _, a := range c.Members {
		if !slices.ContainsFunc(want, is(a)) && !slices.ContainsFunc(c.Joined, is(a)) && len(u.Group) > 0 {
			u.w.Failf("node %d: %v is in the group, but never joined it", u.n.ID, a)
		}
	}
	for _, a := range want {
		if !slices.ContainsFunc(c.Members, is(a)) {
			u.w.Failf("node %d: %v is not in the group any more, but never left it", u.n.ID, a)
		}
	}
	u.Group = slices.Clone(c.Members)
}

func (u *Stack) deliver(d cpg.Deliver) {
	if len(d.Data) < 16 {
		u.w.Failf("node %d gets %d bytes", u.n.ID, len(d.Data))
		return
	}
	msg := Message{
		From:  totem.NodeID(binary.LittleEndian.Uint32(d.Data)),
		Life:  int(binary.LittleEndian.Uint32(d.Data[4:])),
		Count: int(binary.LittleEndian.Uint32(d.Data[8:])),
	}
	if msg.From != d.Node || int(binary.LittleEndian.Uint32(d.Data[12:])) != len(d.Data) {
		u.w.Failf("node %d gets %v from %d, %d bytes", u.n.ID, msg, d.Node, len(d.Data))
	}
	u.c.Deliver(u.n, msg)
	if msg.From == u.n.ID && msg.Life == u.n.Life {
		u.Heard = msg.Count
	}
}

// Tick lets the services' timers run and sends what is due.
func (u *Stack) Tick(now time.Duration) {
	if at := u.svc.Next(); at >= 0 && at <= now {
		u.do(u.svc.Step(now, service.Tick{}))
	}
	for len(u.held) > 0 && len(u.n.queue) == 0 && len(u.held[0]) <= u.n.Ring.Room() {
		u.n.Post(totem.Submit{Data: u.held[0]})
		u.held = u.held[1:]
	}
	if u.Rate == 0 {
		return
	}
	if u.visit(now); now < u.nextAt {
		return
	}
	rng := u.w.Rand
	if u.nextAt != 0 && u.Synced && len(u.n.queue) == 0 && len(u.held) == 0 {
		u.say(16 + rng.IntN(u.MaxSize))
	}
	u.nextAt = now + time.Duration(rng.ExpFloat64()*float64(u.Rate)) + 1
}

func (u *Stack) say(size int) {
	inGroup := slices.ContainsFunc(u.Group, func(a cpg.Address) bool { return a.Node == u.n.ID && a.PID == u.pid() })
	if !inGroup || size+1000 > u.n.Ring.Room() {
		return
	}
	u.Sent++
	b := make([]byte, size)
	binary.LittleEndian.PutUint32(b, uint32(u.n.ID))
	binary.LittleEndian.PutUint32(b[4:], uint32(u.n.Life))
	binary.LittleEndian.PutUint32(b[8:], uint32(u.Sent))
	binary.LittleEndian.PutUint32(b[12:], uint32(size))
	u.request(cpg.Mcast{Conn: theConn, Data: b})
}

// Next returns when something is due.
func (u *Stack) Next() time.Duration {
	at := u.svc.Next()
	if at < 0 {
		at = never
	}
	if u.Rate != 0 {
		at = min(at, u.nextAt, u.guest.next)
	}
	return at
}
