package coro

// Requests of the service "cpg" (service id 2). The numbers are the protocol's.
const (
	CPGReqJoin            = 0
	CPGReqLeave           = 1
	CPGReqMcast           = 2
	CPGReqMembership      = 3
	CPGReqLocalGet        = 4
	CPGReqIterInit        = 5
	CPGReqIterNext        = 6
	CPGReqIterFinalize    = 7
	CPGReqFinalize        = 8
	CPGReqZeroCopyAlloc   = 9
	CPGReqZeroCopyFree    = 10
	CPGReqZeroCopyExecute = 11
	CPGReqPartialMcast    = 12
	CPGResJoin            = 0
	CPGResLeave           = 1
	CPGResMcast           = 2 // of a zero-copy multicast only
	CPGResMembership      = 3
	CPGEvConfchg          = 4
	CPGEvDeliver          = 5
	CPGResLocalGet        = 7
	CPGResIterInit        = 9
	CPGResIterNext        = 10
	CPGResIterFinalize    = 11
	CPGResFinalize        = 12
	CPGEvTotemConfchg     = 13
	CPGEvPartialDeliver   = 17
	CPGResPartialMcast    = 18
	CPGMaxName            = 128          // bytes of a group name
	CPGMaxMembers         = 384          // in a membership answer
	CPGMaxAtomic          = 1<<20 - 1024 // bytes of a message that is sent in one piece
	CPGFlagInitialTotem   = 1            // join flag: an early totem confchg
	CPGTypeFirst          = 1            // of a partial multicast
	CPGTypeMiddle         = 2
	CPGTypeLast           = 3
	CPGIterNames          = 1
	CPGIterOne            = 2
	CPGIterAll            = 3
)

// CPGReason says why a process is in a list of joined or left ones.
type CPGReason uint32

const (
	CPGJoined   CPGReason = 1
	CPGLeft     CPGReason = 2
	CPGNodeDown CPGReason = 3
	CPGNodeUp   CPGReason = 4
	CPGProcDown CPGReason = 5
)

// CPGAddress is one member of a group.
type CPGAddress struct {
	Node, PID uint32
	Reason    CPGReason // meaningful in joined and left lists only
}

func (a *CPGAddress) fields(off int, f *fields) {
	f.u32(off, &a.Node)
	f.u32(off+8, &a.PID)
	r := uint32(a.Reason)
	f.u32(off+16, &r)
	a.Reason = CPGReason(r)
}

const cpgAddressSize = 24

func (f *fields) addresses(off int, n uint32, v *[]CPGAddress) int {
	if !f.write {
		if uint64(n)*cpgAddressSize > uint64(len(f.b)) {
			f.short = true
			return off
		}
		*v = make([]CPGAddress, n)
	}
	for i := range *v {
		(*v)[i].fields(off, f)
		off += cpgAddressSize
	}
	return off
}

// CPGJoin asks to join a group.
type CPGJoin struct {
	Group      string
	PID, Flags uint32
}

func (*CPGJoin) size() int { return 168 }
func (m *CPGJoin) fields(f *fields) {
	f.cpgName(16, &m.Group)
	f.u32(152, &m.PID)
	f.u32(160, &m.Flags)
}

// CPGLeave asks to leave it.
type CPGLeave struct {
	Group string
	PID   uint32
}

func (*CPGLeave) size() int { return 160 }
func (m *CPGLeave) fields(f *fields) {
	f.cpgName(16, &m.Group)
	f.u32(152, &m.PID)
}

// CPGMcast sends one message to the group of the connection. Its header is as
// long as a response's. There is no response.
type CPGMcast struct {
	Guarantee uint32
	Data      []byte
}

func (m *CPGMcast) size() int { return 40 + len(m.Data) }
func (m *CPGMcast) fields(f *fields) {
	n := uint32(len(m.Data))
	f.u32(24, &m.Guarantee)
	f.u32(32, &n)
	f.tail(40, uint64(n), &m.Data)
}

// CPGPartialMcast sends a part of a message that is too large for one.
type CPGPartialMcast struct {
	Guarantee, Total, Type uint32
	Data                   []byte
}

func (m *CPGPartialMcast) size() int { return 56 + len(m.Data) }
func (m *CPGPartialMcast) fields(f *fields) {
	n := uint32(len(m.Data))
	f.u32(24, &m.Guarantee)
	f.u32(32, &m.Total)
	f.u32(40, &n)
	f.u32(48, &m.Type)
	f.tail(56, uint64(n), &m.Data)
}

// CPGMembershipReq asks who is in a group.
type CPGMembershipReq struct{ Group string }

func (*CPGMembershipReq) size() int          { return 152 }
func (m *CPGMembershipReq) fields(f *fields) { f.cpgName(16, &m.Group) }

// CPGMembership answers it with at most 384 members.
type CPGMembership struct{ Members []CPGAddress }

