package status

import (
	"io"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
)

// A Form is a way to print a status, bound to what is printed and to where. It
// is asked for its parts in the order of the methods, for those of sections
// only if they are shown.
type Form interface {
	Header() // all above the nodes; it looks itself which sections of it are shown
	Nodes()
	Resources()
	Attributes()
	Operations() // or only how often they failed
	Failures()   // if there are some
	Fencing()
	Tickets()
	Bans()
	Footer()
}

// A Format makes the forms of one kind.
type Format struct {
	always Sections // shown whatever was asked for
	form   func(io.Writer, *pengine.Cluster, *View) Form
}

// Shows tells whether the format shows any of parts where sections are asked
// for.
func (f Format) Shows(sections, parts Sections) bool { return (sections|f.always)&parts != 0 }

// Print prints the status of a cluster.
func (f Format) Print(w io.Writer, c *pengine.Cluster, v View) {
	v.Sections |= f.always
	form := f.form(w, c, &v)
	form.Header()
	for _, part := range []struct {
		of    Sections
		print func()
	}{
		{ShowNodes, form.Nodes},
		{ShowResources, form.Resources},
		{ShowAttributes, form.Attributes},
		{ShowOperations | ShowFailCounts, form.Operations},
		{ShowFailures, form.Failures},
		{ShowFencing, form.Fencing},
		{ShowTickets, form.Tickets},
		{ShowBans, form.Bans},
	} {
		if v.shows(part.of) {
			part.print()
		}
	}
	form.Footer()
}

// silent is what a form is made of that has not got all the parts.
type silent struct{}

func (silent) Header()     {}
func (silent) Nodes()      {}
func (silent) Resources()  {}
func (silent) Attributes() {}
func (silent) Operations() {}
func (silent) Failures()   {}
func (silent) Fencing()    {}
func (silent) Tickets()    {}
func (silent) Bans()       {}
func (silent) Footer()     {}

// A Generation is the ways in which one pacemaker prints a status and a
// simulation, and its words.
type Generation struct {
	Text, XML, HTML Format
	Simulation      Simulations
	Words           *Words
}

// EL7 and EL9 are pacemaker 1.1.20, which knows no XML of a simulation, and
// 2.1.5.
var (
	EL7 = Generation{
		Text: Format{form: newTextEL7}, XML: Format{ShowAll, newXMLEL7}, HTML: Format{form: newHTMLEL7},
		Simulation: Simulations{Text: newSimTextEL7}, Words: &wordsEL7,
	}
	EL9 = Generation{
		Text: Format{form: newTextEL9}, XML: Format{ShowAll, newXMLEL9}, HTML: Format{ShowDefault &^ ShowSummary, newHTMLEL9},
		Simulation: Simulations{Text: newSimTextEL9, XML: newSimXMLEL9}, Words: &wordsEL9,
	}
)
