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

	// When it was put there: as which one, and how often the table was copied
	// since. That decides where the original's hash table has it.
	rank, copied int32
	puts         int32 // of the first slot of a table: how many were put there
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
	puts := (*t)[0].puts + 1
	s.in, s.rank = true, puts
	(*t)[n.index] = s
	(*t)[0].puts = puts
	return &(*t)[n.index]
}

func (t table) clone() table {
	c := append(table(nil), t...)
	for i := range c {
		c[i].copied++
	}
	return c
}
