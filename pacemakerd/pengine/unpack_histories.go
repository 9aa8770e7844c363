package pengine

import (
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

// findOp finds the first entry of a task, for migrations only the one from, or
// to, the node named by other.
func (h histories) findOp(id, task, node, other string) *xml.Element {
	for op := range h.lrmResource(id, node).Each("lrm_rsc_op") {
		if op.Get("operation") != task {
			continue
		}
		if other != "" && task == "migrate_from" && op.Get("migrate_source") != other {
			continue
		}
		return op
	}
	return nil
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
		if rc, _ := rules.Int(op.Get("rc-code")); rc != rcUnknown {
			return false
		}
	}
	return true
}

func (h histories) findMigrateTo(id, source, target string) *xml.Element {
	for op := range h.lrmResource(id, source).Each("lrm_rsc_op") {
		if op.Get("operation") == "migrate_to" && op.Get("migrate_target") == target {
			return op
		}
	}
	return nil
}
