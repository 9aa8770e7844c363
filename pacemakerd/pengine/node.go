package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/xml"

// NodeKind tells what a node entry is.
type NodeKind int

const (
	Member NodeKind = iota
	Remote          // remote or guest node
	Ping            // never runs anything
)

// A Node is one node of the cluster, or a remote, guest or bundle node. Its
// fields stand under the stage that fills them; a node that is to be fenced
// becomes unclean later still, and one whose connection got a place is online.
type Node struct {
	// read: the configuration.
	ID, Name    string
	Kind        NodeKind
	Attrs       map[string]string
	Utilization map[string]int // less what was placed here
	IsDC        bool
	// Connection is the resource through which a remote or guest node is
	// reached.
	Connection *Resource

	index    int
	weight   int       // added to every new score on this node
	fixed    bool      // weight may not be changed by scores
	named    bool      // its attributes were read, the built-in ones with them
	discover discovery // default for tables

	// unpack: the status.
	State                               *xml.Element // its node_state, if any
	Online, Unclean, Unseen, Pending    bool
	Standby, StandbyOnFail, Maintenance bool
	Shutdown, Expected                  bool
	Running                             []*Resource // primitives active here, in order of discovery

	unpacked          bool
	remoteFenced      bool
	remoteReset       bool
	remoteMaintenance bool
	discovery         bool
	priority          int

	// place.
	assigned  []*Resource
	nassigned int

	// act.
	digests map[string]*opDigest
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
