package crm

import (
	"bytes"
	"cmp"
	"os"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine/simulate"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// form is what prints the simulation.
func (s *simulation) form() status.SimulationForm {
	format := s.gen.prints.Simulation.Text
	if s.inXML() {
		format = s.gen.prints.Simulation.XML
	}
	return format(s.env.Stdout, &status.SimulationView{Quiet: s.quiet, Scores: s.scores, Utilization: s.utilization, Attributes: s.attrs,
		FailCounts: s.failcounts, Fancy: s.fancy, At: s.at, When: s.when, Request: commandLine(s.env)})
}

func (s *simulation) ending(code int, trouble string) status.Ending {
	return status.Ending{Code: code, Text: statusMessage(code), Trouble: trouble}
}

// show runs the simulation and prints it.
func (s *simulation) show(cib *xml.Element) int {
	form := s.form()
	if !s.inXML() {
		return s.play(form, cib)
	}
	// What else would go to standard error is a part of the result.
	inner, said := *s, &bytes.Buffer{}
	env := *s.env
	env.Stderr = said
	inner.env = &env
	code := inner.play(form, cib)
	form.End(s.ending(code, said.String()))
	return code
}

// play goes through the simulation.
func (s *simulation) play(form status.SimulationForm, cib *xml.Element) int {
	form.Date(cib)
	c, err := pengine.Status(cib, s.options())
	if err != nil {
		return s.env.Fail(exitError, "%v", err)
	}
	form.Before(c)
	if s.toModify() {
		form.Modifications()
		cib = cib.Clone()
		if err := s.modify(cib, form.Modified); err != nil {
			return s.env.Fail(exitError, "%v", err)
		}
		form.Modify()
	}
	if s.saveInput != "" { // what is about to be planned, as it was modified
		if err := os.WriteFile(s.env.Path(s.saveInput), cib.Format(), 0o644); err != nil {
			return s.unwritten(exitNoSuch, err)
		}
	}
	if !s.toPlan() {
		return 0
	}
	r, err := pengine.Plan(cib, s.options())
	if err != nil {
		return s.env.Fail(exitError, "%v", err)
	}
	if s.gen.simulate.asserts {
		s.assertDates(r)
	}
	form.Scores(r)
	if err := s.save(r); err != nil {
		return s.unwritten(exitIO, err)
	}
	form.Actions(r)
	if !s.simulate {
		return 0
	}
	return s.execute(form, cib, r)
}

// unwritten says that a file cannot be written; status is that of 2.1.5.
func (s *simulation) unwritten(status int, err error) int {
	if !s.gen.simulate.profiles {
		status = exitError
	}
	return s.env.Fail(status, "%v", err)
}

// execute carries the plan out on a copy of the CIB, which is saved where that
// was asked for.
func (s *simulation) execute(form status.SimulationForm, cib *xml.Element, r *pengine.Transition) int {
	faults, err := s.faults()
	if err != nil {
		return s.env.Fail(exitUsage(s.env), "%v", err)
	}
	x := simulate.Execute(r, cib, time.Now(), faults)
	form.Steps(x)
	if !x.Complete {
		form.Incomplete(s.env.Stderr)
	}
	if s.saveOutput != "" || s.inPlace {
		if err := os.WriteFile(s.env.Path(cmp.Or(s.saveOutput, s.input)), x.CIB.Format(), 0o644); err != nil {
			return s.unwritten(exitNoSuch, err)
		}
	}
	after, err := pengine.Status(x.CIB, s.options())
	if err != nil {
		return s.env.Fail(exitError, "%v", err)
	}
	form.Date(cib)
	form.After(after)
	if !x.Complete {
		return s.gen.simulate.incomplete
	}
	return 0
}

// assertDates prints the assertions of 1.1.20 that a date which is none fails;
// from the first one on it shows its errors.
func (s *simulation) assertDates(r *pengine.Transition) {
	verbose := s.verbose
	for _, m := range r.Messages() {
		if m.Origin != "parse_date" {
			continue
		}
		for _, m := range s.gen.reword(m) {
			if m.Origin == "crm_abort" {
				verbose = max(verbose, 1)
			}
			say(s.env, verbose, 1, m.Severity, m.Origin, m.Text)
		}
	}
}
