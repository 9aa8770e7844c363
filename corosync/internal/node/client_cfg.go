package node

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// cfgClient is what a connection to "cfg" holds.
type cfgClient struct {
	tracking bool
	replied  bool
}

// shutdownVote is an attempt to end this node that others may object to.
type shutdownVote struct {
	by       *client // nil when there is none
	flags    uint32
	yes, no  int
	deadline time.Duration
}

// cfgRoom is the largest message of the service on the ring, in bytes.
const cfgRoom = 512

func (n *Node) cfgRequest(cl *client, id int32, msg []byte) coro.Error {
	el9 := n.gen == wire.EL9
	needsRoom := id <= coro.CFGReqReply || id == coro.CFGReqReload
	if needsRoom && n.busy(cfgRoom) {
		return coro.ErrTryAgain
	}
	source := service.Source{Node: n.self, Conn: cl.c.ID()}
	to := func(ev service.Event) { n.feed(service.To{ID: service.IDCFG, Event: ev}) }
	switch id {
	case coro.CFGReqRingStatus:
		return cl.reply(coro.CFGResRingStatus, n.ringStatus())
	case coro.CFGReqRingReenable:
		if el9 {
			return cl.status(coro.CFGResRingReenable, coro.ErrNotSupported)
		}
		to(service.Reenable{Source: source})
		return answered // when the message comes back
	case coro.CFGReqKillNode:
		var r coro.KillNode
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		if el9 && n.keys.Text(service.MemberKey(n.gen, totem.NodeID(r.Node))+".status", "") != "joined" {
			return cl.status(coro.CFGResKillNode, coro.ErrNotExist)
		}
		to(service.Kill{Node: totem.NodeID(r.Node), Reason: r.Reason})
		return cl.status(coro.CFGResKillNode, coro.OK)
	case coro.CFGReqTryShutdown:
		var r coro.CFGFlags
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		return n.tryShutdown(cl, r.Flags)
	case coro.CFGReqReply:
		var r coro.CFGFlags
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		if n.shutdown.by == nil {
			return cl.status(coro.CFGResReply, coro.ErrAccess)
		}
		if !cl.cfg.replied {
			cl.cfg.replied = true
			if r.Flags != 0 {
				n.shutdown.yes++
			} else {
				n.shutdown.no++
			}
		}
		cl.status(coro.CFGResReply, coro.OK)
		n.countShutdown()
		return answered
	case coro.CFGReqNodeAddrs:
		var r coro.NodeReq
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		node := totem.NodeID(r.Node)
		if node == 0 {
			node = n.self
		}
		addrs := n.loop.Machine().Addrs(node)
		// Corosync 2 knows the addresses of those it has seen, corosync 3 of
		// those that are configured.
		_, seen := n.keys.Get(service.MemberKey(n.gen, node) + ".status")
		if len(addrs) == 0 || !el9 && !seen {
			cl.c.Respond(coro.Response(coro.CFGResNodeAddrs, coro.ErrNotExist, &coro.NodeAddrs{}))
			return answered
		}
		return cl.reply(coro.CFGResNodeAddrs, &coro.NodeAddrs{Addrs: addrs})
	case coro.CFGReqLocalGet:
		return cl.reply(coro.CFGResLocalGet, &coro.LocalNode{Node: uint32(n.self)})
	case coro.CFGReqReload:
		to(service.Reload{Source: source})
		return answered // when this node has reloaded
	}
	// Corosync 2 knows none of these. Its clients do not send them, and those
	// of corosync 3 find a node of either profile the same.
	switch id {
	case coro.CFGReqReopenLogs:
		return n.reopenLog(cl)
	case coro.CFGReqNodeStatus:
		var r coro.NodeStatusReq
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		if r.Version != 1 {
			cl.c.Respond(coro.Response(coro.CFGResNodeStatus, coro.ErrNotSupported, &coro.NodeStatusVersion{Version: r.Version}))
			return answered
		}
		return cl.reply(coro.CFGResNodeStatus, n.nodeStatus(totem.NodeID(r.Node)))
	case coro.CFGReqTrackStart:
		cl.cfg.tracking = true
		cl.status(coro.CFGResTrackStart, coro.OK)
		if n.shutdown.by != nil {
			cl.event(coro.Response(coro.CFGEvTestShutdown, coro.OK, &coro.TestShutdown{Flags: n.shutdown.flags}))
		}
		return answered
	case coro.CFGReqTrackStop:
		n.untrackShutdown(cl)
		return cl.status(coro.CFGResTrackStop, coro.OK)
	}
	return coro.ErrInvalidParam
}

