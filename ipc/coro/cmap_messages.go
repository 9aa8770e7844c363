package coro

import "github.com/gocorosync/gocorosync/cmap"

// Requests of the service "cmap" (service id 0).
const (
	CMAPReqSet          = 0
	CMAPReqDelete       = 1
	CMAPReqGet          = 2
	CMAPReqAdjust       = 3
	CMAPReqIterInit     = 4
	CMAPReqIterNext     = 5
	CMAPReqIterFinalize = 6
	CMAPReqTrackAdd     = 7
	CMAPReqTrackDelete  = 8
	CMAPReqSetMap       = 9 // corosync 3
	CMAPEvNotify        = 9
	CMAPResSetMap       = 10

	CMAPMain  = 0 // maps of CMAPReqSetMap
	CMAPStats = 1
)

// CMAPSet creates or changes a key.
type CMAPSet struct {
	Name string
	Type cmap.Type
	Data []byte
}

func (m *CMAPSet) size() int { return 296 + len(m.Data) }
func (m *CMAPSet) fields(f *fields) {
	n, t := uint64(len(m.Data)), uint8(m.Type)
	f.name(16, &m.Name)
	f.u64(280, &n)
	f.u8(288, &t)
	f.tail(296, n, &m.Data)
	m.Type = cmap.Type(t)
}

// CMAPKey is a request about one key or prefix: delete, and the beginning of
// an iteration.
type CMAPKey struct{ Name string }

func (*CMAPKey) size() int          { return 280 }
func (m *CMAPKey) fields(f *fields) { f.name(16, &m.Name) }

// CMAPGet asks for a value; with Room 0 for its type and length only.
type CMAPGet struct {
	Name string
	Room uint64
}

func (*CMAPGet) size() int { return 288 }
func (m *CMAPGet) fields(f *fields) {
	f.name(16, &m.Name)
	f.u64(280, &m.Room)
}

// CMAPValue answers it. The message is as long as the room that was asked for.
type CMAPValue struct {
	Length uint64
	Type   cmap.Type
	Data   []byte
	Room   uint64 // when encoding
}

func (m *CMAPValue) size() int { return 40 + int(m.Room) }
func (m *CMAPValue) fields(f *fields) {
	t := uint8(m.Type)
	f.u64(24, &m.Length)
	f.u8(32, &t)
	m.Type = cmap.Type(t)
	if f.write {
		f.tail(40, 0, &m.Data)
		return
	}
	if f.short || len(f.b) == 40 {
		return
	}
	f.tail(40, m.Length, &m.Data)
}

// CMAPAdjust adds Step to an integer.
type CMAPAdjust struct {
	Name string
	Step int32
}

func (*CMAPAdjust) size() int { return 288 }
func (m *CMAPAdjust) fields(f *fields) {
	f.name(16, &m.Name)
	f.i32(280, &m.Step)
}

// CMAPIterNext is one key of an iteration.
type CMAPIterNext struct {
	Name   string
	Length uint64
	Type   cmap.Type
}

func (*CMAPIterNext) size() int { return 304 }
func (m *CMAPIterNext) fields(f *fields) {
	t := uint8(m.Type)
	f.name(24, &m.Name)
	f.u64(288, &m.Length)
	f.u8(296, &t)
	m.Type = cmap.Type(t)
}

// CMAPTrackAdd asks for events. Instance comes back in each of them.
type CMAPTrackAdd struct {
	Name     string
	Events   int32
	Instance uint64
}

func (*CMAPTrackAdd) size() int { return 296 }
func (m *CMAPTrackAdd) fields(f *fields) {
	f.name(16, &m.Name)
	f.i32(280, &m.Events)
	f.u64(288, &m.Instance)
}

// CMAPSetMap chooses which map the connection is about.
type CMAPSetMap struct{ Map int32 }

func (*CMAPSetMap) size() int          { return 24 }
func (m *CMAPSetMap) fields(f *fields) { f.i32(16, &m.Map) }

// CMAPNotify is the event of a tracked key.
type CMAPNotify struct {
	Instance uint64
	Name     string
	Event    cmap.Event
	New, Old cmap.Value
}

func (m *CMAPNotify) size() int { return 336 + len(m.New.Data) + len(m.Old.Data) }
func (m *CMAPNotify) fields(f *fields) {
	ev, nt, ot := int32(m.Event), uint8(m.New.Type), uint8(m.Old.Type)
	nl, ol := uint64(len(m.New.Data)), uint64(len(m.Old.Data))
	f.u64(24, &m.Instance)
	f.name(32, &m.Name)
	f.i32(296, &ev)
	f.u8(304, &nt)
	f.u8(312, &ot)
	f.u64(320, &nl)
	f.u64(328, &ol)
	n, o := []byte(m.New.Data), []byte(m.Old.Data)
	f.tail(336, nl, &n)
	if !f.short {
		f.tail(336+int(nl), ol, &o)
	}
	m.Event = cmap.Event(ev)
	m.New = cmap.Value{Type: cmap.Type(nt), Data: string(n)}
	m.Old = cmap.Value{Type: cmap.Type(ot), Data: string(o)}
}
