package pengine

import (
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Statuses of a recorded operation.
const (
	opPending       = -1
	opDone          = 0
	opCancelled     = 1
	opTimeout       = 2
	opNotSupported  = 3
	opError         = 4
	opHard          = 5 // banned from the node
	opFatal         = 6 // banned everywhere
	opNotInstalled  = 7
	opNotConnected  = 8
	opInvalid       = 9
	opNoFenceDevice = 10
	opNoSecrets     = 11
)

// Results of agents.
const (
	rcOK               = 0
	rcError            = 1
	rcInvalid          = 2
	rcUnimplemented    = 3
	rcNoPermission     = 4
	rcNotInstalled     = 5
	rcNotConfigured    = 6
	rcNotRunning       = 7
	rcPromoted         = 8
	rcFailedPromoted   = 9
	rcDegraded         = 190
	rcDegradedPromoted = 191
	rcUnknown          = 193 // there is no result yet
)

// A record is one history entry being read.
type record struct {
	tr       *Transition
	r        *Resource
	n        *Node
	xml      *xml.Element
	task     string
	ms       int64
	key      string
	status   int
	rc       int
	expected int
	probe    bool
}

// historyKey is the operation key of an entry, else its id.
func historyKey(op *xml.Element) string {
	if k := op.Get("operation_key"); k != "" {
		return k
	}
	return op.ID()
}

// expectedResult is the last field before the uuid of the transition key, -1
// if there is none.
func expectedResult(op *xml.Element) int {
	if k, ok := parseTransitionKey(op.Get("transition-key")); ok {
		return int(k.expected)
	}
	return -1
}

func isProbe(op *xml.Element) bool {
	return op.Get("operation") == "monitor" && opInterval(op) == 0
}

// masked tells whether an entry is a probe that could not tell more than that
// the resource cannot run there.
func masked(op *xml.Element) bool {
	if !isProbe(op) {
		return false
	}
	rc, _ := rules.Int(op.Get("rc-code"))
	status, _ := rules.Int(op.Get("op-status"))
	return rc == rcNotInstalled || rc == rcInvalid || status == opNotInstalled
}

// Masked tells whether an entry is such a probe.
func Masked(op *xml.Element) bool { return masked(op) }

// unpackOp reads one entry (scheduler.md 8.3).
func (tr *Transition) unpackOp(r *Resource, n *Node, op *xml.Element, st *historyState) {
	h := &record{tr: tr, r: r, n: n, xml: op, task: op.Get("operation"), ms: opInterval(op), key: historyKey(op), expected: expectedResult(op), probe: isProbe(op)}
	if op.ID() == "" || h.task == "" {
		return
	}
	switch h.task {
	case "notify", "meta-data":
		return // it cannot affect the state
	}
	status, ok := rules.Int(op.Get("op-status"))
	if !ok || status < opPending || status > opNoSecrets {
		return
	}
	rc, _ := rules.Int(op.Get("rc-code"))
	h.status, h.rc = int(status), int(rc)

	expired, asExpected := h.expired(), h.rc == h.expected
	mask := r.bundleOf() == nil && masked(op)
	h.remap(st, expired, mask)

	if expired && mask {
		// Probed again, unless this was what the probe was to find.
		if r.Role == RoleStopped && !asExpected {
			r.Role = RoleUnknown
		}
		return
	}
	if expired && h.rc != h.expected {
		if h.ms == 0 {
			return
		}
		if n.Online && !n.Unclean {
			// A digest that matches nothing gets the operation rescheduled.
			op.Set("op-restart-digest", "calculated-failure-timeout")
			return
		}
	}
	if mask {
		h.success(h.expected, st)
		h.recordFailure()
		tr.addScore(r.wholeIfAnonymous(), n, -rules.Infinity, "a probe that found it cannot run there")
		return
	}
	parent := r.wholeIfAnonymous()
	switch h.status {
	case opPending:
		h.unpackPending()
		return
	case opDone:
		h.success(h.rc, st)
		return
	case opNotInstalled:
		fail, role := h.failureHandling()
		if fail == failIgnore {
			fail = failMigrate
		}
		tr.addScore(parent, n, -rules.Infinity, "an operation that failed with a hard error there")
		h.failure(fail, role, st)
		return
	case opNotConnected:
		if n.Away() && n.Connection != nil && n.Connection.Managed {
			n.Connection.Failed, n.Connection.stopNeeded = true, true
		}
	case opCancelled:
		return
	}
	fail, role := h.failureHandling()
	if fail == failIgnore || fail == failRestartContainer && h.task == "stop" {
		h.success(h.expected, st)
		r.FailureIgnored = true
		h.recordFailure()
		if fail == failRestartContainer && st.onFail.severity() <= failRestart.severity() {
			st.onFail = fail
		}
		return
	}
	h.failure(fail, role, st)
	switch h.status {
	case opHard, opNoFenceDevice, opNoSecrets:
		tr.addScore(parent, n, -rules.Infinity, "an operation that failed with a hard error there")
	case opFatal:
		tr.addScoreEverywhere(parent, -rules.Infinity, "an operation that failed with a fatal error")
	}
}

// wholeIfAnonymous is the resource, or the whole clone for an anonymous
// instance.
func (r *Resource) wholeIfAnonymous() *Resource {
	if r.Unique {
		return r
	}
	return r.Top()
}

// remap turns what the agent said into what it means (scheduler.md 8.3, step 2).
func (h *record) remap(st *historyState, expired, mask bool) {
	// Only a monitor can find something degraded.
	if h.task == "monitor" && (h.rc == rcDegraded || h.rc == rcDegradedPromoted) {
		if h.rc == rcDegraded {
			h.rc = rcOK
		} else {
			h.rc = rcPromoted
		}
		h.recordFailure()
	}
	if mask {
		h.status, h.rc = opDone, rcNotRunning
	}
	if h.status != opDone && h.status != opError {
		return
	}
	if h.rc == h.expected && h.expected >= 0 {
		h.status = opDone
	} else {
		h.status = opError
	}
	switch h.rc {
	case rcOK:
		if h.probe && h.expected == rcNotRunning {
			h.status = opDone
		}
	case rcNotRunning:
		if h.probe || h.expected == h.rc || !h.r.Managed {
			h.status = opDone
			h.r.Role = RoleStopped
			st.onFail = failIgnore
			h.r.setNextRole(RoleUnknown, "not running")
		}
	case rcPromoted:
		if h.probe && h.rc != h.expected {
			h.status = opDone
		}
		h.r.Role = RolePromoted
	case rcFailedPromoted, rcDegradedPromoted:
		h.r.Role = RolePromoted
		h.status = opError
	case rcNotConfigured:
		h.status = opFatal
	case rcUnimplemented:
		if h.ms > 0 {
			h.status = opNotSupported
			return
		}
		h.blockUnrecoverable(expired)
		h.status = opHard
	case rcNotInstalled, rcInvalid, rcNoPermission:
		h.blockUnrecoverable(expired)
		h.status = opHard
	default:
		if h.status == opDone {
			h.status = opError
		}
	}
}

func (h *record) blockUnrecoverable(expired bool) {
	if !expired && h.task == "stop" && !h.tr.canFence(h.n) {
		h.tr.log("block_if_unrecoverable", Error, "No further recovery can be attempted for %s because %s on %s failed", h.r.ID, h.task, h.n.Name)
		h.r.Managed, h.r.Blocked = false, true
	}
}

// expired decides whether an entry is too old to count, and schedules the
// clearing of fail counts (scheduler.md 8.3, step 1).
func (h *record) expired() bool {
	if h.status == opNotInstalled {
		return false
	}
	r := h.r
	last := strings.HasSuffix(h.xml.ID(), "_last_failure_0")
	expired, why := false, ""
	unexpiredCount := 0
	if changed, ok := rules.Int(h.xml.Get("last-rc-change")); ok && r.failureTimeout > 0 {
		if h.tr.now.Unix() >= changed+r.failureTimeout && !h.waitsForFencing() {
			expired = true
		}
		var when int64
		unexpiredCount, when = h.tr.failCount(h.n, r, true, h.xml)
		if when > 0 {
			h.tr.recheckAt(time.Unix(when+r.failureTimeout+1, 0))
		}
	}
	if expired {
		if count, _ := h.tr.failCount(h.n, r, false, h.xml); count != 0 {
			if unexpiredCount == 0 {
				why = "it expired"
			} else {
				expired = false
			}
		} else if last && r.reconnectMS != 0 {
			why = "reconnect interval is set"
		}
	}
	if !expired && last && (h.task == "start" || h.task == "monitor") {
		if h.tr.needsRemoteName(r) {
			h.tr.paramChecks = append(h.tr.paramChecks, paramCheck{h.xml, r, h.n, true})
		} else if d := h.tr.compareDigests(r, h.xml, h.n); d.result != digestMatch && d.result != digestUnknown {
			why = "resource parameters have changed"
		}
	}
	if why != "" {
		clear := h.tr.clearFailCount(r, h.n, why)
		if h.tr.opt.fencing && r.reconnectMS != 0 {
			h.tr.afterRemoteFencing(clear, r)
		}
	}
	if expired && h.probe {
		switch h.rc {
		case rcOK, rcNotRunning, rcPromoted, rcDegraded, rcDegradedPromoted:
			return false
		}
	}
	return expired
}

// waitsForFencing: the monitor of a connection with reconnect interval does not
// expire before its node was fenced.
func (h *record) waitsForFencing() bool {
	if h.r.reconnectMS == 0 || !h.tr.opt.fencing || h.task != "monitor" || h.ms == 0 {
		return false
	}
	n := h.tr.node(h.r.ID)
	return n != nil && !n.remoteFenced
}

func (h *record) unpackPending() {
	r := h.r
	switch h.task {
	case "start":
		r.StartPending = true
		r.setActive()
	case "promote":
		r.Role = RolePromoted
	case "migrate_to":
		if h.n.Unclean {
			if target := h.tr.node(h.xml.Get("migrate_target")); target != nil {
				h.tr.stopAction(r, target, false)
			}
		}
	}
	if r.Pending == "" && !h.probe {
		r.Pending, r.PendingNode = h.task, h.n
	}
}

// setActive gives a resource the role of an active one.
func (r *Resource) setActive() {
	if r.Top().Promotable {
		r.Role = RoleUnpromoted
	} else {
		r.Role = RoleStarted
	}
}

// success applies the result rc of an operation (scheduler.md 8.4).
func (h *record) success(rc int, st *historyState) {
	r := h.r
	forget := false
	switch {
	case rc == rcNotInstalled, r.bundleOf() == nil && masked(h.xml):
		r.Role = RoleStopped
	case rc == rcNotRunning:
		// That it is stopped was noted if that is so: here it may also be what
		// a failure that is ignored should have come to.
		forget = true
	case h.task == "monitor":
		forget = st.lastFailure != nil && h.key == historyKey(st.lastFailure)
		if r.Role < RoleStarted {
			r.setActive()
		}
	case h.task == "start":
		r.Role, forget = RoleStarted, true
	case h.task == "stop":
		r.Role, forget = RoleStopped, true
	case h.task == "promote":
		r.Role, forget = RolePromoted, true
	case h.task == "demote":
		forget = st.onFail == failDemote
		r.Role = RoleUnpromoted
	case h.task == "migrate_from":
		r.Role, forget = RoleStarted, true
	case h.task == "migrate_to":
		h.migrateToSucceeded()
	case r.Role < RoleStarted:
		r.setActive()
	}
	if !forget {
		return
	}
	switch st.onFail {
	case failStop, failFence, failMigrate, failStandby:
	case failResetRemote:
		if r.reconnectMS == 0 {
			st.onFail = failIgnore
			r.setNextRole(RoleUnknown, "clear past failures and reset remote")
		}
	default:
		st.onFail = failIgnore
		r.setNextRole(RoleUnknown, "clear past failures")
	}
}

// failure applies a failed operation (scheduler.md 8.5).
func (h *record) failure(fail onFail, role Role, st *historyState) {
	r := h.r
	st.lastFailure = h.xml
	// Where resources are only where they are let, an agent may well be missing.
	missing := h.rc == rcNotInstalled && !h.tr.opt.symmetric
	if !missing && (!h.n.Shutdown || h.n.Online) {
		h.recordFailure()
	}
	if st.onFail.severity() < fail.severity() {
		st.onFail = fail
	}
	switch h.task {
	case "stop":
		h.tr.addScore(r, h.n, -rules.Infinity, "a failed stop there")
	case "migrate_to":
		h.migrateToFailed()
	case "migrate_from":
		h.migrateFromFailed()
	case "promote":
		r.Role = RolePromoted
	case "demote":
		switch {
		case fail == failBlock:
			r.Role = RolePromoted
			r.setNextRole(RoleStopped, "demote with on-fail=block")
		case h.rc == rcNotRunning:
			r.Role = RoleStopped
		default:
			r.Role = RoleUnpromoted
		}
	}
	if h.probe && h.rc == rcNotInstalled {
		r.Role = RoleStopped
	} else if r.Role < RoleStarted {
		r.setActive()
	}
	if role != RoleStarted && r.NextRole < role {
		r.setNextRole(role, "failure")
	}
	if role == RoleStopped {
		whole := r
		if top := r.Top(); top.Kind == Clone && !top.Unique {
			whole = top
		}
		h.tr.banEverywhere(whole)
	}
}

// recordFailure remembers an entry for display, once per key and node; what
// failed on a node that is gone is not shown.
func (h *record) recordFailure() {
	if !h.n.Online {
		return
	}
	h.xml.Set("uname", h.n.Name)
	for _, old := range h.tr.FailedOps {
		if old.Get("operation_key") == h.xml.Get("operation_key") && old.Get("uname") == h.n.Name {
			return
		}
	}
	h.tr.FailedOps = append(h.tr.FailedOps, h.xml)
}
