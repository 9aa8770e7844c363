package sim

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/cpg"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/controller"
	"github.com/gocorosync/gocorosync/pacemakerd/fault"
	"github.com/gocorosync/gocorosync/pacemakerd/node"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/votequorum"
)

// A Pacemaker is an Upper with a whole node on the ring: corosync's services,
// and on them pacemaker, with pretended agents and a pretended disk.
type Pacemaker struct {
	w *World
	n *Node
	p *Pacemakers

	svc  *service.Machine
	cpg  *cpg.Machine
	vote int           // the quorum service's id
	Node *node.Machine // nil until corosync is ready

	settings votequorum.Settings

	groups  map[cpg.Conn]string
	conns   map[string]cpg.Conn
	backlog []mcast
	timers  []timer
	quorum  *node.Quorum
	client  string // that asks, "" for none
	clients int
	asked   map[string]func(rc string)
	frame   int32
	promise []promise // in the order of their times

	rings  int           // changes of the ring
	ringAt time.Duration // when the last was
	synced bool          // since it: corosync takes messages of clients only then

	// Active are the resources that run here. They die with the host, not with
	// its daemons.
	Active map[string]bool
	Exit   int // 0 while it runs

	// What outlives pacemaker's process on a node that lives: its memberships.
	members map[string][]uint32
	life    int          // of the process
	away    bool         // the next process has not come yet
	inbox   []node.Event // what corosync has for it
	Strict  bool         // starts twice, and stops, are errors
}

// promise is a write that a client was told of. CPG delivers a message to its
// sender before others have it, so one that comes with a change of the ring may
// be lost with it; once the ring has stood for longer than it takes to notice
// a loss, everybody on it has the write.
type promise struct {
	n       int
	version cib.Version // that it made
	at      time.Duration
	ring    int // how many rings there had been
}

// kept tells whether most of all nodes have a write on their disks: whoever of them
// have quorum later, one of them has it. (Quorum is corosync's. With pacemaker
// stopped on the others, what a client was told is on one disk.)
func (p *Pacemakers) kept(n int) bool {
	disks := 0
	for _, doc := range p.disks {
		if doc.ByID("nvpair", fmt.Sprint("write-", n)) != nil {
			disks++
		}
	}
	return 2*disks > len(p.w.Nodes)
}

// standFor is how long a ring has to stand after a write.
const standFor = 4 * time.Second

// mcast is a message on its way to corosync, or what is settled when all before
// it is there.
type mcast struct {
	conn    cpg.Conn
	data    []byte
	settled string
	leave   string // a group, once all before it is there
}

// timer is an event of the node's outside world that comes later.
type timer struct {
	at   time.Duration
	ev   node.Event
	life int    // of the process that it is for, or anyLife
	then func() // in place of ev
	run  int    // whose end it is, 0 for none
}

// anyLife is for what goes on whatever becomes of pacemaker's process.
const anyLife = -1

// Pacemakers is what outlives the nodes: their disks, and what was promised to
// clients.
type Pacemakers struct {
	w        *World
	disks    map[totem.NodeID]*xml.Element
	hosts    map[totem.NodeID]*host
	uuids    int
	plans    int
	Acked    []int               // writes that must not get lost any more
	made     map[int]cib.Version // by them
	asked    int                 // writes that were asked for
	Plans    int                 // made
	AgentOps int

	Power  Power  // switches hosts off and on
	Faults Faults // of agents, disks and clocks

	// TwoParts forgives that two parts of the cluster have quorum.
	TwoParts bool
}

// NewPacemakers returns the surroundings of a cluster.
func NewPacemakers(w *World) *Pacemakers {
	return &Pacemakers{w: w, disks: map[totem.NodeID]*xml.Element{}, hosts: map[totem.NodeID]*host{}, made: map[int]cib.Version{}}
}

// NewPacemaker returns the software of one node.
func NewPacemaker(w *World, n *Node, p *Pacemakers, settings votequorum.Settings) *Pacemaker {
	n.pacemakers = p
	u := &Pacemaker{w: w, n: n, p: p, groups: map[cpg.Conn]string{}, conns: map[string]cpg.Conn{}, Active: p.host(n).active,
		asked: map[string]func(string){}, members: map[string][]uint32{}, settings: settings}
	scfg := service.Config{Self: n.ID, Generation: w.cfg.Generation}
	vcfg := votequorum.Config{Self: n.ID, Settings: &settings, Lenient: true}
	if w.cfg.Log != nil {
		scfg.Log = w.cfg.Log(n.ID)
		vcfg.Log = scfg.Log
	}
	u.cpg = cpg.New(cpg.Config{Self: n.ID, Generation: w.cfg.Generation, Log: scfg.Log})
	vote := votequorum.New(vcfg)
	u.vote = vote.ID()
	u.svc = service.New(scfg, service.NewConfigVersion(scfg, 1, true), &service.CFG{}, u.cpg, vote, service.NewQuorum(true))
	u.do(u.svc.Step(w.Now, service.To{ID: vote.ID(), Event: votequorum.Start{}}))
	return u
}

