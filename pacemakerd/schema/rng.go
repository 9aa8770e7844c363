package schema

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// maxSchemaFiles bounds files that include each other.
const maxSchemaFiles = 2000

// A reader reads schemas in RELAX NG's XML syntax.
type reader struct {
	*forge
	files fs.FS
	docs  map[string]*xml.Element
	open  []string // files being read, one from within the other
	nread int
	later []pending
	err   error // the first one
}

// A pending is the content of an element that was not read yet.
type pending struct {
	s    *scope
	name string
}

// A scope holds the definitions of one grammar.
type scope struct {
	r       *reader
	parent  *scope
	defs    map[string][]*xml.Element // bodies, not read yet
	combine map[string]string
	file    map[*xml.Element]string
	read    map[string]*pattern
	reading map[string]bool
}

const startName = "\x00start"

func (r *reader) fail(format string, args ...any) *pattern {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	return r.notAllowed()
}

// document reads a file, once.
func (r *reader) document(name string) *xml.Element {
	name = path.Clean(name)
	if doc := r.docs[name]; doc != nil {
		return doc
	}
	b, err := fs.ReadFile(r.files, name)
	if err != nil {
		r.fail("%w", err)
		return nil
	}
	doc, err := xml.Parse(b)
	if err != nil {
		r.fail("%s: %w", name, err)
		return nil
	}
	r.docs[name] = doc
	return doc
}

// file is the pattern that a file stands for.
func (r *reader) file(name string) *pattern {
	if r.nread++; r.nread > maxSchemaFiles || len(r.open) > 50 {
		return r.fail("%s: files include each other", name)
	}
	doc := r.document(name)
	if doc == nil {
		return r.notAllowed()
	}
	r.open = append(r.open, name)
	defer func() { r.open = r.open[:len(r.open)-1] }()
	return r.pattern(doc, nil)
}

func (r *reader) here() string { return r.open[len(r.open)-1] }

func (r *reader) beside(href string) string { return path.Join(path.Dir(r.here()), href) }

// local is an element's name without prefix.
func local(n *xml.Element) string {
	if i := strings.LastIndexByte(n.Name, ':'); i >= 0 {
		return n.Name[i+1:]
	}
	return n.Name
}

func (r *reader) grammar(n *xml.Element, parent *scope) *pattern {
	s := &scope{r: r, parent: parent, defs: make(map[string][]*xml.Element), combine: make(map[string]string), file: make(map[*xml.Element]string),
		read: make(map[string]*pattern), reading: make(map[string]bool)}
	s.collect(n, nil)
	return s.resolve(startName)
}

// collect gathers definitions, those of included files too; except are those
// that an include replaces.
func (s *scope) collect(n *xml.Element, except map[string]bool) {
	r := s.r
	for _, e := range n.Children {
		name := e.Get("name")
		switch local(e) {
		case "start":
			name = startName
			fallthrough
		case "define":
			if except[name] {
				continue
			}
			s.defs[name] = append(s.defs[name], e)
			s.file[e] = r.here()
			if c := e.Get("combine"); c != "" {
				s.combine[name] = c
			}
		case "div":
			s.collect(e, except)
		case "include":
			replaced := make(map[string]bool)
			for k := range except {
				replaced[k] = true
			}
			for _, d := range e.Children {
				switch local(d) {
				case "start":
					replaced[startName] = true
				case "define":
					replaced[d.Get("name")] = true
				}
			}
			file := r.beside(e.Get("href"))
			doc := r.document(file)
			if r.nread++; doc == nil || r.nread > maxSchemaFiles || len(r.open) > 50 {
				r.fail("%s: cannot be included", file)
				return
			}
			r.open = append(r.open, file)
			s.collect(doc, replaced)
			r.open = r.open[:len(r.open)-1]
			s.collect(e, except)
		}
	}
}

// resolve reads a definition. One that needs itself, with no element between,
// makes no sense.
func (s *scope) resolve(name string) *pattern {
	if p := s.read[name]; p != nil {
		return p
	}
	r := s.r
	bodies := s.defs[name]
	if len(bodies) == 0 {
		return r.fail("%s is not defined", strings.TrimPrefix(name, "\x00"))
	}
	if s.reading[name] {
		return r.fail("the definition of %s needs itself", strings.TrimPrefix(name, "\x00"))
	}
	s.reading[name] = true
	defer delete(s.reading, name)
	var p *pattern
	for _, body := range bodies {
		r.open = append(r.open, s.file[body])
		q := r.all(body.Children, s)
		r.open = r.open[:len(r.open)-1]
		switch {
		case p == nil:
			p = q
		case s.combine[name] == "interleave":
			p = r.interleave(p, q)
		default:
			p = r.choice(p, q)
		}
	}
	s.read[name] = p
	return p
}

// all is the group of several patterns.
func (r *reader) all(list []*xml.Element, s *scope) *pattern {
	p := r.empty()
	for _, n := range list {
		if n.Name != xml.CommentName {
			p = r.group(p, r.pattern(n, s))
		}
	}
	return p
}

