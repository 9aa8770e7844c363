package pengine

import (
	"errors"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// FeatureSet is the crm_feature_set of the plans made here.
const FeatureSet = "3.16.1"

// Options say how to plan. The zero value, with Now set, is what the
// controller wants.
type Options struct {
	// Now is the time at which the plan is made; its location is that of
	// dates without zone. Where the CIB has an execution-date, that is used
	// unless Fixed is true.
	Now   time.Time
	Fixed bool
	// Sanitized says that the CIB may lack private parameters, as those given
	// to crm_simulate may: a matching secure digest is a match then.
	Sanitized bool
	// ConcurrentFencing is the default of the option concurrent-fencing.
	ConcurrentFencing bool
	// Scores keeps the lines of crm_simulate -s, Utilization those of -U,
	// Explain also the reasons of each score.
	Scores, Utilization, Explain bool
	// TransitionID is written to the graph.
	TransitionID int
	// Constraints reads them for a Status, too: which tickets they name, and
	// whom they keep off which node.
	Constraints bool
	// Check stops short of assigning anything: only the configuration is of
	// interest.
	Check bool
	// Limits bounds the plan; nil means DefaultLimits.
	Limits *Limits
}

// ErrLoop is the error of a plan that could not be made because orderings
// never came to rest.
var ErrLoop = errors.New("orderings do not come to rest")

// ErrNoCIB is the error of a document that is no CIB.
var ErrNoCIB = errors.New("not a CIB with a configuration")

// Status unpacks a CIB without planning anything: who is where, what failed.
// The CIB is not changed. It fails with ErrNoCIB, or a *LimitError.
func Status(cib *xml.Element, o Options) (*Cluster, error) {
	tr, err := unpack(cib, o)
	if err != nil {
		return nil, err
	}
	if o.Constraints {
		if tr.unpackConstraints(); tr.failed != nil {
			return nil, tr.failed
		}
		tr.noteBans()
	}
	return tr.Cluster, nil
}

// Plan makes a plan for a CIB, which is not changed (scheduler.md 1). It
// fails with ErrNoCIB, ErrLoop, or a *LimitError.
func Plan(cib *xml.Element, o Options) (*Transition, error) {
	o.Scores = o.Scores || o.Explain
	tr, err := unpack(cib, o)
	if err != nil {
		return nil, err
	}
	if err := tr.plan(); err != nil {
		return nil, err
	}
	return tr, nil
}

// unpack is the first two stages, but for the constraints. What is found in the
// status can already ask for actions.
func unpack(cib *xml.Element, o Options) (*Transition, error) {
	if cib == nil || cib.Name != "cib" || cib.Child("configuration") == nil {
		return nil, ErrNoCIB
	}
	u := &run{ask: o, limits: DefaultLimits(), now: o.Now.Truncate(time.Second)}
	if o.Limits != nil {
		u.limits = *o.Limits
	}
	if at, ok := rules.Int(cib.Get("execution-date")); ok && at > 0 && !o.Fixed {
		u.now = time.Unix(at, 0).In(o.Now.Location())
	}
	c := &Cluster{run: u, cib: cib.Clone(), nodeByID: make(map[string]*Node), nodeByName: make(map[string]*Node),
		rscByID: make(map[string]*Resource), byHistoryName: make(map[string]*Resource), templates: make(map[string][]string)}
	if c.read(); u.failed != nil {
		return nil, u.failed
	}
	tr := &Transition{Cluster: c, nodeAction: make(map[string]*Action)}
	if tr.unpackStatus(); u.failed != nil {
		return nil, u.failed
	}
	c.counts = c.count()
	return tr, nil
}

// read is the first stage.
func (c *Cluster) read() {
	c.histories.status = c.cib.Ensure("status")
	c.haveQuorum = rules.IsTrue(c.cib.Get("have-quorum"))
	c.rules = &rules.Evaluator{Now: c.now, Index: rules.NewIndex(c.cib.Child("configuration")), Report: c.reportValue, Recheck: c.recheckAt, Budget: c.affordsRule}
	c.unpackOptions()
	if !c.haveQuorum && c.opt.noQuorum != "ignore" {
		c.log("cluster_status", Warning, "Fencing and resource management disabled due to lack of quorum")
	}
	c.unpackNodes()
	c.unpackRemoteNodes()
	if c.unpackResources(); c.failed == nil {
		c.unpackTags()
	}
}

// plan is the other stages.
func (tr *Transition) plan() error {
	steps := []func(){
		tr.applyHealth, tr.unpackConstraints,
		tr.nodeCriteria, tr.internalOrderings, tr.changedDefinitions, tr.assignAll, tr.createActions,
		tr.orderRemoteActions, tr.fencingAndShutdown, tr.applyOrderings,
		func() { tr.Changes() }, // the plan is told to the log before it is written
		tr.createGraph,
	}
	if tr.ask.Check {
		steps = steps[:2]
	}
	for _, step := range steps {
		if step(); tr.failed != nil {
			return tr.failed
		}
	}
	for _, a := range tr.actions {
		a.Reason = a.reason
	}
	return nil
}
