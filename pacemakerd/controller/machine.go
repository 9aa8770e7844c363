package controller

import (
	"log/slog"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// State of the controller; the text is what crmadmin -S shows.
type State string

// The states.
const (
	Starting         State = "S_STARTING"
	Pending          State = "S_PENDING"
	Electing         State = "S_ELECTION"
	Integration      State = "S_INTEGRATION"
	FinalizeJoin     State = "S_FINALIZE_JOIN"
	PolicyEngine     State = "S_POLICY_ENGINE"
	TransitionEngine State = "S_TRANSITION_ENGINE"
	Idle             State = "S_IDLE"
	NotDC            State = "S_NOT_DC"
	Stopping         State = "S_STOPPING"
	Terminated       State = "S_TERMINATE"
)

// Config sets up a Machine.
type Config struct {
	Node        string
	ID          uint32
	FeatureSet  string
	Version     string // written as dc-version
	ClusterName string // corosync's totem.cluster_name
	UUID        string // of this controller's transitions
	Writer      *peer.Writer
	Cache       *peer.Cache  // the node's; the machine reads it and sets names
	Wall        func() int64 // seconds since 1970
	Cores       int          // for the job limit
	// MayForget tells whether a user who is neither root nor hacluster may have the
	// history of a resource on this node deleted. nil refuses.
	MayForget func(user, resource string) bool
	Log       *slog.Logger // nil discards

	// Resumed says that an earlier controller of this node is dead and that the
	// others have not seen it leave; DC is whom it took for the DC.
	Resumed bool
	DC      string
}

// Action is an output of the Machine. The caller carries them out in order.
type Action interface{ isAction() }

type (
	// Send multicasts Msg in group crmd; To is a node's name, "" for all.
	Send struct {
		To   string
		Type peer.Subsystem
		Msg  *xml.Element
	}
	// CIB asks the local CIB manager for an operation. If Tag is not 0, its
	// outcome comes back through CIBDone.
	CIB struct {
		Op  *cib.Op
		Tag int
	}
	// Plan asks for a transition of CIB, which the caller may keep. The result
	// comes back through Planned.
	Plan struct {
		ID  int
		CIB *xml.Element
	}
	// Attr sets a transient attribute of a node; an empty value deletes it.
	Attr struct{ Node, Name, Value string }
	// ClearFailure forgets the fail counts of a resource on a node.
	ClearFailure struct{ Node, Resource, Op, Interval string }
	// Run runs an agent; the end comes back through Finished.
	Run struct{ lrmd.Run }
	// Kill kills a run.
	Kill struct{ lrmd.Kill }
	// Keep keeps what a resource runs with for the next process, or, without
	// parameters, forgets it. It comes before the Run that it is about.
	Keep struct{ lrmd.Kept }
	// Metadata asks for an agent's meta-data, which comes through GotMetadata.
	Metadata struct{ Agent lrmd.Agent }
	// Fence asks the fencer; the outcome comes back through Fenced.
	Fence struct {
		ID             int
		Target, Action string
		Timeout, Delay time.Duration
	}
	// Reply is for a client of the endpoint crmd.
	Reply struct {
		Client string
		Msg    *xml.Element
	}
	// Role tells who the DC is now, "" for nobody.
	Role struct{ DC string }
	// Left says that this controller is done: code 0 after a shutdown, 100 if
	// pacemaker must not be started again.
	Left struct{ Code int }
)

func (Send) isAction()         {}
func (CIB) isAction()          {}
func (Plan) isAction()         {}
func (Attr) isAction()         {}
func (ClearFailure) isAction() {}
func (Run) isAction()          {}
func (Kill) isAction()         {}
func (Keep) isAction()         {}
func (Metadata) isAction()     {}
func (Fence) isAction()        {}
func (Reply) isAction()        {}
func (Role) isAction()         {}
func (Left) isAction()         {}

// A Machine is the controller of one node.
type Machine struct {
	cfg   Config
	state State
	dc    string // name of the DC, "" if unknown
	isDC  bool
	// fencedDC was the DC, or may have been, when it was fenced for somebody else
	// than a DC, and has not come back: nobody has written that down.
	fencedDC string
	doc      *xml.Element // the CIB as last reported

	election *peer.Election
	seen     map[uint32]presence // the peers as of the last PeersChanged
	quorate  bool
	hadQuor  bool // was quorate at some time
	lostQuor bool // and has lost it since
	version  string

	join     joins
	offer    string          // join id of the DC's offer we answered
	expected map[uint32]bool // id → asked to shut down
	orders   []order         // for the executor, from who may turn out to be the DC

	plan    planning
	graph   *graph
	graphNo int // of the last graph received

	exec executor

	tags    map[int]func(now time.Duration, code cib.Code, out *xml.Element)
	lastTag int

	timers   timers
	stopping bool // a shutdown was asked for
	// What an earlier process of this node left running has to be found before this
	// one may go (shutdown.go).
	unseenUntil time.Duration
	goLater     bool
	now         time.Duration
	out         []Action
}

// presence is what mattered of a peer when it was last looked at.
type presence struct{ member, active bool }

// timers are deadlines; 0 is off.
type timers struct {
	announce    time.Duration // join_announce
	dcDead      time.Duration // no DC has answered
	integration time.Duration
	finalize    time.Duration
	recheck     time.Duration
	replan      time.Duration // delayed planning
	escalation  time.Duration // shutdown takes too long
}

// New returns a Machine that has not started. doc is the CIB.
func New(cfg Config, doc *xml.Element) *Machine {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	m := &Machine{
		cfg:      cfg,
		state:    Starting,
		doc:      doc,
		seen:     map[uint32]presence{},
		expected: map[uint32]bool{},
		tags:     map[int]func(time.Duration, cib.Code, *xml.Element){},
	}
	m.join.reset()
	m.join.id = 0
	if cfg.Resumed && !strings.EqualFold(cfg.DC, cfg.Node) {
		m.dc = cfg.DC // what it has sent meanwhile is done
	}
	m.exec = newExecutor(cfg.Wall)
	m.election = peer.NewElection(cfg.ID, cfg.Node, cfg.FeatureSet, m.option("election-timeout"))
	return m
}

// State returns the state, for crmadmin and tests.
func (m *Machine) State() State { return m.state }

// DC returns the name of the DC, "" if there is none.
func (m *Machine) DC() string { return m.dc }

// IsDC tells whether this node is the DC.
func (m *Machine) IsDC() bool { return m.isDC }

// Quorate tells whether this node's partition has quorum.
func (m *Machine) Quorate() bool { return m.quorate }

// SetAge tells how much CPU time this process has used, which elections go by.
func (m *Machine) SetAge(d time.Duration) { m.election.Age = d }

func (m *Machine) begin(now time.Duration) {
	m.now = now
	m.out = nil
}

func (m *Machine) do(a Action) { m.out = append(m.out, a) }

// request multicasts a controller message; host "" means every node.
func (m *Machine) request(r peer.Request) {
	m.do(Send{To: r.Host, Type: peer.SubCRMD, Msg: m.cfg.Writer.Request(r)})
}

// cibOp asks for a CIB operation and does not look at what comes of it.
func (m *Machine) cibOp(op *cib.Op) { m.do(CIB{Op: op}) }

// cibThen asks for a CIB operation and calls then when it has been carried out.
func (m *Machine) cibThen(op *cib.Op, then func(now time.Duration, code cib.Code, out *xml.Element)) {
	m.lastTag++
	m.tags[m.lastTag] = then
	m.do(CIB{Op: op, Tag: m.lastTag})
}

// Options that go with the controller's updates (pacemaker-cluster.md 5.4).
const (
	optUpdate = cib.QuorumOverride
	optScoped = cib.QuorumOverride | cib.ScopeLocal
	optCreate = optScoped | cib.CanCreate
	optErase  = optScoped | cib.XPath | cib.Multiple
)

func modify(section string, options cib.Options, data *xml.Element) *cib.Op {
	return &cib.Op{Name: cib.OpModify, Section: section, Options: options, Data: data}
}

func erase(xpath string) *cib.Op {
	return &cib.Op{Name: cib.OpDelete, Section: xpath, Options: optErase}
}

// CIBDone tells what came of a CIB action with a tag.
func (m *Machine) CIBDone(now time.Duration, tag int, code cib.Code, out *xml.Element) []Action {
	m.begin(now)
	then := m.tags[tag]
	delete(m.tags, tag)
	if then != nil {
		then(now, code, out)
	}
	m.settle()
	return m.out
}

// enter changes the state. Everything that must happen on the way in or out
// happens here.
func (m *Machine) enter(s State) {
	if s == m.state {
		return
	}
	m.cfg.Log.Debug("state changed", "from", m.state, "state", s)
	switch m.state {
	case Integration:
		m.timers.integration = 0
	case FinalizeJoin:
		m.timers.finalize = 0
	case Idle:
		m.timers.recheck = 0
	}
	m.state = s
	switch s {
	case Integration:
		m.timers.integration = m.now + m.option("join-integration-timeout")
	case FinalizeJoin:
		m.timers.finalize = m.now + m.option("join-finalization-timeout")
	case Idle:
		m.timers.recheck = m.recheckAt()
	case NotDC:
		m.timers.dcDead, m.timers.announce = 0, 0
	}
}

// settle does what follows from the state, until nothing does.
func (m *Machine) settle() {
	if m.goLater && !m.mustStay() {
		m.goLater = false
		if m.stopping { // let go already, when it could not
			m.askToShutDown()
		}
		m.shutdown()
	}
	m.advanceJoin()
	m.advancePlan()
	m.advanceGraph()
	m.assert()
}

func (m *Machine) setDC(name string) {
	if m.dc == name {
		return
	}
	m.dc = name
	if name != "" {
		m.cfg.Log.Info("DC changed", "node", name)
		if !m.isDC {
			m.fencedDC = "" // that one has heard it too
		}
	}
	m.do(Role{name})
	if name != "" {
		m.takeOrders()
	}
}

// self is this node's id as the CIB writes it.
func (m *Machine) self() string { return id(m.cfg.ID) }
