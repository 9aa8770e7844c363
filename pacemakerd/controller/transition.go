package controller

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// advanceGraph fires every synapse that is ready, until nothing moves, and
// ends the transition when nothing is left under way.
func (m *Machine) advanceGraph() {
	for m.graph != nil && !m.graph.complete && m.isDC && m.state == TransitionEngine {
		g := m.graph
		fired := m.pass(g)
		if fired > 0 {
			continue // what was confirmed at once may have made more ready
		}
		if len(g.running()) > 0 {
			return
		}
		m.finishGraph(g)
		return
	}
}

// pass fires ready synapses once through the graph, in document order.
func (m *Machine) pass(g *graph) (fired int) {
	pending := len(g.running())
	g.skipped, g.incomplete = 0, 0
	for _, s := range g.synapses {
		if g.complete || m.graph != g {
			return 0
		}
		if limit := m.limit(g); limit > 0 && pending >= limit {
			return fired
		}
		switch {
		case s.confirmed || s.executed:
		case s.failed:
			g.skipped++
		case g.abortPriority > s.priority && !s.pseudoOnly():
			g.skipped++
		case !s.ready():
			g.incomplete++
		case !m.fire(g, s):
			g.incomplete++
		default:
			fired++
			g.fired++
			for _, a := range s.actions {
				if !a.confirmed {
					pending++
				}
			}
		}
	}
	return fired
}

// fire executes the actions of a synapse. false: a job limit forbids it now.
func (m *Machine) fire(g *graph, s *synapse) bool {
	for _, a := range s.actions {
		if a.kind == rscOp && !m.jobAllowed(g, a) {
			return false
		}
	}
	s.executed = true
	for _, a := range s.actions {
		a.executed = true
		switch a.kind {
		case pseudo:
			g.confirm(a, false)
		case crmEvent:
			m.executeEvent(g, a)
		case rscOp:
			m.executeRsc(g, a)
		}
	}
	return true
}

// executeRsc sends a resource operation to its node.
func (m *Machine) executeRsc(g *graph, a *action) {
	op := a.elem.Clone()
	op.Set("transition-key", m.key(g, a))
	m.cfg.Log.Info("operation sent", "op", a.key, "node", a.node, "action", a.id)
	if a.timeout > 0 || a.task != "delete" {
		a.deadline = m.now + a.timeout + a.delay + g.clusterDelay
	}
	if strings.EqualFold(a.node, m.cfg.Node) {
		m.invoke(m.cfg.Node, "tengine", op)
		return
	}
	p := m.cfg.Cache.ByName(a.node)
	if p == nil || !p.Active("crmd") {
		m.fail(g, a, "node is not there")
		return
	}
	msg := m.cfg.Writer.Request(peer.Request{Origin: "execute_rsc_action", Task: "lrm_invoke", To: "lrmd", From: "tengine", Host: a.node, Data: op})
	m.do(Send{To: a.node, Type: peer.SubLRMD, Msg: msg})
}

// key is the transition key of an action: what its result is known by.
func (m *Machine) key(g *graph, a *action) string {
	return fmt.Sprintf("%d:%d:%d:%s", a.id, g.id, a.target(), g.uuid)
}

// executeEvent carries out an action of the cluster itself.
func (m *Machine) executeEvent(g *graph, a *action) {
	switch a.task {
	case "stonith":
		action := a.meta("stonith_action")
		if action == "" {
			action = "reboot"
		}
		delay, _ := Duration(a.meta("priority_fencing_delay"))
		m.cfg.Log.Warn("fencing", "node", a.node, "action", action)
		a.deadline = m.now + g.stonithTime*10 + g.clusterDelay
		m.do(Fence{ID: a.id, Target: a.elem.Get("on_node"), Action: action, Timeout: g.stonithTime, Delay: delay})
	case "do_shutdown":
		if strings.EqualFold(a.node, m.cfg.Node) {
			g.confirm(a, false)
			if m.mustStay() {
				m.stayed()
				return
			}
			g.setCompletion(abortShutdown, "DC shuts down")
			return
		}
		if p := m.cfg.Cache.ByName(a.node); p == nil || !p.Active("crmd") {
			g.confirm(a, false)
			return
		}
		a.deadline = m.now + g.clusterDelay + m.option("shutdown-escalation")
		m.expected[m.cfg.Cache.ByName(a.node).ID] = true
		m.request(peer.Request{Origin: "te_crm_command", Task: "do_shutdown", To: "crmd", From: "tengine", Host: a.node})
		if a.meta("op_no_wait") == "true" {
			g.confirm(a, false)
		}
	case "clear_failcount":
		if p := m.cfg.Cache.ByName(a.node); p != nil && p.ID != m.cfg.ID && p.Active("crmd") {
			m.request(peer.Request{Origin: "te_crm_command", Task: a.task, To: "crmd", From: "tengine", Host: a.node, Data: a.elem.Clone()})
		} else {
			m.clearFailures(a.elem)
		}
		g.confirm(a, false)
	default:
		m.request(peer.Request{Origin: "te_crm_command", Task: a.task, To: "crmd", From: "tengine", Host: a.node, Data: a.elem.Clone()})
		g.confirm(a, false)
	}
}

