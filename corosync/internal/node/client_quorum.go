package node

import (
	"encoding/binary"

	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
	"github.com/gocorosync/gocorosync/votequorum"
)

var le = binary.LittleEndian

// quorumClient is what a connection to "quorum" holds, voteClient one to
// "votequorum".
type (
	quorumClient struct {
		model    uint32
		tracking bool
	}
	voteClient struct {
		tracking bool
		context  uint64
		pending  int32
	}
)

func ids(list []totem.NodeID) []uint32 {
	out := make([]uint32, len(list))
	for i, id := range list {
		out[i] = uint32(id)
	}
	return out
}

func ringID(r totem.RingID) coro.RingID { return coro.RingID{Node: uint32(r.Rep), Seq: r.Seq} }

func flag(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

func (n *Node) quorumRequest(cl *client, id int32, msg []byte) coro.Error {
	typ := uint32(coro.QuorumFree)
	if n.quorum.HasProvider() {
		typ = coro.QuorumSet
	}
	switch id {
	case coro.QuorumReqGet:
		return cl.reply(coro.QuorumResGet, &coro.Word{Value: flag(n.quorum.State().Quorate)})
	case coro.QuorumReqTrackStart:
		var r coro.WordReq
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		if r.Value&(coro.TrackCurrent|coro.TrackChanges) != 0 {
			state := n.quorum.State()
			if cl.quorum.model == 1 {
				cl.nodesEvent(n.quorum.Nodes())
			}
			cl.quorumEvent(state)
		}
		s := coro.OK
		if r.Value&(coro.TrackChanges|coro.TrackChangesOnly) != 0 {
			if cl.quorum.tracking {
				s = coro.ErrExist
			}
			cl.quorum.tracking = true
		}
		return cl.status(coro.QuorumResTrackStart, s)
	case coro.QuorumReqTrackStop:
		cl.quorum.tracking = false
		return cl.status(coro.QuorumResTrackStop, coro.OK)
	case coro.QuorumReqType:
		return cl.reply(coro.QuorumResType, &coro.Word{Value: typ})
	case coro.QuorumReqModelType:
		var r coro.WordReq
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		if r.Value > 1 {
			cl.c.Respond(coro.Response(coro.QuorumResModelType, coro.ErrInvalidParam, &coro.Word{}))
			return answered
		}
		cl.quorum.model = r.Value
		return cl.reply(coro.QuorumResModelType, &coro.Word{Value: typ})
	}
	return coro.ErrInvalidParam
}

func (cl *client) quorumEvent(q service.QuorumReport) {
	quorate := int32(flag(q.Quorate))
	if cl.quorum.model == 1 {
		cl.event(coro.Response(coro.QuorumEvV1Quorum, coro.OK, &coro.QuorumV1Quorum{Quorate: quorate, Ring: ringID(q.Ring), Members: ids(q.Members)}))
		return
	}
	cl.event(coro.Response(coro.QuorumEvNotify, coro.OK, &coro.QuorumNotify{Quorate: quorate, RingSeq: q.Ring.Seq, Members: ids(q.Members)}))
}

func (cl *client) nodesEvent(q service.QuorumNodes) {
	cl.event(coro.Response(coro.QuorumEvV1Nodes, coro.OK, &coro.QuorumV1Nodes{
		Ring: ringID(q.Ring), Members: ids(q.Members), Joined: ids(q.Joined), Left: ids(q.Left),
	}))
}

// quorumAction logs and spreads what the quorum service says.
func (n *Node) quorumAction(a service.Action) {
	switch a := a.(type) {
	case service.QuorumSync:
		if n.gen == wire.EL7 {
			return
		}
		for _, l := range []struct {
			what string
			ids  []totem.NodeID
		}{{"Sync members", a.Members}, {"Sync joined", a.Joined}, {"Sync left", a.Left}} {
			if len(l.ids) > 0 {
				for _, line := range memberLines(l.what, l.ids) {
					n.log.Log(LevelNotice, QUORUM, "%s", line)
				}
			}
		}
	case service.QuorumNodes:
		for _, cl := range n.sortedClients() {
			if cl.service == "quorum" && cl.quorum.tracking && cl.quorum.model == 1 {
				cl.nodesEvent(a)
			}
		}
	case service.QuorumReport:
		if a.Changed {
			text := "This node is within the non-primary component and will NOT provide any services."
			if a.Quorate {
				text = "This node is within the primary component and will provide service."
			}
			n.log.Log(LevelNotice, QUORUM, "%s", text)
		}
		for _, line := range memberLines("Members", a.Members) {
			n.log.Log(LevelNotice, QUORUM, "%s", line)
		}
		for _, cl := range n.sortedClients() {
			if cl.service == "quorum" && cl.quorum.tracking {
				cl.quorumEvent(a)
			}
		}
		n.seeQuorum()
		if a.Changed {
			n.memberQuorum()
		}
	}
}

func (n *Node) voteRequest(cl *client, id int32, msg []byte) coro.Error {
	conn := cl.c.ID()
	send := func(ev service.Event) coro.Error {
		cl.vote.pending = coro.VoteResStatus
		n.feed(service.To{ID: service.IDVotequorum, Event: ev})
		return answered
	}
	switch id {
	case coro.VoteReqGetInfo:
		var r coro.VoteGetInfo
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		info, ok := n.vote.Info(totem.NodeID(r.Node))
		s := coro.OK
		if !ok {
			s = coro.ErrNotExist
		}
		cl.c.Respond(coro.Response(coro.VoteResGetInfo, s, voteInfo(info)))
		return answered
	case coro.VoteReqSetExpected:
		var r coro.WordReq
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		return send(votequorum.SetExpected{Conn: conn, Votes: r.Value})
	case coro.VoteReqSetVotes:
		var r coro.VoteSetVotes
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		return send(votequorum.SetVotes{Conn: conn, Node: totem.NodeID(r.Node), Votes: r.Votes})
	case coro.VoteReqTrackStart:
		var r coro.VoteTrackStart
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		if r.Flags&(coro.TrackCurrent|coro.TrackChanges) != 0 {
			old := cl.vote.context
			cl.vote.context = r.Context
			cl.voteNodes(n.vote.NodesEvent())
			cl.voteQuorum(n.vote.QuorumEvent())
			if cl.vote.tracking {
				cl.vote.context = old
			}
		}
		if cl.vote.tracking {
			return cl.status(coro.VoteResStatus, coro.ErrExist)
		}
		if r.Flags&(coro.TrackChanges|coro.TrackChangesOnly) != 0 {
			cl.vote.tracking, cl.vote.context = true, r.Context
		}
		return cl.status(coro.VoteResStatus, coro.OK)
	case coro.VoteReqTrackStop:
		s := coro.OK
		if !cl.vote.tracking {
			s = coro.ErrNotExist
		}
		cl.vote.tracking = false
		return cl.status(coro.VoteResStatus, s)
	case coro.VoteReqDeviceRegister, coro.VoteReqDeviceUnregister:
		var r coro.VoteDevice
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		if id == coro.VoteReqDeviceRegister {
			return send(votequorum.DeviceRegister{Conn: conn, Name: r.Name})
		}
		return send(votequorum.DeviceUnregister{Conn: conn, Name: r.Name})
	case coro.VoteReqDeviceUpdate:
		var r coro.VoteDeviceUpdate
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		return send(votequorum.DeviceUpdate{Conn: conn, Old: r.Old, New: r.New})
	case coro.VoteReqDevicePoll:
		var r coro.VoteDevicePoll
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		return send(votequorum.DevicePoll{Conn: conn, Name: r.Name, Cast: r.Cast != 0, Node: totem.NodeID(r.Ring.Node), Seq: r.Ring.Seq})
	case coro.VoteReqDeviceMasterWins:
		var r coro.VoteDeviceMasterWins
		if coro.Decode(msg, &r) != nil {
			return coro.ErrInvalidParam
		}
		return send(votequorum.DeviceMasterWins{Conn: conn, Name: r.Name, Allow: r.Allow != 0})
	}
	return coro.ErrInvalidParam
}

func voteInfo(i votequorum.Info) *coro.VoteInfo {
	m := &coro.VoteInfo{
		Node: uint32(i.Node.ID), State: uint32(i.Node.State), Votes: i.Node.Votes, Expected: i.Expected,
		HighestExpected: i.Highest, Total: i.Total, Quorum: i.Quorum, DeviceVotes: i.DeviceVotes, DeviceName: i.DeviceName,
	}
	s := i.Settings
	if s == nil {
		return m
	}
	for _, f := range []struct {
		on  bool
		bit uint32
	}{
		{s.TwoNode, coro.VoteFlagTwoNode}, {i.Quorate, coro.VoteFlagQuorate}, {s.WaitForAll, coro.VoteFlagWaitForAll},
		{s.LastManStanding, coro.VoteFlagLastManStanding}, {s.TieBreaker != votequorum.TieNone, coro.VoteFlagAutoTieBreaker},
		{s.AllowDownscale, coro.VoteFlagAllowDownscale},
		{i.DeviceFlags&votequorum.FlagDeviceRegistered != 0, coro.VoteFlagDeviceRegistered},
		{i.DeviceFlags&votequorum.FlagDeviceAlive != 0, coro.VoteFlagDeviceAlive},
		{i.DeviceFlags&votequorum.FlagDeviceCastVote != 0, coro.VoteFlagDeviceCastVote},
		{i.DeviceFlags&votequorum.FlagDeviceMasterWins != 0, coro.VoteFlagDeviceMasterWins},
	} {
		if f.on {
			m.Flags |= f.bit
		}
	}
	return m
}

func (cl *client) voteQuorum(a votequorum.QuorumChanged) {
	m := &coro.VoteQuorum{Quorate: flag(a.Quorate), Context: cl.vote.context}
	for _, v := range a.Nodes {
		m.Nodes = append(m.Nodes, coro.VoteNode{Node: uint32(v.ID), State: uint32(v.State)})
	}
	cl.event(coro.Response(coro.VoteEvQuorum, coro.OK, m))
}

func (cl *client) voteNodes(a votequorum.NodesChanged) {
	cl.event(coro.Response(coro.VoteEvNodes, coro.OK, &coro.VoteNodes{Context: cl.vote.context, Ring: ringID(a.Ring), Nodes: ids(a.Nodes)}))
}

// voteAction answers and spreads what votequorum says.
func (n *Node) voteAction(a service.Action) {
	var tell func(cl *client)
	switch a := a.(type) {
	case votequorum.Reply:
		for _, cl := range n.clients {
			if cl.service == "votequorum" && cl.c.ID() == a.Conn {
				cl.status(cl.vote.pending, coro.Error(a.Status))
			}
		}
		return
	case votequorum.Critical:
		n.log.Log(LevelCrit, VOTEQ, "%s", a.Text)
		return
	case votequorum.Warning:
		n.log.Log(LevelWarning, VOTEQ, "%s", a.Text)
		return
	case votequorum.Notice:
		n.log.Log(LevelNotice, VOTEQ, "%s", a.Text)
		return
	case votequorum.Informational:
		n.log.Log(LevelInfo, VOTEQ, "%s", a.Text)
		return
	case votequorum.QuorumChanged:
		tell = func(cl *client) { cl.voteQuorum(a) }
	case votequorum.NodesChanged:
		tell = func(cl *client) { cl.voteNodes(a) }
	case votequorum.ExpectedChanged:
		tell = func(cl *client) {
			cl.event(coro.Response(coro.VoteEvExpected, coro.OK, &coro.VoteExpected{Context: cl.vote.context, Expected: a.Votes}))
		}
	}
	for _, cl := range n.sortedClients() {
		if cl.service == "votequorum" && cl.vote.tracking {
			tell(cl)
		}
	}
}
