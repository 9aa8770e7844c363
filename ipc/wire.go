package ipc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Type is the transport of a connection's channels. The values are libqb's.
type Type int32

// The transports. The zero value is not the default: see [Options].
const (
	Socket       Type = 0 // datagram sockets and a small control file
	SharedMemory Type = 1 // rings in /dev/shm
)

func (t Type) String() string {
	switch t {
	case Socket:
		return "socket"
	case SharedMemory:
		return "shm"
	}
	return fmt.Sprintf("Type(%d)", int32(t))
}

// Sizes in bytes.
const (
	HeaderSize         = 16      // of a request
	ResponseHeaderSize = 24      // of a response or an event
	DefaultMaxMessage  = 1 << 20 // what corosync's libraries ask for

	connectRequestSize  = 24
	connectResponseSize = 12328
	minMaxMessage       = 12328   // libqb never negotiates less
	maxMaxMessage       = 1 << 26 // more is refused: three rings of it would be mapped
	nameSize            = 4096
	idAuthenticate      = -1
)

// Errors that callers may want to tell apart.
var (
	ErrClosed  = errors.New("connection closed")
	ErrMessage = errors.New("malformed message")
)

// A Header starts every message.
//
//	offset size
//	     0    4  id
//	     8    4  size of the whole message, header included
//	    16    4  error, in responses and events only
//
// The gaps are padding, written as zero and never checked: libqb's own
// programs send stack garbage there.
type Header struct {
	ID   int32
	Size int32
}

// ParseHeader reads the header of a whole message and checks that its size is
// the length of b.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderSize {
		return Header{}, fmt.Errorf("ipc: header: %w (%d bytes)", ErrMessage, len(b))
	}
	h := Header{ID: int32(le.Uint32(b)), Size: int32(le.Uint32(b[8:]))}
	if h.Size < HeaderSize || int64(h.Size) != int64(len(b)) {
		return h, fmt.Errorf("ipc: message %d: %w (says %d bytes, has %d)", h.ID, ErrMessage, h.Size, len(b))
	}
	return h, nil
}

// PutHeader writes a request header for a message of len(b) bytes into b.
func PutHeader(b []byte, id int32) {
	clear(b[:HeaderSize])
	le.PutUint32(b, uint32(id))
	le.PutUint32(b[8:], uint32(len(b)))
}

// PutResponseHeader writes a response or event header for a message of len(b)
// bytes into b.
func PutResponseHeader(b []byte, id, status int32) {
	clear(b[:ResponseHeaderSize])
	le.PutUint32(b, uint32(id))
	le.PutUint32(b[8:], uint32(len(b)))
	le.PutUint32(b[16:], uint32(status))
}

var le = binary.LittleEndian

// connectResponse is the server's half of the handshake.
//
//	offset size
//	     0   24  header: id -1, size 12328, error 0 or a negative errno
//	    24    4  transport
//	    28    4  negotiated maximum message size
//	    32    8  opaque
//	    40 4096  name of the request channel
//	  4136 4096  name of the response channel
//	  8232 4096  name of the event channel
type connectResponse struct {
	errno      int32 // positive
	typ        Type
	maxMessage uint32
	opaque     uint64
	request    string
	response   string
	event      string
}

func (r connectResponse) append(b []byte) []byte {
	m := make([]byte, connectResponseSize)
	PutResponseHeader(m, idAuthenticate, -r.errno)
	le.PutUint32(m[24:], uint32(r.typ))
	le.PutUint32(m[28:], r.maxMessage)
	le.PutUint64(m[32:], r.opaque)
	copy(m[40:40+nameSize-1], r.request)
	copy(m[4136:4136+nameSize-1], r.response)
	copy(m[8232:8232+nameSize-1], r.event)
	return append(b, m...)
}

func parseConnectResponse(b []byte) (r connectResponse, err error) {
	if len(b) != connectResponseSize || int32(le.Uint32(b)) != idAuthenticate {
		return r, fmt.Errorf("ipc: connect response: %w (%d bytes)", ErrMessage, len(b))
	}
	r.errno = -int32(le.Uint32(b[16:]))
	r.typ = Type(le.Uint32(b[24:]))
	r.maxMessage = le.Uint32(b[28:])
	r.opaque = le.Uint64(b[32:])
	r.request = cstring(b[40 : 40+nameSize])
	r.response = cstring(b[4136 : 4136+nameSize])
	r.event = cstring(b[8232 : 8232+nameSize])
	return r, nil
}

func appendConnectRequest(b []byte, maxMessage uint32) []byte {
	var m [connectRequestSize]byte
	PutHeader(m[:], idAuthenticate)
	le.PutUint32(m[16:], maxMessage)
	return append(b, m[:]...)
}

func parseConnectRequest(b []byte) (maxMessage uint32, err error) {
	if len(b) != connectRequestSize || int32(le.Uint32(b)) != idAuthenticate || le.Uint32(b[8:]) != connectRequestSize {
		return 0, fmt.Errorf("ipc: connect request: %w", ErrMessage)
	}
	return le.Uint32(b[16:]), nil
}

// cstring returns b up to its first NUL.
func cstring(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}
