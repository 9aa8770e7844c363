// Package schema says whether a CIB conforms to the schema that it names, and
// brings older ones to a newer schema (cib.md 3). It knows the schemas
// pacemaker-1.0 ... 1.3, 2.0 ... 2.10 and 3.0 ... 3.9 as one grammar with the
// generation in which a thing came or went. The section status is not checked.
//
// The package is pure: it reads and returns trees.
package schema

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// FolderEnv is the environment variable that names a folder with schemas to be
// used instead of ours.
const FolderEnv = "PCMK_schema_directory"

// None is the name that switches validation off.
const None = "none"

// Newest is the newest schema of the generation of Pacemaker 2.1.5, Newest1 of
// that of 1.1.20.
const (
	Newest  = "pacemaker-3.9"
	Newest1 = "pacemaker-2.10"
)

// names in the order in which they follow each other.
var names = []string{
	"pacemaker-0.6", "transitional-0.6", "pacemaker-0.7", "pacemaker-1.0", "pacemaker-1.1", "pacemaker-1.2", "pacemaker-1.3",
	"pacemaker-2.0", "pacemaker-2.1", "pacemaker-2.2", "pacemaker-2.3", "pacemaker-2.4", "pacemaker-2.5", "pacemaker-2.6",
	"pacemaker-2.7", "pacemaker-2.8", "pacemaker-2.9", "pacemaker-2.10",
	"pacemaker-3.0", "pacemaker-3.1", "pacemaker-3.2", "pacemaker-3.3", "pacemaker-3.4", "pacemaker-3.5", "pacemaker-3.6",
	"pacemaker-3.7", "pacemaker-3.8", "pacemaker-3.9", "pacemaker-next",
}

var (
	// ErrUnknown: the document names a schema that does not exist.
	ErrUnknown = errors.New("unknown schema")
	// ErrUpgrade: the document cannot be brought to a newer schema.
	ErrUpgrade = errors.New("the configuration cannot be upgraded")
)

// A Fault is one line of what is wrong.
type Fault struct {
	// Node is where, nil if the line names no place.
	Node *xml.Element
	// Text says what in libxml2's words. Relax is false for what lies outside
	// the grammar: references to ids that do not exist.
	Text  string
	Relax bool
}

// String is the line without file and line number.
func (f Fault) String() string {
	kind := "validity error : "
	if f.Relax {
		kind = "Relax-NG validity error : "
	}
	if f.Node == nil {
		return kind + f.Text
	}
	return "element " + f.Node.Name + ": " + kind + f.Text
}

// An Invalid is the error for a document that does not conform.
type Invalid struct {
	Schema string
	Faults []Fault
}

func (e *Invalid) Error() string {
	if len(e.Faults) == 0 {
		return "the configuration does not conform to the schema " + e.Schema
	}
	return fmt.Sprintf("the configuration does not conform to the schema %s: %s", e.Schema, e.Faults[0])
}

// Known tells whether name is that of a schema, None included.
func Known(name string) bool { return name == None || rank(name) >= 0 }

// rank is the place of a schema among the others, -1 for an unknown one.
func rank(name string) int { return slices.Index(names, name) }

// Set is a set of schemas: all of ours, or those of a folder (Load). It
// satisfies the CIB manager's interface.
type Set struct{ own *folder }

// Validate returns nil if doc conforms to the schema it names, an *Invalid if
// it does not, and an error that is ErrUnknown if there is no such schema. A
// document that names none, or None, conforms.
func (s Set) Validate(doc *xml.Element) error {
	if s.own != nil {
		return s.own.validate(doc)
	}
	return validate(doc)
}

// Newest is the newest schema of the set.
func (s Set) Newest() string {
	switch {
	case s.own == nil:
		return Newest
	case len(s.own.names) == 0:
		return None
	}
	return s.own.names[len(s.own.names)-1]
}

// Lineage is the row of a folder's schemas; that of ours depends on the
// generation.
func (s Set) Lineage() (l Lineage, ok bool) {
	if s.own == nil {
		return l, false
	}
	return Lineage{names: s.own.names, Newest: s.Newest(), own: s.own}, true
}

// Upgrade brings doc to the schema max, or to the newest one if that is "". It
// changes doc and returns it, and whether anything changed. Documents of the
// schemas before 1.0 are refused with ErrUpgrade, and so are documents that
// do not conform to what they were or would be.
func (s Set) Upgrade(doc *xml.Element, max string) (*xml.Element, bool, error) {
	if max == "" {
		max = s.Newest()
	}
	rank := s.rank
	name := doc.Get("validate-with")
	from, to := rank(name), rank(max)
	switch {
	case to < 0:
		return nil, false, fmt.Errorf("%w %q", ErrUnknown, max)
	case name == "" || name == None:
		return doc, false, nil
	case from < 0:
		return nil, false, fmt.Errorf("%w %q", ErrUnknown, name)
	case from >= to:
		return doc, false, nil
	case before(name, "pacemaker-1.0"):
		return nil, false, fmt.Errorf("%w: it follows %s, older than pacemaker-1.0", ErrUpgrade, name)
	}
	if err := s.Validate(doc); err != nil {
		return nil, false, errors.Join(ErrUpgrade, err)
	}
	if before(name, "pacemaker-2.0") && !before(max, "pacemaker-2.0") {
		ModerniseACLs(doc)
	}
	if before(name, "pacemaker-3.0") && !before(max, "pacemaker-3.0") {
		Modernise(doc)
	}
	doc.Set("validate-with", max)
	if err := s.Validate(doc); err != nil {
		return nil, false, errors.Join(ErrUpgrade, err)
	}
	return doc, true, nil
}

func (s Set) rank(name string) int {
	if s.own != nil {
		return slices.Index(s.own.names, name)
	}
	return rank(name)
}

// before tells whether a schema is older than another; one that only a folder
// has is newer than all that are known.
func before(name, other string) bool { return rank(name) >= 0 && rank(name) < rank(other) }

// Validate is that of the set of all schemas.
func Validate(doc *xml.Element) error { return Set{}.Validate(doc) }

// Upgrade is that of the set of all schemas.
func Upgrade(doc *xml.Element, max string) (*xml.Element, bool, error) {
	return Set{}.Upgrade(doc, max)
}

// validate judges by the built-in schemas.
func validate(doc *xml.Element) error {
	name := doc.Get("validate-with")
	if name == "" || name == None {
		return nil
	}
	r := rank(name)
	if r < 0 {
		return fmt.Errorf("%w %q", ErrUnknown, name)
	}
	if name == "pacemaker-0.6" || name == "transitional-0.6" {
		return &Invalid{Schema: name} // a schema that is not there any more
	}
	c := newChecker(name)
	if c.collect(doc); !c.document(doc) || !c.references(doc) {
		return &Invalid{Schema: name, Faults: c.faults}
	}
	return nil
}

// isID tells whether s may be an XML id: a name without a colon.
func isID(s string) bool {
	for i, r := range s {
		switch {
		case r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0xbf:
		case i > 0 && (r == '-' || r == '.' || r >= '0' && r <= '9' || r == 0xb7):
		default:
			return false
		}
	}
	return s != ""
}

func isInteger(s string) bool {
	s = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(s), "+"), "-")
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func isScore(s string) bool {
	return s == "INFINITY" || s == "+INFINITY" || s == "-INFINITY" || isInteger(s)
}
