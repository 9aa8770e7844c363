package sim

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/cpg"
	"github.com/gocorosync/gocorosync/pacemakerd/controller"
	"github.com/gocorosync/gocorosync/pacemakerd/fault"
	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
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
	Node *node.Machine // nil until corosync is ready

	groups  map[cpg.Conn]string
	conns   map[string]cpg.Conn
	backlog []mcast
	timers  []timer
	quorum  *node.Quorum
	asked   map[string]func(rc string)
	frame   int32
	promise promise

	rings  int           // changes of the ring
	ringAt time.Duration // when the last was
	synced bool          // since it: corosync takes messages of clients only then

	// Active are the resources that run here. They die with the host, not with
	// its daemons.
	Active map[string]bool
	Exit   int // 0 while it runs

	// What outlives pacemaker's process on a node that lives: its memberships,
	// the operations that it owes an answer to, its agents.
	members map[string][]uint32
	undone  []controller.Held
	agents  map[string]time.Duration // resource → when what runs on it ends
	life    int                      // of the process
	away    bool                     // the next process has not come yet
	inbox   []node.Event             // what corosync has for it
	Strict  bool                     // starts twice, and stops, are errors
}

// promise is a write that a client was told of. CPG delivers a message to its
// sender before others have it, so one that comes with a change of the ring may
// be lost with it; once the ring has stood for longer than it takes to notice
// a loss, everybody on it has the write.
type promise struct {
	n    int
	at   time.Duration
	ring int // how many rings there had been
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
}

// anyLife is for what goes on whatever becomes of pacemaker's process.
const anyLife = -1

// Pacemakers is what outlives the nodes: their disks, and what was promised to
// clients.
type Pacemakers struct {
	w        *World
	disks    map[totem.NodeID]*xml.Node
	hosts    map[totem.NodeID]*host
	uuids    int
	plans    int
	Acked    []int // writes that must not get lost any more
	Plans    int   // made
	AgentOps int

	Power  Power  // switches hosts off and on
	Faults Faults // of agents, disks and clocks
}

// NewPacemakers returns the surroundings of a cluster.
func NewPacemakers(w *World) *Pacemakers {
	return &Pacemakers{w: w, disks: map[totem.NodeID]*xml.Node{}, hosts: map[totem.NodeID]*host{}}
}

// NewPacemaker returns the software of one node.
func NewPacemaker(w *World, n *Node, p *Pacemakers, settings votequorum.Settings) *Pacemaker {
	n.pacemakers = p
	u := &Pacemaker{w: w, n: n, p: p, groups: map[cpg.Conn]string{}, conns: map[string]cpg.Conn{}, Active: p.host(n).active,
		asked: map[string]func(string){}, members: map[string][]uint32{}, agents: map[string]time.Duration{}}
	scfg := service.Config{Self: n.ID, Generation: w.cfg.Generation}
	vcfg := votequorum.Config{Self: n.ID, Settings: &settings, Lenient: true}
	if w.cfg.Log != nil {
		scfg.Log = w.cfg.Log(n.ID)
		vcfg.Log = scfg.Log
	}
	u.cpg = cpg.New(cpg.Config{Self: n.ID, Generation: w.cfg.Generation, Log: scfg.Log})
	vote := votequorum.New(vcfg)
	u.svc = service.New(scfg, service.NewConfigVersion(scfg, 1, true), &service.CFG{}, u.cpg, vote, service.NewQuorum(true))
	u.do(u.svc.Step(w.Now, service.To{ID: vote.ID(), Event: votequorum.Start{}}))
	return u
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
	u.backlog, u.asked, u.frame = nil, map[string]func(string){}, 0
	u.life++
	u.away = true
	u.timers = append(u.timers, timer{u.w.Now + time.Duration(u.w.Rand.IntN(900))*time.Millisecond, nil, u.life, func() {
		u.away = false
		u.start(true, designated)
		for _, ev := range u.inbox {
			u.step(ev)
		}
		u.inbox = nil
	}})
}

// boot starts pacemaker once corosync is in sync for the first time.
func (u *Pacemaker) boot() { u.start(false, "") }

