package pengine

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
)

// scheduleProbes finds out what is not known (scheduler.md 16.2).
func (tr *Transition) scheduleProbes() {
	for _, n := range tr.Nodes {
		if !n.Online {
			if n.RemoteOnly() && n.Connection != nil && n.remoteState() == remoteFailed {
				tr.fenceNode(n, "the connection is unrecoverable", false)
			}
			continue
		}
		if n.Unclean || !n.discovery {
			continue
		}
		if v, ok := n.Attrs["probe_complete"]; ok && !rules.IsTrue(v) {
			a := tr.action(nil, "probe_again-"+n.Name, "probe_again", n, false)
			a.meta["op_no_wait"] = "true"
			continue
		}
		for _, r := range tr.inOrder() {
			tr.probe(r, n)
		}
	}
}

// probe schedules the probes of a resource on a node and reports whether there
// are any.
func (tr *Transition) probe(r *Resource, n *Node) bool {
	switch r.Kind {
	case Primitive:
		return tr.probePrimitive(r, n)
	case Clone:
		return tr.probeClone(r, n)
	case Bundle:
		return tr.probeBundle(r, n)
	}
	return tr.probeAll(r.Children, n)
}

func (tr *Transition) probeAll(list []*Resource, n *Node) bool {
	any := false
	for _, child := range list {
		any = tr.probe(child, n) || any
	}
	return any
}

func (tr *Transition) probePrimitive(r *Resource, n *Node) bool {
	top := r.Top()
	if n.Away() && (r.fenceDevice || n.Guest() && r.holdsGuest() || r.isConnection) {
		return false
	}
	if r.container != nil && !r.isConnection || r.Orphan || r.known[n] {
		return false
	}
	s := r.allowed.get(n)
	if (r.exclusive || top.exclusive) && (s == nil || s.discover != discoverExclusive) {
		return false
	}
	if s != nil && s.discover == discoverNever || s == nil && n.discover == discoverNever {
		return false
	}
	if n.Guest() {
		guest := n.Connection.container
		if guest.Role == RoleStopped {
			if at := guest.Assigned; at != nil && !guest.known[at] {
				tr.then(guest, "monitor", top, "start", orderOptional)
			}
			return false
		}
		if guestWillStop(n, guest) {
			tr.then(guest, "stop", top, "start", orderOptional)
			return false
		}
	}
	a := tr.action(r, OpKey(r.ID, "monitor", 0), "monitor", n, false)
	a.optional = false
	tr.afterUnfencing(r, n, a, orderOptional)
	if !runsOn(r, n) {
		a.meta["op_target_rc"] = "7"
	} else if r.Role == RolePromoted {
		a.meta["op_target_rc"] = "8"
	}
	if top.Kind != Clone || r.fenceDevice && tr.unfencing {
		top = r
	}
	flags := orderOptional
	if !a.runnable && len(r.Running) == 0 {
		flags |= orderRunnableLeft
	}
	tr.addOrdering(ref{r: r, a: a}, op(top, "start"), flags)
	tr.addOrdering(ref{r: r, a: a}, ref{r: top, key: OpKey(r.ID, "reload-agent", 0)}, orderOptional)
	return true
}

// holdsGuest tells whether a resource is the machine of a guest node.
func (r *Resource) holdsGuest() bool { return r.guestConnection() != nil }

func guestWillStop(n *Node, guest *Resource) bool {
	return n.remoteReset || n.Unclean || guest.Failed || guest.NextRole == RoleStopped ||
		guest.Role > RoleStopped && guest.Assigned != nil && !runsOn(guest, guest.Assigned)
}

func (tr *Transition) probeClone(r *Resource, n *Node) bool {
	r.Children = mergeSort(r.Children, compareNumbers)
	if r.exclusive {
		if s := r.allowed.get(n); s != nil && s.discover != discoverExclusive {
			s.in = false // notifications name only nodes it might run on
			return false
		}
	}
	if len(r.Children) == 0 {
		return false
	}
	if r.Unique {
		return tr.probeAll(r.Children, n)
	}
	// One instance is enough: the one known here, or to be here, or the first.
	pick := r.Children[0]
	found := false
	for _, inst := range r.Children {
		if inst.knownInside(n) {
			pick, found = inst, true
			break
		}
	}
	if !found {
		for _, inst := range r.Children {
			if at, _ := inst.location(false); at == n {
				pick = inst
				break
			}
		}
	}
	return tr.probe(pick, n)
}

// knownInside tells whether the state of r, or a member of it, on n was read.
func (r *Resource) knownInside(n *Node) bool {
	if len(r.Children) == 0 {
		return r.known[n]
	}
	for _, child := range r.Children {
		if child.knownInside(n) {
			return true
		}
	}
	return false
}

