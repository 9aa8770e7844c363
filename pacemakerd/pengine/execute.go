package pengine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// An Execution is a plan being carried out on paper (spec: scheduler.md 24).
type Execution struct {
	// CIB is the document as it is afterwards.
	CIB *xml.Node
	// Done lists what was done, in order.
	Done []Step
	// Complete is false when some actions could never be done.
	Complete bool
	// Failed lists injected failures, as crm_simulate -F reports them.
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

// Injected is a node attribute that was set because of an invented result.
type Injected struct {
	Name, Value string // "value++" for one more than it was
	Node        string // the id of the node's state
}

// A Fault makes an operation fail: RESOURCE_TASK_MS@NODE=RC.
type Fault struct {
	Key  string
	Node string
	RC   int
}

// Execute carries a plan out on a copy of the CIB.
func (r *Result) Execute(cib *xml.Node, at time.Time, faults []Fault) *Execution {
	x := &executor{c: r.Cluster, Execution: &Execution{CIB: cib.Clone()}, at: at, faults: faults, confirmed: make(map[string]bool), twins: make(map[*xml.Node]bool)}
	x.CIB.Ensure("status")
	x.run(r.Graph)
	return x.Execution
}

type executor struct {
	*Execution
	c         *Cluster
	at        time.Time
	faults    []Fault
	confirmed map[string]bool
	twins     map[*xml.Node]bool
}

type synapse struct {
	action *xml.Node
	inputs []string
	done   bool
	prio   int64
}

func (x *executor) run(graph *xml.Node) {
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

func (x *executor) fire(a *xml.Node) bool {
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

func (x *executor) nodeState(node, uuid string) *xml.Node {
	status := x.CIB.Ensure("status")
	for e := range status.Each("node_state") {
		if strings.EqualFold(e.Get("uname"), node) {
			return e
		}
	}
	for e := range x.CIB.Descend("configuration", "nodes").Each("node") {
		if uuid == "" && strings.EqualFold(e.Get("uname"), node) {
			uuid = e.ID()
		}
	}
	if uuid == "" {
		uuid = node
	}
	Updated(x.CIB)
	return status.Append(xml.New("node_state", "id", uuid, "uname", node))
}

// Updated counts a change of the status in a CIB, as the one who keeps it does.
func Updated(cib *xml.Node) {
	n, _ := rules.Int(cib.Get("num_updates"))
	cib.Set("num_updates", itoa(n+1))
}

// fenced is what is left of a node in the status after fencing. Its state is one
// change, and each of what it ran and what it was given another.
func (x *executor) fenced(node string) {
	e := x.nodeState(node, "")
	for i := len(e.Children) - 1; i >= 0; i-- {
		switch e.Children[i].Name {
		case "lrm", "transient_attributes":
			e.Children[i].Remove()
			Updated(x.CIB)
		}
	}
	SetOffline(e)
	e.Set("crm-debug-origin", "simulate_fencing_action")
	Updated(x.CIB)
}

// SetOffline and SetOnline give a node_state the look of a node that left, or
// is there.
func SetOffline(e *xml.Node) {
	e.Set("in_ccm", "false")
	e.Set("crmd", "offline")
	e.Set("join", "down")
	e.Set("expected", "down")
	e.Set("crm-debug-origin", "pcmk__inject_node_state_change")
}

// SetOnline is the opposite of SetOffline.
func SetOnline(e *xml.Node) {
	e.Set("in_ccm", "true")
	e.Set("crmd", "online")
	e.Set("join", "member")
	e.Set("expected", "member")
	e.Set("crm-debug-origin", "pcmk__inject_node_state_change")
}

func (x *executor) resourceAction(a *xml.Node, task, node string) bool {
	prim := a.Child("primitive")
	if prim == nil {
		return true
	}
	local := prim.Get("id")
	name := local
	if x.c.findResource(name) == nil {
		if long := prim.Get("long-id"); long != "" && x.c.findResource(long) != nil {
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
		if (f.Key == opKey(name, task, ms) || f.Key == opKey(local, task, ms)) && f.Node == node {
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

// history finds, or makes, the history of a resource on a node: an existing one
// is used under whatever name it has.
//
// fresh is true for a new one, or one of several of the same name: call ids
// start again then.
func (x *executor) history(state *xml.Node, name, local string, prim *xml.Node) (found *xml.Node, fresh bool) {
	list := state.Descend("lrm", "lrm_resources")
	for _, id := range [...]string{name, local} {
		for e := range list.Each("lrm_resource") {
			if e.ID() == id {
				if found != nil {
					return found, true
				}
				found = e
			}
		}
		if found != nil {
			return found, false
		}
	}
	lrm := state.Child("lrm")
	if lrm == nil {
		lrm = state.Append(xml.New("lrm", "id", state.ID()))
	}
	e := xml.New("lrm_resource", "id", local, "class", prim.Get("class"))
	if v, ok := prim.Lookup("provider"); ok {
		e.Set("provider", v)
	}
	e.Set("type", prim.Get("type"))
	return lrm.Ensure("lrm_resources").Append(e), true
}

func (x *executor) record(history *xml.Node, id string, fresh bool, a *xml.Node, task string, ms int64, expected, result int, faulty bool) {
	attrs := a.Child("attributes")
	if task == "reload" || task == "reload-agent" {
		task = "start"
	}
	key := opKey(id, task, ms)
	entry := opKey(id, "last", 0)
	switch {
	case task == "notify":
		entry = notifyKey(id, attrs.Get("CRM_meta_notify_type"), attrs.Get("CRM_meta_notify_operation"))
	case result != expected:
		entry = opKey(id, "last_failure", 0)
	case ms > 0, task == "migrate_to", task == "migrate_from":
		entry = key
	}
	call := nextCall(history, fresh)
	status, reason := opDone, ""
	if faulty {
		reason = "User-injected result"
	}
	var params []xml.Attr
	params = append(params, attrs.Attrs...)
	for p := range attrs.Each("param") {
		params = append(params, xml.Attr{Name: p.Get("name"), Value: p.Get("value")})
	}
	var kept []xml.Attr
	for _, at := range params {
		switch at.Name {
		case "id", "crm_feature_set", "op-digest", "on_node", "on_node_uuid", "pcmk_external_ip":
			continue
		}
		if strings.HasPrefix(at.Name, "CRM_meta_") && !(at.Name == "CRM_meta_timeout" && ms > 0) {
			continue
		}
		kept = append(kept, at)
	}
	slices.SortFunc(kept, func(p, q xml.Attr) int { return strings.Compare(p.Name, q.Name) })
	transition := itoa(call) + ":-1:" + itoa(expected) + ":xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
	when := itoa(x.at.Unix())
	write := func(entry string) {
		op := historyEntry(history, entry)
		for _, kv := range [...][2]string{
			{"operation_key", key}, {"operation", task}, {"crm-debug-origin", "crm_simulate"}, {"crm_feature_set", FeatureSet},
			{"transition-key", transition}, {"transition-magic", itoa(status) + ":" + itoa(result) + ";" + transition},
			{"exit-reason", reason}, {"call-id", itoa(call)}, {"rc-code", itoa(result)}, {"op-status", itoa(status)}, {"interval", itoa(ms)},
			{"last-rc-change", when}, {"exec-time", "0"}, {"queue-time", "0"},
		} {
			op.Set(kv[0], kv[1])
		}
		if task == "migrate_to" || task == "migrate_from" {
			op.Set("migrate_source", attrs.Get("CRM_meta_migrate_source"))
			op.Set("migrate_target", attrs.Get("CRM_meta_migrate_target"))
		}
		op.Set("op-digest", xml.DigestParameters(kept))
	}
	write(entry)
	if result != expected && ms == 0 {
		write(opKey(id, "last", 0))
	}
}

// invent writes a result that no action led to. Everything but success is a
// failure then, of probes too, and without parameters there is no digest.
func (x *executor) invent(history *xml.Node, id string, fresh bool, task string, ms int64, rc int) {
	call := nextCall(history, fresh)
	key := opKey(id, task, ms)
	entries := []string{opKey(id, "last", 0)}
	switch {
	case rc != rcOK && ms == 0:
		entries = []string{opKey(id, "last_failure", 0), entries[0]}
	case rc != rcOK:
		entries[0] = opKey(id, "last_failure", 0)
	case ms > 0:
		entries[0] = key
	}
	transition := itoa(call) + ":-1:0:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
	for _, entry := range entries {
		op := historyEntry(history, entry)
		for _, kv := range [...][2]string{
			{"operation_key", key}, {"operation", task}, {"crm-debug-origin", "crm_simulate"}, {"crm_feature_set", FeatureSet},
			{"transition-key", transition}, {"transition-magic", itoa(opDone) + ":" + itoa(rc) + ";" + transition},
			{"exit-reason", "Simulated action result"}, {"call-id", itoa(call)}, {"rc-code", itoa(rc)}, {"op-status", itoa(opDone)}, {"interval", itoa(ms)},
			{"last-rc-change", itoa(x.at.Unix())}, {"exec-time", "0"}, {"queue-time", "0"},
		} {
			op.Set(kv[0], kv[1])
		}
	}
}

// nextCall is the id of the next call in a resource's history.
func nextCall(history *xml.Node, fresh bool) int64 {
	call := int64(0)
	for op := range history.Each("lrm_rsc_op") {
		if n, _ := rules.Int(op.Get("call-id")); !fresh {
			call = max(call, n)
		}
	}
	return call + 1
}

// historyEntry finds, or makes, an entry of a resource's history.
func historyEntry(history *xml.Node, entry string) *xml.Node {
	for e := range history.Each("lrm_rsc_op") {
		if e.ID() == entry {
			return e
		}
	}
	return history.Append(xml.New("lrm_rsc_op", "id", entry))
}

// sameIDs tells whether elements of one name and id stand side by side in a
// node's state: then each writing of it changes more than was meant.
func (x *executor) sameIDs(state *xml.Node) bool {
	same, known := x.twins[state]
	if !known {
		same = hasTwins(state)
		x.twins[state] = same
	}
	return same
}

func hasTwins(e *xml.Node) bool {
	seen := make(map[[2]string]bool, len(e.Children))
	for _, child := range e.Children {
		key := [2]string{child.Name, child.ID()}
		if seen[key] || hasTwins(child) {
			return true
		}
		seen[key] = true
	}
	return false
}

// overwrite does what modifying an element of the CIB does: attributes are set,
// children written over the first of their name and id. Of several with one id
// the first thereby gets what the last says.
func overwrite(e, with *xml.Node) {
	for _, a := range with.Attrs {
		e.Set(a.Name, a.Value)
	}
	for _, child := range with.Children {
		for _, own := range e.Children {
			if own.Name == child.Name && own.ID() == child.ID() {
				overwrite(own, child)
				break
			}
		}
	}
}

// countFailure adds to the fail count of a resource, unless the result is none
// to count: success, and a probe that finds nothing.
func (x *executor) countFailure(state *xml.Node, name, task string, ms int64, rc int) []Injected {
	if rc == rcOK || rc == rcNotRunning && ms == 0 {
		return nil
	}
	base := historyBase(name)
	set := state.Ensure("transient_attributes")
	if set.ID() == "" {
		set.Set("id", state.ID())
	}
	values := set.Ensure("instance_attributes")
	if values.ID() == "" {
		values.Set("id", state.ID())
	}
	attr := func(name, value string, add bool) {
		for p := range values.Each("nvpair") {
			if p.Get("name") == name {
				if add {
					n, _ := rules.Int(p.Get("value"))
					value = itoa(n + 1)
				}
				p.Set("value", value)
				return
			}
		}
		values.Append(xml.New("nvpair", "id", values.ID()+"-"+strings.ReplaceAll(name, "#", "."), "name", name, "value", value))
	}
	suffix := base + "#" + task + "_" + itoa(ms)
	attr("fail-count-"+suffix, "1", true)
	attr("last-failure-"+suffix, itoa(x.at.Unix()), false)
	return []Injected{{"fail-count-" + suffix, "value++", state.ID()}, {"last-failure-" + suffix, itoa(x.at.Unix()), state.ID()}}
}

// ErrNoResource is the error of an invented result for a resource that is not
// there.
var ErrNoResource = errors.New("invalid resource name")

// Inject writes the result of an operation into a CIB as if it had happened,
// and returns what else was changed for it.
func (c *Cluster) Inject(cib *xml.Node, key, node string, rc int, at time.Time) ([]Injected, error) {
	name, task, ms, ok := parseOpKey(key)
	if !ok {
		return nil, fmt.Errorf("%q is not an operation key", key)
	}
	r := c.findResource(name)
	if r == nil || r.Kind != Primitive {
		return nil, fmt.Errorf("%w: %s", ErrNoResource, name)
	}
	x := &executor{c: c, Execution: &Execution{CIB: cib}, at: at}
	state := x.nodeState(node, "")
	local := r.ID
	if r.cloneName != "" {
		local = r.cloneName
	} else if !r.Unique {
		local = r.baseID()
	}
	h, fresh := x.history(state, name, local, r.identity())
	x.invent(h, local, fresh, task, ms, rc)
	Updated(cib)
	return x.countFailure(state, name, task, ms, rc), nil
}
