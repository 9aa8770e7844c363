package pengine

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// unpackResources reads the resources (scheduler.md 6).
func (c *Cluster) unpackResources() {
	conf := c.cib.Child("configuration")
	c.rscDefaults, c.opDefaults = conf.Child("rsc_defaults"), conf.Child("op_defaults")
	resources := conf.Child("resources")
	c.unfencing = c.usesUnfencing()
	for e := range resources.Each("template") {
		if _, ok := c.templates[e.ID()]; !ok {
			c.templates[e.ID()] = nil
		}
	}
	for e := range resources.Each("") {
		if e.Name == "template" {
			continue
		}
		if e.ID() == "" {
			c.log("unpack_resources", Error, "Ignoring <%s> resource without ID", e.Name)
			continue
		}
		r := c.unpackResource(e, nil)
		if r == nil {
			c.log("unpack_resources", Error, "Ignoring <%s> resource '%s' because configuration is invalid", e.Name, e.ID())
			continue
		}
		c.Resources = append(c.Resources, r)
	}
	for _, r := range c.Resources {
		c.linkContainers(r)
		c.linkConnection(r)
	}
	slices.SortStableFunc(c.Resources, func(a, b *Resource) int { return cmp.Compare(b.priority, a.priority) })
	if c.opt.fencing && !c.haveDevice && !c.opt.watchdog {
		c.log("unpack_resources", Error, "Resource start-up disabled since no STONITH resources have been defined")
		c.log("unpack_resources", Error, "Either configure some or disable STONITH with the stonith-enabled option")
		c.log("unpack_resources", Error, "NOTE: Clusters with shared data need STONITH to ensure data integrity")
	}
}

// usesUnfencing is decided by the text alone, before anything is unpacked.
func (c *Cluster) usesUnfencing() bool {
	conf := c.cib.Child("configuration")
	for _, section := range [...]string{"resources", "rsc_defaults"} {
		for set := range conf.Child(section).Walk() {
			if set.Name != "meta_attributes" {
				continue
			}
			for p := range set.Each("nvpair") {
				if n := p.Get("name"); (n == "provides" || n == "requires") && p.Get("value") == "unfencing" {
					return true
				}
			}
		}
	}
	return false
}

// unpackResource makes a resource and what is inside it. nil means that it is
// invalid and is to be ignored.
func (c *Cluster) unpackResource(e *xml.Element, parent *Resource) *Resource {
	c.nresources++
	if !c.fits(c.nresources, 0, c.limits.Resources, "resources and instances") || !c.fits(c.nresources*len(c.Nodes), 0, c.limits.Slots, "places for resources on nodes") {
		return nil
	}
	if t, ok := e.Lookup("template"); ok {
		c.spend(len(c.templates[t]), "looking for templates")
		c.templates[t] = appendNew(c.templates[t], e.ID())
	}
	full, ok := c.expandTemplate(e)
	if !ok {
		return nil
	}
	r := &Resource{ID: full.ID(), XML: full, Parent: parent, known: make(map[*Node]bool),
		Class: full.Get("class"), Provider: full.Get("provider"), Type: full.Get("type"), Managed: true, provisional: true,
		params: make(map[*Node]map[string]string), Role: RoleStopped}
	switch full.Name {
	case "primitive":
		r.Kind = Primitive
	case "group":
		r.Kind = Group
	case "clone", "master":
		r.Kind = Clone
	case "bundle":
		r.Kind = Bundle
	default:
		c.log("common_unpack", Error, "Unrecognized resource type: <%s id=\"%s\"/>", full.Name, r.ID)
		return nil
	}
	if n, ok := full.Lookup("clone"); ok {
		r.number = n
		r.ID = full.ID() + ":" + n
	}
	r.fenceDevice = r.Kind == Primitive && r.Class == "stonith"
	r.isConnection = r.Kind == Primitive && isConnectionAgent(full)
	if ops := full.Child("operations"); ops != nil {
		r.ops = c.rules.Referred(ops)
	}
	c.resourceMeta(r)
	if !c.commonOptions(r) {
		return nil
	}
	ok = true
	switch r.Kind {
	case Primitive:
		ok = c.checkCloneable(r)
		if ok && r.fenceDevice {
			c.haveDevice = true
		}
	case Group:
		ok = c.unpackGroup(r)
	case Clone:
		ok = c.unpackClone(r)
	case Bundle:
		ok = c.unpackBundle(r)
	}
	if !ok {
		return nil
	}
	if c.rscByID[r.ID] == nil {
		c.rscByID[r.ID] = r
	}
	if c.opt.symmetric {
		c.addScoreEverywhere(r, 0, symmetricCluster)
	} else if r.isConnection && r.Meta["container"] != "" {
		// Guests need nowhere to be allowed: their connection follows the machine.
		c.addScoreEverywhere(r, 0, "guest connection")
	}
	values := make(map[string]string)
	c.rules.Unpack(full, "utilization", "", &rules.Facts{Agent: r.agent()}, values, rules.KeepFirst)
	r.utilization = amounts(values)
	return r
}

