package status

import (
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
)

// An entry is one resource as shown.
type entry struct {
	R    *pengine.Resource
	Name string // as shown; for bundle replicas the connection's

	// Primitives.
	State    string          // a pending state, "" for the role
	Role     pengine.Role    // as shown
	Node     *pengine.Node   // the one node, nil if none or several
	Several  []*pengine.Node // where it is active, if more than one
	Pending  string          // pending task shown as a flag: Monitoring
	Describe bool            // the description is told
	Unclean  bool
	Locked   bool
	Limit    pengine.Role // a target role worth showing
	Masked   int          // result of a masked probe failure, 0 if none
	Children []*entry     // members, instances shown one by one, replicas
	Hidden   int          // members that are not shown because they run nowhere
	Lists    []nodeList   // instances shown by node
}

// A nodeList is the nodes with instances in one state.
type nodeList struct {
	Role    pengine.Role // RoleStopped for the others
	Limited bool         // by target-role
	Why     string       // for stopped ones: whyDisabled, or the result of a probe, such as "not installed"
	Nodes   []string
}

const whyDisabled = "disabled"

// options say what to show.
type options struct {
	Inactive bool // stopped resources and instances too
	Pending  bool // what is under way
	Detail   bool // clones instance by instance
	Whole    bool // groups in clones with all their members
	Anywhere bool // what is active, but where is not known, too
}

// entries makes the entries of all resources to show.
func entries(c *pengine.Cluster, o options) []*entry {
	var list []*entry
	for _, r := range c.Resources {
		if e := newEntry(c, r, o); e != nil {
			list = append(list, e)
		}
	}
	return list
}

func newEntry(c *pengine.Cluster, r *pengine.Resource, o options) *entry {
	if r.Internal() && r.Kind == pengine.Primitive {
		return nil
	}
	partly := r.Active(false)
	if r.Orphan && !partly {
		return nil
	}
	if !o.Inactive && !partly || partly && len(r.Running) == 0 && !o.Anywhere {
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

// whole is the entry of one primitive, where it is now.
func whole(c *pengine.Cluster, r *pengine.Resource, pending bool) *entry {
	return primitive(c, r, r.PrintableID(), r.CurrentNode(), options{Inactive: true, Pending: pending})
}

// running is a primitive as it is listed below the node it runs on.
func running(r *pengine.Resource) *entry {
	e := &entry{R: r, Name: r.PrintableID(), Role: r.Role}
	if e.Role == pengine.RoleStarted && r.Top().Promotable {
		e.Role = pengine.RoleUnpromoted
	}
	if r.Disabled() {
		e.Limit = r.TargetRole()
	}
	return e
}

// runningEL9 is running in the words of 2.1.5: with what is under way, and with
// the description.
func runningEL9(r *pengine.Resource) *entry {
	e := running(r)
	e.pending(r)
	e.Describe = true
	return e
}

// runningOn are the resources on a node, without what the cluster made up.
func runningOn(n *pengine.Node) []*pengine.Resource {
	return slices.DeleteFunc(slices.Clone(n.Running), (*pengine.Resource).Internal)
}

// resourceList is what a list of resources has in it, what stands above it, and
// what is said if there is nothing in it. With the nodes there are only those
// that do not run, and without a title there is no list at all.
func resourceList(c *pengine.Cluster, v *View, w *Words, pending bool) (list []*entry, title, none string) {
	if v.ByNode && !v.Inactive {
		return nil, "", ""
	}
	list = entries(c, options{Inactive: v.Inactive, Pending: pending, Whole: w.wholeGroups, Anywhere: v.ByNode})
	switch {
	case v.ByNode:
		list = slices.DeleteFunc(list, func(e *entry) bool { return e.R.Active(true) })
		return list, w.lists.inactive, "No inactive resources"
	case v.Inactive:
		return list, w.lists.full, "No resources"
	}
	return list, w.lists.active, "No active resources"
}

func primitive(c *pengine.Cluster, r *pengine.Resource, name string, n *pengine.Node, o options) *entry {
	e := &entry{R: r, Name: name, Role: r.Role}
	if len(r.Running) > 1 {
		n = nil
		e.Several = r.Running
	} else if n == nil {
		n = r.PendingNode
		if n == nil {
			n = r.LockNode
		}
	}
	e.Locked = n != nil && n == r.LockNode
	e.Node = n
	if o.Pending {
		e.pending(r)
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

// pending notes what is under way.
func (e *entry) pending(r *pengine.Resource) {
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

func number(s string) int {
	n := 0
	for i := 0; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func group(c *pengine.Cluster, r *pengine.Resource, o options) *entry {
	e := &entry{R: r, Name: r.ID}
	if r.Disabled() {
		e.Limit = r.TargetRole()
	}
	for _, m := range r.Children {
		if !o.Inactive && !m.Active(false) {
			e.Hidden++
			continue
		}
		e.Children = append(e.Children, primitive(c, m, m.PrintableID(), m.CurrentNode(), o))
	}
	return e
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

// state is what a primitive is doing.
func (e *entry) state(w *Words) string {
	switch {
	case e.R.Failed && e.R.Role > pengine.RoleUnpromoted:
		return "FAILED " + w.role(e.R.Role)
	case e.R.Failed:
		return "FAILED"
	case e.State != "":
		return e.State
	}
	return w.role(e.Role)
}

// flags are what is special about a primitive; limit is what is said of a
// target role worth showing.
func (e *entry) flags(w *Words, limit string) (flags []string) {
	if e.Unclean {
		flags = append(flags, "UNCLEAN")
	}
	if e.Locked && w.lock != "" {
		flags = append(flags, w.lock)
	}
	if e.Pending != "" {
		flags = append(flags, e.Pending)
	}
	if e.Limit != pengine.RoleUnknown {
		flags = append(flags, limit)
	}
	return managedFlags(e.R, flags)
}

// severalNames are the nodes on which a primitive is active that is on more
// than one.
func (e *entry) severalNames() (names []string) {
	for _, n := range e.Several {
		names = append(names, n.Name)
	}
	return names
}

// replicaParts are the resources that a replica of a bundle is made of.
func replicaParts(rep *pengine.Replica) (parts []*pengine.Resource) {
	for _, part := range [...]*pengine.Resource{rep.IP, rep.Child, rep.Container, rep.Connection} {
		if part != nil {
			parts = append(parts, part)
		}
	}
	return parts
}

// bundleFlags are what a bundle's line says before and behind its name.
func (e *entry) bundleFlags() (set, flags string) {
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

func bundle(c *pengine.Cluster, r *pengine.Resource, o options) *entry {
	e := &entry{R: r, Name: r.ID}
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
			// Where it is pending inside does not matter, where it is locked does.
			child.Node, child.Locked = inner.LockNode, inner.LockNode != nil
		}
		e.Children = append(e.Children, child)
	}
	return e
}

// join is strings.Join with blanks.
func join(list []string) string { return strings.Join(list, " ") }
