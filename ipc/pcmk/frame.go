// Package pcmk is the frame that pacemaker puts around each message on its
// local sockets: a header with a counter and flags, and XML, compressed where
// it is large (pacemaker-ipc.md 2). Daemon and clients share it.
//
// The XML itself, and what it means, belong to the packages above.
package pcmk

import (
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	dsbzip2 "github.com/dsnet/compress/bzip2"
)

// HeaderSize of a frame in bytes.
const HeaderSize = 40

// MaxData bounds what a compressed frame may unpack to.
const MaxData = 256 << 20

// Flags of a frame.
const (
	Compressed    uint32 = 0x1
	Proxied       uint32 = 0x100
	WantsResponse uint32 = 0x200
	Event         uint32 = 0x10000
	Free          uint32 = 0x20000
)

// ErrFrame is what every error of Decode wraps.
var ErrFrame = errors.New("not a pacemaker frame")

// A Frame is one message in either direction.
//
//	offset size
//	     0    8  id, the sender's counter; a reply has the request's
//	     8    8  size with this header
//	    16    8  0
//	    24    4  length of the text with its NUL, uncompressed
//	    28    4  length of the bzip2 stream, or 0
//	    32    4  flags
//	    36    4  version, 1
type Frame struct {
	ID    int32
	Flags uint32
	Data  []byte // XML text without the NUL
}

var le = binary.LittleEndian

// Append appends the wire form of f to b. If it is larger than max bytes it
// is compressed; if that does not help either, Append fails.
func (f *Frame) Append(b []byte, max int) ([]byte, error) {
	data := append(append(make([]byte, 0, len(f.Data)+1), f.Data...), 0)
	plain, packed, flags := len(data), 0, f.Flags&^Compressed
	if HeaderSize+plain >= max {
		z, err := compress(data)
		if err != nil {
			return b, fmt.Errorf("compress %d bytes: %w", plain, err)
		}
		if HeaderSize+len(z) > max {
			return b, fmt.Errorf("message of %d bytes (%d compressed) does not fit into %d", plain, len(z), max)
		}
		data, packed, flags = z, len(z), flags|Compressed
	}
	start := len(b)
	b = append(b, make([]byte, HeaderSize)...)
	h := b[start:]
	le.PutUint32(h[0:], uint32(f.ID))
	le.PutUint32(h[8:], uint32(HeaderSize+len(data)))
	le.PutUint32(h[24:], uint32(plain))
	le.PutUint32(h[28:], uint32(packed))
	le.PutUint32(h[32:], flags)
	h[36] = 1
	return append(b, data...), nil
}

func compress(data []byte) ([]byte, error) {
	var z bytes.Buffer
	w, err := dsbzip2.NewWriter(&z, &dsbzip2.WriterConfig{Level: 4})
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	err = w.Close()
	return z.Bytes(), err
}

// TextSize is how long the text of a frame says it is once it is unpacked, 0 if b is none.
func TextSize(b []byte) int {
	if len(b) < HeaderSize {
		return 0
	}
	return int(le.Uint32(b[24:]))
}

// Decode reads one frame. The result may alias b.
func Decode(b []byte) (*Frame, error) { return DecodeUpTo(b, MaxData) }

// DecodeUpTo is Decode for a frame whose text may have at most max bytes. More is
// neither unpacked nor kept.
func DecodeUpTo(b []byte, max int) (*Frame, error) {
	if len(b) < HeaderSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrFrame, len(b))
	}
	if v := b[36]; v > 1 {
		return nil, fmt.Errorf("%w: version %d", ErrFrame, v)
	}
	if n := le.Uint32(b[8:]); int64(n) > int64(len(b)) || n < HeaderSize {
		return nil, fmt.Errorf("%w: says %d bytes, has %d", ErrFrame, n, len(b))
	} else {
		b = b[:n]
	}
	f := &Frame{ID: int32(le.Uint32(b)), Flags: le.Uint32(b[32:])}
	data, plain, packed := b[HeaderSize:], le.Uint32(b[24:]), le.Uint32(b[28:])
	if int64(plain) > int64(max) {
		return nil, fmt.Errorf("%w: text of %d bytes, at most %d are allowed", ErrFrame, plain, max)
	}
	if packed != 0 {
		if int64(packed) > int64(len(data)) {
			return nil, fmt.Errorf("%w: %d bytes that say %d compressed, %d plain", ErrFrame, len(data), packed, plain)
		}
		var err error
		data, err = io.ReadAll(io.LimitReader(bzip2.NewReader(bytes.NewReader(data[:packed])), int64(plain)+1))
		if err != nil {
			return nil, fmt.Errorf("%w: bzip2: %v", ErrFrame, err)
		}
	}
	if int64(plain) > int64(len(data)) {
		return nil, fmt.Errorf("%w: %d bytes of text that say %d", ErrFrame, len(data), plain)
	}
	data = data[:plain]
	if i := bytes.IndexByte(data, 0); i >= 0 {
		data = data[:i]
	}
	f.Data = data
	return f, nil
}
