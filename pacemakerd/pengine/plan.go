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
	// Limits bounds the plan; nil means DefaultLimits.
	Limits *Limits
}

// A Result is a plan with everything that led to it.
type Result struct {
	*Cluster
	// Graph is the transition graph.
	Graph *xml.Node
	// Scores are the lines of crm_simulate -s and -U, in the order they came up,
	// if Options.Scores and Options.Utilization ask for them.
	Scores []ScoreLine
	// Notices are lines crm_simulate prints before the summary.
	Notices []string
}

// ErrLoop is the error of a plan that could not be made because orderings
// never came to rest.
var ErrLoop = errors.New("orderings do not come to rest")

// ErrNoCIB is the error of a document that is no CIB.
var ErrNoCIB = errors.New("not a CIB with a configuration")

// Status unpacks a CIB without planning anything: who is where, what failed.
// The CIB is not changed. It fails with ErrNoCIB, or a *LimitError.
func Status(cib *xml.Node, o Options) (*Cluster, error) {
	if cib == nil || cib.Name != "cib" || cib.Child("configuration") == nil {
		return nil, ErrNoCIB
	}
	c := &Cluster{cib: cib.Clone(), ask: o, limits: DefaultLimits(), now: o.Now.Truncate(time.Second),
		nodeByID: make(map[string]*Node), nodeByName: make(map[string]*Node), rscByID: make(map[string]*Resource),
		byHistoryName: make(map[string]*Resource), templates: make(map[string][]string), nodeAction: make(map[string]*Action)}
	if o.Limits != nil {
		c.limits = *o.Limits
	}
	if at, ok := rules.Int(cib.Get("execution-date")); ok && at > 0 && !o.Fixed {
		c.now = time.Unix(at, 0).In(o.Now.Location())
	}
	c.cib.Ensure("status")
	c.haveQuorum = rules.IsTrue(cib.Get("have-quorum"))
	c.rules = &rules.Evaluator{Now: c.now, Index: rules.NewIndex(c.cib.Child("configuration")), Report: c.reportValue, Recheck: c.recheckAt, Budget: c.affordsRule}
	c.unpackOptions()
	if !c.haveQuorum && c.opt.noQuorum != "ignore" {
		c.log("cluster_status", Warning, "Fencing and resource management disabled due to lack of quorum")
	}
	c.unpackNodes()
	c.unpackRemoteNodes()
	c.unpackResources()
	if c.failed != nil {
		return nil, c.failed
	}
	c.unpackTags()
	c.unpackStatus()
	return c, c.failed
}

// Plan makes a plan for a CIB, which is not changed (spec: scheduler.md 1). It
// fails with ErrNoCIB, ErrLoop, or a *LimitError.
func Plan(cib *xml.Node, o Options) (*Result, error) {
	o.Scores = o.Scores || o.Explain
	c, err := Status(cib, o)
	if err != nil {
		return nil, err
	}
	for _, step := range [...]func(){
		c.applyHealth, c.unpackConstraints, c.nodeCriteria, c.internalOrderings, c.changedDefinitions, c.assignAll, c.createActions,
		c.orderRemoteActions, c.fencingAndShutdown, c.applyOrderings,
		func() { c.Changes() }, // the plan is told to the log before it is written
		c.createGraph,
	} {
		if step(); c.failed != nil {
			return nil, c.failed
		}
	}
	for _, a := range c.actions {
		a.Reason = a.reason
	}
	return &Result{Cluster: c, Graph: c.graph, Scores: c.scores, Notices: c.notices}, nil
}

// Now is the time the working set was made for.
func (c *Cluster) Now() time.Time { return c.now }

// HaveQuorum tells whether the CIB says that this partition has quorum.
func (c *Cluster) HaveQuorum() bool { return c.haveQuorum }

// Resource finds a resource by id.
func (c *Cluster) Resource(id string) *Resource { return c.rscByID[id] }

// Node finds a node by name.
func (c *Cluster) Node(name string) *Node { return c.node(name) }

// CIB is the document the working set was made from, a copy.
func (c *Cluster) CIB() *xml.Node { return c.cib }

// Actions lists all actions, oldest first.
func (c *Cluster) Actions() []*Action { return c.actions }
