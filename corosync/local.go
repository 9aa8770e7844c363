package corosync

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/gocorosync/gocorosync/cpg"
	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
)

// An Event is what a [Group] gets: a [Message], a [Change] or a [QuorumChange].
type Event interface{ isEvent() }

type (
	// A Message was sent to the group. All members get the same ones in the
	// same order.
	Message struct {
		Node, PID uint32 // of the sender
		Data      []byte
	}
	// A Change is a change of the group's members.
	Change struct{ Members, Left, Joined []Member }
	// A QuorumChange tells whether this node's partition may act. The first one
	// comes with the join, before any message.
	QuorumChange struct{ Quorate bool }
)

func (Message) isEvent()      {}
func (Change) isEvent()       {}
func (QuorumChange) isEvent() {}

// A Member names a process of a group.
type Member struct{ Node, PID uint32 }

// A Group is a closed process group that the program which embeds the node has
// joined.
type Group struct {
	n    *Node
	conn cpg.Conn
	name string
	pid  uint32

	mu     sync.Mutex
	queue  []Event
	ready  chan struct{}
	closed bool
}

// maxGroupQueue bounds the events waiting for the program. One that falls so
// far behind is out of step for good, so its group ends.
const maxGroupQueue = 1 << 20

// localGroups are the groups of the embedding program. The loop owns it. A nil
// one is empty.
type localGroups struct {
	groups map[cpg.Conn]*Group
	joins  map[cpg.Conn]chan cpg.Status
	next   cpg.Conn

	quorate bool // as last reported
}

// firstLocal is above all numbers of clients' connections.
const firstLocal = cpg.Conn(1) << 62

// MaxMessage is the largest message that a group carries, in bytes.
const MaxMessage = totem.MaxMessage - cpgOverhead

var (
	// ErrGroupClosed says that the group, or the node, has ended.
	ErrGroupClosed = errors.New("corosync: group is closed")
	// ErrTooLarge says that a message is longer than MaxMessage.
	ErrTooLarge = fmt.Errorf("corosync: message is longer than %d bytes", MaxMessage)
)

// Join joins a group. Its first events are a QuorumChange with whether the
// partition may act now, and the Change that made it a member, with all others
// there are. Several members in one program need several calls, and
// are told apart by PIDs of their own, which count up from the process's.
func (n *Node) Join(ctx context.Context, name string) (*Group, error) {
	for {
		g := &Group{n: n, name: name, ready: make(chan struct{}, 1)}
		status := make(chan cpg.Status, 1)
		again := false
		ok := n.call(func() {
			if n.busy(1024) {
				again = true
				return
			}
			n.local.add(g, status)
			n.feed(service.To{ID: service.IDCPG, Event: cpg.Open{Conn: g.conn}})
			n.feed(service.To{ID: service.IDCPG, Event: cpg.Join{Conn: g.conn, Group: name, PID: g.pid}})
		})
		if !ok {
			return nil, ErrGroupClosed
		}
		if !again {
			switch s := <-status; s {
			case cpg.OK:
				return g, nil
			case cpg.TryAgain:
				g.Close()
			default:
				g.Close()
				return nil, fmt.Errorf("corosync: join %q: status %d", name, s)
			}
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Multicast sends data to all members of the group, this one included. It
// waits while the ring is full or a membership forms. A message longer than
// MaxMessage is ErrTooLarge.
func (g *Group) Multicast(ctx context.Context, data []byte) error {
	if !fits(data) {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, len(data))
	}
	for {
		sent := false
		if !g.n.call(func() {
			if g.n.busy(len(data) + cpgOverhead) {
				return
			}
			sent = true
			g.n.feed(service.To{ID: service.IDCPG, Event: cpg.Mcast{Conn: g.conn, Data: data}})
		}) {
			return ErrGroupClosed
		}
		if sent {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Millisecond):
		}
	}
}

// Next waits for the next event.
func (g *Group) Next(ctx context.Context) (Event, error) {
	for {
		g.mu.Lock()
		if len(g.queue) > 0 {
			ev := g.queue[0]
			g.queue[0] = nil
			g.queue = g.queue[1:]
			g.mu.Unlock()
			return ev, nil
		}
		closed := g.closed
		g.mu.Unlock()
		if closed {
			return nil, ErrGroupClosed
		}
		select {
		case <-g.ready:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-g.n.done:
			return nil, ErrGroupClosed
		}
	}
}

// Self is this member.
func (g *Group) Self() Member { return Member{g.n.ID(), g.pid} }

// Close leaves the group.
func (g *Group) Close() {
	g.n.call(func() { g.n.dropGroup(g) })
}

func (n *Node) dropGroup(g *Group) {
	if n.local == nil || n.local.groups[g.conn] == nil {
		return
	}
	delete(n.local.groups, g.conn)
	delete(n.local.joins, g.conn)
	n.feed(service.To{ID: service.IDCPG, Event: cpg.Closed{Conn: g.conn}})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.signal()
}

func (g *Group) signal() {
	select {
	case g.ready <- struct{}{}:
	default:
	}
}

func (g *Group) push(ev Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	if len(g.queue) >= maxGroupQueue {
		g.closed = true
		g.queue = nil
	} else {
		g.queue = append(g.queue, ev)
	}
	g.signal()
}

func (l *localGroups) add(g *Group, status chan cpg.Status) {
	l.next++
	g.conn = firstLocal + l.next
	g.pid = uint32(os.Getpid()) + uint32(l.next) - 1
	l.groups[g.conn] = g
	l.joins[g.conn] = status
}

func (l *localGroups) reply(r cpg.Reply) {
	if l == nil {
		return
	}
	if ch := l.joins[r.Conn]; ch != nil {
		delete(l.joins, r.Conn)
		if g := l.groups[r.Conn]; g != nil && r.Status == cpg.OK {
			g.push(QuorumChange{l.quorate})
		}
		ch <- r.Status
	}
}

func (l *localGroups) each(conns []cpg.Conn, f func(*Group)) {
	if l == nil {
		return
	}
	for _, id := range conns {
		if g := l.groups[id]; g != nil {
			f(g)
		}
	}
}

func (l *localGroups) confchg(a cpg.Confchg) {
	members := func(list []cpg.Address) (out []Member) {
		for _, m := range list {
			out = append(out, Member{uint32(m.Node), m.PID})
		}
		return out
	}
	l.each(a.Conns, func(g *Group) { g.push(Change{members(a.Members), members(a.Left), members(a.Joined)}) })
}

func (l *localGroups) deliver(a cpg.Deliver) {
	l.each(a.Conns, func(g *Group) {
		g.push(Message{Node: uint32(a.Node), PID: a.PID, Data: append([]byte(nil), a.Data...)})
	})
}

func (l *localGroups) quorum(q service.QuorumReport) {
	if l == nil || l.quorate == q.Quorate {
		return
	}
	l.quorate = q.Quorate
	for id := firstLocal + 1; id <= firstLocal+l.next; id++ {
		if g := l.groups[id]; g != nil && l.joins[id] == nil { // who joins is told then
			g.push(QuorumChange{q.Quorate})
		}
	}
}
