package status

import (
	"cmp"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// stack is the kind of cluster, as the coordinator wrote it down.
func stack(c *pengine.Cluster) string { return cmp.Or(c.Option("cluster-infrastructure"), "unknown") }

// version is the coordinator's.
func version(c *pengine.Cluster) string { return cmp.Or(c.Option("dc-version"), "unknown") }

// lastChange says when, by whom and from where the CIB was last changed.
func lastChange(doc *xml.Element) string {
	text := doc.Get("cib-last-written")
	for _, x := range []struct{ word, attr string }{{"by", "update-user"}, {"via", "update-client"}, {"on", "update-origin"}} {
		if v := doc.Get(x.attr); v != "" {
			text += " " + x.word + " " + v
		}
	}
	return text
}

// mixedVersions tells whether the nodes speak different feature sets.
func mixedVersions(c *pengine.Cluster) bool {
	first := ""
	for _, n := range c.Nodes {
		v := n.Attrs["#feature-set"]
		if !n.Online || v == "" {
			continue
		}
		if first != "" && v != first {
			return true
		}
		first = v
	}
	return false
}

// fencingWord and symmetryWord say how the cluster is configured in what
// matters most.
func fencingWord(c *pengine.Cluster) string { return choose(c.FencingEnabled(), "enabled", "disabled") }
func symmetryWord(c *pengine.Cluster) string {
	return choose(c.Symmetric(), "symmetric", "asymmetric")
}

// unmanaged is said of a cluster in maintenance.
// stopped is said where nothing shall run.
const stopped = "\n    *** Resource management is DISABLED ***\n  The cluster will keep all resources stopped\n"

const unmanaged = "\n              *** Resource management is DISABLED ***\n  The cluster will not attempt to start, stop or recover services\n"

// countEL7 counts resources as 1.1.20 does: none that runs without being
// configured, a blocked one only if it is not disabled, and what is disabled
// once for itself and once for what it is a member of.
func countEL7(c *pengine.Cluster) (n pengine.Counts) {
	var walk func(r *pengine.Resource)
	walk = func(r *pengine.Resource) {
		switch r.Kind {
		case pengine.Primitive:
			if !r.Orphan {
				n.Instances++
			}
			if r.Disabled() {
				n.Disabled++
			} else if r.Blocked {
				n.Blocked++
			}
		case pengine.Bundle:
			for _, rep := range r.Bundle.Replicas {
				for _, part := range replicaParts(rep) {
					walk(part)
				}
			}
		default:
			for _, member := range r.Children {
				if member.Disabled() {
					n.Disabled++
				}
				walk(member)
			}
		}
	}
	for _, r := range c.Resources {
		walk(r)
	}
	return n
}
