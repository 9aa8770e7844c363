package status

import (
	"cmp"
	"strconv"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
)

// A failing is how often a resource failed on a node, under the name that it
// has in the history there.
type failing struct {
	node, id, threshold, count, last string
	orphan                           bool
}

// failings lists what failed on the nodes that are there. Instances of an
// anonymous clone count together, whichever of them the history names.
func failings(c *pengine.Cluster) (list []failing) {
	for state := range c.CIB().Child("status").Each("node_state") {
		n := c.Node(state.Get("uname"))
		if n == nil || !n.Online {
			continue
		}
		for rsc := range state.Descend("lrm", "lrm_resources").Each("lrm_resource") {
			r := c.Find(rsc.ID())
			if r == nil {
				continue
			}
			count, last := c.FailCount(n, r)
			if count <= 0 {
				continue
			}
			list = append(list, failing{n.Name, rsc.ID(), cmp.Or(threshold(c, r.ID), "1000000"), rules.FormatScore(count), when(strconv.FormatInt(last, 10)), r.Orphan})
		}
	}
	return list
}
