package attrd

import (
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Protocol is the version of the attribute protocol that we speak.
const Protocol = 4

const electionTimeout = 120 * time.Second

// Config sets up a Machine.
type Config struct {
	Node   string
	ID     uint32
	Writer *peer.Writer // makes votes
	Cache  *peer.Cache  // shared with the rest of the node; read only here
	Log    *slog.Logger // nil discards

	Version string // feature set that elections announce

	// Stored returns the names of this node's transient attributes in its copy of
	// the CIB. nil is for none.
	Stored func() []string

	// Resumed says that the others have not seen this node leave: they still
	// know its attributes, and are asked for them.
	Resumed bool
}

// A Machine is the attribute manager of one node.
type Machine struct {
	cfg      Config
	attrs    map[string]*attribute
	bytes    int // of their names and values
	election *peer.Election
	writer   string // name of the writer as last seen, "" if none
	stopping bool
	asking   asking
	staleAt  time.Duration  // when what the CIB says of this node is looked at; 0: never
	protocol map[string]int // node name → its protocol
	now      time.Duration
	out      []Action
}

type attribute struct {
	name, set, user string
	dampening       time.Duration
	private         bool
	values          map[string]*value // by lower-case node name
	writeAt         time.Duration     // the dampening timer; 0: not running
	dirty           bool
}

type value struct {
	node   string
	id     uint32
	text   string
	has    bool // false: deleted
	seen   bool // by the writer's last full sync
	remote bool
	gone   bool // has to be deleted from the CIB
}

// Action is an output of the Machine.
type Action interface{ isAction() }

type (
	// Send multicasts Msg in group attrd; To is a node's name, "" for all.
	// Vote marks election messages, which carry another sub-system number.
	Send struct {
		To   string
		Msg  *xml.Element
		Vote bool
	}
	// WriteCIB modifies the status section with Status; Delete means that
	// elements marked __delete__ go away.
	WriteCIB struct {
		Status *xml.Element
		Delete bool
		User   string
	}
	// Erase deletes this node's transient attributes from the CIB, or the one that
	// is named.
	Erase struct{ Name string }
	// Changed reports a new value, for alerts.
	Changed struct{ Node, Name, Value string }
)

func (Send) isAction()     {}
func (WriteCIB) isAction() {}
func (Erase) isAction()    {}
func (Changed) isAction()  {}

// New returns a Machine without attributes.
func New(cfg Config) *Machine {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Machine{
		cfg:      cfg,
		attrs:    map[string]*attribute{},
		election: peer.NewElection(cfg.ID, cfg.Node, cfg.Version, electionTimeout),
		protocol: map[string]int{},
		asking:   asking{active: cfg.Resumed},
	}
}

// Writer tells whether this node writes to the CIB.
func (m *Machine) Writer() bool { return m.election.State == peer.ElectionWon }

// SetAge tells how much CPU time this process has used, which elections go by.
func (m *Machine) SetAge(d time.Duration) { m.election.Age = d }

func (m *Machine) begin(now time.Duration) {
	m.now = now
	m.out = nil
}

func (m *Machine) send(to string, n *xml.Element) {
	n.Set("attr_version", strconv.Itoa(Protocol))
	n.Set("attr_writer", strconv.Itoa(int(m.election.State)))
	m.out = append(m.out, Send{To: to, Msg: n})
}

// Start is called when this node has joined group attrd.
func (m *Machine) Start(now time.Duration) []Action {
	m.begin(now)
	if !m.cfg.Resumed {
		m.out = append(m.out, Erase{})
	}
	m.send("", xml.New("attrd_broadcast_protocol", "t", "attrd", "src", "pacemaker-attrd", "task", "update",
		"attr_name", "#attrd-protocol", "attr_value", strconv.Itoa(Protocol), "attr_is_private", "1",
		"attr_host", m.cfg.Node, "attr_host_id", strconv.FormatUint(uint64(m.cfg.ID), 10)))
	if m.cfg.Resumed {
		m.ask()
	}
	return m.out
}

// Shutdown keeps this node out of elections from now on.
func (m *Machine) Shutdown() { m.stopping = true }

func (m *Machine) elect() {
	if m.stopping || m.asking.active {
		return
	}
	m.out = append(m.out, Send{Msg: m.election.Vote(m.now, m.cfg.Writer), Vote: true})
}

// PeersChanged is called when nodes have joined or left group attrd, or the
// membership has changed. joined and left are names.
func (m *Machine) PeersChanged(now time.Duration, joined, left []string) []Action {
	m.begin(now)
	for _, name := range left {
		m.forgetNode(name)
		delete(m.protocol, strings.ToLower(name))
		if strings.EqualFold(name, m.writer) {
			m.writer = ""
			m.elect()
		}
		m.answered(name)
	}
	for _, name := range joined {
		if m.Writer() && !strings.EqualFold(name, m.cfg.Node) {
			m.syncTo(name)
		}
	}
	m.checkElection()
	m.assert()
	return m.out
}

func (m *Machine) forgetNode(name string) {
	for _, a := range m.attrs {
		if v := a.values[strings.ToLower(name)]; v != nil {
			m.bytes -= len(v.node) + len(v.text)
			delete(a.values, strings.ToLower(name))
		}
	}
}

func (m *Machine) checkElection() {
	if m.election.Complete(len(m.cfg.Cache.Active("attrd"))) {
		m.won()
	}
}

// won makes this node the writer: it tells all it knows, and writes it.
func (m *Machine) won() {
	m.writer = m.cfg.Node
	m.syncTo("")
	m.writeAll()
}

// Tick carries out what is due.
func (m *Machine) Tick(now time.Duration) []Action {
	m.begin(now)
	if m.election.Expired(now) {
		m.won()
	}
	if m.asking.until != 0 && now >= m.asking.until {
		m.cfg.Log.Warn("not all peers have told the attributes", "missing", len(m.asking.from))
		m.askingEnds()
	}
	if m.staleAt != 0 && now >= m.staleAt {
		m.staleAt = 0
		m.eraseStale()
	}
	for _, a := range m.sorted() {
		if a.writeAt != 0 && now >= a.writeAt {
			a.writeAt = 0
			m.write(a)
		}
	}
	return m.out
}

// Next returns when the Machine wants a Tick, 0 for not at all.
func (m *Machine) Next() (at time.Duration, why string) {
	take := func(t time.Duration, name string) {
		if t != 0 && (at == 0 || t < at) {
			at, why = t, name
		}
	}
	take(m.election.Deadline(), "attribute writer election")
	take(m.asking.until, "answers of the other attribute managers")
	take(m.staleAt, "stale attributes of this node")
	for _, a := range m.attrs {
		take(a.writeAt, "attribute dampening")
	}
	return at, why
}

// staleWait is how long after the status came anew it is held against what this
// node knows: what is under way has come by then.
const staleWait = 2 * time.Second

// eraseStale takes out of the CIB what it says of this node and this node, which
// has the say, knows nothing of: attributes of an earlier life, fail counts and a
// wish to shut down among them, from the copy of a node that did not see it end.
func (m *Machine) eraseStale() {
	if m.cfg.Stored == nil || m.asking.active || m.stopping {
		return
	}
	for _, name := range m.cfg.Stored() {
		if a := m.attrs[name]; a != nil && a.values[strings.ToLower(m.cfg.Node)] != nil {
			continue
		}
		m.cfg.Log.Info("attribute of an earlier life taken out of the CIB", "name", name)
		m.out = append(m.out, Erase{name})
	}
}

// CIBReplaced is called when the whole status or nodes section came anew: the
// writer writes all values again, and every node looks at its own.
func (m *Machine) CIBReplaced(now time.Duration) []Action {
	m.begin(now)
	m.staleAt = now + staleWait
	if m.Writer() {
		m.writeAll()
	}
	return m.out
}

func (m *Machine) sorted() []*attribute {
	all := make([]*attribute, 0, len(m.attrs))
	for _, name := range slices.Sorted(maps.Keys(m.attrs)) {
		all = append(all, m.attrs[name])
	}
	return all
}

func (a *attribute) sorted() []*value {
	all := make([]*value, 0, len(a.values))
	for _, node := range slices.Sorted(maps.Keys(a.values)) {
		all = append(all, a.values[node])
	}
	return all
}

// Value returns the value of an attribute of a node.
func (m *Machine) Value(node, name string) (string, bool) {
	if a := m.attrs[name]; a != nil {
		if v := a.values[strings.ToLower(node)]; v != nil && v.has {
			return v.text, true
		}
	}
	return "", false
}
