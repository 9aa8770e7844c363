package pengine

import "strings"

// actionFlags are the properties of an action that orderings pass on.
type actionFlags uint

const (
	flagOptional actionFlags = 1 << iota
	flagRunnable
	flagMigratable
)

func (a *Action) flags() (f actionFlags) {
	if a.optional {
		f |= flagOptional
	}
	if a.runnable {
		f |= flagRunnable
	}
	if a.migratable {
		f |= flagMigratable
	}
	return f
}

// snapshot is everything an update may change.
func (a *Action) snapshot() [5]bool {
	return [5]bool{a.optional, a.runnable, a.migratable, a.pseudo, a.printed}
}

type changes struct{ first, then bool }

func (c *changes) add(d changes) {
	c.first = c.first || d.first
	c.then = c.then || d.then
}

// maxUpdates bounds the update loop: the original can recurse for ever on odd
// inputs.
const maxUpdates = 20_000_000

const maxUpdateDepth = 20_000

// update lets what is before an action have its effect on it, and goes on with
// what that changes (spec: scheduler.md 21.3).
func (c *Cluster) update(then *Action) {
	c.updates++
	if c.failed != nil {
		return
	}
	c.depth++
	defer func() { c.depth-- }()
	if c.updates > maxUpdates || c.depth > maxUpdateDepth {
		c.failed = ErrLoop
		return
	}
	last := then.snapshot()
	lastRunnable := then.runnable
	if then.anyOf {
		then.anyHave = 0
		then.anyNeeded = max(1, then.anyNeeded)
		then.runnable = false
	}
	var changed changes
	for i := len(then.before) - 1; i >= 0; i-- {
		e := then.before[i]
		first := e.a
		firstNode, thenNode := first.Node, then.Node
		if first.Rsc != nil && first.Rsc.Kind == Group && first.Task == "start" {
			firstNode, _ = first.Rsc.location(false)
		}
		if then.Rsc != nil && then.Rsc.Kind == Group && then.Task == "start" {
			thenNode, _ = then.Rsc.location(false)
		}
		if e.flags&orderSameNode != 0 && firstNode != nil && thenNode != nil && firstNode != thenNode {
			e.flags = 0
			continue
		}
		changed.first = false
		if first.Rsc != nil && e.flags&orderThenCancelsFirst != 0 && !then.optional {
			first.optional = true
			if first.Task == "reload-agent" {
				first.Rsc.reload = false
			}
		}
		if first.Rsc != nil && then.Rsc != nil && first.Rsc != then.Rsc && !first.Rsc.contains(then.Rsc) {
			first = c.remapped(first)
		}
		if first == e.a {
			changed.add(c.updatePair(first, then, c.flagsFor(first, thenNode), c.flagsFor(then, firstNode), e))
		} else if order(first, then, e.flags) {
			// The new relation counts when the list is gone through again.
			changed.then = true
			e.flags = 0
		}
		if changed.first {
			for j := len(first.after) - 1; j >= 0; j-- {
				c.update(first.after[j].a)
			}
			c.update(first)
		}
	}
	if then.anyOf {
		changed.then = last != then.snapshot()
	}
	if changed.then {
		if lastRunnable && !then.runnable {
			c.blockColocated(then)
		}
		c.update(then)
		for j := len(then.after) - 1; j >= 0; j-- {
			c.update(then.after[j].a)
		}
	}
}

// remapped is the action that stands for "the whole collective has done it":
// running for start, stopped for stop, and with notifications the end of them.
func (c *Cluster) remapped(a *Action) *Action {
	r := a.Rsc
	if r.Kind < Group || strings.Contains(a.Key, "notify") {
		return a
	}
	_, task, ms, ok := parseOpKey(a.Key)
	if !ok || ms > 0 {
		return a
	}
	switch task {
	case "start":
		task = "running"
	case "stop":
		task = "stopped"
	case "promote", "demote":
		task += "d"
	case "running", "stopped", "promoted", "demoted":
	default:
		return a
	}
	key := opKey(r.ID, task, 0)
	if r.Notify && (r.Parent == nil || r.bundleOf() != nil) {
		key = notifyKey(r.ID, "confirmed-post", task)
	}
	if b := findFirst(r.actions, key, "", nil); b != nil {
		return b
	}
	return a
}

