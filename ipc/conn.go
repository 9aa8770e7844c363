package ipc

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A Conn is one client of a [Server]. Its methods may be called from any
// goroutine, also after the client is gone.
type Conn struct {
	// Value belongs to the handler.
	Value any

	server *Server
	stream *net.UnixConn
	peer   Creds
	id     uint64
	max    int
	owner  fileOwner

	accepted time.Duration // uptime

	channel serverChannel

	returned chan struct{} // a taken connection ends

	mu     sync.Mutex
	wake   sync.Cond // the queue has something, or the connection is shut
	ready  bool      // the client has its answer: events may go out
	held   bool      // by a Taker
	isShut bool
	queue  [][]byte
	queued int // bytes

	stats connCounters
}

// Stats counts what happened on one connection since it was opened.
type Stats struct {
	Requests, Responses, Dispatched uint64 // messages
	SendRetries                     uint64 // events that found the channel full
	Queued                          int    // events waiting now
	FlowControl                     int32
	FlowControlCount                uint64
	Invalid, Overload               uint64 // counted by the handler, see Count
}

type connCounters struct {
	requests, responses, dispatched, sendRetries, flowCount, invalid, overload atomic.Uint64
	flow                                                                       atomic.Int32
}

// ID numbers the connections of a server, from 1.
func (c *Conn) ID() uint64 { return c.id }

// Peer is who connected, as the kernel tells it.
func (c *Conn) Peer() Creds { return c.peer }

// InGroup reports whether the process that connected is in a group: its own, or
// one of its supplementary ones. Only useful in Connected.
func (c *Conn) InGroup(gid uint32) (bool, error) {
	if c.peer.GID == gid {
		return true, nil
	}
	groups, err := supplementary(c.stream, c.peer, c.accepted)
	return slices.Contains(groups, gid), err
}

// Service is the name that the client connected to.
func (c *Conn) Service() string { return c.server.name }

// MaxMessage is the negotiated maximum size of a message in bytes.
func (c *Conn) MaxMessage() int { return c.max }

// LimitMessage grants less than the client asked for, if it asked for more than n
// bytes. Only useful in Connected.
func (c *Conn) LimitMessage(n int) { c.max = min(c.max, max(n, minMaxMessage)) }

// channelBytes is how much memory the channels take, roughly.
func (c *Conn) channelBytes() int {
	if c.server.opt.Socket {
		return c.max
	}
	return 3 * (c.max + ringHeaderSize + 4096)
}

// SetOwner says who may open the channel files, and with what mode. The
// default is the client's uid and gid and 0600. Only useful in Connected.
func (c *Conn) SetOwner(uid, gid int, mode fs.FileMode) {
	c.owner = fileOwner{uid: uid, gid: gid, mode: mode}
}

// Stats returns the counters.
func (c *Conn) Stats() Stats {
	c.mu.Lock()
	queued := len(c.queue)
	c.mu.Unlock()
	return Stats{
		Requests: c.stats.requests.Load(), Responses: c.stats.responses.Load(),
		Dispatched: c.stats.dispatched.Load(), SendRetries: c.stats.sendRetries.Load(),
		Queued: queued, FlowControl: c.stats.flow.Load(), FlowControlCount: c.stats.flowCount.Load(),
		Invalid: c.stats.invalid.Load(), Overload: c.stats.overload.Load(),
	}
}

// CountInvalid and CountOverload count a request that the handler refused.
func (c *Conn) CountInvalid()  { c.stats.invalid.Add(1) }
func (c *Conn) CountOverload() { c.stats.overload.Add(1) }

