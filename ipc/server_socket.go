package ipc

import (
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socketServer is a connection's datagram sockets, seen from the server:
// B-request receives requests and sends responses, B-event-tx sends events.
// The control file holds, for each channel, a counter of messages on their way
// and the flow control value.
type socketServer struct {
	reqres, events     *net.UnixConn
	toReqres, toEvents *net.UnixAddr
	mu                 sync.Mutex // guards control against close
	control            []byte
	peer               Creds
	known              atomic.Bool // the client has sent something
	dir                string
	paths              []string // sockets in the file system
	buf                []byte
}

const controlSize = 24

func newSocketServer(stream *net.UnixConn, service string, serial uint64, peer Creds, max uint32, owner fileOwner, filesystem bool) (c *socketServer, r connectResponse, err error) {
	c = &socketServer{buf: make([]byte, max), peer: peer}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.dir, err = owner.hiddenDir(peer.PID, serial); err != nil {
		return c, r, err
	}
	ctl := filepath.Join(c.dir, "qb-control-"+service)
	if owner.shared() {
		ctl += "-" + rand.Text()
	}
	if c.control, err = createMapped(ctl, controlSize, owner); err != nil {
		return c, r, err
	}
	base := filepath.Join(c.dir, "qb-"+service)
	bind := func(suffix string) (*net.UnixConn, error) {
		addr, err := dataAddress(base+suffix, filesystem)
		if err != nil {
			return nil, err
		}
		conn, err := net.ListenUnixgram("unixgram", addr)
		if err != nil {
			return nil, err
		}
		if addr.Name[0] != '@' {
			c.paths = append(c.paths, addr.Name)
			os.Chmod(addr.Name, 0o600)
			os.Chown(addr.Name, owner.uid, owner.gid)
		}
		setBuffers(conn, int(max))
		return conn, nil
	}
	if c.reqres, err = bind("-request"); err != nil {
		return c, r, err
	}
	if err = passCreds(c.reqres); err != nil {
		return c, r, err
	}
	if c.events, err = bind("-event-tx"); err != nil {
		return c, r, err
	}
	if c.toReqres, err = dataAddress(base+"-response", filesystem); err != nil {
		return c, r, err
	}
	if c.toEvents, err = dataAddress(base+"-event", filesystem); err != nil {
		return c, r, err
	}
	return c, connectResponse{typ: Socket, maxMessage: max, request: ctl, response: base}, nil
}

// dataAddress is the address of a data socket. Where the file system is forced
// that goes for relative names only, which libqb 1.0 has: libqb 2's look like
// paths, but stay abstract.
func dataAddress(name string, filesystem bool) (*net.UnixAddr, error) {
	return address("unixgram", name, filesystem)
}

// setBuffers makes room for one message of the maximum size, past the system's
// limit where we are allowed to.
func setBuffers(c *net.UnixConn, max int) {
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) {
		for _, opt := range [][2]int{{unix.SO_SNDBUF, unix.SO_SNDBUFFORCE}, {unix.SO_RCVBUF, unix.SO_RCVBUFFORCE}} {
			if n, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, opt[0]); err == nil && n > max+4096 {
				continue
			}
			if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, opt[1], max+4096) != nil {
				unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, opt[0], max+4096)
			}
		}
	})
}

// receive takes what the client sent. All see the names of the sockets, and
// everybody can send to them; only the kernel's word about the sender counts.
func (c *socketServer) receive() ([]byte, error) {
	var creds [64]byte
	for {
		n, k, _, _, err := c.reqres.ReadMsgUnix(c.buf, creds[:])
		if err != nil {
			return nil, err
		}
		if !c.sentBy(creds[:k]) {
			continue
		}
		c.known.Store(true)
		c.count(0, -1)
		return append([]byte(nil), c.buf[:n]...), nil
	}
}

// sentBy reports whether the credentials that came with a datagram are the
// client's: of its process, or of another of its user, for a program that goes on as its
// own child. The user alone would not do: of a program that runs as somebody else than who
// started it, a datagram's credentials name the latter.
func (c *socketServer) sentBy(control []byte) bool {
	msgs, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return false
	}
	for i := range msgs {
		if u, err := unix.ParseUnixCredentials(&msgs[i]); err == nil {
			return int(u.Pid) == c.peer.PID || u.Uid == c.peer.UID
		}
	}
	return false
}

func (c *socketServer) respond(b []byte) error { return c.send(c.reqres, b, c.toReqres, 8) }

// event waits for the first request: until then somebody else may have taken the
// name that the client's socket will have, and would get what is meant for the client.
// That is how it gets to know of an impostor, too: it cannot bind.
func (c *socketServer) event(b []byte) error {
	if !c.known.Load() {
		return errAgain
	}
	return c.send(c.events, b, c.toEvents, 16)
}

// A datagram is noticed as soon as it is there.
func (c *socketServer) flush() error { return nil }
func (c *socketServer) owes() bool   { return false }

// send sends one datagram without blocking. The client binds its sockets only
// after it has read the connect response, so at first nobody may be there.
func (c *socketServer) send(s *net.UnixConn, b []byte, to *net.UnixAddr, counter int) error {
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	var serr error
	if err := raw.Control(func(fd uintptr) { serr = sendTo(int(fd), b, to.Name) }); err != nil {
		return err
	}
	switch {
	case serr == nil:
		c.count(counter, 1)
		return nil
	case errors.Is(serr, unix.EAGAIN), errors.Is(serr, unix.ECONNREFUSED), errors.Is(serr, unix.ENOENT), errors.Is(serr, unix.ENOBUFS), errors.Is(serr, unix.EINTR):
		return errAgain
	}
	return serr
}

// sendTo uses package syscall because x/sys refuses an abstract name of the
// full length.
func sendTo(fd int, b []byte, name string) error {
	return syscall.Sendto(fd, b, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, &syscall.SockaddrUnix{Name: name})
}

func (c *socketServer) count(off int, by int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.control != nil {
		guarded(func() error {
			atomic.AddInt32((*int32)(unsafe.Pointer(&c.control[off])), by)
			return nil
		})
	}
}

func (c *socketServer) flow(v int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.control != nil {
		guarded(func() error {
			atomic.StoreInt32((*int32)(unsafe.Pointer(&c.control[4])), v)
			return nil
		})
	}
}

// interrupt makes receive return.
func (c *socketServer) interrupt() { c.reqres.SetReadDeadline(time.Unix(1, 0)) }

func (c *socketServer) close() {
	if c.reqres != nil {
		c.reqres.Close()
	}
	if c.events != nil {
		c.events.Close()
	}
	for _, p := range c.paths {
		os.Remove(p)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.control != nil {
		unix.Munmap(c.control)
		c.control = nil
	}
	if c.dir != "" {
		os.RemoveAll(c.dir)
	}
}
