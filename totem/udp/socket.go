package udp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// maxDatagram is larger than any UDP datagram, so none is cut short unseen.
const maxDatagram = 65536

// A socket is the one socket of an interface: it receives everything, and sends
// tokens and multicasts. Spec: totem.md section 5.2.
type socket struct {
	conn  *net.UDPConn
	raw   syscall.RawConn
	local netip.AddrPort
	buf   []byte

	// What the last recv gave, and recv as the functions that the runtime's
	// poller calls: made once, to make no garbage.
	last    datagram
	ok      bool
	err     error
	control func(fd uintptr)
	read    func(fd uintptr) bool

	// The same for the queue of errors.
	oob        [512]byte
	closed     []netip.Addr
	readErrors func(fd uintptr)
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
			raw, err := conn.SyscallConn()
			if err != nil {
				conn.Close()
				return nil, fmt.Errorf("udp: %w", err)
			}
			s := &socket{conn: conn, raw: raw, local: local, buf: make([]byte, maxDatagram)}
			s.control = func(fd uintptr) { s.recv(int(fd)) }
			s.readErrors = func(fd uintptr) { s.errQueue(int(fd)) }
			s.read = func(fd uintptr) bool { s.recv(int(fd)); return s.ok || s.err != nil }
			return s, nil
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

func (s *socket) close() { s.conn.Close() }

// A datagram is what a read gave. Its bytes are valid until the next read.
type datagram struct {
	data  []byte
	from  netip.AddrPort
	iface int
	cut   bool // it did not fit
}

// poll reads a datagram that is already there; ok is false if there is none.
func (s *socket) poll() (d datagram, ok bool, err error) {
	if err := s.raw.Control(s.control); err != nil {
		return d, false, fmt.Errorf("udp: receive: %w", err)
	}
	return s.last, s.ok, s.err
}

// wait reads a datagram, and waits for it until the time set with deadline or
// until wake is called; then ok is false.
func (s *socket) wait() (d datagram, ok bool, err error) {
	if err := s.raw.Read(s.read); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return d, false, nil
		}
		return d, false, fmt.Errorf("udp: receive: %w", err)
	}
	return s.last, s.ok, s.err
}

// recv sets last, ok and err; both are zero if nothing is there.
func (s *socket) recv(fd int) {
	s.ok, s.err = false, nil
	for {
		n, _, flags, addr, err := unix.Recvmsg(fd, s.buf, nil, unix.MSG_DONTWAIT)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return
		case err != nil:
			s.err = err
			return
		}
		s.last.data, s.last.cut = s.buf[:n], flags&unix.MSG_TRUNC != 0
		s.last.from, _ = sockaddr(addr)
		s.ok = true
		return
	}
}

// deadline sets until when wait waits.
func (s *socket) deadline(at time.Time) error {
	if err := s.conn.SetReadDeadline(at); err != nil {
		return fmt.Errorf("udp: wait: %w", err)
	}
	return nil
}

// wake ends a wait, or the next one.
func (s *socket) wake() { _ = s.conn.SetReadDeadline(time.Unix(1, 0)) }

// drain throws away what is waiting, and returns how many datagrams that were.
func (s *socket) drain() (n int) {
	for n < 100_000 {
		if _, ok, err := s.poll(); !ok || err != nil {
			return n
		}
		n++
	}
	return n
}
