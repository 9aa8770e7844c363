package pengine

// updatePair applies one ordering.
func (u *updater) updatePair(first, then *Action, ff, tf actionFlags, e *edge) (changed changes) {
	n := then.Node
	if e.flags&orderImpliesThenOnNode != 0 {
		e.flags = e.flags&^orderImpliesThenOnNode | orderImpliesThen
		n = first.Node
	}
	apply := func(r *Resource, f, filter actionFlags, kind orderFlags) {
		changed.add(u.updateFor(r, first, then, n, f, filter, kind))
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
func (u *updater) updateFor(r *Resource, first, then *Action, n *Node, f, filter actionFlags, kind orderFlags) changes {
	switch r.Kind {
	case Group:
		changed := u.updatePlain(first, then, n, f, filter, kind)
		if then.Rsc != nil {
			for _, m := range then.Rsc.Children {
				if a := findFirst(m.actions, "", then.Task, n); a != nil {
					changed.add(u.updateFor(m, first, a, n, f, filter, kind))
				}
			}
		}
		return changed
	case Clone, Bundle:
		return u.updateInstances(first, then, n, f, filter, kind)
	}
	return u.updatePlain(first, then, n, f, filter, kind)
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

func (u *updater) updatePlain(first, then *Action, n *Node, f, filter actionFlags, kind orderFlags) changes {
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
			u.update(then)
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
