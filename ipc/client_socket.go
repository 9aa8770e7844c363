package ipc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socketClient is a connection's datagram sockets, seen from the client:
// B-response sends requests and receives responses, B-event receives events.
type socketClient struct {
	reqres, events *net.UnixConn
	max            int
	paths          []string
	controlPath    string

	mu      sync.Mutex // guards control against close
	control []byte
}

func newSocketClient(r connectResponse, filesystem bool) (c *socketClient, err error) {
	c = &socketClient{max: int(r.maxMessage)}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	c.controlPath = r.request
	if c.controlPath == "" || c.controlPath[0] != '/' {
		c.controlPath = shmDir + "/" + c.controlPath
	}
	if c.control, err = openMapped(c.controlPath, controlSize, controlSize); err != nil {
		return c, err
	}
	dial := func(local, remote string) (*net.UnixConn, error) {
		from, err := dataAddress(r.response+local, filesystem)
		if err != nil {
			return nil, err
		}
		to, err := dataAddress(r.response+remote, filesystem)
		if err != nil {
			return nil, err
		}
		conn, err := net.DialUnix("unixgram", from, to)
		if err != nil {
			return nil, err
		}
		if from.Name[0] != '@' {
			c.paths = append(c.paths, from.Name)
		}
		setBuffers(conn, c.max)
		return conn, nil
	}
	if c.reqres, err = dial("-response", "-request"); err != nil {
		return c, err
	}
	c.events, err = dial("-event", "-event-tx")
	return c, err
}

func (c *socketClient) send(b []byte) error {
	raw, err := c.reqres.SyscallConn()
	if err != nil {
		return err
	}
	var serr error
	if err := raw.Control(func(fd uintptr) {
		_, serr = unix.SendmsgN(int(fd), b, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	}); err != nil {
		return err
	}
	switch {
	case serr == nil:
		c.count(0, 1)
		return nil
	case errors.Is(serr, unix.EAGAIN), errors.Is(serr, unix.ENOBUFS), errors.Is(serr, unix.EINTR):
		return errAgain
	}
	return fmt.Errorf("ipc: send: %w", serr)
}

func (c *socketClient) recv(ctx context.Context, _ <-chan struct{}) ([]byte, error) {
	return c.read(ctx, c.reqres, 8)
}

func (c *socketClient) event(ctx context.Context, _ <-chan struct{}) ([]byte, error) {
	return c.read(ctx, c.events, 16)
}

func (c *socketClient) read(ctx context.Context, s *net.UnixConn, counter int) ([]byte, error) {
	if ctx.Done() != nil {
		set := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			s.SetReadDeadline(time.Unix(1, 0))
			close(set)
		})
		defer func() {
			if !stop() {
				<-set
				s.SetReadDeadline(time.Time{})
			}
		}()
	}
	n, err := pendingSize(s)
	if err != nil {
		return nil, err
	}
	b := make([]byte, min(n, c.max))
	k, err := s.Read(b)
	if err != nil {
		return nil, err
	}
	c.count(counter, -1)
	return b[:k], nil
}

// pendingSize waits for a datagram and returns its length.
func pendingSize(s *net.UnixConn) (n int, err error) {
	raw, err := s.SyscallConn()
	if err != nil {
		return 0, err
	}
	var rerr error
	var one [1]byte
	err = raw.Read(func(fd uintptr) bool {
		n, _, _, _, rerr = unix.RecvmsgBuffers(int(fd), [][]byte{one[:]}, nil, unix.MSG_PEEK|unix.MSG_TRUNC|unix.MSG_DONTWAIT)
		return rerr != unix.EAGAIN
	})
	return n, errors.Join(err, rerr)
}

func (c *socketClient) count(off int, by int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.control != nil {
		guarded(func() error {
			atomic.AddInt32((*int32)(unsafe.Pointer(&c.control[off])), by)
			return nil
		})
	}
}

func (c *socketClient) flow() (v int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.control != nil {
		guarded(func() error {
			v = atomic.LoadInt32((*int32)(unsafe.Pointer(&c.control[4])))
			return nil
		})
	}
	return v
}

func (c *socketClient) arrived(int) {}

// hangup lets events that are queued already be read: a read of an empty
// socket then fails at once.
func (c *socketClient) hangup() {
	c.reqres.SetReadDeadline(time.Unix(1, 0))
	c.events.SetReadDeadline(time.Unix(1, 0))
}

func (c *socketClient) close() {
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
}
