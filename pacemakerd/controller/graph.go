package controller

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

const infinity = 1000000

// abortAction is what follows when an aborted transition has come to rest. The
// greater one wins.
type abortAction int

const (
	abortDone abortAction = iota
	abortRestart
	abortStop
	abortShutdown
)

// A graph is a transition under way.
type graph struct {
	id           int
	uuid         string
	synapses     []*synapse
	actions      map[int]*action
	batchLimit   int
	migrations   int // migration-limit, -1 for none
	clusterDelay time.Duration
	stonithTime  time.Duration
	failedStop   string
	failedStart  string

	abortPriority int
	abortReason   string
	completion    abortAction
	complete      bool

	fired, skipped, incomplete int
}

type synapse struct {
	id        int
	priority  int
	actions   []*action
	inputs    []*action
	executed  bool
	confirmed bool
	failed    bool
}

type kind int

const (
	rscOp kind = iota
	pseudo
	crmEvent
)

type action struct {
	id        int
	kind      kind
	task      string // operation
	key       string // operation_key
	node      string // on_node
	nodeID    string
	elem      *xml.Element
	interval  int // ms
	timeout   time.Duration
	delay     time.Duration
	synapse   *synapse
	executed  bool
	confirmed bool
	failed    bool
	deadline  time.Duration
}

// newGraph reads a <transition_graph>. Its nodes are kept.
func newGraph(n *xml.Element, uuid string) (*graph, error) {
	if n == nil || n.Name != "transition_graph" {
		return nil, fmt.Errorf("no transition_graph")
	}
	num := func(name string, otherwise int) int {
		if v, err := strconv.Atoi(n.Get(name)); err == nil {
			return v
		}
		return otherwise
	}
	seconds := func(name string, otherwise time.Duration) time.Duration {
		if d, ok := Duration(n.Get(name)); ok {
			return d
		}
		return otherwise
	}
	g := &graph{
		id: num("transition_id", -1), uuid: uuid, actions: map[int]*action{},
		batchLimit: num("batch-limit", 0), migrations: num("migration-limit", -1),
		clusterDelay: seconds("cluster-delay", time.Minute), stonithTime: seconds("stonith-timeout", time.Minute),
		failedStop: n.Get("failed-stop-offset"), failedStart: n.Get("failed-start-offset"),
	}
	for sn := range n.Each("synapse") {
		s := &synapse{}
		s.id, _ = strconv.Atoi(sn.ID())
		s.priority, _ = strconv.Atoi(sn.Get("priority"))
		for an := range sn.Child("action_set").Each("") {
			a, err := newAction(an)
			if err != nil {
				return nil, fmt.Errorf("synapse %d: %w", s.id, err)
			}
			if g.actions[a.id] != nil {
				return nil, fmt.Errorf("synapse %d: action %d is there twice", s.id, a.id)
			}
			a.synapse = s
			s.actions = append(s.actions, a)
			g.actions[a.id] = a
		}
		g.synapses = append(g.synapses, s)
	}
	i := 0
	for sn := range n.Each("synapse") {
		s := g.synapses[i]
		i++
		for t := range sn.Child("inputs").Each("trigger") {
			for ref := range t.Each("") {
				id, _ := strconv.Atoi(ref.ID())
				a := g.actions[id]
				if a == nil {
					return nil, fmt.Errorf("synapse %d: waits for action %q, which is nowhere", s.id, ref.ID())
				}
				s.inputs = append(s.inputs, a)
			}
		}
	}
	return g, nil
}

func newAction(n *xml.Element) (*action, error) {
	a := &action{elem: n, task: n.Get("operation"), key: n.Get("operation_key"), node: n.Get("on_node"), nodeID: n.Get("on_node_uuid")}
	if r := n.Get("router_node"); r != "" {
		a.node = r
	}
	var err error
	if a.id, err = strconv.Atoi(n.ID()); err != nil {
		return nil, fmt.Errorf("action id %q is no number", n.ID())
	}
	switch n.Name {
	case "rsc_op":
		a.kind = rscOp
	case "pseudo_event":
		a.kind = pseudo
	case "crm_event":
		a.kind = crmEvent
	default:
		return nil, fmt.Errorf("unknown kind of action %q", n.Name)
	}
	ms := func(name string) time.Duration {
		v, _ := strconv.ParseInt(n.Child("attributes").Get(name), 10, 64)
		return time.Duration(max(0, min(v, 1<<40))) * time.Millisecond
	}
	a.interval = int(ms("CRM_meta_interval") / time.Millisecond)
	a.timeout, a.delay = ms("CRM_meta_timeout"), ms("CRM_meta_start_delay")
	return a, nil
}

// meta returns a meta attribute of the action.
func (a *action) meta(name string) string { return a.elem.Child("attributes").Get("CRM_meta_" + name) }

// canFail: what waits for the action does not mind its failure.
func (a *action) canFail() bool { return a.meta("can_fail") == "true" }

// target is the return code that the action shall have.
func (a *action) target() int {
	n, _ := strconv.Atoi(a.meta("op_target_rc"))
	return n
}

func (g *graph) count() int { return len(g.actions) }

// takesDown tells whether the graph fences or shuts down the node with an id.
func (g *graph) takesDown(nodeID string) bool {
	for _, a := range g.actions {
		if a.kind == crmEvent && (a.task == "stonith" || a.task == "do_shutdown") && (a.nodeID == nodeID || a.node == nodeID) {
			return true
		}
	}
	return false
}

// deletes tells whether the graph deletes the history of a resource.
func (g *graph) deletes(rsc string) bool {
	for _, a := range g.actions {
		if a.kind == rscOp && a.task == "delete" && strings.EqualFold(a.elem.Child("primitive").ID(), rsc) {
			return true
		}
	}
	return false
}

// ready tells whether all that s waits for has been confirmed, and well.
func (s *synapse) ready() bool {
	for _, in := range s.inputs {
		if !in.confirmed || in.failed && !in.canFail() {
			return false
		}
	}
	return true
}

func (s *synapse) pseudoOnly() bool {
	for _, a := range s.actions {
		if a.kind != pseudo {
			return false
		}
	}
	return true
}

// running returns the actions that were executed and are not confirmed.
func (g *graph) running() []*action {
	var list []*action
	for _, s := range g.synapses {
		for _, a := range s.actions {
			if a.executed && !a.confirmed {
				list = append(list, a)
			}
		}
	}
	return list
}

// confirm records the end of an action.
func (g *graph) confirm(a *action, failed bool) {
	a.executed, a.confirmed, a.failed = true, true, failed
	a.deadline = 0
	done := true
	for _, b := range a.synapse.actions {
		done = done && b.confirmed
	}
	a.synapse.confirmed = done
	a.synapse.failed = a.synapse.failed || failed
}
