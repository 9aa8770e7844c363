package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/rules"

// blockColocated makes what has to be with an unrunnable start or promote
// unrunnable too (scheduler.md 21.4).
func (u *updater) blockColocated(a *Action) {
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
		if col.Score < rules.Infinity || a.Task == "promote" && col.primaryRole != RolePromoted {
			continue
		}
		task := "start"
		if col.dependentRole == RolePromoted {
			task = "promote"
		}
		u.blockTask(col.Dependent, task, a.Rsc)
	}
}

func (u *updater) blockTask(r *Resource, task string, reason *Resource) {
	for i := len(r.actions) - 1; i >= 0; i-- {
		a := r.actions[i]
		if a.runnable && a.Task == task {
			a.runnable = false
			a.setReason("colocation with "+reason.ID, false)
			u.blockColocated(a)
			u.update(a)
		}
	}
	for _, child := range r.Children {
		u.blockTask(child, task, reason)
	}
}
