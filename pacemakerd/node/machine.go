package node

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/attrd"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/controller"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/stonith"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Config sets up a Machine.
type Config struct {
	Node        string // own name, required
	ID          uint32 // own corosync node id, required
	PID         uint32
	Version     string // written as dc-version
	ClusterName string
	CIB         *xml.Element // as loaded from disk; nil for an empty one
	Schemas     cib.Schemas
	InGroup     func(user, group string) bool // of a group's list of members; nil: in none
	Cores       int
	UUID        func() string // a new random UUID
	Wall        func() int64  // seconds since 1970
	CTime       func() string // now, in ctime's form
	Log         *slog.Logger  // nil discards

	// Resumed says that an earlier process of this node died in the cluster and
	// that the others have not seen it leave; DC is whom it took for the DC.
	Resumed bool
	DC      string
}

// leaveWait is how long a leaving CIB manager waits for a peer's word.
const leaveWait = 10 * time.Second

// A Machine is all of pacemaker on one node.
type Machine struct {
	cfg   Config
	log   *slog.Logger
	cache *peer.Cache
	cib   *cib.Machine
	attrd *attrd.Machine
	dc    *controller.Machine
	fence *stonith.Machine

	clients map[string]*client
	own     map[string]*inside // clients within this process, by id
	crmd    *inside
	attr    *inside

	members   map[string][]uint32 // group → members
	in        map[string]bool     // groups that this node is in
	nameless  []uint32            // in attrd, but their name is not known yet
	quorate   bool
	hasQuorum bool // a Quorum event has come
	started   bool

	msgID    uint32
	leaving  bool
	exitCode int
	exitAt   time.Duration
	exited   bool

	now   time.Duration
	queue []func()
	// unknowing waits until a resumed node knows the attributes
	unknowing []func()
	out       []Action
}

type client struct {
	ClientOpened
	hello  bool   // has introduced itself to crmd
	fencer string // the name that the fencer knows it by: what it registered as, with its PID
}

// inside is a client of the CIB within this process.
type inside struct {
	id, name string
	calls    int
	tags     map[string]int // call id → tag
}

// New returns a Machine. Its first Tick makes it join its groups.
func New(cfg Config) *Machine {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	m := &Machine{
		cfg: cfg, log: cfg.Log, cache: peer.NewCache(),
		clients: map[string]*client{}, own: map[string]*inside{},
		members: map[string][]uint32{}, in: map[string]bool{},
	}
	me := m.cache.Get(cfg.ID)
	me.Name = cfg.Node
	m.cib = cib.New(cib.Config{Node: cfg.Node, Doc: cfg.CIB, Schemas: cfg.Schemas, InGroup: cfg.InGroup, Clock: cfg.CTime, Log: cfg.Log,
		Peers: func() []uint32 { return m.members["cib"] }})
	writer := func() *peer.Writer { return &peer.Writer{Version: cib.FeatureSet, Now: cfg.Wall} }
	m.attrd = attrd.New(attrd.Config{Node: cfg.Node, ID: cfg.ID, Writer: writer(), Cache: m.cache, Log: cfg.Log, Version: cib.FeatureSet,
		Resumed: cfg.Resumed, Stored: m.storedAttributes})
	m.dc = controller.New(controller.Config{Node: cfg.Node, ID: cfg.ID, FeatureSet: cib.FeatureSet, Version: cfg.Version, ClusterName: cfg.ClusterName,
		UUID: cfg.UUID(), Writer: writer(), Cache: m.cache, Wall: cfg.Wall, Cores: cfg.Cores, Log: cfg.Log, MayForget: m.mayForget,
		Resumed: cfg.Resumed, DC: cfg.DC}, m.cib.Doc())
	m.fence = stonith.New(stonith.Config{Node: cfg.Node, ID: cfg.ID, PID: cfg.PID, Cache: m.cache, UUID: cfg.UUID, Wall: cfg.Wall, Log: cfg.Log})
	m.crmd, m.attr = m.insider("crmd"), m.insider("attrd")
	m.drain()
	m.out = nil
	return m
}

func (m *Machine) insider(name string) *inside {
	c := &inside{id: m.cfg.UUID(), name: name, tags: map[string]int{}}
	m.own[c.id] = c
	m.cibStep(cib.Connected{Client: c.id, User: "hacluster", Name: name, Privileged: true, Inside: true})
	return c
}

// DC returns the name of the DC as this node knows it, "" for none.
func (m *Machine) DC() string { return m.dc.DC() }

// IsDC tells whether this node is the DC.
func (m *Machine) IsDC() bool { return m.dc.IsDC() }

