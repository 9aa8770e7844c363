package node

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/gocorosync/gocorosync/cpg"
	"github.com/gocorosync/gocorosync/ipc"
	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
)

// cpgClient is what a connection to "cpg" holds.
type cpgClient struct {
	pending int32 // id of the response to the request under way
	iters   map[uint64]*cpgIter
	next    uint64
	buffers map[uint64][]byte // zero-copy
}

type cpgIter struct {
	list []cpg.Process
}

// cpgOverhead is what a message of the service needs on the ring besides its
// data, in bytes, group table included.
const cpgOverhead = 256

// MaxAtomic is the largest message of a group that the ring carries in one
// piece, in bytes.
const MaxAtomic = totem.MaxMessage - cpgOverhead

func fits(data []byte) bool { return len(data) <= MaxAtomic }

func (n *Node) cpgRequest(cl *client, id int32, msg []byte) (done bool, status coro.Error) {
	conn := cpg.Conn(cl.c.ID())
	to := func(ev service.Event) { n.feed(service.To{ID: service.IDCPG, Event: ev}) }
	bad := func() (bool, coro.Error) { return true, coro.ErrInvalidParam }
	switch id {
	case coro.CPGReqMcast:
		size := len(msg) + cpgOverhead
		if size > totem.MaxMessage {
			// It could never be sent. libcpg makes parts of such messages.
			n.log.Log(LevelWarning, CPG, "message of %d bytes of pid %d dropped: too long", len(msg), cl.c.Peer().PID)
			return true, answered // there is no response to this one
		}
		// Before it is looked at, as it may have to wait several times.
		if n.busy(size) || cl.c.Queued() > slowUnread {
			return false, answered
		}
		if n.decoder.DecodeInPlace(msg, &n.mcast) != nil {
			return true, answered
		}
		to(cpg.Mcast{Conn: conn, Data: n.mcast.Data})
		return true, answered
	case coro.CPGReqJoin, coro.CPGReqLeave, coro.CPGReqFinalize, coro.CPGReqPartialMcast, coro.CPGReqZeroCopyExecute:
		if n.busy(len(msg) + cpgOverhead) {
			return true, coro.ErrTryAgain
		}
	}
	switch id {
	case coro.CPGReqJoin:
		var m coro.CPGJoin
		if coro.Decode(msg, &m) != nil {
			return bad()
		}
		cl.cpg.pending = coro.CPGResJoin
		to(cpg.Join{Conn: conn, Group: m.Group, PID: m.PID, InitialTotem: m.Flags&coro.CPGFlagInitialTotem != 0})
	case coro.CPGReqLeave:
		var m coro.CPGLeave
		if coro.Decode(msg, &m) != nil {
			return bad()
		}
		cl.cpg.pending = coro.CPGResLeave
		to(cpg.Leave{Conn: conn, Group: m.Group, PID: m.PID})
	case coro.CPGReqPartialMcast:
		var m coro.CPGPartialMcast
		if coro.Decode(msg, &m) != nil {
			return bad()
		}
		if !fits(m.Data) {
			return true, cl.status(coro.CPGResPartialMcast, coro.ErrTooBig)
		}
		cl.cpg.pending = coro.CPGResPartialMcast
		to(cpg.PartialMcast{Conn: conn, Total: m.Total, Type: m.Type, Data: m.Data})
	case coro.CPGReqFinalize:
		to(cpg.Finalize{Conn: conn})
		cl.status(coro.CPGResFinalize, coro.OK)
	case coro.CPGReqMembership:
		var m coro.CPGMembershipReq
		if coro.Decode(msg, &m) != nil {
			return bad()
		}
		cl.reply(coro.CPGResMembership, &coro.CPGMembership{Members: addresses(n.cpg.Members(m.Group))})
	case coro.CPGReqLocalGet:
		cl.reply(coro.CPGResLocalGet, &coro.LocalNode{Node: uint32(n.self)})
	case coro.CPGReqIterInit:
		var m coro.CPGIterInit
		if coro.Decode(msg, &m) != nil || m.Type < coro.CPGIterNames || m.Type > coro.CPGIterAll {
			return bad()
		}
		group := &m.Group
		if m.Type != coro.CPGIterOne {
			group = nil
		}
		if cl.cpg.iters == nil {
			cl.cpg.iters = make(map[uint64]*cpgIter)
		}
		if len(cl.cpg.iters) >= maxIterators {
			return true, cl.status(coro.CPGResIterInit, coro.ErrNoResources)
		}
		cl.cpg.next++
		cl.cpg.iters[cl.cpg.next] = &cpgIter{n.cpg.Processes(m.Type == coro.CPGIterNames, group)}
		cl.reply(coro.CPGResIterInit, &coro.Handle{Handle: cl.cpg.next})
	case coro.CPGReqIterNext:
		var m coro.HandleReq
		if coro.Decode(msg, &m) != nil {
			return bad()
		}
		it := cl.cpg.iters[m.Handle]
		switch {
		case it == nil:
			cl.c.Respond(coro.Response(coro.CPGResIterNext, coro.ErrLibrary, &coro.CPGIterNext{}))
		case len(it.list) == 0:
			cl.c.Respond(coro.Response(coro.CPGResIterNext, coro.ErrNoSections, &coro.CPGIterNext{}))
		default:
			p := it.list[0]
			it.list = it.list[1:]
			cl.reply(coro.CPGResIterNext, &coro.CPGIterNext{Group: p.Group, Node: uint32(p.Node), PID: p.PID})
		}
	case coro.CPGReqIterFinalize:
		var m coro.HandleReq
		if coro.Decode(msg, &m) != nil {
			return bad()
		}
		delete(cl.cpg.iters, m.Handle)
		cl.status(coro.CPGResIterFinalize, coro.OK)
	case coro.CPGReqZeroCopyAlloc:
		var m coro.CPGZeroCopyAlloc
		if coro.Decode(msg, &m) != nil {
			return bad()
		}
		s := coro.OK
		if err := cl.cpg.allocate(m, cl.c.Peer()); err != nil {
			n.log.Log(LevelWarning, CPG, "zero-copy buffer of pid %d: %v", cl.c.Peer().PID, err)
			s = coro.ErrNoMemory
		}
		cl.status(0, s)
	case coro.CPGReqZeroCopyFree:
		var m coro.CPGZeroCopyFree
		if coro.Decode(msg, &m) != nil {
			return bad()
		}
		if b := cl.cpg.buffers[m.Address]; b != nil {
			unix.Munmap(b)
			delete(cl.cpg.buffers, m.Address)
		}
		cl.status(0, coro.OK)
	case coro.CPGReqZeroCopyExecute:
		var m coro.CPGZeroCopyExecute
		if coro.Decode(msg, &m) != nil {
			return bad()
		}
		data, s := cl.cpg.contents(m.Address)
		if s == coro.OK && !fits(data) {
			s = coro.ErrTooBig // what libcpg says of what is longer still
		}
		if s == coro.OK {
			to(cpg.Mcast{Conn: conn, Data: data})
		}
		cl.status(coro.CPGResMcast, s)
	default:
		return bad()
	}
	return true, answered
}

