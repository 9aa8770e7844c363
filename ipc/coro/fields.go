package coro

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/gocorosync/gocorosync/ipc"
)

// A Message is the contents of one request, response or event. Its fields
// method describes where each field lies, once for both directions.
type Message interface {
	size() int // of the whole message in bytes, header included
	fields(*fields)
}

// fields reads or writes the fields of a message at their offsets. A field that
// lies past the end of what was received sets short and reads as zero.
type fields struct {
	b     []byte
	write bool
	alias bool // what is read may be part of b
	short bool
}

var le = binary.LittleEndian

var nothing [512]byte

// at returns n bytes at off, to read or to write.
func (f *fields) at(off, n int) []byte {
	if off < 0 || n < 0 || off > len(f.b) || n > len(f.b)-off {
		f.short = true
		if n <= len(nothing) && n >= 0 {
			return make([]byte, n)
		}
		return nil
	}
	return f.b[off : off+n]
}

func (f *fields) u8(off int, v *uint8) {
	if b := f.at(off, 1); f.write {
		b[0] = *v
	} else {
		*v = b[0]
	}
}

func (f *fields) u16(off int, v *uint16) {
	if b := f.at(off, 2); f.write {
		le.PutUint16(b, *v)
	} else {
		*v = le.Uint16(b)
	}
}

func (f *fields) u32(off int, v *uint32) {
	if b := f.at(off, 4); f.write {
		le.PutUint32(b, *v)
	} else {
		*v = le.Uint32(b)
	}
}

func (f *fields) i32(off int, v *int32) {
	u := uint32(*v)
	f.u32(off, &u)
	*v = int32(u)
}

func (f *fields) u64(off int, v *uint64) {
	if b := f.at(off, 8); f.write {
		le.PutUint64(b, *v)
	} else {
		*v = le.Uint64(b)
	}
}

// text is a NUL-terminated string in n bytes.
func (f *fields) text(off, n int, s *string) {
	b := f.at(off, n)
	if f.write {
		copy(b[:n-1], *s)
		return
	}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	*s = string(b)
}

// counted is a string of at most n bytes at off, whose length is elsewhere.
func (f *fields) counted(off, n int, length uint64, s *string) {
	if f.write {
		copy(f.at(off, n), *s)
		return
	}
	if length > uint64(n) {
		f.short = true
		return
	}
	*s = string(f.at(off, n)[:length])
}

// cpgName is a group name: length u32, then up to 128 bytes at +8.
func (f *fields) cpgName(off int, s *string) {
	n := uint32(len(*s))
	f.u32(off, &n)
	f.counted(off+8, 128, uint64(n), s)
}

// name is a mar_name_t: length u16, then up to 256 bytes at +8.
func (f *fields) name(off int, s *string) {
	n := uint16(len(*s))
	f.u16(off, &n)
	f.counted(off+8, 256, uint64(n), s)
}

// csName is a cs_name_t: length u16, then up to 256 bytes at +2.
func (f *fields) csName(off int, s *string) {
	n := uint16(len(*s))
	f.u16(off, &n)
	f.counted(off+2, 256, uint64(n), s)
}

// tail is n bytes from off on.
func (f *fields) tail(off int, n uint64, v *[]byte) {
	if f.write {
		copy(f.at(off, len(*v)), *v)
		return
	}
	if n > uint64(len(f.b)) {
		f.short = true
		return
	}
	if *v = f.at(off, int(n)); !f.alias {
		*v = bytes.Clone(*v)
	}
}

// ids is a list of n 4-byte node ids from off on.
func (f *fields) ids(off int, n uint32, v *[]uint32) {
	if !f.write {
		if uint64(n)*4 > uint64(len(f.b)) {
			f.short = true
			return
		}
		*v = make([]uint32, n)
	}
	for i := range *v {
		f.u32(off+4*i, &(*v)[i])
	}
}

// ringID is {nodeid u32, seq u64}, 16 bytes.
func (f *fields) ringID(off int, r *RingID) {
	f.u32(off, &r.Node)
	f.u64(off+8, &r.Seq)
}

// RingID names a membership, as the libraries see it.
type RingID struct {
	Node uint32 // the representative
	Seq  uint64
}

// Request returns the bytes of a request.
func Request(id int32, m Message) []byte {
	b := make([]byte, m.size())
	m.fields(&fields{b: b, write: true})
	ipc.PutHeader(b, id)
	return b
}

// Response returns the bytes of a response or an event.
func Response(id int32, status Error, m Message) []byte {
	b := make([]byte, m.size())
	m.fields(&fields{b: b, write: true})
	ipc.PutResponseHeader(b, id, int32(status))
	return b
}

// An Encoder makes responses and events one after the other, without allocation.
type Encoder struct {
	f   fields
	buf []byte
}

// Response is [Response], but valid until the next call only.
func (e *Encoder) Response(id int32, status Error, m Message) []byte {
	n := m.size()
	e.buf = slices.Grow(e.buf[:0], n)[:n]
	clear(e.buf)
	e.f = fields{b: e.buf, write: true}
	m.fields(&e.f)
	ipc.PutResponseHeader(e.buf, id, int32(status))
	return e.buf
}

// Status returns the bytes of a response that carries only a status.
func Status(id int32, status Error) []byte { return Response(id, status, Empty{}) }

// Decode reads a message that begins with any header. What is read does not alias
// the bytes.
func Decode(b []byte, m Message) error { return decode(&fields{b: b}, m) }

// A Decoder is DecodeInPlace again and again, without allocation.
type Decoder struct{ f fields }

// DecodeInPlace is Decode where data that was read may be part of b.
func (d *Decoder) DecodeInPlace(b []byte, m Message) error {
	d.f = fields{b: b, alias: true}
	return decode(&d.f, m)
}

func decode(f *fields, m Message) error {
	m.fields(f)
	if f.short {
		return fmt.Errorf("coro: %T: %w (%d bytes)", m, ipc.ErrMessage, len(f.b))
	}
	return nil
}

// StatusOf returns the error field of a response.
func StatusOf(b []byte) Error {
	if len(b) < ipc.ResponseHeaderSize {
		return ErrMessageError
	}
	return Error(int32(le.Uint32(b[16:])))
}

// Empty is a response without contents; Bare is a request without.
type (
	Empty struct{}
	Bare  struct{}
)

func (Empty) size() int      { return ipc.ResponseHeaderSize }
func (Empty) fields(*fields) {}
func (Bare) size() int       { return ipc.HeaderSize }
func (Bare) fields(*fields)  {}
