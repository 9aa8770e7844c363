package pengine

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// referred follows id-ref to the element it names, or returns n itself.
func (c *Cluster) referred(n *xml.Node) *xml.Node {
	ref, ok := n.Lookup("id-ref")
	if !ok {
		return n
	}
	for _, e := range c.byID[ref] {
		if e.Name == n.Name {
			return e
		}
	}
	c.log("expand_idref", Error, "CRIT: No match for //%s[@id='%s']", n.Name, ref)
	return nil
}

// indexIDs remembers every element of the configuration by its id.
func (c *Cluster) indexIDs() {
	c.byID = make(map[string][]*xml.Node)
	for e := range c.cib.Child("configuration").Walk() {
		if id, ok := e.Lookup("id"); ok && e.Name != "status" {
			c.byID[id] = append(c.byID[id], e)
		}
	}
}

// How values meet values that are there already.
type onConflict bool

const (
	keepFirst onConflict = false
	replace   onConflict = true
)

// unpackSets merges all blocks named kind below parent into into, highest
// score first and, among equals, the later one first; first names a block that
// comes before all others (spec: scheduler.md 3.1).
func (c *Cluster) unpackSets(parent *xml.Node, kind, first string, ev *evaluation, into map[string]string, on onConflict) {
	if parent == nil {
		return
	}
	type block struct {
		node  *xml.Node
		score int
	}
	var blocks []block
	for i := len(parent.Children) - 1; i >= 0; i-- {
		child := parent.Children[i]
		if child.Name != kind {
			continue
		}
		set := c.referred(child)
		if set == nil {
			continue
		}
		b := block{set, c.score(set.Get("score"))}
		if first != "" && set.Get("id") == first {
			b.score = Infinity + 1
		}
		blocks = append(blocks, b)
	}
	slices.SortStableFunc(blocks, func(a, b block) int { return cmp.Compare(b.score, a.score) })
	for _, b := range blocks {
		if !c.anyRule(b.node, ev) {
			continue
		}
		c.unpackPairs(b.node, into, on)
	}
}

func (c *Cluster) unpackPairs(set *xml.Node, into map[string]string, on onConflict) {
	// crm_config of very old documents has the pairs one level deeper.
	if inner := set.Child("attributes"); inner != nil {
		set = inner
	}
	for pair := range set.Each("nvpair") {
		ref := c.referred(pair)
		if ref == nil {
			continue
		}
		name := pair.Get("name")
		if name == "" {
			name = ref.Get("name")
		}
		value, ok := ref.Lookup("value")
		if name == "" || !ok {
			continue
		}
		_, there := into[name]
		switch {
		case strings.EqualFold(value, "#default"):
			delete(into, name)
		case there && on == keepFirst:
		default:
			into[name] = value
		}
	}
}

// anyRule tells whether a set, or a lifetime, counts: it has no rule, or one of
// its rules is true.
func (c *Cluster) anyRule(set *xml.Node, ev *evaluation) bool {
	some := false
	for rule := range set.Each("rule") {
		some = true
		if r := c.referred(rule); r != nil && c.ruleHolds(r, ev) {
			return true
		}
	}
	return !some
}
