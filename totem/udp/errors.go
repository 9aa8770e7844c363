package udp

import (
	"encoding/binary"
	"errors"
	"net/netip"

	"golang.org/x/sys/unix"
)

// transient reports whether a failed call is about one datagram or the moment,
// not about the socket. An unreachable peer is reported that way, at the next
// call whatever it is.
func transient(err error) bool {
	for _, e := range []error{unix.ECONNREFUSED, unix.EHOSTUNREACH, unix.ENETUNREACH, unix.ENETDOWN,
		unix.EHOSTDOWN, unix.EPERM, unix.EACCES, unix.ENOBUFS, unix.ENOMEM, unix.EMSGSIZE, unix.EPROTO, unix.ENOPROTOOPT} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// closedPorts empties the socket's queue of errors and returns the addresses
// whose host answered that the port is closed. Other errors say nothing about
// the node: a firewall or a router sends them too.
func (s *socket) closedPorts() []netip.Addr {
	s.closed = s.closed[:0]
	for range 1000 {
		_, n, _, to, err := unix.Recvmsg(s.fd, nil, s.oob[:], unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if err != nil {
			break
		}
		msgs, err := unix.ParseSocketControlMessage(s.oob[:n])
		if err != nil {
			continue
		}
		for _, m := range msgs {
			if !portClosed(m) {
				continue
			}
			if a, ok := sockaddr(to); ok {
				s.closed = append(s.closed, a.Addr())
			}
		}
	}
	// Or the poller would report it for ever.
	_, _ = unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	return s.closed
}

// portClosed reports whether a message from the queue of errors is the answer of
// a host that the port is closed. Its data is struct sock_extended_err:
//
//	offset size
//	     0    4  errno
//	     4    1  origin: 2 ICMP, 3 ICMPv6
//	     5    1  type
//	     6    1  code
func portClosed(m unix.SocketControlMessage) bool {
	if len(m.Data) < 8 || binary.NativeEndian.Uint32(m.Data) != uint32(unix.ECONNREFUSED) {
		return false
	}
	origin, kind, code := m.Data[4], m.Data[5], m.Data[6]
	switch {
	case m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_RECVERR:
		return origin == unix.SO_EE_ORIGIN_ICMP && kind == 3 && code == 3
	case m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_RECVERR:
		return origin == unix.SO_EE_ORIGIN_ICMP6 && kind == 1 && code == 4
	}
	return false
}

func sockaddr(sa unix.Sockaddr) (netip.AddrPort, bool) {
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)), true
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port)), true
	}
	return netip.AddrPort{}, false
}
