package pengine

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
)

func (c *Cluster) unpackGroup(r *Resource) bool {
	r.ordered, r.colocat = c.groupFlag(r, "ordered"), c.groupFlag(r, "collocated")
	for e := range r.XML.Each("primitive") {
		if r.number != "" {
			e.Set("clone", r.number)
		}
		m := c.unpackResource(e, r)
		if c.failed != nil {
			return false
		}
		if m == nil {
			c.log("group_unpack", Error, "Failed unpacking resource %s", e.ID())
			continue
		}
		r.Children = append(r.Children, m)
	}
	if len(r.Children) == 0 {
		c.log("group_unpack", Warning, "Group %s does not have any children", r.ID)
		return false
	}
	return true
}

// groupFlag reads an option of a group's that only false turns off.
func (c *Cluster) groupFlag(r *Resource, name string) bool {
	if notFalse(r.Meta[name]) {
		return true
	}
	c.logDeprecated(NoteDeprecatedNow, "set_group_flag", name, "Support for the '"+name+"' group meta-attribute is deprecated and will be removed in a future release (use a resource set instead)")
	return false
}

// bounded keeps a slip of the pen in the number of instances from filling memory.
func (c *Cluster) bounded(r *Resource, n int) int {
	if n > c.limits.Instances {
		c.log("limits", Warning, "Only %d of the %d instances of %s are considered", c.limits.Instances, n, r.ID)
	}
	return min(n, c.limits.Instances)
}

// notFalse is for options that only an explicit false turns off.
func notFalse(s string) bool {
	v, ok := rules.ParseBool(s)
	return !ok || v
}

// unpackClone makes the instances of a clone (scheduler.md 6.6).
func (c *Cluster) unpackClone(r *Resource) bool {
	m := r.Meta
	info := &CloneInfo{legacyMaster: r.XML.Name == "master"}
	r.Clone = info
	number := func(def int, names ...string) int {
		for _, name := range names {
			if v, ok := m[name]; ok {
				n := c.rules.Integer(v)
				if n < 0 {
					c.log("pcmk__scan_min_int", Warning, "Clipped '%s' to minimum acceptable value 0", v)
				}
				return int(max(0, min(n, rules.Infinity)))
			}
		}
		return def
	}
	if r.Promotable {
		info.PromotedMax = number(1, "promoted-max", "master-max")
		info.PromotedNodeMax = number(1, "promoted-node-max", "master-node-max")
	}
	info.configuredNodeMax = number(1, "clone-node-max")
	info.NodeMax = info.configuredNodeMax
	info.Max = c.bounded(r, number(max(1, len(c.Nodes)), "clone-max"))
	info.Ordered = rules.IsTrue(m["ordered"])
	info.Interleave = rules.IsTrue(m["interleave"])
	if !r.Unique && info.NodeMax > 1 {
		c.log("clone_unpack", Error, "Ignoring promoted-max for %s because anonymous clones support only one instance per node", r.ID) // 2.1.5 names the wrong option
		info.NodeMax = 1
	}
	for e := range r.XML.Each("") {
		if e.Name == "primitive" || e.Name == "group" {
			info.childXML = e
			break
		}
	}
	if info.childXML == nil {
		c.log("clone_unpack", Error, "%s has nothing to clone", r.ID)
		return false
	}
	// Clones are sticky by default, and their children know whether they are
	// unique.
	if _, ok := m["resource-stickiness"]; !ok {
		m["resource-stickiness"] = "1"
	}
	if _, ok := m["globally-unique"]; !ok {
		m["globally-unique"] = trueFalse(r.Unique)
	}
	if info.Max <= 0 {
		return c.newInstance(r, true) != nil
	}
	for info.total < info.Max {
		if c.newInstance(r, false) == nil {
			return false
		}
	}
	return true
}

func trueFalse(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// newInstance makes the next instance of a clone, as an orphan if it is one
// too many.
func (c *Cluster) newInstance(r *Resource, orphan bool) *Resource {
	info := r.Clone
	e := info.childXML.Clone()
	e.Set("clone", itoa(info.total))
	child := c.unpackResource(e, r)
	if child == nil {
		return nil
	}
	info.total++
	if _, ok := child.Meta["clone-max"]; !ok {
		child.Meta["clone-max"] = itoa(info.Max)
	}
	if orphan {
		setOrphan(child)
	}
	r.Children = append(r.Children, child)
	return child
}

func setOrphan(r *Resource) {
	r.Orphan = true
	for _, child := range r.Children {
		setOrphan(child)
	}
}

// checkCloneable looks whether the agent of a primitive inside a clone can do
// what the clone asks for. Only ocf agents can be promoted; only ocf agents,
// and historically fence devices, can be globally unique.
func (c *Cluster) checkCloneable(r *Resource) bool {
	top := r.Top()
	if top.Kind != Clone {
		return true
	}
	if r.Unique && r.Class != "ocf" && r.Class != "stonith" {
		c.log("pe__force_anon", Warning, "Ignoring globally-unique for %s because %s resources such as %s can be used only as anonymous clones", top.ID, r.Class, r.ID)
		top.Clone.NodeMax = 1
		top.Clone.Max = min(top.Clone.Max, len(c.Nodes))
		// The instance in the making, a group, is not among the clone's yet.
		setAnonymous(top)
		r.Unique = false
	}
	if top.Promotable && r.Class != "ocf" {
		c.log("native_unpack", Error, "Resource %s is of type %s and therefore cannot be used as a promotable clone resource", r.ID, r.Class)
		return false
	}
	return true
}

func setAnonymous(r *Resource) {
	r.Unique = false
	for _, child := range r.Children {
		setAnonymous(child)
	}
}

// HistoryBase is a resource id without instance number.
func HistoryBase(id string) string {
	i := strings.LastIndexByte(id, ':')
	if i < 0 {
		return id
	}
	for _, b := range []byte(id[i+1:]) {
		if !isDigit(b) {
			return id
		}
	}
	return id[:i]
}

// baseID is the id of a resource in the configuration.
func (r *Resource) baseID() string { return r.XML.ID() }
