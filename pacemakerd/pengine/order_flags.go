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

// flagsFor are an action's flags as they count in an ordering: for a clone on
// a node those of that node's instance, but runnable if it is anywhere.
func (a *Action) flagsFor(n *Node) actionFlags {
	f := a.collectiveFlags(nil)
	if n == nil || a.Rsc == nil || a.Rsc.Kind != Clone {
		return f
	}
	return a.collectiveFlags(n) | f&flagRunnable
}

// collectiveFlags works out the flags of an action from the members'
// (scheduler.md 15.5).
func (a *Action) collectiveFlags(n *Node) actionFlags {
	r := a.Rsc
	if r == nil {
		return a.flags()
	}
	switch r.Kind {
	case Group:
		return a.groupFlags(n)
	case Clone:
		return a.cloneFlags(r.Children, n)
	case Bundle:
		if r.Bundle.Inner != nil {
			switch a.Task {
			case "promote", "promoted", "demote", "demoted", "notify", "notified":
				return a.cloneFlags(r.Bundle.Inner.Children, n)
			}
		}
		return a.cloneFlags(r.instances(), n)
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

func (a *Action) groupFlags(n *Node) actionFlags {
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
		mf := ma.collectiveFlags(n)
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

func (a *Action) cloneFlags(instances []*Resource, n *Node) actionFlags {
	f := flagOptional | flagRunnable
	if len(instances) == 0 {
		a.runnable = a.runnable && n != nil
		return flagOptional
	}
	task := a.instanceTask(instances[0])
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
		inf := ia.collectiveFlags(n)
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
func (a *Action) instanceTask(inst *Resource) string {
	task := a.Task
	if task == "notify" || task == "notified" {
		head := a.Key[:max(0, strings.LastIndexByte(a.Key, '_'))]
		task = head[strings.LastIndexByte(head, '_')+1:]
	}
	return baseTask(inst, task)
}
