package corosync

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Cluster says in Go what a corosync.conf says: which nodes there are, and how
// they decide who may act. It has to be the same on all nodes.
type Cluster struct {
	// Name is the name of the cluster; it may be "".
	Name string
	// Nodes are all nodes, this one included.
	Nodes []NodeSpec
	// Port is the UDP port that all nodes listen on; 0 means 5405. Generation 2
	// uses the one below it too.
	Port uint16
	// Token is after what time without the token the others are asked who is
	// still there, in whole milliseconds; 0 means 3 s in generation 3 and 1 s in
	// generation 2. A death is noticed about 2.2 times as late.
	Token time.Duration
	// NoQuorum lets each part of the cluster act, however small. Otherwise it is
	// the part with more than half of the votes.
	NoQuorum bool
	// TwoNode lets each of two nodes act alone once both have been there. Where
	// there are not two, it has no effect.
	TwoNode bool
	// WaitForAll lets nobody act after a start until all nodes have been there. It
	// and TwoNode have no effect with NoQuorum.
	WaitForAll bool
}

// A NodeSpec is a node of a [Cluster].
type NodeSpec struct {
	// ID is from 1, another one for each node.
	ID uint32
	// Addr is the IP address of the node, or a name that stands for the same one
	// on each node.
	Addr string
	// Name is what the node is called; it may be "".
	Name string
	// Votes are the votes of the node; 0 means 1.
	Votes uint32
}

func (c *Cluster) clone() *Cluster {
	d := *c
	d.Nodes = slices.Clone(c.Nodes)
	return &d
}

// has tells whether the node with this id is in the cluster.
func (c *Cluster) has(id uint32) bool {
	return slices.ContainsFunc(c.Nodes, func(n NodeSpec) bool { return n.ID == id })
}

// check refuses what would be read as something else.
func (c *Cluster) check() error {
	if c == nil || len(c.Nodes) == 0 {
		return &ConfigError{Text: "the cluster has no nodes", Remedy: "fill in Cluster.Nodes"}
	}
	if c.Token < 0 || c.Token%time.Millisecond != 0 {
		return &ConfigError{Text: fmt.Sprintf("%v is no time for Cluster.Token", c.Token), Remedy: "give whole milliseconds, or 0"}
	}
	word := func(what, s string) error {
		if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("{}#:", r) && what != "address" }) || strings.ContainsAny(s, "{}#") {
			return &ConfigError{Text: fmt.Sprintf("%q is no %s", s, what)}
		}
		return nil
	}
	if err := word("name", c.Name); err != nil {
		return err
	}
	for i, n := range c.Nodes {
		if n.ID == 0 || n.Addr == "" {
			return &ConfigError{Text: fmt.Sprintf("node %d of the cluster has no id or no address", i+1)}
		}
		if slices.ContainsFunc(c.Nodes[:i], func(o NodeSpec) bool { return o.ID == n.ID || o.Addr == n.Addr }) {
			return &ConfigError{Text: fmt.Sprintf("node %d of the cluster has the id or the address of another one", i+1)}
		}
		if err := word("address", n.Addr); err != nil {
			return err
		}
		if err := word("name", n.Name); err != nil {
			return err
		}
	}
	return nil
}

// text is the corosync.conf that says the same.
func (c *Cluster) text(authenticated bool) []byte {
	var b strings.Builder
	key := func(name string, value any) { fmt.Fprintf(&b, "\t%s: %v\n", name, value) }
	b.WriteString("totem {\n")
	key("version", 2)
	key("transport", "udpu")
	if c.Name != "" {
		key("cluster_name", c.Name)
	}
	if authenticated {
		key("secauth", "on")
	} else {
		key("secauth", "off")
	}
	if c.Token > 0 {
		key("token", c.Token.Milliseconds())
	}
	if c.Port > 0 {
		fmt.Fprintf(&b, "\tinterface {\n\t\tringnumber: 0\n\t\tmcastport: %d\n\t}\n", c.Port)
	}
	b.WriteString("}\nnodelist {\n")
	for _, n := range c.Nodes {
		fmt.Fprintf(&b, "\tnode {\n\t\tring0_addr: %s\n\t\tnodeid: %d\n", n.Addr, n.ID)
		if n.Name != "" {
			fmt.Fprintf(&b, "\t\tname: %s\n", n.Name)
		}
		if n.Votes > 0 {
			fmt.Fprintf(&b, "\t\tquorum_votes: %d\n", n.Votes)
		}
		b.WriteString("\t}\n")
	}
	b.WriteString("}\n")
	if !c.NoQuorum {
		b.WriteString("quorum {\n")
		key("provider", "corosync_votequorum")
		if c.TwoNode {
			key("two_node", 1)
		}
		if c.WaitForAll {
			key("wait_for_all", 1)
		}
		b.WriteString("}\n")
	}
	return []byte(b.String())
}
