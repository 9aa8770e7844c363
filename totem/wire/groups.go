package wire

import (
	"encoding/binary"
	"errors"
	"iter"
)

// Names of the groups that corosync uses.
const (
	GroupSync     = "sync" // the sync engine
	GroupServices = "a"    // all services
)

// ErrGroups says that the group table of an application message does not fit
// into the message.
var ErrGroups = errors.New("totem: bad group table")

// Groups is the table of group names in front of an application message: it
// says who on each node the message is for.
//
//	offset size
//	     0    2  number of names, g
//	     2   2g  length of each name
//	  2+2g       the names
type Groups struct {
	lens, names []byte
	big         bool
}

// AppendGroup appends a group table with one name. The service message follows
// it.
func AppendGroup(b []byte, name string) []byte {
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(name)))
	return append(b, name...)
}

// SplitGroups takes the group table off an application message and returns the
// service message behind it. Both alias msg. big tells that the sender is
// big-endian.
func SplitGroups(msg []byte, big bool) (Groups, []byte, error) {
	r := reader{b: msg, big: big}
	n := int(r.u16())
	if r.short || len(r.b) < 2*n {
		return Groups{}, nil, ErrGroups
	}
	g := Groups{lens: r.b[:2*n], big: big}
	r.b = r.b[2*n:]
	total := 0
	for l := (reader{b: g.lens, big: big}); len(l.b) > 0; {
		total += int(l.u16())
	}
	if total > len(r.b) {
		return Groups{}, nil, ErrGroups
	}
	g.names = r.b[:total]
	return g, r.b[total:], nil
}

// All ranges over the names.
func (g Groups) All() iter.Seq[string] {
	return func(yield func(string) bool) {
		names := g.names
		for l := (reader{b: g.lens, big: g.big}); len(l.b) > 0; {
			n := int(l.u16())
			if !yield(string(names[:n])) {
				return
			}
			names = names[n:]
		}
	}
}

// Has reports whether name is one of the names.
func (g Groups) Has(name string) bool {
	names := g.names
	for l := (reader{b: g.lens, big: g.big}); len(l.b) > 0; {
		n := int(l.u16())
		if string(names[:n]) == name {
			return true
		}
		names = names[n:]
	}
	return false
}
