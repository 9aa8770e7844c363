package pengine

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

type orderKind int

const (
	kindMandatory orderKind = iota
	kindOptional
	kindSerialize
)

type symmetry int

const (
	asymmetric symmetry = iota
	symmetrical
	inverse
)

// orderKindOf reads kind, or the score that older documents have instead.
func (c *Cluster) orderKindOf(e *xml.Element) orderKind {
	kind, ok := e.Lookup("kind")
	if !ok {
		if v, scored := e.Lookup("score"); scored {
			c.logDeprecated(NoteDeprecated, "get_ordering_type", "score", "Support for 'score' in rsc_order is deprecated and will be removed in a future release (use 'kind' instead)")
			if c.rules.Score(v) == 0 {
				return kindOptional
			}
		}
		return kindMandatory
	}
	switch strings.ToLower(kind) {
	case "mandatory":
	case "optional":
		return kindOptional
	case "serialize":
		return kindSerialize
	default:
		c.log("get_ordering_type", Error, "Resetting 'kind' for constraint %s to 'Mandatory' because '%s' is not valid", e.ID(), kind)
	}
	return kindMandatory
}

func (c *Cluster) symmetryOf(e *xml.Element, parentKind orderKind, parent string) symmetry {
	kind := parentKind
	if e.Has("kind") || e.Has("score") {
		kind = c.orderKindOf(e)
	}
	text, given := e.Lookup("symmetrical")
	if _, ok := rules.ParseBool(text); !given || !ok {
		text, given = parent, parent != ""
	}
	if given {
		if !rules.IsTrue(text) {
			return asymmetric
		}
		if kind == kindSerialize {
			c.log("get_ordering_symmetry", Warning, "Ignoring symmetrical for '%s' because not valid with kind of 'Serialize'", e.ID())
			return asymmetric
		}
		return symmetrical
	}
	if kind == kindSerialize {
		return asymmetric
	}
	return symmetrical
}

// flagsFor turns a kind into flags; task is the first action, between sets the
// second one (scheduler.md 10.3).
func flagsFor(kind orderKind, task string, sym symmetry) orderFlags {
	flags := orderOptional
	switch kind {
	case kindSerialize:
		flags |= orderSerialize
	case kindMandatory:
		switch sym {
		case asymmetric:
			flags |= orderAsymmetrical
		case symmetrical:
			flags |= orderImpliesThen
			if task == "start" || task == "promote" {
				flags |= orderRunnableLeft
			}
		case inverse:
			flags |= orderImpliesFirst
		}
	}
	return flags
}

func invertTask(task string) (string, bool) {
	switch task {
	case "start":
		return "stop", true
	case "stop":
		return "start", true
	case "promote":
		return "demote", true
	case "demote":
		return "promote", true
	case "promoted":
		return "demoted", true
	case "demoted":
		return "promoted", true
	case "running":
		return "stopped", true
	case "stopped":
		return "running", true
	}
	return "", false
}

func (tr *Transition) unpackOrder(e *xml.Element) {
	if !e.Has("kind") {
		tr.orderKindOf(e) // a score is complained of before what is named
	}
	e = tr.expandTags(e, [2]string{"first", "first-action"}, [2]string{"then", "then-action"})
	if e == nil {
		return
	}
	sets := tr.sets(e)
	if len(sets) == 0 {
		tr.simpleOrder(e)
		return
	}
	kind := tr.orderKindOf(e)
	sym := tr.symmetryOf(e, kind, "")
	var last *xml.Element
	for _, set := range sets {
		if !tr.orderSet(set, kind, e.Get("symmetrical")) {
			return
		}
		if last != nil {
			if !tr.orderSets(last, set, kind, sym) {
				return
			}
			if sym == symmetrical && !tr.orderSets(set, last, kind, inverse) {
				return
			}
		}
		last = set
	}
}

func (tr *Transition) simpleOrder(e *xml.Element) {
	first, then := tr.constrained(e.Get("first")), tr.constrained(e.Get("then"))
	for _, x := range [...]struct {
		r  *Resource
		id string
	}{{first, e.Get("first")}, {then, e.Get("then")}} {
		if x.r == nil {
			tr.log("get_ordering_resource", Error, "Ignoring constraint '%s' because resource '%s' does not exist", e.ID(), x.id)
			return
		}
	}
	sym := tr.symmetryOf(e, kindMandatory, "")
	kind := tr.orderKindOf(e)
	firstTask, thenTask := e.Get("first-action"), e.Get("then-action")
	if firstTask == "" {
		firstTask = "start"
	}
	if thenTask == "" {
		thenTask = firstTask
	}
	flags := flagsFor(kind, firstTask, sym)
	restart := kind == kindOptional && then.Meta["restart-type"] == "restart"
	if restart {
		flags |= orderImpliesThen
	}
	if n := tr.cloneMin(first, e); n > 0 {
		gate := tr.namedPseudo("clone-one-or-more:" + e.ID())
		gate.anyOf, gate.anyNeeded = true, n
		for _, child := range first.Children {
			tr.addOrdering(op(child, firstTask), ref{a: gate}, orderOneOrMore|orderImpliesThenPrinted)
		}
		tr.addOrdering(ref{a: gate}, op(then, thenTask), flags|orderRunnableLeft)
	} else {
		tr.addOrdering(op(first, firstTask), op(then, thenTask), flags)
	}
	if sym != symmetrical {
		return
	}
	undoThen, ok1 := invertTask(thenTask)
	undoFirst, ok2 := invertTask(firstTask)
	if !ok1 || !ok2 {
		tr.log("inverse_ordering", Warning, "Cannot invert constraint '%s' (please specify inverse manually)", e.ID())
		return
	}
	flags = flagsFor(kind, undoFirst, inverse)
	if restart {
		flags |= orderImpliesFirst
	}
	tr.addOrdering(op(then, undoThen), op(first, undoFirst), flags)
}

