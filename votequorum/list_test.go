package votequorum_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/votequorum"
)

// listed is a cluster whose nodes have a vote each, by their lists.
func listed(t *testing.T, nodes int) *cluster {
	var text strings.Builder
	text.WriteString("totem {\n version: 2\n transport: udpu\n}\nquorum {\n provider: corosync_votequorum\n}\nnodelist {\n")
	var ids []totem.NodeID
	for i := range nodes {
		fmt.Fprintf(&text, " node {\n  ring0_addr: 10.0.0.%d\n  nodeid: %d\n }\n", i+1, i+1)
		ids = append(ids, totem.NodeID(i+1))
	}
	c := &cluster{t: t, p: conf.EL9, nodes: make(map[totem.NodeID]*node), text: text.String() + "}\n"}
	c.start(ids...)
	return c
}

// lists has a node reload a file with so many nodes.
func (c *cluster) lists(id totem.NodeID, nodes uint32) {
	c.nodes[id].step(service.To{ID: service.IDVotequorum, Event: votequorum.Configure{
		Settings: &votequorum.Settings{Votes: 1, Expected: nodes, Counted: true}}})
	c.pump()
}

func (c *cluster) want(id totem.NodeID, quorate bool, expected, quorum uint32) {
	c.t.Helper()
	info, _ := c.nodes[id].vote.Info(0)
	if info.Quorate != quorate || info.Expected != expected || info.Quorum != quorum {
		c.t.Errorf("node %d: quorate %v, expects %d, quorum %d; want %v, %d, %d", id, info.Quorate, info.Expected, info.Quorum, quorate, expected, quorum)
	}
}

// TestListShrinks takes node 4 out of the lists, one list after the other. Not before
// all members have it out is a majority of three enough.
func TestListShrinks(t *testing.T) {
	c := listed(t, 4)
	c.want(1, true, 4, 3)
	c.lists(1, 3)
	c.lists(2, 3)
	c.form(1, 2, 3)
	for _, id := range []totem.NodeID{1, 2} {
		c.want(id, true, 3, 3)
	}
	c.want(3, true, 4, 3)
	c.lists(3, 3)
	for _, id := range []totem.NodeID{1, 2, 3} {
		c.want(id, true, 3, 2)
		if v := c.nodes[id].keys.Uint("runtime.votequorum.ev_barrier", 0); v != 3 {
			t.Errorf("node %d: ev_barrier %d", id, v)
		}
	}
	c.form(1, 2)
	c.want(1, true, 3, 2)
	c.lists(1, 4) // it grows for all at once
	c.want(2, false, 4, 3)
}

// TestListShrinksBeforeNodeLeaves: all lists are shorter before the node that was taken
// out is off the ring. Its vote counts as long as it is there.
func TestListShrinksBeforeNodeLeaves(t *testing.T) {
	c := listed(t, 4)
	for _, id := range []totem.NodeID{1, 2, 3} {
		c.lists(id, 3)
	}
	c.want(1, true, 4, 3)
	c.form(1, 2, 3)
	for _, id := range []totem.NodeID{1, 2, 3} {
		c.want(id, true, 3, 2)
	}
}

// TestStaleList: node 4 is out of the lists of 1 and 2, and 3 has not read its file yet,
// when the network divides them. Only those may go on of whom all agree.
func TestStaleList(t *testing.T) {
	c := listed(t, 4)
	c.lists(1, 3)
	c.lists(2, 3)
	c.form(1, 2)
	c.form(3, 4)
	for _, id := range []totem.NodeID{1, 2} {
		c.want(id, true, 3, 2)
	}
	for _, id := range []totem.NodeID{3, 4} {
		c.want(id, false, 4, 3)
	}
}

// TestBorrowedVotes: node 3 comes back with its stale list to two that are quorate with
// theirs. Divided from them again it has no quorum together with the node that they
// have taken out.
func TestBorrowedVotes(t *testing.T) {
	c := listed(t, 4)
	c.form(3)
	c.form(4)
	c.form(1, 2)
	c.lists(1, 3)
	c.lists(2, 3)
	c.want(1, true, 3, 2)
	c.want(3, false, 4, 3)
	c.form(1, 2, 3)
	c.want(3, true, 3, 2)
	c.form(1, 2)
	c.form(3, 4)
	c.want(1, true, 3, 2)
	for _, id := range []totem.NodeID{3, 4} {
		c.want(id, false, 4, 3)
	}
	c.form(1, 2, 3)
	c.want(3, true, 3, 2)
}

// TestDecidedVotes: what an administrator says (corosync-quorumtool -e) is in force on all
// nodes, whatever their lists are.
func TestDecidedVotes(t *testing.T) {
	c := listed(t, 4)
	c.lists(1, 3)
	c.form(1, 2, 3)
	c.nodes[2].step(service.To{ID: service.IDVotequorum, Event: votequorum.SetExpected{Votes: 3}})
	c.pump()
	for _, id := range []totem.NodeID{1, 2, 3} {
		c.want(id, true, 3, 2)
	}
}

// TestLateWord: while it has no ring node 1 reads a longer list and then a shorter one
// again. What it said of the longer one is sent on the next ring, after the
// synchronisation.
func TestLateWord(t *testing.T) {
	c := listed(t, 2)
	c.lists(1, 1)
	c.lists(2, 1)
	c.form(1)
	c.want(1, true, 1, 1)
	reads := func(nodes uint32) {
		c.nodes[1].step(service.To{ID: service.IDVotequorum, Event: votequorum.Configure{
			Settings: &votequorum.Settings{Votes: 1, Expected: nodes, Counted: true}}})
	}
	reads(4)
	reads(3)
	reads(2)
	late := c.wire
	c.wire = nil
	c.lists(2, 2)
	c.form(1, 2)
	for _, id := range []totem.NodeID{1, 2} {
		c.want(id, true, 2, 2)
	}
	c.wire = late[:len(late)-2] // the last one it could say in time
	c.pump()
	for _, id := range []totem.NodeID{1, 2} {
		c.want(id, true, 2, 2)
	}
}

// TestLateWordAlone: the same on a node that is alone when it is sent, with nobody to
// say more.
func TestLateWordAlone(t *testing.T) {
	c := listed(t, 2)
	c.lists(2, 1)
	c.form(1)
	c.form(2)
	for _, nodes := range []uint32{3, 1} {
		c.nodes[2].step(service.To{ID: service.IDVotequorum, Event: votequorum.Configure{
			Settings: &votequorum.Settings{Votes: 1, Expected: nodes, Counted: true}}})
	}
	late := c.wire[:len(c.wire)-2]
	c.wire = nil
	c.form(2)
	c.wire = late
	c.pump()
	c.want(2, true, 1, 1)
}

// TestDecidedTwice: what an administrator says is in force above what the lists say,
// said once or twice, on the next ring too.
func TestDecidedTwice(t *testing.T) {
	c := listed(t, 2)
	for range 2 {
		c.nodes[2].step(service.To{ID: service.IDVotequorum, Event: votequorum.SetExpected{Votes: 3}})
		c.pump()
		for _, id := range []totem.NodeID{1, 2} {
			c.want(id, true, 3, 2)
		}
		c.form(1)
		c.form(2)
		c.form(1, 2)
		for _, id := range []totem.NodeID{1, 2} {
			c.want(id, true, 3, 2)
		}
	}
}
