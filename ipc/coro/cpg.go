package coro

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// CPG is a client of closed process groups. One connection is in at most one
// group. Next belongs to one goroutine; the rest may be called from any.
type CPG struct {
	client
	group string
	pid   uint32

	parts map[cpgSender][]byte // partial messages under way
}

type cpgSender struct{ node, pid uint32 }

// CPGEvent is what [CPG.Next] returns: *CPGDeliver, *CPGConfchg or
// *CPGTotemConfchg.
type CPGEvent interface{ cpgEvent() }

func (*CPGDeliver) cpgEvent()      {}
func (*CPGConfchg) cpgEvent()      {}
func (*CPGTotemConfchg) cpgEvent() {}

// maxPartial bounds a message that comes in parts, in bytes.
const maxPartial = 1 << 28

// DialCPG connects to the daemon. It fails with [syscall.EAGAIN] while the
// daemon is starting.
func DialCPG(ctx context.Context) (*CPG, error) {
	c, err := dial(ctx, "cpg")
	if err != nil {
		return nil, err
	}
	return &CPG{client: c, pid: uint32(os.Getpid()), parts: make(map[cpgSender][]byte)}, nil
}

// LocalNodeID returns the id of this node.
func (c *CPG) LocalNodeID(ctx context.Context) (uint32, error) {
	var r LocalNode
	err := c.call(ctx, "local node", CPGReqLocalGet, Bare{}, &r)
	return r.Node, err
}

// PID is how this client is known to the others: its process id.
func (c *CPG) PID() uint32 { return c.pid }

// Join joins a group. The event that this client is a member follows.
func (c *CPG) Join(ctx context.Context, group string) error {
	if len(group) > CPGMaxName {
		return fmt.Errorf("cpg: join %q: %w", group, ErrNameTooLong)
	}
	c.group = group
	return retry(ctx, func() error {
		return c.call(ctx, "join "+group, CPGReqJoin, &CPGJoin{Group: group, PID: c.pid}, &Empty{})
	})
}

// Leave leaves the group. The event that this client has left follows.
func (c *CPG) Leave(ctx context.Context) error {
	return retry(ctx, func() error {
		return c.call(ctx, "leave "+c.group, CPGReqLeave, &CPGLeave{Group: c.group, PID: c.pid}, &Empty{})
	})
}

// Multicast sends data to all members of the group, this one included. It
// waits while the cluster cannot take more. A message of more than
// CPGMaxAtomic bytes goes in parts; if the membership changes meanwhile it
// fails with [ErrInterrupt] and nobody gets it.
func (c *CPG) Multicast(ctx context.Context, data []byte) error {
	if len(data) <= CPGMaxAtomic {
		err := c.c.Post(ctx, Request(CPGReqMcast, &CPGMcast{Guarantee: 2, Data: data}), 2)
		return wrap("cpg: multicast", err)
	}
	for off := 0; off < len(data); off += CPGMaxAtomic {
		part := data[off:min(off+CPGMaxAtomic, len(data))]
		m := &CPGPartialMcast{Guarantee: 2, Total: uint32(len(data)), Type: CPGTypeMiddle, Data: part}
		switch {
		case off == 0:
			m.Type = CPGTypeFirst
		case off+len(part) == len(data):
			m.Type = CPGTypeLast
		}
		err := retry(ctx, func() error {
			return c.call(ctx, "multicast", CPGReqPartialMcast, m, &Empty{})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// retry repeats f while the daemon answers "try again".
func retry(ctx context.Context, f func() error) error {
	for {
		err := f()
		if !errors.Is(err, ErrTryAgain) {
			return err
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Membership returns the members of a group.
func (c *CPG) Membership(ctx context.Context, group string) ([]CPGAddress, error) {
	var r CPGMembership
	err := c.call(ctx, "membership of "+group, CPGReqMembership, &CPGMembershipReq{group}, &r)
	return r.Members, err
}

// Groups lists the processes of all groups, or, with namesOnly, one entry for
// each group.
func (c *CPG) Groups(ctx context.Context, namesOnly bool) ([]CPGIterNext, error) {
	typ := uint32(CPGIterAll)
	if namesOnly {
		typ = CPGIterNames
	}
	var h Handle
	if err := c.call(ctx, "groups", CPGReqIterInit, &CPGIterInit{Type: typ}, &h); err != nil {
		return nil, err
	}
	defer c.call(ctx, "groups", CPGReqIterFinalize, &HandleReq{h.Handle}, &Empty{})
	var list []CPGIterNext
	for {
		var n CPGIterNext
		err := c.call(ctx, "groups", CPGReqIterNext, &HandleReq{h.Handle}, &n)
		if errors.Is(err, ErrNoSections) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
}

// Next waits for the next event. Parts of large messages are put together.
func (c *CPG) Next(ctx context.Context) (CPGEvent, error) {
	for {
		id, b, err := c.event(ctx)
		if err != nil {
			return nil, err
		}
		switch id {
		case CPGEvDeliver:
			m := new(CPGDeliver)
			return m, Decode(b, m)
		case CPGEvConfchg:
			m := new(CPGConfchg)
			if err := Decode(b, m); err != nil {
				return nil, err
			}
			for _, a := range m.Left { // what they had begun will not be finished
				delete(c.parts, cpgSender{a.Node, a.PID})
			}
			return m, nil
		case CPGEvTotemConfchg:
			m := new(CPGTotemConfchg)
			return m, Decode(b, m)
		case CPGEvPartialDeliver:
			var m CPGPartialDeliver
			if err := Decode(b, &m); err != nil {
				return nil, err
			}
			if d := c.assemble(&m); d != nil {
				return d, nil
			}
		}
	}
}

// assemble adds one part and returns the message that it completes, or nil.
func (c *CPG) assemble(m *CPGPartialDeliver) *CPGDeliver {
	from := cpgSender{m.Node, m.PID}
	if m.Type == CPGTypeFirst {
		if m.Total > maxPartial {
			return nil
		}
		c.parts[from] = make([]byte, 0, min(m.Total, 4*CPGMaxAtomic))
	}
	have, ok := c.parts[from]
	if !ok || uint64(len(have))+uint64(len(m.Data)) > uint64(m.Total) {
		delete(c.parts, from)
		return nil
	}
	have = append(have, m.Data...)
	c.parts[from] = have
	if m.Type != CPGTypeLast {
		return nil
	}
	delete(c.parts, from)
	if uint64(len(have)) != uint64(m.Total) {
		return nil
	}
	return &CPGDeliver{Group: m.Group, Node: m.Node, PID: m.PID, Data: have}
}