// flagsFor are an action's flags as they count in an ordering: for a clone on
// a node those of that node's instance, but runnable if it is anywhere.
func (c *Cluster) flagsFor(a *Action, n *Node) actionFlags {
	f := c.collectiveFlags(a, nil)
	if n == nil || a.Rsc == nil || a.Rsc.Kind != Clone {
		return f
	}
	return c.collectiveFlags(a, n) | f&flagRunnable
}

// collectiveFlags works out the flags of an action from the members' (spec:
// 15.5).
func (c *Cluster) collectiveFlags(a *Action, n *Node) actionFlags {
	r := a.Rsc
	if r == nil {
		return a.flags()
	}
	switch r.Kind {
	case Group:
		return c.groupFlags(a, n)
	case Clone:
		return c.cloneFlags(a, r.Children, n)
	case Bundle:
		if r.Bundle.Inner != nil {
			switch a.Task {
			case "promote", "promoted", "demote", "demoted", "notify", "notified":
				return c.cloneFlags(a, r.Bundle.Inner.Children, n)
			}
		}
		return c.cloneFlags(a, r.instances(), n)
	}
	return a.flags()
}

// baseTask is the task a primitive does for a collective's task.
func baseTask(r *Resource, task string) string {
	if r.Kind == Primitive {
		switch task {
		case "running":
			return "start"
		case "stopped":
			return "stop"
		case "promoted":
			return "promote"
		case "demoted":
			return "demote"
		}
	}
	return task
}

func (c *Cluster) groupFlags(a *Action, n *Node) actionFlags {
	f := flagOptional | flagRunnable
	for _, m := range a.Rsc.Children {
		task := baseTask(m, a.Task)
		ma := findFirst(m.actions, "", task, n)
		if ma == nil {
			if task != "stop" && task != "demote" {
				f &^= flagRunnable
			}
			continue
		}
		mf := c.collectiveFlags(ma, n)
		if f&flagOptional != 0 && mf&flagOptional == 0 {
			f &^= flagOptional
			a.optional = false
		}
		if task != a.Task && f&flagRunnable != 0 && mf&flagRunnable == 0 {
			f &^= flagRunnable
			a.runnable = false
		}
	}
	return f
}

func (c *Cluster) cloneFlags(a *Action, instances []*Resource, n *Node) actionFlags {
	f := flagOptional | flagRunnable
	if len(instances) == 0 {
		a.runnable = a.runnable && n != nil
		return flagOptional
	}
	task := c.instanceTask(a, instances[0])
	any := false
	for _, inst := range instances {
		at := n
		if inst.Kind != Primitive {
			at = nil
		}
		ia := findFirst(inst.actions, "", task, at)
		if ia == nil {
			continue
		}
		inf := c.collectiveFlags(ia, n)
		if f&flagOptional != 0 && inf&flagOptional == 0 {
			f &^= flagOptional
			a.optional = false
		}
		any = any || inf&flagRunnable != 0
	}
	if !any {
		f &^= flagRunnable
		if n == nil {
			a.runnable = false
		}
	}
	return f
}

// instanceTask is what instances do for a clone's action, notifications
// included.
func (c *Cluster) instanceTask(a *Action, inst *Resource) string {
	task := a.Task
	if task == "notify" || task == "notified" {
		head := a.Key[:max(0, strings.LastIndexByte(a.Key, '_'))]
		task = head[strings.LastIndexByte(head, '_')+1:]
	}
	return baseTask(inst, task)
}

