// Package cmap is corosync's map of typed keys: its configuration, its run-time
// state and its statistics all live in one. Keys can be tracked, and a range of
// them is read-only for clients.
//
// A [Map] is a value owned by one goroutine. What trackers should hear is
// collected in it and taken out with [Map.Notes].
package cmap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Type is the type of a value. The numbers are those of the wire.
type Type uint8

// The types. 0 is that of a value that does not exist.
const (
	None   Type = 0
	Int8   Type = 1
	Uint8  Type = 2
	Int16  Type = 3
	Uint16 Type = 4
	Int32  Type = 5
	Uint32 Type = 6
	Int64  Type = 7
	Uint64 Type = 8
	Float  Type = 9
	Double Type = 10
	String Type = 11
	Binary Type = 12
)

var typeNames = [...]string{"none", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "flt", "dbl", "str", "bin"}

// String returns the short name that corosync-cmapctl prints.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "unknown"
}

// ParseType is the inverse of Type.String.
func ParseType(s string) (Type, bool) {
	for t, name := range typeNames {
		if t > 0 && name == s {
			return Type(t), true
		}
	}
	return None, false
}

// size is the length of a numeric value in bytes, 0 for the others.
func (t Type) size() int {
	switch t {
	case Int8, Uint8:
		return 1
	case Int16, Uint16:
		return 2
	case Int32, Uint32, Float:
		return 4
	case Int64, Uint64, Double:
		return 8
	}
	return 0
}

func (t Type) integer() bool { return t >= Int8 && t <= Uint64 }
func (t Type) signed() bool  { return t == Int8 || t == Int16 || t == Int32 || t == Int64 }

// A Value is a typed value: its bytes as they go over the wire, little-endian,
// strings with their NUL. Values compare with ==.
type Value struct {
	Type Type
	Data string
}

// Errors of this package. They correspond to numbers of corosync's libraries.
var (
	ErrName     = errors.New("not a key name")          // CS_ERR_NAME_TOO_LONG
	ErrNotExist = errors.New("no such key")             // CS_ERR_NOT_EXIST
	ErrReadOnly = errors.New("key is read-only")        // CS_ERR_ACCESS
	ErrValue    = errors.New("value of the wrong type") // CS_ERR_INVALID_PARAM
)

// Constructors.

func U8(v uint8) Value   { return Value{Uint8, string([]byte{v})} }
func U16(v uint16) Value { return Value{Uint16, string(le.AppendUint16(nil, v))} }
func U32(v uint32) Value { return Value{Uint32, string(le.AppendUint32(nil, v))} }
func U64(v uint64) Value { return Value{Uint64, string(le.AppendUint64(nil, v))} }
func I32(v int32) Value  { return Value{Int32, string(le.AppendUint32(nil, uint32(v)))} }
func F32(v float32) Value {
	return Value{Float, string(le.AppendUint32(nil, math.Float32bits(v)))}
}
func F64(v float64) Value {
	return Value{Double, string(le.AppendUint64(nil, math.Float64bits(v)))}
}

// Str is a string, cut at its first NUL.
func Str(s string) Value {
	if i := strings.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	return Value{String, s + "\x00"}
}

// Bool is 1 or 0 as u8.
func Bool(b bool) Value {
	if b {
		return U8(1)
	}
	return U8(0)
}

var le = binary.LittleEndian

// New makes a value of wire bytes: numbers must have the length of their type,
// strings are cut at their first NUL.
func New(t Type, data []byte) (Value, error) {
	switch {
	case t == String:
		if len(data) == 0 {
			return Value{}, ErrValue
		}
		return Str(string(data)), nil
	case t == Binary:
		return Value{t, string(data)}, nil
	case t.size() > 0 && t.size() == len(data):
		return Value{t, string(data)}, nil
	}
	return Value{}, ErrValue
}

// Parse makes a value of type t from text, as corosync-cmapctl reads it.
func Parse(t Type, s string) (Value, error) {
	switch {
	case t.integer() && t.signed():
		v, err := strconv.ParseInt(s, 10, t.size()*8)
		return number(t, uint64(v)), err
	case t.integer():
		v, err := strconv.ParseUint(s, 10, t.size()*8)
		return number(t, v), err
	case t == Float:
		v, err := strconv.ParseFloat(s, 32)
		return F32(float32(v)), err
	case t == Double:
		v, err := strconv.ParseFloat(s, 64)
		return F64(v), err
	case t == String:
		return Str(s), nil
	case t == Binary:
		return Value{t, s}, nil
	}
	return Value{}, ErrValue
}

func number(t Type, v uint64) Value {
	return Value{t, string(le.AppendUint64(nil, v)[:t.size()])}
}

// Uint returns the value of an integer; negative ones wrap.
func (v Value) Uint() (uint64, bool) {
	if !v.Type.integer() || len(v.Data) != v.Type.size() {
		return 0, false
	}
	var b [8]byte
	n := copy(b[:], v.Data)
	if v.Type.signed() && b[n-1]&0x80 != 0 {
		for i := n; i < 8; i++ {
			b[i] = 0xff
		}
	}
	return le.Uint64(b[:]), true
}

// Text returns a string without its NUL, or "" for other types.
func (v Value) Text() string {
	if v.Type != String {
		return ""
	}
	return strings.TrimSuffix(v.Data, "\x00")
}

// String returns the value as corosync-cmapctl prints it. Binary values are
// escaped: printable bytes as they are, a backslash doubled, others as \xNN.
func (v Value) String() string {
	switch {
	case v.Type.integer():
		n, ok := v.Uint()
		if !ok {
			return ""
		}
		if v.Type.signed() {
			return strconv.FormatInt(int64(n), 10)
		}
		return strconv.FormatUint(n, 10)
	case v.Type == Float && len(v.Data) == 4:
		return fmt.Sprintf("%f", math.Float32frombits(le.Uint32([]byte(v.Data))))
	case v.Type == Double && len(v.Data) == 8:
		return fmt.Sprintf("%f", math.Float64frombits(le.Uint64([]byte(v.Data))))
	case v.Type == String:
		return v.Text()
	case v.Type == Binary:
		var b strings.Builder
		for i := range len(v.Data) {
			switch c := v.Data[i]; {
			case c == '\\':
				b.WriteString(`\\`)
			case c >= 0x20 && c < 0x7f:
				b.WriteByte(c)
			default:
				fmt.Fprintf(&b, `\x%02X`, c)
			}
		}
		return b.String()
	}
	return ""
}

// adjust returns v plus step, wrapping in the width of its type.
func (v Value) adjust(step int32) (Value, error) {
	n, ok := v.Uint()
	if !ok {
		return Value{}, ErrValue
	}
	return number(v.Type, n+uint64(int64(step))), nil
}
