package pengine

// dropInvalidOrderings drops what cannot be honoured: orderings between a
// guest's machine and what runs on the guest, and load orderings that would
// close a loop.
func (tr *Transition) dropInvalidOrderings() {
	for i := len(tr.actions) - 1; i >= 0; i-- {
		a := tr.actions[i]
		for j := len(a.before) - 1; j >= 0; j-- {
			e := a.before[j]
			switch {
			case e.flags&orderPreserve == 0 && e.a.Rsc != nil && a.Rsc != nil && len(a.Rsc.fillers) > 0 &&
				e.a.Node != nil && e.a.Node.Connection != nil && e.a.Node.Connection.container == a.Rsc:
				e.flags = 0
			case e.flags == orderLoad && a.Rsc != nil && a.Task == "migrate_to" && tr.closesLoop(a, e):
				e.flags = 0
			}
		}
	}
}

// closesLoop tells whether what a waits for waits, in the end, for a.
func (tr *Transition) closesLoop(a *Action, e *edge) bool {
	tr.visitMark++
	return tr.loops(a, a, e)
}

func (tr *Transition) loops(start, a *Action, e *edge) bool {
	if e.a.visit == tr.visitMark || !a.usedInput(e) {
		return false
	}
	if e.a == start {
		return true
	}
	e.a.visit = tr.visitMark
	if !tr.spend(1+len(e.a.before), "looking for loops of orderings") {
		return false
	}
	for i := len(e.a.before) - 1; i >= 0; i-- {
		if tr.loops(start, e.a, e.a.before[i]) {
			return true
		}
	}
	return false
}