// maxIterators bounds what one client can make the daemon remember.
const maxIterators = 1024

func addresses(list []cpg.Address) []coro.CPGAddress {
	out := make([]coro.CPGAddress, len(list))
	for i, a := range list {
		out[i] = coro.CPGAddress{Node: uint32(a.Node), PID: a.PID, Reason: coro.CPGReason(a.Reason)}
	}
	return out
}

// cpgAction tells clients what happened in their groups.
func (n *Node) cpgAction(a service.Action) {
	switch a := a.(type) {
	case cpg.Reply:
		if cl := n.cpgClient(a.Conn); cl != nil {
			cl.status(cl.cpg.pending, coro.Error(a.Status))
		} else {
			n.memberReply(a)
		}
	case cpg.Confchg:
		n.toGroup(a.Conns, coro.CPGEvConfchg, &coro.CPGConfchg{
			Group: a.Group, Members: addresses(a.Members), Left: addresses(a.Left), Joined: addresses(a.Joined),
		})
		n.memberChange(a)
	case cpg.Deliver:
		n.deliver = coro.CPGDeliver{Group: a.Group, Node: uint32(a.Node), PID: a.PID, Data: a.Data}
		n.toGroup(a.Conns, coro.CPGEvDeliver, &n.deliver)
		n.memberMessage(a)
	case cpg.PartialDeliver:
		n.toGroup(a.Conns, coro.CPGEvPartialDeliver, &coro.CPGPartialDeliver{
			Group: a.Group, Node: uint32(a.Node), PID: a.PID, Total: a.Total, Type: a.Type, Data: a.Data,
		})
		n.memberPart(a)
	case cpg.TotemConfchg:
		n.toGroup(a.Conns, coro.CPGEvTotemConfchg, &coro.CPGTotemConfchg{
			Ring: ringID(a.Ring), Members: ids(a.Members),
		})
	}
}

