package pengine

import (
	"cmp"
	"fmt"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
)

// A Contribution says how much of a score is due to what.
type Contribution struct {
	Score int
	Why   string
}

// An Explanation says why a resource will, or will not, run on a node.
type Explanation struct {
	Resource string
	Node     string
	Score    int  // when the node was chosen; 0 if Listed is false
	Listed   bool // whether the node was in question at all
	Chosen   bool
	Verdict  string // in words
	// Parts are what led to the score, in the order it came together. A later
	// ban outweighs everything before it, so they need not add up.
	Parts []Contribution
}

// Explain says for every primitive at or below a resource and every node, or
// the one named, why it will run there or not. Options.Explain has to be set.
// It is nil for a resource that does not exist.
func (tr *Transition) Explain(id, node string) []Explanation {
	rsc := tr.Resource(id)
	if rsc == nil {
		rsc = tr.Named(id)
	}
	if rsc == nil {
		return nil
	}
	list := []Explanation{}
	for _, p := range rsc.Primitives() {
		for _, n := range tr.Nodes {
			if node == "" || n.Name == node {
				list = append(list, tr.explain(p, n))
			}
		}
	}
	return list
}

func (tr *Transition) explain(p *Resource, n *Node) Explanation {
	e := Explanation{Resource: p.ID, Node: n.Name, Chosen: p.Assigned == n, Parts: tr.whys[p][n]}
	for _, l := range tr.Scores { // the last time it was shown is when it was decided
		if l.Resource == p.ID && l.Node == n.Name && l.Step == "pcmk__primitive_assign" {
			e.Score, e.Listed = l.Score, true
		}
	}
	switch {
	case e.Chosen:
		e.Verdict = tr.chosenVerdict(p, n)
	case p.NextRole == RoleStopped && p.nextRoleWhy == "target-role":
		e.Verdict = "not here: the target role is Stopped"
	case nodeTrouble(n) != "":
		e.Verdict = "not here: the node " + nodeTrouble(n)
	case !e.Listed && !tr.opt.symmetric:
		e.Verdict = "not here: the cluster is opt-in (symmetric-cluster=false) and no constraint allows this node"
	case !e.Listed:
		e.Verdict = "not here: the node was not in question"
	case e.Score < 0:
		e.Verdict = "not here: banned"
		if why := worst(e.Parts); why != "" {
			e.Verdict += " by " + why
		}
	case p.Assigned != nil:
		e.Verdict = "not here: " + p.Assigned.Name + " was preferred"
	default:
		e.Verdict = "not here"
	}
	return e
}

// chosenVerdict is about the node a resource was given to.
func (tr *Transition) chosenVerdict(p *Resource, n *Node) string {
	if !p.Managed {
		return "left alone here: it is unmanaged"
	}
	start := findFirst(p.actions, "", "start", n)
	switch {
	case start == nil || start.runnable && start.optional:
		return "runs here and stays"
	case start.runnable && runsOn(p, n):
		return "restarts here" + because(start.Reason)
	case start.runnable:
		return "starts here" + because(start.Reason)
	}
	why := start.Reason
	switch why {
	case reasonNoQuorum, reasonFreeze:
		why = "this partition has no quorum (no-quorum-policy=" + tr.opt.noQuorum + ")"
	case "":
		why = "what comes before it cannot be done"
		if start.needs == needFencing && tr.fencingWaits() {
			why = "a node is unclean and has not been fenced"
		}
	}
	return "chosen, but cannot start: " + why
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// fencingWaits tells whether a node is unclean.
func (c *Cluster) fencingWaits() bool {
	for _, n := range c.Nodes {
		if n.Unclean {
			return true
		}
	}
	return false
}

// nodeTrouble says in words why nothing may run on a node, "" if it may.
func nodeTrouble(n *Node) string {
	switch {
	case n.Unclean && !n.Online:
		return "is unclean and offline: it has to be fenced first"
	case n.Unclean:
		return "is unclean: it has to be fenced first"
	case !n.Online:
		return "is offline"
	case n.Shutdown:
		return "is shutting down"
	case n.StandbyOnFail:
		return "is in standby because something failed there"
	case n.Standby:
		return "is in standby"
	case n.Maintenance:
		return "is in maintenance"
	}
	return ""
}

// worst is the ban among the contributions, else the largest loss.
func worst(parts []Contribution) string {
	least := Contribution{}
	for _, p := range parts {
		if p.Score < least.Score {
			least = p
		}
	}
	return least.Why
}

// thresholdWhy names the failures that ban a resource from a node.
func (c *Cluster) thresholdWhy(r *Resource, n *Node) string {
	return fmt.Sprintf("the fail count %s of %s, which has reached migration-threshold=%s",
		rules.FormatScore(c.containerFailCount(n, r)), r.ID, rules.FormatScore(cmp.Or(r.threshold, rules.Infinity)))
}