func (r *Resource) agent() *rules.Agent {
	return &rules.Agent{Class: r.Class, Provider: r.Provider, Type: r.Type}
}

// resourceMeta resolves the meta attributes: first hit wins (scheduler.md 6.3).
func (c *Cluster) resourceMeta(r *Resource) {
	m := make(map[string]string)
	r.Meta = m
	for _, a := range r.XML.Attrs {
		m[a.Name] = a.Value
	}
	ev := &rules.Facts{Agent: r.agent()}
	c.rules.Unpack(r.XML, "meta_attributes", "", ev, m, rules.KeepFirst)
	for p := r.Parent; p != nil; p = p.Parent {
		c.rules.Unpack(p.XML, "meta_attributes", "", ev, m, rules.KeepFirst)
	}
	c.rules.Unpack(c.rscDefaults, "meta_attributes", "", ev, m, rules.KeepFirst)
	if r.Parent != nil {
		for k, v := range r.Parent.Meta {
			if _, set := m[k]; !set {
				m[k] = v
			}
		}
	}
}

// parameters are the instance attributes of a resource on a node, or without
// one.
func (c *Cluster) parameters(r *Resource, n *Node) map[string]string {
	if p, ok := r.params[n]; ok {
		return p
	}
	p := make(map[string]string)
	r.params[n] = p
	ev := &rules.Facts{Agent: r.agent()}
	if n != nil {
		ev.Attrs = n.Attrs
	}
	c.rules.Unpack(r.XML, "instance_attributes", "", ev, p, rules.KeepFirst)
	for q := r.Parent; q != nil; q = q.Parent {
		c.rules.Unpack(q.XML, "instance_attributes", "", ev, p, rules.KeepFirst)
	}
	c.rules.Unpack(c.rscDefaults, "instance_attributes", "", ev, p, rules.KeepFirst)
	return p
}

