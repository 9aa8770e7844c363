package pacemakerd

import (
	"context"
	"sync"

	"github.com/gocorosync/gocorosync/ipc/pcmk"
	"github.com/gocorosync/gocorosync/pacemakerd/node"
)

// What the requests of clients may cost, besides what they are granted in endpoints.go.
const (
	// maxText is what a message may be once it is unpacked. A CIB of 5,000 resources is
	// some 20 MB, and its elements take ten times as much.
	maxText       = 128 << 20
	maxMemberText = 32 << 20
	// From largeText on no more than largeAtOnce messages are unpacked at the same time, those of
	// members and those of the privileged apart.
	largeText   = 1 << 20
	largeAtOnce = 2
	// A client is not listened to while so much that it caused waits for the ring.
	maxUnsent         = 8 << 20
	maxUnsentMessages = 64
)

// A local is a client as its goroutine and the loop know it.
type local struct {
	id         string
	privileged bool
	unsent     unsent
}

// limit is what a message of the client may be when it is unpacked.
func (l *local) limit() int {
	if l.privileged {
		return maxText
	}
	return maxMemberText
}

// fromClient is an event of a client on its way to the loop. Each client hands over one
// at a time, and the loop takes them beside all others: clients fill no queue that
// the ring or the agents need.
type fromClient struct {
	by *local
	ev node.Event
}

// hand gives the loop an event of a client, and returns when it has taken it.
func (d *daemon) hand(ctx context.Context, by *local, ev node.Event) {
	select {
	case d.clients <- fromClient{by, ev}:
	case <-ctx.Done():
	}
}

// large are the places for messages that are large when they are unpacked.
type large struct{ members, privileged chan struct{} }

func newLarge() large {
	return large{make(chan struct{}, largeAtOnce), make(chan struct{}, largeAtOnce)}
}

// enter waits for a place if the message needs one, and returns what gives it back.
func (l large) enter(ctx context.Context, by *local, msg []byte) (leave func()) {
	if pcmk.TextSize(msg) < largeText {
		return func() {}
	}
	places := l.members
	if by.privileged {
		places = l.privileged
	}
	select {
	case places <- struct{}{}:
		return func() { <-places }
	case <-ctx.Done():
		return func() {}
	}
}

// unsent counts what a client caused to be multicast and what is not on the ring
// yet. Its own requests wait for that, so that it neither fills the memory nor keeps
// others from the ring.
type unsent struct {
	mu       sync.Mutex
	bytes    int
	messages int
	room     chan struct{} // closed when there is, nil while nobody waits
}

func (u *unsent) add(bytes int) {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.bytes += bytes
	u.messages++
}

func (u *unsent) sent(bytes int) {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.bytes -= bytes
	u.messages--
	if u.room != nil && !u.full() {
		close(u.room)
		u.room = nil
	}
}

func (u *unsent) full() bool { return u.bytes >= maxUnsent || u.messages >= maxUnsentMessages }

// wait returns when there is room for more.
func (u *unsent) wait(ctx context.Context) {
	for {
		u.mu.Lock()
		if !u.full() {
			u.mu.Unlock()
			return
		}
		if u.room == nil {
			u.room = make(chan struct{})
		}
		room := u.room
		u.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return
		}
	}
}
