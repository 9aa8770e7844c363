package schema

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// maxPatterns bounds what is remembered from one document to the next.
const maxPatterns = 200_000

// A folder is the schemas of the files pacemaker-X.Y.rng of a folder.
type folder struct {
	names []string // oldest first
	start map[string]*pattern
	err   map[string]error // of those that cannot be read
	*forge
}

var schemaFile = regexp.MustCompile(`^(pacemaker-([0-9]+)\.([0-9]+))\.rng$`)

// Load reads the schemas of a folder, which take the place of the built-in
// ones: pacemaker-X.Y.rng for each schema, and what those include. A folder
// without any, or that cannot be read, gives a set that knows no schema but
// None. The set is for one goroutine.
func Load(files fs.FS) (Set, error) {
	d := &folder{start: make(map[string]*pattern), err: make(map[string]error), forge: newForge()}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return Set{own: d}, err
	}
	type version struct {
		name         string
		major, minor int
	}
	var list []version
	for _, e := range entries {
		if m := schemaFile.FindStringSubmatch(e.Name()); m != nil {
			major, err1 := strconv.Atoi(m[2])
			minor, err2 := strconv.Atoi(m[3])
			if err1 == nil && err2 == nil {
				list = append(list, version{m[1], major, minor})
			}
		}
	}
	slices.SortFunc(list, func(a, b version) int {
		if a.major != b.major {
			return a.major - b.major
		}
		return a.minor - b.minor
	})
	docs := make(map[string]*xml.Element)
	for _, v := range list {
		d.names = append(d.names, v.name)
		d.start[v.name], d.err[v.name] = load(d.forge, files, docs, v.name+".rng")
	}
	return Set{own: d}, nil
}

// load reads one schema and everything it leads to.
func load(f *forge, files fs.FS, docs map[string]*xml.Element, name string) (*pattern, error) {
	r := &reader{forge: f, files: files, docs: docs}
	p := r.file(name)
	for len(r.later) > 0 && r.err == nil {
		next := r.later[len(r.later)-1]
		r.later = r.later[:len(r.later)-1]
		next.s.resolve(next.name)
	}
	if r.err != nil {
		return nil, fmt.Errorf("%s: %w", name, r.err)
	}
	return p, nil
}

func (d *folder) validate(doc *xml.Element) error {
	name := doc.Get("validate-with")
	if name == "" || name == None {
		return nil
	}
	return d.check(doc, name)
}

// check judges doc by the schema called name, whichever it claims.
func (d *folder) check(doc *xml.Element, name string) error {
	if len(d.made) > maxPatterns {
		d.forge = newForge()
	}
	start := d.start[name]
	switch {
	case d.err[name] != nil:
		return fmt.Errorf("the schema cannot be used: %w", d.err[name])
	case start == nil:
		return fmt.Errorf("%w %q", ErrUnknown, name)
	}
	v := &judge{forge: d.forge, ids: make(map[string]bool)}
	v.steps = stepsAtLeast
	for n := range doc.Walk() {
		v.steps += stepsPerPart * (1 + len(n.Attrs))
	}
	if p := v.element(start, doc); len(v.faults) > 0 || !p.nullable || !v.references() {
		return &Invalid{Schema: name, Faults: v.faults}
	}
	return nil
}

// A judge validates one document by a schema from a file. The first element
// that does not conform ends the walk.
type judge struct {
	*forge
	faults []Fault
	ids    map[string]bool
	refs   []reference
}

// A reference is an attribute whose value is to be the id of an element.
type reference struct {
	n    *xml.Element
	attr xml.Attr
}

// references tells whether all of them lead somewhere.
func (v *judge) references() bool {
	for _, r := range v.refs {
		if !v.ids[strings.TrimSpace(r.attr.Value)] {
			v.faults = append(v.faults, Fault{Node: r.n, Text: fmt.Sprintf("IDREF attribute %s references an unknown ID \"%s\"", r.attr.Name, r.attr.Value)})
		}
	}
	return len(v.faults) == 0
}

// use notes an attribute that is an id, or refers to one.
func (v *judge) use(n *xml.Element, a xml.Attr) bool {
	switch v.seenAs {
	case useID:
		id := strings.TrimSpace(a.Value)
		if v.ids[id] {
			v.fault(n, "ID %s redefined", id)
			return false
		}
		v.ids[id] = true
	case useReference:
		v.refs = append(v.refs, reference{n, a})
	}
	return true
}

func (v *judge) fault(n *xml.Element, format string, args ...any) *pattern {
	if v.steps <= 0 {
		format, args = "The schema is too ambiguous to judge element %s", []any{n.Name}
	}
	if len(v.faults) == 0 {
		v.faults = append(v.faults, Fault{Node: n, Text: fmt.Sprintf(format, args...), Relax: true})
	}
	return v.notAllowed()
}

func (v *judge) element(p *pattern, n *xml.Element) *pattern {
	if p = v.open(p, n.Name); p.kind == pNotAllowed {
		return v.fault(n, "Did not expect element %s there", n.Name)
	}
	for _, a := range n.Attrs {
		v.seenAs = 0
		if p = v.attribute(p, a); p.kind == pNotAllowed {
			return v.fault(n, "Invalid attribute %s for element %s", a.Name, n.Name)
		}
		if !v.use(n, a) {
			return v.notAllowed()
		}
	}
	if p = v.closeTag(p); p.kind == pNotAllowed {
		return v.fault(n, "Element %s failed to validate attributes", n.Name)
	}
	elements := 0
	for _, child := range n.Children {
		if child.Name == xml.CommentName {
			continue
		}
		elements++
		if p = v.element(p, child); len(v.faults) > 0 {
			return p
		}
	}
	switch {
	case n.Text != "":
		p = v.characters(p, n.Text)
	case elements == 0:
		p = v.choice(p, v.characters(p, ""))
	}
	if p = v.end(p); p.kind == pNotAllowed {
		return v.fault(n, "Element %s failed to validate content", n.Name)
	}
	return p
}