// Reload puts the number of nodes in force that the list now has.
func (u *Pacemaker) Reload(f File) {
	u.settings.Expected = uint32(len(f.List))
	set := u.settings
	u.do(u.svc.Step(u.w.Now, service.To{ID: u.vote, Event: votequorum.Configure{Settings: &set}}))
}

func (u *Pacemaker) name() string { return u.n.name() }

func (n *Node) name() string { return fmt.Sprintf("n%d", n.ID) }

// Replace is the death of pacemaker's process on a node that lives: what it had
// in memory, and had not given to corosync, is lost; another goes on as the same
// member of its groups.
func (u *Pacemaker) Replace() {
	if u.Node == nil || u.Exit != 0 || u.away {
		return
	}
	u.w.trace("node %d: pacemaker is killed (%s, DC %s)", u.n.ID, u.Node.State(), u.Node.DC())
	designated := u.Node.DC()
	u.backlog = nil
	u.forgetClient()
	u.life++
	u.away = true
	u.then(time.Duration(u.w.Rand.IntN(900))*time.Millisecond, func() {
		u.away = false
		u.start(true, designated)
		for _, ev := range u.inbox {
			u.step(ev)
		}
		u.inbox = nil
	})
}

// boot starts pacemaker once corosync is in sync for the first time.
func (u *Pacemaker) boot() { u.start(false, "") }

func (u *Pacemaker) start(resumed bool, designated string) {
	var doc *xml.Element
	if d := u.p.disks[u.n.ID]; d != nil {
		doc = d.Clone()
		doc.Set("num_updates", "0")
		doc.Unset("dc-uuid")
		doc.Child("status").Remove()
		doc.Append(xml.New("status"))
	}
	cfg := node.Config{
		Node: u.name(), ID: uint32(u.n.ID), PID: uint32(1000 + u.n.Life), Version: "sim", ClusterName: "sim", CIB: doc, Cores: 2,
		UUID:    func() string { u.p.uuids++; return fmt.Sprintf("uuid-%d", u.p.uuids) },
		Wall:    func() int64 { return u.wall().Unix() },
		CTime:   func() string { return fmt.Sprintf("%v", u.w.Now) },
		Resumed: resumed, DC: designated,
	}
	if u.w.cfg.Log != nil {
		cfg.Log = u.w.cfg.Log(u.n.ID)
	}
	cfg.Log = slog.New(faults{u, cfg.Log})
	u.Node = node.New(cfg)
	resume := node.Resume{Left: slices.Clone(u.host().undone)}
	kept := u.host().kept
	for _, r := range slices.Sorted(maps.Keys(kept)) {
		resume.Kept = append(resume.Kept, kept[r])
	}
	if len(resume.Left)+len(resume.Kept) > 0 {
		u.step(resume)
	}
	u.aged(u.w.Now)
	names := map[uint32]string{}
	for _, n := range u.w.Nodes {
		names[uint32(n.ID)] = fmt.Sprintf("n%d", n.ID)
	}
	u.step(node.Names{ByID: names})
	if u.quorum != nil {
		u.step(*u.quorum)
	}
}

// aged tells pacemaker again and again how much CPU time it has used, by which
// elections go.
func (u *Pacemaker) aged(born time.Duration) {
	u.step(node.Age{Used: (u.w.Now - born) / 50})
	u.keepsWrites()
	u.then(2*time.Second, func() { u.aged(born) })
}

// Members takes a report of the ring.
func (u *Pacemaker) Members(m totem.Members) {
	u.rings++
	u.ringAt, u.synced = u.w.Now, false
	u.do(u.svc.Step(u.w.Now, m))
}

// Deliver takes a message.
func (u *Pacemaker) Deliver(d *totem.Deliver) { u.do(u.svc.Step(u.w.Now, d)) }

// Refused takes back a message that did not fit.
func (u *Pacemaker) Refused(r totem.Refused) {
	u.w.Failf("node %d: %v (sync %v)", u.n.ID, r.Err, r.Sync)
}

