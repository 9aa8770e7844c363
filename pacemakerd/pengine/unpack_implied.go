package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/rules"

// internalOrderings stores the orderings, and colocations, that follow from
// what resources are (spec: scheduler.md 21.2).
func (c *Cluster) internalOrderings() {
	for _, r := range c.Resources {
		c.internal(r)
	}
}

func (c *Cluster) internal(r *Resource) {
	switch r.Kind {
	case Primitive:
		c.internalPrimitive(r)
	case Group:
		c.internalGroup(r)
	case Clone:
		c.internalClone(r)
	case Bundle:
		c.internalBundle(r)
	}
}

// then stores an ordering of two operations.
func (c *Cluster) then(a *Resource, ta string, b *Resource, tb string, flags orderFlags) {
	c.addOrdering(op(a, ta), op(b, tb), flags)
}

func (c *Cluster) internalPrimitive(r *Resource) {
	if !r.Managed {
		return
	}
	unfencing := !r.fenceDevice && c.unfencing && r.needsUnfencing
	utilization := len(r.utilization) > 0 && c.opt.placement != "default"
	c.then(r, "stop", r, "start", orderOptional|orderImpliesThen|orderRestart)
	if r.Top().Promotable || r.Role > RoleUnpromoted {
		c.then(r, "demote", r, "stop", orderPromotedImpliesFirst)
		c.then(r, "start", r, "promote", orderRunnableLeft)
	}
	c.then(r, "lrm_delete", r, "monitor", orderSameNode|orderThenCancelsFirst)
	if unfencing {
		for _, n := range c.Nodes {
			if r.allowed.get(n) == nil {
				continue
			}
			on := c.fenceAction(n, "on", true, "", false)
			c.addOrdering(op(r, "stop"), ref{a: on}, orderOptional|orderSameNode)
			c.addOrdering(ref{a: on}, op(r, "start"), orderImpliesThenOnNode|orderSameNode)
		}
	}
	if utilization {
		c.utilizationOrderings(r)
	}
	if r.container != nil {
		c.internalContent(r)
	}
	if r.isConnection || r.fenceDevice {
		c.avoidRemoteNodes(r)
	}
}

