package sim

import (
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/totem"
)

// An edit is what an administrator has made of the list of nodes, step by step, and
// which node does not have it yet: the file was not copied there, or it was and the
// node has not read it.
type edit struct {
	list  []totem.NodeID
	stale totem.NodeID // 0 for none
}

// edit changes the files as an administrator might: one node is taken out of the
// list or put back, everywhere but on one node at most; the next change waits until
// that one has it too. Who is taken out keeps running with what it has, and is
// fenced if it runs anything. The token's timeout changes as well, and not on all
// nodes alike. Whoever is told to reads its file at some moment or other.
func (w *World) edit() {
	r := w.Rand
	e := &w.edits
	switch {
	case e.stale != 0:
		if r.IntN(2) == 0 {
			w.hand(w.Node(e.stale))
			e.stale = 0
		}
	case r.IntN(2) == 0 && w.current():
		id := w.Nodes[r.IntN(len(w.Nodes))].ID
		switch in := slices.Contains(e.list, id); {
		case !in:
			e.list = with(e.list, id)
		case len(e.list) > 3:
			e.list = slices.DeleteFunc(slices.Clone(e.list), func(o totem.NodeID) bool { return o == id })
		}
		if r.IntN(2) == 0 {
			e.stale = e.list[r.IntN(len(e.list))]
		}
		w.trace("the list of nodes is %v now, stale on node %d", e.list, e.stale)
		for _, i := range r.Perm(len(w.Nodes)) {
			if n := w.Nodes[i]; n.ID != e.stale {
				w.hand(n)
			}
		}
		if e.stale != 0 && !slices.Contains(e.list, id) && r.IntN(2) == 0 { // who still knows each other is on one side
			w.Run(time.Duration(r.IntN(200)) * time.Millisecond)
			w.divide(e.stale, id)
		}
	}
	if r.IntN(3) == 0 {
		token := w.cfg.Tunables.Token * time.Duration(5+r.IntN(16)) / 10
		w.trace("token %v", token)
		for _, n := range w.Nodes {
			if r.IntN(3) > 0 {
				n.File.Token = token
				n.reloadAfter = r.IntN(200)
			}
		}
	}
}

// divide cuts two nodes, and some others perhaps, off from the rest.
func (w *World) divide(a, b totem.NodeID) {
	clear(w.net.cut)
	var here, there []totem.NodeID
	for _, id := range w.ids() {
		if id == a || id == b || w.Rand.IntN(4) == 0 {
			here = append(here, id)
		} else {
			there = append(there, id)
		}
	}
	w.cutBetween(here, there)
	w.trace("divided into %v and %v", here, there)
}

// cutBetween lets nothing through between two sets of nodes.
func (w *World) cutBetween(a, b []totem.NodeID) {
	for _, x := range a {
		for _, y := range b {
			w.net.cut[[2]totem.NodeID{x, y}], w.net.cut[[2]totem.NodeID{y, x}] = true, true
		}
	}
}

// hand gives a node the file as it is now, and has it reload soon.
func (w *World) hand(n *Node) {
	n.File.List = w.edits.list
	if n.reloadAfter = 1 + w.Rand.IntN(200); w.Rand.IntN(3) == 0 {
		n.reloadAfter = -1
		n.Reload()
	}
}

// current tells whether every node of the list that runs has read the list.
func (w *World) current() bool {
	for _, n := range w.Nodes {
		if in := slices.Contains(w.edits.list, n.ID); in && (!slices.Equal(n.File.List, w.edits.list) || n.Ring != nil && !slices.Equal(n.InForce.List, w.edits.list)) {
			return false
		}
	}
	return true
}

// SettleEdits brings all nodes back into all lists, one after the other, in peace: who
// has the list before that is given the next.
func (w *World) SettleEdits() {
	if !w.cfg.Edits {
		return
	}
	w.cfg.Edits = false
	e := &w.edits
	for {
		for _, i := range w.Rand.Perm(len(w.Nodes)) {
			n := w.Nodes[i]
			n.File, n.reloadAfter = File{List: e.list, Token: w.cfg.Tunables.Token}, -1
			w.Run(time.Duration(w.Rand.IntN(300)) * time.Millisecond)
			n.Reload()
			n.Start()
		}
		w.Run(10 * time.Second)
		next := slices.IndexFunc(w.Nodes, func(n *Node) bool { return !slices.Contains(e.list, n.ID) })
		if e.stale = 0; next < 0 {
			break
		}
		e.list = with(e.list, w.Nodes[next].ID)
	}
	w.trace("all nodes are in the list")
}
