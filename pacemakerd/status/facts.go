package status

import (
	"slices"
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

// A ticket is one of a geographical cluster.
type ticket struct {
	id, state string
	standby   bool
	last      string // when it was granted
}

// tickets are the tickets in the order they are shown.
func tickets(c *pengine.Cluster) (list []ticket) {
	for id, t := range c.Tickets {
		list = append(list, ticket{id, choose(t.Granted, "granted", "revoked"), t.Standby, when(t.LastGranted)})
	}
	slices.SortFunc(list, func(a, b ticket) int { return strings.Compare(a.id, b.id) })
	return list
}

// A ban is a plain constraint that keeps a resource off a node.
type ban struct {
	id, resource, node, weight string
	promoted                   bool // only in that role
}

func bans(c *pengine.Cluster) (list []ban) {
	for con := range c.CIB().Descend("configuration", "constraints").Each("rsc_location") {
		node, rsc, score := con.Get("node"), con.Get("rsc"), con.Get("score")
		if node == "" || rsc == "" || !strings.HasPrefix(score, "-") {
			continue
		}
		if score == "-INFINITY" {
			score = "-1000000"
		}
		role := con.Get("role")
		list = append(list, ban{con.ID(), rsc, node, score, strings.EqualFold(role, "promoted") || strings.EqualFold(role, "master")})
	}
	return list
}
