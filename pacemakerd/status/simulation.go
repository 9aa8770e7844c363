package status

import (
	"fmt"
	"io"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine/simulate"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A SimulationForm is a way to print a simulation, bound to where it is printed
// to. It is told of one part after the other, in the order of the methods.
type SimulationForm interface {
	Timing(file string, took time.Duration) // of a file that was only planned for
	Date(cib *xml.Element)                  // again before After
	Before(*pengine.Cluster)
	Modifications() // some follow,
	Modified(Modification)
	Modify() // and are made
	Scores(*pengine.Transition)
	Actions(*pengine.Transition)
	Steps(*simulate.Execution)
	Incomplete(errors io.Writer) // some actions could never be done
	After(*pengine.Cluster)
	End(Ending)
}

// A SimulationFormat makes the forms of one kind.
type SimulationFormat func(io.Writer, *SimulationView) SimulationForm

// Simulations are the ways in which a generation prints a simulation; XML is nil
// for one that does not.
type Simulations struct{ Text, XML SimulationFormat }

// A SimulationView is what of a simulation is shown, and how.
type SimulationView struct {
	Quiet       bool // only what was asked for by name
	Scores      bool
	Utilization bool
	Attributes  bool
	FailCounts  bool
	Fancy       bool // headings and bullets also where scores are shown

	At      string // the time that was asked for, "" for none,
	When    time.Time
	Request string // the command line
}

// essential is what all goes to but that.
func (v *SimulationView) essential(w io.Writer) io.Writer {
	if v.Quiet {
		return io.Discard
	}
	return w
}

// date says which time a simulation is about; asked is the one that was asked
// for.
func (v *SimulationView) date(w io.Writer, asked string, cib *xml.Element) {
	if v.At != "" {
		fmt.Fprintf(w, "Setting effective cluster time: %s\n", asked)
		return
	}
	if date := cib.Get("execution-date"); date != "" {
		var sec int64
		if _, err := fmt.Sscan(date, &sec); err == nil {
			fmt.Fprintf(w, "Using the original execution date of: %s\n", time.Unix(sec, 0).UTC().Format("2006-01-02 15:04:05Z"))
		}
	}
}

// silentSimulation is what a form is made of that has not got all the parts.
type silentSimulation struct{}

func (silentSimulation) Timing(string, time.Duration) {}
func (silentSimulation) Date(*xml.Element)            {}
func (silentSimulation) Modify()                      {}
func (silentSimulation) End(Ending)                   {}

// An Ending is how a tool ends: with its exit status, what that means, and what
// it complained about.
type Ending struct {
	Code          int
	Text, Trouble string
}

// A Modification is one change that was made to the input: how text tells it
// and how XML does, which has an attribute of the list where there is an element
// of no name.
type Modification struct {
	Text string
	XML  *xml.Element
}

// Injected is the modification that sets an attribute.
func Injected(a simulate.Injected) Modification {
	return Modification{"Injecting attribute " + a.Name + "=" + a.Value + " into /node_state '" + a.Node + "'",
		xml.New("inject_attr", "name", a.Name, "value", a.Value, "node_path", "/node_state", "cib_node", a.Node)}
}

// scoreLines are scores, and room on nodes, as text.
func scoreLines(r *pengine.Transition) (lines []string) {
	for _, l := range r.Scores {
		score := rules.FormatScore(l.Score)
		switch {
		case l.Room:
			what := l.Step + ": " + l.Node + " capacity:"
			if l.Resource != "" {
				what = l.Step + ": " + l.Resource + " utilization on " + l.Node + ":"
			}
			for _, a := range l.Amounts {
				what += fmt.Sprintf(" %s=%d", a.Name, a.Value)
			}
			lines = append(lines, what)
		case l.Step == "":
			lines = append(lines, fmt.Sprintf("%s promotion score on %s: %s", l.Resource, l.Node, score))
		default:
			lines = append(lines, fmt.Sprintf("%s: %s allocation score on %s: %s", l.Step, l.Resource, l.Node, score))
		}
	}
	return lines
}

// stepText is an action that was carried out.
func stepText(s simulate.Step) string {
	on := ""
	if s.Node != "" {
		on = " on " + s.Node
	}
	switch s.Kind {
	case "pseudo":
		return "Pseudo action:   " + s.Key + on
	case "fence":
		return "Fencing " + s.Node + " (" + s.Op + ")"
	case "cluster":
		text := "Cluster action:  " + s.Task
		if s.Resource != "" {
			text += " for " + s.Resource
		}
		return text + on
	}
	text := fmt.Sprintf("Resource action: %-15s %s", s.Resource, s.Task)
	if s.MS > 0 {
		text += fmt.Sprintf("=%d", s.MS)
	}
	return text + on
}

// incomplete is said of a plan that could not be carried out.
const incomplete = "Transition failed: terminated\nAn invalid transition was produced\n"