// open makes the channels and tells the client about them.
func (c *Conn) open(max uint32) error {
	s := c.server
	var r connectResponse
	var err error
	var ch serverChannel
	if s.opt.Socket {
		ch, r, err = newSocketServer(c.stream, s.name, c.id, c.peer, max, c.owner, s.filesystem)
	} else {
		ch, r, err = newShmServer(c.stream, s.name, c.id, c.peer.PID, max, c.owner)
	}
	if err != nil {
		return err
	}
	r.opaque = c.id
	if _, err := c.stream.Write(r.append(nil)); err != nil {
		ch.close()
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.channel = ch
	c.ready = true
	c.wake.Signal()
	return nil
}

// run reads requests until the client is gone.
func (c *Conn) run(h Handler) {
	var wg sync.WaitGroup
	wg.Go(c.sendQueued)
	if sock, ok := c.channel.(*socketServer); ok {
		wg.Go(func() { // the stream carries nothing more but its end
			var b [64]byte
			for {
				if _, err := c.stream.Read(b[:]); err != nil {
					break
				}
			}
			sock.interrupt()
		})
	}
	if !c.taken(h) {
		c.receive(h)
	}
	c.shut()
	wg.Wait()
}

// receive gives the handler each request until the client is gone.
func (c *Conn) receive(h Handler) {
	for {
		msg, err := c.channel.receive()
		if err != nil {
			return
		}
		c.stats.requests.Add(1)
		hdr, err := ParseHeader(msg)
		if err != nil {
			c.server.opt.Log.Debug("client message", "service", c.server.name, "pid", c.peer.PID, "err", err)
			c.stats.invalid.Add(1)
			c.Respond(invalidParam())
			continue
		}
		h.Message(c, hdr.ID, msg)
	}
}

// taken lets the handler take the connection, waits until it gives it back, and
// reports that.
func (c *Conn) taken(h Handler) bool {
	t, ok := h.(Taker)
	if !ok {
		return false
	}
	shm, ok := c.channel.(*shmServer)
	if !ok {
		return false
	}
	fd, err := shm.detach()
	if err != nil {
		c.server.opt.Log.Error("client channels", "service", c.server.name, "pid", c.peer.PID, "err", err)
		return true
	}
	c.hold(true)
	if t.Take(c, fd) {
		<-c.returned
	}
	c.hold(false)
	return true
}

func (c *Conn) hold(held bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = held
}

// invalidParam is what corosync answers to a request it cannot make sense of:
// id 0, error 7 (CS_ERR_INVALID_PARAM).
func invalidParam() []byte {
	b := make([]byte, ResponseHeaderSize)
	PutResponseHeader(b, 0, 7)
	return b
}

// Read calls f for each request that is there of a connection that was taken, as
// Message would be, until f returns false; msg is valid during the call. more
// reports whether there may be more; if not, the descriptor tells when there is.
// After an error the connection must be given back with Return.
func (c *Conn) Read(f func(id int32, msg []byte) bool) (more bool, err error) {
	ch := c.channel.(*shmServer)
	for {
		// First the stream: a request is in the shared memory before its byte is there.
		// The other way round, the byte of a request that comes in between
		// would be lost, and the poller has nothing to tell then.
		if err := ch.drain(); err != nil {
			return false, err
		}
		msg, err := ch.poll()
		if errors.Is(err, errAgain) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		c.stats.requests.Add(1)
		hdr, err := ParseHeader(msg)
		if err != nil {
			c.stats.invalid.Add(1)
			c.Respond(invalidParam())
			continue
		}
		if !f(hdr.ID, msg) {
			return true, nil
		}
	}
}

// Return gives a taken connection back, which ends it.
func (c *Conn) Return() {
	select {
	case c.returned <- struct{}{}:
	default:
	}
}

// interrupt makes run return.
func (c *Conn) interrupt() {
	c.Return()
	if sock, ok := c.channel.(*socketServer); ok {
		sock.interrupt()
	}
}

// Close ends the connection. The handler's Closed is called soon after.
func (c *Conn) Close() {
	c.shut()
	c.stream.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.channel != nil {
		c.interrupt()
	}
}

func (c *Conn) shut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isShut = true
	c.dropQueue()
	c.wake.Broadcast()
}

// dropQueue forgets what is queued.
func (c *Conn) dropQueue() {
	c.server.opt.Budget.take(-c.queued)
	c.queue, c.queued = nil, 0
}

// Respond sends the response to the oldest request that has none. A client
// has one request under way, so its channel always has room; if it has not,
// the client broke the protocol and the response is dropped with an error.
func (c *Conn) Respond(b []byte) error {
	if len(b) > c.max {
		return fmt.Errorf("ipc: response of %d bytes: %w", len(b), syscall.EMSGSIZE)
	}
	c.mu.Lock()
	ch, shut := c.channel, c.isShut
	c.mu.Unlock()
	if ch == nil || shut {
		return ErrClosed
	}
	err := ch.respond(b)
	if err == nil {
		c.stats.responses.Add(1)
	}
	return err
}

// Event sends one event, or queues it while the client's channel is full. It
// does not block. b must not change afterwards; it may be given to several
// connections. A client that has too much queued is disconnected.
func (c *Conn) Event(b []byte) error {
	if err := c.Queue(b); err != nil {
		return err
	}
	_, err := c.Flush()
	return err
}

