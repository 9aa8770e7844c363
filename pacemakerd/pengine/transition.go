package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/xml"

// A Transition is a plan for a Cluster: what the stages compute, as it grows.
// Everything exported is for reading.
type Transition struct {
	*Cluster

	// Graph is the transition graph.
	Graph *xml.Element
	// Scores are the lines of crm_simulate -s and -U, in the order they came up,
	// if Options.Scores and Options.Utilization ask for them.
	Scores []ScoreLine
	// Notices are lines crm_simulate prints before the summary.
	Notices []string

	// What unpacking the status found, for later.
	stopLater   []*Resource // containers to stop once everything is known
	paramChecks []paramCheck

	// From the constraints on.
	colocations []*Colocation
	locations   []*Location
	orderings   []*ordering

	placing []*Resource // the resources in the order in which they are placed

	actions      []*Action // oldest first
	nodeAction   map[string]*Action
	lastActionID int

	visitMark int // of actions that a search went through
}

// Actions lists all actions, oldest first.
func (tr *Transition) Actions() []*Action { return tr.actions }

// inOrder are the top-level resources in the order in which they are placed,
// which everything after that follows.
func (tr *Transition) inOrder() []*Resource {
	if tr.placing != nil {
		return tr.placing
	}
	return tr.Resources
}
