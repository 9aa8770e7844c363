package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/xml"

// Kind tells what a resource is.
type Kind int

const (
	Primitive Kind = iota
	Group
	Clone
	Bundle
)

// A Resource is a primitive, group, clone, bundle, or an instance of one. Its
// fields stand under the stage that fills them. Later stages still put instances
// in another order, and what fencing or the loss of a ticket does to a resource
// is written over what its status was.
type Resource struct {
	// read: the configuration.
	ID         string
	Kind       Kind
	XML        *xml.Element // with its template expanded
	Parent     *Resource
	Children   []*Resource
	Class      string
	Provider   string
	Type       string
	Meta       map[string]string
	Clone      *CloneInfo
	Bundle     *BundleInfo
	Unique     bool
	Promotable bool
	Notify     bool

	Maintenance bool

	number                    string       // instance number, "" outside clones
	ops                       *xml.Element // its operations element
	params                    map[*Node]map[string]string
	utilization               map[string]int
	container                 *Resource
	fillers                   []*Resource
	isConnection              bool // of a remote or guest node
	internal                  bool
	fenceDevice               bool
	critical                  bool
	allowMigrate, allowGuests bool
	needsQuorum, needsFencing bool
	needsUnfencing            bool
	ordered, colocat          bool // groups
	stickiness                int
	threshold                 int
	failureTimeout            int64 // seconds
	reconnectMS               int64
	multipleActive            string

	// unpack: the status.
	Role            Role
	Running         []*Node
	Managed         bool
	Blocked, Failed bool
	Orphan          bool
	FailureIgnored  bool
	StartPending    bool
	Pending         string // task of a pending operation
	PendingNode     *Node
	LockNode        *Node
	LockTime        int64

	cloneName     string // the name in histories
	known         map[*Node]bool
	partialSource *Node
	partialTarget *Node
	dangling      []*Node
	stopNeeded    bool

	// unpack: the constraints.
	thisWith  []*Colocation // colocations in which it is the dependent
	withThis  []*Colocation // ... the primary
	locations []*Location
	tickets   []*ticketConstraint
	exclusive bool // discovery

	// place.
	NextRole Role
	Assigned *Node

	nextRoleWhy        string
	assignedScore      int
	allowed            table
	priority           int
	sortIndex          int
	provisional        bool
	assigning, merging bool // being looked at

	// act.
	actions        []*Action // oldest first
	reload         bool
	stopUnexpected bool
}

// CloneInfo is what only clones have.
type CloneInfo struct {
	// read.
	Max, NodeMax                 int
	configuredNodeMax            int // also where an anonymous clone cannot have it
	PromotedMax, PromotedNodeMax int
	Interleave, Ordered          bool
	legacyMaster                 bool
	childXML                     *xml.Element
	total                        int // instances made so far

	// place.
	promotedCount   int
	promotionAdded  bool
	promotionSorted bool

	// act.
	stopNotify, startNotify     *notifyData
	demoteNotify, promoteNotify *notifyData
}
