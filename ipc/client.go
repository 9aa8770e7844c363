package ipc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// DialOptions set up a client.
type DialOptions struct {
	// MaxMessage is the maximum size of a message that the client asks for,
	// in bytes. 0 means 1 MiB.
	MaxMessage int
	// Users are those whom the server may run as, besides root and the user of
	// this process. Whoever is there first can take the name of a socket while
	// the server is down.
	Users []string
}

// ErrImpostor means that the server runs as somebody it should not.
var ErrImpostor = errors.New("its user is not one of those whom the service runs as")

// trusts reports whether a server with these credentials is to be talked to.
func (o *DialOptions) trusts(server Creds) bool {
	if server.UID == 0 || server.UID == uint32(os.Geteuid()) {
		return true
	}
	return slices.ContainsFunc(o.Users, func(name string) bool {
		u, err := user.Lookup(name)
		return err == nil && u.Uid == strconv.FormatUint(uint64(server.UID), 10)
	})
}

// A Client is a connection to a libqb server. Send and Recv belong to one
// goroutine at a time (Call takes care of that itself); NextEvent may be used
// by another.
type Client struct {
	name    string
	stream  *net.UnixConn
	server  Creds
	max     int
	channel clientChannel

	call sync.Mutex

	done   chan struct{} // closed when the server or Close ended the connection
	ending sync.Once
	ended  sync.WaitGroup

	kept atomic.Bool // somebody else holds copies of the descriptors
}

// A clientChannel carries the messages of one connection, seen from the client.
type clientChannel interface {
	send(b []byte) error // does not block; errAgain
	recv(ctx context.Context, done <-chan struct{}) ([]byte, error)
	event(ctx context.Context, done <-chan struct{}) ([]byte, error)
	flow() int32
	arrived(n int) // n bytes came on the stream
	hangup()       // the stream ended: wake everybody
	close()
	describe(k *Kept) []*net.UnixConn // its part of Keep
}

// Dial connects to the service name. A refusal is the server's [syscall.Errno];
// EAGAIN means that it is not ready yet.
func Dial(ctx context.Context, name string, opt DialOptions) (*Client, error) {
	filesystem := filesystemSockets()
	addr, err := address("unix", name, filesystem)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", addr.Name)
	if err != nil {
		return nil, fmt.Errorf("ipc: connect %s: %w", name, err)
	}
	stream := conn.(*net.UnixConn)
	c := &Client{name: name, stream: stream, done: make(chan struct{})}
	if c.server, err = peerCreds(c.stream); err == nil && !opt.trusts(c.server) {
		err = fmt.Errorf("process %d of uid %d: %w", c.server.PID, c.server.UID, ErrImpostor)
	}
	if err != nil {
		stream.Close()
		return nil, fmt.Errorf("ipc: connect %s: %w", name, err)
	}
	if err := c.handshake(ctx, max(cmp.Or(opt.MaxMessage, DefaultMaxMessage), minMaxMessage), filesystem); err != nil {
		stream.Close()
		return nil, fmt.Errorf("ipc: connect %s: %w", name, err)
	}
	c.ended.Go(c.watch)
	return c, nil
}

