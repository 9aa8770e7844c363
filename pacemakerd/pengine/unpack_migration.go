package pengine

import (
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// migrateToSucceeded reads a migrate_to that ended well on the source: is the
// resource on the target, on both, or nowhere (scheduler.md 8.6)?
func (h *record) migrateToSucceeded() {
	source, target := h.xml.Get("migrate_source"), h.xml.Get("migrate_target")
	if source != h.n.Name || target == "" {
		return
	}
	r := h.r
	id := r.ID
	movedOn := h.tr.histories.actedAfter(id, source, h.xml, true)
	from := h.tr.histories.findOp(id, "migrate_from", target, source)
	fromRC, fromStatus := rcOK, opPending
	if from != nil {
		if movedOn {
			return
		}
		rc, _ := rules.Int(from.Get("rc-code"))
		status, _ := rules.Int(from.Get("op-status"))
		fromRC, fromStatus = int(rc), int(status)
	}
	news := h.tr.histories.newerState(id, target, h.xml, from)
	if movedOn && news {
		return
	}
	if fromRC == rcOK && fromStatus == opDone {
		r.Role = RoleStopped
		r.dangling = append(r.dangling, h.n)
		return
	}
	r.Role = RoleStarted
	targetNode := h.tr.node(target)
	onTarget := !news && targetNode != nil && targetNode.Online
	if fromStatus != opPending {
		if onTarget {
			h.tr.addRunning(r, targetNode, true)
		} else {
			r.Failed, r.stopNeeded, r.allowMigrate = true, true, false
		}
		return
	}
	if targetNode != nil && targetNode.Online && h.tr.histories.unknown(r.ID, target) {
		return // somebody cleaned the history there; a probe will tell
	}
	if onTarget {
		h.tr.addRunning(r, targetNode, false)
		if sourceNode := h.tr.node(source); sourceNode != nil && sourceNode.Online {
			r.partialTarget, r.partialSource = targetNode, sourceNode
		}
	} else if !movedOn {
		r.Failed, r.stopNeeded, r.allowMigrate = true, true, false
	}
}

func (h *record) migrateToFailed() {
	source, target := h.xml.Get("migrate_source"), h.xml.Get("migrate_target")
	if source != h.n.Name || target == "" {
		return
	}
	r, id := h.r, h.r.ID
	r.Role = RoleStarted
	from := succeeded(h.tr.histories.findOp(id, "migrate_from", target, source))
	switch {
	case !h.tr.histories.unknown(r.ID, target) && !h.tr.histories.newerState(id, target, h.xml, from):
		if n := h.tr.node(target); n != nil && n.Online {
			h.tr.addRunning(r, n, false)
		}
	case !h.tr.histories.actedAfter(id, source, h.xml, true):
		r.dangling = append(r.dangling, h.n)
	}
}

// succeeded is op where it ended well, else nothing: beside a failure the other
// half of a migration tells when things happened only if it is over.
func succeeded(op *xml.Element) *xml.Element {
	rc, _ := rules.Int(op.Get("rc-code"))
	status, _ := rules.Int(op.Get("op-status"))
	if op == nil || rc != rcOK || status != opDone {
		return nil
	}
	return op
}

func (h *record) migrateFromFailed() {
	source, target := h.xml.Get("migrate_source"), h.xml.Get("migrate_target")
	if source == "" || target != h.n.Name {
		return
	}
	r, id := h.r, h.r.ID
	r.Role = RoleStarted
	to := succeeded(h.tr.histories.findOp(id, "migrate_to", source, target))
	if !h.tr.histories.unknown(r.ID, source) && !h.tr.histories.newerState(id, source, to, h.xml) {
		if n := h.tr.node(source); n != nil && n.Online {
			h.tr.addRunning(r, n, true)
		}
	}
}