// clearFailures forgets that a resource failed on a node: its fail counts, and the
// entry of the failure, which would have them cleared again and again.
func (m *Machine) clearFailures(event *xml.Element) {
	rsc, node := event.Child("primitive").ID(), event.Get("on_node")
	if rsc == "" || node == "" {
		return
	}
	attrs := event.Child("attributes")
	task, every := attrs.Get("CRM_meta_clear_failure_op"), attrs.Get("CRM_meta_clear_failure_interval")
	m.forgetEntryOn(node, rsc, rsc+"_last_failure_0", func(e *xml.Element) bool {
		return task == "" || e.Get("operation") == task && (every == "" || e.Get("interval") == every)
	})
	m.do(ClearFailure{Node: node, Resource: rsc, Op: task, Interval: every})
}

// Fenced tells what came of a Fence action, or, with id 0, that a node was fenced for
// somebody else.
func (m *Machine) Fenced(now time.Duration, id int, target string, err error) []Action {
	m.begin(now)
	unfencing := false
	if g := m.graph; g != nil && g.actions[id] != nil {
		unfencing = g.actions[id].meta("stonith_action") == "on"
	}
	switch {
	case err != nil || unfencing:
	case m.isDC:
		m.fencedState(target)
		if id == 0 { // what is planned, or under way, may have it fenced once more
			m.abort(infinity, abortRestart, "fenced for somebody else: "+target)
		}
	case m.dc == "" || strings.EqualFold(target, m.dc):
		m.fencedDC = target // who is DC next writes it down
	}
	if g := m.graph; g != nil && !g.complete {
		if a := g.actions[id]; a != nil && a.kind == crmEvent && a.task == "stonith" && !a.confirmed && a.executed &&
			strings.EqualFold(a.elem.Get("on_node"), target) {
			if err != nil {
				m.cfg.Log.Error("fencing failed", "node", target, "err", err)
				g.confirm(a, true)
				m.timers.replan = m.now + 2*time.Second // try again, but not at once
				g.abort(infinity, abortStop, "fencing failed")
			} else {
				m.cfg.Log.Info("node was fenced", "node", target)
				g.confirm(a, false)
			}
		}
	}
	m.settle()
	return m.out
}

// fencedState writes that a node is safely down and forgets its history. It need
// not be one that corosync knows: then the CIB does.
func (m *Machine) fencedState(target string) {
	nid := ""
	if p := m.cfg.Cache.ByName(target); p != nil {
		m.expected[p.ID] = true
		target, nid = p.Name, id(p.ID)
	} else {
		for n := range m.doc.Descend("configuration", "nodes").Each("node") {
			if strings.EqualFold(n.Get("uname"), target) {
				target, nid = n.Get("uname"), n.ID()
			}
		}
	}
	if nid == "" {
		m.cfg.Log.Warn("a node was fenced that nobody knows", "node", target)
		return
	}
	m.cibTracked(modify("status", optCreate, xml.New("node_state", "id", nid, "uname", target,
		"join", "down", "expected", "down", "crm-debug-origin", "send_stonith_update")))
	m.cibTracked(erase(nodeState(target) + "/*"))
}

// abort stops a transition from doing more, except for what has at least that
// priority, and asks for another plan.
func (m *Machine) abort(priority int, then abortAction, why string) {
	if !m.isDC {
		return
	}
	if m.graph != nil && !m.graph.complete {
		if m.graph.abortPriority < priority {
			m.cfg.Log.Info("transition aborted", "transition", m.graph.id, "why", why)
		}
		m.graph.abort(priority, then, why)
		return
	}
	if m.state == Idle || m.state == PolicyEngine || m.state == TransitionEngine {
		m.wantPlan(why)
	}
}

func (g *graph) abort(priority int, then abortAction, why string) {
	if g.abortPriority < priority {
		g.abortPriority, g.abortReason = priority, why
	}
	g.setCompletion(then, why)
}

func (g *graph) setCompletion(then abortAction, why string) {
	if then > g.completion {
		g.completion = then
		if g.abortReason == "" {
			g.abortReason = why
		}
	}
}

// finishGraph ends a transition that has come to rest.
func (m *Machine) finishGraph(g *graph) {
	g.complete = true
	m.cfg.Log.Info("transition complete", "transition", g.id, "fired", g.fired, "skipped", g.skipped, "incomplete", g.incomplete, "why", g.abortReason)
	if g.completion == abortDone && g.incomplete > 0 {
		m.cfg.Log.Error("transition stuck", "transition", g.id, "incomplete", g.incomplete)
	}
	switch g.completion {
	case abortShutdown:
		m.leave()
	case abortRestart:
		m.enter(PolicyEngine)
		m.plan.wanted = true
		if m.plan.why == "" {
			m.plan.why = g.abortReason
		}
		m.advancePlan()
	default:
		m.enter(Idle)
		if m.plan.wanted {
			m.enter(PolicyEngine)
			m.advancePlan()
		}
	}
}

