package udp

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/gocorosync/gocorosync/totem"
)

// pieces sends datagrams in IP fragments that are smaller than the interface
// asks for, where packets that the interface takes are lost on their way. The
// other host puts them together again, so that its daemon, whichever that is,
// sees one datagram. It needs a raw socket for IPv4; where it may not have one,
// datagrams go as ever.
type pieces struct {
	raw    int // IPv4; -1 if there is none
	failed bool
	six    map[sixKey]int // IPv6 sockets, by address and size
	id     uint16
}

type sixKey struct {
	self netip.Addr
	size int
}

// sendPieces sends one sealed message so, and reports false if it cannot.
func (l *Loop) sendPieces(n *network, s *totem.Send, b []byte) bool {
	if n.group.IsValid() {
		return false
	}
	if l.pieces == nil {
		l.pieces = &pieces{raw: -1, six: make(map[sixKey]int), id: uint16(rand.Uint32())}
	}
	sent := false
	for _, to := range s.To {
		var err error
		if to = to.Unmap(); to.Is4() {
			err = l.pieces.send4(n.self.Unmap(), netip.AddrPortFrom(to, n.port), b, s.Packet)
		} else {
			err = l.pieces.send6(n.self, netip.AddrPortFrom(to, n.port), b, s.Packet)
		}
		if err != nil {
			if !l.pieces.failed {
				l.pieces.failed = true
				l.cfg.Log.Warn("large messages cannot be sent in small IP packets", "size", s.Packet, "err", err)
			}
			if !sent {
				return false
			}
			continue
		}
		sent = true
		l.stats.Tx++
		l.stats.TxBytes += uint64(len(b))
	}
	return sent
}

const ip4Header = 20 // bytes

func (p *pieces) send4(from netip.Addr, to netip.AddrPort, b []byte, size int) error {
	if p.raw < 0 {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_RAW)
		if err != nil {
			return err
		}
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PRIORITY, 6)
		p.raw = fd
	}
	if p.id++; p.id == 0 { // the kernel would choose one for each fragment
		p.id++
	}
	addr := &unix.SockaddrInet4{Addr: to.Addr().As4()}
	for _, packet := range fragments(from, to, b, size, p.id) {
		if err := unix.Sendto(p.raw, packet, 0, addr); err != nil {
			return err
		}
	}
	return nil
}

// fragments are the IPv4 packets of a UDP datagram, none larger than size. The
// kernel fills in the checksums of their headers.
func fragments(from netip.Addr, to netip.AddrPort, data []byte, size int, id uint16) (packets [][]byte) {
	udp := make([]byte, 8, 8+len(data))
	binary.BigEndian.PutUint16(udp, to.Port()) // both sides use the same
	binary.BigEndian.PutUint16(udp[2:], to.Port())
	binary.BigEndian.PutUint16(udp[4:], uint16(8+len(data)))
	udp = append(udp, data...)
	src, dst := from.As4(), to.Addr().As4()
	binary.BigEndian.PutUint16(udp[6:], udpChecksum(src, dst, udp))

	step := max((size-ip4Header)&^7, 8)
	for at := 0; at < len(udp); at += step {
		piece := udp[at:min(at+step, len(udp))]
		h := make([]byte, ip4Header, ip4Header+len(piece))
		h[0], h[8], h[9] = 0x45, 64, unix.IPPROTO_UDP
		binary.BigEndian.PutUint16(h[2:], uint16(ip4Header+len(piece)))
		binary.BigEndian.PutUint16(h[4:], id)
		offset := uint16(at / 8)
		if at+step < len(udp) {
			offset |= 0x2000 // more fragments
		}
		binary.BigEndian.PutUint16(h[6:], offset)
		copy(h[12:], src[:])
		copy(h[16:], dst[:])
		packets = append(packets, append(h, piece...))
	}
	return packets
}

// udpChecksum is the checksum of a datagram whose own is 0 yet.
func udpChecksum(src, dst [4]byte, udp []byte) uint16 {
	var sum uint32
	add := func(b []byte) {
		for ; len(b) >= 2; b = b[2:] {
			sum += uint32(b[0])<<8 | uint32(b[1])
		}
		if len(b) == 1 {
			sum += uint32(b[0]) << 8
		}
	}
	add(src[:])
	add(dst[:])
	sum += unix.IPPROTO_UDP + uint32(len(udp))
	add(udp)
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	if c := ^uint16(sum); c != 0 {
		return c
	}
	return 0xffff
}

// least6 is the smallest MTU of IPv6, in bytes.
const least6 = 1280

func (p *pieces) send6(from netip.Addr, to netip.AddrPort, b []byte, size int) error {
	key := sixKey{from, max(size, least6)}
	fd, ok := p.six[key]
	if !ok {
		var err error
		if fd, err = unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0); err != nil {
			return err
		}
		p.six[key] = fd
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MTU, key.size); err != nil {
			return err
		}
		if err := unix.Bind(fd, &unix.SockaddrInet6{Addr: from.As16(), ZoneId: zone(from)}); err != nil {
			return err
		}
	}
	return unix.Sendto(fd, b, 0, &unix.SockaddrInet6{Addr: to.Addr().As16(), Port: int(to.Port()), ZoneId: zone(to.Addr())})
}

func (p *pieces) close() {
	if p == nil {
		return
	}
	if p.raw >= 0 {
		unix.Close(p.raw)
	}
	for _, fd := range p.six {
		unix.Close(fd)
	}
}

// zone is the number of the interface of a link-local address.
func zone(a netip.Addr) uint32 {
	if a.Zone() == "" {
		return 0
	}
	if i, err := net.InterfaceByName(a.Zone()); err == nil {
		return uint32(i.Index)
	}
	return 0
}