func (*CPGMembership) size() int { return 9248 }
func (m *CPGMembership) fields(f *fields) {
	if f.write && len(m.Members) > CPGMaxMembers {
		m.Members = m.Members[:CPGMaxMembers]
	}
	n := uint32(len(m.Members))
	f.u32(24, &n)
	if n > CPGMaxMembers {
		f.short = true
		return
	}
	f.addresses(32, n, &m.Members)
}

// LocalNode answers who this node is, for cpg and cfg.
type LocalNode struct{ Node uint32 }

func (*LocalNode) size() int          { return 32 }
func (m *LocalNode) fields(f *fields) { f.u32(24, &m.Node) }

// CPGIterInit begins to list groups.
type CPGIterInit struct {
	Group string
	Type  uint32
}

func (*CPGIterInit) size() int { return 160 }
func (m *CPGIterInit) fields(f *fields) {
	f.u32(152, &m.Type)
	if f.write || m.Type == CPGIterOne { // else it is what was on the library's stack
		f.cpgName(16, &m.Group)
	}
}

// Handle is a response with a 64-bit handle; HandleReq is a request with one.
type (
	Handle    struct{ Handle uint64 }
	HandleReq struct{ Handle uint64 }
)

func (*Handle) size() int             { return 32 }
func (m *Handle) fields(f *fields)    { f.u64(24, &m.Handle) }
func (*HandleReq) size() int          { return 24 }
func (m *HandleReq) fields(f *fields) { f.u64(16, &m.Handle) }

// CPGIterNext is one item of the list.
type CPGIterNext struct {
	Group     string
	Node, PID uint32
}

func (*CPGIterNext) size() int { return 168 }
func (m *CPGIterNext) fields(f *fields) {
	f.cpgName(24, &m.Group)
	f.u32(160, &m.Node)
	f.u32(164, &m.PID)
}

// CPGZeroCopyAlloc names a file that the client made; CPGZeroCopy refers to it.
type (
	CPGZeroCopyAlloc struct {
		Size uint64
		Path string
	}
	CPGZeroCopyFree    struct{ Size, Address uint64 }
	CPGZeroCopyExecute struct{ Address uint64 }
)

func (*CPGZeroCopyAlloc) size() int { return 152 }
func (m *CPGZeroCopyAlloc) fields(f *fields) {
	f.u64(16, &m.Size)
	f.text(24, 128, &m.Path)
}
func (*CPGZeroCopyFree) size() int { return 32 }
func (m *CPGZeroCopyFree) fields(f *fields) {
	f.u64(16, &m.Size)
	f.u64(24, &m.Address)
}
func (*CPGZeroCopyExecute) size() int          { return 24 }
func (m *CPGZeroCopyExecute) fields(f *fields) { f.u64(16, &m.Address) }

// CPGConfchg is the event of a changed group. On the wire the left ones come
// before the joined ones, though their counts come after.
type CPGConfchg struct {
	Group                 string
	Members, Left, Joined []CPGAddress
}

func (m *CPGConfchg) size() int {
	return 184 + cpgAddressSize*(len(m.Members)+len(m.Left)+len(m.Joined))
}

func (m *CPGConfchg) fields(f *fields) {
	nm, nl, nj := uint32(len(m.Members)), uint32(len(m.Left)), uint32(len(m.Joined))
	f.cpgName(24, &m.Group)
	f.u32(160, &nm)
	f.u32(168, &nj)
	f.u32(176, &nl)
	off := f.addresses(184, nm, &m.Members)
	off = f.addresses(off, nl, &m.Left)
	f.addresses(off, nj, &m.Joined)
}

// CPGDeliver is the event of a message.
type CPGDeliver struct {
	Group     string
	Node, PID uint32 // of the sender
	Data      []byte
}

func (m *CPGDeliver) size() int { return 184 + len(m.Data) }
func (m *CPGDeliver) fields(f *fields) {
	n := uint32(len(m.Data))
	f.cpgName(24, &m.Group)
	f.u32(160, &n)
	f.u32(168, &m.Node)
	f.u32(176, &m.PID)
	f.tail(184, uint64(n), &m.Data)
}

// CPGPartialDeliver is the event of a part of a message.
type CPGPartialDeliver struct {
	Group                  string
	Total, Node, PID, Type uint32
	Data                   []byte
}

func (m *CPGPartialDeliver) size() int { return 200 + len(m.Data) }
func (m *CPGPartialDeliver) fields(f *fields) {
	n := uint32(len(m.Data))
	f.cpgName(24, &m.Group)
	f.u32(160, &m.Total)
	f.u32(168, &n)
	f.u32(176, &m.Node)
	f.u32(184, &m.PID)
	f.u32(192, &m.Type)
	f.tail(200, uint64(n), &m.Data)
}

// CPGTotemConfchg is the event of a new ring.
type CPGTotemConfchg struct {
	Ring    RingID
	Members []uint32
}

func (m *CPGTotemConfchg) size() int { return 48 + 4*len(m.Members) }
func (m *CPGTotemConfchg) fields(f *fields) {
	n := uint32(len(m.Members))
	f.ringID(24, &m.Ring)
	f.u32(40, &n)
	f.ids(44, n, &m.Members)
}
