package udp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A socket is the one socket of an interface: it receives everything, and sends
// tokens and multicasts. Spec: totem.md 5.2.
type socket struct {
	conn  *net.UDPConn // until detach
	fd    int
	local netip.AddrPort
	inbox inbox

	watched          *source // by the poller
	readable, failed bool    // the poller has said so

	// Of the queue of errors.
	oob    [512]byte
	closed []netip.Addr
}

// listen opens the socket. The address may still be in use by a process that is
// about to end, so it tries for some seconds.
// share lets sockets of other processes use the same port.
func listen(ctx context.Context, local netip.AddrPort, rcvbuf int, share bool) (*socket, error) {
	lc := net.ListenConfig{Control: func(network, address string, c syscall.RawConn) error {
		if share {
			if err := reuse(network, address, c); err != nil {
				return err
			}
		}
		return c.Control(func(fd uintptr) {
			// Interactive traffic, and a report of each ICMP error. Both are
			// wishes.
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PRIORITY, 6)
			if local.Addr().Is4() {
				_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVERR, 1)
			} else {
				_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVERR, 1)
			}
		})
	}}
	for try := 0; ; try++ {
		pc, err := lc.ListenPacket(ctx, "udp", local.String())
		if err == nil {
			conn := pc.(*net.UDPConn)
			// The kernel cuts these to what it allows.
			_ = conn.SetReadBuffer(rcvbuf)
			_ = conn.SetWriteBuffer(rcvbuf)
			return &socket{conn: conn, fd: -1, local: local}, nil
		}
		if try == 10 || !errors.Is(err, unix.EADDRINUSE) {
			return nil, fmt.Errorf("udp: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(time.Duration(try+1) * 100 * time.Millisecond):
		}
	}
}

// detach takes the socket away from the runtime, which would be woken for each
// datagram too, once conn has been set up.
func (s *socket) detach() error {
	var dup error
	if err := s.control(func(fd uintptr) { s.fd, dup = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return fmt.Errorf("udp: %w", err)
	}
	if dup != nil {
		s.fd = -1
		return fmt.Errorf("udp: %w", dup)
	}
	s.conn.Close()
	return nil
}

func (s *socket) close() {
	if s.fd >= 0 {
		unix.Close(s.fd)
		s.fd = -1
		return
	}
	s.conn.Close()
}

// waitRoom waits for a short while until the kernel takes more.
func (s *socket) waitRoom() {
	fds := []unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLOUT}}
	unix.Poll(fds, 10)
}

// watch makes a poller tell when one of the events happens, or an error.
func (s *socket) watch(p *poller, events uint32) error {
	var err error
	s.watched, err = p.add(s.fd, events, func(events uint32) error {
		s.readable = s.readable || events&unix.EPOLLIN != 0
		s.failed = s.failed || events&unix.EPOLLERR != 0
		return nil
	})
	if err != nil {
		return fmt.Errorf("udp: epoll: %w", err)
	}
	return nil
}

// unwatch ends it.
func (s *socket) unwatch(p *poller) {
	if s.watched != nil {
		p.remove(s.watched, s.fd)
		s.watched = nil
	}
}

// control calls f with the descriptor, before detach.
func (s *socket) control(f func(fd uintptr)) error {
	raw, err := s.conn.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(f)
}

// drain throws away what is waiting, and returns how many datagrams that were.
func (s *socket) drain() (n int) {
	for more := true; more && n < 100_000; {
		for _, ok := s.inbox.next(); ok; _, ok = s.inbox.next() {
			n++
		}
		more, _ = s.inbox.fill(s.fd)
	}
	for _, ok := s.inbox.next(); ok; _, ok = s.inbox.next() {
		n++
	}
	s.readable = false
	return n
}
