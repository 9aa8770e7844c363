package crm

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine/simulate"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// show9 runs the simulation and prints it as 2.1.5 does.
func (s *simulation) show9(cib *xml.Node) int {
	out := s.env.Stdout
	if s.quiet {
		out = io.Discard
	}
	w := &status.Writer9{W: out, Fancy: s.fancy || !s.scores && !s.utilization}
	first := true
	space := func() {
		if !first {
			fmt.Fprintln(out)
		}
		first = false
	}
	s.date9(out, cib)
	c, err := pengine.Status(cib, s.options())
	if err != nil {
		return s.env.Fail(exitError, "%v", err)
	}
	s.status9(w, c, "Current cluster status", space, true)
	if s.toModify() {
		space()
		w.Begin("Performing Requested Modifications")
		cib = cib.Clone()
		if err := s.modify(cib, func(m modified) { w.Line("%s", m.text) }); err != nil {
			return s.env.Fail(exitError, "%v", err)
		}
		w.End()
	}
	if err := s.writeInput(cib); err != nil {
		return s.env.Fail(exitError, "%v", err)
	}
	if !s.toPlan() {
		return 0
	}
	r, err := pengine.Plan(cib, s.options())
	if err != nil {
		return s.env.Fail(exitError, "%v", err)
	}
	if s.scores || s.utilization {
		for _, line := range r.Notices {
			fmt.Fprintln(out, line)
		}
	}
	if title := s.scoresTitle(); title != "" {
		space()
		if s.quiet {
			w.W = s.env.Stdout // what was asked for is essential
		}
		w.Begin("%s", title)
		for line := range strings.Lines(s.scoreLines(r)) {
			w.Line("%s", strings.TrimSuffix(line, "\n"))
		}
		w.End()
		w.W = out
	}
	if err := s.save(r); err != nil {
		return s.env.Fail(exitError, "%v", err)
	}
	space()
	w.Begin("Transition Summary")
	for _, ch := range r.NodeChanges() {
		if ch.Verb != "Shutdown" || ch.Reason != "" {
			w.Line("%s", s.layout.NodeLine(ch))
		}
	}
	for _, ch := range r.Changes() { // planning lays the lines out once already, for its log
		s.layout.Line(ch, false)
	}
	for _, ch := range r.Changes() {
		w.Line("%s", s.layout.Line(ch, false))
	}
	w.End()
	if !s.simulate {
		return 0
	}
	return s.execute(out, cib, r, func(x *simulate.Execution) {
		space()
		w.Begin("Executing Cluster Transition")
		for _, step := range x.Done {
			w.Line("%s", stepText(step))
			if step.Faulty {
				fmt.Fprintf(out, "Pretending action %s failed with rc=%d\n", step.ID, step.Failed)
			}
			for _, a := range step.Injected {
				w.Line("%s", injectedText(a))
			}
		}
		w.End()
	}, func(after *pengine.Cluster) { s.status9(w, after, "Revised Cluster Status", space, false) })
}

// execute carries the plan out on a copy of the CIB, which is saved where that was
// asked for. show tells of the steps, status of what has become of the cluster.
func (s *simulation) execute(out io.Writer, cib *xml.Node, r *pengine.Result, show func(*simulate.Execution), status func(*pengine.Cluster)) int {
	faults, err := s.faults()
	if err != nil {
		return s.env.Fail(exitUsage(s.env), "%v", err)
	}
	x := simulate.Execute(r, cib, time.Now(), faults)
	show(x)
	if el7 := s.env.Profile != conf.EL9; !x.Complete && el7 {
		s.env.Printf("Transition failed: terminated\nAn invalid transition was produced\n")
	} else if !x.Complete {
		s.env.Errorf("Transition failed: terminated\nAn invalid transition was produced\n")
	}
	if s.saveOutput != "" || s.inPlace {
		if err := os.WriteFile(s.env.Path(cmp.Or(s.saveOutput, s.input)), x.CIB.Format(), 0o644); err != nil {
			return s.env.Fail(exitError, "%v", err)
		}
	}
	after, err := pengine.Status(x.CIB, s.options())
	if err != nil {
		return s.env.Fail(exitError, "%v", err)
	}
	s.date9(out, cib)
	status(after)
	switch {
	case x.Complete:
		return 0
	case s.env.Profile != conf.EL9:
		return 4 // the graph's state, terminated
	}
	return exitError
}

// scoresTitle is what stands above scores and utilization, "" if nobody wants
// them.
func (s *simulation) scoresTitle() string {
	switch {
	case s.scores && s.utilization:
		return "Allocation Scores and Utilization Information"
	case s.scores:
		return "Allocation Scores"
	case s.utilization:
		return "Utilization Information"
	}
	return ""
}

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

func (s *simulation) date9(out io.Writer, cib *xml.Node) {
	if s.at != "" && s.env.Profile == conf.EL9 {
		fmt.Fprintf(out, "Setting effective cluster time: %s\n", s.at)
		return
	}
	if s.at != "" {
		fmt.Fprintf(out, "Setting effective cluster time: %s\n", s.when.Format("2006-01-02 15:04:05 -07:00"))
		return
	}
	if v := cib.Get("execution-date"); v != "" {
		var sec int64
		if _, err := fmt.Sscan(v, &sec); err == nil {
			fmt.Fprintf(out, "Using the original execution date of: %s\n", time.Unix(sec, 0).UTC().Format("2006-01-02 15:04:05Z"))
		}
	}
}

// status9 prints one of the two status blocks.
func (s *simulation) status9(w *status.Writer9, c *pengine.Cluster, title string, space func(), pending bool) {
	space()
	if pending && c.MaintenanceMode() {
		fmt.Fprintf(w.W, "\n              *** Resource management is DISABLED ***\n  The cluster will not attempt to start, stop or recover services\n")
		fmt.Fprintln(w.W)
	}
	if n := c.Count(); pending && (n.Disabled > 0 || n.Blocked > 0) {
		fmt.Fprintf(w.W, "%d of %d resource instances DISABLED and %d BLOCKED from further action due to failure\n\n", n.Disabled, n.Instances, n.Blocked)
	}
	w.Begin("%s", title)
	w.Begin("Node List")
	w.Nodes(c)
	w.End()
	fmt.Fprintln(w.W)
	w.Begin("Full List of Resources")
	list := status.Entries(c, status.Options{Inactive: true, Pending: pending})
	if len(list) == 0 {
		w.Line("No resources")
	}
	w.Resources(list)
	w.End()
	// The sections that crm_mon has, too, below the same title.
	m := &monitor{env: s.env, ids: true}
	if s.attrs && len(attributesXML(c).Children) > 0 {
		space()
		m.attributes9(c, w)
	}
	if s.failcounts {
		space()
		s.failings9(w, c)
		if len(c.FailedOps) > 0 {
			space()
			m.failed9(c, w)
		}
	}
	w.End()
}
