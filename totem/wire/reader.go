package wire

import "encoding/binary"

// A reader takes fields off the front of b. Once b runs out, short is set and
// every further read yields zero, so a parser reads straight through and looks
// at short once, before it trusts anything.
type reader struct {
	b     []byte
	gen   Generation
	big   bool
	short bool
}

func (r *reader) take(n int) []byte {
	if r.short || len(r.b) < n {
		r.short = true
		return zeros[:n]
	}
	f := r.b[:n]
	r.b = r.b[n:]
	return f
}

// zeros is what a reader hands out past the end. It is never written.
var zeros [16]byte

func (r *reader) u8() uint8 { return r.take(1)[0] }

func (r *reader) u16() uint16 {
	if f := r.take(2); r.big {
		return binary.BigEndian.Uint16(f)
	} else {
		return binary.LittleEndian.Uint16(f)
	}
}

func (r *reader) u32() uint32 {
	if f := r.take(4); r.big {
		return binary.BigEndian.Uint32(f)
	} else {
		return binary.LittleEndian.Uint32(f)
	}
}

func (r *reader) u64() uint64 {
	if f := r.take(8); r.big {
		return binary.BigEndian.Uint64(f)
	} else {
		return binary.LittleEndian.Uint64(f)
	}
}

func (r *reader) node() NodeID { return NodeID(r.u32()) }

func (r *reader) ip() (ip IP) {
	ip.Node, ip.Family = r.node(), r.u16()
	copy(ip.Bytes[:], r.take(16))
	return ip
}

func (r *reader) srp() (s SRP) {
	if r.gen == EL9 {
		s.IP[0].Node = r.node()
		return s
	}
	s.Addrs = r.u8()
	s.IP[0] = r.ip()
	s.IP[1] = r.ip()
	return s
}

func (r *reader) ring() (id RingID) {
	id.Rep = r.node()
	if r.gen == EL7 {
		id.Family = r.u16()
		copy(id.Addr[:], r.take(16))
	}
	id.Seq = r.u64()
	return id
}

// A writer appends fields to b. Every method returns the writer, grown.
type writer struct {
	b   []byte
	gen Generation
	ord binary.AppendByteOrder
}

func (w writer) u8(v uint8) writer    { w.b = append(w.b, v); return w }
func (w writer) u16(v uint16) writer  { w.b = w.ord.AppendUint16(w.b, v); return w }
func (w writer) u32(v uint32) writer  { w.b = w.ord.AppendUint32(w.b, v); return w }
func (w writer) u64(v uint64) writer  { w.b = w.ord.AppendUint64(w.b, v); return w }
func (w writer) node(v NodeID) writer { return w.u32(uint32(v)) }

func (w writer) bytes(v []byte) writer { w.b = append(w.b, v...); return w }

func (w writer) ip(v IP) writer {
	return w.node(v.Node).u16(v.Family).bytes(v.Bytes[:])
}

func (w writer) srp(v SRP) writer {
	if w.gen == EL9 {
		return w.node(v.IP[0].Node)
	}
	return w.u8(v.Addrs).ip(v.IP[0]).ip(v.IP[1])
}

func (w writer) ring(v RingID) writer {
	w = w.node(v.Rep)
	if w.gen == EL7 {
		w = w.u16(v.Family).bytes(v.Addr[:])
	}
	return w.u64(v.Seq)
}
