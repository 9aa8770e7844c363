package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/rules"

// assignBundle places containers like instances, then what belongs to each
// (scheduler.md 12.9).
func (tr *Transition) assignBundle(r *Resource, prefer *Node) {
	// A bundle is gone through again each time it is asked for, even while it is
	// being assigned; what is placed already stays.
	b := r.Bundle
	r.assigning = true
	tr.showScores(r, "pcmk__bundle_allocate")
	containers := mergeSort(r.instances(), tr.compareInstances)
	tr.distribute(r, containers, b.nreplicas, b.perHost)
	for _, rep := range b.Replicas {
		if rep.IP != nil {
			tr.assign(rep.IP, prefer)
		}
		host := rep.Container.Assigned
		if rep.Connection != nil && host.Away() {
			// Nested connections have to be on the same host.
			tr.colocate("child-remote-with-docker-remote", "", rules.Infinity, rep.Connection, host.Connection, "", "", true)
		}
		if rep.Connection != nil {
			tr.assign(rep.Connection, prefer)
		}
		if rep.Child == nil {
			continue
		}
		for i := range rep.Child.allowed {
			s := &rep.Child.allowed[i]
			if !s.in {
				continue
			}
			if n := tr.allNodes[i]; n != rep.Node {
				s.score = -rules.Infinity
			} else if !tr.thresholdReached(rep.Child, n) {
				s.score = rules.Infinity
			}
		}
		inner := rep.Child.Parent
		inner.assigning = true
		tr.assign(rep.Child, rep.Node)
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
				if rep.Node == tr.allNodes[i] {
					s.score = 0
				}
			}
		}
		tr.assign(b.Inner, prefer)
	}
	r.assigning, r.provisional = false, false
}
