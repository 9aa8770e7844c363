package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/rules"

// assignBundle places containers like instances, then what belongs to each
// (spec: scheduler.md 12.9).
func (c *Cluster) assignBundle(r *Resource, prefer *Node) {
	// A bundle is gone through again each time it is asked for, even while it is
	// being assigned; what is placed already stays.
	b := r.Bundle
	r.assigning = true
	c.showScores(r, "pcmk__bundle_allocate")
	containers := mergeSort(r.instances(), c.compareInstances)
	c.distribute(r, containers, b.nreplicas, b.perHost)
	for _, rep := range b.Replicas {
		if rep.IP != nil {
			c.assign(rep.IP, prefer)
		}
		host := rep.Container.Assigned
		if rep.Connection != nil && host.Away() {
			// Nested connections have to be on the same host.
			c.colocate("child-remote-with-docker-remote", "", rules.Infinity, rep.Connection, host.Connection, "", "", true)
		}
		if rep.Connection != nil {
			c.assign(rep.Connection, prefer)
		}
		if rep.Child == nil {
			continue
		}
		for i := range rep.Child.allowed {
			s := &rep.Child.allowed[i]
			if !s.in {
				continue
			}
			if n := c.allNodes[i]; n != rep.Node {
				s.score = -rules.Infinity
			} else if !c.thresholdReached(rep.Child, n) {
				s.score = rules.Infinity
			}
		}
		inner := rep.Child.Parent
		inner.assigning = true
		c.assign(rep.Child, rep.Node)
		inner.assigning = false
	}
	if b.Inner != nil {
		for i := range b.Inner.allowed {
			s := &b.Inner.allowed[i]
			if !s.in {
				continue
			}
			s.score = -rules.Infinity
			for _, rep := range b.Replicas {
				if rep.Node == c.allNodes[i] {
					s.score = 0
				}
			}
		}
		c.assign(b.Inner, prefer)
	}
	r.assigning, r.provisional = false, false
}
