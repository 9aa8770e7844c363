package wire

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
)

// A Generation is one of the two incompatible forms of the protocol.
type Generation uint8

// The generations. The values are what the protocol itself calls its version.
const (
	EL7 Generation = 2 // corosync 2.4
	EL9 Generation = 3 // corosync 3.1
)

func (g Generation) String() string {
	switch g {
	case EL7:
		return "el7 (corosync 2.4)"
	case EL9:
		return "el9 (corosync 3.1)"
	}
	return fmt.Sprintf("generation %d", uint8(g))
}

// A NodeID names a node for the life of the cluster. 0 means "no node".
type NodeID uint32

// Address families as they go over the wire. They are Linux's on every
// platform.
const (
	FamilyNone uint16 = 0
	FamilyIPv4 uint16 = 2
	FamilyIPv6 uint16 = 10
)

// An IP is an address with the node it belongs to. Wire size: 22 bytes, EL7
// only.
//
//	offset size
//	     0    4  node
//	     4    2  family
//	     6   16  address, network order; IPv4 uses the first 4
type IP struct {
	Node   NodeID
	Family uint16
	Bytes  [16]byte
}

// NewIP returns the IP of node at addr. An invalid addr gives the zero IP.
func NewIP(node NodeID, addr netip.Addr) IP {
	switch addr = addr.Unmap(); {
	case addr.Is4():
		ip := IP{Node: node, Family: FamilyIPv4}
		b := addr.As4()
		copy(ip.Bytes[:], b[:])
		return ip
	case addr.Is6():
		return IP{Node: node, Family: FamilyIPv6, Bytes: addr.As16()}
	}
	return IP{}
}

// Addr returns the address without the node, or the zero Addr if there is none.
func (ip IP) Addr() netip.Addr {
	switch ip.Family {
	case FamilyIPv4:
		return netip.AddrFrom4([4]byte(ip.Bytes[:4]))
	case FamilyIPv6:
		return netip.AddrFrom16(ip.Bytes)
	}
	return netip.Addr{}
}

func (ip IP) String() string {
	if ip.Family == FamilyNone {
		return fmt.Sprintf("%d@", ip.Node)
	}
	return fmt.Sprintf("%d@%v", ip.Node, ip.Addr())
}

// An SRP is how a message names a node. Wire size: 45 bytes in EL7, 4 in EL9.
//
// EL7:
//
//	offset size
//	     0    1  number of addresses, always 2
//	     1   22  address on ring 0
//	    23   22  address on ring 1, all zero if there is one ring
//
// EL9: only the node id, in IP[0].Node here.
type SRP struct {
	Addrs uint8 // EL7: what the wire says; readers ignore it, writers put 2
	IP    [2]IP
}

// NewSRP returns the name of node. In EL9 the addresses do not count.
func NewSRP(g Generation, node NodeID, addrs ...netip.Addr) SRP {
	if g == EL9 {
		return SRP{IP: [2]IP{{Node: node}}}
	}
	s := SRP{Addrs: 2}
	for i := range min(len(addrs), len(s.IP)) {
		s.IP[i] = NewIP(node, addrs[i])
	}
	s.IP[0].Node = node
	return s
}

// Node returns the node id.
func (s SRP) Node() NodeID { return s.IP[0].Node }

// An Identity is what makes two SRP names the same node: the address on ring 0
// in EL7, the node id in EL9. It compares with ==.
type Identity struct {
	node   NodeID
	family uint16
	bytes  [16]byte
}

// Identity returns what identifies s in generation g.
func (s SRP) Identity(g Generation) Identity {
	if g == EL9 {
		return Identity{node: s.IP[0].Node}
	}
	return Identity{family: s.IP[0].Family, bytes: s.IP[0].Bytes}
}

// Compare orders identities as a ring orders its members: EL7 by address, IPv4
// as a number in network order; EL9 by node id.
func (a Identity) Compare(b Identity) int {
	if c := cmp.Or(cmp.Compare(a.node, b.node), cmp.Compare(a.family, b.family)); c != 0 {
		return c
	}
	for i := range a.bytes {
		if c := cmp.Compare(a.bytes[i], b.bytes[i]); c != 0 {
			return c
		}
	}
	return 0
}

// A RingID names one ring, that is one membership. It compares with == as
// corosync compares it byte by byte. Wire size: 30 bytes in EL7, 12 in EL9.
//
//	EL7 EL9 size
//	  0   0    4  node id of the representative
//	  4   -    2  family of its address
//	  6   -   16  its address on ring 0
//	 22   4    8  sequence number, grows by 4 each time a ring forms
type RingID struct {
	Rep    NodeID   // the representative, lowest of the ring
	Family uint16   // EL7 only
	Addr   [16]byte // EL7 only
	Seq    uint64
}

// NewRingID returns the id of the ring number seq whose representative is rep.
func NewRingID(g Generation, rep SRP, seq uint64) RingID {
	if g == EL9 {
		return RingID{Rep: rep.Node(), Seq: seq}
	}
	return RingID{Rep: rep.IP[0].Node, Family: rep.IP[0].Family, Addr: rep.IP[0].Bytes, Seq: seq}
}

// RepAddr returns the representative's address, which only EL7 has.
func (r RingID) RepAddr() netip.Addr { return IP{Family: r.Family, Bytes: r.Addr}.Addr() }

func (r RingID) String() string { return fmt.Sprintf("%d/%d", r.Rep, r.Seq) }

// RingIDSize returns the wire size of a ring id in bytes.
func RingIDSize(g Generation) int {
	if g == EL9 {
		return 12
	}
	return 30
}

// AppendRingID appends the wire form of r in little-endian order, as sync
// messages carry it.
func AppendRingID(b []byte, g Generation, r RingID) []byte {
	return writer{b: b, gen: g, ord: binary.LittleEndian}.ring(r).b
}

// ParseRingID reads a ring id from the front of b; big tells that its sender is
// big-endian. ok is false if b is too short.
func ParseRingID(b []byte, g Generation, big bool) (r RingID, ok bool) {
	rd := reader{b: b, gen: g, big: big}
	r = rd.ring()
	return r, !rd.short
}
