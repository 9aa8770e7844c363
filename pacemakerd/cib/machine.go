package cib

import (
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A Machine is the CIB manager of one node (pacemaker-based). It answers local
// clients, multicasts what modifies, and applies what CPG delivers, its own
// messages included. It does not read a clock and touches no file.
type Machine struct {
	cfg     Config
	doc     *xml.Element
	primary bool // this node is the DC's
	clients map[string]*client

	comparing

	// What is on disk (durable.go).
	unsaved Code
	saveAt  time.Duration // 0: nothing to write again
	held    *applied      // waits for its Saved
	behind  []Event       // what came meanwhile

	leaving bool
	left    bool

	now time.Duration
	out []Action
}

// Config sets up a Machine.
type Config struct {
	Node    string // own node name, required
	Doc     *xml.Element
	Schemas Schemas                       // nil accepts everything
	InGroup func(user, group string) bool // of a group's list of members, for access control
	Clock   func() string                 // ctime of now, for cib-last-written
	Log     *slog.Logger                  // nil discards
	Peers   func() []uint32               // ids of the nodes in group cib, self included; nil if others are always there
	Allowed func(op *Op) string           // "" if the client may do op; else why not
}

// Event is an input of the Machine.
type Event interface{ isEvent() }

type (
	// Connected is a new client. ReadOnly is cib_ro.
	Connected struct {
		Client, User string
		Name         string // process name, until register tells another
		Privileged   bool   // root or hacluster: may act for others
		ReadOnly     bool
		Inside       bool // a part of this process, not a client of it
	}
	// Disconnected says that a client is gone.
	Disconnected struct{ Client string }
	// Asked is a message of a client. Frame is handed back with its answer.
	Asked struct {
		Client string
		Frame  int32
		Wants  bool // a response frame is expected
		Msg    *xml.Element
	}
	// Delivered is a message of group cib, from a node, in CPG order.
	Delivered struct {
		From string
		Msg  *xml.Element
	}
	// Saved is the outcome of a Save, before any other event. Code is OK, or
	// tells clients what the disk said.
	Saved struct{ Code Code }
	// Behind says that this copy may be old: the DC's is asked for.
	Behind struct{}
	// Tick says only that time has passed.
	Tick struct{}
)

func (Saved) isEvent()        {}
func (Connected) isEvent()    {}
func (Disconnected) isEvent() {}
func (Asked) isEvent()        {}
func (Delivered) isEvent()    {}
func (Behind) isEvent()       {}
func (Tick) isEvent()         {}

// Action is an output of the Machine. The caller carries them out in order.
type Action interface{ isAction() }

type (
	// Send multicasts Msg in group cib; To is a node's name, or "" for all.
	Send struct {
		To  string
		Msg *xml.Element
	}
	// Respond answers the request frame of a client.
	Respond struct {
		Client string
		Frame  int32
		Msg    *xml.Element
	}
	// Event sends a client something it did not wait for.
	Notify struct {
		Client string
		Msg    *xml.Element
	}
	// Save makes the configuration durable before what follows it; Saved is the
	// answer.
	Save struct{ Doc *xml.Element }
	// Unsaved tells that the disk does not hold what is in force, and why; with
	// OK that it does again.
	Unsaved struct{ Code Code }
	// Changed reports an applied change to the rest of the node. Doc must not
	// be modified.
	Changed struct {
		Op     *Op
		Patch  *xml.Element
		Doc    *xml.Element
		Config bool // something below configuration
	}
	// Refused reports a delivered operation that was not applied.
	Refused struct {
		Op   *Op
		Code Code
	}
)

func (Send) isAction()    {}
func (Respond) isAction() {}
func (Notify) isAction()  {}
func (Save) isAction()    {}
func (Unsaved) isAction() {}
func (Changed) isAction() {}
func (Refused) isAction() {}

type client struct {
	Connected
	notify map[string]bool
	frames map[string]int32 // call id → frame waiting for its response
}

// peersOnly are the attributes by which nodes tell each other what a message is.
// A client that had them passed on would speak as a node.
var peersOnly = []string{"src", "cib_update", "cib_isreplyto", "original_cib_op", "cib_schema_max", "cib_delegated_from", "cib_clientid", "cib_clientname"}

// What one client may have.
const (
	maxWaiting = 64 // calls that wait for their answer; a client waits in one
	maxKinds   = 32 // of notifications
)

// New returns a Machine that holds cfg.Doc.
func New(cfg Config) *Machine {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Doc == nil {
		cfg.Doc = Empty()
	}
	return &Machine{cfg: cfg, doc: cfg.Doc, clients: map[string]*client{}}
}

func (m *Machine) env() Env { return Env{m.cfg.Schemas, m.cfg.InGroup} }

// Doc returns the current document, which must not be modified.
func (m *Machine) Doc() *xml.Element { return m.doc }

// Primary tells whether this node's controller is the DC.
func (m *Machine) Primary() bool { return m.primary }

// Clients returns how many clients are connected.
func (m *Machine) Clients() int { return len(m.clients) }

// Step feeds one event in and returns what to do. The slice is valid until the
// next Step.
func (m *Machine) Step(now time.Duration, ev Event) []Action {
	m.now = now
	m.out = nil
	if outcome, ok := ev.(Saved); ok {
		m.saved(outcome.Code)
	} else {
		m.take(ev)
	}
	for m.held == nil && len(m.behind) > 0 {
		ev := m.behind[0]
		m.behind = m.behind[1:]
		m.take(ev)
	}
	if m.held == nil && m.saveAt != 0 && now >= m.saveAt {
		m.saveAt = 0
		m.do(Save{m.doc})
	}
	if m.pingAt != 0 && now >= m.pingAt {
		m.ping()
	}
	return m.out
}

func (m *Machine) take(ev Event) {
	if m.held != nil {
		m.behind = append(m.behind, ev)
		return
	}
	switch ev := ev.(type) {
	case Connected:
		m.clients[ev.Client] = &client{Connected: ev, notify: map[string]bool{}, frames: map[string]int32{}}
	case Disconnected:
		delete(m.clients, ev.Client)
	case Asked:
		if c := m.clients[ev.Client]; c != nil {
			m.asked(c, ev)
		}
	case Delivered:
		m.delivered(ev)
	case Behind:
		m.askSync()
	}
}

// Next returns when the Machine wants a Tick, 0 for not at all.
func (m *Machine) Next() (at time.Duration, why string) {
	if m.saveAt != 0 && (m.pingAt == 0 || m.saveAt < m.pingAt) {
		return m.saveAt, "write the CIB again"
	}
	return m.pingAt, "compare digests"
}

func (m *Machine) do(a Action) { m.out = append(m.out, a) }

func (m *Machine) asked(c *client, ev Asked) {
	msg := ev.Msg
	respond := func(n *xml.Element) {
		if ev.Wants {
			m.do(Respond{c.Client, ev.Frame, n})
		}
	}
	switch op := msg.Get("cib_op"); op {
	case "register":
		if n := msg.Get("cib_clientname"); n != "" {
			c.Name = n
		}
		respond(xml.New("cib_common_callback_worker", "cib_op", "register", "cib_clientid", c.Client))
		return
	case "cib_notify":
		on, _ := strconv.Atoi(msg.Get("cib_notify_activate"))
		status := "0"
		if kind := msg.Get("cib_notify_type"); kind == "" {
			status = "2" // CRM_EX_INVALID_PARAM
		} else if on == 0 {
			delete(c.notify, kind)
		} else if len(c.notify) < maxKinds {
			c.notify[kind] = true
		}
		respond(xml.New("ack", "function", "cib_common_callback_worker", "line", "0", "status", status))
		return
	case "":
		respond(xml.New("nack", "function", "cib_common_callback", "line", "0", "status", "76"))
		return
	}
	for _, a := range peersOnly {
		msg.Unset(a)
	}
	op := Decode(msg)
	if op.User == "" || !c.Privileged {
		op.User = c.User
	}
	op.ClientID, op.ClientName = c.Client, c.Name
	if ev.Wants && op.Options&SyncCall != 0 {
		if len(c.frames) >= maxWaiting {
			m.cfg.Log.Warn("client has too many requests under way", "client", c.Name, "user", c.User, "op", op.Name)
			respond(Reply(op, TryAgain, nil))
			return
		}
		c.frames[op.CallID] = ev.Frame
	}
	if op.Options&DiscardReply != 0 {
		respond(xml.New("ack", "function", "cib_common_callback", "line", "0", "status", "0"))
	}
	answer := func(code Code, out *xml.Element) { m.answer(c, op, code, out) }
	switch {
	case (op.Modifies() || op.Name == OpSync || op.Name == OpSyncOne) && c.ReadOnly:
		answer(AccessDenied, nil)
	case op.Modifies() && m.cfg.Allowed != nil && m.cfg.Allowed(op) != "":
		m.cfg.Log.Info("operation refused", "client", c.Name, "user", op.User, "op", op.Name, "why", m.cfg.Allowed(op))
		answer(AccessDenied, nil)
	case op.Name == OpQuery && (op.Host == "" || strings.EqualFold(op.Host, m.cfg.Node)):
		r := m.Try(op)
		if r.Panic != nil {
			m.cfg.Log.Error("query broken off; this is a fault of ours, please report it", "section", op.Section, "client", c.Name, "err", r.Panic)
		}
		answer(r.Code, r.Output)
	case op.Name == OpMaster, op.Name == OpSlave, op.Name == OpSlaveAll:
		if !c.Privileged {
			answer(AccessDenied, nil)
			return
		}
		m.setPrimary(op.Name == OpMaster)
		answer(OK, nil)
	case op.Name == OpIsMaster:
		if m.primary {
			answer(OK, nil)
		} else {
			answer(NoPermission, nil)
		}
	case op.Name == OpNoop:
		answer(OK, nil)
	case op.Modifies(), op.Name == OpQuery, op.Name == OpSync, op.Name == OpSyncOne, op.Name == OpPing:
		m.forward(c, op, msg)
	default:
		answer(NotSupported, nil)
	}
}

// forward multicasts a client's operation with what peers need to know.
func (m *Machine) forward(c *client, op *Op, msg *xml.Element) {
	fwd := msg.Clone()
	fwd.Set("cib_clientid", c.Client)
	fwd.Set("cib_clientname", c.Name)
	fwd.Set("acl_target", op.User)
	fwd.Set("cib_user", op.User)
	fwd.Set("src", m.cfg.Node)
	fwd.Set("cib_delegated_from", m.cfg.Node)
	m.do(Send{op.Host, fwd})
}

// answer tells a local client the outcome of its operation, in the way it
// asked for: as the response to its frame, or as an event.
func (m *Machine) answer(c *client, op *Op, code Code, out *xml.Element) {
	frame, waits := c.frames[op.CallID]
	delete(c.frames, op.CallID)
	if op.Options&DiscardReply != 0 && !waits {
		return
	}
	reply := Reply(op, code, out)
	if waits {
		m.do(Respond{c.Client, frame, reply})
		return
	}
	m.do(Notify{c.Client, reply})
}

// Reply builds the answer to an operation. out is copied.
func Reply(op *Op, code Code, out *xml.Element) *xml.Element {
	n := xml.New("cib-reply", "t", "cib", "cib_op", op.Name, "cib_callid", op.CallID, "cib_clientid", op.ClientID,
		"cib_callopt", strconv.Itoa(int(op.Options)), "cib_rc", strconv.Itoa(int(code)))
	if out != nil {
		n.Append(xml.New("cib_calldata")).Append(out.Clone())
	}
	return n
}

func (m *Machine) setPrimary(on bool) {
	if m.primary != on {
		m.cfg.Log.Debug("primary changed", "primary", on)
	}
	m.primary = on
	if !on {
		m.pingAt = 0
	}
}

// sorted returns the ids of the clients: map order must not leak.
func (m *Machine) sorted() []string {
	ids := make([]string, 0, len(m.clients))
	for id := range m.clients {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