func (n *Node) cpgClient(id cpg.Conn) *client { return n.cpgClients[id] }

// toGroup sends an event to clients. It is made only if there are any: the
// connections may all be the embedding program's. It goes out when the turn is
// over, together with others.
func (n *Node) toGroup(conns []cpg.Conn, id int32, m coro.Message) {
	var event, copied []byte
	for _, conn := range conns {
		cl := n.cpgClients[conn]
		if cl == nil {
			continue
		}
		if event == nil {
			event = n.encoder.Response(id, coro.OK, m)
		}
		cl.eventCopy(event, &copied)
	}
}

// Zero-copy buffers: a file that the client made and we map. Layout: size i32
// @0, our cookie u64 @8, a multicast request @16, its data @56.
const (
	zeroCopyData   = 56
	zeroCopyPrefix = "/dev/shm/corosync_zerocopy-"
	maxBuffers     = 64
	maxBuffer      = ipc.DefaultMaxMessage + 4096
)

func (c *cpgClient) allocate(m coro.CPGZeroCopyAlloc, peer ipc.Creds) error {
	if !strings.HasPrefix(m.Path, zeroCopyPrefix) || strings.Contains(m.Path[len(zeroCopyPrefix):], "/") {
		return fmt.Errorf("%q is not a name for one", m.Path)
	}
	if m.Size < zeroCopyData || m.Size > maxBuffer || len(c.buffers) >= maxBuffers {
		return fmt.Errorf("size %d, with %d buffers", m.Size, len(c.buffers))
	}
	fd, err := unix.Open(m.Path, unix.O_RDWR|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Uid != peer.UID {
		return fmt.Errorf("%s belongs to uid %d, not %d", m.Path, st.Uid, peer.UID)
	}
	os.Remove(m.Path)
	if err := unix.Ftruncate(fd, int64(m.Size)); err != nil {
		return err
	}
	b, err := unix.Mmap(fd, 0, int(m.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	if c.buffers == nil {
		c.buffers = make(map[uint64][]byte)
	}
	c.next++
	c.buffers[c.next] = b
	return ipc.Guard(func() error { le.PutUint64(b[8:], c.next); return nil })
}

// contents copies the message out of a buffer.
func (c *cpgClient) contents(cookie uint64) (data []byte, status coro.Error) {
	b := c.buffers[cookie]
	if b == nil {
		return nil, coro.ErrInvalidParam
	}
	err := ipc.Guard(func() error {
		size := le.Uint32(b[16+32:])
		if uint64(size) > uint64(len(b)-zeroCopyData) {
			return errors.New("too long")
		}
		data = append([]byte(nil), b[zeroCopyData:zeroCopyData+size]...)
		return nil
	})
	if err != nil {
		return nil, coro.ErrInvalidParam
	}
	return data, coro.OK
}

func (c *cpgClient) release() {
	for _, b := range c.buffers {
		unix.Munmap(b)
	}
	c.buffers = nil
}
