package pengine

import (
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A graphWriter writes the transition graph.
type graphWriter struct {
	*Transition
	synapses int // so far
}

// createGraph writes the transition graph (scheduler.md 22).
func (tr *Transition) createGraph() {
	o := &tr.opt
	g := xml.New("transition_graph", "cluster-delay", o.clusterDelay, "stonith-timeout", o.fenceTimeout, "failed-stop-offset", "INFINITY")
	tr.Graph = g
	if o.startFailureFatal {
		g.Set("failed-start-offset", "INFINITY")
	} else {
		g.Set("failed-start-offset", "1")
	}
	g.Set("batch-limit", o.batchSize)
	g.Set("transition_id", itoa(tr.ask.TransitionID))
	if o.migrationLimit > 0 {
		g.Set("migration-limit", itoa(o.migrationLimit))
	}
	if !tr.recheck.IsZero() {
		g.Set("recheck-by", itoa(tr.recheck.Unix()))
	}
	w := &graphWriter{Transition: tr}
	for _, r := range tr.inOrder() {
		w.writeResource(r)
	}
	tr.maintenanceUpdate()
	for i := len(tr.actions) - 1; i >= 0; i-- {
		w.writeAction(tr.actions[i])
	}
}

func (w *graphWriter) writeResource(r *Resource) {
	switch r.Kind {
	case Clone:
		for i := len(r.actions) - 1; i >= 0; i-- {
			r.actions[i].collectiveFlags(nil)
		}
		w.createNotifications(r)
		for _, child := range r.Children {
			w.writeResource(child)
		}
		w.writeOwn(r)
	case Bundle:
		if r.Bundle.Inner != nil {
			w.writeResource(r.Bundle.Inner)
		}
		for _, rep := range r.Bundle.Replicas {
			for _, part := range [...]*Resource{rep.IP, rep.Container, rep.Connection} {
				if part != nil {
					w.writeResource(part)
				}
			}
		}
	default:
		w.writeOwn(r)
		for _, child := range r.Children {
			w.writeResource(child)
		}
	}
}

func (w *graphWriter) writeOwn(r *Resource) {
	for i := len(r.actions) - 1; i >= 0; i-- {
		w.writeAction(r.actions[i])
	}
}

// maintenanceUpdate tells remote and guest nodes about their maintenance state
// when what they know differs (scheduler.md 20.5).
func (tr *Transition) maintenanceUpdate() {
	for _, n := range tr.Nodes {
		if n.Away() && n.Maintenance != n.remoteMaintenance {
			tr.namedPseudo("maintenance_nodes").printed = true
			return
		}
	}
}

// inGraph tells whether an action belongs in the graph (scheduler.md 22.3).
func (a *Action) inGraph() bool {
	if !a.runnable || a.optional && !a.printed {
		return false
	}
	if a.Rsc != nil && !a.Rsc.Managed && a.Task != "monitor" && !a.recurring() {
		return false
	}
	switch {
	case a.pseudo, a.Task == "stonith", a.Task == "do_shutdown":
		return true
	case a.Node == nil:
		return false
	case a.delete:
		return true
	case a.Node.Guest() && !a.Node.remoteReset:
		return true
	}
	return a.Node.Online && !a.Node.Unclean
}

// usedInput tells whether an action waits for an input (scheduler.md 22.4).
func (a *Action) usedInput(e *edge) bool {
	const plain = orderOptional | orderImpliesFirstPrinted | orderImpliesThenPrinted
	f := e.a
	switch {
	case e.state == linkKept:
		return true
	case e.flags == 0:
		return false
	case !f.runnable && e.flags&^plain == 0:
		return false
	case !f.runnable && e.flags&orderOneOrMore != 0:
		return false
	case e.flags&orderFirstNonMigratable != 0 && f.migratable:
		return false
	case e.flags == orderOptional && f.migratable && strings.HasSuffix(f.Key, "_stop_0"):
		return false
	case e.flags&orderImpliesFirstMigratable != 0 && !f.runnable:
		return false
	case e.flags == orderLoad:
		at := a.Node
		if a.Rsc != nil && a.Task == "migrate_to" {
			at = a.Rsc.Assigned
		}
		if f.Node != at || f.optional {
			e.flags = 0
			return false
		}
	case e.flags == orderAntiColocation:
		if f.Node != nil && a.Node != nil && f.Node != a.Node || f.optional {
			e.flags = 0
			return false
		}
	case f.Rsc != nil && f.Rsc != a.Rsc && f.Rsc.Failed && !f.Rsc.Managed && strings.HasSuffix(f.Key, "_stop_0") &&
		a.Rsc != nil && a.Rsc.Kind == Clone:
		return false
	case f.optional && !f.printed && !f.written && !f.inGraph():
		return false
	}
	return true
}

// mergeInputs merges the records of one predecessor and sorts by action id.
func (a *Action) mergeInputs() {
	if a.merged {
		return
	}
	a.merged = true
	list := slices.Clone(a.before)
	slices.Reverse(list)
	slices.SortStableFunc(list, func(x, y *edge) int { return x.a.ID - y.a.ID })
	out := list[:0]
	for _, e := range list {
		if len(out) > 0 && out[len(out)-1].a == e.a {
			last := out[len(out)-1]
			last.flags |= e.flags
			last.state = max(last.state, e.state)
			continue
		}
		out = append(out, e)
	}
	a.before = out
}

func (w *graphWriter) writeAction(a *Action) {
	a.mergeInputs()
	if a.written || !a.inGraph() {
		return
	}
	a.written = true
	s := w.Graph.Append(xml.New("synapse", "id", itoa(w.synapses)))
	w.synapses++
	priority := a.priority
	if a.Rsc != nil {
		priority = max(priority, a.Rsc.priority)
	}
	if priority > 0 {
		s.Set("priority", itoa(priority))
	}
	s.Append(xml.New("action_set")).Append(w.actionXML(a, true))
	inputs := s.Append(xml.New("inputs"))
	for _, e := range a.before {
		if a.usedInput(e) {
			e.state = linkKept
			inputs.Append(xml.New("trigger")).Append(w.actionXML(e.a, false))
		}
	}
}

// InGraph tells whether the action is part of the transition graph.
func (a *Action) InGraph() bool { return a.written }
