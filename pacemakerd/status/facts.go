package status

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
)

// hiddenAttribute tells whether a node attribute is the cluster's own.
func hiddenAttribute(name string) bool {
	for _, p := range []string{"#", "fail-count", "last-failure", "probe_complete", "shutdown", "terminate", "standby", "maintenance"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// nodeAttributes are those of one node.
type nodeAttributes struct {
	node  string
	names []string
	of    map[string]string
}

// attributes are those of the nodes that are there to have any.
func (w *Words) attributes(c *pengine.Cluster) (list []nodeAttributes) {
	for _, n := range c.Nodes {
		if !n.Online {
			continue
		}
		var names []string
		for name := range n.Attrs {
			if !hiddenAttribute(name) || slices.Contains(w.own, name) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		list = append(list, nodeAttributes{n.Name, names, n.Attrs})
	}
	return list
}

// attributesIfAny is attributes without the nodes that have none to show.
func (w *Words) attributesIfAny(c *pengine.Cluster) []nodeAttributes {
	return slices.DeleteFunc(w.attributes(c), func(a nodeAttributes) bool { return len(a.names) == 0 })
}

// connectivity is what the value of a node attribute should be that a ping
// resource on that node keeps, all its hosts being reached. ok is false if none
// keeps it.
func connectivity(c *pengine.Cluster, node, attribute string) (expected int, ok bool) {
	n := c.Node(node)
	if n == nil {
		return 0, false
	}
	for _, r := range n.Running {
		if r.Type != "ping" && r.Type != "pingd" {
			continue
		}
		p := c.Parameters(r, n)
		if cmp.Or(p["name"], "pingd") != attribute {
			continue
		}
		each, err := strconv.Atoi(p["multiplier"])
		if err != nil {
			each = 1
		}
		hosts := 0
		if p["host_list"] != "" {
			hosts = strings.Count(p["host_list"], " ") + 1 // as the original counts
		}
		return hosts * each, true
	}
	return 0, false
}

// lacking is what such a value says of the network, 0 for all is well, 1 for
// not all, 2 for nothing.
func lacking(value string, expected int) int {
	switch got := number(value); {
	case got <= 0:
		return 2
	case got < expected:
		return 1
	}
	return 0
}

// A ticket is one of a geographical cluster.
type ticket struct {
	id, state string
	standby   bool
	last      string // when it was granted
}

// tickets are the tickets in the order they are shown.
func tickets(c *pengine.Cluster) (list []ticket) {
	for _, t := range c.TicketsShown() {
		list = append(list, ticket{t.ID, choose(t.Granted, "granted", "revoked"), t.Standby, when(t.LastGranted)})
	}
	return list
}

// A ban is a constraint that keeps a resource off a node.
type ban struct {
	id, resource, node, weight string
	promoted                   bool // only in that role
}

func bans(c *pengine.Cluster) (list []ban) {
	for _, b := range c.Bans {
		list = append(list, ban{b.ID, b.Resource.ID, b.Node.Name, strconv.Itoa(b.Score), b.Promoted})
	}
	return list
}
