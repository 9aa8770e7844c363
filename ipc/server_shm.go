package ipc

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// shmServer is a connection's rings, seen from the server. A byte on the
// stream goes with each request and each event, none with a response.
type shmServer struct {
	stream *net.UnixConn
	fd     int    // the stream, after detach
	dir    string // of the files, "" if they have none of their own
	max    int

	// pending is request bytes read from the stream and not yet used. After
	// detach, requests taken whose bytes have not been read.
	pending int
	scratch []byte // the last request of poll

	mu       sync.Mutex // guards the rings against close
	closed   bool
	request  *shm
	response *shm
	events   *shm
	owed     int // event bytes that the stream had no room for
}

// newShmServer creates the rings. Their names are relative: libqb before 1.0.4
// knows no others, and later ones accept them. If a whole group may open them they
// have names that nobody can guess, in a folder that cannot be listed: otherwise
// one of the group could ask in the name of another. Such a name is a path, which
// those old libraries do not find.
func newShmServer(stream *net.UnixConn, service string, serial uint64, pid int, max uint32, owner fileOwner) (*shmServer, connectResponse, error) {
	c := &shmServer{stream: stream, fd: -1, max: int(max)}
	format := shmDir + "/qb-" + service + "-%s-" + fmt.Sprintf("%d-%d-%d", os.Getpid(), pid, serial)
	if owner.shared() {
		dir, err := owner.hiddenDir(pid, serial)
		c.dir = dir
		if err != nil {
			c.close()
			return nil, connectResponse{}, err
		}
		format = dir + "/qb-" + service + "-%s-" + rand.Text()
	}
	names := [3]string{}
	rings := [3]**shm{&c.request, &c.response, &c.events}
	for i, kind := range []string{"request", "response", "event"} {
		path := fmt.Sprintf(format, kind)
		r, err := createShm(path, max, owner)
		if errors.Is(err, os.ErrExist) {
			// Ours by name: a predecessor with our process id left it.
			os.Remove(path + "-header")
			os.Remove(path + "-data")
			r, err = createShm(path, max, owner)
		}
		if err != nil {
			c.close()
			return nil, connectResponse{}, err
		}
		*rings[i] = r
		names[i] = path
		if c.dir == "" {
			names[i] = strings.TrimPrefix(path, shmDir+"/qb-")
		}
	}
	return c, connectResponse{
		typ: SharedMemory, maxMessage: max,
		request: names[0], response: names[1], event: names[2],
	}, nil
}

func (c *shmServer) receive() ([]byte, error) {
	var buf [64]byte
	for {
		for c.pending <= 0 {
			n, err := c.stream.Read(buf[:])
			if err != nil {
				return nil, err
			}
			if n == 0 {
				return nil, io.EOF
			}
			c.pending += n
		}
		b, err := c.take(nil)
		if errors.Is(err, errShmEmpty) {
			// The request is in the shared memory before its byte is on the
			// stream, so this byte belongs to none.
			c.pending--
			continue
		}
		if err != nil {
			return nil, err
		}
		c.pending--
		return b, nil
	}
}

// detach takes the stream away from the runtime, which would be woken for each
// of its bytes too.
func (c *shmServer) detach() (fd int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	raw, err := c.stream.SyscallConn()
	if err != nil {
		return -1, err
	}
	var dup error
	if err := raw.Control(func(fd uintptr) { c.fd, dup = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return -1, err
	}
	if dup != nil {
		c.fd = -1
		return -1, dup
	}
	return c.fd, c.stream.Close()
}

// control calls f with the stream's descriptor.
func (c *shmServer) control(f func(fd uintptr)) error {
	if c.fd >= 0 {
		f(uintptr(c.fd))
		return nil
	}
	raw, err := c.stream.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(f)
}

// maxScratch is the largest buffer that a client keeps, in bytes.
const maxScratch = 64 << 10

// poll takes a request if there is one, valid until the next call. Its byte may
// come later.
func (c *shmServer) poll() ([]byte, error) {
	b, err := c.take(c.scratch)
	if err == nil {
		c.pending++
		if cap(b) <= maxScratch {
			c.scratch = b
		}
	}
	if errors.Is(err, errShmEmpty) {
		return nil, errAgain
	}
	return b, err
}

// drainAt is for how many requests their bytes may be left on the stream: a
// client can have some hundred there.
const drainAt = 64

// drain reads the bytes that are on the stream now and then, so that the client
// can go on sending them.
func (c *shmServer) drain() error {
	if c.pending < drainAt {
		return nil
	}
	c.pending = 0
	var buf [1024]byte
	var n uintptr
	var errno unix.Errno
	if err := c.control(func(fd uintptr) { n, errno = transfer(unix.SYS_RECVFROM, fd, buf[:]) }); err != nil {
		return err
	}
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		return nil
	case errno != 0:
		return errno
	case n == 0:
		return io.EOF
	}
	return nil
}

// take reads a request into buf if that is large enough.
func (c *shmServer) take(buf []byte) (b []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	err = guarded(func() (err error) { b, err = c.request.read(c.max, buf); return err })
	return b, err
}

func (c *shmServer) respond(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	return c.put(c.response, b)
}

func (c *shmServer) event(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	if err := c.put(c.events, b); err != nil {
		return err
	}
	c.owed++
	return nil
}

func (c *shmServer) put(r *shm, b []byte) error {
	err := guarded(func() error { return r.write(b) })
	if errors.Is(err, errShmFull) {
		return errAgain
	}
	return err
}

// pay writes the stream bytes that go with events already in the shared memory.
func (c *shmServer) pay() error {
	if c.owed == 0 {
		return nil
	}
	var n uintptr
	var errno unix.Errno
	var zeros [1024]byte
	if err := c.control(func(fd uintptr) {
		n, errno = transfer(unix.SYS_SENDTO, fd, zeros[:min(c.owed, len(zeros))])
	}); err != nil {
		return err
	}
	if errno == unix.EAGAIN || errno == unix.EINTR {
		return errAgain
	}
	if errno != 0 {
		return errno
	}
	c.owed -= int(n)
	if c.owed > 0 {
		return errAgain
	}
	return nil
}

// flush pays what is owed.
func (c *shmServer) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	return c.pay()
}

// transfer sends or receives without blocking. It does not tell the runtime,
// which would take the call for one that may last and find something else for
// this thread's share of work: that costs more than the call.
func transfer(call uintptr, fd uintptr, b []byte) (n uintptr, errno unix.Errno) {
	n, _, errno = unix.RawSyscall6(call, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	return n, errno
}

func (c *shmServer) owes() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.owed > 0
}

func (c *shmServer) flow(v int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		guarded(func() error { c.request.setFlow(v); return nil })
	}
}

func (c *shmServer) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, r := range []*shm{c.request, c.response, c.events} {
		if r != nil {
			guarded(func() error { r.close(); return nil })
		}
	}
	c.request, c.response, c.events = nil, nil, nil
	if c.dir != "" {
		os.RemoveAll(c.dir)
		c.dir = ""
	}
	if c.fd >= 0 {
		unix.Close(c.fd)
		c.fd = -1
	}
}

// How long a sender waits before it looks again whether the other side has made
// room: there is nothing to poll for. The first time a client is just behind, and
// reads a full channel in less than a millisecond.
const (
	minRetry   = 250 * time.Microsecond
	retryAfter = 5 * time.Millisecond
)
