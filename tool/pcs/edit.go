package pcs

import (
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

func (c *call) resourceUpdate(words []string) error {
	if len(words) < 1 {
		return &errUsage{group: "resource"}
	}
	id := words[0]
	resources, err := c.section("resources")
	if err != nil {
		return err
	}
	p := resourceByID(resources, id)
	if p == nil {
		return existing(failf("Unable to find resource: %s", id), resources, id)
	}
	forgot := "" // "update vip monitor interval=3": the word op is missing
	rest := words[1:]
	if len(rest) > 0 && !strings.Contains(rest[0], "=") && rest[0] != "op" && rest[0] != "meta" && rest[0] != "clone" {
		forgot, rest = rest[0], rest[1:]
	}
	d, err := c.readChange(rest)
	if err != nil {
		return err
	}
	if p.Name != "primitive" {
		if len(d.params) > 0 {
			d.meta = append(d.meta, d.params...)
		}
		setMeta(p, d.meta)
		return c.push()
	}
	a := agentOf(p)
	meta, err := c.metadata(a)
	if err != nil {
		meta = &lrmd.Metadata{}
	} else {
		var set []pair
		for _, x := range d.params {
			if x.value != "" {
				set = append(set, x)
			}
		}
		if err := c.checkParams(meta, set, false); err != nil {
			if f, ok := err.(*failure); ok && forgot != "" {
				return f.hint("to change an operation write 'pcs resource update %s op %s %s'", id, forgot, strings.Join(rest, " "))
			}
			return err
		}
	}
	if forgot != "" {
		return failf("missing value of '%s' option", forgot).hint("to change an operation write 'pcs resource update %s op %s'", id, strings.Join(words[1:], " "))
	}
	if err := checkOps(meta, d.ops, c.opt.force); err != nil {
		return err
	}
	if len(d.params) > 0 {
		set := nvset(p, "instance_attributes", true)
		setPairs(set, d.params)
		if set.Child("nvpair") == nil {
			set.Remove()
		}
	}
	if len(d.meta) > 0 {
		c.warnMeta(d.meta)
		setMeta(p, d.meta)
	}
	for _, op := range d.ops {
		replaceOp(p, op)
	}
	return c.push()
}

// setMeta sets meta attributes, and leaves no empty set behind where there was
// none.
func setMeta(p *xml.Element, list []pair) {
	was := nvset(p, "meta_attributes", false) != nil
	set := nvset(p, "meta_attributes", true)
	setPairs(set, list)
	if !was && set.Child("nvpair") == nil {
		set.Remove()
	}
}

func agentOf(p *xml.Element) lrmd.Agent {
	return lrmd.Agent{Class: p.Get("class"), Provider: p.Get("provider"), Type: p.Get("type")}
}

// replaceOp puts an operation in the place of the one that has its name, and
// for a monitor its role.
func replaceOp(p *xml.Element, typed []string) {
	ops := p.Ensure("operations")
	op := xml.New("op", "name", typed[0])
	level := ""
	for _, w := range typed[1:] {
		n, v, _ := strings.Cut(w, "=")
		switch {
		case n == "OCF_CHECK_LEVEL":
			level = v
		case v != "":
			op.Set(n, v)
		}
	}
	at := -1
	for old := range ops.Each("op") {
		if old.Get("name") == typed[0] && old.Get("role") == op.Get("role") {
			if len(typed) == 1 {
				return // nothing to change it to
			}
			at = old.Index()
			if !op.Has("interval") && op.Get("name") == "monitor" {
				op.Set("interval", old.Get("interval"))
			}
			old.Remove()
			break
		}
	}
	addOp(ops, p.ID(), op, level)
	if at >= 0 {
		op.Remove()
		ops.Insert(at, op)
	}
}

func (c *call) resourceMeta(words []string) error {
	if len(words) < 2 {
		return &errUsage{group: "resource"}
	}
	resources, err := c.section("resources")
	if err != nil {
		return err
	}
	p := resourceByID(resources, words[0])
	if p == nil {
		return existing(failf("unable to find a resource/clone/master/group: %s", words[0]), resources, words[0])
	}
	list, err := pairs(words[1:])
	if err != nil {
		return err
	}
	c.warnMeta(list)
	set := nvset(p, "meta_attributes", true)
	setPairs(set, list)
	if set.Child("nvpair") == nil {
		set.Remove()
	}
	return c.push()
}

func (c *call) resourceEnable(words []string) error  { return c.targetRole(words, false) }
func (c *call) resourceDisable(words []string) error { return c.targetRole(words, true) }

func (c *call) targetRole(words []string, stop bool) error {
	if len(words) == 0 {
		return failf("You must specify resource(s) to %s", map[bool]string{true: "disable", false: "enable"}[stop])
	}
	resources, err := c.section("resources")
	if err != nil {
		return err
	}
	f := &failure{}
	for _, id := range words {
		p := resourceByID(resources, id)
		if p == nil {
			f.lines = append(f.lines, "bundle/clone/group/master/resource '"+id+"' does not exist")
			existing(f, resources, id)
			continue
		}
		if stop {
			setPairs(nvset(p, "meta_attributes", true), []pair{{"target-role", "Stopped"}})
			continue
		}
		for n := p; n != nil && n != resources; n = n.Parent { // a stopped group keeps its members down
			if set := n.Child("meta_attributes"); set != nil {
				setPairs(set, []pair{{"target-role", ""}})
				if set.Child("nvpair") == nil {
					set.Remove()
				}
			}
		}
	}
	if len(f.lines) > 0 {
		return f
	}
	return c.push()
}

func (c *call) managed(words []string, on bool) error {
	resources, err := c.section("resources")
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return &errUsage{group: "resource"}
	}
	for _, id := range words {
		p := resourceByID(resources, id)
		if p == nil {
			return existing(failf("bundle/clone/group/master/resource '%s' does not exist", id), resources, id)
		}
		value := "false"
		if on {
			value = ""
		}
		set := nvset(p, "meta_attributes", true)
		setPairs(set, []pair{{"is-managed", value}})
		if set.Child("nvpair") == nil {
			set.Remove()
		}
	}
	return c.push()
}