func (u *Pacemaker) start(resumed bool, designated string) {
	var doc *xml.Node
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
	resume := node.Resume{}
	if resumed {
		resume.Left = slices.Clone(u.undone)
	}
	kept := u.p.host(u.n).kept
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
	u.timers = append(u.timers, timer{u.w.Now + 2*time.Second, nil, u.life, func() { u.aged(born) }})
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
	u.timers = append(u.timers, timer{u.w.Now + d, ev, u.life, nil})
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
			u.undone = append(u.undone, controller.Held{Ticket: a.Ticket, From: a.From, Sys: a.Sys, Request: a.Op.Clone()})
		case node.Keep:
			kept := u.p.host(u.n).kept
			if kept[a.Resource] = a.Kept; a.Params == nil {
				delete(kept, a.Resource)
			}
		case node.Settled:
			u.backlog = append(u.backlog, mcast{settled: a.Ticket})
		case node.Respond:
			u.answered(a.Msg)
		case node.Notify:
			u.answered(a.Msg)
		case node.Save:
			saved = &node.Saved{Code: u.save(a.Doc)}
		case node.Run:
			u.runAgent(a.Run)
		case node.RunFence:
			u.fence(a.Run)
		case node.GetMetadata:
			u.later(time.Millisecond, node.GotMetadata{Agent: a.Agent})
		case node.Plan:
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

// runAgent pretends an agent: it takes a while, and its resource is then
// running or not.
func (u *Pacemaker) runAgent(r lrmd.Run) {
	u.p.AgentOps++
	f := lrmd.Finish{ID: r.ID}
	if r.Resumed {
		u.resumeAgent(r)
		return
	}
	if until := u.agents[r.Op.Resource]; until > u.w.Now {
		u.w.Failf("node %d: %s of %s while something runs on it", u.n.ID, r.Op.Action, r.Op.Resource)
	}
	ticket := r.Op.Ticket
	if ticket == "" {
		ticket = fmt.Sprintf("run %d of %d", r.ID, u.life)
		u.undone = append(u.undone, controller.Held{Ticket: ticket})
	}
	for i := range u.undone {
		if h := &u.undone[i]; h.Ticket == ticket {
			h.Begun = &r.Op
		}
	}
	on := Where(u.w)[r.Op.Resource]
	if u.Strict && (r.Op.Action == "start" && len(on) > 0 || r.Op.Action == "stop") {
		u.w.Failf("node %d: %s of %s, which runs on %v", u.n.ID, r.Op.Action, r.Op.Resource, on)
	}
	took := u.act(r.Op, on, &f)
	u.w.trace("node %d: %s %s, rc %d", u.n.ID, r.Op.Resource, r.Op.Action, f.RC)
	u.agents[r.Op.Resource] = u.w.Now + took
	u.agentEnds(r, took, ticket, f)
}

// agentEnds has an agent end after a while. What nobody waits for is forgotten
// then.
func (u *Pacemaker) agentEnds(r lrmd.Run, took time.Duration, ticket string, f lrmd.Finish) {
	u.timers = append(u.timers, timer{u.w.Now + took, nil, u.life, func() {
		if r.Op.Ticket == "" || r.Op.Interval > 0 && r.Resumed {
			u.settle(ticket)
		}
		u.step(node.AgentDone{Finish: f})
	}})
}

func (u *Pacemaker) settle(ticket string) {
	u.undone = slices.DeleteFunc(u.undone, func(h controller.Held) bool { return h.Ticket == ticket })
}

// resumeAgent waits for what an earlier process has started; what it came to
// is found out by a monitor.
func (u *Pacemaker) resumeAgent(r lrmd.Run) {
	f := lrmd.Finish{ID: r.ID}
	on := u.Active[r.Op.Resource]
	switch {
	case r.Op.Action == "monitor" && !on:
		f.RC = lrmd.RCNotRunning
	case r.Op.Action == "start" && !on, r.Op.Action == "stop" && on:
		f.RC = lrmd.RCError
	}
	took := max(u.agents[r.Op.Resource]-u.w.Now, 0) + time.Millisecond
	u.agents[r.Op.Resource] = u.w.Now + took
	u.agentEnds(r, took, r.Op.Ticket, f)
}

// Tick runs what is due.
func (u *Pacemaker) Tick(now time.Duration) {
	if p := u.promise; p.n != 0 {
		switch {
		case p.ring != u.rings || !u.quorum.Quorate:
			u.promise = promise{}
		case now-p.at >= standFor:
			u.w.trace("node %d: write %d is everybody's", u.n.ID, p.n)
			u.p.Acked, u.promise = append(u.p.Acked, p.n), promise{}
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

const simClient = "sim-client"

// Ask sends an operation to the node's CIB as a client would, and calls then
// with its cib_rc.
func (u *Pacemaker) Ask(op, section, data string, then func(rc string)) {
	if u.Node == nil || u.Exit != 0 || u.away {
		return
	}
	if u.frame == 0 {
		u.step(node.ClientOpened{Client: simClient, Service: "cib_rw", User: "root", Program: "sim", Privileged: true})
	}
	u.frame++
	call := fmt.Sprint(u.frame + 1)
	msg, err := xml.Parse([]byte(`<cib_command t="cib" cib_op="` + op + `" cib_section="` + section + `" cib_callid="` + call +
		`" cib_callopt="4096"><cib_calldata>` + data + `</cib_calldata></cib_command>`))
	if err != nil {
		u.w.Failf("node %d: %v", u.n.ID, err)
		return
	}
	u.asked[call] = then
	u.step(node.ClientAsked{Client: simClient, Frame: u.frame, Wants: true, Msg: msg})
}

// Hangup ends the client that asked, whatever it waits for.
func (u *Pacemaker) Hangup() {
	if u.frame != 0 {
		u.asked, u.frame = map[string]func(string){}, 0
		u.step(node.ClientClosed{Client: simClient})
	}
}

func (u *Pacemaker) answered(msg *xml.Node) {
	call := msg.Get("cib_callid")
	if then := u.asked[call]; then != nil {
		delete(u.asked, call)
		then(msg.Get("cib_rc"))
	}
}

// Write writes entry n into the CIB of a node; what is acknowledged must never
// be lost. Each has an entry of its own: of two writes to the same place that
// are under way together either may come last.
func (u *Pacemaker) Write(n int) {
	u.w.trace("node %d: write %d asked", u.n.ID, n)
	on := u.rings // what is sent on one ring and comes on the next may be lost with it
	u.Ask("cib_modify", "crm_config", fmt.Sprintf(`<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="write-%d" name="write-%d" value="done"/></cluster_property_set></crm_config>`, n, n),
		func(rc string) {
			if rc == "0" && u.rings == on {
				u.w.trace("node %d: write %d acknowledged", u.n.ID, n)
				u.promise = promise{n, u.w.Now, on}
			}
		})
}

// Shutdown asks pacemaker for an orderly end.
func (u *Pacemaker) Shutdown() {
	u.w.trace("node %d: pacemaker is asked to stop", u.n.ID)
	u.step(node.Shutdown{})
}

// Prefer has a client want a resource on a node.
func (u *Pacemaker) Prefer(n int) {
	u.Ask("cib_modify", "constraints", fmt.Sprintf(`<constraints><rsc_location id="prefer" rsc="vip" node="n%d" score="500"/></constraints>`, n), nil)
}

// Settled tells whether this node has been on a quorate ring for so long that a
// loss would have been noticed, with all nodes that run, and has joined a DC, which
// makes all copies of the CIB one. Pacemaker takes changes without any of that, and
// of two of one version that were made in two partitions one goes: clients that
// must not lose any write where this holds.
func (u *Pacemaker) Settled() bool {
	if u.Node == nil || u.Exit != 0 || u.quorum == nil || !u.quorum.Quorate || u.w.Now-u.ringAt < standFor {
		return false
	}
	for _, n := range u.w.Nodes {
		if n.Ring != nil && !slices.Contains(u.quorum.Members, uint32(n.ID)) {
			return false
		}
	}
	return u.Node.State() == controller.NotDC || u.Node.IsDC() && u.Node.State() == controller.Idle
}

// Wrote tells whether entry n is in the node's CIB.
func (u *Pacemaker) Wrote(n int) bool {
	return u.Node != nil && u.Node.CIB().ByID("nvpair", fmt.Sprint("write-", n)) != nil
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