// updatePair applies one ordering.
func (c *Cluster) updatePair(first, then *Action, ff, tf actionFlags, e *edge) (changed changes) {
	n := then.Node
	if e.flags&orderImpliesThenOnNode != 0 {
		e.flags = e.flags&^orderImpliesThenOnNode | orderImpliesThen
		n = first.Node
	}
	apply := func(r *Resource, f, filter actionFlags, kind orderFlags) {
		changed.add(c.updateFor(r, first, then, n, f, filter, kind))
	}
	if e.flags&orderImpliesThen != 0 {
		if then.Rsc != nil {
			apply(then.Rsc, ff&flagOptional, flagOptional, orderImpliesThen)
		} else if ff&flagOptional == 0 && then.optional {
			then.optional = false
			changed.then = true
		}
	}
	if e.flags&orderRestart != 0 && then.Rsc != nil {
		apply(then.Rsc, ff, flagOptional|flagRunnable, orderRestart)
	}
	if e.flags&orderImpliesFirst != 0 {
		if first.Rsc != nil {
			apply(first.Rsc, ff, flagOptional, orderImpliesFirst)
		} else if ff&flagOptional == 0 && first.runnable {
			first.runnable = false
			changed.first = true
		}
	}
	if e.flags&orderPromotedImpliesFirst != 0 && then.Rsc != nil {
		apply(then.Rsc, ff&flagOptional, flagOptional, orderPromotedImpliesFirst)
	}
	if e.flags&orderOneOrMore != 0 {
		if then.Rsc != nil {
			apply(then.Rsc, ff, flagRunnable, orderOneOrMore)
		} else if ff&flagRunnable != 0 {
			then.anyHave++
			if then.anyHave >= then.anyNeeded && !then.runnable {
				then.runnable = true
				changed.then = true
			}
		}
	}
	if e.flags&orderProbe != 0 && then.Rsc != nil {
		if ff&flagRunnable == 0 && first.Rsc != nil && len(first.Rsc.Running) > 0 {
			e.flags = 0
		} else {
			apply(then.Rsc, ff, flagRunnable, orderRunnableLeft)
		}
	}
	if e.flags&orderRunnableLeft != 0 {
		if then.Rsc != nil {
			apply(then.Rsc, ff, flagRunnable, orderRunnableLeft)
		} else if ff&flagRunnable == 0 && then.runnable {
			then.runnable = false
			changed.then = true
		}
	}
	if then.Rsc != nil {
		if e.flags&orderImpliesFirstMigratable != 0 {
			apply(then.Rsc, ff, flagOptional, orderImpliesFirstMigratable)
		}
		if e.flags&orderPseudoLeft != 0 {
			apply(then.Rsc, ff, flagOptional, orderPseudoLeft)
		}
		if e.flags&orderOptional != 0 {
			apply(then.Rsc, ff, flagRunnable, orderOptional)
		}
		if e.flags&orderAsymmetrical != 0 {
			apply(then.Rsc, ff, flagRunnable, orderAsymmetrical)
		}
	}
	if first.runnable && e.flags&orderImpliesThenPrinted != 0 && ff&flagOptional == 0 {
		then.printed = true
	}
	if e.flags&orderImpliesFirstPrinted != 0 && tf&flagOptional == 0 {
		first.printed = true
	}
	if e.flags&(orderImpliesThen|orderImpliesFirst|orderRestart) != 0 && first.Rsc != nil && !first.Rsc.Managed && first.Rsc.Blocked &&
		!first.runnable && first.Task == "stop" && then.runnable {
		then.runnable = false
		changed.then = true
	}
	return changed
}

// updateFor applies one kind of ordering in the way of resource r.
func (c *Cluster) updateFor(r *Resource, first, then *Action, n *Node, f, filter actionFlags, kind orderFlags) changes {
	switch r.Kind {
	case Group:
		changed := c.updatePlain(first, then, n, f, filter, kind)
		if then.Rsc != nil {
			for _, m := range then.Rsc.Children {
				if a := findFirst(m.actions, "", then.Task, n); a != nil {
					changed.add(c.updateFor(m, first, a, n, f, filter, kind))
				}
			}
		}
		return changed
	case Clone, Bundle:
		return c.updateInstances(first, then, n, f, filter, kind)
	}
	return c.updatePlain(first, then, n, f, filter, kind)
}