func (c *Client) handshake(ctx context.Context, wish int, filesystem bool) error {
	stop := context.AfterFunc(ctx, func() { c.stream.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := passCreds(c.stream); err != nil {
		return err
	}
	if _, err := c.stream.Write(appendConnectRequest(nil, uint32(wish))); err != nil {
		return err
	}
	b := make([]byte, connectResponseSize)
	if _, err := io.ReadFull(c.stream, b); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	r, err := parseConnectResponse(b)
	if err != nil {
		return err
	}
	if r.errno != 0 {
		return syscall.Errno(r.errno)
	}
	if r.maxMessage < minMaxMessage || r.maxMessage > maxMaxMessage {
		return fmt.Errorf("%w: server grants messages of %d bytes", ErrMessage, r.maxMessage)
	}
	c.max = int(r.maxMessage)
	switch r.typ {
	case SharedMemory:
		c.channel, err = newShmClient(c.stream, r)
	case Socket:
		c.channel, err = newSocketClient(r, filesystem)
	default:
		err = fmt.Errorf("transport %v: %w", r.typ, syscall.ENOTSUP)
	}
	if err == nil && !stop() {
		c.channel.close()
		return context.Cause(ctx)
	}
	return err
}

// Server is who serves the connection, as the kernel tells it.
func (c *Client) Server() Creds { return c.server }

// MaxMessage is the negotiated maximum size of a message in bytes.
func (c *Client) MaxMessage() int { return c.max }

// Done is closed when the connection has ended.
func (c *Client) Done() <-chan struct{} { return c.done }

// FlowControl is what the server published last: see [Conn.SetFlow].
func (c *Client) FlowControl() int32 { return c.channel.flow() }

// watch reads the stream: wake-up bytes of events, and its end.
func (c *Client) watch() {
	var b [256]byte
	for {
		n, err := c.stream.Read(b[:])
		if n > 0 {
			c.channel.arrived(n)
		}
		if err != nil {
			break
		}
	}
	c.ending.Do(func() { close(c.done) })
	c.channel.hangup()
}

// Send sends one request, header included. While the channel is full or the
// server asks for silence it returns [syscall.EAGAIN].
func (c *Client) Send(b []byte) error { return c.SendLimit(b, 1) }

// SendLimit is Send for a caller that is refused only by flow control values
// up to limit: libcpg multicasts with 2, everything else with 1.
func (c *Client) SendLimit(b []byte, limit int32) error {
	select {
	case <-c.done:
		return c.errClosed()
	default:
	}
	if len(b) > c.max {
		return fmt.Errorf("ipc: %s: request of %d bytes: %w", c.name, len(b), syscall.EMSGSIZE)
	}
	if f := c.channel.flow(); f > 0 && f <= limit {
		return syscall.EAGAIN
	}
	err := c.channel.send(b)
	if errors.Is(err, errAgain) {
		return syscall.EAGAIN
	}
	return err
}

// Recv waits for the next response. The result is the caller's.
func (c *Client) Recv(ctx context.Context) ([]byte, error) {
	b, err := c.channel.recv(ctx, c.done)
	if err != nil {
		return nil, c.why(ctx, err)
	}
	if len(b) < ResponseHeaderSize {
		return nil, fmt.Errorf("ipc: %s: response: %w (%d bytes)", c.name, ErrMessage, len(b))
	}
	return b, nil
}

// NextEvent waits for the next event. The result is the caller's. Events that
// came before the connection ended are still returned after it.
func (c *Client) NextEvent(ctx context.Context) ([]byte, error) {
	b, err := c.channel.event(ctx, c.done)
	if err != nil {
		return nil, c.why(ctx, err)
	}
	return b, nil
}

// Call sends a request and waits for its response. While the server asks for
// silence it waits. When ctx ends in between, the connection is closed, since
// the late response would be taken for the next one's.
func (c *Client) Call(ctx context.Context, b []byte) ([]byte, error) {
	c.call.Lock()
	defer c.call.Unlock()
	if err := c.sendPatiently(ctx, b, 1); err != nil {
		return nil, err
	}
	r, err := c.Recv(ctx)
	if err != nil && ctx.Err() != nil {
		c.abandon()
	}
	return r, err
}

// Post sends a request that has no response. It waits while the channel is full
// or flow control, up to limit, refuses: see SendLimit.
func (c *Client) Post(ctx context.Context, b []byte, limit int32) error {
	c.call.Lock()
	defer c.call.Unlock()
	return c.sendPatiently(ctx, b, limit)
}

func (c *Client) sendPatiently(ctx context.Context, b []byte, limit int32) error {
	for {
		err := c.SendLimit(b, limit)
		if !errors.Is(err, syscall.EAGAIN) {
			return err
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.done:
			return c.errClosed()
		}
	}
}

func (c *Client) abandon() {
	c.ending.Do(func() { close(c.done) })
	if c.kept.Load() { // closing our copy alone would tell the server nothing
		if raw, err := c.stream.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RDWR) })
		}
	}
	c.stream.Close()
}

// Close ends the connection and releases it. Calls under way return first.
func (c *Client) Close() error {
	c.abandon()
	c.ended.Wait()
	c.call.Lock()
	defer c.call.Unlock()
	c.channel.close()
	return nil
}

func (c *Client) errClosed() error { return fmt.Errorf("ipc: %s: %w", c.name, ErrClosed) }

func (c *Client) why(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case <-c.done:
		return c.errClosed()
	default:
		return fmt.Errorf("ipc: %s: %w", c.name, err)
	}
}

// shmPath is where a shared memory channel named by the server is: an absolute name is used as
// it is (libqb 2), others are below /dev/shm.
func shmPath(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return filepath.Join(shmDir, "qb-"+name)
}
