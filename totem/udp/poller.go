package udp

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A poller waits for descriptors and for a word of other goroutines, with an
// epoll instance of its own.
//
// A dedicated one waits in the kernel, on its goroutine's thread: through the
// runtime's poller another thread would be woken first, which costs more than
// what a token asks for. Others leave the waiting to the runtime, so that the
// goroutines of a program with more to do get their share.
type poller struct {
	epoll   int
	eventfd int
	next    uint64
	sources map[uint64]*source
	events  [64]unix.EpollEvent

	// Of one that is not dedicated.
	file  *os.File // epoll
	raw   syscall.RawConn
	until time.Time // deadline of file; zero if it is not known
	n     int       // events that poll got
	err   error
	poll  func(fd uintptr) bool // made once, to make no garbage
}

// A source is a descriptor that is waited for.
type source struct {
	id    uint64
	ready func(events uint32) error
}

func newPoller(dedicated bool) (*poller, error) {
	p := &poller{epoll: -1, eventfd: -1, sources: make(map[uint64]*source)}
	var err error
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("udp: epoll: %w", err)
	}
	if p.eventfd, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
		// Edges: the counter need not be read.
		_, err = p.add(p.eventfd, unix.EPOLLIN|unix.EPOLLET, func(uint32) error { return nil })
	}
	if err != nil {
		p.close()
		return nil, fmt.Errorf("udp: eventfd: %w", err)
	}
	if dedicated && runtime.GOMAXPROCS(0) > 1 {
		return p, nil
	}
	if err = unix.SetNonblock(p.epoll, true); err == nil {
		p.file = os.NewFile(uintptr(p.epoll), "epoll")
		p.raw, err = p.file.SyscallConn()
	}
	if err != nil {
		p.close()
		return nil, fmt.Errorf("udp: epoll: %w", err)
	}
	p.poll = func(uintptr) bool {
		p.n, p.err = p.epollWait(0)
		return p.n > 0 || p.err != nil
	}
	return p, nil
}

func (p *poller) close() {
	if p.eventfd >= 0 {
		unix.Close(p.eventfd)
	}
	switch {
	case p.file != nil:
		p.file.Close()
	case p.epoll >= 0:
		unix.Close(p.epoll)
	}
}

// add makes wait call ready when one of the events happens at fd.
func (p *poller) add(fd int, events uint32, ready func(events uint32) error) (*source, error) {
	p.next++
	s := &source{id: p.next, ready: ready}
	// The data is an id and not the descriptor, which may be somebody else's by
	// the time an event is looked at.
	ev := unix.EpollEvent{Events: events, Fd: int32(s.id), Pad: int32(s.id >> 32)}
	if err := unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		return nil, err
	}
	p.sources[s.id] = s
	return s, nil
}

// remove is for a descriptor that is still open.
func (p *poller) remove(s *source, fd int) {
	delete(p.sources, s.id)
	unix.EpollCtl(p.epoll, unix.EPOLL_CTL_DEL, fd, nil)
}

// wait waits for the first event, for wake or until d has passed, which is
// rounded up to milliseconds, and calls what is ready. An error of that ends it.
func (p *poller) wait(d time.Duration) error {
	var n int
	var err error
	switch {
	case d <= 0:
		n, err = p.epollWait(0)
	case p.file != nil:
		n, err = p.park(d)
	default:
		n, err = p.block(d)
	}
	if err != nil && err != unix.EINTR {
		return fmt.Errorf("udp: wait: %w", err)
	}
	for i := range max(n, 0) {
		ev := &p.events[i]
		if s := p.sources[uint64(uint32(ev.Fd))|uint64(uint32(ev.Pad))<<32]; s != nil {
			if err := s.ready(ev.Events); err != nil {
				return err
			}
		}
	}
	return nil
}

// activeTime is how long a dedicated poller holds on to its share of the Go
// scheduler. On a ring with traffic the next token comes sooner, and then neither
// the scheduler nor its watchdog thread has any part in it.
const activeTime = 2 * time.Millisecond

// block waits in the kernel.
func (p *poller) block(d time.Duration) (n int, err error) {
	if n, err = p.epollWait(min(d, activeTime)); n == 0 && err == nil && d > activeTime {
		n, err = unix.EpollWait(p.epoll, p.events[:], milliseconds(d-activeTime))
	}
	return n, err
}

// park waits with the runtime's poller.
func (p *poller) park(d time.Duration) (int, error) {
	// Deadlines mostly move away. The file's may come too early; then there is
	// nothing to be found, and it is set anew.
	if at := time.Now().Add(d); p.until.IsZero() || at.Before(p.until) {
		p.until = at
		if err := p.file.SetReadDeadline(at); err != nil {
			return 0, err
		}
	}
	if err := p.raw.Read(p.poll); err != nil {
		p.until = time.Time{}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, nil
		}
		return 0, err
	}
	return p.n, p.err
}

// epollWait waits without telling the runtime. A signal of the runtime's ends it
// where the runtime needs this thread's share.
func (p *poller) epollWait(d time.Duration) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epoll), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), uintptr(milliseconds(d)), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

func milliseconds(d time.Duration) int {
	return int(min((d+time.Millisecond-1)/time.Millisecond, time.Hour/time.Millisecond))
}

// wake ends a wait, or the next one. Any goroutine may call it, as long as the
// poller is open.
func (p *poller) wake() {
	one := uint64(1)
	unix.RawSyscall(unix.SYS_WRITE, uintptr(p.eventfd), uintptr(unsafe.Pointer(&one)), 8)
}