// reopenLog opens the log file again and answers when that is done.
func (n *Node) reopenLog(cl *client) coro.Error {
	if n.reopening {
		return cl.status(coro.CFGResReopenLogs, coro.ErrTryAgain)
	}
	n.reopening = true
	conn, s := cl.c.ID(), coro.OK
	n.aside(func(context.Context) {
		if n.cfg.Places == nil {
			return
		}
		if err := n.cfg.Places.Reopen(); err != nil {
			s = coro.ErrLibrary
		}
	}, func() {
		n.reopening = false
		if cl := n.cfgClient(conn); cl != nil {
			cl.status(coro.CFGResReopenLogs, s)
		}
	})
	return answered
}

func (n *Node) ringStatus() *coro.RingStatus {
	m := &coro.RingStatus{}
	for _, i := range n.conf.Interfaces {
		if n.gen == wire.EL9 {
			m.Name = append(m.Name, fmt.Sprintf("%d %v", i.Number, i.Bind))
			m.Status = append(m.Status, "OK")
			continue
		}
		m.Name = append(m.Name, i.Bind.String())
		status := n.ringTexts[i.Number]
		if status == "" {
			status = fmt.Sprintf("ring %d active with no faults", i.Number)
		}
		m.Status = append(m.Status, status)
	}
	return m
}

// nodeStatus is what corosync 3 tells over udpu: the address of the node that
// is asked about stands where that of this node would be expected.
func (n *Node) nodeStatus(id totem.NodeID) *coro.NodeStatus {
	m := &coro.NodeStatus{}
	known := slices.ContainsFunc(n.conf.Nodes, func(c conf.Node) bool { return totem.NodeID(c.ID) == id })
	if !known {
		return m
	}
	m.Version, m.Node = 1, uint32(id)
	m.Reachable = uint8(flag(slices.Contains(n.members, id)))
	src := ""
	if a := n.addrOf(id); a.IsValid() {
		src = a.String()
	}
	m.Links[0] = coro.LinkStatus{Enabled: 1, Connected: m.Reachable, MTU: n.frameMTU(), Src: src}
	return m
}

// frameMTU is the largest payload of a frame in bytes, as corosync counts it.
func (n *Node) frameMTU() uint32 {
	head := uint32(wire.McastSize(n.gen))
	if n.gen == wire.EL9 {
		return n.conf.NetMTU - 2*head
	}
	return n.conf.NetMTU - head - 28
}

// reenabled takes faulty rings into use again, and answers the client that
// asked for it on this node.
func (n *Node) reenabled(a service.Reenable) {
	n.toRing = append(n.toRing, totem.Reenable{})
	if a.Source.Node != n.self {
		return
	}
	if cl := n.cfgClient(a.Source.Conn); cl != nil {
		cl.status(coro.CFGResRingReenable, coro.OK)
	}
}

// RingStatus is called when a network is in trouble, fails or works
// again.
func (c callbacks) RingStatus(s totem.RingStatus) {
	n := c.n
	n.ringTexts[s.Iface] = s.Text
	switch s.State {
	case totem.RingTroubled:
		n.log.Log(LevelWarning, TOTEM, "%s", s.Text)
		return
	case totem.RingFaulty:
		n.log.Log(LevelError, TOTEM, "%s", s.Text)
	default:
		n.log.Log(LevelNotice, TOTEM, "Automatically recovered ring %d", s.Iface)
	}
	n.setFaulty(s.Iface, s.State == totem.RingFaulty)
}

