package stonith

import (
	"errors"
	"log/slog"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// ErrNoDevice says that no device can fence the target.
var ErrNoDevice = errors.New("No such device")

// ErrTopology says that the target has fencing levels.
var ErrTopology = errors.New("fencing levels are not supported yet: remove them from the fencing-topology, or confirm by hand")

// ErrTimeout says that nobody has fenced it in time.
var ErrTimeout = errors.New("Timer expired")

// Config sets up a Machine.
type Config struct {
	Node  string
	ID    uint32
	PID   uint32
	Cache *peer.Cache // the node's; read only here
	UUID  func() string
	Wall  func() int64
	Log   *slog.Logger // nil discards
}

// Action is an output of the Machine.
type Action interface{ isAction() }

type (
	// Send multicasts Msg in group stonith-ng; To is a node's name, "" for all.
	Send struct {
		To  string
		Msg *xml.Element
	}
	// Respond answers a client's frame; Notify sends it an event.
	Respond struct {
		Client string
		Frame  int32
		Msg    *xml.Element
	}
	Notify struct {
		Client string
		Msg    *xml.Element
	}
	// Run runs a fence agent; Finished follows.
	Run struct{ lrmd.Run }
	// Metadata asks for a fence agent's meta-data; GotMetadata follows.
	Metadata struct{ Agent lrmd.Agent }
	// Operated is the end of an operation that Operate began.
	Operated struct{ lrmd.Finish }
	// Fenced is the outcome of Fence: Err is nil if the target is down for sure.
	Fenced struct {
		ID     int
		Target string
		Err    error
	}
	// SelfFenced says that somebody has fenced this very node.
	SelfFenced struct{}
)

func (Send) isAction()       {}
func (Respond) isAction()    {}
func (Notify) isAction()     {}
func (Run) isAction()        {}
func (Metadata) isAction()   {}
func (Operated) isAction()   {}
func (Fenced) isAction()     {}
func (SelfFenced) isAction() {}

// A Machine is the fencer of one node.
type Machine struct {
	cfg     Config
	conf    *xml.Element // resources, constraints and fencing-topology as last read
	devices []*device    // those this node may use, by id
	started map[string]bool
	ops     map[string]*operation // those that this node began, by id
	history []*xml.Element        // <st_execute>, oldest first
	runs    map[int]func(lrmd.Finish)
	nextRun int
	operate map[int]int // run of the executor → our run, 0 before it
	metas   map[string]*lrmd.Metadata
	asking  map[string]bool
	clients map[string]*client
	later   []delayed
	out     []Action
	now     time.Duration
}

type client struct{ notify map[string]bool }

// delayed is work for later: a retry, or a configured delay.
type delayed struct {
	at time.Duration
	do func()
}

// New returns a Machine that knows no devices.
func New(cfg Config) *Machine {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Machine{cfg: cfg, started: map[string]bool{}, ops: map[string]*operation{}, runs: map[int]func(lrmd.Finish){},
		operate: map[int]int{}, metas: map[string]*lrmd.Metadata{}, asking: map[string]bool{}, clients: map[string]*client{}}
}

func (m *Machine) begin(now time.Duration) {
	m.now = now
	m.out = nil
}

func (m *Machine) do(a Action) { m.out = append(m.out, a) }

// Start is called when this node has joined group stonith-ng.
func (m *Machine) Start(now time.Duration) []Action {
	m.begin(now)
	m.do(Send{"", xml.New("stonith_command", "__name__", "stonith_command", "t", "stonith-ng", "st_op", "poke")})
	return m.out
}

// PeersChanged is called when nodes have joined or left the group.
func (m *Machine) PeersChanged(now time.Duration, joined, left []string) []Action {
	m.begin(now)
	for _, op := range m.sorted() {
		for _, name := range left {
			op.peerLost(m, name)
		}
	}
	return m.out
}

// run runs a fence agent with the given options; then is called at its end.
func (m *Machine) run(agent, rsc string, timeout time.Duration, options []xml.Attr, then func(lrmd.Finish)) int {
	m.nextRun++
	m.runs[m.nextRun] = then
	m.do(Run{lrmd.Run{ID: m.nextRun, Op: lrmd.Op{Resource: rsc, Agent: lrmd.Agent{Class: "stonith", Type: agent}, Timeout: timeout, Params: options}}})
	return m.nextRun
}

// Finished takes the end of a Run.
func (m *Machine) Finished(now time.Duration, f lrmd.Finish) []Action {
	m.begin(now)
	then := m.runs[f.ID]
	delete(m.runs, f.ID)
	if then != nil {
		then(f)
	}
	return m.out
}

// GotMetadata takes a fence agent's meta-data, nil if it gave none.
func (m *Machine) GotMetadata(now time.Duration, agent lrmd.Agent, meta *lrmd.Metadata) []Action {
	m.begin(now)
	if agent.Class == "stonith" {
		delete(m.asking, agent.Type)
		m.metas[agent.Type] = meta
	}
	return m.out
}

// Operate carries out an operation of a stonith resource; Operated follows.
// A device is started when its monitor has succeeded once; every fencer may
// use any device all the same (resource-agents.md 8).
func (m *Machine) Operate(now time.Duration, r lrmd.Run) []Action {
	m.begin(now)
	end := func(rc int, s lrmd.Status, why string) {
		delete(m.operate, r.ID)
		m.do(Operated{lrmd.Finish{ID: r.ID, RC: rc, Status: s, Reason: why}})
	}
	id := r.Op.Resource
	switch {
	case r.Op.Action == "stop":
		delete(m.started, id)
		end(lrmd.RCOK, lrmd.Done, "")
	case r.Op.Action == "monitor" && r.Op.Interval == 0:
		if m.started[id] {
			end(lrmd.RCOK, lrmd.Done, "")
		} else {
			end(lrmd.RCNotRunning, lrmd.Done, "")
		}
	case r.Op.Action == "start", r.Op.Action == "monitor":
		d := &device{id: id, agent: r.Op.Agent.Type, params: r.Op.Params}
		m.operate[r.ID] = m.run(d.agent, id, r.Op.Timeout, d.options("monitor", "", m.metas[d.agent]), func(f lrmd.Finish) {
			switch {
			case f.Status != lrmd.Done:
				end(lrmd.RCError, f.Status, f.Reason)
			case f.RC != 0:
				delete(m.started, id)
				end(lrmd.RCError, lrmd.Done, f.Reason)
			default:
				m.started[id] = true
				end(lrmd.RCOK, lrmd.Done, "")
			}
		})
	default:
		end(3, lrmd.NotSupported, "Action "+r.Op.Action+" is not supported for fence devices")
	}
	return m.out
}

// Operating tells whether a run of the executor is one of Operate's.
func (m *Machine) Operating(id int) bool { return m.operate[id] != 0 }

// Abandon ends an operation of Operate before its time: its result does not
// count any more.
func (m *Machine) Abandon(now time.Duration, id int) []Action {
	m.begin(now)
	if run := m.operate[id]; run != 0 {
		delete(m.operate, id)
		m.runs[run] = nil
		m.do(Operated{lrmd.Finish{ID: id, RC: lrmd.RCUnknown, Status: lrmd.Cancelled}})
	}
	return m.out
}

func (m *Machine) after(d time.Duration, do func()) {
	if d <= 0 {
		do()
		return
	}
	m.later = append(m.later, delayed{m.now + d, do})
}

// Tick carries out what is due; Next says when that is, 0 for never.
func (m *Machine) Tick(now time.Duration) []Action {
	m.begin(now)
	due := m.later
	m.later = nil
	for _, d := range due {
		if d.at <= now {
			d.do()
		} else {
			m.later = append(m.later, d)
		}
	}
	for _, op := range m.sorted() {
		op.tick(m)
	}
	return m.out
}

// Next returns when the Machine wants a Tick, and why.
func (m *Machine) Next() (at time.Duration, why string) {
	take := func(t time.Duration, name string) {
		if t != 0 && (at == 0 || t < at) {
			at, why = t, name
		}
	}
	for _, d := range m.later {
		take(d.at, "fencing delay")
	}
	for _, op := range m.ops {
		take(op.deadline, "fencing timeout")
	}
	return at, why
}
