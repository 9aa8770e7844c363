package node

import (
	"context"
	"os"

	"github.com/gocorosync/gocorosync/cpg"
	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
)

// A Listener hears what happens in a group, in order. The loop calls it: it must
// not wait, and data is valid during the call. Who returns false has had enough,
// and is no member any more.
type Listener interface {
	// Joined is the first call: the process goes by pid.
	Joined(pid uint32, quorate bool) bool
	Quorum(quorate bool) bool
	Change(members, left, joined []cpg.Address) bool
	Message(node totem.NodeID, pid uint32, data []byte) bool
	// Part is one of the parts of a message, with the types of [cpg.PartialMcast].
	Part(node totem.NodeID, pid, total, typ uint32, data []byte) bool
}

// A Membership is that of the embedding program in a group. The loop owns it.
type Membership struct {
	n    *Node
	conn cpg.Conn
	pid  uint32
	l    Listener

	reply  func(cpg.Status) // to the request under way
	joined bool
}

// firstLocal is above all numbers of clients' connections.
const firstLocal = cpg.Conn(1) << 62

// joinRoom is more than a join needs on the ring, in bytes.
const joinRoom = 1024

// Join asks for a membership; its listener is told of the rest. Several in one
// process are told apart by PIDs of their own, which count up from the
// process's. The status is other than OK if the service refuses, and is valid
// without an error.
func (n *Node) Join(ctx context.Context, group string, l Listener) (*Membership, cpg.Status, error) {
	m := &Membership{n: n, l: l}
	status := make(chan cpg.Status, 1)
	err := n.withRoom(ctx, joinRoom, func() {
		n.lastLocal++
		m.conn = firstLocal + n.lastLocal
		m.pid = uint32(os.Getpid()) + uint32(n.lastLocal) - 1
		n.local[m.conn] = m
		m.reply = func(s cpg.Status) {
			if s == cpg.OK {
				m.joined = true
				m.tell(l.Joined(m.pid, n.quorum.State().Quorate))
			}
			status <- s
		}
		n.feed(service.To{ID: service.IDCPG, Event: cpg.Open{Conn: m.conn}})
		n.feed(service.To{ID: service.IDCPG, Event: cpg.Join{Conn: m.conn, Group: group, PID: m.pid}})
	})
	if err != nil {
		return nil, 0, err
	}
	select {
	case s := <-status:
		if s != cpg.OK {
			m.Close()
		}
		return m, s, nil
	case <-ctx.Done():
		m.Close()
		return nil, 0, context.Cause(ctx)
	case <-n.done:
		return nil, 0, ErrEnded
	}
}

// Multicast sends a message of up to [MaxAtomic] bytes once there is room. The
// status is NotExist if the membership has ended.
func (m *Membership) Multicast(ctx context.Context, data []byte) (s cpg.Status, err error) {
	err = m.n.withRoom(ctx, len(data)+cpgOverhead, func() {
		s = cpg.NotExist
		if m.n.local[m.conn] == m {
			s = cpg.OK
			m.n.feed(service.To{ID: service.IDCPG, Event: cpg.Mcast{Conn: m.conn, Data: data}})
		}
	})
	return s, err
}

// Part sends a part of a message of total bytes once there is room. The status is
// Interrupt if the members have changed since the first.
func (m *Membership) Part(ctx context.Context, total, typ uint32, data []byte) (s cpg.Status, err error) {
	err = m.n.withRoom(ctx, len(data)+cpgOverhead, func() {
		s = cpg.NotExist
		if m.n.local[m.conn] == m {
			m.reply = func(got cpg.Status) { s = got } // comes at once
			m.n.feed(service.To{ID: service.IDCPG, Event: cpg.PartialMcast{Conn: m.conn, Total: total, Type: typ, Data: data}})
		}
	})
	return s, err
}

// Close ends the membership.
func (m *Membership) Close() { m.n.Do(m.end) }

func (m *Membership) end() {
	if m.n.local[m.conn] == m {
		delete(m.n.local, m.conn)
		m.n.feed(service.To{ID: service.IDCPG, Event: cpg.Closed{Conn: m.conn}})
	}
}

// tell takes the answer of the listener.
func (m *Membership) tell(goesOn bool) {
	if !goesOn {
		m.n.enough = append(m.n.enough, m)
	}
}

// endEnough ends the memberships of those who had enough: when the turn is over,
// as the service is in the middle of a step while it calls.
func (n *Node) endEnough() {
	for len(n.enough) > 0 {
		m := n.enough[0]
		n.enough = n.enough[1:]
		m.end()
	}
}

func (n *Node) memberReply(r cpg.Reply) {
	if m := n.local[r.Conn]; m != nil && m.reply != nil {
		f := m.reply
		m.reply = nil
		f(r.Status)
	}
}

func (n *Node) memberChange(a cpg.Confchg) {
	for _, id := range a.Conns {
		if m := n.local[id]; m != nil {
			m.tell(m.l.Change(a.Members, a.Left, a.Joined))
		}
	}
}

func (n *Node) memberMessage(a cpg.Deliver) {
	for _, id := range a.Conns {
		if m := n.local[id]; m != nil {
			m.tell(m.l.Message(a.Node, a.PID, a.Data))
		}
	}
}

func (n *Node) memberPart(a cpg.PartialDeliver) {
	for _, id := range a.Conns {
		if m := n.local[id]; m != nil {
			m.tell(m.l.Part(a.Node, a.PID, a.Total, a.Type, a.Data))
		}
	}
}

// memberQuorum tells all members of a report on quorum; who joins is told then.
func (n *Node) memberQuorum() {
	quorate := n.quorum.State().Quorate
	for id := firstLocal + 1; id <= firstLocal+n.lastLocal; id++ {
		if m := n.local[id]; m != nil && m.joined {
			m.tell(m.l.Quorum(quorate))
		}
	}
}
