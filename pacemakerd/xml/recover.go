package xml

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Defect is one thing that Recover had to look past, in libxml2's words.
type Defect struct {
	Line int
	Code int    // libxml2's number for the kind
	Text string // without a line end
	// Context is the line of the source and Mark the same blank up to a caret
	// where reading stood.
	Context, Mark string
}

// libxml2's numbers for what can be wrong with a document.
const (
	codeEmpty        = 4
	codeExtra        = 5
	codeBadCharacter = 9
	codeNoSemicolon  = 23
	codeUndeclared   = 26
	codeLtInValue    = 38
	codeNotQuoted    = 39
	codeNoEndQuote   = 40
	codeNoValue      = 41
	codeTwice        = 42
	codeCommentOpen  = 45
	codeNoSpace      = 65
	codeNoName       = 68
	codeNoEnd        = 73
	codeMismatch     = 76
	codeUnfinished   = 77
	codeHyphens      = 80
	codeTooDeep      = 89
)

// Recover reads as much of a document as libxml2 does when it is told to
// recover, for the tools that show what is wrong with a file: an element that
// is not closed ends where the one around it does, a broken attribute is left
// out. Text between elements, of which a CIB has none, is dropped. The node is
// nil if there is no element at all; lines are those in which start tags end.
// Daemons use Parse.
func Recover(b []byte) (root *Element, lines map[*Element]int, defects []Defect) {
	r := &recovery{s: string(b), lines: map[*Element]int{}}
	r.i = len(r.s) - len(strings.TrimPrefix(r.s, "\ufeff"))
	r.document()
	return r.root, r.lines, r.defects
}

type recovery struct {
	s       string
	i       int
	counted int // how far line has been counted
	before  int // line ends up to there
	root    *Element
	open    []opened
	lines   map[*Element]int
	defects []Defect
}

// opened is an element whose end has not come yet.
type opened struct {
	node *Element
	line int // where its start tag begins
}

// maxDefects bounds what is kept of a file that is no XML at all.
const maxDefects = 1000

func (r *recovery) line() int {
	at := min(r.i, len(r.s))
	if at < r.counted {
		r.counted, r.before = 0, 0
	}
	r.before += strings.Count(r.s[r.counted:at], "\n")
	r.counted = at
	return r.before + 1
}

func (r *recovery) say(code int, format string, args ...any) {
	if len(r.defects) >= maxDefects {
		return
	}
	d := Defect{Line: r.line(), Code: code, Text: fmt.Sprintf(format, args...)}
	d.Context, d.Mark = r.context()
	r.defects = append(r.defects, d)
}

