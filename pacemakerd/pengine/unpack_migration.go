package pengine

import (
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// lrmResource finds the history of a resource on a node.
func (c *Cluster) lrmResource(id, node string) *xml.Node {
	for state := range c.cib.Child("status").Each("node_state") {
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
func (c *Cluster) findOp(id, task, node, other string) *xml.Node {
	for op := range c.lrmResource(id, node).Each("lrm_rsc_op") {
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
func (c *Cluster) actedAfter(id, node string, op *xml.Node, sameNode bool) bool {
	for e := range c.lrmResource(id, node).Each("lrm_rsc_op") {
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
func (c *Cluster) notRunningAfter(id, node string, op *xml.Node, sameNode bool) bool {
	m := c.findOp(id, "monitor", node, "")
	if m == nil || m.Get("rc-code") != "7" {
		return false
	}
	if s, _ := rules.Int(m.Get("op-status")); s != opDone {
		return false
	}
	return newerOp(m, op, sameNode)
}

func newerOp(a, b *xml.Node, sameNode bool) bool { return olderOp(a, b, sameNode) > 0 }

// newerState tells whether the node has news about the resource since the
// migration.
func (c *Cluster) newerState(id, node string, to, from *xml.Node) bool {
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
	return c.actedAfter(id, node, op, same) || c.notRunningAfter(id, node, op, same)
}

func (c *Cluster) noHistory(id, node string) bool {
	return c.lrmResource(id, node) == nil
}

// migrateToSucceeded reads a migrate_to that ended well on the source: is the
// resource on the target, on both, or nowhere (spec: scheduler.md 8.6)?
func (c *Cluster) migrateToSucceeded(h *record) {
	source, target := h.xml.Get("migrate_source"), h.xml.Get("migrate_target")
	if source == "" || target == "" {
		return
	}
	r := h.r
	id := h.historyID()
	movedOn := c.actedAfter(id, source, h.xml, true)
	from := c.findOp(id, "migrate_from", target, source)
	fromRC, fromStatus := rcOK, opPending
	if from != nil {
		if movedOn {
			return
		}
		rc, _ := rules.Int(from.Get("rc-code"))
		status, _ := rules.Int(from.Get("op-status"))
		fromRC, fromStatus = int(rc), int(status)
	}
	news := c.newerState(id, target, h.xml, from)
	if movedOn && news {
		return
	}
	if fromRC == rcOK && fromStatus == opDone {
		r.Role = RoleStopped
		r.dangling = append(r.dangling, h.n)
		return
	}
	r.Role = RoleStarted
	targetNode := c.node(target)
	onTarget := !news && targetNode != nil && targetNode.Online
	if fromStatus != opPending {
		if onTarget {
			c.addRunning(r, targetNode, true)
		} else {
			r.Failed, r.stopNeeded, r.allowMigrate = true, true, false
		}
		return
	}
	if onTarget {
		c.addRunning(r, targetNode, false)
		if sourceNode := c.node(source); sourceNode != nil && sourceNode.Online {
			r.partialTarget, r.partialSource = targetNode, sourceNode
		}
	} else if !movedOn {
		r.Failed, r.stopNeeded, r.allowMigrate = true, true, false
	}
}

// historyID is the name of the entry a record is in.
func (h *record) historyID() string {
	if h.xml.Parent != nil {
		return h.xml.Parent.ID()
	}
	return h.r.ID
}

func (c *Cluster) migrateToFailed(h *record) {
	source, target := h.xml.Get("migrate_source"), h.xml.Get("migrate_target")
	if source == "" || target == "" {
		return
	}
	r, id := h.r, h.historyID()
	r.Role = RoleStarted
	from := c.findOp(id, "migrate_from", target, source)
	switch {
	case !c.noHistory(id, target) && !c.newerState(id, target, h.xml, from):
		if n := c.node(target); n != nil && n.Online {
			c.addRunning(r, n, false)
		}
	case !c.actedAfter(id, source, h.xml, true):
		r.dangling = append(r.dangling, h.n)
	}
}

func (c *Cluster) migrateFromFailed(h *record) {
	source, target := h.xml.Get("migrate_source"), h.xml.Get("migrate_target")
	if source == "" || target == "" {
		return
	}
	r, id := h.r, h.historyID()
	r.Role = RoleStarted
	to := c.findMigrateTo(id, source, target)
	if !c.noHistory(id, source) && !c.newerState(id, source, to, h.xml) {
		if n := c.node(source); n != nil && n.Online {
			c.addRunning(r, n, true)
		}
	}
}

func (c *Cluster) findMigrateTo(id, source, target string) *xml.Node {
	for op := range c.lrmResource(id, source).Each("lrm_rsc_op") {
		if op.Get("operation") == "migrate_to" && op.Get("migrate_target") == target {
			return op
		}
	}
	return nil
}