// clearBecause makes a change and says why.
func clearBecause(a *Action, flag actionFlags, reason *Action) {
	word := "unrunnable "
	switch flag {
	case flagOptional:
		if !a.optional {
			return
		}
		a.optional = false
		word = "required "
	case flagRunnable:
		if !a.runnable {
			return
		}
		a.runnable = false
	case flagMigratable:
		if !a.migratable {
			return
		}
		a.migratable = false
	}
	if a.Rsc == reason.Rsc {
		return
	}
	if reason.Rsc != nil {
		word += reason.Rsc.ID + " "
	}
	a.setReason(word+reason.Task, flag == flagMigratable)
}

func (c *Cluster) updatePlain(first, then *Action, n *Node, f, filter actionFlags, kind orderFlags) changes {
	firstWas, thenWas := first.snapshot(), then.snapshot()
	switch kind {
	case orderAsymmetrical:
		asymmetricOrder(first, then)
	case orderImpliesFirst:
		if then.optional {
			break
		}
		if f&flagOptional == 0 {
			clearBecause(first, flagOptional, then)
		}
		if f&flagMigratable != 0 && !then.migratable {
			clearBecause(first, flagMigratable, then)
		}
	case orderPromotedImpliesFirst:
		if !then.optional && then.Rsc != nil && then.Rsc.Role == RolePromoted {
			clearBecause(first, flagOptional, then)
			if first.migratable && !then.migratable {
				clearBecause(first, flagMigratable, then)
			}
		}
	case orderImpliesFirstMigratable:
		if !then.migratable || !then.runnable {
			clearBecause(first, flagRunnable, then)
		}
		if !then.optional {
			clearBecause(first, flagOptional, then)
		}
	case orderPseudoLeft:
		if !first.runnable {
			clearBecause(then, flagMigratable, first)
			then.pseudo = false
		}
	case orderRunnableLeft:
		if then.runnable && f&flagRunnable == 0 {
			clearBecause(then, flagRunnable, first)
			clearBecause(then, flagMigratable, first)
		}
	case orderImpliesThen:
		if then.optional && f&flagOptional == 0 && !first.migratable {
			clearBecause(then, flagOptional, first)
		}
	case orderRestart:
		restartOrder(first, then)
	}
	var changed changes
	if then.snapshot() != thenWas {
		changed.then = true
		if then.Rsc != nil && then.Rsc.Parent != nil {
			c.update(then)
		}
	}
	changed.first = first.snapshot() != firstWas
	return changed
}

func asymmetricOrder(first, then *Action) {
	if then.Rsc == nil || first.runnable {
		return
	}
	role := then.Rsc.state(true)
	switch {
	case role == RoleStopped && then.Task == "stop":
		return
	case role >= RoleStarted && then.Task == "start" && then.optional && len(then.Rsc.Running) == 1 && then.Rsc.Running[0] == then.Node:
		return
	}
	clearBecause(then, flagOptional, first)
	clearBecause(then, flagRunnable, first)
}

func restartOrder(first, then *Action) {
	if then.optional && (then.runnable || !then.Rsc.Managed || first.Rsc != then.Rsc) {
		return
	}
	if first.runnable {
		clearBecause(first, flagOptional, then)
	}
	if !then.optional {
		clearBecause(first, flagOptional, then)
	}
	if !then.migratable {
		clearBecause(first, flagMigratable, then)
	}
	if !first.optional && !first.runnable {
		clearBecause(then, flagRunnable, first)
	}
}

// updateInstances applies an ordering to a clone, instance by instance where
// that is asked for.
func (c *Cluster) updateInstances(first, then *Action, n *Node, f, filter actionFlags, kind orderFlags) changes {
	if then.Rsc == nil {
		return changes{}
	}
	if interleaves(first, then) {
		return c.updateInterleaved(first, then, n, filter, kind)
	}
	changed := c.updatePlain(first, then, n, f, filter, kind)
	for _, inst := range then.Rsc.instances() {
		a := findFirst(inst.actions, "", then.Task, n)
		if a == nil || c.collectiveFlags(a, n)&flagRunnable == 0 {
			continue
		}
		d := c.updateFor(inst, first, a, n, f, filter, kind)
		changed.add(d)
		if d.then {
			for j := len(a.after) - 1; j >= 0; j-- {
				c.update(a.after[j].a)
			}
		}
	}
	return changed
}

