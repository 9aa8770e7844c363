package pengine

import (
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A Cluster is the working set: a CIB unpacked, and, while planning, the plan
// as it grows. Everything exported is for reading.
type Cluster struct {
	cib   *xml.Node
	now   time.Time
	rules *rules.Evaluator
	opt   options
	ask   Options

	Nodes     []*Node     // by name
	Resources []*Resource // top level, in the order everything follows
	Tickets   map[string]*Ticket
	Tags      map[string][]string
	// FailedOps are history entries to show as failed, oldest first.
	FailedOps []*xml.Node
	Messages  []Message
	DC        *Node

	nodeByID      map[string]*Node // lower-case ids
	nodeByName    map[string]*Node // lower-case names
	allNodes      []*Node          // by index
	rscByID       map[string]*Resource
	byHistoryName map[string]*Resource
	templates     map[string][]string
	haveQuorum    bool
	haveDevice    bool // a fence device is configured
	haveRemote    bool // a remote node exists
	unfencing     bool // in use
	recheck       time.Time

	rscDefaults, opDefaults *xml.Node

	actions      []*Action // oldest first
	nodeAction   map[string]*Action
	lastActionID int
	orderings    []*ordering
	colocations  []*Colocation
	locations    []*Location
	stopLater    []*Resource // containers to stop once everything is known
	paramChecks  []paramCheck

	scores    []ScoreLine
	notices   []string
	updates   int
	depth     int
	limits    Limits
	steps     int
	nrsc      int // resources unpacked, instances and members included
	nmembers  int // of resource sets
	visitMark int
	graph     *xml.Node
	nsynapses int
	whys      map[*Resource]map[*Node][]Contribution
	failed    error
}

// NodeKind tells what a node entry is.
type NodeKind int

const (
	Member NodeKind = iota
	Remote          // remote or guest node
	Ping            // never runs anything
)

// A Node is one node of the cluster, or a remote, guest or bundle node.
type Node struct {
	ID, Name string
	Kind     NodeKind
	index    int
	weight   int  // added to every new score on this node
	fixed    bool // weight may not be changed by scores

	Attrs       map[string]string
	Utilization map[string]int

	Online, Unclean, Unseen, Pending    bool
	Standby, StandbyOnFail, Maintenance bool
	Shutdown, Expected, IsDC            bool
	Health                              int // 0 fine, 1 yellow, 2 red
	unpacked, remoteFenced, remoteReset bool
	remoteMaintenance, discovery        bool
	named                               bool // its attributes were read, the built-in ones with them

	// Connection is the resource through which a remote or guest node is
	// reached.
	Connection *Resource
	Running    []*Resource // primitives active here, in order of discovery
	State      *xml.Node   // its node_state, if any

	assigned  []*Resource
	nassigned int
	priority  int
	digests   map[string]*opDigest
	discover  discovery // default for tables
}

// Guest tells whether the node lives in a resource of the cluster.
func (n *Node) Guest() bool {
	return n != nil && n.Kind == Remote && n.Connection != nil && n.Connection.container != nil
}

// RemoteOnly tells whether the node is remote and not a guest.
func (n *Node) RemoteOnly() bool {
	return n != nil && n.Kind == Remote && (n.Connection == nil || n.Connection.container == nil)
}

// Away tells whether the node is a remote or guest node.
func (n *Node) Away() bool { return n != nil && n.Kind == Remote }

// Bundle tells whether the node is the inside of a bundle's container.
func (n *Node) Bundle() bool { return n.Guest() && n.Connection.bundleOf() != nil }

// Kind tells what a resource is.
type Kind int

const (
	Primitive Kind = iota
	Group
	Clone
	Bundle
)

// discovery is resource-discovery of a resource on a node.
type discovery int

const (
	discoverAlways discovery = iota
	discoverNever
	discoverExclusive
)

// A slot is what a resource knows about one node: its score there and how.
type slot struct {
	score    int
	count    int // instances placed there
	in       bool
	fixed    bool
	discover discovery
}

// A table is a resource's slots by node index.
type table []slot

func (t table) get(n *Node) *slot {
	if n == nil || n.index >= len(t) || !t[n.index].in {
		return nil
	}
	return &t[n.index]
}

func (t *table) put(n *Node, s slot) *slot {
	for len(*t) <= n.index {
		*t = append(*t, slot{})
	}
	s.in = true
	(*t)[n.index] = s
	return &(*t)[n.index]
}

func (t table) clone() table { return append(table(nil), t...) }

// A Resource is a primitive, group, clone, bundle, or an instance of one.
type Resource struct {
	ID       string
	Kind     Kind
	XML      *xml.Node // with its template expanded
	Parent   *Resource
	Children []*Resource
	Class    string
	Provider string
	Type     string
	Meta     map[string]string

	Managed, Blocked, Failed, Orphan       bool
	Unique, Promotable, Notify, Unmoveable bool
	FailureIgnored, Maintenance            bool
	StartPending                           bool
	index                                  int
	number                                 string    // instance number, "" outside clones
	ops                                    *xml.Node // its operations element
	cloneName                              string    // the name in histories
	isConnection                           bool      // of a remote or guest node
	internal                               bool
	allowMigrate, allowGuests              bool
	critical                               bool
	assigning, merging, provisional        bool
	stopNeeded                             bool
	reload, exclusive                      bool
	needsQuorum, needsFencing              bool
	needsUnfencing                         bool
	fenceDevice                            bool
	stopUnexpected                         bool

	Role, NextRole   Role
	nextRoleWhy      string
	Running          []*Node
	Pending          string // task of a pending operation
	PendingNode      *Node
	Assigned         *Node
	assignedScore    int
	LockNode         *Node
	LockTime         int64
	partialSource    *Node
	partialTarget    *Node
	dangling         []*Node
	known            map[*Node]bool
	allowed          table
	container        *Resource
	fillers          []*Resource
	priority         int
	sortIndex        int
	stickiness       int
	threshold        int
	failureTimeout   int64 // seconds
	reconnectMS      int64
	multipleActive   string
	utilization      map[string]int
	params           map[*Node]map[string]string
	thisWith         []*Colocation // colocations in which it is the dependent
	withThis         []*Colocation // ... the primary
	locations        []*Location
	tickets          []*ticketConstraint
	actions          []*Action // oldest first
	Clone            *CloneInfo
	Bundle           *BundleInfo
	ordered, colocat bool // groups
}

// CloneInfo is what only clones have.
type CloneInfo struct {
	Max, NodeMax                 int
	PromotedMax, PromotedNodeMax int
	Interleave, Ordered          bool
	legacyMaster                 bool
	childXML                     *xml.Node
	total                        int // instances made so far
	promotedCount                int
	promotionAdded               bool
	promotionSorted              bool
	stopNotify, startNotify      *notifyData
	demoteNotify, promoteNotify  *notifyData
}

// A Ticket is a right of this site to run certain resources.
type Ticket struct {
	ID               string
	Granted, Standby bool
	LastGranted      string
	State            *xml.Node
}

// Severity of a message about the configuration.
type Severity int

const (
	Info Severity = iota
	Notice
	Warning
	Error
)

// A Message is something to tell about the configuration or the plan. Origin
// names the step that noticed, as crm_verify prints it.
type Message struct {
	Origin   string
	Severity Severity
	Text     string
}

// A ScoreLine is one line of crm_simulate -s or -U.
type ScoreLine struct {
	Step     string // "pcmk__primitive_assign" ..., "" for promotion scores
	Resource string // "" where it is about what a node can hold
	Node     string
	Score    int
	// Amounts is what a node can hold, or a resource takes from it; such a
	// line, Room says, has no score.
	Amounts []Amount
	Room    bool
}

// An Amount is some of what nodes have and resources use.
type Amount struct {
	Name  string
	Value int
}
