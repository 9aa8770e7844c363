package xml

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of Parse. A real CIB of 5,000 resources is some 20 MB and 12 deep.
const (
	MaxSize  = 256 << 20 // bytes
	MaxDepth = 256       // elements inside each other, as in libxml2
)

// A SyntaxError says where a text stops being XML. Line and Column count from 1;
// Column counts bytes.
type SyntaxError struct {
	Line, Column int
	What         string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.What)
}

// Parse reads one document and drops comments. The result shares no memory with
// b. It fails with a *SyntaxError.
func Parse(b []byte) (*Element, error) { return parse(b, false) }

// ParseKeepingComments is Parse with comments kept as nodes named CommentName:
// they are part of the CIB's digest.
func ParseKeepingComments(b []byte) (*Element, error) { return parse(b, true) }

func parse(b []byte, comments bool) (*Element, error) {
	if len(b) > MaxSize {
		return nil, &SyntaxError{1, 1, fmt.Sprintf("document of %d bytes is larger than the limit of %d", len(b), MaxSize)}
	}
	s := string(b) // one copy; names and values are slices of it
	if !utf8.ValidString(s) {
		for i := 0; i < len(s); {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				p := parser{s: s, i: i}
				return nil, p.fail("byte %#02x is not UTF-8", s[i])
			}
			i += n
		}
	}
	p := &parser{s: s, comments: comments}
	p.i = len(s) - len(strings.TrimPrefix(s, "\ufeff"))
	root, err := p.document()
	if err != nil {
		return nil, err
	}
	return root, nil
}

type parser struct {
	s        string
	i        int
	comments bool
	nodes    []Element // the rest of the current block of nodes
	attrs    []Attr
}

func (p *parser) fail(format string, args ...any) error {
	done := p.s[:min(p.i, len(p.s))]
	line := strings.Count(done, "\n") + 1
	return &SyntaxError{line, len(done) - strings.LastIndexByte(done, '\n'), fmt.Sprintf(format, args...)}
}

func (p *parser) document() (*Element, error) {
	var root *Element
	for {
		p.space()
		switch rest := p.s[p.i:]; {
		case rest == "":
			if root == nil {
				return nil, p.fail("no element in the document")
			}
			return root, nil
		case strings.HasPrefix(rest, "<?"):
			if err := p.until("?>", "processing instruction"); err != nil {
				return nil, err
			}
		case strings.HasPrefix(rest, "<!--"):
			if _, err := p.comment(); err != nil {
				return nil, err
			}
		case strings.HasPrefix(rest, "<!DOCTYPE"):
			if root != nil {
				return nil, p.fail("document type after the root element")
			}
			if err := p.doctype(); err != nil {
				return nil, err
			}
		case rest[0] != '<':
			return nil, p.fail("text outside of the root element")
		case root != nil:
			return nil, p.fail("second root element")
		default:
			var err error
			if root, err = p.element(0); err != nil {
				return nil, err
			}
		}
	}
}

func (p *parser) doctype() error {
	end := strings.IndexAny(p.s[p.i:], "[>")
	if end < 0 {
		return p.fail("document type without an end")
	}
	if p.s[p.i+end] == '[' {
		return p.fail("a document type with declarations of its own is not supported")
	}
	p.i += end + 1
	return nil
}

func (p *parser) until(end, what string) error {
	n := strings.Index(p.s[p.i:], end)
	if n < 0 {
		return p.fail("%s without an end", what)
	}
	p.i += n + len(end)
	return nil
}

func (p *parser) comment() (string, error) {
	n := strings.Index(p.s[p.i+4:], "--")
	if n < 0 {
		return "", p.fail("comment without an end")
	}
	text := p.s[p.i+4 : p.i+4+n]
	if !strings.HasPrefix(p.s[p.i+4+n:], "-->") {
		p.i += 4 + n
		return "", p.fail("two hyphens inside a comment")
	}
	p.i += 4 + n + 3
	return text, nil
}

