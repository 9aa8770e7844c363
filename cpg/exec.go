package cpg

import (
	"encoding/binary"
	"slices"

	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
)

// Functions of the service on the ring.
const (
	execProcjoin     = 0
	execProcleave    = 1
	execJoinlist     = 2
	execMcast        = 3
	execDownlistOld  = 4 // never sent
	execDownlist     = 5
	execPartialMcast = 6
)

// Types of a part.
const (
	partFirst = 1
	partLast  = 3
)

// Sizes and offsets in bytes. A group name is its length, u32, and 128 bytes
// at +8.
//
//	                 procjoin/leave  mcast  partial
//	group                        16     16       16
//	pid                         152    160      168
//	reason                      160
//	message length                     152      152
//	fragment length                             160
//	type                                        176
//	source                             168      184
//	data                               184      200
const (
	joinLeaveSize = 168
	mcastSize     = 184
	partialSize   = 200
	joinlistHead  = 24
	joinlistEntry = 144
	downlistSize  = 1568
	downlistNodes = 384
)

var le = binary.LittleEndian

func putName(b []byte, s string) {
	le.PutUint32(b, uint32(len(s)))
	copy(b[8:8+MaxName], s)
}

func readName(b []byte, o binary.ByteOrder) (string, bool) {
	n := o.Uint32(b)
	if n > MaxName {
		return "", false
	}
	return string(b[8 : 8+n]), true
}

func (m *Machine) send(message []byte) { m.out = append(m.out, service.Multicast{Message: message}) }

// behind sends what send says behind all that was sent before.
func (m *Machine) behind(send func()) {
	from := len(m.out)
	send()
	for i, a := range m.out[from:] {
		if a, ok := a.(service.Multicast); ok {
			a.Behind = true
			m.out[from+i] = a
		}
	}
}

func (m *Machine) sendJoinLeave(fn int, c *conn, r Reason) {
	msg, p := service.NewMessage(service.IDCPG, fn, joinLeaveSize)
	putName(p[16:], c.group)
	le.PutUint32(p[152:], c.pid)
	le.PutUint32(p[160:], uint32(r))
	m.send(msg)
}

func (m *Machine) putSource(b []byte, c *conn) {
	le.PutUint32(b, uint32(m.cfg.Self))
	le.PutUint64(b[8:], uint64(c.id))
}

func (m *Machine) sendMcast(c *conn, data []byte) {
	msg, p := service.NewMessage(service.IDCPG, execMcast, mcastSize+len(data))
	putName(p[16:], c.group)
	le.PutUint32(p[152:], uint32(len(data)))
	le.PutUint32(p[160:], c.pid)
	m.putSource(p[168:], c)
	copy(p[mcastSize:], data)
	m.send(msg)
}

func (m *Machine) sendPart(c *conn, ev PartialMcast) {
	msg, p := service.NewMessage(service.IDCPG, execPartialMcast, partialSize+len(ev.Data))
	putName(p[16:], c.group)
	le.PutUint32(p[152:], ev.Total)
	le.PutUint32(p[160:], uint32(len(ev.Data)))
	le.PutUint32(p[168:], c.pid)
	le.PutUint32(p[176:], ev.Type)
	m.putSource(p[184:], c)
	copy(p[partialSize:], ev.Data)
	m.send(msg)
}

// exec takes a message from the ring. What is too short or says impossible
// things is ignored.
func (m *Machine) exec(ev *service.Exec) {
	p, o := ev.Data, ev.Order
	switch ev.Func {
	case execProcjoin, execProcleave:
		if len(p) < joinLeaveSize {
			return
		}
		group, ok := readName(p[16:], o)
		if !ok {
			return
		}
		pr := process{ev.From, o.Uint32(p[152:]), group}
		if ev.Func == execProcjoin {
			m.procjoin(pr)
		} else {
			m.procleave(pr, Reason(o.Uint32(p[160:])))
		}
	case execJoinlist:
		m.joinlist(ev)
	case execMcast:
		if len(p) < mcastSize {
			return
		}
		group, ok := m.sender(ev.From, p[16:], o)
		n := o.Uint32(p[152:])
		if !ok || uint64(n) > uint64(len(p)-mcastSize) {
			return
		}
		if to := m.receivers(group); len(to) > 0 {
			m.out = append(m.out, Deliver{to, group, ev.From, o.Uint32(p[160:]), p[mcastSize : mcastSize+n]})
		}
	case execPartialMcast:
		if len(p) < partialSize {
			return
		}
		group, ok := m.sender(ev.From, p[16:], o)
		n := o.Uint32(p[160:])
		if !ok || uint64(n) > uint64(len(p)-partialSize) {
			return
		}
		if to := m.receivers(group); len(to) > 0 {
			m.out = append(m.out, PartialDeliver{to, group, ev.From, o.Uint32(p[168:]),
				o.Uint32(p[152:]), o.Uint32(p[176:]), p[partialSize : partialSize+n]})
		}
	case execDownlist, execDownlistOld:
		// Everybody knows by itself who is down.
	}
}

// sender returns the group that is named at b, if a process of the node is in it:
// others' messages are not for us. It makes no new string of it.
func (m *Machine) sender(node totem.NodeID, b []byte, o binary.ByteOrder) (group string, ok bool) {
	n := o.Uint32(b)
	if n > MaxName {
		return "", false
	}
	for i := range m.procs {
		if p := &m.procs[i]; p.node == node && p.group == string(b[8:8+n]) {
			return p.group, true
		}
	}
	return "", false
}

func (m *Machine) procjoin(p process) {
	if m.find(p) >= 0 {
		return
	}
	m.insert(p)
	m.notify(p.group, nil, []Address{{p.node, p.pid, Joined}})
}

func (m *Machine) procleave(p process, r Reason) {
	i := m.find(p)
	if i < 0 {
		return
	}
	m.notify(p.group, []Address{{p.node, p.pid, r}}, nil)
	m.procs = slices.Delete(m.procs, i, i+1)
}
