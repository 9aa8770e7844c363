package peer

import (
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	dsbzip2 "github.com/dsnet/compress/bzip2"
)

// Subsystem numbers of the envelope (host.type, sender.type).
type Subsystem uint32

// The subsystems. The values belong to the protocol.
const (
	SubNone    Subsystem = 0
	SubLRMD    Subsystem = 2
	SubCIB     Subsystem = 3
	SubCRMD    Subsystem = 4
	SubAttrd   Subsystem = 5
	SubTE      Subsystem = 7
	SubFencer  Subsystem = 9
	headerSize           = 592
	nameSize             = 256

	// CompressFrom is the size of data, NUL included, from which it is sent as
	// bzip2.
	CompressFrom = 131072
	// MaxData bounds what a compressed message may unpack to.
	MaxData = 64 << 20
)

// An Envelope is one message as CPG carries it. Wire size: 592 bytes and data.
//
//	offset size
//	     0    8  class, always 0
//	     8    8  total size
//	    16    8  1
//	    24    4  id, a counter
//	    28    4  compressed
//	    32  276  host: id, pid, local, type, length of name, name[256]
//	   308  276  sender: the same
//	   584    4  data length, uncompressed, with its NUL
//	   588    4  length of the bzip2 stream, or 0
//
// Spec: pacemaker-cluster.md 1.
type Envelope struct {
	ID       uint32
	ToID     uint32 // 0: everyone
	ToName   string // "": everyone
	ToType   Subsystem
	FromPID  uint32
	FromType Subsystem
	FromName string
	Data     []byte // XML text without the NUL
}

// ErrEnvelope is what every error of Decode wraps.
var ErrEnvelope = errors.New("not a pacemaker message")

var le = binary.LittleEndian

// Append appends the wire form of e to b. Names longer than 255 bytes are cut.
func (e *Envelope) Append(b []byte) []byte {
	data := append(append(make([]byte, 0, len(e.Data)+1), e.Data...), 0)
	plain, packed := len(data), 0
	if plain >= CompressFrom {
		if z, err := compress(data); err == nil && len(z) < plain {
			data, packed = z, len(z)
		}
	}
	start := len(b)
	b = append(b, make([]byte, headerSize)...)
	h := b[start:]
	le.PutUint32(h[8:], uint32(headerSize+len(data)))
	le.PutUint32(h[16:], 1)
	le.PutUint32(h[24:], e.ID)
	if packed > 0 {
		le.PutUint32(h[28:], 1)
	}
	le.PutUint32(h[32:], e.ToID)
	le.PutUint32(h[44:], uint32(e.ToType))
	putName(h[48:], e.ToName)
	le.PutUint32(h[312:], e.FromPID)
	le.PutUint32(h[320:], uint32(e.FromType))
	putName(h[324:], e.FromName)
	le.PutUint32(h[584:], uint32(plain))
	le.PutUint32(h[588:], uint32(packed))
	return append(b, data...)
}

func putName(b []byte, name string) {
	if len(name) >= nameSize {
		name = name[:nameSize-1]
	}
	le.PutUint32(b, uint32(len(name)))
	copy(b[4:], name)
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

// Decode reads an envelope. The result does not alias b.
func Decode(b []byte) (*Envelope, error) {
	if len(b) < headerSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrEnvelope, len(b))
	}
	if e := le.Uint32(b[16:]); e != 1 {
		return nil, fmt.Errorf("%w: header error %d", ErrEnvelope, e)
	}
	if n := le.Uint32(b[8:]); int64(n) != int64(len(b)) {
		return nil, fmt.Errorf("%w: says %d bytes, has %d", ErrEnvelope, n, len(b))
	}
	e := &Envelope{
		ID:       le.Uint32(b[24:]),
		ToID:     le.Uint32(b[32:]),
		ToType:   Subsystem(le.Uint32(b[44:])),
		FromPID:  le.Uint32(b[312:]),
		FromType: Subsystem(le.Uint32(b[320:])),
	}
	var ok1, ok2 bool
	e.ToName, ok1 = name(b[48:])
	e.FromName, ok2 = name(b[324:])
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("%w: name longer than its field", ErrEnvelope)
	}
	data, plain, packed := b[headerSize:], le.Uint32(b[584:]), le.Uint32(b[588:])
	if le.Uint32(b[28:]) != 0 {
		if int64(packed) != int64(len(data)) || plain > MaxData {
			return nil, fmt.Errorf("%w: %d compressed bytes that say %d, unpacking to %d", ErrEnvelope, len(data), packed, plain)
		}
		var err error
		if data, err = io.ReadAll(io.LimitReader(bzip2.NewReader(bytes.NewReader(data)), int64(plain)+1)); err != nil {
			return nil, fmt.Errorf("%w: bzip2: %v", ErrEnvelope, err)
		}
	}
	if int64(plain) != int64(len(data)) {
		return nil, fmt.Errorf("%w: %d bytes of data that say %d", ErrEnvelope, len(data), plain)
	}
	if end := bytes.IndexByte(data, 0); end < 0 || end != len(data)-1 {
		return nil, fmt.Errorf("%w: text does not end in one NUL", ErrEnvelope)
	}
	e.Data = bytes.Clone(data[:len(data)-1])
	return e, nil
}

func name(b []byte) (string, bool) {
	n := le.Uint32(b)
	if n >= nameSize {
		return "", false
	}
	return string(b[4 : 4+n]), true
}
