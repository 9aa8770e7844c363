package simulate

import (
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// An Execution is a plan being carried out on paper (scheduler.md 24).
type Execution struct {
	// CIB is the document as it is afterwards.
	CIB *xml.Element
	// Done lists what was done, in order.
	Done []Step
	// Complete is false when some actions could never be done.
	Complete bool
	// Aborted says that an action failed, and what came after was not done.
	Aborted bool
}

// A Step is one action that was carried out.
type Step struct {
	Kind     string // pseudo, resource, cluster, fence
	Key      string
	Resource string
	Task     string
	MS       int64
	Node     string
	Op       string // of fencing
	Faulty   bool   // a -F specification made it fail
	Failed   int    // the result that it had then
	ID       string
	Injected []Injected
}

// A Fault makes an operation fail: RESOURCE_TASK_MS@NODE=RC.
type Fault struct {
	Key  string
	Node string
	RC   int
}

// Execute carries a plan out on a copy of the CIB.
func Execute(tr *pengine.Transition, cib *xml.Element, at time.Time, faults []Fault) *Execution {
	x := &executor{c: tr.Cluster, Execution: &Execution{CIB: cib.Clone()}, at: at, faults: faults, confirmed: make(map[string]bool), twins: make(map[*xml.Element]bool)}
	x.CIB.Ensure("status")
	x.run(tr.Graph)
	return x.Execution
}

type executor struct {
	*Execution
	c         *pengine.Cluster
	at        time.Time
	faults    []Fault
	confirmed map[string]bool
	twins     map[*xml.Element]bool
}

type synapse struct {
	action *xml.Element
	inputs []string
	done   bool
	prio   int64
}

func (x *executor) run(graph *xml.Element) {
	var list []*synapse
	for s := range graph.Each("synapse") {
		syn := &synapse{action: s.Child("action_set").Child("")}
		syn.prio, _ = rules.Int(s.Get("priority"))
		for t := range s.Child("inputs").Each("trigger") {
			syn.inputs = append(syn.inputs, t.Child("").Get("id"))
		}
		list = append(list, syn)
	}
	left := len(list)
	for progress := true; progress && left > 0; {
		progress = false
		for _, s := range list {
			if s.done || x.Aborted && s.prio < rules.Infinity || !x.ready(s) {
				continue
			}
			s.done = true
			left--
			progress = true
			if x.fire(s.action) {
				x.confirmed[s.action.Get("id")] = true
			} else {
				x.Aborted = true
			}
		}
	}
	x.Complete = left == 0 || x.Aborted
}

func (x *executor) ready(s *synapse) bool {
	for _, id := range s.inputs {
		if !x.confirmed[id] {
			return false
		}
	}
	return true
}

func (x *executor) fire(a *xml.Element) bool {
	task := a.Get("operation")
	node := a.Get("on_node")
	switch {
	case a.Name == "pseudo_event":
		x.Done = append(x.Done, Step{Kind: "pseudo", Key: a.Get("operation_key"), Node: node})
	case a.Name == "crm_event" && task == "stonith":
		op := a.Child("attributes").Get("CRM_meta_stonith_action")
		x.Done = append(x.Done, Step{Kind: "fence", Node: node, Op: op})
		if op != "on" {
			x.fenced(node)
		}
	case a.Name == "crm_event":
		x.Done = append(x.Done, Step{Kind: "cluster", Task: task, Resource: a.Child("primitive").Get("id"), Node: node})
	default:
		return x.resourceAction(a, task, node)
	}
	return true
}

func (x *executor) resourceAction(a *xml.Element, task, node string) bool {
	prim := a.Child("primitive")
	if prim == nil {
		return true
	}
	local := prim.Get("id")
	name := local
	if x.c.Named(name) == nil {
		if long := prim.Get("long-id"); long != "" && x.c.Named(long) != nil {
			name = long
		}
	}
	attrs := a.Child("attributes")
	ms, _ := rules.Int(attrs.Get("CRM_meta_interval"))
	step := Step{Kind: "resource", Resource: name, Task: task, MS: ms, Node: node, ID: a.Get("id")}
	switch task {
	case "delete", "meta-data", "probe_again", "crm-resource-refresh":
		step.MS = 0
		x.Done = append(x.Done, step)
		return true
	}
	uuid := a.Get("on_node_uuid")
	if a.Has("router_node") {
		uuid = node
	}
	state := x.nodeState(node, uuid)
	history, fresh := x.history(state, name, local, prim)
	rc, _ := rules.Int(attrs.Get("CRM_meta_op_target_rc"))
	expected := int(rc)
	result := expected
	for _, f := range x.faults {
		if (f.Key == pengine.OpKey(name, task, ms) || f.Key == pengine.OpKey(local, task, ms)) && f.Node == node {
			result = f.RC
			step.Faulty, step.Failed = true, f.RC
		}
	}
	x.record(history, local, fresh, a, task, ms, expected, result, step.Faulty)
	Updated(x.CIB)
	if x.sameIDs(state) {
		overwrite(state, state.Clone())
	}
	if step.Faulty {
		step.Injected = x.countFailure(state, name, task, ms, result)
	}
	x.Done = append(x.Done, step)
	return !step.Faulty
}
