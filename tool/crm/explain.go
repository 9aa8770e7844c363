package crm

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
)

// A finding is a problem of a configuration as it is shown: what crm_verify has
// to say beyond the original.
type finding struct {
	File       string `json:"file,omitempty"`
	Line       int    `json:"line,omitempty"`
	Column     int    `json:"column,omitempty"`
	Element    string `json:"element,omitempty"`
	ID         string `json:"id,omitempty"`     // of the element
	Within     string `json:"within,omitempty"` // the nearest one around it that has an id, if it has none
	WithinID   string `json:"within-id,omitempty"`
	Attribute  string `json:"attribute,omitempty"`
	Text       string `json:"text"`
	DidYouMean string `json:"did-you-mean,omitempty"`
	Severity   string `json:"severity"`
}

// findings explains what is wrong with a document, as far as its schema and its
// references go. One without a schema is measured by the newest.
func (s *source) findings(env *tool.Env) []finding {
	l := lineage(env, s.doc)
	claimed := s.doc.Get("validate-with")
	if claimed == schema.None {
		return nil
	}
	var tags map[*xml.Element]startTag
	if len(s.defects) == 0 && s.text != nil {
		tags = tagsOf(s.text, s.doc)
	}
	var list []finding
	for _, p := range l.Explain(s.doc, cmp.Or(claimed, l.Newest)) {
		f := finding{File: s.file, Text: p.Text, Attribute: p.Attr, Severity: "error", DidYouMean: tool.Suggest(p.Word, p.Known)}
		if p.Advice {
			f.Severity = "warning"
		}
		if n := p.Node; n != nil {
			f.Element, f.ID = n.Name, n.ID()
			f.Line, f.Column = s.position(tags, n, p.Attr)
			for up := n.Parent; f.ID == "" && f.WithinID == "" && up != nil; up = up.Parent {
				f.Within, f.WithinID = up.Name, up.ID()
			}
			if f.WithinID == "" {
				f.Within = ""
			}
		}
		if p.Other != nil {
			if line, _ := s.position(tags, p.Other, ""); line > 0 {
				f.Text += " in line " + strconv.Itoa(line)
			}
		}
		list = append(list, f)
	}
	return list
}

// position is the line and column in which an element begins, or its attribute
// if one is named. The column is 0 where only the line is known, and both are
// for what did not come from a text.
func (s *source) position(tags map[*xml.Element]startTag, n *xml.Element, attr string) (line, column int) {
	tag, ok := tags[n]
	if !ok {
		return s.lines[n], 0
	}
	at := tag.start
	if attr != "" {
		at += attributeAt(s.text[tag.start:tag.end], attr)
	}
	before := s.text[:at]
	begin := bytes.LastIndexByte(before, '\n') + 1
	return 1 + bytes.Count(before, []byte{'\n'}), 1 + utf8.RuneCount(before[begin:])
}

// attributeAt is the offset of an attribute in a start tag, 0 if it is not
// there.
func attributeAt(tag []byte, name string) int {
	quote := byte(0)
	for i, ch := range tag {
		switch {
		case quote != 0:
			if ch == quote {
				quote = 0
			}
		case ch == '"' || ch == '\'':
			quote = ch
		case i > 0 && strings.IndexByte(" \t\r\n\"'", tag[i-1]) >= 0 && bytes.HasPrefix(tag[i:], []byte(name)):
			if bytes.HasPrefix(bytes.TrimLeft(tag[i+len(name):], " \t\r\n"), []byte("=")) {
				return i
			}
		}
	}
	return 0
}

// String is the finding on a line of its own.
func (f finding) String() string {
	var b strings.Builder
	if f.Line > 0 {
		if f.File != "" {
			b.WriteString(f.File + ":" + strconv.Itoa(f.Line))
		} else {
			b.WriteString("line " + strconv.Itoa(f.Line))
		}
		if f.Column > 0 {
			b.WriteString(":" + strconv.Itoa(f.Column))
		}
		b.WriteString(": ")
	}
	switch {
	case f.ID != "":
		b.WriteString(f.Element + " " + strconv.Quote(f.ID) + ": ")
	case f.WithinID != "":
		b.WriteString(f.Element + " in " + f.Within + " " + strconv.Quote(f.WithinID) + ": ")
	case f.Element != "":
		b.WriteString(f.Element + ": ")
	}
	b.WriteString(f.Text)
	if f.DidYouMean != "" {
		b.WriteString("; did you mean " + strconv.Quote(f.DidYouMean) + "?")
	}
	return b.String()
}

// xml is the finding as an element.
func (f finding) xml() *xml.Element {
	e := xml.New("problem", "severity", f.Severity)
	set := func(name, value string) {
		if value != "" && value != "0" {
			e.Set(name, value)
		}
	}
	set("file", f.File)
	set("line", strconv.Itoa(f.Line))
	set("column", strconv.Itoa(f.Column))
	set("element", f.Element)
	set("id", f.ID)
	set("within", f.Within)
	set("within-id", f.WithinID)
	set("attribute", f.Attribute)
	set("text", f.Text)
	set("did-you-mean", f.DidYouMean)
	return e
}

// onTerminal tells whether a person reads what a tool complains about.
func onTerminal(env *tool.Env) bool {
	f, ok := env.Stderr.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// resultXML is what the tools of 2.1.5 print as XML, with findings in it where
// they were asked for.
func resultXML(env *tool.Env, code int, list []finding) []byte {
	root := status.ResultEL9(commandLine(env))
	if len(list) > 0 {
		problems := root.Append(xml.New("problems"))
		for _, f := range list {
			problems.Append(f.xml())
		}
	}
	root.Append(xml.New("status", "code", strconv.Itoa(code), "message", statusMessage(code)))
	return root.Format()
}

// resultJSON is our own form of the same.
func resultJSON(env *tool.Env, code int, list []finding) []byte {
	type result struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if list == nil {
		list = []finding{}
	}
	b, err := json.MarshalIndent(struct {
		Request  string    `json:"request"`
		Problems []finding `json:"problems"`
		Status   result    `json:"status"`
	}{commandLine(env), list, result{code, statusMessage(code)}}, "", "  ")
	if err != nil {
		return nil // strings and numbers only
	}
	return append(b, '\n')
}