func (c *Cluster) commonOptions(r *Resource) bool {
	m := r.Meta
	if r.XML.Name == "master" {
		m["promotable"] = "true"
	}
	r.priority = c.rules.Score(m["priority"])
	r.critical = true
	if v, ok := m["critical"]; ok {
		r.critical = rules.IsTrue(v)
	}
	r.Notify = rules.IsTrue(m["notify"])
	r.internal = rules.IsTrue(m["internal-rsc"])
	remote := r.isConnection && m["container"] == ""
	if v, ok := m["allow-migrate"]; ok {
		r.allowMigrate = rules.IsTrue(v)
	} else {
		r.allowMigrate = remote
	}
	if v, ok := m["is-managed"]; ok && !strings.EqualFold(v, "default") {
		r.Managed = rules.IsTrue(v)
	}
	if rules.IsTrue(m["maintenance"]) {
		r.Managed, r.Maintenance = false, true
	}
	if c.opt.maintenance {
		r.Managed, r.Maintenance = false, true
	}
	if r.Top().Kind == Clone {
		r.Unique = rules.IsTrue(m["globally-unique"])
		r.Promotable = r.Kind == Clone && rules.IsTrue(m["promotable"])
	} else {
		r.Unique = true
	}
	if m["restart-type"] == "restart" {
		c.logDeprecated(NoteDeprecated, "pe__unpack_resource", "restart-type", "Support for restart-type is deprecated and will be removed in a future release")
	}
	switch v := m["multiple-active"]; v {
	case "stop_only", "block", "stop_unexpected":
		r.multipleActive = v
	case "", "stop_start":
		r.multipleActive = "stop_start"
	default:
		r.multipleActive = "stop_start"
		c.log("pe__unpack_resource", Warning, "%s is not a valid value for multiple-active, using default of \"stop_start\"", v)
	}
	if v, ok := m["resource-stickiness"]; ok && !strings.EqualFold(v, "default") {
		r.stickiness = c.rules.Score(v)
	}
	r.threshold = rules.Infinity
	if v, ok := m["migration-threshold"]; ok && !strings.EqualFold(v, "default") {
		if r.threshold = c.rules.Score(v); r.threshold < 0 {
			c.logDeprecated(NoteNegativeThreshold, "pe__unpack_resource", "migration-threshold", "migration-threshold must be non-negative, using 1 instead")
			r.threshold = 1
		}
	}
	c.requirements(r)
	c.parameters(r, nil) // their rules may say when to look again
	if v, ok := m["failure-timeout"]; ok {
		if _, valid := rules.CheckInterval(v); !valid {
			c.log("crm_parse_interval_spec", Warning, "Using 0 instead of '%s'", v)
		}
		r.failureTimeout = rules.Interval(v) / 1000
	}
	if r.isConnection {
		if v := c.parameters(r, nil)["reconnect_interval"]; v != "" {
			r.reconnectMS = rules.Interval(v)
			r.failureTimeout = r.reconnectMS / 1000
		}
	}
	if role, limited := c.targetRole(r); limited {
		r.NextRole, r.nextRoleWhy = role, "target-role"
	}
	return true
}

// requirements turns "requires" into flags (scheduler.md 6.3).
func (c *Cluster) requirements(r *Resource) {
	v, given := r.Meta["requires"]
	v = strings.ToLower(v)
	switch v {
	case "nothing", "quorum":
	case "fencing":
		if !c.opt.fencing {
			c.log("unpack_requires", Warning, "%s requires fencing but fencing is disabled", r.ID)
		}
	case "unfencing":
		if r.fenceDevice {
			c.log("unpack_requires", Warning, "Resetting \"requires\" for %s to \"quorum\" because fencing devices cannot require unfencing", r.ID)
			v = "quorum"
		} else if !c.opt.fencing {
			c.log("unpack_requires", Warning, "Resetting \"requires\" for %s to \"quorum\" because fencing is disabled", r.ID)
			v = "quorum"
		}
	default:
		switch {
		case r.fenceDevice || r.isConnection:
			v = "quorum"
		case c.unfencing && c.opt.fencing:
			v = "unfencing"
		case c.unfencing:
			v = "quorum"
		case c.opt.fencing:
			v = "fencing"
		case c.opt.noQuorum == "ignore":
			v = "nothing"
		default:
			v = "quorum"
		}
		if given {
			c.log("unpack_requires", Error, "Resetting 'requires' for %s to '%s' because '%s' is not valid", r.ID, v, r.Meta["requires"])
		}
	}
	r.needsQuorum, r.needsFencing, r.needsUnfencing = v == "quorum", v == "fencing" || v == "unfencing", v == "unfencing"
}

