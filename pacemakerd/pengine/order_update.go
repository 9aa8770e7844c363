package pengine

import "strings"

// changes tell which of two ordered actions an ordering changed.
type changes struct{ first, then bool }

func (c *changes) add(d changes) {
	c.first = c.first || d.first
	c.then = c.then || d.then
}

// An updater lets orderings have their effect until all is at rest.
type updater struct {
	*Transition
	updates, depth int
}

// update lets what is before an action have its effect on it, and goes on with
// what that changes (scheduler.md 21.3).
func (u *updater) update(then *Action) {
	u.updates += 1 + len(then.before)
	if u.failed != nil {
		return
	}
	u.depth++
	defer func() { u.depth-- }()
	if u.updates > u.limits.Updates || u.depth > u.limits.UpdateDepth {
		u.failed = ErrLoop
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
			first = first.remapped()
		}
		if first == e.a {
			changed.add(u.updatePair(first, then, first.flagsFor(thenNode), then.flagsFor(firstNode), e))
		} else if order(first, then, e.flags) {
			// The new relation counts when the list is gone through again.
			changed.then = true
			e.flags = 0
		}
		if changed.first {
			for j := len(first.after) - 1; j >= 0; j-- {
				u.update(first.after[j].a)
			}
			u.update(first)
		}
	}
	if then.anyOf {
		changed.then = last != then.snapshot()
	}
	if changed.then {
		if lastRunnable && !then.runnable {
			u.blockColocated(then)
		}
		u.update(then)
		for j := len(then.after) - 1; j >= 0; j-- {
			u.update(then.after[j].a)
		}
	}
}

// remapped is the action that stands for "the whole collective has done it":
// running for start, stopped for stop, and with notifications the end of them.
func (a *Action) remapped() *Action {
	r := a.Rsc
	if r.Kind < Group || strings.Contains(a.Key, "notify") {
		return a
	}
	_, task, ms, ok := ParseOpKey(a.Key)
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
	key := OpKey(r.ID, task, 0)
	if r.Notify && (r.Parent == nil || r.bundleOf() != nil) {
		key = NotifyKey(r.ID, "confirmed-post", task)
	}
	if b := findFirst(r.actions, key, "", nil); b != nil {
		return b
	}
	return a
}
