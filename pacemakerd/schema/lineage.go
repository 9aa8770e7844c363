package schema

import (
	"slices"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A Lineage is the row of schemas that a generation of Pacemaker knows, oldest
// first, in the order in which its tools try them on a document.
type Lineage struct {
	names []string
	// Newest is the last one that upgrades lead to; others follow it only as
	// names for what is being worked on.
	Newest string
	own    *folder // whose schemas they are, nil for ours
}

// Lineage1 is that of 1.1.20, Lineage2 that of 2.1.5.
var (
	Lineage1 = Lineage{slices.Concat([]string{"pacemaker-0.6", "transitional-0.6", "pacemaker-0.7", "pacemaker-1.0"},
		between("pacemaker-1.2", Newest1), []string{"pacemaker-next", "pacemaker-1.1"}), Newest1, nil}
	Lineage2 = Lineage{slices.Concat([]string{"pacemaker-1.0"}, between("pacemaker-1.2", Newest), []string{"pacemaker-next"}), Newest, nil}
)

func between(first, last string) []string { return names[rank(first) : rank(last)+1] }

// Has tells whether a document may claim a schema, None included.
func (l Lineage) Has(name string) bool { return name == None || slices.Contains(l.names, name) }

// All are all schemas.
func (l Lineage) All() []string { return l.names }

// From are the schemas from the one named to Newest, all of those up to it if
// the name is not known.
func (l Lineage) From(name string) []string {
	return l.names[max(0, slices.Index(l.names, name)) : slices.Index(l.names, l.Newest)+1]
}

// Before tells whether a schema is older than another. One that is not known is
// older than all.
func (l Lineage) Before(a, b string) bool { return slices.Index(l.names, a) < slices.Index(l.names, b) }

// Check returns nil if doc conforms to the schema called name, whichever it
// claims, and an *Invalid if it does not.
func (l Lineage) Check(doc *xml.Element, name string) error {
	if l.own != nil {
		return l.own.check(doc, name)
	}
	if name == "pacemaker-0.6" || name == "transitional-0.6" {
		if faults := checkDTD(doc, name); len(faults) > 0 {
			return &Invalid{Schema: name, Faults: faults}
		}
		return nil
	}
	if doc.Name != "cib" {
		return &Invalid{Schema: name, Faults: []Fault{{Node: doc, Text: "Expecting element cib, got " + doc.Name, Relax: true}}}
	}
	var faults []Fault
	c := newChecker(name)
	if c.collect(doc); !c.document(doc) || !c.references(doc) {
		faults = c.faults
	}
	claimed, claims := doc.Lookup("validate-with")
	// What an attribute of the root may be is told last, and only if the rest
	// has been understood that far.
	if claims && !l.claimable(claimed) && (faults == nil || c.first) {
		faults = append(faults, Fault{Node: doc, Text: "Invalid attribute validate-with for element cib", Relax: true})
	}
	if faults == nil {
		return nil
	}
	return &Invalid{Schema: name, Faults: faults}
}

// claimable tells whether the grammars allow a name in validate-with: those of
// the schemas that were dropped stay allowed.
func (l Lineage) claimable(name string) bool {
	switch name {
	case "pacemaker-0.6", "transitional-0.6", "pacemaker-0.7", "pacemaker-1.1":
		return true
	}
	return l.Has(name)
}

// newChecker makes a checker for one document and schema.
func newChecker(name string) *checker {
	return &checker{
		modern: rank(name) >= rank("pacemaker-3.0"),
		last:   rank(name) >= rank("pacemaker-3.9"),
		first:  name == "pacemaker-0.7" || name == "pacemaker-1.0",
		older:  before(name, "pacemaker-2.0"),
		schema: name,
		ids:    map[string]*xml.Element{}, lines: map[string]definition{},
	}
}
