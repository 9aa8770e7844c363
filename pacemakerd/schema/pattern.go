package schema

import "slices"

// A pattern is what is still expected of a document, after the derivative
// algorithm for RELAX NG: taking in a tag, an attribute or a text turns one
// pattern into the next. Patterns are made once each, so that equal ones are
// the same pointer and need to be derived once only.
type pattern struct {
	kind     patternKind
	a, b     *pattern
	names    *nameClass
	data     *datatype
	value    string
	scope    *scope // of a reference
	name     string
	nullable bool
}

type patternKind uint8

const (
	pEmpty patternKind = iota
	pNotAllowed
	pText
	pChoice
	pInterleave
	pGroup
	pOneOrMore
	pList
	pData  // a text of a type, except what a is
	pValue // one text
	pAttribute
	pElement
	pAfter // a, and then, one level up, b
	pRef
)

// A nameClass says which names an element or attribute may have.
type nameClass struct {
	any    bool
	name   string
	among  []*nameClass // any of these
	except *nameClass
}

func (n *nameClass) has(name string) bool {
	switch {
	case len(n.among) > 0:
		return slices.ContainsFunc(n.among, func(m *nameClass) bool { return m.has(name) })
	case n.any:
		return n.except == nil || !n.except.has(name)
	}
	return n.name == name
}

// A forge makes patterns, equal ones once.
type forge struct {
	made  map[pattern]*pattern
	opens map[opening]*pattern
	steps int // left, for one document
	// seenAs is what the values of attributes were taken as, since it was
	// cleared.
	seenAs use
}

type opening struct {
	p    *pattern
	name string
}

// What judging one document may cost: an ambiguous schema can make patterns
// grow without end.
const (
	stepsAtLeast = 1_000_000
	stepsPerPart = 5_000 // for each element and attribute
)

func newForge() *forge {
	return &forge{made: make(map[pattern]*pattern), opens: make(map[opening]*pattern)}
}

func (f *forge) make(p pattern) *pattern {
	if q := f.made[p]; q != nil {
		return q
	}
	key := p
	switch p.kind {
	case pEmpty, pText:
		p.nullable = true
	case pChoice:
		p.nullable = p.a.nullable || p.b.nullable
	case pInterleave, pGroup:
		p.nullable = p.a.nullable && p.b.nullable
	case pOneOrMore:
		p.nullable = p.a.nullable
	}
	q := &p
	f.made[key] = q
	return q
}

func (f *forge) empty() *pattern      { return f.make(pattern{kind: pEmpty}) }
func (f *forge) notAllowed() *pattern { return f.make(pattern{kind: pNotAllowed}) }
func (f *forge) text() *pattern       { return f.make(pattern{kind: pText}) }

func (f *forge) choice(a, b *pattern) *pattern {
	switch {
	case a.kind == pNotAllowed, a == b:
		return b
	case b.kind == pNotAllowed:
		return a
	case a.kind == pEmpty && b.nullable:
		return b
	case b.kind == pEmpty && a.nullable:
		return a
	}
	return f.make(pattern{kind: pChoice, a: a, b: b})
}

func (f *forge) group(a, b *pattern) *pattern      { return f.both(pGroup, a, b) }
func (f *forge) interleave(a, b *pattern) *pattern { return f.both(pInterleave, a, b) }

// both makes a pattern of two that must match; empty is as good as none.
func (f *forge) both(kind patternKind, a, b *pattern) *pattern {
	switch {
	case a.kind == pNotAllowed || b.kind == pNotAllowed:
		return f.notAllowed()
	case a.kind == pEmpty:
		return b
	case b.kind == pEmpty:
		return a
	}
	return f.make(pattern{kind: kind, a: a, b: b})
}

func (f *forge) after(a, b *pattern) *pattern {
	if a.kind == pNotAllowed || b.kind == pNotAllowed {
		return f.notAllowed()
	}
	return f.make(pattern{kind: pAfter, a: a, b: b})
}

func (f *forge) oneOrMore(a *pattern) *pattern {
	if a.kind == pNotAllowed || a.kind == pEmpty {
		return a
	}
	return f.make(pattern{kind: pOneOrMore, a: a})
}

func (f *forge) optional(a *pattern) *pattern { return f.choice(a, f.empty()) }
