package status

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
)

// nodeStatus is a node's state in words.
func nodeStatus(n *pengine.Node) string {
	switch {
	case n.Unclean && n.Online:
		return "UNCLEAN (online)"
	case n.Unclean && n.Pending:
		return "UNCLEAN (pending)"
	case n.Unclean:
		return "UNCLEAN (offline)"
	case n.Pending:
		return "pending"
	case n.StandbyOnFail && n.Online:
		return "standby (on-fail)"
	case n.Standby && n.Online && len(n.Running) > 0:
		return "standby (with active resources)"
	case n.Standby && n.Online:
		return "standby"
	case n.Standby:
		return "OFFLINE (standby)"
	case n.Maintenance && n.Online:
		return "maintenance"
	case n.Maintenance:
		return "OFFLINE (maintenance)"
	case n.Online:
		return "online"
	}
	return "OFFLINE"
}

// nodeTypeName is what comes before a node's name.
func nodeTypeName(n *pengine.Node) string {
	switch {
	case n.Guest():
		return "GuestNode"
	case n.Away():
		return "RemoteNode"
	}
	return "Node"
}

// nodeState is nodeStatus without a word on what still runs there.
func nodeState(n *pengine.Node) string {
	return strings.TrimSuffix(nodeStatus(n), " (with active resources)")
}

// nodeLists are the nodes that get a line of their own, and the names of the
// others under what they have in common.
type nodeLists struct {
	special []*pengine.Node
	plain   [5]nodeNames
}

// nodeNames are the names of nodes in one state.
type nodeNames struct {
	label string
	names []string
}

// sortNodes makes the lists of nodes as shown.
func sortNodes(c *pengine.Cluster) (l nodeLists) {
	l.plain = [5]nodeNames{{label: "Online"}, {label: "OFFLINE"}, {label: "RemoteOnline"}, {label: "RemoteOFFLINE"}, {label: "GuestOnline"}}
	for _, n := range c.Nodes {
		healthy := !n.Unclean && !n.Pending && !n.Standby && !n.Maintenance && c.NodeHealth(n) == 0
		if n.Guest() && !n.Online && healthy {
			continue
		}
		if !healthy || n.StandbyOnFail {
			l.special = append(l.special, n)
			continue
		}
		list := &l.plain[0]
		switch {
		case n.Guest():
			list = &l.plain[4]
		case n.Away() && n.Online:
			list = &l.plain[2]
		case n.Away():
			list = &l.plain[3]
		case !n.Online:
			list = &l.plain[1]
		}
		list.names = append(list.names, n.Name)
	}
	return l
}
