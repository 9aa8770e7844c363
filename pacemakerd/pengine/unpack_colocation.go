package pengine

import (
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A Colocation says that Dependent is to be where Primary is, or not
// (scheduler.md 10.2).
type Colocation struct {
	ID                         string
	Dependent, Primary         *Resource
	dependentRole, primaryRole Role // RoleUnknown: any
	attr                       string
	Score                      int
	influence                  bool
}

func colocationRole(s string) Role {
	if s == "" || strings.EqualFold(s, "started") {
		return RoleUnknown
	}
	return rules.ParseRole(s)
}

// colocate stores a colocation with both resources.
func (tr *Transition) colocate(id, attr string, score int, dependent, primary *Resource, depRole, primRole string, influence bool) {
	if score == 0 || dependent == nil || primary == nil || !tr.fits(len(tr.colocations), 1, tr.limits.Colocations, "colocations") {
		return
	}
	if attr == "" {
		attr = "#uname"
	}
	col := &Colocation{ID: id, Dependent: dependent, Primary: primary, attr: attr, Score: score, influence: influence,
		dependentRole: colocationRole(depRole), primaryRole: colocationRole(primRole)}
	tr.addThisWith(dependent, col)
	tr.addWithThis(primary, col)
	tr.colocations = append(tr.colocations, col)
	if score <= -rules.Infinity {
		tr.antiColocationOrder(dependent, col.dependentRole, primary, col.primaryRole)
		tr.antiColocationOrder(primary, col.primaryRole, dependent, col.dependentRole)
	}
}

func (c *Cluster) addThisWith(r *Resource, col *Colocation) {
	r.thisWith = c.insertColocation(r.thisWith, col, func(x *Colocation) *Resource { return x.Primary })
}

func (c *Cluster) addWithThis(r *Resource, col *Colocation) {
	r.withThis = c.insertColocation(r.withThis, col, func(x *Colocation) *Resource { return x.Dependent })
}

// insertColocation keeps a list sorted; a new one goes before equals.
func (c *Cluster) insertColocation(list []*Colocation, col *Colocation, other func(*Colocation) *Resource) []*Colocation {
	at := 0
	if !c.spend(1+len(list), "sorting colocations") {
		return list
	}
	for at < len(list) && colocationOrder(other(col), other(list[at])) > 0 {
		at++
	}
	list = append(list, nil)
	copy(list[at+1:], list[at:])
	list[at] = col
	return list
}

func colocationOrder(a, b *Resource) int {
	switch {
	case a.priority != b.priority:
		return sign(b.priority - a.priority)
	case a.Kind != b.Kind:
		return sign(int(b.Kind) - int(a.Kind))
	case a.Kind == Clone && a.Promotable != b.Promotable:
		if a.Promotable {
			return -1
		}
		return 1
	}
	return strings.Compare(a.ID, b.ID)
}

// antiColocationOrder: what has to leave leaves before the other comes.
func (tr *Transition) antiColocationOrder(first *Resource, firstRole Role, then *Resource, thenRole Role) {
	firsts, thens := []string{"stop"}, []string{"start"}
	switch firstRole {
	case RolePromoted:
		firsts = []string{"demote"}
	case RoleUnpromoted:
		firsts = append(firsts, "promote")
	}
	switch thenRole {
	case RolePromoted:
		thens = []string{"promote"}
	case RoleUnpromoted:
		thens = append(thens, "demote")
	}
	for _, f := range firsts {
		for _, t := range thens {
			tr.addOrdering(op(first, f), op(then, t), orderAntiColocation)
		}
	}
}

func (tr *Transition) unpackColocation(e *xml.Element) {
	e = tr.expandTags(e, [2]string{"rsc", "rsc-role"}, [2]string{"with-rsc", "with-rsc-role"})
	if e == nil {
		return
	}
	score := tr.rules.Score(e.Get("score"))
	if sets := tr.sets(e); len(sets) > 0 {
		var last *xml.Element
		for _, set := range sets {
			// A set that names what is not there relates what it names before.
			tr.colocateSet(e, set, score)
			if last != nil {
				tr.colocateSets(e, last, set, score)
			}
			last = set
		}
		return
	}
	dep, prim := tr.constrained(e.Get("rsc")), tr.constrained(e.Get("with-rsc"))
	for _, x := range [...]struct {
		r  *Resource
		id string
	}{{dep, e.Get("rsc")}, {prim, e.Get("with-rsc")}} {
		if x.r == nil {
			tr.log("unpack_simple_colocation", Error, "Ignoring constraint '%s' because resource '%s' does not exist", e.ID(), x.id)
			return
		}
	}
	if rules.IsTrue(e.Get("symmetrical")) {
		tr.log("unpack_simple_colocation", Warning, "The colocation constraint 'symmetrical' attribute has been removed")
	}
	tr.colocate(e.ID(), e.Get("node-attribute"), score, dep, prim, e.Get("rsc-role"), e.Get("with-rsc-role"), tr.influenceOf(e, dep))
}

// influenceOf is the option influence, by default whether the dependent is
// critical.
func (c *Cluster) influenceOf(e *xml.Element, dependent *Resource) bool {
	text, given := e.Lookup("influence")
	if !given {
		return dependent.critical
	}
	if v, ok := rules.ParseBool(text); ok {
		return v
	}
	c.log("unpack_influence", Error, "Constraint '%s' has invalid value for influence (using default)", e.ID())
	return dependent.critical
}

// members finds the resources of a set; ok is false from the first unknown on.
func (c *Cluster) members(set *xml.Element) (list []*Resource, ok bool) {
	for ref := range set.Each("resource_ref") {
		c.nmembers++
		if !c.fits(c.nmembers, 0, c.limits.Members, "members of resource sets") {
			return list, false
		}
		r := c.constrained(ref.ID())
		if r == nil {
			c.log("unpack_resource_set", Error, "%s: No resource found for %s", set.ID(), ref.ID())
			return list, false
		}
		list = append(list, r)
	}
	return list, true
}

func (tr *Transition) colocateSet(e, set *xml.Element, score int) {
	if v, ok := set.Lookup("score"); ok {
		score = tr.rules.Score(v)
	}
	if sequential, given := rules.ParseBool(set.Get("sequential")); score == 0 || given && !sequential {
		return
	}
	list, ok := tr.members(set)
	role := set.Get("role")
	previous := set.Get("ordering") == "" || set.Get("ordering") == "group"
	if score < 0 && !tr.fits(len(tr.colocations), len(list)*(len(list)-1)/2, tr.limits.Colocations, "colocations") {
		return
	}
	if score < 0 {
		tr.keepApart(e, set, score, list, ok)
		return
	}
	for i, r := range list {
		switch {
		case i == 0:
		case previous:
			tr.colocate(set.ID(), "", score, r, list[i-1], role, role, tr.influenceOf(e, r))
		default:
			tr.colocate(set.ID(), "", score, list[i-1], r, role, role, tr.influenceOf(e, list[i-1]))
		}
	}
}

// keepApart relates each resource of a set to those before it: to all up to the
// one that is called like it. What is in a clone stands for the clone, which is
// called otherwise, so that is related to all of the set, itself included.
func (tr *Transition) keepApart(e, set *xml.Element, score int, list []*Resource, complete bool) {
	var names []string
	for ref := range set.Each("resource_ref") {
		names = append(names, ref.ID())
	}
	role := set.Get("role")
	for _, r := range list {
		before := slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, r.ID) })
		if before < 0 || before > len(list) {
			before = len(list)
		}
		for _, other := range list[:before] {
			tr.colocate(set.ID(), "", score, r, other, role, role, tr.influenceOf(e, r))
		}
		if before == len(list) && !complete {
			return // what is not there ends it
		}
	}
}

