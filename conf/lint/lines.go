package lint

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gocorosync/gocorosync/conf"
)

// A line is one line of the file. The numbers count its bytes, but for at.
type line struct {
	text    string // without its end
	at      int    // of its first byte in the file
	number  int
	key     int // where its key or name begins
	value   int // where its value begins; 0 without
	section string
	outer   string // indentation of the line that opened the section
}

// column is the number of a byte's character, from 1.
func (l *line) column(i int) int { return utf8.RuneCountInString(l.text[:min(i, len(l.text))]) + 1 }

func (l *line) indent() string { return l.text[:len(l.text)-len(strings.TrimLeft(l.text, " \t"))] }

// end is the end of a line's text, without blanks.
func (l *line) end() int { return len(strings.TrimRight(l.text, " \t")) }

func (l *line) edit(start, end int, text string) Edit { return Edit{l.at + start, l.at + end, text} }

// lines looks at the file line by line, as corosync reads it, whether it makes
// sense as a whole or not.
func (c *checker) lines(text []byte) {
	var path, indents []string
	at := 0
	for i, s := range strings.SplitAfter(string(text), "\n") {
		l := line{text: strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r"), at: at, number: i + 1, section: strings.Join(path, ".")}
		at += len(s)
		l.key = len(l.indent())
		if n := len(indents); n > 0 {
			l.outer = indents[n-1]
		}
		body := strings.Trim(l.text, " \t")
		if body == "" || body[0] == '#' {
			c.text = append(c.text, l)
			continue
		}
		c.invisible(&l)
		switch open, colon := strings.IndexByte(l.text, '{'), strings.IndexByte(l.text, ':'); {
		case open >= 0:
			name := strings.TrimRight(l.text[l.key:open], " \t:")
			c.behindBrace(&l, open)
			c.sectionName(&l, name)
			path, indents = append(path, name), append(indents, l.indent())
		case colon >= 0:
			rest := l.text[colon+1:]
			l.value = colon + 1 + len(rest) - len(strings.TrimLeft(rest, " \t"))
			l.value = min(l.value, max(l.end(), colon+1))
			c.item(&l, strings.TrimRight(l.text[l.key:colon], " \t"))
		case strings.ContainsRune(body, '}'):
			c.behindBrace(&l, strings.IndexByte(l.text, '}'))
			if len(path) > 0 {
				path, indents = path[:len(path)-1], indents[:len(indents)-1]
			}
		}
		c.text = append(c.text, l)
	}
}

// lookalikes are characters that look like one that means something here, or
// like nothing at all.
var lookalikes = map[rune]string{
	'\u00a0': " ", '\u2007': " ", '\u202f': " ", '\u3000': " ",
	'\u00ad': "", '\u200b': "", '\u200c': "", '\u200d': "", '\u2060': "", '\ufeff': "", '\u200e': "", '\u200f': "",
	'：': ":", '｛': "{", '｝': "}", '＃': "#",
	'‐': "-", '‑': "-", '–': "-",
}

// invisible finds characters that people do not see and corosync does.
func (c *checker) invisible(l *line) {
	for i, r := range l.text {
		instead, known := lookalikes[r]
		what := ""
		var fix []Edit
		switch {
		case known:
			what = fmt.Sprintf("character U+%04X, which looks like %q", r, instead)
			if instead == "" {
				what = fmt.Sprintf("character U+%04X, which nobody sees", r)
			}
			fix = []Edit{l.edit(i, i+utf8.RuneLen(r), instead)}
		case r == utf8.RuneError:
			if _, n := utf8.DecodeRuneInString(l.text[i:]); n != 1 {
				continue
			}
			what = fmt.Sprintf("byte 0x%02x, which is not UTF-8", l.text[i])
		case r == '“' || r == '”' || r == '‘' || r == '’':
			what = fmt.Sprintf("quotation mark %c", r)
		case r != '\t' && unicode.IsControl(r):
			what = fmt.Sprintf("control character U+%04X", r)
			fix = []Edit{l.edit(i, i+1, "")}
		default:
			continue
		}
		remedy := "take it out"
		if instead != "" {
			remedy = fmt.Sprintf("write %q", instead)
		}
		c.add(Finding{Line: l.number, Column: l.column(i), Severity: Warning, Check: "invisible-character", Text: what, Remedy: remedy, Fix: fix})
	}
}

// behindBrace finds text behind a brace: corosync 2 ignores it, corosync 3
// does not start.
func (c *checker) behindBrace(l *line, brace int) {
	rest := strings.TrimSpace(l.text[brace+1:])
	if rest == "" {
		return
	}
	col := l.column(brace + 1 + strings.Index(l.text[brace+1:], rest))
	f := Finding{Line: l.number, Column: col, Severity: Warning, Check: "text-behind-brace",
		Text: fmt.Sprintf("%q behind a brace", rest), Remedy: "move it to a line of its own"}
	if c.cfg.Profile == conf.EL9 {
		f.Severity = Error
	}
	if rest[0] == '#' {
		f.Fix = []Edit{l.edit(0, 0, l.indent()+rest+"\n"), l.edit(brace+1, len(l.text), "")}
	}
	c.add(f)
}

// item looks at a line "key: value".
func (c *checker) item(l *line, key string) {
	value := l.text[l.value:l.end()]
	if i := strings.Index(value, " #"); i >= 0 && key != "key" {
		comment := strings.TrimSpace(value[i:])
		cut := l.value + len(strings.TrimRight(value[:i], " \t"))
		c.add(Finding{Line: l.number, Column: l.column(l.value + i + 1), Severity: Error, Check: "comment-behind-value",
			Text:   fmt.Sprintf("%q is part of the value: corosync.conf has no comments behind values", comment),
			Remedy: "move it to a line of its own",
			Fix:    []Edit{l.edit(0, 0, l.indent()+comment+"\n"), l.edit(cut, len(l.text), "")}})
		value = l.text[l.value:cut]
	}
	if strings.HasSuffix(value, "}") {
		c.add(Finding{Line: l.number, Column: l.column(l.value + len(value) - 1), Severity: Error, Check: "brace-in-value",
			Text: "the } is part of the value and closes nothing", Remedy: "put the } on a line of its own",
			Fix: []Edit{l.edit(len(strings.TrimRight(l.text[:l.value+len(value)-1], " \t")), len(l.text), "\n"+l.outer+"}")}})
	}
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		c.add(Finding{Line: l.number, Column: l.column(l.value), Severity: Warning, Check: "quoted-value",
			Text: "the quotation marks are part of the value", Remedy: "take them out",
			Fix: []Edit{l.edit(l.value, l.value+n, value[1:n-1])}})
	}
	c.keyName(l, key)
}