func (c *call) resourceGroup(words []string) error {
	if len(words) < 3 || words[0] != "add" && words[0] != "remove" && words[0] != "delete" {
		return &errUsage{group: "resource"}
	}
	resources, err := c.section("resources")
	if err != nil {
		return err
	}
	if words[0] != "add" {
		for _, id := range words[2:] {
			g := resources.ByID("group", words[1])
			if g == nil {
				return existing(failf("Group '%s' does not exist", words[1]), resources, words[1])
			}
			p := g.ByID("primitive", id)
			if p == nil {
				return failf("Resource '%s' does not exist in group '%s'", id, words[1])
			}
			p.Remove()
			resources.Insert(g.Index()+1, p)
			if g.Child("primitive") == nil {
				g.Remove()
			}
		}
		return c.push()
	}
	if err := c.addToGroup(resources, words[1], words[2:]); err != nil {
		return err
	}
	return c.push()
}

func (c *call) addToGroup(resources *xml.Element, group string, ids []string) error {
	if msg := invalidID(group, "group name"); msg != "" {
		return failf("%s", msg)
	}
	g := resources.ByID("group", group)
	if g == nil {
		if n := resources.Parent.First("//*[@id='" + group + "']"); n != nil {
			return failf("'%s' is already a %s", group, n.Name)
		}
	}
	var list []*xml.Element
	for _, id := range ids {
		p := resources.ByID("primitive", id)
		if p == nil {
			return existing(failf("Unable to find resource: %s", id), resources, id)
		}
		if slices.Contains(list, p) {
			return failf("Resources specified more than once: '%s'", id)
		}
		list = append(list, p)
	}
	if g == nil {
		g = resources.Append(xml.New("group", "id", group))
	}
	at := len(g.Children)
	for i, ref := range []string{c.opt.before, c.opt.after} {
		if ref == "" {
			continue
		}
		r := g.ByID("primitive", ref)
		if r == nil {
			return failf("there is no resource '%s' in the group '%s'", ref, group)
		}
		at = r.Index() + i
	}
	for _, p := range list {
		old := p.Parent
		p.Remove()
		if old.Name == "group" && old != g && old.Child("primitive") == nil {
			old.Remove()
		}
		g.Insert(at, p)
		at++
	}
	return nil
}

func (c *call) resourceUngroup(words []string) error {
	if len(words) < 1 {
		return &errUsage{group: "resource"}
	}
	resources, err := c.section("resources")
	if err != nil {
		return err
	}
	g := resources.ByID("group", words[0])
	if g == nil {
		return existing(failf("Group '%s' does not exist", words[0]), resources, words[0])
	}
	at := g.Index()
	for p := g.Child("primitive"); p != nil; p = g.Child("primitive") {
		p.Remove()
		g.Parent.Insert(at, p)
		at++
	}
	g.Remove()
	return c.push()
}

func (c *call) resourceClone(words []string) error      { return c.cloneAs("clone", words) }
func (c *call) resourceMaster(words []string) error     { return c.cloneAs("master", words) }
func (c *call) resourcePromotable(words []string) error { return c.cloneAs("promotable", words) }

