package pengine

import (
	"maps"
	"slices"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
)

// consume takes a resource's utilization from a node. What the node says
// nothing about becomes 0 at first, and less from then on.
func (n *Node) consume(r *Resource) {
	for name, v := range r.utilization {
		if have, ok := n.Utilization[name]; ok {
			n.Utilization[name] = have - v
		} else {
			n.Utilization[name] = 0
		}
	}
}

func (n *Node) release(r *Resource) {
	for name, v := range r.utilization {
		n.Utilization[name] += v
	}
}

// showUse notes what a resource takes from its node, for printing.
func (tr *Transition) showUse(r *Resource, n *Node) {
	if tr.ask.Utilization {
		tr.Scores = append(tr.Scores, ScoreLine{Step: "pcmk__finalize_assignment", Resource: r.ID, Node: n.Name, Amounts: shownAmounts(r.utilization), Room: true})
	}
}

// showRoom notes what all nodes can hold, for printing.
func (tr *Transition) showRoom(step string) {
	if !tr.ask.Utilization {
		return
	}
	for _, n := range tr.Nodes {
		tr.Scores = append(tr.Scores, ScoreLine{Step: step, Node: n.Name, Amounts: shownAmounts(n.Utilization), Room: true})
	}
}

// shownAmounts lists amounts in the order the original's hash table has them.
func shownAmounts(of map[string]int) (list []Amount) {
	for _, name := range hashTableOrder(slices.Sorted(maps.Keys(of))) {
		list = append(list, Amount{name, of[name]})
	}
	return list
}

// compareCapacity puts the node with more free capacity first: each attribute
// votes for the node with more of it.
func compareCapacity(a, b *Node) int {
	votes := 0
	for name, v := range a.Utilization {
		votes += sign(b.Utilization[name] - v)
	}
	for name, v := range b.Utilization {
		if _, both := a.Utilization[name]; !both {
			votes += sign(v)
		}
	}
	return sign(votes)
}

// holds tells whether a node has room for what is asked.
func (n *Node) holds(need map[string]int) bool {
	for name, v := range need {
		if v > n.Utilization[name] {
			return false
		}
	}
	return true
}

// banInsufficient bans nodes that cannot hold a resource together with all
// that has to be with it, or at least alone, and returns the most capable node
// (scheduler.md 13).
func (c *Cluster) banInsufficient(r *Resource) *Node {
	if c.opt.placement == "default" {
		return nil
	}
	var together []*Resource
	r.collectColocated(&together, r)
	if !slices.Contains(together, r) {
		together = append([]*Resource{r}, together...)
	}
	sum := make(map[string]int)
	for _, q := range together {
		addUtilization(q, sum, together)
	}
	any := false
	var most *Node
	order := c.hashOrder(r.allowed)
	usable := func(i int) bool { return c.allNodes[i].available() && r.allowed[i].score >= 0 }
	for _, i := range order {
		n := c.allNodes[i]
		if !usable(i) {
			continue
		}
		any = any || n.holds(sum)
		if most == nil || compareCapacity(n, most) < 0 {
			most = n
		}
	}
	limit := r.utilization
	if any {
		limit, most = sum, nil
	}
	for _, i := range order {
		if n := c.allNodes[i]; usable(i) && !n.holds(limit) {
			c.addScore(r, n, -rules.Infinity, "utilization: the node has no room for it")
		}
	}
	return most
}

// collectColocated gathers what is colocated at INFINITY with r, transitively,
// both ways.
func (r *Resource) collectColocated(list *[]*Resource, orig *Resource) {
	if slices.Contains(*list, r) {
		return
	}
	*list = append(*list, r)
	for i, m := range r.Children {
		if r.Kind != Group || i > 0 && !r.together() {
			break
		}
		m.collectColocated(list, orig)
	}
	for _, col := range r.thisWith {
		if col.Primary != orig && col.Score >= rules.Infinity && col.affects(r, col.Primary, true) == affectsPlace {
			col.Primary.collectColocated(list, orig)
		}
	}
	for _, col := range r.withThis {
		d := col.Dependent
		if d == orig || r.Kind == Clone && d.Kind != Clone {
			continue // whether it will be with this instance is open
		}
		if col.Score >= rules.Infinity && col.affects(d, r, true) == affectsPlace {
			d.collectColocated(list, orig)
		}
	}
}

// together tells whether all members of a group will be on one node.
func (g *Resource) together() bool { return g.colocat || g.Parent != nil && g.Parent.Kind == Clone }

// addUtilization adds what a resource that has no place yet will need. Members
// that are counted among the others are not counted again.
func addUtilization(r *Resource, sum map[string]int, among []*Resource) {
	if !r.provisional {
		return
	}
	switch r.Kind {
	case Primitive:
		for name, v := range r.utilization {
			sum[name] += v
		}
	case Group:
		for i, m := range r.Children {
			if (i == 0 || r.together()) && !slices.Contains(among, m) {
				addUtilization(m, sum, among)
			}
		}
	case Clone:
		counted := false
		for _, child := range r.Children {
			switch {
			case slices.Contains(among, child):
				counted = true
			case slices.ContainsFunc(child.Children, func(m *Resource) bool { return slices.Contains(among, m) }):
				addUtilization(child, sum, among)
				counted = true
			}
		}
		if !counted && len(r.Children) > 0 {
			addUtilization(r.Children[0], sum, among)
		}
	case Bundle:
		if len(r.Bundle.Replicas) > 0 {
			addUtilization(r.Bundle.Replicas[0].Container, sum, among)
		}
	}
}

// sortForUtilization orders the resources so that those that want the best
// places most come first.
func (tr *Transition) sortForUtilization() {
	nodes := tr.sortNodesAll()
	tables := make(map[*Resource]table)
	weights := func(r *Resource) table {
		t, ok := tables[r]
		if !ok {
			tr.mergeScores(r, r, &t, "#uname", 1, mergeThisWith)
			tables[r] = t
		}
		return t
	}
	score := func(t table, n *Node) int {
		if s := t.get(n); s != nil {
			return s.score
		}
		return -rules.Infinity
	}
	tr.placing = mergeSort(tr.Resources, func(a, b *Resource) int {
		if a.priority != b.priority {
			return sign(b.priority - a.priority)
		}
		ta, tb := weights(a), weights(b)
		na, nb := a.CurrentNode(), b.CurrentNode()
		x, y := -rules.Infinity, -rules.Infinity
		if na != nil {
			x = score(ta, na)
		}
		if nb != nil {
			y = score(tb, nb)
		}
		if x != y {
			return sign(y - x)
		}
		for _, n := range nodes {
			if x, y := score(ta, n), score(tb, n); x != y {
				return sign(y - x)
			}
		}
		return 0
	})
}

func (c *Cluster) sortNodesAll() []*Node {
	var t table
	for _, n := range c.Nodes {
		t.put(n, slot{score: n.weight})
	}
	return mergeSort(slices.Clone(c.Nodes), c.nodeOrder(t, nil))
}
