package rules

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// OnConflict says how values meet values that are there already.
type OnConflict bool

const (
	KeepFirst OnConflict = false
	Replace   OnConflict = true
)

// Unpack merges all blocks named kind below parent whose rules hold into into,
// highest score first and, among equals, the later one first; first names a
// block that comes before all others (scheduler.md 3.1).
func (e *Evaluator) Unpack(parent *xml.Element, kind, first string, f *Facts, into map[string]string, on OnConflict) {
	if parent == nil {
		return
	}
	type block struct {
		node  *xml.Element
		score int
	}
	var blocks []block
	for i := len(parent.Children) - 1; i >= 0; i-- {
		child := parent.Children[i]
		if child.Name != kind {
			continue
		}
		set := e.Referred(child)
		if set == nil {
			continue
		}
		b := block{set, e.Score(set.Get("score"))}
		if first != "" && set.Get("id") == first {
			b.score = Infinity + 1
		}
		blocks = append(blocks, b)
	}
	slices.SortStableFunc(blocks, func(a, b block) int { return cmp.Compare(b.score, a.score) })
	for _, b := range blocks {
		if !e.AnyRule(b.node, f) {
			continue
		}
		e.unpackPairs(b.node, into, on)
	}
}

func (e *Evaluator) unpackPairs(set *xml.Element, into map[string]string, on OnConflict) {
	// crm_config of very old documents has the pairs one level deeper.
	if inner := set.Child("attributes"); inner != nil {
		set = inner
	}
	for pair := range set.Each("nvpair") {
		ref := e.Referred(pair)
		if ref == nil {
			continue
		}
		name := pair.Get("name")
		if name == "" {
			name = ref.Get("name")
		}
		value, ok := ref.Lookup("value")
		if name == "" || !ok {
			continue
		}
		_, there := into[name]
		switch {
		case strings.EqualFold(value, "#default"):
			delete(into, name)
		case there && on == KeepFirst:
		default:
			into[name] = value
		}
	}
}

// AnyRule tells whether a set, or a lifetime, counts: it has no rule, or one of
// its rules holds.
func (e *Evaluator) AnyRule(set *xml.Element, f *Facts) bool {
	some := false
	for rule := range set.Each("rule") {
		some = true
		if r := e.Referred(rule); r != nil && e.Holds(r, f) {
			return true
		}
	}
	return !some
}