func (u *Pacemaker) do(actions []service.Action) {
	for _, a := range slices.Clone(actions) {
		switch a := a.(type) {
		case totem.Submit:
			a.Data = slices.Clone(a.Data)
			u.n.Post(a)
		case service.SyncDone:
			u.n.Post(totem.Synced{Ring: a.Ring})
			u.synced = true
			if u.Node == nil {
				u.later(10*time.Millisecond, nil)
			}
		case service.QuorumReport:
			q := node.Quorum{Quorate: a.Quorate}
			for _, id := range a.Members {
				q.Members = append(q.Members, uint32(id))
			}
			u.quorum = &q
			u.onePart()
			if u.Node != nil {
				u.step(q)
			}
		case cpg.Confchg:
			c := node.Confchg{Group: a.Group}
			for _, m := range a.Members {
				c.Members = append(c.Members, uint32(m.Node))
			}
			if u.mine(a.Conns, a.Group) {
				u.members[a.Group] = slices.Clone(c.Members)
				u.step(c)
			}
		case cpg.Deliver:
			if u.mine(a.Conns, a.Group) {
				u.step(node.Message{Group: a.Group, Node: uint32(a.Node), PID: a.PID, Data: slices.Clone(a.Data)})
			}
		case cpg.Reply:
			if a.Status != cpg.OK && u.Exit == 0 { // one that ends may not have joined yet
				u.w.Failf("node %d: cpg answers %d", u.n.ID, a.Status)
			}
		}
	}
}

func (u *Pacemaker) mine(conns []cpg.Conn, group string) bool {
	return u.Node != nil && slices.ContainsFunc(conns, func(c cpg.Conn) bool { return u.groups[c] == group })
}

func (u *Pacemaker) request(ev service.Event) {
	u.do(u.svc.Step(u.w.Now, service.To{ID: u.cpg.ID(), Event: ev}))
}

func (u *Pacemaker) later(d time.Duration, ev node.Event) {
	u.timers = append(u.timers, timer{at: u.w.Now + d, ev: ev, life: u.life})
}

// then calls f after a while, unless this process of pacemaker is dead by then.
func (u *Pacemaker) then(d time.Duration, f func()) {
	u.timers = append(u.timers, timer{at: u.w.Now + d, life: u.life, then: f})
}

// step feeds pacemaker one event and does what it says.
func (u *Pacemaker) step(ev node.Event) {
	if u.Node == nil || u.Exit != 0 {
		return
	}
	if u.away { // corosync keeps what is for it
		switch ev.(type) {
		case node.Message, node.Confchg, node.Quorum:
			u.inbox = append(u.inbox, ev)
		}
		return
	}
	var saved *node.Saved
	for _, a := range slices.Clone(u.Node.Step(u.w.Now, ev)) {
		switch a := a.(type) {
		case node.Join:
			if _, member := u.conns[a.Group]; member {
				u.later(0, node.Confchg{Group: a.Group, Members: slices.Clone(u.members[a.Group])})
				break
			}
			c := cpg.Conn(len(u.conns) + 1)
			u.groups[c], u.conns[a.Group] = a.Group, c
			u.request(cpg.Open{Conn: c})
			u.request(cpg.Join{Conn: c, Group: a.Group, PID: uint32(1000 + u.n.Life)})
		case node.Leave:
			u.backlog = append(u.backlog, mcast{conn: u.conns[a.Group], leave: a.Group})
		case node.Multicast:
			u.backlog = append(u.backlog, mcast{conn: u.conns[a.Group], data: a.Data})
		case node.Accepted:
			h := u.host()
			h.undone = append(h.undone, controller.Held{Ticket: a.Ticket, From: a.From, Sys: a.Sys, Request: a.Op.Clone()})
		case node.Keep:
			kept := u.host().kept
			if kept[a.Resource] = a.Kept; a.Params == nil {
				delete(kept, a.Resource)
			}
		case node.Settled:
			u.backlog = append(u.backlog, mcast{settled: a.Ticket})
		case node.Respond:
			u.answered(a.Client, a.Msg)
		case node.Notify:
			u.answered(a.Client, a.Msg)
		case node.Save:
			saved = &node.Saved{Code: u.save(a.Doc)}
		case node.Run:
			u.runAgent(a.Run)
		case node.RunFence:
			u.fence(a.Run)
		case node.Kill:
			u.killAgent(a.ID)
		case node.GetMetadata:
			u.later(time.Millisecond, node.GotMetadata{Agent: a.Agent})
		case node.Plan:
			u.onePlanner()
			u.p.plans++
			r, err := pengine.Plan(a.CIB, pengine.Options{Now: u.wall(), TransitionID: u.p.plans})
			p := node.Planned{ID: a.ID, Err: err}
			if err == nil {
				p.Graph = r.Graph
			}
			u.p.Plans++
			u.later(time.Duration(1+u.w.Rand.IntN(20))*time.Millisecond, p)
		case node.Exit:
			u.w.trace("node %d: pacemaker ends with %d", u.n.ID, a.Code)
			u.Exit = a.Code + 1
		}
	}
	if saved != nil {
		u.step(*saved)
	}
}

