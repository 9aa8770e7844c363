package udp

import (
	"fmt"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A poller waits for descriptors and for a word of other goroutines. It has an
// epoll instance of its own: a descriptor of the runtime's would wake a thread
// that then has to wake the loop's, which costs more than a token takes.
type poller struct {
	epoll   int
	eventfd int
	active  time.Duration // of a wait that the runtime need not know of
	next    uint64
	sources map[uint64]*source
	events  [64]unix.EpollEvent
}

// A source is a descriptor that is waited for.
type source struct {
	id    uint64
	ready func(events uint32)
}

func newPoller() (*poller, error) {
	p := &poller{epoll: -1, eventfd: -1, sources: make(map[uint64]*source)}
	if runtime.GOMAXPROCS(0) > 1 {
		p.active = activeTime // others can run meanwhile
	}
	var err error
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("udp: epoll: %w", err)
	}
	if p.eventfd, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
		// Edges: the counter need not be read.
		_, err = p.add(p.eventfd, unix.EPOLLIN|unix.EPOLLET, func(uint32) {})
	}
	if err != nil {
		p.close()
		return nil, fmt.Errorf("udp: eventfd: %w", err)
	}
	return p, nil
}

func (p *poller) close() {
	for _, fd := range []int{p.epoll, p.eventfd} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// add makes wait call ready when one of the events happens at fd.
func (p *poller) add(fd int, events uint32, ready func(events uint32)) (*source, error) {
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

// activeTime is how long a wait holds on to its share of the Go scheduler. On a
// ring with traffic the next token comes sooner, and then neither the scheduler
// nor its watchdog thread has had any part in it.
const activeTime = 2 * time.Millisecond

// wait waits for the first event, for wake or until d has passed, which is
// rounded up to milliseconds, and calls what is ready.
func (p *poller) wait(d time.Duration) error {
	n, err := p.waitActive(min(max(d, 0), p.active))
	if err == nil && n == 0 && d > p.active {
		n, err = unix.EpollWait(p.epoll, p.events[:], milliseconds(d-p.active))
	}
	if err != nil && err != unix.EINTR {
		return fmt.Errorf("udp: wait: %w", err)
	}
	for i := range max(n, 0) {
		ev := &p.events[i]
		if s := p.sources[uint64(uint32(ev.Fd))|uint64(uint32(ev.Pad))<<32]; s != nil {
			s.ready(ev.Events)
		}
	}
	return nil
}

// waitActive waits without telling the runtime. A signal of the runtime's ends
// it where the runtime needs this thread's share.
func (p *poller) waitActive(d time.Duration) (int, error) {
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
