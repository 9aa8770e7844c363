package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/rules"

// How mergeScores treats contributions.
type mergeMode uint

const (
	mergeActive      mergeMode = 1 << iota // discard what leaves no node
	mergeNonNegative                       // keep results from falling below 0
	mergeThisWith                          // follow colocations the other way
)

// unusable marks nodes during a non-negative merge; they end as 1.
const unusable = rules.Infinity * -2

// mergeScores adds the scores of r, and of what is colocated with r, to a
// table, by a factor (scheduler.md 12.5, "Merging").
func (c *Cluster) mergeScores(r, target *Resource, t *table, attr string, factor float32, mode mergeMode) {
	if r.merging || !c.spend(10*(2+len(c.allNodes)), "along colocations") {
		return
	}
	r.merging = true
	defer func() { r.merging = false }()
	work := c.mergeStart(r, target, *t, attr, factor, mode)
	if work == nil {
		return
	}
	switch {
	case c.anyAvailable(work):
		c.mergeColocated(r, target, &work, factor, mode)
	case mode&mergeActive != 0:
		return
	}
	if mode&mergeNonNegative != 0 {
		for i := range work {
			if work[i].in && work[i].score == unusable {
				work[i].score = 1
			}
		}
	}
	*t = work
}

// mergeStart is a copy of a table with the scores of r itself. Without a table
// it is that of r. A group is represented by its first member, whose
// colocations lead on to the others, or, without a table, by its last.
func (c *Cluster) mergeStart(r, target *Resource, t table, attr string, factor float32, mode mergeMode) table {
	work := t.clone()
	fresh := t == nil && mode&mergeThisWith != 0
	switch {
	case r.Kind == Group && fresh:
		c.mergeScores(r.Children[len(r.Children)-1], target, &work, attr, factor, mode)
	case r.Kind == Group:
		c.mergeScores(r.Children[0], target, &work, attr, factor, mode)
	case fresh:
		return r.allowed.clone()
	default:
		c.addMatching(work, r, attr, factor, mode&mergeNonNegative != 0, target)
	}
	return work
}

// mergeColocated goes on to what is colocated with r; for a group that is what
// is with its last member.
func (c *Cluster) mergeColocated(r, target *Resource, work *table, factor float32, mode mergeMode) {
	if mode&mergeThisWith != 0 {
		for _, col := range r.thisWith {
			c.mergeScores(col.Primary, target, work, col.attr, signOf(factor)*factorOf(col), mode|mergeActive)
		}
		return
	}
	list := r.withThis
	if r.Kind == Group {
		list = r.Children[len(r.Children)-1].withThis
	}
	for _, col := range list {
		if col.hasInfluence(nil) {
			c.mergeScores(col.Dependent, target, work, col.attr, signOf(factor)*factorOf(col), mode|mergeActive)
		}
	}
}

func signOf(factor float32) float32 {
	if factor < 0 {
		return -1
	}
	return 1
}

// addMatching adds to every node the best score r has on available nodes with
// the same attribute value.
func (c *Cluster) addMatching(work table, r *Resource, attr string, factor float32, nonNegative bool, target *Resource) {
	for i := range work {
		s := &work[i]
		if !s.in {
			continue
		}
		score := c.bestMatching(r, c.allNodes[i], attr)
		if factor < 0 && score < 0 || s.score == unusable {
			continue
		}
		part := float64(factor * float32(score))
		rounded := 0
		if part < 0 {
			rounded = int(part - 0.5)
		} else {
			rounded = int(part + 0.5)
		}
		if rounded == 0 && score != 0 {
			if factor > 0 {
				rounded = 1
			} else if factor < 0 {
				rounded = -1
			}
		}
		sum := rules.AddScores(rounded, s.score)
		if nonNegative && sum < 0 {
			if s.score > 0 {
				s.score = unusable
				continue
			}
			if s.score == 0 {
				continue
			}
		}
		s.score = sum
		if rounded != 0 {
			c.because(target, c.allNodes[i], rounded, "what is colocated with it: ", r.ID)
		}
	}
}

func (c *Cluster) bestMatching(r *Resource, n *Node, attr string) int {
	best := -rules.Infinity
	if attr == "#uname" && n.named {
		if s := r.allowed.get(n); s != nil && n.available() {
			best = max(best, s.score)
		}
		return best
	}
	for i := range r.allowed {
		m := c.allNodes[i]
		if s := &r.allowed[i]; s.in && s.score > best && m.available() && m.sameAttr(n, attr) {
			best = s.score
		}
	}
	return best
}
