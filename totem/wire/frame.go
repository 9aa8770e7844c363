package wire

import (
	"encoding/binary"
	"fmt"
)

// FrameHeader is the size of a Frame before its table, in bytes.
const FrameHeader = 8

// A Frame is the payload of a plain Mcast: whole application messages and
// pieces of them.
//
//	offset size
//	     0    2  version, 0; readers ignore it
//	     2    2  type, 0; readers ignore it
//	     4    1  fragmented
//	     5    1  continuation
//	     6    2  number of pieces, n
//	     8   2n  length of each piece
//	  8+2n       the pieces
//
// Spec: totem.md 2.
type Frame struct {
	// Fragmented is 0 if the last piece ends a message, else the number that
	// the sender's next frame has as Continuation.
	Fragmented uint8

	// Continuation is 0 if the first piece begins a message.
	Continuation uint8

	n    int
	lens []byte
	data []byte
	big  bool
}

// DecodeFrame decodes the payload of an mcast; big is its byte order. The
// result aliases payload. The lengths add up to the payload exactly.
func DecodeFrame(payload []byte, big bool) (Frame, error) {
	r := reader{b: payload, big: big}
	r.u32() // version and type: 2.4.5 sometimes sends what its memory held
	f := Frame{Fragmented: r.u8(), Continuation: r.u8(), big: big}
	f.n = int(r.u16())
	if r.short || 2*f.n > len(r.b) {
		return Frame{}, fmt.Errorf("totem: frame: %w (%d bytes)", ErrShort, len(payload))
	}
	f.lens, f.data = r.b[:2*f.n], r.b[2*f.n:]
	sum := 0
	for i := range f.n {
		sum += f.len(i)
	}
	if sum != len(f.data) {
		return Frame{}, fmt.Errorf("totem: frame: pieces of %d bytes in %d: %w", sum, len(f.data), ErrValue)
	}
	return f, nil
}

// Len returns the number of pieces.
func (f *Frame) Len() int { return f.n }

func (f *Frame) len(i int) int {
	if f.big {
		return int(binary.BigEndian.Uint16(f.lens[2*i:]))
	}
	return int(binary.LittleEndian.Uint16(f.lens[2*i:]))
}

// All ranges over the pieces.
func (f *Frame) All() func(yield func(int, []byte) bool) {
	return func(yield func(int, []byte) bool) {
		b := f.data
		for i := range f.n {
			n := f.len(i)
			if !yield(i, b[:n:n]) {
				return
			}
			b = b[n:]
		}
	}
}

// AppendFrameHeader appends what goes before the pieces of a frame.
func AppendFrameHeader(b []byte, fragmented, continuation uint8, lens []uint16) []byte {
	b = append(b, 0, 0, 0, 0, fragmented, continuation)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(lens)))
	for _, n := range lens {
		b = binary.LittleEndian.AppendUint16(b, n)
	}
	return b
}
