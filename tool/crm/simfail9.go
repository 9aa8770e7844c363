package crm

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
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

// failings9 is the section of the text about that.
func (s *simulation) failings9(w *status.Writer9, c *pengine.Cluster) {
	w.Begin("Migration Summary")
	node := ""
	for _, f := range failings(c) {
		if f.node != node {
			if node != "" {
				w.End()
			}
			w.Begin("Node: %s", f.node)
			node = f.node
		}
		line := fmt.Sprintf("%s: migration-threshold=%s fail-count=%s", f.id, f.threshold, f.count)
		if f.last != "" {
			line += " last-failure='" + f.last + "'"
		}
		w.Line("%s", line)
	}
	if node != "" {
		w.End()
	}
	w.End()
}
