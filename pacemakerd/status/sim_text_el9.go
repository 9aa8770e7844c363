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

// A simTextEL9 prints a simulation as text of 2.1.5, with the sections that a
// status has, too.
type simTextEL9 struct {
	silentSimulation
	textEL9
	v      *SimulationView
	loud   io.Writer // for what was asked for
	layout Summary
	timed  bool
}

func newSimTextEL9(w io.Writer, v *SimulationView) SimulationForm {
	list := &listEL9{w: v.essential(w), fancy: v.Fancy || !v.Scores && !v.Utilization}
	return &simTextEL9{textEL9: textEL9{listEL9: list, v: &View{Detail: true}}, v: v, loud: w, layout: Summary{Words: &wordsEL9}}
}

func (t *simTextEL9) Timing(file string, took time.Duration) {
	if !t.timed {
		t.begin("Timings")
		t.timed = true
	}
	t.line("Testing %s ... %.2f secs", file, took.Seconds())
}

func (t *simTextEL9) Date(cib *xml.Element) { t.v.date(t.w, t.v.At, cib) }

// Before also says what keeps the cluster's hands off resources.
func (t *simTextEL9) Before(c *pengine.Cluster) {
	t.space()
	if c.MaintenanceMode() {
		fmt.Fprint(t.w, unmanaged+"\n")
	}
	if n := c.Count(); n.Disabled > 0 || n.Blocked > 0 {
		fmt.Fprintf(t.w, "%d of %d resource instances DISABLED and %d BLOCKED from further action due to failure\n\n", n.Disabled, n.Instances, n.Blocked)
	}
	t.status(c, "Current cluster status", true)
}

func (t *simTextEL9) After(c *pengine.Cluster) {
	t.space()
	t.status(c, "Revised Cluster Status", false)
}

// status prints one of the two states of the cluster.
func (t *simTextEL9) status(c *pengine.Cluster, title string, pending bool) {
	t.begin("%s", title)
	defer t.end()
	if len(c.Nodes) > 0 {
		t.begin("Node List")
		t.nodes(c)
		t.end()
		fmt.Fprintln(t.w)
	}
	t.begin("%s", wordsEL9.lists.full)
	list := entries(c, options{Inactive: true, Pending: pending})
	if len(list) == 0 {
		t.line("No resources")
	}
	writeResources(t, list)
	t.end()
	t.c = c
	if t.v.Attributes {
		t.Attributes()
	}
	if t.v.FailCounts {
		t.migration(wordsEL9.failings(c), rules.FormatScore)
		t.Failures()
	}
}

func (t *simTextEL9) Modifications() { t.section("Performing Requested Modifications") }

func (t *simTextEL9) Modified(m Modification) { t.line("%s", m.Text) }

func (t *simTextEL9) Modify() { t.end() }

func (t *simTextEL9) Scores(r *pengine.Transition) {
	title := ""
	switch {
	case t.v.Scores && t.v.Utilization:
		title = "Allocation Scores and Utilization Information"
	case t.v.Scores:
		title = "Allocation Scores"
	case t.v.Utilization:
		title = "Utilization Information"
	default:
		return
	}
	for _, line := range r.Notices {
		fmt.Fprintln(t.w, line)
	}
	t.space()
	quiet := t.w
	t.w = t.loud
	t.begin("%s", title)
	for _, line := range scoreLines(r) {
		t.line("%s", line)
	}
	t.end()
	t.w = quiet
}

func (t *simTextEL9) Actions(r *pengine.Transition) {
	t.section("Transition Summary")
	defer t.end()
	for _, ch := range r.NodeChanges() {
		if ch.Reason != "" { // others go to the log
			t.line("%s", t.layout.NodeLine(ch))
		}
	}
	for _, ch := range r.Changes() { // planning lays the lines out once already, for its log
		t.layout.Line(ch)
	}
	for _, ch := range r.Changes() {
		t.line("%s", t.layout.Line(ch))
	}
}

func (t *simTextEL9) Steps(x *simulate.Execution) {
	t.section("Executing Cluster Transition")
	defer t.end()
	for _, step := range x.Done {
		t.line("%s", stepText(step))
		if step.Faulty {
			fmt.Fprintf(t.w, "Pretending action %s failed with rc=%d\n", step.ID, step.Failed)
		}
		for _, a := range step.Injected {
			t.Modified(Injected(a))
		}
	}
}

func (t *simTextEL9) Incomplete(errors io.Writer) { fmt.Fprint(errors, incomplete) }
