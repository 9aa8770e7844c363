package corosync

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/gocorosync/gocorosync/cpg"
)

// MaxMessage is the largest message that a group carries, in bytes: 16 MiB. A
// longer one of a program that uses libcpg is not delivered to members here.
const MaxMessage = 16 << 20

// partBytes is how much of a message goes in one part.
const partBytes = 128 << 10

// The types of a part.
const (
	partFirst  = 1
	partMiddle = 2
	partLast   = 3
)

// parts are messages under way that are too long to go in one piece. Spec:
// corosync-ipc.md 3.
//
// All members of a group must get the same messages, but who joins after the first
// part of one cannot. So our senders begin with an empty part, which no libcpg
// does, and that means: whenever somebody joins, all drop what they have of this
// message, its sender too, who finds that out by not getting it back, and sends it
// again. A message of libcpg is not sent again, and who joins in the middle of it
// does not get it, as in corosync.
type parts struct {
	turn chan struct{} // is empty while a message is being sent

	mu    sync.Mutex
	under map[Member]*assembly
	lasts []chan bool // of messages whose last part was sent; in order
}

// An assembly is what has come of a message.
type assembly struct {
	data  []byte
	again bool // its sender will send it again if it is dropped
}

// add takes a part. done tells that it was the last one of a message, which is
// nil if others have not come.
func (p *parts) add(from Member, total, typ uint32, data []byte) (whole []byte, done bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if typ == partFirst {
		if p.under == nil {
			p.under = make(map[Member]*assembly)
		}
		p.under[from] = &assembly{again: len(data) == 0}
	}
	a := p.under[from]
	done = typ == partLast
	if a == nil {
		return nil, done
	}
	if uint64(len(a.data)+len(data)) > min(uint64(total), MaxMessage) {
		delete(p.under, from)
		return nil, done
	}
	a.data = append(a.data, data...)
	if !done {
		return nil, false
	}
	delete(p.under, from)
	if len(a.data) != int(total) {
		return nil, true
	}
	return a.data, true
}

// change forgets messages that cannot become whole for all members.
func (p *parts) change(left, joined []cpg.Address) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range memberList(left) {
		delete(p.under, m)
	}
	if len(joined) == 0 {
		return
	}
	for m, a := range p.under {
		if a.again {
			delete(p.under, m)
		}
	}
}

// came tells who sent it that the last part of a message has come back.
func (p *parts) came(whole bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.lasts) > 0 {
		p.lasts[0] <- whole
		p.lasts = p.lasts[1:]
	}
}

// multicastParts sends a message in parts until it has come back whole.
func (g *Group) multicastParts(ctx context.Context, data []byte) error {
	p := &g.parts
	if _, err := wait(ctx, g, p.turn); err != nil {
		return err
	}
	defer func() { p.turn <- struct{}{} }()
	for {
		back, err := g.sendParts(ctx, data)
		if err != nil {
			return err
		}
		if back == nil {
			continue // a ring has formed meanwhile
		}
		if whole, err := wait(ctx, g, back); whole || err != nil {
			return err
		}
	}
}

// wait waits for what a channel brings, until the caller's context, the group or the
// node ends.
func wait[T any](ctx context.Context, g *Group, c <-chan T) (v T, err error) {
	select {
	case v = <-c:
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-g.closed:
		err = g.why()
	case <-g.n.Done():
		err = g.n.stopped()
	}
	return v, err
}

// sendParts sends a message once. The channel tells whether it has come back
// whole; it is nil if it was interrupted.
func (g *Group) sendParts(ctx context.Context, data []byte) (back chan bool, err error) {
	total := uint32(len(data))
	s, err := g.m.Part(ctx, total, partFirst, nil)
	for err == nil && s == cpg.OK && len(data) > partBytes {
		s, err = g.m.Part(ctx, total, partMiddle, data[:partBytes])
		data = data[partBytes:]
	}
	if err == nil && s == cpg.OK {
		back = make(chan bool, 1)
		g.parts.expect(back)
		if s, err = g.m.Part(ctx, total, partLast, data); err != nil || s != cpg.OK {
			g.parts.forget(back)
		}
	}
	if err == nil && s == cpg.Interrupt {
		return nil, nil
	}
	return back, g.answer(s, err)
}

// expect and forget keep who waits for a last part to come back.
func (p *parts) expect(back chan bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lasts = append(p.lasts, back)
}

func (p *parts) forget(back chan bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lasts = slices.DeleteFunc(p.lasts, func(c chan bool) bool { return c == back })
}

// pause waits a little before the next try.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(5 * time.Millisecond):
		return nil
	}
}
