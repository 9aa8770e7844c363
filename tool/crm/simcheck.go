package crm

import (
	"errors"
	"fmt"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// conforms checks the input against the schema it names and, as 2.1.5 works on
// an upgraded copy, against the later ones up to the first that takes it. It
// returns 0 or the exit status.
func (s *simulation) conforms(doc *xml.Node) int {
	err := schema.Validate(doc)
	if err == nil {
		return 0
	}
	where := newPlaces(s.source, doc)
	if s.env.Profile != conf.EL9 {
		printFaults(s.env, err, func(n *xml.Node) string { return fmt.Sprintf("%s:%d: ", s.input, where[n]) })
		return 203
	}
	claimed := doc.Get("validate-with")
	last := claimed
	var loose []schema.Fault // said again with every schema, without a place
	for name := range schema.From(claimed) {
		try := *doc
		try.Attrs = append([]xml.Attr(nil), doc.Attrs...)
		try.Set("validate-with", name)
		if err = schema.Validate(&try); err == nil {
			return 0
		}
		last = name
		if bad := (*schema.Invalid)(nil); errors.As(err, &bad) && len(bad.Faults) > 0 && !bad.Faults[0].Relax {
			loose = append(loose, bad.Faults...)
			for _, f := range loose {
				s.env.Errorf("%s\n", f)
			}
			continue
		}
		printFaults(s.env, err, func(n *xml.Node) string { return fmt.Sprintf("Entity: line %d: ", where[n]) })
	}
	if errors.Is(err, schema.ErrUnknown) {
		claimed, last = "unknown", schema.Newest
	}
	s.env.Errorf("Cannot upgrade configuration (claiming schema %s) to at least pacemaker-3.0 because it does not validate with any schema from %s to %s\n",
		doc.Get("validate-with"), claimed, last)
	return exitConfig
}
