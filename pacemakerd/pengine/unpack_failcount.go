package pengine

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// failName is the name fail counts are kept under.
func (r *Resource) failName() string {
	name := r.ID
	if r.cloneName != "" {
		name = r.cloneName
	}
	if r.Unique {
		return name
	}
	return HistoryBase(name)
}

// failCount adds up the fail counts of a resource on a node and finds the time
// of the last failure. The effective count is 0 once all failures have expired
// (scheduler.md 9).
func (c *Cluster) failCount(n *Node, r *Resource, effective bool, op *xml.Element) (count int, last int64) {
	name := r.failName()
	legacy := rules.CompareVersions(c.cib.Get("crm_feature_set"), "3.0.13") < 0
	for attr, v := range n.Attrs {
		if rest, ok := strings.CutPrefix(attr, "fail-count-"); ok && failAttr(rest, name, r.Unique, legacy) {
			count = rules.AddScores(count, c.rules.Score(v))
		} else if rest, ok := strings.CutPrefix(attr, "last-failure-"); ok && failAttr(rest, name, r.Unique, legacy) {
			when, _ := rules.Int(v)
			last = max(last, when)
		}
	}
	if count != 0 && r.failureTimeout > 0 && c.failureBlocks(n, r, op) {
		c.log("pe_get_failcount", Warning, "Ignoring failure timeout %d for %s because it conflicts with on-fail=block", r.failureTimeout, r.ID)
		r.failureTimeout = 0
	}
	if effective && count > 0 && last > 0 && r.failureTimeout > 0 && c.now.Unix() > last+r.failureTimeout {
		count = 0
	}
	return count, last
}

// FailCount is how often a resource failed on a node, failures that have
// expired included, and the time of the last one in seconds, 0 if not known.
func (c *Cluster) FailCount(n *Node, r *Resource) (count int, last int64) {
	return c.failCount(n, r, false, nil)
}

// containerFailCount is the effective count with those of the fillers.
func (c *Cluster) containerFailCount(n *Node, r *Resource) int {
	count, _ := c.failCount(n, r, true, nil)
	if r.bundleOf() == nil {
		for _, f := range r.fillers {
			more, _ := c.failCount(n, f, true, nil)
			count = rules.AddScores(count, more)
		}
	}
	return count
}

// failAttr matches the part of an attribute name after its prefix.
func failAttr(s, name string, unique, legacy bool) bool {
	s, ok := strings.CutPrefix(s, name)
	if !ok {
		return false
	}
	if !unique && strings.HasPrefix(s, ":") {
		end := digitRun(s, 1)
		if end > 1 {
			s = s[end:]
		}
	}
	if legacy {
		return s == ""
	}
	op, ok := strings.CutPrefix(s, "#")
	if !ok {
		return false
	}
	i := strings.LastIndexByte(op, '_')
	return i > 0 && i+1 < len(op) && digitRun(op, i+1) == len(op)
}

// failureBlocks tells whether an operation with on-fail=block has failed there:
// then failures never expire.
func (c *Cluster) failureBlocks(n *Node, r *Resource, op *xml.Element) bool {
	base := HistoryBase(r.ID) // even for unique instances
	for conf := range r.XML.Child("operations").Each("op") {
		if conf.Get("on-fail") != "block" {
			continue
		}
		if op != nil {
			if matchesFailure(base, conf, op) {
				return true
			}
			continue
		}
		ms := rules.Interval(conf.Get("interval"))
		for e := range c.histories.lrmResource(base, n.Name).Each("lrm_rsc_op") {
			if e.Get("operation") == conf.Get("name") && opInterval(e) == ms && matchesFailure(base, conf, e) {
				return true
			}
		}
	}
	return false
}

func matchesFailure(id string, conf, op *xml.Element) bool {
	ms := rules.Interval(conf.Get("interval"))
	if conf.Get("name") != op.Get("operation") || opInterval(op) != ms {
		return false
	}
	switch op.ID() {
	case id + "_last_failure_0":
		return true
	case OpKey(id, conf.Get("name"), ms):
		rc, _ := rules.Int(op.Get("rc-code"))
		return int(rc) != expectedResult(op)
	}
	return false
}

// clearFailCount schedules the clearing of a fail count.
func (tr *Transition) clearFailCount(r *Resource, n *Node, why string) *Action {
	a := tr.action(r, OpKey(r.ID, "clear_failcount", 0), "clear_failcount", n, false)
	a.meta["op_no_wait"] = "true"
	a.reason = why
	return a
}

// clearHistory schedules the deletion of a history entry.
func (tr *Transition) clearHistory(r *Resource, n *Node) *Action {
	return tr.action(r, OpKey(r.ID, "lrm_delete", 0), "lrm_delete", n, false)
}
