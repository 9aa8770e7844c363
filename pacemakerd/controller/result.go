package controller

import (
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A magic is what an operation's result is known by: the key of the action
// that asked for it, before which result and status may stand.
type magic struct {
	action, transition, target int
	uuid                       string
}

// parseKey reads a transition key: action:transition:target-rc:uuid.
func parseKey(s string) (k magic, ok bool) {
	parts := strings.SplitN(s, ":", 4)
	if len(parts) != 4 {
		return k, false
	}
	var err [3]error
	k.action, err[0] = strconv.Atoi(parts[0])
	k.transition, err[1] = strconv.Atoi(parts[1])
	k.target, err[2] = strconv.Atoi(parts[2])
	k.uuid = parts[3]
	return k, err[0] == nil && err[1] == nil && err[2] == nil
}

// result takes an entry of a resource's history that is new in the CIB.
func (m *Machine) result(op *xml.Element, path string) {
	nodeID := idIn(path, "node_state")
	node := op.Get("on_node")
	if node == "" {
		for n := range m.doc.Child("status").Each("node_state") {
			if n.ID() == nodeID {
				node = n.Get("uname")
			}
		}
	}
	m.event(op, node)
}

// directAck takes a result that does not go through the CIB.
func (m *Machine) directAck(msg *xml.Element) {
	if !m.isDC {
		return
	}
	state := peer.Data(msg)
	for op := range state.Walk() {
		if op.Name == "lrm_rsc_op" {
			m.event(op, msg.Get("src"))
		}
	}
}

// event judges the result of an operation (pacemaker-cluster.md 8).
func (m *Machine) event(op *xml.Element, node string) {
	k, ok := parseKey(op.Get("transition-key"))
	if !ok {
		return
	}
	rc, _ := strconv.Atoi(op.Get("rc-code"))
	rc = lrmd.Effective(rc)
	status, _ := strconv.Atoi(op.Get("op-status"))
	interval, _ := strconv.Atoi(op.Get("interval"))
	if lrmd.Status(status) == lrmd.Pending || rc == lrmd.RCUnknown && lrmd.Status(status) != lrmd.Cancelled {
		return
	}
	g := m.graph
	failures := true
	switch {
	case k.transition == -1:
		m.abort(infinity, abortRestart, "operation from outside the cluster")
	case k.uuid != m.cfg.UUID:
		m.abort(infinity, abortRestart, "operation of another DC")
	case g == nil || g.id != k.transition || g.complete:
		switch {
		case interval != 0 && lrmd.Status(status) == lrmd.Cancelled:
			m.confirmCancel(op, node)
			return
		case interval != 0:
			m.abort(infinity, abortRestart, "recurring result changed")
		default:
			m.abort(infinity, abortRestart, "late result")
		}
	default:
		a := g.actions[k.action]
		switch {
		case a == nil:
			m.abort(infinity, abortRestart, "result of an unknown action")
		case a.confirmed:
			if interval != 0 && rc != k.target {
				m.abort(infinity, abortRestart, "recurring result changed")
			}
		default:
			failed := rc != k.target || lrmd.Status(status) > lrmd.Cancelled
			failures = a.meta("on_fail") != "ignore"
			m.cfg.Log.Info("operation done", "op", a.key, "node", node, "rc", rc, "target", k.target)
			g.confirm(a, failed)
			if failed {
				g.abort(a.synapse.priority+1, abortRestart, "operation failed: "+a.key)
			}
		}
	}
	m.countFailure(op, node, rc, k, failures)
}

// confirmCancel ends the cancel action that waited for this operation.
func (m *Machine) confirmCancel(op *xml.Element, node string) {
	g := m.graph
	if g == nil || g.complete {
		return
	}
	for _, a := range g.running() {
		if a.kind == rscOp && a.task == "cancel" && a.key == op.Get("operation_key") && strings.EqualFold(a.node, node) {
			g.confirm(a, false)
		}
	}
}

// countFailure adds to the fail count of a resource (pacemaker-cluster.md 8, event
// handling).
func (m *Machine) countFailure(op *xml.Element, node string, rc int, k magic, count bool) {
	status, _ := strconv.Atoi(op.Get("op-status"))
	if rc == k.target && lrmd.Status(status) <= lrmd.Cancelled || rc == lrmd.RCUnknown || !count ||
		lrmd.Status(status) == lrmd.Cancelled || op.Get("crm-debug-origin") == "build_active_RAs" {
		return
	}
	rsc, task, interval := splitOpKey(op.Get("operation_key"))
	if rsc == "" {
		return
	}
	value := "value++"
	switch {
	case interval > 0, task == "promote", task == "demote", k.transition == -1:
	case task == "start":
		if m.graph == nil || m.graph.failedStart == "" || m.graph.failedStart == "INFINITY" {
			value = "INFINITY"
		}
	case task == "stop":
		if m.graph == nil || m.graph.failedStop == "" || m.graph.failedStop == "INFINITY" {
			value = "INFINITY"
		}
	default:
		return
	}
	suffix := rsc + "#" + task + "_" + strconv.Itoa(interval)
	m.cfg.Log.Warn("operation failed", "resource", rsc, "op", task, "node", node, "rc", rc, "reason", op.Get("exit-reason"))
	m.do(Attr{Node: node, Name: "fail-count-" + suffix, Value: value})
	m.do(Attr{Node: node, Name: "last-failure-" + suffix, Value: strconv.FormatInt(m.cfg.Wall(), 10)})
}

// splitOpKey splits resource_operation_interval. The resource may hold any
// number of underscores, the operation only those of migrate_to and
// migrate_from.
func splitOpKey(key string) (rsc, task string, interval int) {
	rest, ms, ok := cutLast(key, "_")
	if !ok {
		return "", "", 0
	}
	interval, err := strconv.Atoi(ms)
	if err != nil {
		return "", "", 0
	}
	for _, two := range []string{"migrate_to", "migrate_from"} {
		if r, found := strings.CutSuffix(rest, "_"+two); found {
			return r, two, interval
		}
	}
	rsc, task, ok = cutLast(rest, "_")
	if !ok {
		return "", "", 0
	}
	return rsc, task, interval
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