// haltGraph has a transition begin nothing more. What is under way is waited for
// before anything is planned: a start that is not answered yet would be asked for
// again.
func (m *Machine) haltGraph(why string) {
	m.plan.running = false
	m.plan.wanted = false
	if g := m.graph; g != nil && !g.complete {
		g.abort(infinity, abortRestart, why)
		m.halted()
	}
}

// halted tells whether a transition is still waited for.
func (m *Machine) halted() bool {
	g := m.graph
	if g == nil || g.complete {
		return false
	}
	if len(g.running()) > 0 {
		return true
	}
	g.complete = true
	return false
}

// dropGraph forgets a transition: what is under way ends by itself.
func (m *Machine) dropGraph() {
	if m.graph != nil {
		m.graph.complete = true
	}
	m.plan.running = false
	m.plan.wanted = false
}

func (m *Machine) fail(g *graph, a *action, why string) {
	m.cfg.Log.Warn("action failed", "op", a.key, "node", a.node, "why", why)
	g.confirm(a, true)
	g.abort(infinity, abortRestart, why)
}

// graphPeerLost ends what was under way on a node that is gone.
func (m *Machine) graphPeerLost(p *peer.Peer) {
	g := m.graph
	if g == nil || g.complete {
		return
	}
	for _, a := range g.running() {
		if !strings.EqualFold(a.node, p.Name) {
			continue
		}
		switch {
		case a.kind == crmEvent && a.task == "do_shutdown":
			g.confirm(a, false)
		case a.kind == rscOp:
			m.fail(g, a, "node lost")
		}
	}
}

func (m *Machine) graphDeadline() time.Duration {
	var at time.Duration
	if m.graph == nil || m.graph.complete {
		return 0
	}
	for _, a := range m.graph.running() {
		if a.deadline != 0 && (at == 0 || a.deadline < at) {
			at = a.deadline
		}
	}
	return at
}

// graphTimeouts gives up on actions that nobody has answered.
func (m *Machine) graphTimeouts() {
	g := m.graph
	if g == nil || g.complete || !m.isDC {
		return
	}
	for _, a := range g.running() {
		if a.deadline == 0 || m.now < a.deadline {
			continue
		}
		m.cfg.Log.Error("action lost", "op", a.key, "node", a.node, "timeout", a.timeout+g.clusterDelay)
		m.fail(g, a, "action lost")
		if a.kind == rscOp && a.task != "cancel" && a.task != "delete" && a.task != "notify" {
			m.recordLost(g, a)
		}
	}
}

// throttling: how many jobs each node takes (pacemaker-cluster.md 8).

type load struct{ mode, max int }

func (m *Machine) throttled(from string, msg *xml.Element) {
	mode, _ := strconv.Atoi(msg.Get("crm-limit-mode"))
	max, _ := strconv.Atoi(msg.Get("crm-limit-max"))
	if m.exec.loads == nil {
		m.exec.loads = map[string]load{}
	}
	m.exec.loads[strings.ToLower(from)] = load{mode, max}
}

// jobAllowed tells whether the node of a has a free slot.
func (m *Machine) jobAllowed(g *graph, a *action) bool {
	jobs, migrations := 0, 0
	for _, r := range g.running() {
		if r.kind != rscOp || !strings.EqualFold(r.node, a.node) {
			continue
		}
		jobs++
		if r.task == "migrate_to" || r.task == "migrate_from" {
			migrations++
		}
	}
	if (a.task == "migrate_to" || a.task == "migrate_from") && g.migrations >= 0 && migrations >= g.migrations {
		return false
	}
	return jobs < m.jobMax(a.node)
}

func (m *Machine) jobMax(node string) int {
	l, known := m.exec.loads[strings.ToLower(node)]
	most := 2 * max(1, m.cfg.Cores)
	if n, err := strconv.Atoi(m.clusterOption("node-action-limit")); err == nil && n > 0 {
		most = n
	} else if l.max > 0 {
		most = l.max
	}
	if !known {
		l.mode = 0
	}
	switch {
	case l.mode >= 256:
		most = 1
	case l.mode >= 16:
		most /= 4
	case l.mode >= 1:
		most /= 2
	}
	return max(1, most)
}

// limit is the greatest number of actions under way, 0 for no limit.
func (m *Machine) limit(g *graph) int {
	limit := g.batchLimit
	peers := len(m.cfg.Cache.Active("crmd"))
	for _, l := range m.exec.loads {
		bound := 0
		switch {
		case l.mode >= 4096:
			bound = max(1, peers/4)
		case l.mode >= 256:
			bound = max(1, peers/2)
		}
		if bound > 0 && (limit <= 0 || limit > bound) {
			limit = bound
		}
	}
	return limit
}
