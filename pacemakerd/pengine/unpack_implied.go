package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/rules"

// internalOrderings stores the orderings, and colocations, that follow from
// what resources are (scheduler.md 21.2).
func (tr *Transition) internalOrderings() {
	for _, r := range tr.Resources {
		tr.internal(r)
	}
}

func (tr *Transition) internal(r *Resource) {
	switch r.Kind {
	case Primitive:
		tr.internalPrimitive(r)
	case Group:
		tr.internalGroup(r)
	case Clone:
		tr.internalClone(r)
	case Bundle:
		tr.internalBundle(r)
	}
}

// then stores an ordering of two operations.
func (tr *Transition) then(a *Resource, ta string, b *Resource, tb string, flags orderFlags) {
	tr.addOrdering(op(a, ta), op(b, tb), flags)
}

func (tr *Transition) internalPrimitive(r *Resource) {
	if !r.Managed {
		return
	}
	unfencing := !r.fenceDevice && tr.unfencing && r.needsUnfencing
	utilization := len(r.utilization) > 0 && tr.opt.placement != "default"
	tr.then(r, "stop", r, "start", orderOptional|orderImpliesThen|orderRestart)
	if r.Top().Promotable || r.Role > RoleUnpromoted {
		tr.then(r, "demote", r, "stop", orderPromotedImpliesFirst)
		tr.then(r, "start", r, "promote", orderRunnableLeft)
	}
	tr.then(r, "lrm_delete", r, "monitor", orderSameNode|orderThenCancelsFirst)
	if unfencing {
		for _, n := range tr.Nodes {
			if r.allowed.get(n) == nil {
				continue
			}
			on := tr.fenceAction(n, "on", true, "", false)
			tr.addOrdering(op(r, "stop"), ref{a: on}, orderOptional|orderSameNode)
			tr.addOrdering(ref{a: on}, op(r, "start"), orderImpliesThenOnNode|orderSameNode)
		}
	}
	if utilization {
		tr.utilizationOrderings(r)
	}
	if r.container != nil {
		tr.internalContent(r)
	}
	if r.isConnection || r.fenceDevice {
		tr.avoidRemoteNodes(r)
	}
}

// internalContent relates what is in a container to the container
// (scheduler.md 20.1).
func (tr *Transition) internalContent(r *Resource) {
	var guest *Resource
	switch {
	case r.isConnection:
		if !r.allowGuests {
			tr.avoidRemoteNodes(r.container)
		}
		tr.then(r.container, "monitor", r, "stop", orderOptional)
	case r.container.isConnection:
		guest = r.container
	default:
		guest = r.container.guestConnection()
	}
	if guest != nil {
		for i := range r.allowed {
			if r.allowed[i].in && tr.allNodes[i].Connection != guest {
				r.allowed[i].score = -rules.Infinity
			}
		}
		return
	}
	tr.then(r.container, "start", r, "start", orderImpliesThen|orderRunnableLeft)
	tr.then(r, "stop", r.container, "stop", orderImpliesFirst)
	score := rules.Infinity
	if r.allowGuests {
		score = 10_000 // much preferred, not essential
	}
	tr.colocate("resource-with-container", "", score, r, r.container, "", "", true)
}

// guestConnection is the connection among the fillers of a machine.
func (r *Resource) guestConnection() *Resource {
	for _, f := range r.fillers {
		if f.isConnection {
			return f
		}
	}
	return nil
}

func (c *Cluster) avoidRemoteNodes(r *Resource) {
	for i := range r.allowed {
		if r.allowed[i].in && c.allNodes[i].Connection != nil {
			r.allowed[i].score = -rules.Infinity
		}
	}
}

// utilizationOrderings lets resources leave a node before others come that
// need the room.
func (tr *Transition) utilizationOrderings(r *Resource) {
	loadStopped := func(n *Node) *Action {
		a := tr.namedPseudo("load_stopped_" + n.Name)
		if a.Node == nil {
			a.Node = n
			a.optional = false
		}
		return a
	}
	for _, n := range r.Running {
		tr.addOrdering(op(r, "stop"), ref{a: loadStopped(n)}, orderLoad)
	}
	for _, n := range tr.Nodes {
		if r.allowed.get(n) == nil {
			continue
		}
		a := loadStopped(n)
		tr.addOrdering(ref{a: a}, op(r, "start"), orderLoad)
		tr.addOrdering(ref{a: a}, op(r, "migrate_to"), orderLoad)
	}
}

func (tr *Transition) internalGroup(g *Resource) {
	tr.then(g, "stop", g, "stopped", orderRunnableLeft)
	tr.then(g, "stopped", g, "start", orderOptional)
	tr.then(g, "start", g, "running", orderRunnableLeft)
	promotable := g.Top().Promotable
	var previous, lastActive *Resource
	for _, m := range g.Children {
		down, done := orderImpliesFirstPrinted, orderImpliesThenPrinted
		tr.internal(m)
		if previous == nil {
			if g.ordered {
				down |= orderOptional
				done = orderImpliesThen
			}
		} else if g.colocat {
			tr.colocate("group:internal_colocation", "", rules.Infinity, m, previous, "", "", m.critical)
		}
		up := orderRunnableLeft | orderImpliesThen | orderImpliesThenPrinted
		if promotable {
			tr.then(g, "demote", m, "demote", down)
			tr.then(m, "demote", g, "demoted", done)
			tr.then(m, "promote", g, "promoted", up)
			tr.then(g, "promote", m, "promote", orderImpliesFirstPrinted)
		}
		tr.then(g, "stop", m, "stop", down)
		tr.then(m, "stop", g, "stopped", done)
		tr.then(g, "start", m, "start", orderImpliesFirstPrinted)
		tr.then(m, "start", g, "running", up)
		switch {
		case !g.ordered:
			flags := orderImpliesThen | orderRunnableLeft | orderImpliesFirstPrinted
			tr.then(g, "start", m, "start", flags)
			if promotable {
				tr.then(g, "promote", m, "promote", flags)
			}
		case previous != nil:
			tr.then(previous, "start", m, "start", orderImpliesThen|orderRunnableLeft)
			tr.then(m, "stop", previous, "stop", orderOptional|orderRestart)
			if promotable {
				tr.then(previous, "promote", m, "promote", orderImpliesThen|orderRunnableLeft)
				tr.then(m, "demote", previous, "demote", orderOptional)
			}
		}
		if len(m.Running) > 0 {
			if g.ordered && previous != nil && len(previous.Running) == 0 && lastActive != nil && len(lastActive.Running) > 0 {
				tr.then(m, "stop", lastActive, "stop", orderOptional)
			}
			lastActive = m
		}
		previous = m
	}
}

