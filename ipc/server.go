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
	// Quota bounds what the clients of one user may hold. nil does not.
	Quota *Quota

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

	mu      sync.Mutex
	conns   map[*net.UnixConn]*Conn // nil until the handshake is done
	silent  map[uint32]int          // user → connections in handshake
	crowded map[uint32]bool         // users that were told in the log to have too many
	closed  bool
	wg      sync.WaitGroup
}

const handshakeTimeout = 10 * time.Second

// How many connections may be in their handshake: of one user, and of all but
// root, who is always let in.
const (
	maxUserHandshakes = 64
	maxHandshakes     = 256
)

// Listen binds the name of a service, for instance "cpg". Nobody is accepted
// before [Server.Serve].
func Listen(name string, opt Options) (*Server, error) {
	opt.QueueMessages = cmp.Or(opt.QueueMessages, 100_000)
	opt.QueueBytes = cmp.Or(opt.QueueBytes, 64<<20)
	opt.Log = cmp.Or(opt.Log, slog.New(slog.DiscardHandler))
	s := &Server{name: name, opt: opt, filesystem: filesystemSockets(), conns: make(map[*net.UnixConn]*Conn),
		silent: make(map[uint32]int), crowded: make(map[uint32]bool)}
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
	return s.accept(ctx, s.listener.AcceptUnix, func(stream *net.UnixConn) {
		accepted := uptime()
		peer, err := peerCreds(stream)
		if err != nil {
			s.opt.Log.Error("client without credentials", "service", s.name, "err", err)
			stream.Close()
			return
		}
		if !s.track(stream, peer) {
			stream.Close()
			return
		}
		go func() {
			defer s.wg.Done()
			defer s.forget(stream, peer)
			s.serve(stream, peer, accepted, h)
		}()
	})
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

// track takes a connection in, unless its user has too many.
func (s *Server) track(stream *net.UnixConn, peer Creds) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if peer.UID != 0 {
		all := 0
		for uid, n := range s.silent {
			if uid != 0 {
				all += n
			}
		}
		full := s.silent[peer.UID] >= maxUserHandshakes || all >= maxHandshakes
		if full || !s.opt.Quota.connect(peer.UID) {
			if !s.crowded[peer.UID] && len(s.crowded) < maxHandshakes {
				s.crowded[peer.UID] = true
				s.opt.Log.Warn("too many clients of one user, no more are let in", "service", s.name, "uid", peer.UID, "pid", peer.PID,
					"silent", s.silent[peer.UID], "connected", s.opt.Quota.conns(peer.UID))
			}
			return false
		}
	}
	s.conns[stream] = nil
	s.silent[peer.UID]++
	s.wg.Add(1)
	return true
}

// promote ends the handshake of a connection.
func (s *Server) promote(stream *net.UnixConn, c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[stream] = c
	s.spoken(c.peer.UID)
	return true
}

// spoken takes a connection off the list of those in handshake.
func (s *Server) spoken(uid uint32) {
	if s.silent[uid]--; s.silent[uid] <= 0 {
		delete(s.silent, uid)
	}
}

func (s *Server) forget(stream *net.UnixConn, peer Creds) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns[stream] == nil {
		s.spoken(peer.UID)
	}
	delete(s.conns, stream)
	delete(s.crowded, peer.UID)
	if peer.UID != 0 {
		s.opt.Quota.disconnect(peer.UID)
	}
	stream.Close()
}

// serve runs one connection from the handshake to its end.
func (s *Server) serve(stream *net.UnixConn, peer Creds, accepted time.Duration, h Handler) {
	stream.SetDeadline(time.Now().Add(handshakeTimeout))
	var req [connectRequestSize]byte
	if _, err := io.ReadFull(stream, req[:]); err != nil {
		return
	}
	wish, err := parseConnectRequest(req[:])
	if err != nil {
		return
	}
	granted := min(maxMaxMessage, max(wish, uint32(s.opt.MinMessage), minMaxMessage))

	c := &Conn{server: s, stream: stream, peer: peer, accepted: accepted, id: s.serial.Add(1), max: int(granted),
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
	size := c.channelBytes()
	if peer.UID != 0 {
		if !s.opt.Quota.take(peer.UID, size) {
			s.opt.Log.Warn("the clients of one user have too much memory", "service", s.name, "uid", peer.UID, "pid", peer.PID, "asked", size)
			refuse(stream, syscall.ENOMEM)
			c.shut()
			return
		}
		defer s.opt.Quota.take(peer.UID, -size)
	}
	if err := c.open(uint32(c.max)); err != nil {
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