// QueueCopy is Queue for an event that changes afterwards. A copy is made only if
// it has to wait; *copied holds it, nil before the first, so that several
// connections share it.
func (c *Conn) QueueCopy(b []byte, copied *[]byte) error { return c.enqueue(b, copied) }

// Queue is Event for an event that need not be noticed before the next Flush,
// so that the client is woken once for several.
func (c *Conn) Queue(b []byte) error { return c.enqueue(b, nil) }

func (c *Conn) enqueue(b []byte, copied *[]byte) error {
	if len(b) > c.max {
		return fmt.Errorf("ipc: event of %d bytes: %w", len(b), syscall.EMSGSIZE)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isShut {
		return ErrClosed
	}
	if c.ready && len(c.queue) == 0 {
		err := c.channel.event(b)
		if err == nil {
			c.stats.dispatched.Add(1)
			return nil
		}
		if !errors.Is(err, errAgain) {
			return err
		}
		c.stats.sendRetries.Add(1)
	}
	opt := &c.server.opt
	if len(c.queue) >= opt.QueueMessages || c.queued+len(b) > opt.QueueBytes || !opt.Budget.allows(c.queued+len(b), len(b)) {
		opt.Log.Warn("client does not read its events, disconnected", "service", c.server.name,
			"pid", c.peer.PID, "queued", len(c.queue), "bytes", c.queued)
		c.isShut = true
		c.dropQueue()
		c.wake.Broadcast()
		c.stream.Close()
		if c.channel != nil {
			c.interrupt()
		}
		return ErrClosed
	}
	if copied != nil {
		if *copied == nil {
			*copied = slices.Clone(b)
		}
		b = *copied
	}
	c.queue = append(c.queue, b)
	c.queued += len(b)
	opt.Budget.take(len(b))
	c.wake.Signal()
	return nil
}

// Flush makes the client notice what was queued. Of a connection that was taken
// it also sends what the client had no room for before, as far as it has now; left
// is how many events still wait, and Flush must be called again after a while.
func (c *Conn) Flush() (left int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isShut {
		return 0, ErrClosed
	}
	if !c.ready {
		return len(c.queue), nil
	}
	err = c.push()
	switch {
	case !errors.Is(err, errAgain):
		return 0, err
	case !c.held:
		c.wake.Signal() // sendQueued goes on
		return 0, nil
	}
	return max(len(c.queue), 1), nil
}

// push sends what is queued, as far as the client has room, and makes it notice
// that. errAgain means that not all is done. An event is taken off the queue only
// after it was sent, so none can overtake.
func (c *Conn) push() error {
	full := false
	for len(c.queue) > 0 {
		err := c.channel.event(c.queue[0])
		if errors.Is(err, errAgain) {
			c.stats.sendRetries.Add(1)
			full = true
			break
		}
		if err != nil {
			return err
		}
		c.stats.dispatched.Add(1)
		c.queued -= len(c.queue[0])
		c.server.opt.Budget.take(-len(c.queue[0]))
		c.queue[0] = nil
		c.queue = c.queue[1:]
	}
	if err := c.channel.flush(); err != nil {
		return err
	}
	if full {
		return errAgain
	}
	return nil
}

// Queued is how many events wait for the client to make room.
func (c *Conn) Queued() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue)
}

// sendQueued empties the queue as the client makes room, until the connection is
// shut. Of a connection that was taken the handler does that.
func (c *Conn) sendQueued() {
	pause := minRetry
	for {
		c.mu.Lock()
		for !c.isShut && (c.held || !c.ready || len(c.queue) == 0 && !c.channel.owes()) {
			c.wake.Wait()
		}
		if c.isShut {
			c.mu.Unlock()
			return
		}
		before := len(c.queue)
		err := c.push()
		if len(c.queue) < before {
			pause = minRetry
		}
		c.mu.Unlock()
		switch {
		case err == nil:
		case errors.Is(err, errAgain):
			time.Sleep(pause)
			pause = min(2*pause, retryAfter)
		default:
			c.Close()
			return
		}
	}
}

// SetFlow publishes the flow control value: 0 lets the client send, 1 stops
// all its requests, 2 stops its multicasts.
func (c *Conn) SetFlow(v int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.channel == nil || c.isShut || c.stats.flow.Load() == v {
		return
	}
	c.stats.flow.Store(v)
	if v != 0 {
		c.stats.flowCount.Add(1)
	}
	c.channel.flow(v)
}
