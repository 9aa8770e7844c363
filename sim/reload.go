package sim

import (
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/totem"
)

// A File is what the configuration on the disk of one node says of the ring.
type File struct {
	List  []totem.NodeID // rising
	Token time.Duration
}

// A Reloader is an Upper that has settings in the file too.
type Reloader interface{ Reload(File) }

func (n *Node) nodes() (list []totem.Node) {
	for _, id := range n.InForce.List {
		list = append(list, n.w.listEntry(id))
	}
	return list
}

// Reload makes a running node read its file again. One that does not list the
// node is refused.
func (n *Node) Reload() {
	if n.Ring == nil || !slices.Contains(n.File.List, n.ID) {
		return
	}
	n.InForce = n.File
	n.w.trace("node %d reloads: nodes %v, token %v", n.ID, n.InForce.List, n.InForce.Token)
	n.Post(totem.Retune{Tunables: n.tunables()})
	n.Post(totem.SetNodes{Nodes: n.nodes()})
	if u, ok := n.Up.(Reloader); ok {
		u.Reload(n.InForce)
	}
}

func (n *Node) tunables() totem.Tunables {
	t := n.w.cfg.Tunables
	t.Token = n.InForce.Token
	return t
}

// hears reports whether a node takes packets from another: who is not in its
// list is not listened to.
func (n *Node) hears(from totem.NodeID) bool { return slices.Contains(n.InForce.List, from) }

// changeFiles edits the files of some nodes, rightly or not, and makes some
// reload, now or in the middle of something.
func (w *World) changeFiles() {
	r := w.Rand
	list := w.someNodes()
	token := w.cfg.Tunables.Token * time.Duration(3+r.IntN(18)) / 10
	for _, n := range w.Nodes {
		switch r.IntN(8) {
		case 0: // stale
		case 1: // wrong
			n.File.List = w.someNodes()
			if r.IntN(3) > 0 {
				n.File.List = with(n.File.List, n.ID)
			}
		default:
			n.File = File{List: list, Token: token}
		}
		switch r.IntN(4) {
		case 0:
		case 1:
			n.reloadAfter = r.IntN(200)
		default:
			n.Reload()
		}
	}
}

// someNodes are most of the nodes, or not so many.
func (w *World) someNodes() (list []totem.NodeID) {
	few := w.Rand.IntN(3) == 0
	for _, n := range w.Nodes {
		if k := w.Rand.IntN(4); k > 0 && !few || k > 1 {
			list = append(list, n.ID)
		}
	}
	return list
}

func with(list []totem.NodeID, id totem.NodeID) []totem.NodeID {
	if slices.Contains(list, id) {
		return list
	}
	list = append(slices.Clone(list), id)
	slices.Sort(list)
	return list
}

// SettleFiles ends the trouble with the files: some nodes are kept and know it,
// or all are; the others may have any file that lists themselves. All nodes that
// run reload within a second, in any order.
func (w *World) SettleFiles() {
	r := w.Rand
	keep := w.someNodes()
	if r.IntN(2) == 0 || len(keep) == 0 {
		keep = w.ids()
	}
	for _, n := range w.Nodes {
		switch {
		case slices.Contains(keep, n.ID):
			n.File = File{List: keep, Token: w.cfg.Tunables.Token}
		case r.IntN(3) == 0:
			n.File = File{List: with(w.someNodes(), n.ID), Token: w.cfg.Tunables.Token}
		default:
			n.File = File{List: w.ids(), Token: w.cfg.Tunables.Token}
		}
	}
	w.trace("kept %v", keep)
	order := r.Perm(len(w.Nodes))
	for _, i := range order {
		w.Nodes[i].reloadAfter = -1
		w.Run(time.Duration(r.IntN(1000/len(order))) * time.Millisecond)
		w.Nodes[i].Reload()
	}
}

func (w *World) ids() (list []totem.NodeID) {
	for _, n := range w.Nodes {
		list = append(list, n.ID)
	}
	return list
}

// Mutual are the nodes that a node lists and that list it, itself included; ok
// tells whether all of them say the same, so that they must become one ring.
func (w *World) Mutual(n *Node) (list []totem.NodeID, ok bool) {
	list = n.mutual()
	for _, id := range list {
		if !slices.Equal(w.Node(id).mutual(), list) {
			return list, false
		}
	}
	return list, true
}

func (n *Node) mutual() (list []totem.NodeID) {
	for _, id := range n.InForce.List {
		if n.w.Node(id).hears(n.ID) {
			list = append(list, id)
		}
	}
	return list
}
