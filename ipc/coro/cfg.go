package coro

import (
	"context"
	"net/netip"
)

// CFG is a client of the configuration service.
type CFG struct{ client }

// DialCFG connects to the daemon.
func DialCFG(ctx context.Context) (*CFG, error) {
	c, err := dial(ctx, "cfg")
	if err != nil {
		return nil, err
	}
	return &CFG{c}, nil
}

// LocalNodeID returns the id of this node.
func (c *CFG) LocalNodeID(ctx context.Context) (uint32, error) {
	var r LocalNode
	err := c.call(ctx, "local node", CFGReqLocalGet, Bare{}, &r)
	return r.Node, err
}

// RingStatus returns the state of this node's interfaces. Like corosync's
// library it does not look at the status of the answer.
func (c *CFG) RingStatus(ctx context.Context) (*RingStatus, error) {
	b, err := c.c.Call(ctx, Request(CFGReqRingStatus, Bare{}))
	if err != nil {
		return nil, wrap("cfg: ring status", err)
	}
	m := new(RingStatus)
	if err := Decode(b, m); err != nil {
		if status := check(int32(StatusOf(b))); status != nil {
			err = status
		}
		return nil, wrap("cfg: ring status", err)
	}
	return m, nil
}

// RingReenable takes faulty rings into use again (corosync 2).
func (c *CFG) RingReenable(ctx context.Context) error {
	return c.call(ctx, "ring re-enable", CFGReqRingReenable, Bare{}, &Empty{})
}

// KillNode ends the daemon of a node, without good-byes.
func (c *CFG) KillNode(ctx context.Context, node uint32, reason string) error {
	return c.call(ctx, "kill node", CFGReqKillNode, &KillNode{node, reason}, &Empty{})
}

// TryShutdown asks for an orderly end of this node's daemon; flags are
// CFGShutdownRequest, Regardless or Immediate. It may wait for others to agree.
func (c *CFG) TryShutdown(ctx context.Context, flags uint32) error {
	return c.call(ctx, "shutdown", CFGReqTryShutdown, &CFGFlags{flags}, &Empty{})
}

// ReplyToShutdown answers the question in a TestShutdown event.
func (c *CFG) ReplyToShutdown(ctx context.Context, yes bool) error {
	m := &CFGFlags{}
	if yes {
		m.Flags = 1
	}
	return c.call(ctx, "reply to shutdown", CFGReqReply, m, &Empty{})
}

// NodeAddrs returns the addresses of a node; 0 is this one.
func (c *CFG) NodeAddrs(ctx context.Context, node uint32) ([]netip.Addr, error) {
	var r NodeAddrs
	err := c.call(ctx, "addresses", CFGReqNodeAddrs, &NodeReq{node}, &r)
	return r.Addrs, err
}

// Reload makes all nodes read their corosync.conf again. It returns when this
// one has.
func (c *CFG) Reload(ctx context.Context) error {
	return c.call(ctx, "reload", CFGReqReload, Bare{}, &Empty{})
}

// ReopenLogs makes the daemon open its log file again (corosync 3).
func (c *CFG) ReopenLogs(ctx context.Context) error {
	return c.call(ctx, "reopen logs", CFGReqReopenLogs, Bare{}, &Empty{})
}

// NodeStatus returns how a node is connected (corosync 3).
func (c *CFG) NodeStatus(ctx context.Context, node uint32) (*NodeStatus, error) {
	m := new(NodeStatus)
	err := c.call(ctx, "node status", CFGReqNodeStatus, &NodeStatusReq{node, 1}, m)
	return m, err
}

// TrackShutdown makes TestShutdown events arrive (corosync 3).
func (c *CFG) TrackShutdown(ctx context.Context) error {
	return c.call(ctx, "track", CFGReqTrackStart, &CFGTrackStart{}, &Empty{})
}

// Next waits for a TestShutdown event. Its status is [ErrTimeout] when the
// vote is over for want of answers.
func (c *CFG) Next(ctx context.Context) (*TestShutdown, Error, error) {
	for {
		id, b, err := c.event(ctx)
		if err != nil {
			return nil, 0, err
		}
		if id == CFGEvTestShutdown {
			m := new(TestShutdown)
			return m, StatusOf(b), Decode(b, m)
		}
	}
}
