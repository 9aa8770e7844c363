package pengine

import (
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A Cluster is the working set: a CIB read and unpacked. Once that is done
// nothing writes it again: what is made of it is a Transition. A method is one
// of Cluster where what was read is enough for it; it may write what it is
// given.
type Cluster struct {
	*run

	cib       *xml.Element
	rules     *rules.Evaluator
	opt       options
	histories histories

	Nodes     []*Node     // by name
	Resources []*Resource // top level, by priority
	Tickets   map[string]*Ticket
	Tags      map[string][]string
	// Bans are whom constraints keep off which node, where those were read.
	Bans []Ban
	// FailedOps are history entries to show as failed, oldest first.
	FailedOps []*xml.Element
	DC        *Node

	nodeByID      map[string]*Node // lower-case ids
	nodeByName    map[string]*Node // lower-case names
	allNodes      []*Node          // by index
	rscByID       map[string]*Resource
	byHistoryName map[string]*Resource
	templates     map[string][]string
	ticketIDs     []string // in the order in which they were first named
	counts        Counts
	haveQuorum    bool
	haveDevice    bool // a fence device is configured
	haveRemote    bool // a remote node exists
	unfencing     bool // in use

	rscDefaults, opDefaults *xml.Element
}

// A Ticket is a right of this site to run certain resources.
type Ticket struct {
	ID               string
	Granted, Standby bool
	LastGranted      string
	State            *xml.Element
}

// TicketsShown are the tickets in the order in which they are shown: that of
// the original's hash table.
func (c *Cluster) TicketsShown() (list []*Ticket) {
	for _, id := range hashTableOrder(c.ticketIDs) {
		list = append(list, c.Tickets[id])
	}
	return list
}

// Now is the time the working set was made for.
func (c *Cluster) Now() time.Time { return c.now }

// HaveQuorum tells whether the CIB says that this partition has quorum.
func (c *Cluster) HaveQuorum() bool { return c.haveQuorum }

// Resource finds a resource by id.
func (c *Cluster) Resource(id string) *Resource { return c.rscByID[id] }

// Node finds a node by name.
func (c *Cluster) Node(name string) *Node { return c.node(name) }

// CIB is the document the working set was made from, a copy.
func (c *Cluster) CIB() *xml.Element { return c.cib }

// Messages are what there is to say about the configuration and, where a plan
// was made of it, the plan.
func (c *Cluster) Messages() []Message { return c.said }