// cloneMin is how many instances of first have to be runnable, 0 for no such
// rule.
func (c *Cluster) cloneMin(first *Resource, e *xml.Element) int {
	if first.Kind != Clone {
		return 0
	}
	if v, ok := first.Meta["clone-min"]; ok {
		n, _ := rules.Int(v)
		return int(max(0, min(n, rules.Infinity)))
	}
	all, ok := rules.ParseBool(e.Get("require-all"))
	if ok {
		c.logDeprecated(NoteDeprecated, "get_minimum_first_instances", "require-all",
			"Support for require-all in ordering constraints is deprecated and will be removed in a future release (use clone-min clone meta-attribute instead)")
	}
	if ok && !all {
		return 1
	}
	return 0
}

func (tr *Transition) orderSet(set *xml.Element, kind orderKind, parentSymmetrical string) bool {
	parent := kind
	if set.Has("kind") {
		kind = tr.orderKindOf(set)
	}
	sym := tr.symmetryOf(set, parent, parentSymmetrical)
	list, ok := tr.members(set)
	if !ok {
		return false // unlike a set of a colocation it relates nothing then
	}
	task := set.Get("action")
	if task == "" {
		task = "start"
	}
	sequential := true
	if v, given := set.Lookup("sequential"); given {
		sequential = rules.IsTrue(v)
	}
	flags := flagsFor(kind, task, sym)
	if kind == kindSerialize && !tr.fits(len(tr.orderings), len(list)*(len(list)-1)/2, tr.limits.Orderings, "orderings") {
		return false
	}
	for i, r := range list {
		switch {
		case kind == kindSerialize:
			for _, later := range list[i+1:] {
				tr.addOrdering(op(r, task), op(later, task), flags)
			}
		case sequential && i > 0:
			tr.addOrdering(op(list[i-1], task), op(r, task), flags)
		}
	}
	if sym == asymmetric {
		return true
	}
	undo, can := invertTask(task)
	if !can {
		return true
	}
	flags = flagsFor(kind, undo, inverse)
	for i := 1; i < len(list) && sequential; i++ {
		tr.addOrdering(op(list[i], undo), op(list[i-1], undo), flags)
	}
	return true
}

// orderSets orders two neighbouring sets. Here a missing sequential counts as
// false, unlike inside a set.
func (tr *Transition) orderSets(a, b *xml.Element, kind orderKind, sym symmetry) bool {
	firsts, ok1 := tr.members(a)
	thens, ok2 := tr.members(b)
	if !ok1 || !ok2 {
		return false
	}
	task := func(set *xml.Element) string {
		t := set.Get("action")
		if t == "" {
			t = "start"
		}
		if sym == inverse {
			t, _ = invertTask(t)
		}
		return t
	}
	ta, tb := task(a), task(b)
	if ta == "" || tb == "" {
		return true
	}
	all := notFalse(a.Get("require-all")) || ta == "stop" || ta == "demote"
	flags := flagsFor(kind, tb, sym) // by what comes then, unlike without sets
	if !all {
		gate := tr.namedPseudo("one-or-more:" + a.ID())
		gate.anyOf = true
		for _, r := range firsts {
			tr.addOrdering(op(r, ta), ref{a: gate}, orderOneOrMore|orderImpliesThenPrinted)
		}
		for _, r := range thens {
			tr.addOrdering(ref{a: gate}, op(r, tb), flags|orderRunnableLeft)
		}
		return true
	}
	end := func(list []*Resource, last bool) []*Resource {
		if len(list) < 2 {
			return list
		}
		if last {
			return list[len(list)-1:]
		}
		return list[:1]
	}
	if rules.IsTrue(a.Get("sequential")) {
		firsts = end(firsts, sym != inverse)
	}
	if rules.IsTrue(b.Get("sequential")) {
		thens = end(thens, sym == inverse)
	}
	if !tr.fits(len(tr.orderings), len(firsts)*len(thens), tr.limits.Orderings, "orderings") {
		return false
	}
	for _, f := range firsts {
		for _, t := range thens {
			tr.addOrdering(op(f, ta), op(t, tb), flags)
		}
	}
	return true
}
