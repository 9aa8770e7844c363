package controller

import (
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// planning is the DC's conversation with the policy engine.
type planning struct {
	id      int  // of the last request
	wanted  bool // something changed since then
	why     string
	running bool // a request is out
	writes  int  // updates of ours in this term that a plan has to see
	term    int  // of this node as DC
}

// wantPlan asks for a new plan as soon as the CIB has our last updates
// (I_PE_CALC). A join that is under way is not left for it: it ends with a plan.
func (m *Machine) wantPlan(why string) {
	if !m.isDC {
		return
	}
	if !m.plan.wanted {
		m.plan.why = why
	}
	m.plan.wanted = true
	if (m.state == Idle || m.state == TransitionEngine) && (m.graph == nil || m.graph.complete) {
		m.enter(PolicyEngine)
	}
}

func (m *Machine) advancePlan() {
	if !m.isDC || m.state != PolicyEngine || !m.plan.wanted || m.plan.running || m.plan.writes > 0 || m.halted() {
		return
	}
	m.plan.wanted, m.plan.running = false, true
	m.plan.id++
	input := m.doc.Clone()
	q := "0"
	if m.quorate {
		q = "1"
	}
	input.Set("have-quorum", q)
	input.Set("dc-uuid", m.self())
	if m.lostQuor {
		input.Set("no-quorum-panic", "1")
	}
	m.cfg.Log.Debug("planning", "why", m.plan.why)
	m.do(Plan{m.plan.id, input})
}

// Planned takes a transition graph, or the error that kept it from being made.
func (m *Machine) Planned(now time.Duration, id int, transition *xml.Element, err error) []Action {
	m.begin(now)
	if id != m.plan.id || !m.plan.running {
		return nil
	}
	m.plan.running = false
	if !m.isDC || m.state != PolicyEngine {
		return nil
	}
	if m.plan.wanted { // something changed meanwhile: this plan is old
		m.settle()
		return m.out
	}
	if err != nil {
		m.cfg.Log.Error("no plan could be made; nothing is changed until the configuration is", "err", err)
		m.enter(Idle)
		return m.out
	}
	g, err := newGraph(transition, m.cfg.UUID)
	if err != nil {
		m.cfg.Log.Error("the plan cannot be read", "err", err)
		m.enter(Idle)
		return m.out
	}
	m.graph = g
	m.graphNo = g.id
	m.enter(TransitionEngine)
	m.cfg.Log.Info("transition started", "transition", g.id, "actions", g.count())
	m.settle()
	return m.out
}

// CIBChanged tells of an applied change: doc is the CIB after it. Without a patch the
// document is another one: what it says of operations is no news.
func (m *Machine) CIBChanged(now time.Duration, patch, doc *xml.Element) []Action {
	m.begin(now)
	m.doc = doc
	switch {
	case !m.isDC:
	case patch != nil:
		m.examine(patch)
	default:
		m.abort(infinity, abortRestart, "the whole CIB came anew")
	}
	m.settle()
	return m.out
}

// CIBReplaced tells that the nodes or their status were replaced as a whole, by
// an erase or by another CIB. What a DC wrote there is gone, and what the nodes
// have run is known to themselves alone: all join anew, after an election, as
// with the original.
func (m *Machine) CIBReplaced(now time.Duration) []Action {
	m.begin(now)
	if m.isDC && m.state != Electing {
		m.cfg.Log.Info("nodes or status of the CIB were replaced: all nodes join again")
		m.elect()
	}
	m.settle()
	return m.out
}

// examine looks for what a change means to the running transition, and for
// results of its actions (pacemaker-cluster.md 8).
func (m *Machine) examine(patch *xml.Element) {
	for c := range patch.Each("change") {
		path, op := c.Get("path"), c.Get("operation")
		if op == "move" {
			continue
		}
		content := c.Child("")
		if op == "modify" {
			content = c.Child("change-result").Child("")
		}
		switch {
		case strings.HasPrefix(path, "/cib/configuration"):
			m.abort(infinity, abortRestart, "configuration changed")
		case strings.HasPrefix(path, "/cib/status/tickets") || content != nil && (content.Name == "tickets" || content.Name == "ticket_state"):
			m.abort(infinity, abortRestart, "ticket changed")
		case strings.Contains(path, "/transient_attributes[") || strings.HasSuffix(path, "/transient_attributes"):
			m.attributeChanged(path, op, content)
		case op == "delete" && strings.Contains(path, "/lrm_resource["):
			m.historyDeleted(path)
		case op == "delete":
		case content == nil:
		case op == "modify" && content.Name == "lrm_rsc_op":
			m.result(content, path)
		case op == "create":
			m.created(content, path)
		}
	}
}

// created looks through a new part of the status section.
func (m *Machine) created(n *xml.Element, path string) {
	switch n.Name {
	case "status", "cib", "node_state", "lrm", "lrm_resources", "lrm_resource":
		if n.Name == "node_state" {
			path += "/node_state[@id='" + n.ID() + "']"
		}
		if n.Name == "configuration" {
			m.abort(infinity, abortRestart, "configuration changed")
		}
		for c := range n.Each("") {
			m.created(c, path)
		}
	case "configuration":
		m.abort(infinity, abortRestart, "configuration replaced")
	case "transient_attributes":
		m.attributeChanged(path, "create", n)
	case "lrm_rsc_op":
		m.result(n, path)
	}
}

func (m *Machine) attributeChanged(path, op string, n *xml.Element) {
	if node := idIn(path, "node_state"); m.graph != nil && !m.graph.complete && m.graph.takesDown(node) {
		return
	}
	if op == "modify" && n != nil && n.Name != "nvpair" {
		return // ids of containers
	}
	m.abort(infinity, abortRestart, "transient attribute changed")
}

// historyDeleted aborts unless this transition deletes the history itself.
func (m *Machine) historyDeleted(path string) {
	rsc := idIn(path, "lrm_resource")
	if m.graph != nil && !m.graph.complete && m.graph.deletes(rsc) {
		return
	}
	if strings.Contains(path, "/lrm_rsc_op[") {
		return // an entry alone: a cancelled operation
	}
	m.abort(infinity, abortRestart, "resource history deleted")
}

// idIn returns the id of a path's step with that element name.
func idIn(path, name string) string {
	_, rest, ok := strings.Cut(path, "/"+name+"[@id='")
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(rest, "'")
	return id
}
