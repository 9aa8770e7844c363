package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Type says which message follows the header.
type Type uint8

// Message types. The values belong to the protocol: never renumber.
const (
	TypeToken        Type = 0
	TypeMcast        Type = 1
	TypeMergeDetect  Type = 2
	TypeJoin         Type = 3
	TypeCommitToken  Type = 4
	TypeHoldCancel   Type = 5
	TypeRingTest     Type = 6 // EL7, redundant rings only
	TypeRingActivate Type = 7 // EL7, redundant rings only
)

var typeNames = [...]string{"orf_token", "mcast", "memb_merge_detect", "memb_join",
	"memb_commit_token", "token_hold_cancel", "rrp_ring_test_active", "rrp_ring_test_activate"}

func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// Values of Header.Encapsulated in mcasts. Other messages should have 0.
const (
	Encapsulated uint8 = 1 // the payload is an mcast of an old ring
	Plain        uint8 = 2 // the payload is a Frame
)

const (
	detector = 0xff22 // EL7: tells the byte order
	magic    = 0xc070 // EL9: the same
	version  = 3      // EL9
)

// Errors of Decode, wrapped with what was being read.
var (
	ErrShort   = errors.New("message too short")
	ErrLong    = errors.New("bytes left over behind the message")
	ErrMagic   = errors.New("not a totem message")
	ErrVersion = errors.New("unsupported totem version")
	ErrType    = errors.New("unknown message type")
	ErrValue   = errors.New("impossible value")
)

// A Header starts every message.
//
// EL7, 8 bytes:
//
//	offset size
//	     0    1  type
//	     1    1  encapsulated
//	     2    2  0xff22, in the sender's byte order
//	     4    4  sender
//
// EL9, 13 bytes:
//
//	0    2  magic 0xc070, in the sender's byte order
//	2    1  version, 3
//	3    1  type
//	4    1  encapsulated
//	5    4  sender
//	9    4  target, knet only
//
// Spec: totem.md 1.4.
type Header struct {
	Type         Type
	Encapsulated uint8
	BigEndian    bool // byte order of all that follows

	// Sender is who sent this copy: the node that forwarded a token, the
	// originator of a retransmitted mcast. 0 makes a join a leave.
	Sender NodeID

	// Target is uninitialised memory on udp and udpu: ignore it, send 0.
	Target NodeID
}

// HeaderSize returns the size of a header in bytes.
func HeaderSize(g Generation) int {
	if g == EL9 {
		return 13
	}
	return 8
}

func (r *reader) header() (Header, error) {
	var h Header
	if r.gen == EL7 {
		h.Type, h.Encapsulated = Type(r.u8()), r.u8()
		switch d := r.u16(); {
		case r.short:
			return h, fmt.Errorf("totem: header: %w (%d bytes)", ErrShort, len(r.b))
		case d == detector:
		case d == 0x22ff:
			r.big, h.BigEndian = true, true
		default:
			return h, fmt.Errorf("totem: endian detector %#04x: %w", d, ErrMagic)
		}
		if h.Type == TypeRingTest || h.Type == TypeRingActivate {
			return h, nil // this header ends here
		}
		h.Sender = r.node()
	} else {
		switch d := r.u16(); {
		case r.short:
			return h, fmt.Errorf("totem: header: %w (%d bytes)", ErrShort, len(r.b))
		case d == magic:
		case d == 0x70c0:
			r.big, h.BigEndian = true, true
		default:
			return h, fmt.Errorf("totem: magic %#04x: %w", d, ErrMagic)
		}
		if v := r.u8(); !r.short && v != version {
			return h, fmt.Errorf("totem: version %d: %w", v, ErrVersion)
		}
		h.Type, h.Encapsulated = Type(r.u8()), r.u8()
		h.Sender, h.Target = r.node(), r.node()
	}
	if r.short {
		return h, fmt.Errorf("totem: header: %w", ErrShort)
	}
	if h.Type > TypeHoldCancel {
		return h, fmt.Errorf("totem: %v: %w", h.Type, ErrType)
	}
	// Only in mcasts does this byte mean anything; corosync forwards what a
	// token's swapped copy happened to hold.
	if h.Type == TypeMcast && h.Encapsulated != Encapsulated && h.Encapsulated != Plain {
		return h, fmt.Errorf("totem: %v: encapsulated %d: %w", h.Type, h.Encapsulated, ErrValue)
	}
	if h.Sender == 0 && h.Type != TypeJoin {
		return h, fmt.Errorf("totem: %v: sender 0: %w", h.Type, ErrValue)
	}
	return h, nil
}

func newWriter(b []byte, g Generation, h Header) writer {
	w := writer{b: b, gen: g, ord: binary.LittleEndian}
	if h.BigEndian {
		w.ord = binary.BigEndian
	}
	if g == EL7 {
		w = w.u8(uint8(h.Type)).u8(h.Encapsulated).u16(detector)
		if h.Type == TypeRingTest || h.Type == TypeRingActivate {
			return w
		}
		return w.node(h.Sender)
	}
	return w.u16(magic).u8(version).u8(uint8(h.Type)).u8(h.Encapsulated).node(h.Sender).node(h.Target)
}
