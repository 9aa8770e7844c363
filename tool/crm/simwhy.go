package crm

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// explain is crm_simulate --why: why a resource will run where it will.
func (s *simulation) explain(cib *xml.Element) int {
	if s.toModify() {
		cib = cib.Clone()
		if err := s.modify(cib, func(status.Modification) {}); err != nil {
			return s.env.Fail(exitError, "%v", err)
		}
	}
	r, err := pengine.Plan(cib, s.options())
	if err != nil {
		return s.env.Fail(exitError, "%v", err)
	}
	id, node, _ := strings.Cut(s.why, "@")
	if node != "" && r.Node(node) == nil {
		return s.env.Fail(exitError, "there is no node %q", node)
	}
	list := r.Explain(id, node)
	if list == nil {
		return s.env.Fail(exitError, "there is no resource %q", id)
	}
	if err := status.WriteWhy(s.env.Stdout, s.output, list); err != nil {
		return s.env.Fail(exitUsage(s.env), "%v", err)
	}
	return 0
}