func interleaves(first, then *Action) bool {
	if first.Rsc == nil || first.Rsc == then.Rsc || first.Rsc.Kind < Clone || then.Rsc.Kind < Clone {
		return false
	}
	r := then.Rsc
	if strings.HasSuffix(then.Key, "_stop_0") || strings.HasSuffix(then.Key, "_demote_0") {
		r = first.Rsc
	}
	return isTrue(r.Meta["interleave"])
}

func (c *Cluster) updateInterleaved(first, then *Action, n *Node, filter actionFlags, kind orderFlags) (changed changes) {
	current := strings.HasSuffix(first.Key, "_stopped_0") || strings.HasSuffix(first.Key, "_demoted_0")
	firstInstances := first.Rsc.instances()
	if len(firstInstances) == 0 {
		return changed
	}
	for _, ti := range then.Rsc.instances() {
		fi := c.compatible(ti, first.Rsc, RoleUnknown, current)
		if fi == nil {
			if !current && kind&(orderRunnableLeft|orderImpliesThen) != 0 {
				had := false
				for _, p := range ti.Primitives() {
					had = had || p.Assigned != nil
				}
				c.settleOn(ti, nil, true)
				changed.then = changed.then || had
			}
			continue
		}
		fa := findFirst(fi.actions, "", c.instanceTask(first, fi), n)
		ta := findFirst(ti.actions, "", then.Task, n)
		if fa == nil || ta == nil {
			continue
		}
		if order(fa, ta, kind) {
			changed.first, changed.then = true, true
		}
		changed.add(c.updateFor(ti, fa, ta, n, c.collectiveFlags(fa, n), filter, kind))
	}
	return changed
}

// blockColocated makes what has to be with an unrunnable start or promote
// unrunnable too (spec: 21.4).
func (c *Cluster) blockColocated(a *Action) {
	if a.Task != "start" && a.Task != "promote" || a.runnable || a.Rsc == nil {
		return
	}
	r := a.Rsc.Outermost()
	for _, child := range r.Children {
		ca := findFirst(child.actions, "", a.Task, nil)
		if ca == nil || ca.runnable {
			return
		}
	}
	for _, col := range r.withThis {
		if col.Score < Infinity || a.Task == "promote" && col.primaryRole != RolePromoted {
			continue
		}
		task := "start"
		if col.dependentRole == RolePromoted {
			task = "promote"
		}
		c.blockTask(col.Dependent, task, a.Rsc)
	}
}

func (c *Cluster) blockTask(r *Resource, task string, reason *Resource) {
	for i := len(r.actions) - 1; i >= 0; i-- {
		a := r.actions[i]
		if a.runnable && a.Task == task {
			a.runnable = false
			a.setReason("colocation with "+reason.ID, false)
			c.blockColocated(a)
			c.update(a)
		}
	}
	for _, child := range r.Children {
		c.blockTask(child, task, reason)
	}
}

// dropInvalidOrderings drops what cannot be honoured: orderings between a
// guest's machine and what runs on the guest, and load orderings that would
// close a loop.
func (c *Cluster) dropInvalidOrderings() {
	for i := len(c.actions) - 1; i >= 0; i-- {
		a := c.actions[i]
		for j := len(a.before) - 1; j >= 0; j-- {
			e := a.before[j]
			switch {
			case e.flags&orderPreserve == 0 && e.a.Rsc != nil && a.Rsc != nil && len(a.Rsc.fillers) > 0 &&
				e.a.Node != nil && e.a.Node.Connection != nil && e.a.Node.Connection.container == a.Rsc:
				e.flags = 0
			case e.flags == orderLoad && a.Rsc != nil && a.Task == "migrate_to" && c.loops(a, a, e):
				e.flags = 0
			}
		}
	}
}

func (c *Cluster) loops(start, a *Action, e *edge) bool {
	if e.a.visiting || !c.usedInput(a, e) {
		return false
	}
	if e.a == start {
		return true
	}
	e.a.visiting = true
	defer func() { e.a.visiting = false }()
	for i := len(e.a.before) - 1; i >= 0; i-- {
		if c.loops(start, e.a, e.a.before[i]) {
			return true
		}
	}
	return false
}
