package status

import (
	"slices"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
)

// clone lists instances by node where there is nothing special about them
// (scheduler.md 23.3).
func clone(c *pengine.Cluster, r *pengine.Resource, o options) *entry {
	e := &entry{R: r, Name: r.ID}
	if r.Disabled() {
		e.Limit = r.TargetRole()
	}
	var promoted, started []string
	stopped := make(map[string]string) // node or instance → why
	active := 0
	for _, inst := range r.Children {
		full, partly := false, inst.Active(false)
		if partly && len(inst.Running) == 0 {
			continue // active, but nowhere where it could be shown
		}
		locations := inst.Locations()
		switch {
		case r.Unique:
			full = partly || !r.Orphan
		case o.Pending && hasPending(inst):
			full = true
		case !partly:
			if !inst.Orphan && o.Inactive && o.Detail {
				stopped[inst.ID] = ""
			}
		case inst.Any(func(q *pengine.Resource) bool { return q.Orphan || !q.Managed || q.Failed }):
			full = true
		case !inst.Active(true) || len(locations) != 1:
			full = true
		case !locations[0].Online && locations[0].Unclean:
			full = true
		case inst.CurrentRole() > pengine.RoleUnpromoted:
			promoted = append(promoted, locations[0].Name)
			active++
		default:
			started = append(started, locations[0].Name)
			active++
		}
		if !full {
			continue
		}
		if inst.Kind == pengine.Group {
			g := group(c, inst, options{Inactive: o.Inactive || o.Whole, Pending: o.Pending})
			g.Name = inst.ID
			e.Children = append(e.Children, g)
		} else {
			e.Children = append(e.Children, primitive(c, inst, inst.PrintableID(), inst.CurrentNode(), o))
		}
	}
	byName := func(list []string) []string {
		slices.SortStableFunc(list, func(a, b string) int { return nodeOrder(c, a, b) })
		return list
	}
	if len(promoted) > 0 {
		e.Lists = append(e.Lists, nodeList{Role: pengine.RolePromoted, Nodes: byName(promoted)})
	}
	if len(started) > 0 {
		l := nodeList{Role: pengine.RoleStarted, Nodes: byName(started)}
		if r.Promotable {
			l.Role = pengine.RoleUnpromoted
			l.Limited = configuredRole(r) == pengine.RoleUnpromoted
		}
		e.Lists = append(e.Lists, l)
	}
	if !o.Inactive || r.Unique || r.Clone.Max <= active {
		return e
	}
	var words []string
	groups := make(map[string][]string)
	for _, n := range c.AllowedNodes(r) {
		if slices.Contains(r.Running, n) {
			continue
		}
		why := ""
		if configuredRole(r) == pengine.RoleStopped {
			why = whyDisabled
		}
		if op := c.FailedProbe(r, n.Name); op != nil {
			why = wordsEL9.result(number(op.Get("rc-code")))
		}
		if groups[why] == nil {
			words = append(words, why)
		}
		groups[why] = append(groups[why], n.Name)
	}
	slices.Sort(words)
	for _, why := range words {
		e.Lists = append(e.Lists, nodeList{Role: pengine.RoleStopped, Why: why, Nodes: groups[why]})
	}
	return e
}

// configuredRole is the target role of a clone, or of what it is made of.
func configuredRole(r *pengine.Resource) pengine.Role {
	if _, ok := r.Meta["target-role"]; !ok && len(r.Children) > 0 {
		return r.Children[0].TargetRole()
	}
	return r.TargetRole()
}

func nodeOrder(c *pengine.Cluster, a, b string) int {
	at := func(name string) int {
		return slices.IndexFunc(c.Nodes, func(n *pengine.Node) bool { return n.Name == name })
	}
	return at(a) - at(b)
}

func hasPending(r *pengine.Resource) bool {
	return r.Pending != ""
}
