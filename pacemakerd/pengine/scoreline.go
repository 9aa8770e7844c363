package pengine

// A ScoreLine is one line of crm_simulate -s or -U.
type ScoreLine struct {
	Step     string // "pcmk__primitive_assign" ..., "" for promotion scores
	Resource string // "" where it is about what a node can hold
	Node     string
	Score    int
	// Amounts is what a node can hold, or a resource takes from it; such a
	// line, Room says, has no score.
	Amounts []Amount
	Room    bool
}

// An Amount is some of what nodes have and resources use.
type Amount struct {
	Name  string
	Value int
}
