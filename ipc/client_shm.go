package ipc

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// shmClient is a connection's rings, seen from the client.
type shmClient struct {
	stream *net.UnixConn
	max    int
	base   [3]string // of the rings' files: request, response, events

	sending sync.Mutex
	request *shm

	receiving sync.Mutex
	response  *shm

	dispatching sync.Mutex
	events      *shm

	ready chan struct{} // at most one: events may have arrived
	bytes atomic.Int64  // stream bytes that belong to events not yet read
	over  atomic.Bool
}

func newShmClient(stream *net.UnixConn, r connectResponse) (c *shmClient, err error) {
	c = &shmClient{stream: stream, max: int(r.maxMessage), ready: make(chan struct{}, 1),
		base: [3]string{shmPath(r.request), shmPath(r.response), shmPath(r.event)}}
	err = guarded(func() (err error) {
		if c.request, err = openShm(c.base[0]); err != nil {
			return err
		}
		if c.response, err = openShm(c.base[1]); err != nil {
			return err
		}
		c.events, err = openShm(c.base[2])
		return err
	})
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *shmClient) send(b []byte) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	if c.request == nil {
		return ErrClosed
	}
	if err := guarded(func() error { return c.request.write(b) }); err != nil {
		if errors.Is(err, errShmFull) {
			return errAgain
		}
		return err
	}
	_, err := c.stream.Write([]byte{0})
	return err
}

// recvSlice bounds one sleep on the response shared memory's semaphore. Nothing but the
// server and hangup wakes it, so the end of a context is noticed by it alone
// if that races with the sleep's beginning.
const recvSlice = 500 * time.Millisecond

func (c *shmClient) recv(ctx context.Context, done <-chan struct{}) (b []byte, err error) {
	c.receiving.Lock()
	defer c.receiving.Unlock()
	if c.response == nil {
		return nil, ErrClosed
	}
	sem := c.response.sem
	stop := context.AfterFunc(ctx, sem.wake)
	defer stop()
	for {
		err = guarded(func() (err error) { b, err = c.response.read(c.max, nil); return err })
		if !errors.Is(err, errShmEmpty) {
			return b, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if c.over.Load() {
			return nil, ErrClosed
		}
		select {
		case <-done:
			return nil, ErrClosed
		default:
		}
		if err := guarded(func() error { sem.sleep(recvSlice); return nil }); err != nil {
			return nil, err
		}
	}
}

func (c *shmClient) event(ctx context.Context, done <-chan struct{}) (b []byte, err error) {
	for {
		b, err = c.takeEvent()
		if !errors.Is(err, errShmEmpty) {
			return b, err
		}
		select {
		case <-c.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-done:
			if b, err = c.takeEvent(); err == nil {
				return b, nil
			}
			return nil, ErrClosed
		}
	}
}

func (c *shmClient) takeEvent() (b []byte, err error) {
	c.dispatching.Lock()
	defer c.dispatching.Unlock()
	if c.events == nil {
		return nil, ErrClosed
	}
	err = guarded(func() (err error) { b, err = c.events.read(c.max, nil); return err })
	if err == nil {
		c.bytes.Add(-1)
	}
	return b, err
}

func (c *shmClient) arrived(n int) {
	c.bytes.Add(int64(n))
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

func (c *shmClient) hangup() {
	c.over.Store(true)
	// recv may hold the lock while it sleeps; the shared memory cannot go away while
	// this runs, since close comes after the watcher has ended.
	if c.response != nil {
		guarded(func() error { c.response.sem.wake(); return nil })
	}
}

func (c *shmClient) flow() (v int32) {
	c.sending.Lock()
	defer c.sending.Unlock()
	if c.request != nil {
		guarded(func() error { v = c.request.flow(); return nil })
	}
	return v
}

func (c *shmClient) close() {
	for _, r := range []struct {
		mu  *sync.Mutex
		shm **shm
	}{{&c.sending, &c.request}, {&c.receiving, &c.response}, {&c.dispatching, &c.events}} {
		r.mu.Lock()
		if *r.shm != nil {
			guarded(func() error { (*r.shm).close(); return nil })
			*r.shm = nil
		}
		r.mu.Unlock()
	}
}