// context is the line where reading stands and a caret below that place. At a
// line's end it is that line; no more than 80 bytes are shown.
func (r *recovery) context() (text, mark string) {
	const widest = 80
	at := min(r.i, len(r.s))
	last := at
	for last > 0 && last < len(r.s) && (r.s[last] == '\n' || r.s[last] == '\r') {
		last--
	}
	from := last
	for from > 0 && at-from < widest && r.s[from-1] != '\n' && r.s[from-1] != '\r' {
		from--
	}
	text = r.s[from:]
	if end := strings.IndexAny(text, "\n\r"); end >= 0 {
		text = text[:end]
	}
	text = text[:min(len(text), widest)]
	var b strings.Builder
	for i := range min(at-from, len(text)) {
		if text[i] == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	return text, b.String() + "^"
}

func (r *recovery) end() bool { return r.i >= len(r.s) }

func (r *recovery) at(prefix string) bool { return strings.HasPrefix(r.s[min(r.i, len(r.s)):], prefix) }

func (r *recovery) space() (any bool) {
	for !r.end() && isSpace(r.s[r.i]) {
		r.i++
		any = true
	}
	return any
}

// past moves behind the next end, or to the end of the document.
func (r *recovery) past(end string) {
	if n := strings.Index(r.s[r.i:], end); n >= 0 {
		r.i += n + len(end)
	} else {
		r.i = len(r.s)
	}
}

// comment skips a comment, which may not have two hyphens in it.
func (r *recovery) comment() {
	from := r.i
	r.i += len("<!--")
	for {
		n := strings.Index(r.s[r.i:], "--")
		if n < 0 {
			r.i = len(r.s)
			r.say(codeCommentOpen, "Comment not terminated")
			return
		}
		r.i += n
		if r.at("-->") {
			r.i += len("-->")
			return
		}
		r.say(codeHyphens, "Double hyphen within comment: %.50s", r.s[from:r.i])
		r.i += 2
	}
}

// misc skips what may stand around the root element.
func (r *recovery) misc() {
	for {
		r.space()
		switch {
		case r.at("<?"):
			r.past("?>")
		case r.at("<!--"):
			r.comment()
		case r.at("<!DOCTYPE"):
			r.past(">")
		default:
			return
		}
	}
}

func (r *recovery) document() {
	if r.end() {
		r.say(codeEmpty, "Document is empty")
		return
	}
	r.misc()
	if !r.at("<") {
		r.say(codeEmpty, "Start tag expected, '<' not found")
		return
	}
	if r.start(); len(r.open) > 0 {
		r.content()
	}
	if len(r.open) > 0 { // the document has ended
		return
	}
	r.misc()
	if !r.end() && r.root != nil {
		r.say(codeExtra, "Extra content at the end of the document")
	}
}

func (r *recovery) name() string {
	from := r.i
	if r.end() || !nameStart(r.s[r.i]) {
		return ""
	}
	for !r.end() && namePart(r.s[r.i]) {
		c, n := utf8.DecodeRuneInString(r.s[r.i:])
		if c == utf8.RuneError && n == 1 {
			break
		}
		r.i += n
	}
	return r.s[from:r.i]
}

// start reads a start tag and notes the element as open unless it is empty or
// its tag has no end.
func (r *recovery) start() {
	line := r.line()
	r.i++
	name := r.name()
	if name == "" {
		r.say(codeNoName, "StartTag: invalid element name")
		return
	}
	n := &Element{Name: name}
	r.attributes(n)
	r.lines[n] = r.line()
	if len(r.open) > 0 {
		r.open[len(r.open)-1].node.Append(n)
	} else {
		r.root = n
	}
	switch {
	case r.at("/>"):
		r.i += 2
	case r.at(">"):
		r.i++
		if len(r.open) >= MaxDepth {
			r.say(codeTooDeep, "Excessive depth in document: %d use XML_PARSE_HUGE option", MaxDepth)
			r.i = len(r.s)
			return
		}
		r.open = append(r.open, opened{n, line})
	default:
		r.say(codeNoEnd, "Couldn't find end of Start Tag %s line %d", name, line)
	}
}

func (r *recovery) attributes(n *Element) {
	var twice []string
	r.space()
	for !r.end() && !r.at(">") && !r.at("/>") {
		name := r.name()
		if name == "" {
			r.say(codeNoName, "error parsing attribute name")
			r.say(codeNoSpace, "attributes construct error")
			break
		}
		r.space()
		value, ok := "", false
		if r.at("=") {
			r.i++
			r.space()
			value, ok = r.value()
		} else {
			r.say(codeNoValue, "Specification mandates value for attribute %s", name)
		}
		if ok {
			if n.Has(name) {
				twice = append(twice, name)
			}
			n.Attrs = append(n.Attrs, Attr{name, value})
		}
		if r.at(">") || r.at("/>") {
			break
		}
		if !r.space() {
			r.say(codeNoSpace, "attributes construct error")
			break
		}
	}
	for _, name := range twice {
		r.say(codeTwice, "Attribute %s redefined", name)
	}
}

// value reads an attribute's value; one that ends too early counts as far as it
// goes.
func (r *recovery) value() (string, bool) {
	if !r.at(`"`) && !r.at("'") {
		r.say(codeNotQuoted, `AttValue: " or ' expected`)
		return "", false
	}
	quote := r.s[r.i]
	r.i++
	var b strings.Builder
	for {
		switch {
		case r.end():
			r.say(codeNoEndQuote, "AttValue: ' expected")
			return b.String(), true
		case r.s[r.i] == quote:
			r.i++
			return b.String(), true
		case r.s[r.i] == '<':
			r.say(codeLtInValue, "Unescaped '<' not allowed in attributes values")
			return b.String(), true
		case r.s[r.i] == '&':
			r.reference(&b)
		case isSpace(r.s[r.i]):
			b.WriteByte(' ')
			r.i++
		default:
			b.WriteByte(r.s[r.i])
			r.i++
		}
	}
}

// reference reads an entity or a character reference.
func (r *recovery) reference(b *strings.Builder) {
	end := r.i + 1
	if end < len(r.s) && r.s[end] == '#' {
		end++
	}
	for end < len(r.s) && namePart(r.s[end]) {
		end++
	}
	name := r.s[r.i+1 : end]
	r.i = end
	switch {
	case name == "":
		r.say(codeNoName, "xmlParseEntityRef: no name")
		return
	case !r.at(";"):
		r.say(codeNoSemicolon, "EntityRef: expecting ';'")
		return
	}
	r.i++
	c, problem := entity(name)
	switch {
	case problem == "":
		b.WriteRune(c)
	case strings.HasPrefix(name, "#"):
		r.say(codeBadCharacter, "xmlParseCharRef: invalid xmlChar value %s", strings.TrimPrefix(strings.TrimPrefix(name, "#"), "x"))
	default:
		r.say(codeUndeclared, "Entity '%s' not defined", name)
	}
}

// content reads what is inside of elements, until the root is closed or the
// document ends.
func (r *recovery) content() {
	for len(r.open) > 0 {
		top := r.open[len(r.open)-1]
		switch {
		case r.end():
			r.say(codeUnfinished, "Premature end of data in tag %s line %d", top.node.Name, top.line)
			return
		case r.at("</"):
			r.endTag(top)
		case r.at("<![CDATA["):
			r.past("]]>")
		case r.at("<?"):
			r.past("?>")
		case r.at("<!--"):
			r.comment()
		case r.at("<"):
			r.start()
		case r.at("&"):
			r.reference(new(strings.Builder))
		default:
			for !r.end() && r.s[r.i] != '<' && r.s[r.i] != '&' {
				r.i++
			}
		}
	}
}

// endTag closes the innermost element, whatever the tag calls it.
func (r *recovery) endTag(top opened) {
	r.i += 2
	name := r.name()
	r.space()
	if r.at(">") {
		r.i++
	} else {
		r.say(codeNoEnd, "expected '>'")
	}
	if name == "" {
		name = "unparsable"
	}
	if name != top.node.Name {
		r.say(codeMismatch, "Opening and ending tag mismatch: %s line %d and %s", top.node.Name, top.line, name)
	}
	r.open = r.open[:len(r.open)-1]
}
