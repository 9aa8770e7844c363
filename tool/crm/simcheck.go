package crm

import (
	"errors"

	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// conforms checks the input against the schema it claims. An older one than
// the generation works with is upgraded: a copy is measured by one schema after
// the other up to the first that takes it. It returns 0 or the exit status.
func (s *simulation) conforms(doc *xml.Element) int {
	words := &s.gen.simulate
	l := lineage(s.env, doc)
	claimed := doc.Get("validate-with")
	if l.Newest == schema.Newest1 && !l.Has(claimed) && schema.Lineage2.Has(claimed) {
		l = schema.Lineage2 // unlike 1.1.20: what it would do can be told all the same
	}
	if doc.Name != "cib" || claimed == "" || claimed == schema.None {
		s.env.Errorf("%s\n", s.gen.unvalidated)
		if doc.Name != "cib" || claimed == "" {
			s.src.tryAll(s.env, s.verbose, s.src.place)
		}
		if doc.Name != "cib" {
			return words.foreign
		}
		doc.Ensure("status")
		s.gen.modernise(s.env, doc)
		return 0
	}
	doc.Ensure("status")
	if l.Has(claimed) && !l.Before(claimed, words.least) {
		if err := l.Check(doc, claimed); err != nil {
			printFaults(s.env, err, s.src.place)
			return words.notConform
		}
	} else if !s.upgradable(l, claimed) {
		from := claimed
		if !l.Has(claimed) {
			from = "unknown"
		}
		s.env.Errorf("%s\n", words.stuck(claimed, words.least, from, l.Newest))
		return words.stuckCode
	}
	s.gen.modernise(s.env, doc)
	return 0
}

// upgradable tells whether any of the later schemas takes the input, and
// prints what those before that one found.
func (s *simulation) upgradable(l schema.Lineage, claimed string) bool {
	var loose []schema.Fault // said again with every schema, without a place
	for _, name := range l.From(claimed) {
		err := l.Check(s.src.doc, name)
		if err == nil {
			return true
		}
		bad := (*schema.Invalid)(nil)
		if !errors.As(err, &bad) {
			continue
		}
		switch {
		case len(bad.Faults) == 0 || bad.Faults[0].Relax:
			printFaults(s.env, err, s.src.entity)
		case name == "pacemaker-0.6" || name == "transitional-0.6":
			printFaults(s.env, err, nil)
		default:
			loose = append(loose, bad.Faults...)
			for _, f := range loose {
				s.env.Errorf("%s\n", f)
			}
		}
	}
	return false
}