func (c *call) cloneAs(kind string, words []string) error {
	id := ""
	switch el9 := c.env.Profile == conf.EL9; {
	case kind == "master" && el9:
		return failf("Master/Slave resources have been renamed to promotable clones").hint("use 'pcs resource promotable'")
	case len(words) == 0 || kind == "promotable" && !el9:
		return &errUsage{group: "resource"}
	case kind == "master" && len(words) > 1 && !strings.Contains(words[1], "="): // <master id> <resource>
		id, words = words[0], words[1:]
	case el9 && len(words) > 1 && !strings.Contains(words[1], "="): // <resource> <clone id>
		id, words = words[1], append([]string{words[0]}, words[2:]...)
	}
	resources, err := c.section("resources")
	if err != nil {
		return err
	}
	p := resourceByID(resources, words[0])
	if p == nil || p.Name != "primitive" && p.Name != "group" {
		return existing(failf("unable to find group or resource: %s", words[0]), resources, words[0])
	}
	if p.Parent.Name == "clone" || p.Parent.Name == "master" {
		return failf("%s is already a clone resource", words[0])
	}
	list, err := pairs(words[1:])
	if err != nil {
		return err
	}
	if err := c.intoClone(resources, p, kind, id, list); err != nil {
		return err
	}
	return c.push()
}

func (c *call) resourceUnclone(words []string) error {
	if len(words) < 1 {
		return &errUsage{group: "resource"}
	}
	resources, err := c.section("resources")
	if err != nil {
		return err
	}
	p := resourceByID(resources, words[0])
	for p != nil && p.Name != "clone" && p.Name != "master" {
		p = p.Parent
		if p == resources {
			p = nil
		}
	}
	if p == nil {
		return existing(failf("could not find resource: %s", words[0]), resources, words[0])
	}
	for _, kind := range []string{"group", "primitive"} {
		if inner := p.Child(kind); inner != nil {
			inner.Remove()
			p.Parent.Insert(p.Index(), inner)
			break
		}
	}
	p.Remove()
	return c.push()
}

func (c *call) resourceDelete(words []string) error {
	if len(words) != 1 {
		return &errUsage{group: "resource"}
	}
	id := words[0]
	resources, err := c.section("resources")
	if err != nil {
		return err
	}
	p := resourceByID(resources, id)
	if p == nil {
		return existing(failf("Resource '%s' does not exist.", id), resources, id)
	}
	if c.cib.live != nil && c.runsSomewhere(p) {
		if err := c.stopFirst(p); err != nil {
			return err
		}
		if resources, err = c.section("resources"); err != nil {
			return err
		}
		if p = resourceByID(resources, id); p == nil {
			return failf("Resource '%s' does not exist.", id)
		}
	}
	gone := map[string]bool{}
	for n := range p.Walk() {
		switch n.Name {
		case "primitive", "group", "clone", "master", "bundle":
			gone[n.ID()] = true
		}
	}
	for parent := p.Parent; parent != resources && countResources(parent) == countResources(p); parent = parent.Parent {
		p = parent
		gone[p.ID()] = true
	}
	for _, con := range c.constraintsOf(gone) {
		if con.Child("resource_set") != nil && !gone[con.Get("rsc")] { // a location may have both
			for _, line := range leaveSets(con, gone) {
				c.env.Printf("%s\n", line)
			}
			continue
		}
		c.env.Printf("Removing Constraint - %s\n", con.ID())
		con.Remove()
	}
	switch p.Name {
	case "group":
		for m := range p.Each("primitive") {
			c.env.Printf("Deleting Resource - %s\n", m.ID())
		}
		if p.ID() == id {
			c.env.Printf("Removing group: %s (and all resources within group)\n", id)
		}
	default:
		c.env.Printf("Deleting Resource - %s\n", id)
	}
	p.Remove()
	return c.push()
}

// leaveSets takes resources out of the sets of a constraint: what others there
// are to each other stays. A set without any goes, and the constraint with its
// last one. It returns what pcs says of it.
func leaveSets(con *xml.Element, ids map[string]bool) (lines []string) {
	for _, set := range slices.Clone(con.Children) {
		if set.Name != "resource_set" {
			continue
		}
		for _, ref := range slices.Clone(set.Children) {
			if ref.Name == "resource_ref" && ids[ref.ID()] {
				ref.Remove()
				lines = append(lines, "Removing "+ref.ID()+" from set "+set.ID())
			}
		}
		if set.Child("resource_ref") == nil {
			set.Remove()
			lines = append(lines, "Removing set "+set.ID())
		}
	}
	if con.Child("resource_set") == nil {
		con.Remove()
		lines = append(lines, "Removing constraint "+con.ID())
	}
	return lines
}

func countResources(n *xml.Element) (count int) {
	for e := range n.Walk() {
		if e.Name == "primitive" {
			count++
		}
	}
	return count
}

// constraintsOf returns the constraints about any of the resources.
func (c *call) constraintsOf(ids map[string]bool) []*xml.Element {
	var list []*xml.Element
	for con := range c.cib.doc.Descend("configuration", "constraints").Each("") {
		hit := false
		for _, a := range []string{"rsc", "with-rsc", "first", "then"} {
			hit = hit || ids[con.Get(a)]
		}
		for ref := range con.Walk() {
			hit = hit || ref.Name == "resource_ref" && ids[ref.ID()]
		}
		if hit {
			list = append(list, con)
		}
	}
	return list
}
