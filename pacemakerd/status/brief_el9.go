package status

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
)

// briefResources writes the resource list with primitives counted by agent and
// node: first those that stand alone, then those of groups. Clones and bundles
// are written as ever. What the cluster made up counts, and what is left of
// resources that are not configured any more.
func (w *listEL9) briefResources(c *pengine.Cluster, list []*entry, inactive bool) {
	var alone []*pengine.Resource
	for _, r := range c.Resources {
		if r.Kind == pengine.Primitive {
			alone = append(alone, r)
		}
	}
	w.brief(alone, false, inactive)
	w.counts = true
	defer func() { w.counts = false }()
	for _, e := range list {
		switch e.R.Kind {
		case pengine.Primitive:
		case pengine.Group:
			w.begin("%s", e.groupTitle())
			w.brief(e.R.Children, false, true)
			w.end()
		default:
			writeEntry(w, e)
		}
	}
}

// briefly counts the members of a group instead of naming them, where that is
// wanted.
func (w *listEL9) briefly(group *entry) bool {
	if w.counts {
		w.brief(group.R.Children, false, true)
	}
	return w.counts
}

// brief writes how many primitives of each agent are active on each node. below
// says that they are written below their node, which is not named again; total
// adds how many there are of the agent, and shows those of which none is active.
func (w *listEL9) brief(list []*pengine.Resource, below, total bool) {
	count := map[string]int{}
	active := map[string]map[string]int{}
	for _, r := range list {
		agent := wordsEL9.agent(r)
		count[agent]++
		if active[agent] == nil {
			active[agent] = map[string]int{}
		}
		for _, n := range r.Locations() {
			if n.Online || n.Unclean || !r.Managed {
				active[agent][n.Name]++
			}
		}
	}
	for _, agent := range slices.Sorted(maps.Keys(count)) {
		of := ""
		if total {
			of = fmt.Sprintf("/%d", count[agent])
		}
		for _, node := range slices.Sorted(maps.Keys(active[agent])) {
			name := node
			if below {
				name = ""
			}
			w.line("%d%s\t(%s):\tActive %s", active[agent][node], of, agent, name)
		}
		if total && len(active[agent]) == 0 {
			w.line("0%s\t(%s):\tActive", of, agent)
		}
	}
}
