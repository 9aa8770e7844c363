package corosync

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/gocorosync/gocorosync/corosync/internal/node"
	"github.com/gocorosync/gocorosync/cpg"
	"github.com/gocorosync/gocorosync/totem"
)

// An Event is what a [Group] gets: a [Message], a [Change] or a [QuorumChange].
type Event interface{ isEvent() }

type (
	// A Message was sent to the group. All members get the same ones in the
	// same order, also in relation to Changes.
	Message struct {
		Member        // the sender
		Data   []byte // the receiver's own
	}
	// A Change is a change of the group's members: all there are now, those who
	// were members before and are none now, and those who are new. Who was lost
	// together with its node has left like any other.
	Change struct{ Members, Left, Joined []Member }
	// A QuorumChange tells whether this node's partition may act. The first one
	// comes with the join, before any message.
	QuorumChange struct {
		Quorate bool // whether it may act
	}
)

func (Message) isEvent()      {}
func (Change) isEvent()       {}
func (QuorumChange) isEvent() {}

// A Member names a process of a group.
type Member struct {
	Node uint32 // the id of its node
	PID  uint32 // of an embedding program, from its process id on, one for each membership
}

// MaxGroupName is the longest name of a group, in bytes.
const MaxGroupName = cpg.MaxName

// A Group is a closed process group that the program has joined. Its methods may
// be called from any goroutine.
type Group struct {
	n     *Node
	m     *node.Membership
	name  string
	limit int    // of bytes
	self  Member // set by the loop before Join returns

	closed chan struct{} // closed with err set
	ready  chan struct{} // has one element when the queue is not empty

	mu      sync.Mutex
	queue   []Event
	bytes   int           // of the queue
	sent    int           // bytes of this member's messages that will come
	err     error         // why there are no more events
	room    chan struct{} // closed and replaced when bytes or sent has become less
	awaited bool          // somebody waits for that

	parts parts
}

// Join joins a group, after waiting for a ring. Its first events are a
// QuorumChange with whether the partition may act now, and the Change that made
// it a member, with all others there are. A program may join a group several
// times; each is a member.
//
// Errors are [ErrGroupName], [ErrStopped] and those of ctx.
func (n *Node) Join(ctx context.Context, name string) (*Group, error) {
	if name == "" || len(name) > MaxGroupName {
		return nil, fmt.Errorf("%w: %q", ErrGroupName, name)
	}
	for {
		g := &Group{n: n, name: name, limit: n.queue, closed: make(chan struct{}), ready: make(chan struct{}, 1), room: make(chan struct{})}
		g.parts.turn = make(chan struct{}, 1)
		g.parts.turn <- struct{}{}
		m, s, err := n.n.Join(ctx, name, listener{g})
		switch {
		case errors.Is(err, node.ErrEnded):
			return nil, n.stopped()
		case err != nil:
			return nil, err
		case s == cpg.OK:
			g.m = m
			return g, nil
		case s != cpg.TryAgain:
			return nil, fmt.Errorf("corosync: join %q: status %d", name, s)
		}
		if err := pause(ctx); err != nil {
			return nil, err
		}
	}
}

// Name is the name of the group.
func (g *Group) Name() string { return g.name }

// Self is this member.
func (g *Group) Self() Member { return g.self }

// Multicast sends data to all members of the group, this one included. It waits
// until there is room: while the ring is full, while a membership forms, and
// while events that were not read yet and messages of this member that are on
// their way fill half of [Config.QueueBytes]. So who reads events must not wait
// for it.
//
// A message of more than a MiB goes in parts, and Multicast waits until it has
// come back to this member. Messages of different callers do not mix.
//
// Errors are [ErrTooLarge] for more than [MaxMessage] bytes, [ErrGroupClosed],
// [ErrTooSlow], [ErrStopped], and those of ctx: then the message has not been
// sent, but for one in parts, of which that is not known.
func (g *Group) Multicast(ctx context.Context, data []byte) error {
	if len(data) > MaxMessage {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, len(data))
	}
	need := messageBytes(data)
	if err := g.reserve(ctx, need); err != nil {
		return err
	}
	if len(data) > node.MaxAtomic {
		defer g.release(need)
		return g.multicastParts(ctx, data)
	}
	err := g.answer(g.m.Multicast(ctx, data))
	if err != nil {
		g.release(need) // otherwise when it comes
	}
	return err
}

// answer is the error of a request to the service.
func (g *Group) answer(s cpg.Status, err error) error {
	switch {
	case errors.Is(err, node.ErrEnded):
		return g.n.stopped()
	case err != nil:
		return err
	case s == cpg.OK:
		return nil
	case s == cpg.NotExist:
		return g.why()
	}
	return fmt.Errorf("corosync: multicast to %q: status %d", g.name, s)
}

