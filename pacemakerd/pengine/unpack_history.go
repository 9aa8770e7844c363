package pengine

import (
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// unpackNodeHistory reads a node's resource history (scheduler.md 8).
func (tr *Transition) unpackNodeHistory(n *Node, state *xml.Element) {
	list := state.Descend("lrm", "lrm_resources")
	var orphaned bool
	for e := range list.Each("lrm_resource") {
		r := tr.unpackHistory(n, e)
		if r != nil && r.Orphan && e.Has("container") {
			orphaned = true
		}
	}
	if orphaned {
		tr.linkOrphanedFillers(list)
	}
}

// linkOrphanedFillers ties connections of removed guests to their machines.
func (c *Cluster) linkOrphanedFillers(list *xml.Element) {
	for e := range list.Each("lrm_resource") {
		container := c.Named(e.Get("container"))
		r := c.Named(e.ID())
		if container == nil || r == nil || !r.Orphan || r.container != nil {
			continue
		}
		r.container = container
		container.fillers = append(container.fillers, r)
	}
}

func (tr *Transition) unpackHistory(n *Node, e *xml.Element) *Resource {
	id := e.ID()
	if id == "" {
		return nil
	}
	ops := lastFirst(e)
	if len(ops) == 0 && !tr.opt.shutdownLock {
		return nil
	}
	r := tr.findInstance(n, id)
	if r == nil {
		if len(ops) == 0 {
			return nil
		}
		r = tr.newOrphan(e, n)
		if r == nil {
			return nil
		}
	}
	if tr.opt.shutdownLock {
		tr.unpackLock(e, r, n)
	}
	saved := r.Role
	r.Role = RoleUnknown
	ops = byAge(ops)
	st := &historyState{onFail: failIgnore}
	for _, op := range ops {
		tr.unpackOp(r, n, op, st)
	}
	tr.createActiveRecurring(r, n, ops)
	tr.settle(r, n, st.onFail)
	if role, limited := tr.targetRole(r); limited && (r.NextRole == RoleUnknown || role < r.NextRole) {
		r.setNextRole(role, "target-role")
	}
	r.Role = max(r.Role, saved)
	return r
}

// lastFirst lists the operations of a history entry, the last one first.
func lastFirst(e *xml.Element) (ops []*xml.Element) {
	for _, op := range slices.Backward(e.Children) {
		if op.Name == "lrm_rsc_op" {
			ops = append(ops, op)
		}
	}
	return ops
}

func byAge(ops []*xml.Element) []*xml.Element {
	return mergeSort(ops, func(a, b *xml.Element) int { return olderOp(a, b, true) })
}

// ByAge lists the operations of a history entry, the oldest first.
func ByAge(entry *xml.Element) []*xml.Element { return byAge(lastFirst(entry)) }

// historyState is what is carried from one operation of an entry to the next.
type historyState struct {
	lastFailure *xml.Element
	onFail      onFail
}

// Named finds a resource by id, or by the name histories use for it. An orphan
// of that name, which comes after what is configured, is found if nothing else is.
func (c *Cluster) Named(id string) *Resource {
	named := c.byHistoryName[id]
	if r := c.rscByID[id]; r != nil && (named == nil || r.Parent != nil || !r.Orphan) {
		return r
	}
	return named
}

// findInstance finds the resource that a history entry is about (scheduler.md 8.1).
func (c *Cluster) findInstance(n *Node, id string) *Resource {
	r := c.Named(id)
	var parent *Resource
	switch {
	case r == nil:
		zero := c.rscByID[HistoryBase(id)+":0"]
		if zero == nil || zero.Unique {
			return nil
		}
		r, parent = zero, zero.Top()
	case r.Kind != Primitive:
		return nil
	default:
		parent = r.Top()
	}
	if parent.Kind == Clone && !parent.Unique {
		if b := parent.bundleOf(); b != nil {
			r = b.replicaOn(n)
		} else {
			r = c.anonymousInstance(n, parent, HistoryBase(id))
		}
	}
	if r != nil && !strings.EqualFold(id, r.ID) && !strings.EqualFold(id, r.cloneName) {
		r.cloneName = id
		if c.byHistoryName[id] == nil {
			c.byHistoryName[id] = r
		}
	}
	return r
}

// replicaOn returns the inner instance that lives in node n.
func (r *Resource) replicaOn(n *Node) *Resource {
	for _, rep := range r.Bundle.Replicas {
		if rep.Node == n && rep.Child != nil {
			return rep.Child
		}
	}
	return nil
}

func (c *Cluster) anonymousInstance(n *Node, parent *Resource, base string) *Resource {
	var found, inactive *Resource
	skipInactive := false
	for _, child := range parent.Children {
		where := child.activeOrPending()
		switch {
		case len(where) == 0:
			if skipInactive || inactive != nil || child.Blocked {
				continue
			}
			inactive = child.instanceOf(base)
			if inactive != nil && inactive.PendingNode != nil && inactive.PendingNode != n {
				inactive = nil
			}
		case where[0] == n:
			found = child.instanceOf(base)
			if found != nil && len(found.Running) > 0 {
				// A second entry for what is one instance now.
				skipInactive, found = true, nil
			}
		}
		if found != nil {
			break
		}
	}
	if found == nil && !skipInactive {
		found = inactive
	}
	if found != nil && !found.needsFencing && (!n.Online || n.Unclean) && !n.Guest() && !c.everywhere(parent) {
		found = nil
	}
	if found == nil {
		extra := c.newInstance(parent, true)
		if extra == nil {
			return nil
		}
		found = extra.instanceOf(base)
	}
	return found
}

// everywhere tells whether a clone has an instance for every node.
func (c *Cluster) everywhere(r *Resource) bool {
	if b := r.bundleOf(); b != nil {
		return false
	}
	return r.Kind == Clone && r.Clone.Max == len(c.Nodes)
}

// activeOrPending lists the nodes an instance, or a member of it, is on.
func (r *Resource) activeOrPending() []*Node {
	var list []*Node
	for _, p := range r.Primitives() {
		for _, n := range p.Running {
			list = appendNew(list, n)
		}
		if p.PendingNode != nil {
			list = appendNew(list, p.PendingNode)
		}
	}
	return list
}

// instanceOf finds the primitive at or below r whose configured id is base.
func (r *Resource) instanceOf(base string) *Resource {
	for _, p := range r.Primitives() {
		if p.baseID() == base || p.ID == base {
			return p
		}
	}
	return nil
}

// newOrphan makes a resource out of a history entry whose configuration is
// gone.
func (c *Cluster) newOrphan(e *xml.Element, n *Node) *Resource {
	x := xml.New("primitive")
	for _, a := range e.Attrs {
		x.Set(a.Name, a.Value)
	}
	r := c.unpackResource(x, nil)
	if r == nil {
		return nil
	}
	if r.isConnection {
		m := c.node(r.ID)
		if m == nil {
			m = c.addNode(r.ID, r.ID, "remote", 0)
		}
		c.linkConnection(r)
		m.Shutdown = true
	}
	r.Orphan = true
	c.Resources = append(c.Resources, r)
	if !c.opt.stopOrphans {
		r.Managed = false
	} else {
		c.addScoreEverywhere(r, -rules.Infinity, "orphan")
	}
	return r
}

// unpackLock notes that a resource is locked to a node that shut down.
func (tr *Transition) unpackLock(e *xml.Element, r *Resource, n *Node) {
	at, _ := rules.Int(e.Get("shutdown-lock"))
	if at == 0 {
		return
	}
	if limit := tr.opt.shutdownLockLimit / 1000; limit > 0 && tr.now.Unix() > at+limit {
		tr.clearHistory(r, n)
		return
	}
	r.LockNode, r.LockTime = n, at
}

// olderOp orders history entries by age. Call ids count only on one node; where
// the entries do not say which that is, sameNode does (scheduler.md 8.2).
func olderOp(a, b *xml.Element, sameNode bool) int {
	if on, ok := a.Lookup("on_node"); ok {
		if other, ok := b.Lookup("on_node"); ok {
			sameNode = strings.EqualFold(on, other)
		}
	}
	if a.ID() == b.ID() && a.ID() != "" && sameNode {
		return 0
	}
	call := func(e *xml.Element) int64 {
		v, ok := e.Lookup("call-id")
		if !ok {
			return -1
		}
		n, _ := rules.Int(v)
		return n
	}
	changed := func(e *xml.Element) int64 {
		v, ok := e.Lookup("last-rc-change")
		if !ok {
			return -1
		}
		n, _ := rules.Int(v)
		return n
	}
	x, y := call(a), call(b)
	switch {
	case x == -1 && y == -1:
		return 0
	case sameNode && x >= 0 && x < y:
		return -1
	case sameNode && y >= 0 && x > y:
		return 1
	case x >= 0 && y >= 0 && (x == y || !sameNode):
		s, t := changed(a), changed(b)
		switch {
		case s >= 0 && s < t:
			return -1
		case t >= 0 && s > t:
			return 1
		}
		return 0
	}
	// One of them is pending: the transition that asked for it tells its age.
	ta, oka := parseMagic(a.Get("transition-magic"))
	tb, okb := parseMagic(b.Get("transition-magic"))
	if !oka || !okb {
		return 0
	}
	switch {
	case ta.uuid != tb.uuid || ta.transition == tb.transition:
		if y == -1 {
			return -1
		}
		return 1
	case ta.transition >= 0 && ta.transition < tb.transition || tb.transition == -1:
		return -1
	case tb.transition >= 0 && ta.transition > tb.transition || ta.transition == -1:
		return 1
	}
	return 0
}

// transitionKey says who asked for an operation: ACTION:TRANSITION:EXPECTED:UUID.
type transitionKey struct {
	action, transition, expected int64
	uuid                         string
}

func parseTransitionKey(s string) (k transitionKey, ok bool) {
	f := strings.SplitN(s, ":", 4)
	if len(f) != 4 {
		return k, false
	}
	var ok1, ok2, ok3 bool
	k.action, ok1 = rules.Int(f[0])
	k.transition, ok2 = rules.Int(f[1])
	k.expected, ok3 = rules.Int(f[2])
	k.uuid = f[3]
	return k, ok1 && ok2 && ok3
}

// parseMagic reads STATUS:RC;KEY.
func parseMagic(s string) (transitionKey, bool) {
	_, key, ok := strings.Cut(s, ";")
	if !ok {
		return transitionKey{}, false
	}
	return parseTransitionKey(key)
}

// mergeSort is a stable top-down merge sort. It is spelled out because some
// orders here are not transitive, and then the way of sorting shows.
func mergeSort[T any](list []T, compare func(a, b T) int) []T {
	if len(list) < 2 {
		return list
	}
	mid := len(list) / 2
	a := mergeSort(append([]T(nil), list[:mid]...), compare)
	b := mergeSort(append([]T(nil), list[mid:]...), compare)
	out := list[:0:0]
	for len(a) > 0 && len(b) > 0 {
		if compare(a[0], b[0]) <= 0 {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// createActiveRecurring makes optional actions for the recurring operations
// that are still active: those after the last start.
func (tr *Transition) createActiveRecurring(r *Resource, n *Node, ops []*xml.Element) {
	start, stop := activeSince(ops)
	if !n.Online {
		return
	}
	for i, op := range ops {
		if start < stop && i <= stop || i < start {
			continue
		}
		ms := opInterval(op)
		if ms == 0 || op.Get("op-status") == "-1" {
			continue
		}
		task := op.Get("operation")
		tr.action(r, OpKey(r.ID, task, ms), task, n, true)
	}
}

// activeSince finds the positions of the last start and the last stop, -1 if
// there was none. A success of other kinds implies a start.
func activeSince(ops []*xml.Element) (start, stop int) {
	start, stop = -1, -1
	monitor, clone := -1, -1
	for i, op := range ops {
		task := op.Get("operation")
		switch {
		case task == "stop" && op.Get("op-status") == "0":
			stop = i
		case task == "start" || task == "migrate_from":
			start = i
		case monitor <= stop && task == "monitor":
			if rc := op.Get("rc-code"); rc == "0" || rc == "8" {
				monitor = i
			}
		case task == "promote" || task == "demote":
			clone = i
		}
	}
	if start == -1 {
		if clone != -1 {
			start = clone
		} else {
			start = monitor
		}
	}
	return start, stop
}

func opInterval(op *xml.Element) int64 {
	n, _ := rules.Int(op.Get("interval"))
	return max(0, n)
}
