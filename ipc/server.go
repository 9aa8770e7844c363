package ipc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Options set up a server. The zero value serves shared memory with corosync's
// limits.
type Options struct {
	// Socket makes the channels datagram sockets instead of shared memory.
	Socket bool

	// MinMessage is the least maximum message size that is granted, in bytes,
	// whatever a client asks for. 0 means the client decides.
	MinMessage int

	// QueueMessages and QueueBytes bound the events waiting for one client
	// that does not read them; a client past either is disconnected.
	// 0 means 100,000 messages and 64 MiB.
	QueueMessages int
	QueueBytes    int
	// Budget bounds what waits for all clients. nil does not.
	Budget *Budget

	// Log gets what an administrator should know. nil discards.
	Log *slog.Logger
}

// A Handler is the service behind a server. The methods for one connection are
// called one after the other, from the goroutine of that connection; those for
// different connections run at the same time.
type Handler interface {
	// Connected is called before the client gets its answer. An error refuses
	// it; the client sees the [syscall.Errno] in it, or EACCES. Events sent
	// from here on wait until the channels are open.
	Connected(c *Conn) error
	// Message is one request, header included, whose length has been checked
	// against the header. msg belongs to the handler.
	Message(c *Conn, id int32, msg []byte)
	// Closed is called once for each connection that Connected accepted,
	// after its last Message.
	Closed(c *Conn)
}

// A Taker is a Handler that reads the requests of clients over shared memory
// itself: a program that waits for other things too in one place need not be
// woken through a goroutine for each request.
type Taker interface {
	Handler
	// Take is called once the channels of an accepted connection are open. The
	// handler calls [Conn.Read] whenever something new can be read from fd,
	// which it does not read, until it calls [Conn.Return]; Closed follows
	// then, and fd is closed after that. The server calls Return too. Message
	// is not called. Events are sent by [Conn.Flush] alone, the first time for
	// those that came before Take. The result false ends the connection.
	Take(c *Conn, fd int) bool
}

// A Server listens on one service name.
type Server struct {
	name       string
	opt        Options
	filesystem bool
	listener   *net.UnixListener
	serial     atomic.Uint64

	mu     sync.Mutex
	conns  map[*net.UnixConn]*Conn // nil until the handshake is done
	closed bool
	wg     sync.WaitGroup
}

const (
	handshakeTimeout = 10 * time.Second
	maxHandshakes    = 256 // connections that have not yet said anything
)

// Listen binds the name of a service, for instance "cpg". Nobody is accepted
// before [Server.Serve].
func Listen(name string, opt Options) (*Server, error) {
	opt.QueueMessages = cmp.Or(opt.QueueMessages, 100_000)
	opt.QueueBytes = cmp.Or(opt.QueueBytes, 64<<20)
	opt.Log = cmp.Or(opt.Log, slog.New(slog.DiscardHandler))
	s := &Server{name: name, opt: opt, filesystem: filesystemSockets(), conns: make(map[*net.UnixConn]*Conn)}
	l, err := listen(name, s.filesystem)
	if err != nil {
		return nil, fmt.Errorf("ipc: listen %s: %w", name, err)
	}
	s.listener = l
	removeStale(name) // the name is ours now
	return s, nil
}

// Name is the service name.
func (s *Server) Name() string { return s.name }

// Serve accepts clients until ctx ends or Close is called, then closes all
// connections and waits until the handler has seen the last of them.
func (s *Server) Serve(ctx context.Context, h Handler) error {
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	defer s.wg.Wait()
	for {
		stream, err := s.listener.AcceptUnix()
		if err != nil {
			s.Close()
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return context.Cause(ctx)
			}
			return fmt.Errorf("ipc: accept %s: %w", s.name, err)
		}
		if !s.track(stream) {
			stream.Close()
			continue
		}
		go func() {
			defer s.wg.Done()
			defer s.forget(stream)
			s.serve(stream, h)
		}()
	}
}

// Close stops listening and closes all connections.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for stream, c := range s.conns {
		if c != nil {
			c.interrupt()
		}
		stream.Close()
	}
	return s.listener.Close()
}

func (s *Server) track(stream *net.UnixConn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	silent := 0
	for _, c := range s.conns {
		if c == nil {
			silent++
		}
	}
	if silent >= maxHandshakes {
		s.opt.Log.Warn("too many clients in handshake", "service", s.name)
		return false
	}
	s.conns[stream] = nil
	s.wg.Add(1)
	return true
}

func (s *Server) promote(stream *net.UnixConn, c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[stream] = c
	return true
}

func (s *Server) forget(stream *net.UnixConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, stream)
	stream.Close()
}

// serve runs one connection from the handshake to its end.
func (s *Server) serve(stream *net.UnixConn, h Handler) {
	stream.SetDeadline(time.Now().Add(handshakeTimeout))
	var req [connectRequestSize]byte
	if _, err := io.ReadFull(stream, req[:]); err != nil {
		return
	}
	wish, err := parseConnectRequest(req[:])
	if err != nil {
		return
	}
	peer, err := peerCreds(stream)
	if err != nil {
		s.opt.Log.Error("client without credentials", "service", s.name, "err", err)
		return
	}
	granted := min(maxMaxMessage, max(wish, uint32(s.opt.MinMessage), minMaxMessage))

	c := &Conn{server: s, stream: stream, peer: peer, id: s.serial.Add(1), max: int(granted),
		returned: make(chan struct{}, 1), owner: fileOwner{uid: int(peer.UID), gid: int(peer.GID), mode: 0o600}}
	c.wake.L = &c.mu
	if err := h.Connected(c); err != nil {
		refuse(stream, err)
		return
	}
	defer func() {
		h.Closed(c)
		if c.channel != nil {
			c.channel.close()
		}
	}()
	if err := c.open(granted); err != nil {
		s.opt.Log.Error("client channels", "service", s.name, "pid", peer.PID, "err", err)
		refuse(stream, err)
		c.shut()
		return
	}
	stream.SetDeadline(time.Time{})
	if !s.promote(stream, c) {
		c.shut()
		return
	}
	c.run(h)
}

func refuse(stream *net.UnixConn, err error) {
	errno := syscall.EACCES
	errors.As(err, &errno)
	stream.Write(connectResponse{errno: int32(errno)}.append(nil))
}
