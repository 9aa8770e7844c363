// Package flight reads and writes libqb's flight recorder: the file in which a
// daemon leaves its last log records, those of debug level too, for
// qb-blackbox to print.
package flight

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Record is one line of the log.
type Record struct {
	Time     time.Time
	Priority uint8 // as in syslog
	Tags     uint32
	Func     string
	Line     uint32
	Text     string
}

// A Dump is a file's contents.
type Dump struct {
	Words       uint32 // size of the ring buffer, in words of 4 bytes
	Read, Write uint32 // where it begins and ends
	Records     []Record
}

const (
	wordSize = 4
	magic    = 0xa1a1a1a1 // in front of a record
	mark1    = 0xccbbccbb
	mark2    = 0xbbccbbcc
	version  = 2 // of records, with times to the nanosecond
	ringVers = 1

	maxText = 1 << 16
)

var le = binary.LittleEndian

// The file is a mark, the ring buffer's header and its words:
//
//	 0 u32 0, mark1, mark2, version, 0
//	20 u32 words, write, read, ringVers, sum of these four
//	40 records
//
// A record is u32 size, u32 magic and, padded to whole words,
//
//	u32 line, u32 tags, u8 priority, u32 size of the function's name with NUL,
//	the name, i64 seconds, i64 nanoseconds, u32 size of the message, the message
//
// and a message is a format of printf, NUL, and its arguments as they are in
// memory, strings with NUL.
const (
	ringAt  = 20
	dataAt  = 40
	minBody = 4 + 4 + 1 + 4 + 1 + 16 + 4 + 1
)

// Append writes a file with these records, oldest first.
func Append(b []byte, records []Record) []byte {
	start := len(b)
	b = append(b, make([]byte, dataAt)...)
	for _, r := range records {
		text := clip(r.Text)
		fn := clip(r.Func)
		size := 4 + 4 + 1 + 4 + len(fn) + 1 + 16 + 4 + 3 + len(text) + 1
		b = le.AppendUint32(b, uint32(size))
		b = le.AppendUint32(b, magic)
		b = le.AppendUint32(b, r.Line)
		b = le.AppendUint32(b, r.Tags)
		b = append(b, r.Priority)
		b = le.AppendUint32(b, uint32(len(fn)+1))
		b = append(append(b, fn...), 0)
		b = le.AppendUint64(b, uint64(r.Time.Unix()))
		b = le.AppendUint64(b, uint64(r.Time.Nanosecond()))
		b = le.AppendUint32(b, uint32(3+len(text)+1))
		b = append(b, "%s\x00"...)
		b = append(append(b, text...), 0)
		for (len(b)-start)%wordSize != 0 {
			b = append(b, 0)
		}
	}
	used := uint32(len(b)-start-dataAt) / wordSize
	// The original maps the buffer, so it is whole pages, and never full.
	const page = 4096 / wordSize
	words := (used + 1 + page) / page * page
	b = append(b, make([]byte, (words-used)*wordSize)...)
	for i, v := range [10]uint32{0, mark1, mark2, version, 0, words, used, 0, ringVers, words + used + ringVers} {
		le.PutUint32(b[start+4*i:], v)
	}
	return b
}

// clip is a text that fits into a record.
func clip(s string) string {
	s = s[:min(len(s), maxText)]
	for i := range len(s) {
		if s[i] == 0 {
			return s[:i]
		}
	}
	return s
}

// Decode reads a file. What it could read before an error is in the Dump.
func Decode(b []byte) (*Dump, error) {
	if len(b) < dataAt {
		return nil, fmt.Errorf("%d bytes are too few for a flight recorder", len(b))
	}
	u32 := func(i int) uint32 { return le.Uint32(b[i:]) }
	switch {
	case u32(4) != mark1 || u32(8) != mark2:
		return nil, errors.New("this is no flight recorder, or one of a libqb before 2.0")
	case u32(12) != version:
		return nil, fmt.Errorf("records of version %d, only %d is known", u32(12), version)
	}
	d := &Dump{Words: u32(ringAt), Write: u32(ringAt + 4), Read: u32(ringAt + 8)}
	if v := u32(ringAt + 12); v != ringVers || u32(ringAt+16) != d.Words+d.Write+d.Read+v {
		return nil, errors.New("the header of the ring buffer is damaged")
	}
	data := b[dataAt:]
	if d.Words == 0 || uint64(d.Words)*wordSize > uint64(len(data)) || d.Read >= d.Words || d.Write >= d.Words {
		return nil, fmt.Errorf("a ring buffer of %d words from %d to %d does not fit into %d bytes", d.Words, d.Read, d.Write, len(data))
	}
	data = data[:d.Words*wordSize]
	at := d.Read
	for at != d.Write {
		head := take(data, at, 2)
		size := le.Uint32(head)
		left := (d.Write + d.Words - at) % d.Words
		words := 2 + (size+wordSize-1)/wordSize
		if le.Uint32(head[4:]) != magic || size < minBody || size > uint32(len(data)) || words > left {
			return d, fmt.Errorf("the record at word %d is damaged", at)
		}
		r, err := decodeRecord(take(data, (at+2)%d.Words, words-2)[:size])
		if err != nil {
			return d, fmt.Errorf("the record at word %d: %w", at, err)
		}
		d.Records = append(d.Records, r)
		at = (at + words) % d.Words
	}
	return d, nil
}

// take copies n words from a ring buffer.
func take(data []byte, at, n uint32) []byte {
	i, size := int(at)*wordSize, int(n)*wordSize
	out := make([]byte, 0, size)
	out = append(out, data[i:min(i+size, len(data))]...)
	return append(out, data[:size-len(out)]...)
}

func decodeRecord(b []byte) (r Record, err error) {
	r.Line, r.Tags, r.Priority = le.Uint32(b), le.Uint32(b[4:]), b[8]
	n := le.Uint32(b[9:])
	b = b[13:]
	if n == 0 || uint64(n)+16+4 > uint64(len(b)) {
		return r, errors.New("the name of the function is longer than it")
	}
	r.Func = clip(string(b[:n]))
	b = b[n:]
	r.Time = time.Unix(int64(le.Uint64(b)), int64(le.Uint64(b[8:])))
	n = le.Uint32(b[16:])
	b = b[20:]
	if uint64(n) > uint64(len(b)) {
		return r, errors.New("the message is longer than it")
	}
	r.Text = strings.TrimSuffix(format(b[:n]), "\n")
	return r, nil
}
