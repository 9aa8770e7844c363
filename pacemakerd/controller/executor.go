package controller

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// executor is this node's side of a transition: what the DC asks for goes to
// the queue, and what comes of it goes into the CIB.
type executor struct {
	queue   *lrmd.Machine
	history map[string]*xml.Element // resource → <lrm_resource>, in order below
	order   []string
	meta    map[lrmd.Agent]*lrmd.Metadata // nil value: the agent gives none
	asking  map[lrmd.Agent][]func()       // what waits for meta-data
	cancels []ack                         // cancels that wait for a run to end
	deletes []ack                         // deletes that wait for the queue
	loads   map[string]load
}

// An ack is an answer that is owed directly to who asked.
type ack struct {
	node, sys string // where it goes: the tengine of whatever node is DC, or a client of that node
	key       string // transition key
	rsc, task string
	interval  time.Duration
	op        *xml.Element // the rsc_op
	ticket    string       // in the journal, "" for none
	quiet     bool         // nobody waits for it
}

func newExecutor(wall func() int64) executor {
	return executor{
		queue:   lrmd.New(wall),
		history: map[string]*xml.Element{},
		meta:    map[lrmd.Agent]*lrmd.Metadata{},
		asking:  map[lrmd.Agent][]func(){},
	}
}

// invoke carries out an rsc_op that a DC, or a client, asked for.
func (m *Machine) invoke(from, sys string, op *xml.Element) {
	p := op.Child("primitive")
	a := ack{node: from, sys: sys, key: op.Get("transition-key"), rsc: p.ID(), task: op.Get("operation"), op: op}
	if p == nil || a.rsc == "" || a.key == "" {
		m.cfg.Log.Warn("operation ignored: it names no resource", "node", from)
		return
	}
	if m.state == Stopping || m.state == Terminated {
		return
	}
	m.accept(&a)
	switch a.task {
	case "cancel":
		m.invokeCancel(a)
	case "delete":
		m.invokeDelete(a)
	default:
		agent := agentOf(p)
		if !wantsMetadata(agent, a.task) {
			m.execute(a, agent)
			return
		}
		m.withMetadata(agent, func() { m.execute(a, agent) })
	}
}

func agentOf(p *xml.Element) lrmd.Agent {
	return lrmd.Agent{Class: p.Get("class"), Provider: p.Get("provider"), Type: p.Get("type")}
}

// wantsMetadata tells whether a history entry needs the agent's meta-data:
// classes with parameters, for operations that a change may concern.
func wantsMetadata(a lrmd.Agent, task string) bool {
	if a.Class != "ocf" && a.Class != "stonith" {
		return false
	}
	switch task {
	case "start", "monitor", "promote", "demote", "notify", "migrate_to", "migrate_from", "reload", "reload-agent":
		return true
	}
	return false
}

func (m *Machine) withMetadata(agent lrmd.Agent, then func()) {
	if _, known := m.exec.meta[agent]; known {
		then()
		return
	}
	waiting := m.exec.asking[agent]
	m.exec.asking[agent] = append(waiting, then)
	if len(waiting) == 0 {
		m.do(Metadata{agent})
	}
}

// GotMetadata takes an agent's meta-data, nil if it gave none.
func (m *Machine) GotMetadata(now time.Duration, agent lrmd.Agent, meta *lrmd.Metadata) []Action {
	m.begin(now)
	m.exec.meta[agent] = meta
	waiting := m.exec.asking[agent]
	delete(m.exec.asking, agent)
	for _, then := range waiting {
		then()
	}
	m.settle()
	return m.out
}

// execute queues an operation and records that it is pending.
func (m *Machine) execute(a ack, agent lrmd.Agent) {
	attrs := a.op.Child("attributes")
	op := lrmd.Op{Resource: a.rsc, Agent: agent, Action: a.task, UserData: a.key, Ticket: a.ticket}
	if attrs != nil {
		for _, at := range attrs.Attrs {
			if at.Name != "CRM_meta_op_target_rc" {
				op.Params = append(op.Params, at)
			}
		}
	}
	ms := func(name string) time.Duration {
		n, _ := strconv.ParseInt(attrs.Get(name), 10, 64)
		return time.Duration(max(0, min(n, 1<<40))) * time.Millisecond
	}
	op.Interval, op.Timeout, op.StartDelay = ms("CRM_meta_interval"), ms("CRM_meta_timeout"), ms("CRM_meta_start_delay")
	if op.Interval == 0 && a.task != "monitor" && a.task != "notify" {
		m.execActions(m.exec.queue.CancelAll(m.now, a.rsc))
	}
	if a.task != "notify" && attrs.Get("CRM_meta_record_pending") != "false" {
		m.record(lrmd.Result{Op: op, RC: lrmd.RCUnknown, Status: lrmd.Pending, RCChange: m.cfg.Wall(), RunTime: m.cfg.Wall()}, -1)
	}
	_, out := m.exec.queue.Exec(m.now, op)
	m.execActions(out)
}

