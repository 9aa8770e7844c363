package ipc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Kept is what must be known of a client's connection, besides its descriptors,
// to go on with it in another process: see [Client.Keep]. It is plain data.
type Kept struct {
	Service  string
	Type     Type
	Max      int // size of a message, in bytes
	Request  string
	Response string
	Event    string
	Paths    []string // files that the client made
	Server   Creds
}

// Keep returns what another process of this machine needs to go on with the
// connection when this one is dead: what it must know, and copies of the
// descriptors, which the caller owns. As long as somebody holds them the server
// takes the client for alive, since it goes by the end of the stream; Close
// ends the connection for all who hold it.
//
// How far both sides have read and written stands in the shared memory, or is
// kept by the kernel, so the heir goes on where the dead one stopped. It finds
// no trace only of a call whose response was outstanding.
func (c *Client) Keep() (Kept, []*os.File, error) {
	k := Kept{Service: c.name, Max: c.max, Server: c.server}
	conns := append([]*net.UnixConn{c.stream}, c.channel.describe(&k)...)
	var files []*os.File
	for _, conn := range conns {
		f, err := duplicate(conn)
		if err != nil {
			for _, f := range files {
				f.Close()
			}
			return k, nil, fmt.Errorf("ipc: %s: keep: %w", c.name, err)
		}
		files = append(files, f)
	}
	c.kept.Store(true)
	return k, files, nil
}

// duplicate copies a connection's descriptor and leaves its mode alone.
func duplicate(conn *net.UnixConn) (*os.File, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	var fd int
	var derr error
	if err := raw.Control(func(s uintptr) { fd, derr = unix.FcntlInt(s, unix.F_DUPFD_CLOEXEC, 3) }); err != nil {
		return nil, err
	}
	if derr != nil {
		return nil, derr
	}
	return os.NewFile(uintptr(fd), "kept"), nil
}

// ErrNotKept means that what was kept of a connection is of no use.
var ErrNotKept = errors.New("kept connection cannot be used")

// Adopt goes on with a connection that a dead process has left; see
// [Client.Keep]. It takes the files over. Answers to what the dead one had
// asked are dropped, events are not.
func Adopt(ctx context.Context, k Kept, files []*os.File) (*Client, error) {
	conns, err := connections(files)
	if err != nil {
		return nil, fmt.Errorf("ipc: %s: %w: %w", k.Service, ErrNotKept, err)
	}
	fail := func(err error) (*Client, error) {
		for _, conn := range conns {
			conn.Close()
		}
		return nil, fmt.Errorf("ipc: %s: %w: %w", k.Service, ErrNotKept, err)
	}
	if k.Max < minMaxMessage || k.Max > maxMaxMessage || len(conns) == 0 {
		return fail(ErrMessage)
	}
	if over(conns[0]) {
		return fail(ErrClosed)
	}
	c := &Client{name: k.Service, stream: conns[0], server: k.Server, max: k.Max, done: make(chan struct{})}
	c.kept.Store(true)
	switch {
	case k.Type == SharedMemory && len(conns) == 1:
		c.channel, err = adoptShm(ctx, conns[0], k)
	case k.Type == Socket && len(conns) == 3:
		c.channel, err = adoptSocket(conns[1], conns[2], k)
	default:
		err = ErrMessage
	}
	if err != nil {
		return fail(err)
	}
	c.ended.Go(c.watch)
	return c, nil
}

// over tells whether the server has ended the connection, looking at the stream
// and taking nothing from it.
func over(stream *net.UnixConn) bool {
	raw, err := stream.SyscallConn()
	if err != nil {
		return true
	}
	ended := true
	err = raw.Control(func(fd uintptr) {
		n, _, rerr := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		ended = rerr == nil && n == 0 || rerr != nil && !errors.Is(rerr, unix.EAGAIN) && !errors.Is(rerr, unix.EINTR)
	})
	return ended || err != nil
}

func connections(files []*os.File) (conns []*net.UnixConn, err error) {
	for _, f := range files {
		conn, ferr := net.FileConn(f)
		f.Close()
		u, ok := conn.(*net.UnixConn)
		switch {
		case ferr != nil:
			err = ferr
		case !ok:
			conn.Close()
			err = fmt.Errorf("%w: not a local socket", ErrMessage)
		default:
			conns = append(conns, u)
		}
	}
	if err != nil {
		for _, conn := range conns {
			conn.Close()
		}
	}
	return conns, err
}

func (c *shmClient) describe(k *Kept) []*net.UnixConn {
	k.Type = SharedMemory
	k.Request, k.Response, k.Event = c.base[0], c.base[1], c.base[2]
	return nil
}

func (c *socketClient) describe(k *Kept) []*net.UnixConn {
	k.Type = Socket
	k.Request, k.Paths = c.controlPath, c.paths
	return []*net.UnixConn{c.reqres, c.events}
}