// State returns the controller's state.
func (m *Machine) State() controller.State { return m.dc.State() }

// CIB returns the current document, which must not be modified.
func (m *Machine) CIB() *xml.Element { return m.cib.Doc() }

// Step feeds one event in and returns what to do about it. The slice is valid
// until the next Step.
func (m *Machine) Step(now time.Duration, ev Event) []Action {
	m.now, m.out = now, nil
	if m.exited {
		return nil
	}
	if !m.started {
		m.started = true
		m.fenceDo(m.fence.CIBChanged(now, m.cib.Doc()))
		for _, g := range Groups {
			m.do(Join{g})
		}
	}
	m.take(ev)
	m.drain()
	m.tick()
	m.drain()
	return m.out
}

// Next returns when the Machine wants a Tick and why; 0 for not at all.
func (m *Machine) Next() (at time.Duration, why string) {
	take := func(t time.Duration, name string) {
		if t != 0 && (at == 0 || t < at) {
			at, why = t, name
		}
	}
	take(m.cib.Next())
	take(m.attrd.Next())
	take(m.dc.Next())
	take(m.fence.Next())
	take(m.exitAt, "leaving")
	return at, why
}

func (m *Machine) do(a Action) { m.out = append(m.out, a) }

// later puts work behind what is already queued, so that machines never call
// each other in the middle of their own actions.
func (m *Machine) later(f func()) { m.queue = append(m.queue, f) }

func (m *Machine) drain() {
	for len(m.queue) > 0 {
		f := m.queue[0]
		m.queue = m.queue[1:]
		f()
	}
}

func (m *Machine) tick() {
	now := m.now
	due := func(at time.Duration, _ string) bool { return at != 0 && now >= at }
	if due(m.cib.Next()) {
		m.cibStep(cib.Tick{})
	}
	if due(m.attrd.Next()) {
		m.attrdDo(m.attrd.Tick(now))
	}
	if due(m.dc.Next()) {
		m.dcDo(m.dc.Tick(now))
	}
	if due(m.fence.Next()) {
		m.fenceDo(m.fence.Tick(now))
	}
	if m.leaving && (m.cib.Left() || due(m.exitAt, "")) {
		m.exit()
	}
}

func (m *Machine) take(ev Event) {
	switch ev := ev.(type) {
	case Message:
		m.message(ev)
	case Confchg:
		m.confchg(ev)
	case Quorum:
		m.quorum(ev)
	case Names:
		for _, id := range slices.Sorted(maps.Keys(ev.ByID)) {
			m.named(m.cache.Get(id), ev.ByID[id])
		}
	case ClientOpened:
		m.opened(ev)
	case ClientAsked:
		m.asked(ev)
	case ClientClosed:
		m.closed(ev.Client)
	case AgentDone:
		m.dcDo(m.dc.Finished(m.now, ev.Finish))
	case AgentOverdue:
		m.dcDo(m.dc.Overdue(m.now, ev.ID))
	case FenceAgentDone:
		m.fenceDo(m.fence.Finished(m.now, ev.Finish))
	case GotMetadata:
		m.dcDo(m.dc.GotMetadata(m.now, ev.Agent, ev.Meta))
		m.fenceDo(m.fence.GotMetadata(m.now, ev.Agent, ev.Meta))
	case Planned:
		m.dcDo(m.dc.Planned(m.now, ev.ID, ev.Graph, ev.Err))
	case Saved:
		m.cibStep(cib.Saved{Code: ev.Code})
	case Age:
		m.dc.SetAge(ev.Used)
		m.attrd.SetAge(ev.Used)
	case Shutdown:
		m.attrd.Shutdown()
		m.dcDo(m.dc.Shutdown(m.now))
	case Resume:
		m.dcDo(m.dc.Resume(m.now, ev.Left, ev.Kept))
	case Tick:
	}
}

func (m *Machine) named(p *peer.Peer, name string) {
	if name == "" || p.Name == name {
		return
	}
	if p.Name != "" && p.ID == m.cfg.ID {
		return
	}
	p.Name = name
	if i := slices.Index(m.nameless, p.ID); i >= 0 {
		m.nameless = slices.Delete(m.nameless, i, i+1)
		m.later(func() { m.attrdDo(m.attrd.PeersChanged(m.now, []string{name}, nil)) })
	}
}