// pattern reads one pattern.
func (r *reader) pattern(n *xml.Element, s *scope) *pattern {
	switch local(n) {
	case "grammar":
		return r.grammar(n, s)
	case "element":
		names, rest := r.names(n)
		return r.make(pattern{kind: pElement, names: names, a: r.contents(rest, s)})
	case "attribute":
		names, rest := r.names(n)
		p := r.text()
		if len(rest) > 0 {
			p = r.all(rest, s)
		}
		return r.make(pattern{kind: pAttribute, names: names, a: p})
	case "group":
		return r.all(n.Children, s)
	case "interleave":
		return r.fold(n, s, r.interleave)
	case "choice":
		return r.fold(n, s, r.choice)
	case "optional":
		return r.optional(r.all(n.Children, s))
	case "zeroOrMore":
		return r.optional(r.oneOrMore(r.all(n.Children, s)))
	case "oneOrMore":
		return r.oneOrMore(r.all(n.Children, s))
	case "mixed":
		return r.interleave(r.all(n.Children, s), r.text())
	case "list":
		return r.make(pattern{kind: pList, a: r.all(n.Children, s)})
	case "ref":
		return r.reference(n, s)
	case "parentRef":
		if s == nil {
			return r.fail("a reference to the parent of no grammar")
		}
		return r.reference(n, s.parent)
	case "empty":
		return r.empty()
	case "text":
		return r.text()
	case "notAllowed":
		return r.notAllowed()
	case "externalRef":
		return r.file(r.beside(n.Get("href")))
	case "value":
		name := n.Get("type")
		if name == "" {
			name = "token"
		}
		d, err := newDatatype(name, nil)
		if err != nil {
			return r.fail("%w", err)
		}
		return r.make(pattern{kind: pValue, data: d, value: n.Text})
	case "data":
		return r.dataPattern(n, s)
	}
	return r.fail("%s: <%s> is not a pattern", r.here(), n.Name)
}

func (r *reader) reference(n *xml.Element, s *scope) *pattern {
	if s == nil {
		return r.fail("a reference to %s outside of a grammar", n.Get("name"))
	}
	return s.resolve(n.Get("name"))
}

// contents is the content of an element: it is read when it is needed, so that
// elements may contain their like.
func (r *reader) contents(list []*xml.Element, s *scope) *pattern {
	if s == nil {
		return r.all(list, s)
	}
	body := &xml.Element{Name: "define", Children: list}
	name := fmt.Sprintf("\x00content %d", len(s.file))
	s.defs[name], s.file[body] = []*xml.Element{body}, r.here()
	r.later = append(r.later, pending{s, name})
	return r.make(pattern{kind: pRef, scope: s, name: name})
}

func (r *reader) fold(n *xml.Element, s *scope, join func(a, b *pattern) *pattern) *pattern {
	var p *pattern
	for _, child := range n.Children {
		if child.Name == xml.CommentName {
			continue
		}
		if q := r.pattern(child, s); p == nil {
			p = q
		} else {
			p = join(p, q)
		}
	}
	if p == nil {
		return r.empty()
	}
	return p
}

func (r *reader) dataPattern(n *xml.Element, s *scope) *pattern {
	var patterns []string
	var except *pattern
	for _, child := range n.Children {
		switch local(child) {
		case "param":
			if child.Get("name") != "pattern" {
				return r.fail("the restriction %q of data is not supported", child.Get("name"))
			}
			patterns = append(patterns, child.Text)
		case "except":
			except = r.fold(child, s, r.choice)
		}
	}
	d, err := newDatatype(n.Get("type"), patterns)
	if err != nil {
		return r.fail("%w", err)
	}
	return r.make(pattern{kind: pData, data: d, a: except})
}

// names is the name class of an element or attribute, and what else is in it.
func (r *reader) names(n *xml.Element) (*nameClass, []*xml.Element) {
	var list []*xml.Element
	for _, child := range n.Children {
		if child.Name != xml.CommentName {
			list = append(list, child)
		}
	}
	if name, ok := n.Lookup("name"); ok {
		return &nameClass{name: strings.TrimSpace(name)}, list
	}
	if len(list) == 0 {
		r.fail("%s: an %s without a name", r.here(), n.Name)
		return &nameClass{}, nil
	}
	return r.nameClass(list[0]), list[1:]
}

func (r *reader) nameClass(n *xml.Element) *nameClass {
	c := &nameClass{}
	switch local(n) {
	case "name":
		c.name = n.Text
	case "choice":
		for _, child := range n.Children {
			c.among = append(c.among, r.nameClass(child))
		}
	case "anyName", "nsName":
		c.any = local(n) == "anyName"
		if e := n.Child("except"); e != nil {
			c.except = &nameClass{}
			for _, child := range e.Children {
				c.except.among = append(c.except.among, r.nameClass(child))
			}
		}
	default:
		r.fail("%s: <%s> is not a name", r.here(), n.Name)
	}
	return c
}
