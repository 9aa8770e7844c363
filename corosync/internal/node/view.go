package node

import (
	"slices"
	"sync"
	"time"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/udp"
)

// A View is what this node last agreed on with the others.
type View struct {
	Ring    totem.RingID
	Members []totem.NodeID
	Quorate bool
}

// view is the View as others than the loop may read it.
type view struct {
	fresh View // the loop's
	dirty bool

	mu   sync.Mutex
	last View
	next chan struct{} // closed when last is another one
}

// View returns the View and a channel that is closed when there is another one.
// The view is never changed.
func (n *Node) View() (View, <-chan struct{}) {
	n.view.mu.Lock()
	defer n.view.mu.Unlock()
	return n.view.last, n.view.next
}

// seeMembers takes into the View whom the services have agreed with.
func (n *Node) seeMembers() {
	n.view.fresh.Ring, n.view.fresh.Members = n.loop.Machine().Ring(), slices.Clone(n.members)
	n.seeQuorum()
}

func (n *Node) seeQuorum() {
	n.view.fresh.Quorate = n.quorum.State().Quorate
	n.view.dirty = true
}

// showView tells of a new view at the end of a turn. There is none before the
// first ring, and a quorum that is gained together with members is not shown
// before they are; one that is lost is, at once.
func (n *Node) showView() {
	s := &n.view
	if !s.dirty || s.fresh.Members == nil || s.fresh.Quorate && n.svc.Syncing() {
		return
	}
	s.dirty = false
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.fresh
	if f.Ring == s.last.Ring && f.Quorate == s.last.Quorate && slices.Equal(f.Members, s.last.Members) {
		return
	}
	s.last = f
	close(s.next)
	s.next = make(chan struct{})
}

// Counters are those of the ring and of its sockets, and now is the time on the
// clock that they use.
func (n *Node) Counters() (ring totem.Stats, sockets udp.Stats, now time.Duration) {
	read := func() { ring, sockets, now = n.loop.Machine().Stats(), n.loop.Stats(), n.loop.Now() }
	if !n.Do(read) {
		<-n.done
		read() // nobody else does any more
	}
	return ring, sockets, now
}
