package pengine

import "fmt"

// What one plan may have. A CIB can be written, by mistake or with intent, so
// that relations between all of its parts fill memory, or are followed for
// ever. Each limit is far beyond what a cluster can run; a plan that meets one
// is given up, and its error says which.
const (
	maxResources   = 100_000 // instances and members included
	maxSlots       = 10_000_000
	maxMembers     = 1_000_000
	maxOrderings   = 3_000_000
	maxColocations = 1_000_000
	maxRuleDepth   = 1_000

	// maxSteps bounds the time: each step is a short look at one thing.
	maxSteps = 400_000_000
	// maxUpdates bounds the update loop, where the original can recurse for
	// ever on odd inputs.
	maxUpdates     = 50_000_000
	maxUpdateDepth = 20_000
)

// A LimitError is the error of a plan that was given up because it would have
// more of something than it may have.
type LimitError struct {
	What string
	Most int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("the configuration leads to more than %d %s", e.Most, e.What)
}

// fits tells whether there may be n more of what there are have of, and gives
// the plan up if not.
func (c *Cluster) fits(have, n, most int, what string) bool {
	if c.failed == nil && n > most-have {
		c.failed = &LimitError{what, most}
	}
	return c.failed == nil
}

// spend counts steps. Once there were too many, or another limit was met, what
// is under way is to come to its end.
func (c *Cluster) spend(n int, what string) bool {
	if c.failed == nil {
		if c.steps += n; c.steps > maxSteps {
			c.failed = &LimitError{"steps, the last of them " + what, maxSteps}
		}
	}
	return c.failed == nil
}
