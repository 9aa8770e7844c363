package pengine

import "fmt"

// Limits is what one plan may have. A CIB can be written, by mistake or with
// intent, so that relations between all of its parts fill memory, or are
// followed for ever. The defaults are far beyond what a cluster can run; a plan
// that meets one is given up, and its error says which.
type Limits struct {
	Resources   int // instances and members included
	Slots       int // resources times nodes
	Members     int // of resource sets
	Orderings   int
	Colocations int
	RuleDepth   int
	Instances   int // of one clone, replicas of one bundle; more are not considered

	// Steps bounds the time: each step is a short look at one thing.
	Steps int
	// Updates and UpdateDepth bound the update loop, where the original can
	// recurse for ever on odd inputs.
	Updates     int
	UpdateDepth int
}

// DefaultLimits are those of a plan that is asked for without any.
func DefaultLimits() Limits {
	return Limits{Resources: 100_000, Slots: 10_000_000, Members: 1_000_000, Orderings: 3_000_000, Colocations: 1_000_000,
		RuleDepth: 1_000, Instances: 1_000, Steps: 400_000_000, Updates: 50_000_000, UpdateDepth: 20_000}
}

// A LimitError is the error of a plan that was given up because it would have
// more of something than it may have.
type LimitError struct {
	What string
	Most int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("the configuration leads to more than %d %s", e.Most, e.What)
}
