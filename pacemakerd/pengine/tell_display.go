package pengine

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Counts are the numbers of resource instances, and of those disabled by
// target-role or blocked by failures.
type Counts struct{ Instances, Disabled, Blocked int }

// Count counts the resource instances as the status has them: what a constraint
// or the loss of a ticket blocks does not count (scheduler.md 23.1).
func (c *Cluster) Count() Counts { return c.counts }

func (c *Cluster) count() (n Counts) {
	var walk func(r *Resource)
	walk = func(r *Resource) {
		switch r.Kind {
		case Primitive:
			if r.Orphan && r.Role <= RoleStopped {
				return
			}
			n.Instances++
			if r.Disabled() {
				n.Disabled++
			}
			if r.Blocked {
				n.Blocked++
			}
		case Bundle:
			for _, rep := range r.Bundle.Replicas {
				for _, part := range rep.parts() {
					if part != nil {
						walk(part)
					}
				}
			}
		default:
			for _, child := range r.Children {
				walk(child)
			}
		}
	}
	for _, r := range c.Resources {
		walk(r)
	}
	return n
}

// TargetRole is the configured target role, RoleUnknown if there is none.
func (r *Resource) TargetRole() Role { return rules.ParseRole(r.Meta["target-role"]) }

// Disabled tells whether the target role limits what the resource could be.
func (r *Resource) Disabled() bool {
	role := r.TargetRole()
	return role == RoleStopped || role == RoleUnpromoted && r.Top().Promotable
}

// PrintableID is the id as shown: anonymous instances go without number.
func (r *Resource) PrintableID() string {
	if r.Unique {
		return r.ID
	}
	return r.XML.ID()
}

// Active tells whether all (or any part) of the resource is active.
func (r *Resource) Active(all bool) bool { return r.active(all) }

// CurrentRole is the role, for collectives the highest inside.
func (r *Resource) CurrentRole() Role { return r.state(true) }

// Locations are the nodes a resource, or a part of it, is active on.
func (r *Resource) Locations() []*Node {
	_, all := r.location(true)
	return all
}

// Any tells whether f holds for r or anything below it.
func (r *Resource) Any(f func(*Resource) bool) bool {
	if f(r) {
		return true
	}
	for _, child := range r.Children {
		if child.Any(f) {
			return true
		}
	}
	return false
}

// Internal tells whether the resource was made up by the cluster.
func (r *Resource) Internal() bool { return r.internal }

// IsConnection tells whether r is the connection of a remote or guest node.
func (r *Resource) IsConnection() bool { return r.isConnection }

// Number is the instance number, "" outside clones.
func (r *Resource) Number() string { return r.number }

// CloneName is what histories call an instance, "" if that is not known.
func (r *Resource) CloneName() string { return r.cloneName }

// HistoryName is what histories call the resource, or would.
func (r *Resource) HistoryName() string {
	switch {
	case r.cloneName != "":
		return r.cloneName
	case !r.Unique:
		return r.baseID()
	}
	return r.ID
}

// Parameters are the instance attributes of a resource on a node.
func (c *Cluster) Parameters(r *Resource, n *Node) map[string]string { return c.parameters(r, n) }

// Threshold is how many failures the resource may have on a node.
func (r *Resource) Threshold() int { return r.threshold }

// Container is the resource r lives in, nil if none.
func (r *Resource) Container() *Resource { return r.container }

// AllowedNodes lists the nodes a resource has in its table, or is known on
// where the table is empty, by name.
func (c *Cluster) AllowedNodes(r *Resource) []*Node {
	var list, known []*Node
	for _, n := range c.Nodes {
		if r.allowed.get(n) != nil {
			list = append(list, n)
		}
		if r.known[n] {
			known = append(known, n)
		}
	}
	if len(list) == 0 {
		return known
	}
	return list
}

// FailedProbe finds the masked failed probe of a resource, on a node if one is
// named, among the failures. A clone and all in it go by the configured id of
// what is cloned, to the letter.
func (c *Cluster) FailedProbe(r *Resource, node string) *xml.Element {
	of := r.ID
	if top := r.Top(); top.Kind == Clone && len(top.Children) > 0 {
		of = top.Children[0].baseID()
	}
	for _, op := range c.FailedOps {
		// What does not say where it was, as entries of old versions, is not shown.
		if on, said := op.Lookup("on_node"); !masked(op) || !said || node != "" && !strings.EqualFold(on, node) {
			continue
		}
		if id, _, _, ok := ParseOpKey(historyKey(op)); ok && id == of {
			return op
		}
	}
	return nil
}

// A Ban keeps a resource off a node.
type Ban struct {
	ID       string // of the constraint or its rule
	Resource *Resource
	Node     *Node
	Score    int
	Promoted bool // only in that role
}

func (tr *Transition) noteBans() {
	for _, loc := range slices.Backward(tr.locations) { // the last one comes first
		nodes := slices.Clone(loc.Nodes)
		if !loc.gathered {
			slices.Reverse(nodes)
		}
		for _, at := range nodes {
			if at.Score < 0 {
				tr.Bans = append(tr.Bans, Ban{loc.ID, loc.Resource, at.Node, at.Score, loc.role == RolePromoted})
			}
		}
	}
}

// HealthRed and HealthYellow say how a node's health is to be shown.
func (c *Cluster) NodeHealth(n *Node) int {
	if c.opt.healthStrategy == "none" {
		return 0
	}
	worst := 0
	for name, v := range n.Attrs {
		if !strings.HasPrefix(name, "#health") {
			continue
		}
		score := c.rules.Score(v)
		switch {
		case strings.EqualFold(v, "red"):
			worst = 2
		case strings.EqualFold(v, "yellow"):
			worst = max(worst, 1)
		case score <= c.rules.Colours.Red:
			worst = 2
		case score <= c.rules.Colours.Yellow && c.rules.Colours.Yellow != c.rules.Colours.Green:
			worst = max(worst, 1)
		}
	}
	return worst
}

// MaintenanceMode tells whether the whole cluster is unmanaged.
func (c *Cluster) MaintenanceMode() bool { return c.opt.maintenance }

// StopAll tells whether stop-all-resources is set.
func (c *Cluster) StopAll() bool { return c.opt.stopAll }

// FencingEnabled tells whether stonith-enabled holds.
func (c *Cluster) FencingEnabled() bool { return c.opt.fencing }

// HaveFenceDevice tells whether a fence device is configured.
func (c *Cluster) HaveFenceDevice() bool { return c.haveDevice || c.opt.watchdog }

// Symmetric is the option symmetric-cluster.
func (c *Cluster) Symmetric() bool { return c.opt.symmetric }

// Milliseconds is a cluster option that is a time span.
func (c *Cluster) Milliseconds(name, def string) string {
	return itoa(rules.Interval(cmp.Or(c.opt.all[name], def)))
}

// Find finds a resource by id or by the name that histories have for it.
func (c *Cluster) Find(id string) *Resource {
	if r := c.Named(id); r != nil {
		return r
	}
	return c.rscByID[id+":0"]
}

// QuorumPolicy is the option no-quorum-policy as it takes effect.
func (c *Cluster) QuorumPolicy() string { return c.opt.noQuorum }
