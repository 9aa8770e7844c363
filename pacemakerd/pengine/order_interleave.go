package pengine

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
)

// updateInstances applies an ordering to a clone, instance by instance where
// that is asked for.
func (u *updater) updateInstances(first, then *Action, n *Node, f, filter actionFlags, kind orderFlags) changes {
	if then.Rsc == nil {
		return changes{}
	}
	if interleaves(first, then) {
		return u.updateInterleaved(first, then, n, filter, kind)
	}
	changed := u.updatePlain(first, then, n, f, filter, kind)
	for _, inst := range then.Rsc.instances() {
		a := findFirst(inst.actions, "", then.Task, n)
		if a == nil || a.collectiveFlags(n)&flagRunnable == 0 {
			continue
		}
		d := u.updateFor(inst, first, a, n, f, filter, kind)
		changed.add(d)
		if d.then {
			for j := len(a.after) - 1; j >= 0; j-- {
				u.update(a.after[j].a)
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
	return rules.IsTrue(r.Meta["interleave"])
}

func (u *updater) updateInterleaved(first, then *Action, n *Node, filter actionFlags, kind orderFlags) (changed changes) {
	current := strings.HasSuffix(first.Key, "_stopped_0") || strings.HasSuffix(first.Key, "_demoted_0")
	firstInstances := first.Rsc.instances()
	if len(firstInstances) == 0 {
		return changed
	}
	for _, ti := range then.Rsc.instances() {
		fi := u.compatible(ti, first.Rsc, RoleUnknown, current)
		if fi == nil {
			if !current && kind&(orderRunnableLeft|orderImpliesThen) != 0 {
				had := false
				for _, p := range ti.Primitives() {
					had = had || p.Assigned != nil
				}
				u.settleOn(ti, nil, true)
				changed.then = changed.then || had
			}
			continue
		}
		fa := findFirst(fi.actions, "", first.instanceTask(fi), n)
		ta := findFirst(ti.actions, "", then.Task, n)
		if fa == nil || ta == nil {
			continue
		}
		if order(fa, ta, kind) {
			changed.first, changed.then = true, true
		}
		changed.add(u.updateFor(ti, fa, ta, n, fa.collectiveFlags(n), filter, kind))
	}
	return changed
}
