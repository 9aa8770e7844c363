package schema

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// content is what an element has to contain: its definition is read when the
// first such element is met, so that definitions may refer to each other.
func (f *forge) content(p *pattern) *pattern {
	if p.a.kind == pRef {
		return p.a.scope.resolve(p.a.name)
	}
	return p.a
}

// step counts what is done for one document.
func (f *forge) step() bool {
	f.steps--
	return f.steps > 0
}

// open takes in the name of an element.
func (f *forge) open(p *pattern, name string) *pattern {
	key := opening{p, name}
	if q := f.opens[key]; q != nil {
		return q
	}
	q := f.notAllowed()
	if !f.step() {
		return q
	}
	switch p.kind {
	case pChoice:
		q = f.choice(f.open(p.a, name), f.open(p.b, name))
	case pElement:
		if p.names.has(name) {
			q = f.after(f.content(p), f.empty())
		}
	case pInterleave:
		q = f.choice(
			f.within(f.open(p.a, name), func(x *pattern) *pattern { return f.interleave(x, p.b) }),
			f.within(f.open(p.b, name), func(x *pattern) *pattern { return f.interleave(p.a, x) }))
	case pOneOrMore:
		q = f.within(f.open(p.a, name), func(x *pattern) *pattern { return f.group(x, f.optional(p)) })
	case pGroup:
		q = f.within(f.open(p.a, name), func(x *pattern) *pattern { return f.group(x, p.b) })
		if p.a.nullable {
			q = f.choice(q, f.open(p.b, name))
		}
	case pAfter:
		q = f.within(f.open(p.a, name), func(x *pattern) *pattern { return f.after(x, p.b) })
	}
	f.opens[key] = q
	return q
}

// within changes what comes after.
func (f *forge) within(p *pattern, change func(*pattern) *pattern) *pattern {
	switch p.kind {
	case pAfter:
		return f.after(p.a, change(p.b))
	case pChoice:
		return f.choice(f.within(p.a, change), f.within(p.b, change))
	}
	return f.notAllowed()
}

// attribute takes in one.
func (f *forge) attribute(p *pattern, a xml.Attr) *pattern {
	if !f.step() {
		return f.notAllowed()
	}
	switch p.kind {
	case pAfter:
		return f.after(f.attribute(p.a, a), p.b)
	case pChoice:
		return f.choice(f.attribute(p.a, a), f.attribute(p.b, a))
	case pGroup:
		return f.choice(f.group(f.attribute(p.a, a), p.b), f.group(p.a, f.attribute(p.b, a)))
	case pInterleave:
		return f.choice(f.interleave(f.attribute(p.a, a), p.b), f.interleave(p.a, f.attribute(p.b, a)))
	case pOneOrMore:
		return f.group(f.attribute(p.a, a), f.optional(p))
	case pAttribute:
		if p.names.has(a.Name) && f.matches(p.a, a.Value) {
			f.seenAs |= f.useOf(p.a, a.Value)
			return f.empty()
		}
	}
	return f.notAllowed()
}

// A use is what a text is as the value of an attribute.
type use uint8

const (
	useID use = 1 << iota
	useReference
	useOther
)

// useOf tells as what a pattern takes a text that matches it.
func (f *forge) useOf(p *pattern, s string) use {
	switch {
	case p.kind == pChoice:
		return f.useOf(p.a, s) | f.useOf(p.b, s)
	case !f.matches(p, s):
		return 0
	case p.kind == pData && p.data.name == "ID":
		return useID
	case p.kind == pData && p.data.name == "IDREF":
		return useReference
	}
	return useOther
}

// matches tells whether a text is what a pattern wants.
func (f *forge) matches(p *pattern, s string) bool {
	return p.nullable && strings.TrimSpace(s) == "" || f.characters(p, s).nullable
}

// closeTag is said when all attributes were taken in: there are to be no more.
func (f *forge) closeTag(p *pattern) *pattern {
	if !f.step() {
		return f.notAllowed()
	}
	switch p.kind {
	case pAfter:
		return f.after(f.closeTag(p.a), p.b)
	case pChoice:
		return f.choice(f.closeTag(p.a), f.closeTag(p.b))
	case pGroup:
		return f.group(f.closeTag(p.a), f.closeTag(p.b))
	case pInterleave:
		return f.interleave(f.closeTag(p.a), f.closeTag(p.b))
	case pOneOrMore:
		return f.oneOrMore(f.closeTag(p.a))
	case pAttribute:
		return f.notAllowed()
	}
	return p
}

// characters takes in a text.
func (f *forge) characters(p *pattern, s string) *pattern {
	if !f.step() {
		return f.notAllowed()
	}
	switch p.kind {
	case pChoice:
		return f.choice(f.characters(p.a, s), f.characters(p.b, s))
	case pInterleave:
		return f.choice(f.interleave(f.characters(p.a, s), p.b), f.interleave(p.a, f.characters(p.b, s)))
	case pGroup:
		q := f.group(f.characters(p.a, s), p.b)
		if p.a.nullable {
			q = f.choice(q, f.characters(p.b, s))
		}
		return q
	case pAfter:
		return f.after(f.characters(p.a, s), p.b)
	case pOneOrMore:
		return f.group(f.characters(p.a, s), f.optional(p))
	case pText:
		return p
	case pValue:
		if p.data.same(p.value, s) {
			return f.empty()
		}
	case pData:
		if p.data.allows(s) && (p.a == nil || !f.matches(p.a, s)) {
			return f.empty()
		}
	case pList:
		q := p.a
		for _, word := range strings.Fields(s) {
			q = f.characters(q, word)
		}
		if q.nullable {
			return f.empty()
		}
	}
	return f.notAllowed()
}

// end takes in the end of an element.
func (f *forge) end(p *pattern) *pattern {
	if !f.step() {
		return f.notAllowed()
	}
	switch p.kind {
	case pChoice:
		return f.choice(f.end(p.a), f.end(p.b))
	case pAfter:
		if p.a.nullable {
			return p.b
		}
	}
	return f.notAllowed()
}