func (tr *Transition) internalClone(r *Resource) {
	tr.then(r, "stopped", r, "start", orderOptional)
	tr.then(r, "start", r, "running", orderRunnableLeft)
	tr.then(r, "stop", r, "stopped", orderRunnableLeft)
	if r.Promotable {
		tr.then(r, "demoted", r, "stop", orderOptional)
		tr.then(r, "running", r, "promote", orderRunnableLeft)
	}
	if r.Clone.Ordered {
		r.Children = mergeSort(r.Children, compareNumbers)
	}
	var last *Resource
	for _, inst := range r.Children {
		tr.internal(inst)
		tr.then(r, "start", inst, "start", orderRunnableLeft|orderImpliesFirstPrinted)
		tr.then(inst, "start", r, "running", orderImpliesThenPrinted)
		if r.Clone.Ordered && last != nil {
			tr.then(last, "start", inst, "start", orderOptional)
		}
		tr.then(r, "stop", inst, "stop", orderImpliesFirstPrinted)
		tr.then(inst, "stop", r, "stopped", orderImpliesThenPrinted)
		if r.Clone.Ordered && last != nil {
			tr.then(inst, "stop", last, "stop", orderOptional)
		}
		last = inst
	}
	if r.Promotable {
		tr.internalPromotable(r)
	}
}

// restartOrderings: down before up, for all instances together.
func (tr *Transition) restartOrderings(r *Resource) {
	tr.then(r, "stopped", r, "start", orderOptional)
	tr.then(r, "stopped", r, "promote", orderOptional)
	tr.then(r, "demoted", r, "stop", orderOptional)
	tr.then(r, "demoted", r, "start", orderOptional)
	tr.then(r, "demoted", r, "promote", orderOptional)
	tr.then(r, "running", r, "promote", orderOptional)
	tr.then(r, "demote", r, "demoted", orderOptional)
}

func (tr *Transition) internalPromotable(r *Resource) {
	tr.restartOrderings(r)
	var last *Resource
	for _, inst := range r.Children {
		tr.then(inst, "demote", inst, "promote", orderOptional)
		tr.then(r, "promote", inst, "promote", orderOptional)
		tr.then(inst, "promote", r, "promoted", orderOptional)
		if last != nil && r.Clone.Ordered {
			tr.then(last, "promote", inst, "promote", orderOptional)
		}
		tr.then(r, "demote", inst, "demote", orderImpliesFirstPrinted)
		tr.then(inst, "demote", r, "demoted", orderImpliesThenPrinted)
		if last != nil && r.Clone.Ordered {
			tr.then(inst, "demote", last, "demote", orderOptional)
		}
		last = inst
	}
}

func (tr *Transition) internalBundle(r *Resource) {
	b := r.Bundle
	if b.Inner != nil {
		tr.then(r, "start", b.Inner, "start", orderImpliesFirstPrinted)
		tr.then(r, "stop", b.Inner, "stop", orderImpliesFirstPrinted)
		tr.then(b.Inner, "running", r, "running", orderImpliesThenPrinted)
		tr.then(b.Inner, "stopped", r, "stopped", orderImpliesThenPrinted)
	}
	for _, rep := range b.Replicas {
		tr.internal(rep.Container)
		tr.then(r, "start", rep.Container, "start", orderRunnableLeft|orderImpliesFirstPrinted)
		if rep.Child != nil {
			tr.then(r, "stop", rep.Child, "stop", orderImpliesFirstPrinted)
		}
		tr.then(r, "stop", rep.Container, "stop", orderImpliesFirstPrinted)
		tr.then(rep.Container, "start", r, "running", orderImpliesThenPrinted)
		tr.then(rep.Container, "stop", r, "stopped", orderImpliesThenPrinted)
		if rep.IP != nil {
			tr.internal(rep.IP)
			tr.then(rep.IP, "start", rep.Container, "start", orderRunnableLeft|orderPreserve)
			tr.then(rep.Container, "stop", rep.IP, "stop", orderImpliesFirst|orderPreserve)
			tr.colocate("ip-with-container", "", rules.Infinity, rep.IP, rep.Container, "", "", true)
		}
		if rep.Connection != nil {
			tr.internal(rep.Connection)
		}
	}
	if b.Inner == nil {
		return
	}
	tr.internal(b.Inner)
	if b.Inner.Promotable {
		tr.restartOrderings(r)
		tr.then(b.Inner, "demoted", r, "demoted", orderImpliesThenPrinted)
		tr.then(r, "demote", b.Inner, "demote", orderImpliesFirstPrinted)
		tr.then(b.Inner, "promoted", r, "promoted", orderImpliesThenPrinted)
		tr.then(r, "promote", b.Inner, "promote", orderImpliesFirstPrinted)
	}
}
