package pengine

// discovery is resource-discovery of a resource on a node.
type discovery int

const (
	discoverAlways discovery = iota
	discoverNever
	discoverExclusive
)

// A slot is what a resource knows about one node: its score there and how.
type slot struct {
	score    int
	count    int // instances placed there
	in       bool
	fixed    bool
	discover discovery
}

// A table is a resource's slots by node index.
type table []slot

func (t table) get(n *Node) *slot {
	if n == nil || n.index >= len(t) || !t[n.index].in {
		return nil
	}
	return &t[n.index]
}

func (t *table) put(n *Node, s slot) *slot {
	for len(*t) <= n.index {
		*t = append(*t, slot{})
	}
	s.in = true
	(*t)[n.index] = s
	return &(*t)[n.index]
}

func (t table) clone() table { return append(table(nil), t...) }
