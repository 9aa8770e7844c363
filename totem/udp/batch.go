package udp

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A batch collects datagrams and sends them with one system call. Those of one
// size that go to one node are sent as one piece, which the kernel or the
// network card cuts (UDP_SEGMENT): most of the work of sending is per piece. On
// the wire they are datagrams like all others.
type batch struct {
	sock *socket
	n    int // datagrams added

	parcels []parcel // the first used of them
	used    int
	open    map[netip.AddrPort]int // the last parcel to an address
	order   []int                  // of the parcels, by their last datagram
	hdrs    []mmsghdr
	single  bool // the kernel does not cut
}

// A parcel is datagrams to one address: all but the last have one size.
type parcel struct {
	name    unix.RawSockaddrInet6 // or Inet4
	nameLen uint32
	iov     []unix.Iovec
	oob     [3]uint64 // a control message UDP_SEGMENT
	segment int       // size of the first
	bytes   int
	last    int // number of its last datagram
	full    bool
}

// Limits of the kernel.
const (
	maxBatch       = 1024  // messages in a call
	maxSegments    = 64    // datagrams in a piece
	maxParcelBytes = 65000 // in a piece, less than the longest UDP datagram
)

func newBatch(s *socket) *batch {
	return &batch{sock: s, open: make(map[netip.AddrPort]int)}
}

// add puts a datagram into the batch. The bytes must stay until flush.
func (b *batch) add(data []byte, to netip.AddrPort) {
	if len(data) == 0 {
		return
	}
	b.n++
	if i, ok := b.open[to]; ok {
		p := &b.parcels[i]
		if !b.single && !p.full && len(data) <= p.segment && len(p.iov) < maxSegments && p.bytes+len(data) <= maxParcelBytes {
			p.add(data, b.n)
			return
		}
	}
	if b.used == len(b.parcels) {
		b.parcels = append(b.parcels, parcel{})
	}
	p := &b.parcels[b.used]
	b.open[to] = b.used
	b.used++
	p.iov, p.bytes, p.full, p.segment = p.iov[:0], 0, false, len(data)
	p.address(to)
	p.add(data, b.n)
}

func (p *parcel) add(data []byte, number int) {
	v := unix.Iovec{Base: &data[0]}
	v.SetLen(len(data))
	p.iov = append(p.iov, v)
	p.bytes += len(data)
	p.last = number
	p.full = len(data) < p.segment
}

func (p *parcel) address(to netip.AddrPort) {
	p.name = unix.RawSockaddrInet6{}
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&p.name.Port))[:], to.Port())
	if a := to.Addr(); a.Is4() {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&p.name))
		v4.Family, v4.Addr, p.nameLen = unix.AF_INET, a.As4(), unix.SizeofSockaddrInet4
		return
	}
	p.name.Family, p.name.Addr, p.nameLen = unix.AF_INET6, to.Addr().As16(), unix.SizeofSockaddrInet6
}

// fill makes the header of a parcel, or of one of its datagrams.
func (p *parcel) fill(h *mmsghdr, iov []unix.Iovec) {
	*h = mmsghdr{}
	h.hdr.Name, h.hdr.Namelen = (*byte)(unsafe.Pointer(&p.name)), p.nameLen
	h.hdr.Iov = &iov[0]
	h.hdr.SetIovlen(len(iov))
	if len(iov) > 1 {
		c := (*unix.Cmsghdr)(unsafe.Pointer(&p.oob))
		c.Level, c.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
		c.SetLen(unix.CmsgLen(2))
		*(*uint16)(unsafe.Add(unsafe.Pointer(&p.oob), unix.CmsgLen(0))) = uint16(p.segment)
		h.hdr.Control = (*byte)(unsafe.Pointer(&p.oob))
		h.hdr.SetControllen(unix.CmsgSpace(2))
	}
}

// flush sends what was added. failed are the datagrams that could not be sent.
// What goes to one address keeps its order, and what was added last goes last:
// the token, after the messages that belong to it.
func (b *batch) flush() (sent, failed int) {
	b.order = b.order[:0]
	for i := range b.used {
		b.order = append(b.order, i)
	}
	slices.SortFunc(b.order, func(x, y int) int { return b.parcels[x].last - b.parcels[y].last })
	b.hdrs = b.hdrs[:0]
	for _, i := range b.order {
		p := &b.parcels[i]
		b.hdrs = append(b.hdrs, mmsghdr{})
		p.fill(&b.hdrs[len(b.hdrs)-1], p.iov)
	}
	retried := false
	for done := 0; done < len(b.hdrs); {
		n, errno := b.send(b.hdrs[done:min(len(b.hdrs), done+maxBatch)])
		for i := range n {
			sent += len(b.parcels[b.order[done+i]].iov)
		}
		if n > 0 {
			done, retried = done+n, false
		}
		switch {
		case errno == 0:
		case errno == unix.EINTR:
		case errno == unix.EAGAIN && !retried:
			b.sock.waitRoom()
			retried = true
		case transient(errno) && !retried:
			// The error may be that of a datagram sent before.
			retried = true
		default:
			p := &b.parcels[b.order[done]]
			done, retried = done+1, false
			if len(p.iov) == 1 {
				failed++
				continue
			}
			// The route may be one that nothing is cut for: a tunnel, or an
			// MTU below netmtu, where datagrams go in fragments.
			s := b.sendSingly(p)
			sent, failed = sent+s, failed+len(p.iov)-s
			b.single = b.single || s > 0
		}
	}
	for i := range b.used {
		clear(b.parcels[i].iov)
	}
	clear(b.hdrs)
	clear(b.open)
	b.n, b.used = 0, 0
	return sent, failed
}

// sendSingly sends a parcel's datagrams one by one and returns how many.
func (b *batch) sendSingly(p *parcel) (sent int) {
	var h [1]mmsghdr
	for i := range p.iov {
		p.fill(&h[0], p.iov[i:i+1])
		for range 2 {
			n, errno := b.send(h[:])
			sent += n
			if errno == 0 || !transient(errno) && errno != unix.EINTR {
				break
			}
		}
	}
	return sent
}

func (b *batch) send(hdrs []mmsghdr) (n int, errno unix.Errno) {
	r, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(b.sock.fd), uintptr(unsafe.Pointer(&hdrs[0])), uintptr(len(hdrs)), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(r), 0
}
