package totem

import (
	"github.com/gocorosync/gocorosync/totem/wire"
)

// An assembler puts the messages of each node together from their pieces.
//
// A node may stop in the middle of a message when the ring changes: its sync
// traffic then goes first, and the rest of the message follows later. So there
// are two places to keep pieces per node, and the continuation number of a frame
// tells which of them it goes on with. Spec: totem.md 2 and 3.10.
type assembler struct {
	nodes map[NodeID]*[2]partial
	small [][]byte // buffers for use again
	big   [][]byte
	later [][]byte // as in pool
	lost  uint64   // pieces whose beginning was missed
}

// A partial is a message that is not complete.
type partial struct {
	buf  []byte
	next uint8 // continuation that the next piece has; 0 if there is none
}

// What an assembler keeps of buffers: many small ones, for the messages that lie
// across two frames, and a few up to MaxMessage long.
const (
	smallBuffer = 16 << 10
	maxSmall    = 128
	maxBig      = 4
)

// frame takes the next frame of node from and calls deliver for each message
// that is complete with it. What deliver gets is valid until turn.
func (a *assembler) frame(from NodeID, f *wire.Frame, deliver func(msg []byte)) {
	if a.nodes == nil {
		a.nodes = make(map[NodeID]*[2]partial)
	}
	parts := a.nodes[from]
	if parts == nil {
		parts = new([2]partial)
		a.nodes[from] = parts
	}
	// The second place is used while the first is occupied by a message whose
	// rest comes later.
	p := &parts[0]
	switch main, other := &parts[0], &parts[1]; {
	case other.next != 0 && other.next == f.Continuation:
		p = other
	case f.Continuation == 0 && main.next != 0:
		a.drop(other)
		p = other
	case f.Continuation != 0 && main.next != f.Continuation && other.next != 0:
		p = other // fits neither: the newer one is broken
	}
	known := p.next == f.Continuation
	if !known && p.next != 0 {
		a.lost++
		a.drop(p)
	}
	for i, piece := range f.All() {
		last := i == f.Len()-1 && f.Fragmented != 0
		switch {
		case i == 0 && f.Continuation != 0 && !known:
			a.lost++ // its beginning was before our time
			if last {
				return
			}
		case i == 0 && f.Continuation != 0:
			if len(p.buf)+len(piece) > MaxMessage {
				a.lost++
				a.drop(p)
				known = false
				continue
			}
			p.buf = append(p.buf, piece...)
			if last {
				p.next = f.Fragmented
				return
			}
			deliver(p.buf)
			a.later = append(a.later, p.buf)
			*p = partial{}
		case last:
			p.buf = append(a.buffer(), piece...)
			p.next = f.Fragmented
		default:
			deliver(piece)
		}
	}
}

func (a *assembler) buffer() []byte {
	for _, spare := range []*[][]byte{&a.small, &a.big} {
		if n := len(*spare) - 1; n >= 0 {
			b := (*spare)[n]
			*spare = (*spare)[:n]
			return b[:0]
		}
	}
	return make([]byte, 0, 4096)
}

func (a *assembler) drop(p *partial) {
	if p.buf != nil {
		a.later = append(a.later, p.buf)
	}
	*p = partial{}
}

// forget throws away what is kept of node from, which has left.
func (a *assembler) forget(from NodeID) {
	if parts := a.nodes[from]; parts != nil {
		a.drop(&parts[0])
		a.drop(&parts[1])
		delete(a.nodes, from)
	}
}

// turn is called between two Steps.
func (a *assembler) turn() {
	for _, b := range a.later {
		switch {
		case cap(b) <= smallBuffer && len(a.small) < maxSmall:
			a.small = append(a.small, b)
		case cap(b) > smallBuffer && len(a.big) < maxBig:
			a.big = append(a.big, b)
		}
	}
	a.later = a.later[:0]
}
