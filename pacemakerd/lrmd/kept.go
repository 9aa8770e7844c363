package lrmd

import (
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// What was started has to be stopped: an address that was changed in the
// configuration while it is up is still up as the old one. So the parameters
// that a resource was last called with to run are kept until it has been
// stopped, and what ends it gets them, not those of its order.

// A Keep asks the shell to keep what a resource runs with for the next process;
// without Params, to forget it.
type Keep struct{ Kept }

// Kept is what a resource runs with.
type Kept struct {
	Resource string
	Agent    Agent
	Params   []xml.Attr // without those of the cluster, CRM_meta_*
}

func (Keep) isAction() {}

// kept is a Kept in the machine.
type kept struct {
	agent  Agent
	params []xml.Attr
	// inherited: an earlier process kept it, and nothing has run here since.
	inherited bool
}

// Inherit takes what an earlier process of this node has kept.
func (m *Machine) Inherit(list []Kept) {
	for _, k := range list {
		m.kept[k.Resource] = &kept{agent: k.Agent, params: k.Params, inherited: true}
	}
}

// Unseen returns how many resources an earlier process has left of which nothing
// is known yet: they may run, and nobody but this node can tell.
func (m *Machine) Unseen() (n int) {
	for _, k := range m.kept {
		if k.inherited {
			n++
		}
	}
	return n
}

// ofCluster tells whether a parameter belongs to the operation, not to the resource.
func ofCluster(name string) bool { return strings.HasPrefix(name, "CRM_meta_") }

// instance is never nil.
func instance(params []xml.Attr) []xml.Attr {
	list := []xml.Attr{}
	for _, a := range params {
		if !ofCluster(a.Name) {
			list = append(list, a)
		}
	}
	return list
}

// dress gives an operation that is about to run the parameters that are kept, or
// keeps its own.
func (m *Machine) dress(op *Op) {
	k := m.kept[op.Resource]
	if k != nil && k.agent != op.Agent {
		k = nil // another resource of that name
	}
	switch {
	case keeps(op.Action):
		m.keep(op)
	case k == nil:
	case ends(op.Action), k.inherited && op.Action == "monitor":
		// A new process has everything probed. What runs with parameters that
		// were changed meanwhile has to be found, or nobody would stop it.
		op.Params = append(slices.Clone(k.params), slices.DeleteFunc(slices.Clone(op.Params), func(a xml.Attr) bool { return !ofCluster(a.Name) })...)
	}
}

// ends tells whether an action is for what runs, rather than for what shall run.
// The original's demote, notify and migrate_to have the new parameters; it is the
// stop alone that has the old ones there.
func ends(action string) bool {
	switch action {
	case "stop", "demote", "notify", "migrate_to":
		return true
	}
	return false
}

// keeps tells whether after an action the resource runs with its parameters,
// if it runs at all.
func keeps(action string) bool {
	switch action {
	case "start", "migrate_from", "reload", "reload-agent":
		return true
	}
	return false
}

func (m *Machine) keep(op *Op) {
	k := &kept{agent: op.Agent, params: instance(op.Params)}
	if old := m.kept[op.Resource]; old != nil && old.agent == k.agent && slices.Equal(old.params, k.params) {
		old.inherited = false
		return
	}
	m.kept[op.Resource] = k
	m.out = append(m.out, Keep{Kept{op.Resource, k.agent, k.params}})
}

// learn is for the end of an operation.
func (m *Machine) learn(op *Op, f Finish) {
	if f.Status != Done {
		return
	}
	k := m.kept[op.Resource]
	switch {
	case op.Action == "stop" && f.RC == RCOK && k != nil:
		delete(m.kept, op.Resource)
		m.out = append(m.out, Keep{Kept{Resource: op.Resource}})
	case op.Action != "monitor" || op.Interval > 0:
	case f.RC == RCOK || f.RC == RCPromoted:
		m.keep(op) // found running as it was looked for
	case f.RC == RCNotRunning && k != nil && k.inherited:
		delete(m.kept, op.Resource)
		m.out = append(m.out, Keep{Kept{Resource: op.Resource}})
	}
}
