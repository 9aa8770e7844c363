package lint

import (
	"cmp"
	"slices"
)

// Fix makes the edits of findings in the text that they were found in, and
// returns the result and how many were fixed. Everything else stays byte for
// byte. Of findings whose edits overlap the first is fixed, the others can be
// found again in the result.
func Fix(text []byte, found []Finding) (fixed []byte, n int) {
	var edits []Edit
	for _, f := range found {
		if len(f.Fix) > 0 && !slices.ContainsFunc(f.Fix, func(e Edit) bool { return !e.fits(text) || slices.ContainsFunc(edits, e.overlaps) }) {
			edits = append(edits, f.Fix...)
			n++
		}
	}
	slices.SortStableFunc(edits, func(a, b Edit) int { return cmp.Compare(a.Start, b.Start) })
	at := 0
	for _, e := range edits {
		fixed = append(append(fixed, text[at:e.Start]...), e.Text...)
		at = e.End
	}
	return append(fixed, text[at:]...), n
}

func (e Edit) fits(text []byte) bool { return 0 <= e.Start && e.Start <= e.End && e.End <= len(text) }

func (e Edit) overlaps(o Edit) bool { return e.Start < o.End && o.Start < e.End || e.Start == o.Start }