func (p *parser) space() {
	for p.i < len(p.s) && isSpace(p.s[p.i]) {
		p.i++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// nameStart and namePart accept every byte of a multi-byte character: which
// letters of other scripts may start a name is not worth a table here.
func nameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == ':' || c >= 0x80
}

func namePart(c byte) bool {
	return nameStart(c) || c >= '0' && c <= '9' || c == '-' || c == '.'
}

func (p *parser) name(what string) (string, error) {
	from := p.i
	if p.i >= len(p.s) {
		return "", p.fail("the document ends where %s should stand", what)
	}
	if !nameStart(p.s[p.i]) {
		return "", p.fail("%s cannot start with %q", what, p.s[p.i])
	}
	for p.i < len(p.s) && namePart(p.s[p.i]) {
		p.i++
	}
	return p.s[from:p.i], nil
}

func (p *parser) newNode() *Element {
	if len(p.nodes) == 0 {
		p.nodes = make([]Element, min(512, 8+len(p.s)/64))
	}
	n := &p.nodes[0]
	p.nodes = p.nodes[1:]
	return n
}

// element reads one element; p.i is at its '<'.
func (p *parser) element(depth int) (*Element, error) {
	if depth >= MaxDepth {
		return nil, p.fail("more than %d elements inside each other", MaxDepth)
	}
	p.i++
	name, err := p.name("an element name")
	if err != nil {
		return nil, err
	}
	n := p.newNode()
	n.Name = name
	empty, err := p.attributes(n)
	if err != nil || empty {
		return n, err
	}
	return n, p.content(n, depth)
}

func (p *parser) attributes(n *Element) (empty bool, err error) {
	var list [32]Attr
	attrs := list[:0]
	for {
		before := p.i
		p.space()
		if p.i >= len(p.s) {
			return false, p.fail("the document ends inside <%s", n.Name)
		}
		switch p.s[p.i] {
		case '>', '/':
			if p.s[p.i] == '/' {
				if p.i++; p.i >= len(p.s) || p.s[p.i] != '>' {
					return false, p.fail("expected '>' after '/' in <%s", n.Name)
				}
				empty = true
			}
			p.i++
			n.Attrs = p.keep(attrs)
			return empty, nil
		}
		if before == p.i {
			return false, p.fail("expected white space before the next attribute of <%s>", n.Name)
		}
		name, err := p.name("an attribute name")
		if err != nil {
			return false, err
		}
		for i := range attrs {
			if attrs[i].Name == name {
				return false, p.fail("attribute %q of <%s> given twice", name, n.Name)
			}
		}
		p.space()
		if p.i >= len(p.s) || p.s[p.i] != '=' {
			return false, p.fail("expected '=' after attribute %q of <%s>", name, n.Name)
		}
		p.i++
		p.space()
		value, err := p.quoted(name)
		if err != nil {
			return false, err
		}
		attrs = append(attrs, Attr{name, value})
	}
}

// keep copies attributes into a shared block, so that small elements cost no
// allocation of their own.
func (p *parser) keep(attrs []Attr) []Attr {
	if len(attrs) == 0 {
		return nil
	}
	if len(p.attrs) < len(attrs) {
		p.attrs = make([]Attr, max(len(attrs), min(2048, 16+len(p.s)/32)))
	}
	kept := p.attrs[:len(attrs):len(attrs)]
	p.attrs = p.attrs[len(attrs):]
	copy(kept, attrs)
	return kept
}

func (p *parser) quoted(name string) (string, error) {
	if p.i >= len(p.s) || p.s[p.i] != '"' && p.s[p.i] != '\'' {
		return "", p.fail("value of attribute %q is not in quotes", name)
	}
	quote := p.s[p.i]
	p.i++
	end := strings.IndexByte(p.s[p.i:], quote)
	if end < 0 {
		return "", p.fail("value of attribute %q has no closing quote", name)
	}
	raw := p.s[p.i : p.i+end]
	value := raw
	if special(raw) {
		if i := strings.IndexByte(raw, '<'); i >= 0 {
			p.i += i
			return "", p.fail("'<' in the value of attribute %q; write &lt;", name)
		}
		var err error
		if value, err = p.unescape(raw, true); err != nil {
			return "", err
		}
	}
	p.i += end + 1
	return value, nil
}

// special tells whether a value has bytes that need a closer look.
func special(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '&' || c == '<' {
			return true
		}
	}
	return false
}

