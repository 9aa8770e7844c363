package status

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A nodeHistory is what was done on a node.
type nodeHistory struct {
	name, uname string // as the cluster and as its state has it
	there       bool
	resources   []record
}

// A record is what was done with a resource on a node.
type record struct {
	id, threshold string
	orphan        bool
	failures      int
	last          string // when it failed last, if that is known
	rsc           *xml.Element
}

// history lists what was done on each node that has a state.
func (w *Words) history(c *pengine.Cluster) (list []nodeHistory) {
	for state := range c.CIB().Child("status").Each("node_state") {
		h := nodeHistory{uname: state.Get("uname")}
		if n := c.Node(h.uname); n != nil {
			h.name, h.there = n.Name, n.Online
		}
		for rsc := range state.Descend("lrm", "lrm_resources").Each("lrm_resource") {
			id := rsc.ID()
			r := record{id: id, threshold: threshold(c.Find(id)), orphan: c.Find(id) == nil, rsc: rsc}
			r.failures, r.last = failCount(state, id)
			if known := c.Find(id); known != nil && w.instancesTogether {
				r.id = known.PrintableID()
				r.count(c, h.name, known)
			}
			h.resources = append(h.resources, r)
		}
		list = append(list, h)
	}
	return list
}

// historyThere is the history of the nodes that are there.
func (w *Words) historyThere(c *pengine.Cluster) []nodeHistory {
	return slices.DeleteFunc(w.history(c), func(h nodeHistory) bool { return !h.there })
}

// only is a history as far as the records go that are wanted, without the nodes
// of which nothing is left.
func only(list []nodeHistory, wanted func(*record) bool) []nodeHistory {
	for i := range list {
		list[i].resources = slices.DeleteFunc(list[i].resources, func(r record) bool { return !wanted(&r) })
	}
	return slices.DeleteFunc(list, func(h nodeHistory) bool { return len(h.resources) == 0 })
}

func (r *record) failed() bool { return r.failures > 0 }
func (r *record) done() bool   { return len(r.operations()) > 0 }

// failings is the history of the nodes that are there as far as something
// failed. Unlike in the others, instances of an anonymous clone count together,
// whichever of them the history names.
func (w *Words) failings(c *pengine.Cluster) []nodeHistory {
	list := w.historyThere(c)
	for i := range list {
		h := &list[i]
		h.uname = h.name
		for j := range h.resources {
			rec := &h.resources[j]
			rec.failures, rec.last = 0, ""
			if r := c.Find(rec.id); r != nil {
				rec.count(c, h.name, r)
				rec.orphan, rec.threshold = r.Orphan, threshold(r)
			}
		}
	}
	return only(list, (*record).failed)
}

// count is how often a resource failed on a node, all instances of an anonymous
// clone together.
func (r *record) count(c *pengine.Cluster, node string, known *pengine.Resource) {
	if n := c.Node(node); n != nil {
		var last int64
		r.failures, last = c.FailCount(n, known)
		r.last = when(strconv.FormatInt(last, 10))
	}
}

// threshold is how many failures a resource may have on a node.
func threshold(r *pengine.Resource) string {
	if r == nil {
		return "1000000"
	}
	return strconv.Itoa(r.Threshold())
}

// failCount adds up a resource's failures on a node.
func failCount(state *xml.Element, rsc string) (total int, last string) {
	var latest int64
	for nv := range state.Child("transient_attributes").Walk() {
		name, of, ok := strings.Cut(nv.Get("name"), "-"+rsc)
		if !ok || of != "" && of[0] != '#' {
			continue
		}
		switch name {
		case "fail-count":
			if nv.Get("value") == "INFINITY" {
				total = 1000000
			} else if n, err := strconv.Atoi(nv.Get("value")); err == nil {
				total = min(total+n, 1000000)
			}
		case "last-failure":
			if n, err := strconv.ParseInt(nv.Get("value"), 10, 64); err == nil && n > latest {
				latest = n
			}
		}
	}
	return total, when(strconv.FormatInt(latest, 10))
}

// operations are what was done with a resource, the oldest first, without
// notifications and probes that found nothing.
func (r *record) operations() []*xml.Element {
	return slices.DeleteFunc(pengine.ByAge(r.rsc), func(op *xml.Element) bool {
		task := taskOf(op)
		return task == "notify" || task == "probe" && op.Get("rc-code") == "7"
	})
}

// taskOf is an operation's task, a monitor that does not recur being a probe.
func taskOf(op *xml.Element) string {
	if task := op.Get("operation"); task != "monitor" || recurring(op) {
		return task
	}
	return "probe"
}

func recurring(op *xml.Element) bool {
	v := op.Get("interval")
	return v != "" && v != "0"
}

// rcOf is the result of an operation.
func rcOf(op *xml.Element) int {
	rc, _ := strconv.Atoi(op.Get("rc-code"))
	return rc
}

// failed are the operations that are shown as failed.
func (w *Words) failed(c *pengine.Cluster) []*xml.Element {
	if !w.hidesMasked {
		return c.FailedOps
	}
	return slices.DeleteFunc(slices.Clone(c.FailedOps), pengine.Masked)
}

// nodeOf is the name of the node in whose history an entry stands.
func nodeOf(op *xml.Element) string {
	for n := op; n != nil; n = n.Parent {
		if n.Name == "node_state" {
			return n.Get("uname")
		}
	}
	return op.Get("on_node")
}

// opStatus is how an operation ended for the executor.
func opStatus(op *xml.Element) string {
	switch op.Get("op-status") {
	case "-1":
		return "pending"
	case "0":
		return "complete"
	case "1":
		return "Cancelled"
	case "2":
		return "Timed Out"
	case "3":
		return "NOT SUPPORTED"
	case "4":
		return "Error"
	case "5":
		return "Hard error"
	case "6":
		return "Fatal error"
	case "7":
		return "Not installed"
	}
	return "UNKNOWN!"
}
