package udp

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// An inbox takes datagrams from a socket, several with one system call. Where
// the kernel can, datagrams that follow each other from one sender come as one
// piece (UDP_GRO), which saves most of the work of receiving them.
type inbox struct {
	hdrs  []mmsghdr
	slots []slot
	full  int // slots that hold something

	at   int // the slot that is being read
	from int // where in it
}

// maxDatagram is larger than any UDP datagram, so none is cut short unseen.
const maxDatagram = 65536

// inboxSlots is how many datagrams, or pieces, one call takes.
const inboxSlots = 8

// A slot is what the kernel fills in for one datagram or piece.
type slot struct {
	iov  unix.Iovec
	name unix.RawSockaddrInet6 // or Inet4
	oob  [8]uint64             // aligned as control messages are
	buf  []byte

	addr    netip.AddrPort
	segment int // size of a datagram in the piece
}

// mmsghdr is struct mmsghdr of recvmmsg(2) and sendmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
	_   [(unsafe.Sizeof(uintptr(0)) - 4) % 8]byte
}

// A datagram is what next gave. Its bytes are valid until the next fill.
type datagram struct {
	data []byte
	from netip.AddrPort
	cut  bool // it did not fit
}

func (in *inbox) open(fd int) {
	// A wish: before Linux 5.0 each datagram comes alone.
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_GRO, 1)
	in.hdrs = make([]mmsghdr, inboxSlots)
	in.slots = make([]slot, inboxSlots)
	for i := range in.slots {
		s, h := &in.slots[i], &in.hdrs[i].hdr
		s.buf = make([]byte, maxDatagram)
		s.iov.Base = &s.buf[0]
		s.iov.SetLen(len(s.buf))
		h.Iov = &s.iov
		h.SetIovlen(1)
		h.Name = (*byte)(unsafe.Pointer(&s.name))
		h.Control = (*byte)(unsafe.Pointer(&s.oob))
	}
}

func (in *inbox) empty() bool { return in.at >= in.full }

// fill reads what is there, up to the number of slots; more reports whether
// there may be more. What was left unread is gone.
func (in *inbox) fill(fd int) (more bool, err error) {
	in.at, in.from, in.full = 0, 0, 0
	for i := range in.hdrs {
		h := &in.hdrs[i].hdr
		h.Namelen = uint32(unsafe.Sizeof(in.slots[i].name))
		h.SetControllen(int(unsafe.Sizeof(in.slots[i].oob)))
	}
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&in.hdrs[0])), uintptr(len(in.hdrs)), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			in.full = int(n)
			in.load()
			return in.full == len(in.hdrs), nil
		case unix.EINTR:
		case unix.EAGAIN:
			return false, nil
		default:
			return true, errno
		}
	}
}

// load takes the address of what the slot in turn holds.
func (in *inbox) load() {
	if in.empty() {
		return
	}
	s, h := &in.slots[in.at], &in.hdrs[in.at].hdr
	s.addr = netip.AddrPort{}
	port := (*[2]byte)(unsafe.Pointer(&s.name.Port))
	switch {
	case s.name.Family == unix.AF_INET && h.Namelen >= unix.SizeofSockaddrInet4:
		a := (*unix.RawSockaddrInet4)(unsafe.Pointer(&s.name))
		s.addr = netip.AddrPortFrom(netip.AddrFrom4(a.Addr), binary.BigEndian.Uint16(port[:]))
	case s.name.Family == unix.AF_INET6 && h.Namelen >= unix.SizeofSockaddrInet6:
		s.addr = netip.AddrPortFrom(netip.AddrFrom16(s.name.Addr).Unmap(), binary.BigEndian.Uint16(port[:]))
	}
	s.segment = segmentSize(&s.oob, int(h.Controllen))
}

// segmentSize is what a control message UDP_GRO says; 0 without one. No other
// control message was asked for.
func segmentSize(oob *[8]uint64, length int) int {
	h := (*unix.Cmsghdr)(unsafe.Pointer(oob))
	if length < unix.CmsgLen(4) || length > len(oob)*8 || h.Level != unix.IPPROTO_UDP || h.Type != unix.UDP_GRO {
		return 0
	}
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(oob), unix.CmsgLen(0))))
}

// next returns the datagram in turn; ok is false if there is none.
func (in *inbox) next() (d datagram, ok bool) {
	if in.empty() {
		return d, false
	}
	s, h := &in.slots[in.at], &in.hdrs[in.at]
	end := min(int(h.n), len(s.buf))
	d = datagram{from: s.addr, cut: h.hdr.Flags&unix.MSG_TRUNC != 0}
	to := end
	if s.segment > 0 {
		to = min(in.from+s.segment, end)
	}
	d.data = s.buf[in.from:to:to]
	if in.from = to; to >= end {
		in.at++
		in.from = 0
		in.load()
	}
	return d, true
}
