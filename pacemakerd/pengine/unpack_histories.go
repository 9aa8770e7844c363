package pengine

import (
	"strconv"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// histories are the recorded operations of all nodes.
type histories struct{ status *xml.Element }

// lrmResource finds the history of a resource on a node.
func (h histories) lrmResource(id, node string) *xml.Element {
	for state := range h.status.Each("node_state") {
		if state.Get("uname") != node {
			continue
		}
		for e := range state.Descend("lrm", "lrm_resources").Each("lrm_resource") {
			if e.ID() == id {
				return e
			}
		}
	}
	return nil
}

// findOp finds the entry of a task, for migrations only that from, or to, the
// node named by other. Where there are several there is none.
func (h histories) findOp(id, task, node, other string) *xml.Element {
	attr := ""
	switch {
	case other == "":
	case task == "migrate_from":
		attr = "migrate_source"
	case task == "migrate_to":
		attr = "migrate_target"
	}
	var found *xml.Element
	for op := range h.lrmResource(id, node).Each("lrm_rsc_op") {
		if op.Get("operation") != task || attr != "" && op.Get(attr) != other {
			continue
		}
		if found != nil {
			return nil
		}
		found = op
	}
	return found
}

// actedAfter tells whether anything but a monitor happened on the node after
// op.
func (h histories) actedAfter(id, node string, op *xml.Element, sameNode bool) bool {
	for e := range h.lrmResource(id, node).Each("lrm_rsc_op") {
		if e == op {
			continue
		}
		switch e.Get("operation") {
		case "start", "stop", "migrate_to", "migrate_from":
			if newerOp(e, op, sameNode) {
				return true
			}
		}
	}
	return false
}

// notRunningAfter tells whether a monitor found the resource not running on
// the node after op.
func (h histories) notRunningAfter(id, node string, op *xml.Element, sameNode bool) bool {
	m := h.findOp(id, "monitor", node, "")
	if m == nil || m.Get("rc-code") != "7" {
		return false
	}
	if s, _ := rules.Int(m.Get("op-status")); s != opDone {
		return false
	}
	return newerOp(m, op, sameNode)
}

func newerOp(a, b *xml.Element, sameNode bool) bool { return olderOp(a, b, sameNode) > 0 }

// newerState tells whether the node has news about the resource since the
// migration.
func (h histories) newerState(id, node string, to, from *xml.Element) bool {
	op := to
	if from != nil {
		op = from
	}
	same := false
	switch node {
	case op.Get("migrate_target"):
		if from != nil {
			op, same = from, true
		} else {
			op = to
		}
	case op.Get("migrate_source"):
		if to != nil {
			op, same = to, true
		} else {
			op = from
		}
	}
	return h.actedAfter(id, node, op, same) || h.notRunningAfter(id, node, op, same)
}

// unknown tells whether nothing is known of a resource on a node: there is no
// operation that had a result.
func (h histories) unknown(id, node string) bool {
	for op := range h.lrmResource(id, node).Each("lrm_rsc_op") {
		if rc, given := op.Lookup("rc-code"); given && rc != strconv.Itoa(rcUnknown) {
			return false
		}
	}
	return true
}