// execActions carries the queue's actions on.
func (m *Machine) execActions(out []lrmd.Action) {
	for _, a := range out {
		switch a := a.(type) {
		case lrmd.Run:
			m.do(Run{a})
		case lrmd.Kill:
			m.do(Kill{a})
		case lrmd.Keep:
			m.do(Keep{a.Kept})
		case lrmd.Result:
			m.executed(a)
		}
	}
}

// Finished takes the end of a run.
func (m *Machine) Finished(now time.Duration, f lrmd.Finish) []Action {
	m.begin(now)
	m.execActions(m.exec.queue.Finished(now, f))
	deletes := m.exec.deletes
	m.exec.deletes = nil
	for _, a := range deletes {
		m.invokeDelete(a)
	}
	m.settle()
	return m.out
}

// Overdue says that the process of a run is still there though it was killed.
func (m *Machine) Overdue(now time.Duration, id int) []Action {
	m.begin(now)
	m.execActions(m.exec.queue.Overdue(now, id))
	m.settle()
	return m.out
}

// executed records a result, or answers directly where none is recorded.
func (m *Machine) executed(r lrmd.Result) {
	defer m.settled(r.Ticket)
	if r.Status == lrmd.Cancelled {
		m.cancelled(r)
		return
	}
	if r.Action == "notify" {
		r.RC, r.Status = lrmd.RCOK, lrmd.Done // whatever the agent said
		m.ackDirectly(ack{sys: "tengine", rsc: r.Resource}, m.entry(r, notifyID(r), "controld_ack_event_directly", r.CallID))
		return
	}
	m.record(r, r.CallID)
	if r.Action == "start" && r.RC == lrmd.RCOK {
		delete(m.exec.meta, r.Agent) // the agent may have been updated; it is asked again
	}
}

func notifyID(r lrmd.Result) string {
	return r.Resource + "_" + r.Param("CRM_meta_notify_type") + "_notify_" + r.Param("CRM_meta_notify_operation") + "_0"
}

// invokeCancel ends a recurring operation; the answer comes when it has ended.
func (m *Machine) invokeCancel(a ack) {
	attrs := a.op.Child("attributes")
	n, _ := strconv.ParseInt(attrs.Get("CRM_meta_interval"), 10, 64)
	a.interval = time.Duration(n) * time.Millisecond
	a.task = attrs.Get("CRM_meta_operation")
	m.exec.cancels = append(m.exec.cancels, a)
	found, out := m.exec.queue.Cancel(m.now, a.rsc, a.task, a.interval)
	if !found {
		m.cancelled(lrmd.Result{Op: lrmd.Op{Resource: a.rsc, Action: a.task, Interval: a.interval, UserData: a.key, Params: attrs.Attrs}})
		return
	}
	m.execActions(out)
}

func (m *Machine) cancelled(r lrmd.Result) {
	var left []ack
	asked := false
	for _, a := range m.exec.cancels {
		if a.rsc != r.Resource || a.task != r.Action || a.interval != r.Interval {
			left = append(left, a)
			continue
		}
		asked = true
		r.UserData, r.RC, r.Status = a.key, lrmd.RCOK, lrmd.Done
		m.settled(a.ticket)
		m.ackDirectly(a, m.entry(r, opKey(r.Resource, r.Action, r.Interval), "controld_ack_event_directly", r.CallID))
	}
	m.exec.cancels = left
	if r.Ticket != "" && !asked { // the DC waits for the first result
		m.ackDirectly(ack{sys: "tengine", rsc: r.Resource}, m.entry(r, opKey(r.Resource, r.Action, r.Interval), "controld_ack_event_directly", r.CallID))
	}
	if asked { // otherwise it was cancelled because the resource stops: the entry stays
		m.forgetEntry(r.Resource, opKey(r.Resource, r.Action, r.Interval))
	}
}