func (n *Node) setFaulty(iface int, faulty bool) {
	n.keys.Set(fmt.Sprintf("runtime.totem.pg.mrp.rrp.%d.faulty", iface), cmap.Bool(faulty))
}

func (n *Node) cfgClient(id uint64) *client {
	for _, cl := range n.clients {
		if cl.service == "cfg" && cl.c.ID() == id {
			return cl
		}
	}
	return nil
}

// tryShutdown begins an orderly end, after asking those who track it.
func (n *Node) tryShutdown(cl *client, flags uint32) coro.Error {
	announce := func() { n.feed(service.To{ID: service.IDCFG, Event: service.Shutdown{}}) }
	if n.shutdown.by != nil {
		return cl.status(coro.CFGResTryShutdown, coro.ErrExist)
	}
	others := n.shutdownTrackers(cl)
	if flags == coro.CFGShutdownImmediate || len(others) == 0 {
		cl.status(coro.CFGResTryShutdown, coro.OK)
		announce()
		return answered
	}
	timeout := time.Duration(n.keys.Uint("cfg.shutdown_timeout", 5000)) * time.Millisecond
	n.shutdown = shutdownVote{by: cl, flags: flags, deadline: n.now + timeout}
	for _, o := range others {
		o.cfg.replied = false
		o.event(coro.Response(coro.CFGEvTestShutdown, coro.OK, &coro.TestShutdown{Flags: flags}))
	}
	return answered
}

func (n *Node) shutdownTrackers(but *client) (list []*client) {
	for _, cl := range n.sortedClients() {
		if cl.service == "cfg" && cl.cfg.tracking && cl != but {
			list = append(list, cl)
		}
	}
	return list
}

// countShutdown decides once everybody has answered.
func (n *Node) countShutdown() {
	if n.shutdown.by == nil || n.shutdown.yes+n.shutdown.no < len(n.shutdownTrackers(n.shutdown.by)) {
		return
	}
	n.endShutdownVote()
}

func (n *Node) endShutdownVote() {
	v := n.shutdown
	n.shutdown = shutdownVote{}
	if v.no == 0 || v.flags == coro.CFGShutdownRegardless {
		v.by.status(coro.CFGResTryShutdown, coro.OK)
		n.feed(service.To{ID: service.IDCFG, Event: service.Shutdown{}})
		return
	}
	v.by.status(coro.CFGResTryShutdown, coro.ErrBusy)
}

// shutdownTimeout counts those who did not answer as against it.
func (n *Node) shutdownTimeout() {
	trackers := n.shutdownTrackers(n.shutdown.by)
	flags := n.shutdown.flags
	n.shutdown.no = len(trackers)
	n.endShutdownVote()
	for _, cl := range trackers {
		cl.event(coro.Response(coro.CFGEvTestShutdown, coro.ErrTimeout, &coro.TestShutdown{Flags: flags}))
	}
}

// untrackShutdown makes a tracker that goes away agree.
func (n *Node) untrackShutdown(cl *client) {
	if cl.cfg.tracking && n.shutdown.by != nil && !cl.cfg.replied && cl != n.shutdown.by {
		cl.cfg.tracking = false
		n.countShutdown()
		return
	}
	cl.cfg.tracking = false
}

func (n *Node) cfgClosed(cl *client) {
	if n.shutdown.by == cl {
		n.shutdown = shutdownVote{}
	}
	n.untrackShutdown(cl)
}

// addrOf returns a node's address on the first interface.
func (n *Node) addrOf(id totem.NodeID) netip.Addr {
	if a := n.loop.Machine().Addrs(id); len(a) > 0 {
		return a[0]
	}
	return netip.Addr{}
}