// Tick runs what is due.
func (u *Pacemaker) Tick(now time.Duration) {
	for len(u.promise) > 0 {
		p := u.promise[0]
		if p.ring != u.rings || !u.quorum.Quorate {
			u.promise = nil
		}
		if len(u.promise) == 0 || now-p.at < standFor {
			break
		}
		u.promise = u.promise[1:]
		if u.p.kept(p.n) {
			u.w.trace("node %d: write %d is everybody's", u.n.ID, p.n)
			u.p.Acked, u.p.made[p.n] = append(u.p.Acked, p.n), p.version
		}
	}
	if at := u.svc.Next(); at >= 0 && at <= now {
		u.do(u.svc.Step(now, service.Tick{}))
	}
	for i := 0; i < len(u.timers); i++ {
		if t := u.timers[i]; t.at <= now {
			u.timers = slices.Delete(u.timers, i, i+1)
			i = -1
			if t.life != u.life && t.life != anyLife {
				continue // for a process that is dead
			}
			if t.then != nil {
				if t.then(); u.n.Up != Upper(u) {
					return // it took this host's power away
				}
				continue
			}
			if t.ev == nil {
				if u.Node == nil {
					u.boot()
				}
				continue
			}
			u.step(t.ev)
		}
	}
	if u.Node != nil && u.Exit == 0 && !u.away {
		if at, _ := u.Node.Next(); at != 0 && at <= now {
			u.step(node.Tick{})
		}
	}
	for len(u.backlog) > 0 && u.synced && !u.svc.Syncing() && len(u.n.queue) == 0 && len(u.backlog[0].data)+4096 < u.n.Ring.Room() {
		next := u.backlog[0]
		u.backlog = u.backlog[1:]
		if next.settled != "" {
			u.settle(next.settled)
			continue
		}
		if next.leave != "" {
			u.request(cpg.Leave{Conn: next.conn, Group: next.leave, PID: uint32(1000 + u.n.Life)})
			continue
		}
		u.request(cpg.Mcast{Conn: next.conn, Data: next.data})
	}
}

// Next returns when something is due.
func (u *Pacemaker) Next() time.Duration {
	at := u.svc.Next()
	if at < 0 {
		at = never
	}
	for _, t := range u.timers {
		at = min(at, t.at)
	}
	if u.Node != nil && u.Exit == 0 && !u.away {
		if t, _ := u.Node.Next(); t != 0 {
			at = min(at, t)
		}
	}
	if len(u.backlog) > 0 {
		at = min(at, u.w.Now+time.Millisecond)
	}
	return at
}

// Shutdown asks pacemaker for an orderly end.
func (u *Pacemaker) Shutdown() {
	u.w.trace("node %d: pacemaker is asked to stop", u.n.ID)
	u.step(node.Shutdown{})
}

// Settled tells whether this node has been on a quorate ring for so long that a
// loss would have been noticed, with all nodes that run, and has joined a DC, which
// makes all copies of the CIB one, and that it is not behind. Pacemaker takes changes without any of that, and
// of two of one version that were made in two partitions one goes: clients that
// must not lose any write where this holds.
func (u *Pacemaker) Settled() bool {
	if u.Node == nil || u.Exit != 0 || u.quorum == nil || !u.quorum.Quorate || u.w.Now-u.ringAt < standFor {
		return false
	}
	here := cib.VersionOf(u.Node.CIB())
	for _, n := range u.w.Nodes {
		if n.Ring != nil && !slices.Contains(u.quorum.Members, uint32(n.ID)) {
			return false
		}
		if v, ok := n.Up.(*Pacemaker); ok && v.Node != nil && v.Exit == 0 && here.Epoch < cib.VersionOf(v.Node.CIB()).Epoch {
			return false // one way is cut, and it hears nothing
		}
	}
	return u.Node.State() == controller.NotDC || u.Node.IsDC() && u.Node.State() == controller.Idle
}

// faults fails the world when a machine says that its own state is wrong, and passes
// what it logs on.
type faults struct {
	u  *Pacemaker
	to *slog.Logger // nil for nowhere
}

func (f faults) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelError || f.to != nil && f.to.Enabled(ctx, l)
}

func (f faults) Handle(ctx context.Context, r slog.Record) error {
	if fault.Told(r) {
		text := r.Message
		r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
		f.u.w.Failf("node %d: %s", f.u.n.ID, text)
	}
	if f.to == nil {
		return nil
	}
	return f.to.Handler().Handle(ctx, r)
}

func (f faults) WithAttrs([]slog.Attr) slog.Handler { return f }
func (f faults) WithGroup(string) slog.Handler      { return f }