// targetRole returns the role a resource is limited to, and whether it is.
func (c *Cluster) targetRole(r *Resource) (Role, bool) {
	v, ok := r.Meta["target-role"]
	if !ok || strings.EqualFold(v, "started") || strings.EqualFold(v, "default") {
		return RoleUnknown, false
	}
	role := rules.ParseRole(v)
	switch {
	case role == RoleUnknown:
		c.log("text2role", Error, "Unknown role: %s", v)
		c.logNoted(NoteRoleUnknown, "get_target_role", Error, "Ignoring 'target-role' for %s because '%s' is not valid", r.ID, v)
	case role > RoleStarted:
		if !r.Top().Promotable {
			c.logNoted(NoteRoleNotPromotable, "get_target_role", Error, "Ignoring 'target-role' for %s because '%s' only makes sense for promotable clones", r.ID, v)
			return RoleUnknown, false
		}
		if role == RolePromoted {
			return RoleUnknown, false
		}
		return role, true
	default:
		return role, true
	}
	return RoleUnknown, false
}

// Top returns the outermost parent; below a bundle, the bundle's inner clone.
func (r *Resource) Top() *Resource {
	for r.Parent != nil && r.Parent.Kind != Bundle {
		r = r.Parent
	}
	return r
}

// Outermost returns the outermost parent, bundles included.
func (r *Resource) Outermost() *Resource {
	for r.Parent != nil {
		r = r.Parent
	}
	return r
}

// bundleOf returns the bundle a resource is part of, nil if none.
func (r *Resource) bundleOf() *Resource {
	if r == nil {
		return nil
	}
	for r.Parent != nil {
		r = r.Parent
	}
	if r.Kind == Bundle {
		return r
	}
	return nil
}

func (r *Resource) anonymous() bool { return r.Top().Kind == Clone && !r.Unique }

// Primitives yields r and what is below it, primitives only, in order.
func (r *Resource) Primitives() []*Resource {
	if r.Kind == Primitive {
		return []*Resource{r}
	}
	var list []*Resource
	for _, child := range r.Children {
		list = append(list, child.Primitives()...)
	}
	return list
}

// linkContainers follows the meta attribute container (scheduler.md 6.8).
func (c *Cluster) linkContainers(r *Resource) {
	if len(r.Children) > 0 {
		for _, child := range r.Children {
			c.linkContainers(child)
		}
		return
	}
	id, ok := r.Meta["container"]
	if !ok || id == r.ID {
		return
	}
	container := c.rscByID[id]
	if container == nil {
		c.log("setup_container", Error, "Resource %s: Unknown resource container (%s)", r.ID, id)
		return
	}
	r.container = container
	container.fillers = append(container.fillers, r)
}

// linkConnection ties a remote or guest node to the resource that reaches it.
func (c *Cluster) linkConnection(r *Resource) {
	for _, child := range r.Children {
		c.linkConnection(child)
	}
	if !r.isConnection {
		return
	}
	n := c.node(r.ID)
	if n == nil {
		return
	}
	n.Connection = r
	if r.container == nil {
		c.startupFencing(n)
	} else {
		n.Attrs["#kind"] = "container"
	}
}

// addScoreEverywhere adds a score on every node known by now. Bundle nodes and
// the contents of bundles are not for everybody and take no part.
func (c *Cluster) addScoreEverywhere(r *Resource, score int, why string) {
	for _, n := range c.Nodes {
		c.addScore(r, n, score, why)
	}
}

const symmetricCluster = "symmetric cluster"

// addScore adds to the score of r on n, and of everything below r, listing the
// node where it was not listed.
func (c *Cluster) addScore(r *Resource, n *Node, score int, why string) {
	if (r.exclusive || n.discover == discoverNever) && why == symmetricCluster {
		return
	}
	for _, child := range r.Children {
		c.addScore(child, n, score, why)
	}
	s := r.allowed.get(n)
	if s == nil {
		s = r.allowed.put(n, slot{score: n.weight, fixed: n.fixed, discover: n.discover})
	}
	s.score = rules.AddScores(s.score, score)
	if score != 0 {
		c.because(r, n, score, why)
	}
}
