package pengine

// orderFlags say what an ordering means (scheduler.md 21.3).
type orderFlags uint32

const (
	orderOptional orderFlags = 1 << iota
	orderImpliesFirst
	orderImpliesThen
	orderPromotedImpliesFirst
	orderImpliesFirstMigratable
	orderRunnableLeft
	orderPseudoLeft
	orderImpliesThenOnNode
	orderProbe
	orderRestart
	orderStonithStop
	orderSerialize
	orderSameNode
	orderImpliesFirstPrinted
	orderImpliesThenPrinted
	orderAsymmetrical
	orderLoad
	orderOneOrMore
	orderAntiColocation
	orderPreserve
	orderThenCancelsFirst
	orderFirstNonMigratable
	orderTrace
)

// An edge is a relation between two actions, seen from either side.
type edge struct {
	a     *Action
	flags orderFlags
	state linkState
}

type linkState int

const (
	linkUnknown linkState = iota
	linkDropped
	linkKept
	linkChecked
)

// order puts first before then. A pair is recorded once per kind: it is
// skipped if an existing record shares any flag.
func order(first, then *Action, flags orderFlags) bool {
	if flags == 0 {
		return false
	}
	if first == nil || then == nil || first == then {
		return false
	}
	list, other := first.after, then
	if len(then.before) < len(list) {
		list, other = then.before, first
	}
	for _, e := range list {
		if e.a == other && e.flags&flags != 0 {
			return false
		}
	}
	first.after = append(first.after, &edge{a: then, flags: flags})
	then.before = append(then.before, &edge{a: first, flags: flags})
	return true
}

// A ref names an action now or later: the action itself, or a resource and an
// operation key.
type ref struct {
	r   *Resource
	key string
	a   *Action
}

func of(a *Action) ref { return ref{r: a.Rsc, key: a.Key, a: a} }

// op refers to an operation of a resource.
func op(r *Resource, task string) ref { return ref{r: r, key: OpKey(r.ID, task, 0)} }

// An ordering is a stored constraint, resolved to actions at the end.
type ordering struct {
	first, then ref
	flags       orderFlags
}

// addOrdering stores an ordering and its companions for live migration
// (scheduler.md 10.3, "Storage").
func (tr *Transition) addOrdering(first, then ref, flags orderFlags) {
	for _, x := range [...]*ref{&first, &then} {
		if x.a != nil {
			if x.key == "" {
				x.key = x.a.Key
			}
			if x.r == nil {
				x.r = x.a.Rsc
			}
		}
	}
	if first.r == nil && first.a == nil || then.r == nil && then.a == nil {
		return
	}
	if !tr.fits(len(tr.orderings), 1, tr.limits.Orderings, "orderings") {
		return
	}
	tr.orderings = append(tr.orderings, &ordering{first, then, flags})
	tr.migrationCompanions(first, then)
}

func (tr *Transition) migrationCompanions(first, then ref) {
	a, b := first.r, then.r
	if a == nil || b == nil || a == b || a.contains(b) || b.contains(a) {
		return
	}
	if !a.allowMigrate && !b.allowMigrate {
		return
	}
	_, ft, _, _ := ParseOpKey(first.key)
	_, tt, _, _ := ParseOpKey(then.key)
	add := func(task, thenTask string, flags orderFlags) {
		tr.orderings = append(tr.orderings, &ordering{op(a, task), op(b, thenTask), orderOptional | flags})
	}
	nonMigratable := orderFlags(0)
	if a.allowMigrate {
		nonMigratable = orderFirstNonMigratable
	}
	switch {
	case ft == "start" && tt == "start":
		if a.allowMigrate && b.allowMigrate {
			add("migrate_from", "migrate_to", 0)
		}
		if b.allowMigrate {
			add("start", "migrate_to", nonMigratable)
		}
	case ft == "stop" && tt == "stop" && b.allowMigrate:
		add("stop", "migrate_to", nonMigratable)
		if b.partialTarget != nil {
			add("stop", "migrate_from", nonMigratable)
		}
	case ft == "promote" && tt == "start" && b.allowMigrate:
		add("promote", "migrate_to", 0)
	case ft == "demote" && tt == "stop" && b.allowMigrate:
		add("demote", "migrate_to", 0)
		if b.partialTarget != nil {
			add("demote", "migrate_from", 0)
		}
	}
}

// contains tells whether r is an ancestor of child.
func (r *Resource) contains(child *Resource) bool {
	for p := child.Parent; p != nil; p = p.Parent {
		if p == r {
			return true
		}
	}
	return false
}

// applyOrderings resolves the stored orderings in order of creation
// (scheduler.md 21.1).
func (tr *Transition) applyOrderings() {
	for i := 0; i < len(tr.orderings); i++ {
		o := tr.orderings[i]
		switch {
		case o.first.r != nil:
			tr.resolveFirst(o.first.r, o)
		case o.then.r != nil:
			resolveThen(o.first.a, o.then.r, o)
		default:
			order(o.first.a, o.then.a, o.flags)
		}
	}
	u := &updater{Transition: tr}
	for i := range tr.actions {
		u.blockColocated(tr.actions[len(tr.actions)-1-i])
	}
	tr.orderProbes()
	for i := len(tr.actions) - 1; i >= 0; i-- {
		u.update(tr.actions[i])
	}
	tr.dropInvalidOrderings()
}

func (tr *Transition) resolveFirst(r *Resource, o *ordering) {
	var firsts []*Action
	if o.first.a != nil {
		firsts = []*Action{o.first.a}
	} else {
		firsts = r.actionsFor(o.first.key)
	}
	if len(firsts) == 0 && r == o.then.r {
		return
	}
	if len(firsts) == 0 {
		_, task, ms, ok := ParseOpKey(o.first.key)
		if !ok {
			return
		}
		switch role := r.role(); {
		case role == RoleStopped && task == "stop", role == RoleUnpromoted && task == "demote":
			return
		}
		a := tr.action(r, OpKey(r.ID, task, ms), task, nil, true)
		firsts = []*Action{a}
	}
	for _, a := range firsts {
		if o.then.r == nil {
			order(a, o.then.a, o.flags)
		} else {
			resolveThen(a, o.then.r, o)
		}
	}
}

func resolveThen(first *Action, r *Resource, o *ordering) {
	flags := o.flags
	var thens []*Action
	if o.then.a != nil {
		thens = []*Action{o.then.a}
	} else {
		thens = r.actionsFor(o.then.key)
	}
	if len(thens) == 0 {
		return
	}
	if first != nil && first.Rsc == r && first.dangle {
		flags &^= orderImpliesThen
	}
	for _, t := range thens {
		if first != nil {
			order(first, t, flags)
		} else {
			t.runnable = false
		}
	}
}

// actionsFor finds actions by key, else by the resource's own id and the task:
// a key may have been made for a name it is known by elsewhere.
func (r *Resource) actionsFor(key string) []*Action {
	list := r.findByKey(key, nil)
	if len(list) > 0 {
		return list
	}
	_, task, ms, ok := ParseOpKey(key)
	if !ok {
		return nil
	}
	return r.findByKey(OpKey(r.ID, task, ms), nil)
}

// role is what a resource does now; for collectives, the highest of what is
// inside.
func (r *Resource) role() Role {
	if r.Kind == Primitive {
		return r.Role
	}
	role := RoleUnknown
	for _, child := range r.Children {
		role = max(role, child.role())
	}
	return role
}