func (tr *Transition) probeBundle(r *Resource, n *Node) bool {
	b, any := r.Bundle, false
	for _, rep := range b.Replicas {
		if rep.IP != nil {
			any = tr.probe(rep.IP, n) || any
		}
		if rep.Child != nil && rep.Node == n {
			any = tr.probe(rep.Child, n) || any
		}
		if tr.probe(rep.Container, n) {
			any = true
			for _, other := range b.Replicas {
				if other != rep && b.perHost == 1 {
					tr.then(rep.Container, "monitor", other.Container, "start", orderOptional|orderSameNode)
				}
			}
		}
		if rep.Connection != nil && tr.probe(rep.Connection, n) {
			any = true
			key := OpKey(rep.Connection.ID, "monitor", 0)
			if a := findFirst(rep.Connection.actions, key, "", n); a != nil {
				tr.addOrdering(op(rep.Container, "start"), ref{r: rep.Connection, a: a}, orderProbe)
			}
		}
	}
	return any
}

// orderProbes puts probes in their place once all orderings are known.
func (tr *Transition) orderProbes() {
	for _, r := range tr.inOrder() {
		for _, p := range r.Primitives() {
			for _, probe := range p.findByKey(OpKey(p.ID, "monitor", 0), nil) {
				for i := len(probe.after) - 1; i >= 0; i-- {
					e := probe.after[i]
					tr.visitMark++
					tr.probeBeforeRestarts(probe, e.a)
				}
			}
		}
	}
	tr.probesBeforeWhatFollowsStops()
}

// probesBeforeWhatFollowsStops: "stop then X" gives "probe then X".
func (tr *Transition) probesBeforeWhatFollowsStops() {
	for _, o := range tr.orderings {
		f, t := o.first, o.then
		if o.flags == 0 || f.r == nil || f.r == t.r {
			continue
		}
		if f.a != nil && f.a.Task != "stop" || f.a == nil && !strings.HasSuffix(f.key, "_stop_0") {
			continue
		}
		if t.r != nil && f.r.container == t.r && (t.a != nil && t.a.Task == "stop" || t.a == nil && strings.HasSuffix(t.key, "_stop_0")) {
			continue
		}
		flags := orderOptional | o.flags&(orderFirstNonMigratable|orderSameNode)
		if o.flags == orderAntiColocation || o.flags == orderLoad {
			flags = o.flags
		}
		probes := f.r.findByKey(OpKey(f.r.ID, "monitor", 0), nil)
		if len(probes) == 0 {
			continue
		}
		var thens []*Action
		if t.a != nil {
			thens = []*Action{t.a}
		} else if t.r != nil {
			thens = t.r.findByKey(t.key, nil)
		}
		for _, probe := range probes {
			for _, then := range thens {
				if then.Task == "stonith" && then.meta["stonith_action"] == "on" && probe.Node == then.Node {
					continue
				}
				if then.Task == "do_shutdown" && probe.Node != then.Node {
					continue
				}
				order(probe, then, flags)
			}
		}
	}
}

// probeBeforeRestarts orders a probe before the stop of what will be restarted
// because of what follows the probe.
func (tr *Transition) probeBeforeRestarts(probe, after *Action) {
	if after == nil || probe.Rsc == nil || probe.Rsc.Kind != Primitive || after.visit == tr.visitMark {
		return
	}
	if !tr.spend(1+len(after.after), "along what follows probes") {
		return
	}
	after.visit = tr.visitMark
	r := after.Rsc
	if r != nil && r.Kind == Primitive && r != probe.Rsc {
		undo := ""
		switch after.Task {
		case "start":
			undo = "stop"
		case "promote":
			undo = "demote"
		}
		if undo != "" {
			for _, a := range r.findByKey(OpKey(r.ID, undo, 0), nil) {
				if !a.pseudo {
					order(probe, a, orderOptional)
				}
			}
		}
	}
	interleave := false
	var partner *Resource
	if r != nil && r.Kind > Group && rules.IsTrue(r.Meta["interleave"]) {
		interleave = true
		partner = tr.compatible(probe.Rsc, r, RoleUnknown, false)
	}
	for i := len(after.after) - 1; i >= 0; i-- {
		e := after.after[i]
		if e.flags&orderImpliesThen == 0 {
			// Down into the children of groups and clones.
			q := e.a.Rsc
			if r == nil || r.Kind < Group || probe.Rsc.Parent == r || q == nil || q.Kind > Group || q.Parent != r {
				continue
			}
			if r.Kind > Group && interleave && (partner == nil || partner != q) {
				continue
			}
		}
		tr.probeBeforeRestarts(probe, e.a)
	}
}
