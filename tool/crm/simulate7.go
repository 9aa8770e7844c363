package crm

import (
	"fmt"
	"io"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine/simulate"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// steps7 are the names that 1.1.20 gives to the steps that assign scores.
var steps7 = map[string]string{
	"pcmk__primitive_assign": "native_color", "pcmk__group_assign": "group_color", "pcmk__clone_assign": "clone_color",
	"pcmk__bundle_assign": "container_color", "pcmk__bundle_allocate": "container_color", "pcmk__clone_allocate": "clone_color",
	"pcmk__primitive_allocate": "native_color", "pcmk__group_allocate": "group_color",
}

// show7 runs the simulation and prints it as 1.1.20 does.
func (s *simulation) show7(cib *xml.Node) int {
	out := s.env.Stdout
	if s.quiet {
		out = io.Discard
	}
	s.date9(out, cib)
	c, err := pengine.Status(cib, s.options())
	if err != nil {
		return s.env.Fail(exitError, "%v", err)
	}
	s.status7(out, c, "Current cluster status:")
	if s.toModify() {
		fmt.Fprintf(out, "Performing requested modifications\n")
		cib = cib.Clone()
		if err := s.modify(cib, func(m modified) { fmt.Fprintf(out, " + %s\n", m.text) }); err != nil {
			return s.env.Fail(exitError, "%v", err)
		}
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
	s.asserts7(r)
	if s.scores {
		fmt.Fprintf(out, "Allocation scores:\n")
		for _, line := range strings.SplitAfter(s.scoreLines(r), "\n") {
			step, rest, ok := strings.Cut(line, ": ")
			if n := steps7[step]; ok && n != "" {
				line = n + ": " + rest
			}
			fmt.Fprint(s.env.Stdout, line)
		}
		fmt.Fprintln(out)
	}
	if err := s.save(r); err != nil {
		return s.env.Fail(exitError, "%v", err)
	}
	fmt.Fprintf(out, "Transition Summary:\n")
	for _, ch := range r.NodeChanges() {
		fmt.Fprintf(out, " * %s\n", s.layout.NodeLine(ch))
	}
	for _, ch := range r.Changes() {
		fmt.Fprintf(out, " * %s\n", s.layout.Line(ch, true))
	}
	if !s.simulate {
		return 0
	}
	return s.execute(out, cib, r, func(x *simulate.Execution) {
		fmt.Fprintf(out, "\nExecuting cluster transition:\n")
		for _, step := range x.Done {
			fmt.Fprintf(out, " * %s\n", stepText(step))
		}
	}, func(after *pengine.Cluster) { s.status7(out, after, "Revised cluster status:") })
}

// asserts7 prints the assertions of 1.1.20 that a date which is none fails;
// from the first one on it shows its errors.
func (s *simulation) asserts7(r *pengine.Result) {
	verbose := s.verbose
	for _, m := range r.Messages {
		if m.Origin != "parse_date" {
			continue
		}
		for _, m := range inOldWords(m) {
			if m.Origin == "crm_abort" {
				verbose = max(verbose, 1)
			}
			say(s.env, verbose, 1, m.Severity, m.Origin, m.Text)
		}
	}
}

// status7 prints one of the two status blocks.
func (s *simulation) status7(out io.Writer, c *pengine.Cluster, title string) {
	fmt.Fprintf(out, "\n%s\n", title)
	w := &status.Writer7{W: out}
	w.Nodes(c, false, true)
	fmt.Fprintln(out)
	w.Resources(status.Entries(c, status.Options{Inactive: true}))
	fmt.Fprintln(out)
}
