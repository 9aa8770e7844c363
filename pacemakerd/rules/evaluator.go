package rules

import (
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// An Evaluator evaluates the rules of one document at one moment. Without
// functions nobody is told anything.
type Evaluator struct {
	// Now is the moment; its location is that of dates without zone.
	Now time.Time
	// Index is what references are looked up in.
	Index Index
	// Colours is what scores that are colours are worth.
	Colours Colours
	// Report is told what is wrong with a value.
	Report func(Problem)
	// Recheck is told moments at which a rule that was evaluated may come to
	// another result.
	Recheck func(time.Time)
	// Budget is asked before each rule, with the rules it is inside of, itself
	// included, and the expressions it has; a rule that it refuses does not hold.
	// Rules may refer to each other, in circles and to many: without Budget one
	// evaluation goes MaxDepth deep and through MaxRules.
	Budget func(depth, expressions int) bool
}

// What one evaluation may take where there is no Budget.
const (
	MaxDepth = 100
	MaxRules = 10_000
)

// A Problem is something wrong with a value: with its rule, if Error is set, or
// so that another value stands in. Origin names who noticed, as crm_verify
// prints it.
type Problem struct {
	Origin    string
	Error     bool
	Text      string
	Value     string // that is wrong
	NoInteger bool   // there is none where it should begin with one
	Clipped   bool   // the one it begins with is too large
}

func (e *Evaluator) report(p Problem) {
	if e.Report != nil {
		e.Report(p)
	}
}

func (e *Evaluator) recheck(t time.Time) {
	if e.Recheck != nil {
		e.Recheck(t)
	}
}

// affords tells whether one more rule may be evaluated; done counts those that
// were.
func (e *Evaluator) affords(depth, expressions int, done *int) bool {
	if e.Budget != nil {
		return e.Budget(depth, expressions)
	}
	*done++
	return depth <= MaxDepth && *done <= MaxRules
}

// An Index holds the elements of a configuration by id.
type Index map[string][]*xml.Element

// NewIndex remembers every element of a configuration.
func NewIndex(configuration *xml.Element) Index {
	index := make(Index)
	for e := range configuration.Walk() {
		if id, ok := e.Lookup("id"); ok && e.Name != "status" {
			index[id] = append(index[id], e)
		}
	}
	return index
}

// Referred follows id-ref to the element it names, or returns n itself. It is
// nil, and reported, if there is none of that name and id.
func (e *Evaluator) Referred(n *xml.Element) *xml.Element {
	ref, ok := n.Lookup("id-ref")
	if !ok {
		return n
	}
	for _, target := range e.Index[ref] {
		if target.Name == n.Name {
			return target
		}
	}
	e.report(Problem{Origin: "expand_idref", Error: true, Text: "CRIT: No match for //" + n.Name + "[@id='" + ref + "']"})
	return nil
}