// message takes one CPG message apart and gives it to the group's machine.
func (m *Machine) message(ev Message) {
	e, err := peer.Decode(ev.Data)
	if err != nil {
		m.log.Debug("message ignored", "group", ev.Group, "node", ev.Node, "err", err)
		return
	}
	p := m.cache.Get(ev.Node)
	m.named(p, e.FromName)
	if e.ToID != 0 && e.ToID != m.cfg.ID || e.ToName != "" && !strings.EqualFold(e.ToName, m.cfg.Node) {
		return
	}
	msg, err := xml.ParseKeepingComments(e.Data)
	if err != nil {
		m.log.Warn("message is not XML", "group", ev.Group, "node", p.Name, "err", err)
		return
	}
	switch ev.Group {
	case "cib":
		m.cibStep(cib.Delivered{From: p.Name, Msg: msg})
	case "crmd":
		m.dcDo(m.dc.Delivered(m.now, p.Name, msg))
	case "attrd":
		m.attrdDo(m.attrd.Delivered(m.now, p.Name, msg))
	case "stonith-ng":
		m.fenceDo(m.fence.Delivered(m.now, p.Name, msg))
	}
}

// confchg takes the new membership of a group.
func (m *Machine) confchg(ev Confchg) {
	old := m.members[ev.Group]
	m.members[ev.Group] = slices.Clone(ev.Members)
	var joined, left []string
	again := false
	for _, p := range m.cache.All() {
		// A node may join again before its dead process has left: what that was told
		// to do is lost all the same.
		restarted := p.ID != m.cfg.ID && count(ev.Members, p.ID) > count(old, p.ID)
		if p.In[ev.Group] && (restarted || !slices.Contains(ev.Members, p.ID)) {
			p.In[ev.Group] = false
			again = again || restarted
			if p.Name != "" {
				left = append(left, p.Name)
			}
		}
	}
	if again && ev.Group == "crmd" {
		m.peersChanged()
	}
	for _, id := range ev.Members {
		p := m.cache.Get(id)
		if p.In[ev.Group] {
			continue
		}
		p.In[ev.Group] = true
		if p.Name != "" {
			joined = append(joined, p.Name)
		} else if ev.Group == "attrd" {
			m.nameless = append(m.nameless, id)
		}
	}
	first := !m.in[ev.Group] && slices.Contains(ev.Members, m.cfg.ID)
	if first {
		m.in[ev.Group] = true
	}
	m.log.Debug("group changed", "group", ev.Group, "members", ev.Members, "before", old)
	switch ev.Group {
	case "attrd":
		if first {
			m.attrdDo(m.attrd.Start(m.now))
		} else {
			m.attrdDo(m.attrd.PeersChanged(m.now, joined, left))
		}
	case "stonith-ng":
		if first {
			m.fenceDo(m.fence.Start(m.now))
		}
		m.fenceDo(m.fence.PeersChanged(m.now, joined, left))
	case "crmd":
		m.peersChanged()
	}
	m.tryStart()
}

// count tells how many processes of a node are in a group.
func count(members []uint32, id uint32) (n int) {
	for _, m := range members {
		if m == id {
			n++
		}
	}
	return n
}

func (m *Machine) quorum(ev Quorum) {
	for _, p := range m.cache.All() {
		p.Member = slices.Contains(ev.Members, p.ID)
	}
	for _, id := range ev.Members {
		m.cache.Get(id).Member = true
	}
	m.quorate, m.hasQuorum = ev.Quorate, true
	m.peersChanged()
	m.tryStart()
}

func (m *Machine) peersChanged() { m.dcDo(m.dc.PeersChanged(m.now, m.quorate)) }

// tryStart starts the controller once all it builds on is there.
func (m *Machine) tryStart() {
	if m.dc.State() != controller.Starting || !m.hasQuorum {
		return
	}
	for _, g := range Groups {
		if !m.in[g] {
			return
		}
	}
	if m.cfg.Resumed {
		m.cibStep(cib.Behind{})
	}
	m.dcDo(m.dc.Start(m.now))
}

// send multicasts a message in a group.
func (m *Machine) send(group, to string, toType, fromType peer.Subsystem, msg *xml.Element) {
	m.msgID++
	e := peer.Envelope{ID: m.msgID, ToName: to, ToType: toType, FromPID: m.cfg.PID, FromType: fromType, FromName: m.cfg.Node, Data: msg.Compact()}
	if to != "" {
		if p := m.cache.ByName(to); p != nil {
			e.ToID = p.ID
		}
	}
	m.do(Multicast{group, e.Append(nil)})
}

// exit leaves what is still joined and ends the node.
func (m *Machine) exit() {
	m.do(Leave{"cib"})
	m.do(Exit{m.exitCode})
	m.exited = true
}