// unescape resolves entities in raw, which starts at p.i. In attribute values
// white space becomes blanks, as XML demands.
func (p *parser) unescape(raw string, attribute bool) (string, error) {
	var b strings.Builder
	b.Grow(len(raw))
	start := p.i
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c == '&':
			end := strings.IndexByte(raw[i:], ';')
			if end < 0 {
				p.i = start + i
				return "", p.fail("'&' without an entity; write &amp;")
			}
			r, err := entity(raw[i+1 : i+end])
			if err != "" {
				p.i = start + i
				return "", p.fail("%s", err)
			}
			b.WriteRune(r)
			i += end
		case c == '\r': // line ends are normalised before anything else
			if i+1 < len(raw) && raw[i+1] == '\n' {
				continue
			}
			if attribute {
				b.WriteByte(' ')
			} else {
				b.WriteByte('\n')
			}
		case attribute && (c == '\n' || c == '\t'):
			b.WriteByte(' ')
		case c < 0x20 && c != '\n' && c != '\t':
			p.i = start + i
			return "", p.fail("control character %#02x", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

func entity(name string) (rune, string) {
	switch name {
	case "lt":
		return '<', ""
	case "gt":
		return '>', ""
	case "amp":
		return '&', ""
	case "quot":
		return '"', ""
	case "apos":
		return '\'', ""
	}
	var n uint64
	var err error
	switch {
	case strings.HasPrefix(name, "#x"):
		n, err = strconv.ParseUint(name[2:], 16, 32)
	case strings.HasPrefix(name, "#"):
		n, err = strconv.ParseUint(name[1:], 10, 32)
	default:
		return 0, fmt.Sprintf("unknown entity &%.20s;", name)
	}
	if err != nil || n < 0x20 && n != '\n' && n != '\t' && n != '\r' || n > 0x10ffff || n >= 0xd800 && n <= 0xdfff || n == 0xfffe || n == 0xffff {
		return 0, fmt.Sprintf("&%.20s; is not a character", name)
	}
	return rune(n), ""
}

// content reads what follows the start tag of n, end tag included.
func (p *parser) content(n *Element, depth int) error {
	var kids [16]*Element
	list := kids[:0]
	var text []string
	for {
		lt := strings.IndexByte(p.s[p.i:], '<')
		if lt < 0 {
			p.i = len(p.s)
			return p.fail("the document ends inside <%s>", n.Name)
		}
		if lt > 0 {
			raw := p.s[p.i : p.i+lt]
			if strings.TrimSpace(raw) != "" {
				t, err := p.unescape(raw, false)
				if err != nil {
					return err
				}
				text = append(text, t)
			}
			p.i += lt
		}
		rest := p.s[p.i:]
		switch {
		case strings.HasPrefix(rest, "</"):
			p.i += 2
			if !strings.HasPrefix(p.s[p.i:], n.Name) || p.i+len(n.Name) < len(p.s) && namePart(p.s[p.i+len(n.Name)]) {
				return p.fail("expected </%s>", n.Name)
			}
			p.i += len(n.Name)
			p.space()
			if p.i >= len(p.s) || p.s[p.i] != '>' {
				return p.fail("expected '>' after </%s", n.Name)
			}
			p.i++
			if len(list) > 0 {
				n.Children = append(make([]*Element, 0, len(list)), list...)
			}
			if len(text) > 0 {
				n.Text = strings.TrimSpace(strings.Join(text, ""))
			}
			return nil
		case strings.HasPrefix(rest, "<!--"):
			t, err := p.comment()
			if err != nil {
				return err
			}
			if p.comments {
				c := p.newNode()
				c.Name, c.Text, c.Parent = CommentName, t, n
				list = append(list, c)
			}
		case strings.HasPrefix(rest, "<![CDATA["):
			end := strings.Index(rest, "]]>")
			if end < 0 {
				return p.fail("CDATA without an end")
			}
			text = append(text, rest[len("<![CDATA["):end])
			p.i += end + 3
		case strings.HasPrefix(rest, "<?"):
			if err := p.until("?>", "processing instruction"); err != nil {
				return err
			}
		case strings.HasPrefix(rest, "<!"):
			return p.fail("declaration inside <%s>", n.Name)
		default:
			c, err := p.element(depth + 1)
			if err != nil {
				return err
			}
			c.Parent = n
			list = append(list, c)
		}
	}
}
