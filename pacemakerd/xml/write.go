package xml

import "unicode/utf8"

// Compact returns n as messages carry it: no white space, no declaration.
func (n *Element) Compact() []byte { return n.AppendCompact(nil) }

// String is Compact as a string, for messages and tests.
func (n *Element) String() string {
	if n == nil {
		return ""
	}
	return string(n.Compact())
}

// AppendCompact appends the compact text of n to b.
func (n *Element) AppendCompact(b []byte) []byte { return n.write(b, writer{}) }

// Format returns n as files and tools show it: one element a line, two blanks
// a level, a newline at the end.
func (n *Element) Format() []byte { return n.write(nil, writer{pretty: true}) }

// AppendFormat appends n in the form of Format, indented by depth levels.
func (n *Element) AppendFormat(b []byte, depth int) []byte {
	return n.write(b, writer{pretty: true, depth: depth})
}

type writer struct {
	pretty bool
	depth  int
	skip   func(attr string) bool
}

func (n *Element) write(b []byte, w writer) []byte {
	if w.pretty {
		b = indent(b, w.depth)
	}
	if n.IsComment() {
		b = append(append(append(b, "<!--"...), n.Text...), "-->"...)
		return w.newline(b)
	}
	b = append(append(b, '<'), n.Name...)
	for i := range n.Attrs {
		a := &n.Attrs[i]
		if w.skip != nil && w.skip(a.Name) {
			continue
		}
		b = append(append(append(b, ' '), a.Name...), '=', '"')
		b = AppendEscaped(b, a.Value)
		b = append(b, '"')
	}
	if len(n.Children) == 0 && n.Text == "" {
		return w.newline(append(b, '/', '>'))
	}
	b = append(b, '>')
	if n.Text != "" {
		b = appendText(b, n.Text)
	}
	if len(n.Children) > 0 {
		b = w.newline(b)
		inner := w
		inner.depth++
		for _, c := range n.Children {
			b = c.write(b, inner)
		}
		if w.pretty {
			b = indent(b, w.depth)
		}
	}
	b = append(append(append(b, '<', '/'), n.Name...), '>')
	return w.newline(b)
}

func (w writer) newline(b []byte) []byte {
	if w.pretty {
		b = append(b, '\n')
	}
	return b
}

func indent(b []byte, depth int) []byte {
	for range depth {
		b = append(b, ' ', ' ')
	}
	return b
}

// AppendEscaped appends an attribute value in pacemaker's escapes
// (pacemaker-ipc.md 2). Unlike pacemaker 2.1.5 it goes on escaping after a
// character outside ASCII, so the result is always well formed.
func AppendEscaped(b []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x80 {
			if r, n := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
		}
		var e string
		switch c {
		case '<':
			e = "&lt;"
		case '>':
			e = "&gt;"
		case '&':
			e = "&amp;"
		case '"':
			e = "&quot;"
		case '\'':
			e = "&apos;"
		case '\t':
			e = "    "
		case '\n':
			e = `\n`
		case '\r':
			e = `\r`
		default:
			if c >= 0x20 && c <= 0x7e {
				i++
				continue
			}
			e = string([]byte{'\\', '0' + c>>6, '0' + c>>3&7, '0' + c&7})
		}
		b = append(append(b, s[from:i]...), e...)
		i++
		from = i
	}
	return append(b, s[from:]...)
}

func appendText(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		case '&':
			b = append(b, "&amp;"...)
		default:
			b = append(b, s[i])
		}
	}
	return b
}