// internalContent relates what is in a container to the container (spec:
// 20.1).
func (c *Cluster) internalContent(r *Resource) {
	var guest *Resource
	switch {
	case r.isConnection:
		if !r.allowGuests {
			c.avoidRemoteNodes(r.container)
		}
		c.then(r.container, "monitor", r, "stop", orderOptional)
	case r.container.isConnection:
		guest = r.container
	default:
		guest = r.container.guestConnection()
	}
	if guest != nil {
		for i := range r.allowed {
			if r.allowed[i].in && c.allNodes[i].Connection != guest {
				r.allowed[i].score = -rules.Infinity
			}
		}
		return
	}
	c.then(r.container, "start", r, "start", orderImpliesThen|orderRunnableLeft)
	c.then(r, "stop", r.container, "stop", orderImpliesFirst)
	score := rules.Infinity
	if r.allowGuests {
		score = 10_000 // much preferred, not essential
	}
	c.colocate("resource-with-container", "", score, r, r.container, "", "", true)
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
func (c *Cluster) utilizationOrderings(r *Resource) {
	loadStopped := func(n *Node) *Action {
		a := c.namedPseudo("load_stopped_" + n.Name)
		if a.Node == nil {
			a.Node = n
			a.optional = false
		}
		return a
	}
	for _, n := range r.Running {
		c.addOrdering(op(r, "stop"), ref{a: loadStopped(n)}, orderLoad)
	}
	for _, n := range c.Nodes {
		if r.allowed.get(n) == nil {
			continue
		}
		a := loadStopped(n)
		c.addOrdering(ref{a: a}, op(r, "start"), orderLoad)
		c.addOrdering(ref{a: a}, op(r, "migrate_to"), orderLoad)
	}
}

func (c *Cluster) internalGroup(g *Resource) {
	c.then(g, "stop", g, "stopped", orderRunnableLeft)
	c.then(g, "stopped", g, "start", orderOptional)
	c.then(g, "start", g, "running", orderRunnableLeft)
	promotable := g.Top().Promotable
	var previous, lastActive *Resource
	for _, m := range g.Children {
		down, done := orderImpliesFirstPrinted, orderImpliesThenPrinted
		c.internal(m)
		if previous == nil {
			if g.ordered {
				down |= orderOptional
				done = orderImpliesThen
			}
		} else if g.colocat {
			c.colocate("group:internal_colocation", "", rules.Infinity, m, previous, "", "", m.critical)
		}
		up := orderRunnableLeft | orderImpliesThen | orderImpliesThenPrinted
		if promotable {
			c.then(g, "demote", m, "demote", down)
			c.then(m, "demote", g, "demoted", done)
			c.then(m, "promote", g, "promoted", up)
			c.then(g, "promote", m, "promote", orderImpliesFirstPrinted)
		}
		c.then(g, "stop", m, "stop", down)
		c.then(m, "stop", g, "stopped", done)
		c.then(g, "start", m, "start", orderImpliesFirstPrinted)
		c.then(m, "start", g, "running", up)
		switch {
		case !g.ordered:
			flags := orderImpliesThen | orderRunnableLeft | orderImpliesFirstPrinted
			c.then(g, "start", m, "start", flags)
			if promotable {
				c.then(g, "promote", m, "promote", flags)
			}
		case previous != nil:
			c.then(previous, "start", m, "start", orderImpliesThen|orderRunnableLeft)
			c.then(m, "stop", previous, "stop", orderOptional|orderRestart)
			if promotable {
				c.then(previous, "promote", m, "promote", orderImpliesThen|orderRunnableLeft)
				c.then(m, "demote", previous, "demote", orderOptional)
			}
		}
		if len(m.Running) > 0 {
			if g.ordered && previous != nil && len(previous.Running) == 0 && lastActive != nil && len(lastActive.Running) > 0 {
				c.then(m, "stop", lastActive, "stop", orderOptional)
			}
			lastActive = m
		}
		previous = m
	}
}

func (c *Cluster) internalClone(r *Resource) {
	c.then(r, "stopped", r, "start", orderOptional)
	c.then(r, "start", r, "running", orderRunnableLeft)
	c.then(r, "stop", r, "stopped", orderRunnableLeft)
	if r.Promotable {
		c.then(r, "demoted", r, "stop", orderOptional)
		c.then(r, "running", r, "promote", orderRunnableLeft)
	}
	if r.Clone.Ordered {
		r.Children = mergeSort(r.Children, compareNumbers)
	}
	var last *Resource
	for _, inst := range r.Children {
		c.internal(inst)
		c.then(r, "start", inst, "start", orderRunnableLeft|orderImpliesFirstPrinted)
		c.then(inst, "start", r, "running", orderImpliesThenPrinted)
		if r.Clone.Ordered && last != nil {
			c.then(last, "start", inst, "start", orderOptional)
		}
		c.then(r, "stop", inst, "stop", orderImpliesFirstPrinted)
		c.then(inst, "stop", r, "stopped", orderImpliesThenPrinted)
		if r.Clone.Ordered && last != nil {
			c.then(inst, "stop", last, "stop", orderOptional)
		}
		last = inst
	}
	if r.Promotable {
		c.internalPromotable(r)
	}
}

// restartOrderings: down before up, for all instances together.
func (c *Cluster) restartOrderings(r *Resource) {
	c.then(r, "stopped", r, "start", orderOptional)
	c.then(r, "stopped", r, "promote", orderOptional)
	c.then(r, "demoted", r, "stop", orderOptional)
	c.then(r, "demoted", r, "start", orderOptional)
	c.then(r, "demoted", r, "promote", orderOptional)
	c.then(r, "running", r, "promote", orderOptional)
	c.then(r, "demote", r, "demoted", orderOptional)
}

func (c *Cluster) internalPromotable(r *Resource) {
	c.restartOrderings(r)
	var last *Resource
	for _, inst := range r.Children {
		c.then(inst, "demote", inst, "promote", orderOptional)
		c.then(r, "promote", inst, "promote", orderOptional)
		c.then(inst, "promote", r, "promoted", orderOptional)
		if last != nil && r.Clone.Ordered {
			c.then(last, "promote", inst, "promote", orderOptional)
		}
		c.then(r, "demote", inst, "demote", orderImpliesFirstPrinted)
		c.then(inst, "demote", r, "demoted", orderImpliesThenPrinted)
		if last != nil && r.Clone.Ordered {
			c.then(inst, "demote", last, "demote", orderOptional)
		}
		last = inst
	}
}

func (c *Cluster) internalBundle(r *Resource) {
	b := r.Bundle
	if b.Inner != nil {
		c.then(r, "start", b.Inner, "start", orderImpliesFirstPrinted)
		c.then(r, "stop", b.Inner, "stop", orderImpliesFirstPrinted)
		c.then(b.Inner, "running", r, "running", orderImpliesThenPrinted)
		c.then(b.Inner, "stopped", r, "stopped", orderImpliesThenPrinted)
	}
	for _, rep := range b.Replicas {
		c.internal(rep.Container)
		c.then(r, "start", rep.Container, "start", orderRunnableLeft|orderImpliesFirstPrinted)
		if rep.Child != nil {
			c.then(r, "stop", rep.Child, "stop", orderImpliesFirstPrinted)
		}
		c.then(r, "stop", rep.Container, "stop", orderImpliesFirstPrinted)
		c.then(rep.Container, "start", r, "running", orderImpliesThenPrinted)
		c.then(rep.Container, "stop", r, "stopped", orderImpliesThenPrinted)
		if rep.IP != nil {
			c.internal(rep.IP)
			c.then(rep.IP, "start", rep.Container, "start", orderRunnableLeft|orderPreserve)
			c.then(rep.Container, "stop", rep.IP, "stop", orderImpliesFirst|orderPreserve)
			c.colocate("ip-with-container", "", rules.Infinity, rep.IP, rep.Container, "", "", true)
		}
		if rep.Connection != nil {
			c.internal(rep.Connection)
		}
	}
	if b.Inner == nil {
		return
	}
	c.internal(b.Inner)
	if b.Inner.Promotable {
		c.restartOrderings(r)
		c.then(b.Inner, "demoted", r, "demoted", orderImpliesThenPrinted)
		c.then(r, "demote", b.Inner, "demote", orderImpliesFirstPrinted)
		c.then(b.Inner, "promoted", r, "promoted", orderImpliesThenPrinted)
		c.then(r, "promote", b.Inner, "promote", orderImpliesFirstPrinted)
	}
}