// reserve waits until a message of this member finds room in half of the queue,
// with those that have been sent and not come yet. A single one always does.
func (g *Group) reserve(ctx context.Context, need int) error {
	for {
		g.mu.Lock()
		err, room, used := g.err, g.room, g.bytes+g.sent
		ok := err == nil && (used == 0 || used+need <= g.limit/2)
		if ok {
			g.sent += need
		}
		g.awaited = g.awaited || !ok
		g.mu.Unlock()
		if ok || err != nil {
			return err
		}
		select {
		case <-room:
		case <-g.closed:
		case <-g.n.Done():
			return g.n.stopped()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Next waits for the next event. What came before the end of the group or of the
// node is returned before the error: [ErrGroupClosed], [ErrTooSlow] or
// [ErrStopped]. When ctx ends, the error is its cause and no event is lost.
func (g *Group) Next(ctx context.Context) (Event, error) {
	for {
		if ev := g.take(); ev != nil {
			return ev, nil
		}
		select {
		case <-g.ready:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-g.closed:
			if ev := g.take(); ev != nil {
				return ev, nil
			}
			return nil, g.why()
		case <-g.n.Done():
			if ev := g.take(); ev != nil {
				return ev, nil
			}
			return nil, g.n.stopped()
		}
	}
}

// Events are all events from the next one on. The last pair has no event but the
// error that Next would return: that of ctx, or why there are no more events.
func (g *Group) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			ev, err := g.Next(ctx)
			if !yield(ev, err) || err != nil {
				return
			}
		}
	}
}

// Close leaves the group, and makes those who wait in its methods return
// [ErrGroupClosed]. Events that have come can still be read.
func (g *Group) Close() {
	g.end(ErrGroupClosed)
	g.m.Close()
}

// release gives back what was reserved.
func (g *Group) release(need int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sent -= need
	g.roomier()
}

// roomier wakes those who wait in reserve.
func (g *Group) roomier() {
	if !g.awaited {
		return
	}
	g.awaited = false
	close(g.room)
	g.room = make(chan struct{})
}

func (g *Group) why() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil {
		return ErrGroupClosed
	}
	return g.err
}

func (g *Group) end(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.endLocked(err)
}

func (g *Group) endLocked(err error) {
	if g.err == nil {
		g.err = err
		close(g.closed)
	}
}

// eventBytes is what an event is taken to need besides its data.
const eventBytes = 64

func messageBytes(data []byte) int { return eventBytes + len(data) }

func size(ev Event) int {
	switch ev := ev.(type) {
	case Message:
		return messageBytes(ev.Data)
	case Change:
		return eventBytes + 8*(len(ev.Members)+len(ev.Left)+len(ev.Joined))
	}
	return eventBytes
}

// take removes the next event, or returns nil.
func (g *Group) take() Event {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.queue) == 0 {
		return nil
	}
	ev := g.queue[0]
	g.queue[0] = nil
	g.queue = g.queue[1:]
	if len(g.queue) > 0 {
		g.signal() // for another caller of Next
	}
	g.bytes -= size(ev)
	g.roomier()
	return ev
}

func (g *Group) signal() {
	select {
	case g.ready <- struct{}{}:
	default:
	}
}

// push adds an event, and reports whether the group goes on.
func (g *Group) push(ev Event) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return false
	}
	n := size(ev)
	if g.bytes+n > g.limit && len(g.queue) > 0 {
		g.endLocked(ErrTooSlow)
		return false
	}
	g.queue = append(g.queue, ev)
	g.bytes += n
	g.signal()
	return true
}

// listener is the Group as the loop of its node sees it.
type listener struct{ g *Group }

func (l listener) Joined(pid uint32, quorate bool) bool {
	l.g.self = Member{l.g.n.ID(), pid}
	return l.Quorum(quorate)
}

func (l listener) Quorum(quorate bool) bool { return l.g.push(QuorumChange{quorate}) }

func (l listener) Change(members, left, joined []cpg.Address) bool {
	l.g.parts.change(left, joined)
	return l.g.push(Change{memberList(members), memberList(left), memberList(joined)})
}

func (l listener) Message(node totem.NodeID, pid uint32, data []byte) bool {
	m := Message{Member{uint32(node), pid}, append([]byte(nil), data...)}
	goesOn := l.g.push(m)
	if m.Member == l.g.self {
		l.g.release(messageBytes(data))
	}
	return goesOn
}

func (l listener) Part(node totem.NodeID, pid, total, typ uint32, data []byte) bool {
	from := Member{uint32(node), pid}
	whole, done := l.g.parts.add(from, total, typ, data)
	goesOn := whole == nil || l.g.push(Message{from, whole})
	if done && from == l.g.self {
		l.g.parts.came(whole != nil)
	}
	return goesOn
}

func memberList(list []cpg.Address) (out []Member) {
	for _, m := range list {
		out = append(out, Member{uint32(m.Node), m.PID})
	}
	return out
}