// invokeDelete forgets a resource and its history.
func (m *Machine) invokeDelete(a ack) {
	m.execActions(m.exec.queue.CancelAll(m.now, a.rsc))
	if m.exec.queue.Busy(a.rsc) {
		m.exec.deletes = append(m.exec.deletes, a)
		return
	}
	m.exec.queue.Forget(a.rsc)
	m.forgetResource(a.rsc)
	if a.quiet {
		return
	}
	defer m.settled(a.ticket)
	r := lrmd.Result{Op: lrmd.Op{Resource: a.rsc, Action: "delete", UserData: a.key, Params: a.op.Child("attributes").AttrList()}}
	m.ackDirectly(a, m.entry(r, a.rsc+"_last_0", "controld_ack_event_directly", 0))
	if a.sys != "tengine" { // a person asked
		m.writeOption("last-lrm-refresh", strconv.FormatInt(m.cfg.Wall(), 10))
	}
}

// reprobe forgets the history of all resources, so that the DC has everything probed,
// and tells who asked. What is busy is forgotten when it has ended.
func (m *Machine) reprobe(from string, msg *xml.Element) {
	user := msg.Get(attrUser)
	if m.state == Stopping || m.state == Terminated {
		return
	}
	switch {
	case user == "" && m.fromDC(from, "probe_again"), privilegedUser(user):
		m.cfg.Log.Info("the state of all resources is looked for anew", "node", from, "user", user)
		for _, rsc := range slices.Clone(m.exec.order) {
			m.invokeDelete(ack{rsc: rsc, quiet: true})
		}
	default:
		m.cfg.Log.Warn("request refused: its user may not do that", "task", "probe_again", "user", user, "node", from)
	}
	if to := msg.Get("crm_sys_from"); to != "" && to != "tengine" {
		m.answerClient(from, to, m.cfg.Writer.Request(peer.Request{Origin: "handle_reprobe_op", Task: "lrm_invoke", To: to, From: m.self() + "_lrmd", Host: from}))
	}
}

// answerClient sends a message to a client of some node, which may be this one.
func (m *Machine) answerClient(node, client string, msg *xml.Element) {
	if strings.EqualFold(node, m.cfg.Node) {
		msg.Set("src", m.cfg.Node)
		m.do(Reply{Client: client, Msg: msg})
		return
	}
	m.do(Send{To: node, Type: peer.SubTE, Msg: msg})
}

// invokeFail records a failure that an administrator made up.
func (m *Machine) invokeFail(a ack) {
	if m.exec.history[a.rsc] == nil { // who asked waits all the same
		r := lrmd.Result{Op: lrmd.Op{Resource: a.rsc, Agent: agentOf(a.op.Child("primitive")), Action: "asyncmon", UserData: a.key,
			Params: a.op.Child("attributes").AttrList()}, RC: lrmd.RCError, Status: lrmd.Failed, Reason: "Unknown resource"}
		m.ackDirectly(a, m.entry(r, a.rsc+"_last_failure_0", "controld_ack_event_directly", 0))
		return
	}
	_, rest, _ := strings.Cut(a.key, ":0:0:")
	r := lrmd.Result{Op: lrmd.Op{Resource: a.rsc, Agent: agentOf(a.op.Child("primitive")), Action: "asyncmon",
		UserData: "0:-1:0:" + rest, Params: a.op.Child("attributes").AttrList()},
		RC: lrmd.RCError, Reason: "Simulated failure", RunTime: m.cfg.Wall(), RCChange: m.cfg.Wall()}
	m.record(r, 0)
	m.ackDirectly(a, m.entry(r, a.rsc+"_last_failure_0", "controld_ack_event_directly", 0))
}

// ackDirectly answers with a history entry that is not recorded: to the
// tengine of whatever node is DC, or to a client.
func (m *Machine) ackDirectly(a ack, entry *xml.Element) {
	state := xml.New("node_state", "id", m.self(), "uname", m.cfg.Node, "crm-debug-origin", "controld_ack_event_directly")
	state.Append(xml.New("lrm", "id", m.self())).Append(xml.New("lrm_resources")).
		Append(xml.New("lrm_resource", "id", a.rsc)).Append(entry)
	host := ""
	if a.sys != "tengine" {
		host = a.node
	}
	msg := m.cfg.Writer.Request(peer.Request{Origin: "controld_ack_event_directly", Task: "lrm_invoke", To: a.sys, From: "lrmd", Host: host, Data: state})
	switch {
	case host != "":
		m.answerClient(host, a.sys, msg)
	case m.isDC:
		m.event(entry, m.cfg.Node)
	default:
		m.do(Send{Type: peer.SubTE, Msg: msg})
	}
}
