package status

import (
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
)

// An Entry is one resource as shown.
type Entry struct {
	R    *pengine.Resource
	Name string // as shown; for bundle replicas the connection's

	// Primitives.
	State    string          // a pending state, "" for the role
	Role     pengine.Role    // as shown
	Node     *pengine.Node   // the one node, nil if none or several
	Several  []*pengine.Node // where it is active, if more than one
	Pending  string          // pending task shown as a flag: Monitoring
	Unclean  bool
	Locked   bool
	Limit    pengine.Role // a target role worth showing
	Masked   int          // result of a masked probe failure, 0 if none
	Children []*Entry     // members, instances shown one by one, replicas
	Lists    []NodeList   // instances shown by node
}

// A NodeList is the nodes with instances in one state.
type NodeList struct {
	Role    pengine.Role // RoleStopped for the others
	Limited bool         // by target-role
	Why     string       // for stopped ones: "disabled", "not installed", ...
	Nodes   []string
}

// Options say what to show.
type Options struct {
	Inactive bool // stopped resources and instances too
	Pending  bool // what is under way
	Detail   bool // clones instance by instance
}

// Entries makes the entries of all resources to show.
func Entries(c *pengine.Cluster, o Options) []*Entry {
	var list []*Entry
	for _, r := range c.Resources {
		if e := entry(c, r, o); e != nil {
			list = append(list, e)
		}
	}
	return list
}

func entry(c *pengine.Cluster, r *pengine.Resource, o Options) *Entry {
	if r.Internal() && r.Kind == pengine.Primitive {
		return nil
	}
	partly := r.Active(false)
	if r.Orphan && !partly {
		return nil
	}
	if !o.Inactive && !partly || partly && len(r.Running) == 0 {
		return nil
	}
	switch r.Kind {
	case pengine.Primitive:
		return primitive(c, r, r.PrintableID(), r.CurrentNode(), o)
	case pengine.Group:
		return group(c, r, o)
	case pengine.Clone:
		return clone(c, r, o)
	}
	return bundle(c, r, o)
}

// Primitive is the entry of one primitive, where it is now.
func Primitive(c *pengine.Cluster, r *pengine.Resource, o Options) *Entry {
	return primitive(c, r, r.PrintableID(), r.CurrentNode(), o)
}

func primitive(c *pengine.Cluster, r *pengine.Resource, name string, n *pengine.Node, o Options) *Entry {
	e := &Entry{R: r, Name: name, Role: r.Role}
	if len(r.Running) > 1 {
		n = nil
		e.Several = r.Running
	} else if n == nil {
		n = r.PendingNode
		if n == nil {
			n = r.LockNode
		}
	}
	if r.LockNode != nil {
		e.Locked = true
	}
	e.Node = n
	if o.Pending {
		switch r.Pending {
		case "start":
			e.State = "Starting"
		case "stop":
			e.State = "Stopping"
		case "migrate_to", "migrate_from":
			e.State = "Migrating"
		case "promote":
			e.State = "Promoting"
		case "demote":
			e.State = "Demoting"
		case "monitor":
			e.Pending = "Monitoring"
		}
	}
	if e.Role == pengine.RoleStarted && r.Top().Promotable {
		e.Role = pengine.RoleUnpromoted
	}
	if n != nil && !n.Online && n.Unclean {
		e.Unclean = true
	}
	if r.Disabled() {
		e.Limit = r.TargetRole()
	}
	if r.Role == pengine.RoleStopped {
		node := ""
		if n != nil {
			node = n.Name
		}
		if op := c.FailedProbe(r, node); op != nil {
			e.Masked = number(op.Get("rc-code"))
		}
	}
	return e
}

func number(s string) int {
	n := 0
	for i := 0; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func group(c *pengine.Cluster, r *pengine.Resource, o Options) *Entry {
	e := &Entry{R: r, Name: r.ID}
	if r.Disabled() {
		e.Limit = r.TargetRole()
	}
	for _, m := range r.Children {
		if !o.Inactive && !m.Active(false) {
			continue
		}
		e.Children = append(e.Children, primitive(c, m, m.PrintableID(), m.CurrentNode(), o))
	}
	return e
}

// clone lists instances by node where there is nothing special about them
// (spec: scheduler.md 23.3).
func clone(c *pengine.Cluster, r *pengine.Resource, o Options) *Entry {
	e := &Entry{R: r, Name: r.ID}
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
			g := group(c, inst, Options{Inactive: true, Pending: o.Pending})
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
		e.Lists = append(e.Lists, NodeList{Role: pengine.RolePromoted, Nodes: byName(promoted)})
	}
	if len(started) > 0 {
		l := NodeList{Role: pengine.RoleStarted, Nodes: byName(started)}
		if r.Promotable {
			l.Role = pengine.RoleUnpromoted
			l.Limited = r.TargetRole() == pengine.RoleUnpromoted
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
			why = "disabled"
		}
		if op := c.FailedProbe(r, n.Name); op != nil {
			why = ResultText(number(op.Get("rc-code")))
		}
		if groups[why] == nil {
			words = append(words, why)
		}
		groups[why] = append(groups[why], n.Name)
	}
	slices.Sort(words)
	for _, why := range words {
		e.Lists = append(e.Lists, NodeList{Role: pengine.RoleStopped, Why: why, Nodes: groups[why]})
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

// managedFlags appends what keeps the cluster's hands off a resource.
func managedFlags(r *pengine.Resource, flags []string) []string {
	switch {
	case r.Blocked:
		flags = append(flags, "blocked")
	case !r.Managed:
		flags = append(flags, "unmanaged")
	}
	if r.FailureIgnored {
		flags = append(flags, "failure ignored")
	}
	return flags
}

// bundleFlags are what a bundle's line says before and behind its name.
func (e *Entry) bundleFlags() (set, flags string) {
	if len(e.R.Bundle.Replicas) > 1 {
		set = " set"
	}
	if e.R.Unique {
		flags += " (unique)"
	}
	if !e.R.Managed {
		flags += " (unmanaged)"
	}
	return set, flags
}

func bundle(c *pengine.Cluster, r *pengine.Resource, o Options) *Entry {
	e := &Entry{R: r, Name: r.ID}
	for _, rep := range r.Bundle.Replicas {
		inner := rep.Child
		if inner == nil {
			inner = rep.Container
		}
		name := rep.Container.PrintableID()
		if rep.Connection != nil {
			name = rep.Connection.PrintableID()
		}
		if rep.Address != "" {
			name += " (" + rep.Address + ")"
		}
		at := rep.Container.CurrentNode()
		child := primitive(c, inner, name, at, o)
		if at == nil {
			child.Node = nil // where it is pending inside does not matter
		}
		e.Children = append(e.Children, child)
	}
	return e
}

// ResultText is what an agent's result means.
func ResultText(rc int) string {
	switch rc {
	case 0:
		return "ok"
	case 1:
		return "error"
	case 2:
		return "invalid parameter"
	case 3:
		return "unimplemented feature"
	case 4:
		return "insufficient privileges"
	case 5:
		return "not installed"
	case 6:
		return "not configured"
	case 7:
		return "not running"
	case 8:
		return "promoted"
	case 9:
		return "promoted (failed)"
	case 190:
		return "OCF_DEGRADED"
	case 191:
		return "OCF_DEGRADED_PROMOTED"
	}
	return "unknown exit status"
}

// join is strings.Join with blanks.
func join(list []string) string { return strings.Join(list, " ") }
