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
		Msg *xml.Node
	}
	// Respond answers a client's frame; Notify sends it an event.
	Respond struct {
		Client string
		Frame  int32
		Msg    *xml.Node
	}
	Notify struct {
		Client string
		Msg    *xml.Node
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
	cfg Config
	doc *xml.Node
	out []Action
	now time.Duration
}

// New returns a Machine that knows no devices.
func New(cfg Config) *Machine {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Machine{cfg: cfg}
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
	return m.out
}

// CIBChanged tells of a new CIB, from which devices and topology are taken.
func (m *Machine) CIBChanged(now time.Duration, doc *xml.Node) []Action {
	m.begin(now)
	m.doc = doc
	return m.out
}

// Delivered handles a message of group stonith-ng from a node.
func (m *Machine) Delivered(now time.Duration, from string, msg *xml.Node) []Action {
	m.begin(now)
	return m.out
}

// Asked handles a request of a local client.
func (m *Machine) Asked(now time.Duration, client, program string, privileged bool, frame int32, wants bool, msg *xml.Node) []Action {
	m.begin(now)
	if !wants {
		return nil
	}
	switch op := msg.Get("st_op"); op {
	case "register":
		m.do(Respond{client, frame, xml.New("reply", "st_op", "register", "st_clientid", client)})
	case "st_notify":
		m.do(Respond{client, frame, xml.New("ack", "function", "handle_request", "line", "0", "status", "0")})
	default:
		r := xml.New("st-reply", "st_origin", "fenced_construct_reply", "t", "stonith-ng", "op-status", "0", "rc-code", "0", "st_rc", "0",
			"st_op", op, "st_callid", msg.Get("st_callid"), "st_clientid", client, "st_clientname", program, "st_callopt", msg.Get("st_callopt"))
		m.do(Respond{client, frame, r})
	}
	return m.out
}

// ClientClosed says that a client is gone.
func (m *Machine) ClientClosed(now time.Duration, client string) []Action { return nil }

// Fence asks for a node to be fenced on behalf of the controller; Fenced with
// the same id follows.
func (m *Machine) Fence(now time.Duration, id int, target, action string, timeout, delay time.Duration) []Action {
	m.begin(now)
	m.do(Fenced{id, target, ErrNoDevice})
	return m.out
}

// Operate carries out an operation of a stonith resource; Operated follows.
func (m *Machine) Operate(now time.Duration, r lrmd.Run) []Action {
	m.begin(now)
	m.do(Operated{lrmd.Finish{ID: r.ID, RC: lrmd.RCNotRunning}})
	return m.out
}

// Operating tells whether a run of the executor is one of Operate's.
func (m *Machine) Operating(id int) bool { return false }

// Abandon ends an operation of Operate before its time.
func (m *Machine) Abandon(now time.Duration, id int) []Action { return nil }

// Finished takes the end of a Run.
func (m *Machine) Finished(now time.Duration, f lrmd.Finish) []Action {
	m.begin(now)
	return m.out
}

// GotMetadata takes a fence agent's meta-data, nil if it gave none.
func (m *Machine) GotMetadata(now time.Duration, agent lrmd.Agent, meta *lrmd.Metadata) []Action {
	m.begin(now)
	return m.out
}

// Tick carries out what is due; Next says when that is, 0 for never.
func (m *Machine) Tick(now time.Duration) []Action {
	m.begin(now)
	return m.out
}

// Next returns when the Machine wants a Tick, and why.
func (m *Machine) Next() (at time.Duration, why string) { return 0, "" }
