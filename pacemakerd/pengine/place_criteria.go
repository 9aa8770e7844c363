package pengine

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
)

// nodeCriteria applies what nodes and constraints say about every resource
// (scheduler.md 11).
func (tr *Transition) nodeCriteria() {
	if tr.opt.shutdownLock {
		for _, r := range tr.Resources {
			tr.applyLock(r)
		}
	}
	for i := len(tr.locations) - 1; i >= 0; i-- {
		loc := tr.locations[i]
		if len(loc.Nodes) > 0 {
			tr.applyLocation(loc.Resource, loc, loc.Nodes)
		}
	}
	for _, r := range tr.Resources {
		tr.applyStickiness(r)
	}
	for _, n := range tr.Nodes {
		for _, r := range tr.Resources {
			tr.applyThreshold(r, n)
			tr.applyExclusive(r, n)
		}
	}
}

// applyHealth turns node health into location constraints.
func (tr *Transition) applyHealth() {
	if tr.opt.healthStrategy == "none" {
		return
	}
	for _, n := range tr.Nodes {
		score := tr.opt.healthBase
		for name, v := range n.Attrs {
			if strings.HasPrefix(name, "#health") {
				score = rules.AddScores(score, tr.rules.Score(v))
			}
		}
		if score == 0 {
			continue
		}
		for _, r := range tr.Resources {
			if score < 0 && rules.IsTrue(r.Meta["allow-unhealthy-nodes"]) {
				continue
			}
			loc := tr.newLocation(tr.opt.healthStrategy, r, "")
			loc.Nodes = []NodeScore{{n, score}}
		}
	}
}

// applyLock locks resources to nodes that shut down cleanly.
func (tr *Transition) applyLock(r *Resource) {
	switch r.Kind {
	case Group:
		for _, m := range r.Children {
			tr.applyLock(m)
		}
		return
	case Clone, Bundle:
		return
	}
	if r.fenceDevice || tr.remoteConnection(r) {
		return
	}
	switch {
	case r.LockNode != nil:
		if len(r.Running) > 0 {
			tr.clearHistory(r, r.LockNode)
			r.LockNode, r.LockTime = nil, 0
		}
	case len(r.Running) == 1:
		if n := r.Running[0]; n.Shutdown && !n.Unclean {
			r.LockNode = n
			r.LockTime, _ = rules.Int(n.Attrs["shutdown"])
			if r.LockTime == 0 {
				r.LockTime = tr.now.Unix()
			}
		}
	}
	if r.LockNode == nil {
		return
	}
	if limit := tr.opt.shutdownLockLimit / 1000; limit > 0 {
		tr.recheckAt(unix(r.LockTime + limit + 1))
	}
	for _, n := range tr.Nodes {
		if n != r.LockNode {
			tr.addScore(r, n, -rules.Infinity, "shutdown-lock: it is kept for the node that was shut down")
		}
	}
}

// applyStickiness prefers the node a resource is on.
func (c *Cluster) applyStickiness(r *Resource) {
	if len(r.Children) > 0 {
		for _, child := range r.Children {
			c.applyStickiness(child)
		}
		return
	}
	if !r.Managed || r.stickiness < 1 || len(r.Running) != 1 {
		return
	}
	n := r.Running[0]
	if !c.opt.symmetric && r.allowed.get(n) == nil {
		return
	}
	c.addScore(r, n, r.stickiness, "resource-stickiness: it runs there")
}

// applyThreshold bans resources from nodes where they failed too often.
func (c *Cluster) applyThreshold(r *Resource, n *Node) {
	if len(r.Children) > 0 {
		for _, child := range r.Children {
			c.applyThreshold(child, n)
		}
		return
	}
	if len(r.findExact(OpKey(r.ID, "clear_failcount", 0), n)) > 0 {
		return
	}
	if c.thresholdReached(r, n) {
		ban := r.wholeIfAnonymous()
		c.log("check_failure_threshold", Warning, "%s cannot run on %s due to reaching migration threshold (clean up resource to allow again)", ban.ID, n.Name)
		why := ""
		if c.ask.Explain {
			why = c.thresholdWhy(r, n)
		}
		c.addScore(ban, n, -rules.Infinity, why)
	}
}

func (c *Cluster) thresholdReached(r *Resource, n *Node) bool {
	if r.threshold == 0 || r.FailureIgnored {
		return false
	}
	count := c.containerFailCount(n, r)
	return count > 0 && count >= r.threshold
}

// applyExclusive bans a resource with exclusive discovery from nodes that are
// not exclusive.
func (c *Cluster) applyExclusive(r *Resource, n *Node) {
	if !r.exclusive && !r.Top().exclusive {
		return
	}
	for _, child := range r.Children {
		c.applyExclusive(child, n)
	}
	if s := r.allowed.get(n); s != nil && s.discover != discoverExclusive {
		s.score = -rules.Infinity
		c.because(r, n, -rules.Infinity, "a location constraint with resource-discovery=exclusive elsewhere")
	}
}