// colocateSets relates two neighbouring sets: of a sequential one only one end
// takes part. What cannot be found ends it.
func (tr *Transition) colocateSets(e, earlier, later *xml.Element, score int) {
	if score == 0 {
		return
	}
	deps, depsOK := tr.ends(earlier, false)
	prims, primsOK := tr.ends(later, true)
	if !primsOK && len(deps) > 0 {
		deps = deps[:1]
	}
	if len(deps) == 0 && !depsOK || !tr.fits(len(tr.colocations), len(deps)*len(prims), tr.limits.Colocations, "colocations") {
		return
	}
	for _, d := range deps {
		for _, p := range prims {
			tr.colocate(e.ID(), "", score, d, p, earlier.Get("role"), later.Get("role"), tr.influenceOf(e, d))
		}
	}
}

// ends finds what of a set is related to its neighbours: the first or last
// resource of a sequential set, all of another one, up to what is not there.
func (tr *Transition) ends(set *xml.Element, last bool) (list []*Resource, ok bool) {
	if !notFalse(set.Get("sequential")) {
		return tr.members(set)
	}
	var end *xml.Element
	for ref := range set.Each("resource_ref") {
		if end == nil || last {
			end = ref
		}
	}
	if end == nil {
		return nil, true
	}
	r := tr.constrained(end.ID())
	if r == nil {
		tr.log("colocate_rsc_sets", Error, "%s: No resource found for %s", set.ID(), end.ID())
		return nil, false
	}
	return []*Resource{r}, true
}

// hasInfluence tells whether a with-this colocation may move the primary; r is
// the instance being looked at, if any (scheduler.md 10.2, "Influence").
func (col *Colocation) hasInfluence(r *Resource) bool {
	if r == nil {
		r = col.Primary
	}
	// A bundle's connection, which is easily moved, does not move what is active
	// and healthy, such as its container.
	if col.Dependent.allowGuests && !r.Failed && len(r.Running) == 1 {
		return false
	}
	return col.influence || len(r.Running) == 0
}