func adoptSocket(reqres, events *net.UnixConn, k Kept) (c *socketClient, err error) {
	c = &socketClient{max: k.Max, reqres: reqres, events: events, controlPath: k.Request, paths: k.Paths}
	if c.control, err = openMapped(c.controlPath, controlSize, controlSize); err != nil {
		return nil, err
	}
	// The answer to what was asked before is nobody's.
	for {
		ctx, cancel := context.WithTimeout(context.Background(), settle)
		_, err := c.recv(ctx, nil)
		cancel()
		if err != nil {
			return c, nil
		}
	}
}

// settle is how long what is under way between both sides may look unfinished
// before the dead one is blamed for it.
const settle = 20 * time.Millisecond

// consumeWait is how long the server may take for requests that the dead one
// has left in the shared memory before it is woken.
const consumeWait = 500 * time.Millisecond

func adoptShm(ctx context.Context, stream *net.UnixConn, k Kept) (*shmClient, error) {
	c := &shmClient{stream: stream, max: k.Max, ready: make(chan struct{}, 1), base: [3]string{k.Request, k.Response, k.Event}}
	err := guarded(func() (err error) {
		if c.request, err = adoptChannel(k.Request, offWrite); err != nil {
			return err
		}
		if c.response, err = adoptChannel(k.Response, offRead); err != nil {
			return err
		}
		if c.events, err = adoptChannel(k.Event, offRead); err != nil {
			return err
		}
		if err := c.request.consumed(ctx, stream); err != nil {
			return err
		}
		for {
			if _, err = c.response.read(k.Max, nil); errors.Is(err, errShmEmpty) {
				break
			} else if err != nil {
				return err
			}
		}
		return c.events.recount()
	})
	if err != nil {
		c.close()
		return nil, err
	}
	c.ready <- struct{}{} // what came meanwhile
	return c, nil
}

// adoptChannel maps a shared memory channel that a dead process had open, and takes over the index
// at off, which it owned.
func adoptChannel(base string, off int) (*shm, error) {
	r, err := openShm(base)
	if err != nil {
		return r, err
	}
	atomic.AddUint32(r.at(offRefs), ^uint32(0)) // the dead one is still counted
	r.own = atomic.LoadUint32(r.at(off))
	if r.own >= r.words {
		r.close()
		return nil, errShmBad
	}
	return r, nil
}

// chunks counts what lies in the shared memory between two indexes; mark is what each
// must have, 0 for any.
func (r *shm) chunks(from, to, mark uint32) (n uint32, err error) {
	for ; from != to; n++ {
		size := atomic.LoadUint32(r.word(from))
		if n > r.words || uint64(size)+ringMargin > uint64(len(r.data)) ||
			mark != 0 && atomic.LoadUint32(r.word(from+1)) != mark {
			return n, errShmBad
		}
		from = r.next(from, size)
	}
	return n, nil
}

// recount makes the semaphore of a shared memory channel that we read agree with what is in it:
// the dead one may have counted down and not gone on. The writer is at work
// meanwhile, so a difference counts only when it stays.
func (r *shm) recount() error {
	for same, last := 0, uint32(0); ; {
		to := atomic.LoadUint32(r.at(offWrite))
		if to >= r.words {
			return errShmBad
		}
		n, err := r.chunks(r.own, to, markCommitted)
		have := atomic.LoadUint32(r.sem.word(0))
		if err == nil && have == n {
			return nil
		}
		if to != last {
			same, last = 0, to
		}
		if same++; same <= 3 {
			time.Sleep(settle)
			continue
		}
		if err != nil || have > n {
			return errShmBad
		}
		for ; have < n; have++ {
			r.sem.post()
		}
		return nil
	}
}

// consumed waits until the server has taken what the dead one wrote. If it does
// not, the dead one had no time to tell it, and that is made up for.
func (r *shm) consumed(ctx context.Context, stream *net.UnixConn) error {
	told := false
	for begin := time.Now(); ; time.Sleep(time.Millisecond) {
		read := atomic.LoadUint32(r.at(offRead))
		if read == r.own {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		switch waited := time.Since(begin); {
		case waited > 20*consumeWait:
			return fmt.Errorf("%w: the server takes no requests", errShmBad)
		case waited > consumeWait && !told:
			told = true
			if read >= r.words {
				return errShmBad
			}
			n, err := r.chunks(read, r.own, 0)
			if err != nil {
				return err
			}
			for p := read; p != r.own; p = r.next(p, atomic.LoadUint32(r.word(p))) {
				atomic.StoreUint32(r.word(p+1), markCommitted)
			}
			for have := atomic.LoadUint32(r.sem.word(0)); have < n; have++ {
				r.sem.post()
			}
			if _, err := stream.Write([]byte{0}); err != nil {
				return err
			}
		}
	}
}
