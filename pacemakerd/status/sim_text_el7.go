package status

import (
	"fmt"
	"io"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine/simulate"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A simTextEL7 prints a simulation as text of 1.1.20.
type simTextEL7 struct {
	silentSimulation
	listEL7
	v      *SimulationView
	loud   io.Writer // for what was asked for
	layout Summary
}

func newSimTextEL7(w io.Writer, v *SimulationView) SimulationForm {
	return &simTextEL7{listEL7: listEL7{v.essential(w)}, v: v, loud: w, layout: Summary{Words: &wordsEL7}}
}

// stepsEL7 are the names that 1.1.20 gives to the steps that assign scores.
var stepsEL7 = map[string]string{
	"pcmk__primitive_assign": "native_color", "pcmk__group_assign": "group_color", "pcmk__clone_assign": "clone_color",
	"pcmk__bundle_assign": "container_color", "pcmk__bundle_allocate": "container_color", "pcmk__clone_allocate": "clone_color",
	"pcmk__primitive_allocate": "native_color", "pcmk__group_allocate": "group_color",
}

func (t *simTextEL7) Date(cib *xml.Element) {
	t.v.date(t.w, t.v.When.Format("2006-01-02 15:04:05 -07:00"), cib)
}

func (t *simTextEL7) Before(c *pengine.Cluster) { t.status(c, "Current cluster status:") }
func (t *simTextEL7) After(c *pengine.Cluster)  { t.status(c, "Revised cluster status:") }

// status prints one of the two states of the cluster.
func (t *simTextEL7) status(c *pengine.Cluster, title string) {
	fmt.Fprintf(t.w, "\n%s\n", title)
	t.nodes(c, false, true)
	fmt.Fprintln(t.w)
	t.resources(entries(c, options{Inactive: true}))
	fmt.Fprintln(t.w)
}

func (t *simTextEL7) Modifications() { fmt.Fprintf(t.w, "Performing requested modifications\n") }

func (t *simTextEL7) Modified(m Modification) { fmt.Fprintf(t.w, " + %s\n", m.Text) }

func (t *simTextEL7) Scores(r *pengine.Transition) {
	if !t.v.Scores {
		return
	}
	fmt.Fprintf(t.w, "Allocation scores:\n")
	for _, line := range scoreLines(r) {
		step, rest, ok := strings.Cut(line, ": ")
		if n := stepsEL7[step]; ok && n != "" {
			line = n + ": " + rest
		}
		fmt.Fprintln(t.loud, line)
	}
	fmt.Fprintln(t.w)
}

func (t *simTextEL7) Actions(r *pengine.Transition) {
	fmt.Fprintf(t.w, "Transition Summary:\n")
	for _, ch := range r.NodeChanges() {
		fmt.Fprintf(t.w, " * %s\n", t.layout.NodeLine(ch))
	}
	for _, ch := range r.Changes() {
		fmt.Fprintf(t.w, " * %s\n", t.layout.Line(ch))
	}
}

func (t *simTextEL7) Steps(x *simulate.Execution) {
	fmt.Fprintf(t.w, "\nExecuting cluster transition:\n")
	for _, step := range x.Done {
		fmt.Fprintf(t.w, " * %s\n", stepText(step))
	}
}

func (t *simTextEL7) Incomplete(io.Writer) { fmt.Fprint(t.loud, incomplete) }
