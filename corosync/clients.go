package corosync

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/cpg"
	"github.com/gocorosync/gocorosync/ipc"
	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// A client is one local connection. The loop owns it.
type client struct {
	c         *ipc.Conn
	service   string
	serial    uint64
	name      string // of the process, as a part of a key
	key       string // prefix of its keys in cmap
	waiting   int    // requests in Node.waiting
	ahead     chan struct{}
	unflushed bool

	// Of the connection's goroutine: see busy.
	last   time.Time
	events uint64
	score  int

	heard time.Duration // when the loop read something, while it reads

	cmap   cmapClient
	quorum quorumClient
	vote   voteClient
	cfg    cfgClient
	cpg    cpgClient
}

// What may wait for a client that does not read its events. Past the first
// number its own multicasts wait too; past the others it is disconnected, so
// that a stopped program costs memory with a bound.
const (
	slowUnread     = 20_000
	maxUnread      = 1_000_000
	maxUnreadBytes = 256 << 20
)

// server is the [ipc.Handler] of one service.
type server struct {
	n    *Node
	name string
}

// listen binds the sockets of the services.
func (n *Node) listen() error {
	if n.cfg.NoIPC {
		return nil
	}
	typ := n.keys.Text("qb.ipc_type", "native")
	if n.gen == wire.EL9 {
		typ = n.keys.Text("system.qb_ipc_type", "native")
	}
	for _, e := range n.engines() {
		s, err := ipc.Listen(e.short, ipc.Options{
			Socket: typ == "socket", Log: n.log.slog("QB"), QueueMessages: maxUnread, QueueBytes: maxUnreadBytes,
		})
		if err != nil {
			for _, s := range n.servers {
				s.Close()
			}
			n.servers = nil
			return err
		}
		n.servers = append(n.servers, s)
	}
	return nil
}

// Connected admits root, and whom the configuration names, once the first
// synchronisation is over.
func (s *server) Connected(c *ipc.Conn) error {
	var err error = syscall.EAGAIN
	s.n.call(func() { err = s.n.connected(s.name, c) })
	return err
}

func (n *Node) connected(name string, c *ipc.Conn) error {
	p := c.Peer()
	if !n.admitted(p) {
		n.log.log(levelError, "MAIN", "Denied connection attempt from %d:%d", p.UID, p.GID)
		return syscall.EACCES
	}
	if !n.synced || n.stopping {
		return syscall.EAGAIN
	}
	cl := &client{c: c, service: name, serial: n.closed + uint64(len(n.clients)) + 1, name: processName(p.PID),
		ahead: make(chan struct{}, maxAhead)}
	c.Value = cl
	n.clients[c] = cl
	n.openConnKeys(cl)
	if name == "cpg" {
		n.cpgClients[cpg.Conn(c.ID())] = cl
		n.feed(service.To{ID: service.IDCPG, Event: cpg.Open{Conn: cpg.Conn(c.ID())}})
	}
	return nil
}

func (n *Node) admitted(p ipc.Creds) bool {
	if p.UID == 0 || p.GID == 0 {
		return true
	}
	for _, key := range []string{
		fmt.Sprintf("uidgid.uid.%d", p.UID), fmt.Sprintf("uidgid.config.uid.%d", p.UID),
		fmt.Sprintf("uidgid.gid.%d", p.GID), fmt.Sprintf("uidgid.config.gid.%d", p.GID),
	} {
		if v, ok := n.keys.Get(key); ok && v == cmap.U8(1) {
			return true
		}
	}
	return false
}

// processName is the name of a process with what cannot be in a key replaced.
func processName(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(b), "(")
	i := strings.LastIndexByte(rest, ')')
	if i < 0 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r < 128 && cmap.ValidName("aaa"+string(r)) {
			return r
		}
		return '_'
	}, rest[:i])
}

// Multicasts have no response, so a client may have some on their way to the
// loop. Larger ones go one at a time.
const (
	maxAhead  = 64
	aheadSize = 64 << 10 // bytes
)

// Message hands a request to the loop. Except for small multicasts it waits
// until the request has been dealt with, so that a client whose requests must
// wait is not read any further.
func (s *server) Message(c *ipc.Conn, id int32, msg []byte) {
	cl := c.Value.(*client)
	if s.name == "cpg" && id == coro.CPGReqMcast && len(msg) <= aheadSize {
		select {
		case cl.ahead <- struct{}{}:
		case <-s.n.done:
			return
		}
		borrow := cl.busy() && c.Borrow()
		s.n.loop.Go(context.Background(), func() {
			s.n.turn(func() {
				s.n.request(cl, id, msg, func() { <-cl.ahead })
				if borrow {
					s.n.borrow(cl)
				}
			})
		})
		return
	}
	done := make(chan struct{})
	posted := func() { s.n.request(cl, id, msg, func() { close(done) }) }
	if s.n.loop.Go(context.Background(), func() { s.n.turn(posted) }) != nil {
		return
	}
	select {
	case <-done:
	case <-s.n.done:
	}
}

// A client that multicasts without waiting for what comes of it is read by the
// loop itself, after each step of the ring, until it has been silent for a
// while. To be woken for each of its requests would cost more than to deal with
// them.
const (
	busyScore  = 4
	busyTime   = time.Millisecond
	silentTime = 3 * time.Millisecond
	readAtOnce = 256
)

// busy looks at a multicast and reports whether the client sends a stream of
// them: it counts those that came soon after another without an event between.
// Only the goroutine of the connection calls it.
func (cl *client) busy() bool {
	now, events := time.Now(), cl.c.Dispatched()
	switch {
	case now.Sub(cl.last) > busyTime:
		cl.score = 0
	case events == cl.events:
		cl.score++
	case cl.score > 0:
		cl.score--
	}
	cl.last, cl.events = now, events
	if cl.score < busyScore {
		return false
	}
	cl.score = 0
	return true
}

func (n *Node) borrow(cl *client) {
	if n.clients[cl.c] == nil {
		cl.c.Return()
		return
	}
	cl.heard = n.now
	n.borrowed = append(n.borrowed, cl)
}

// readBorrowed reads the clients that the loop has taken over.
func (n *Node) readBorrowed() {
	n.borrowed = slices.DeleteFunc(n.borrowed, func(cl *client) bool {
		if n.clients[cl.c] == nil {
			cl.c.Return()
			return true
		}
		if cl.waiting > 0 {
			return false
		}
		left := readAtOnce
		count, err := cl.c.Read(func(id int32, msg []byte) bool {
			n.request(cl, id, msg, func() {})
			left--
			return left > 0 && cl.waiting == 0
		})
		if count > 0 {
			cl.heard = n.now
		}
		if err != nil || n.now-cl.heard > silentTime {
			cl.c.Return()
			return true
		}
		return false
	})
}

// request deals with a request now, or when there is room for it; done is
// called then. Requests of one client stay in order.
func (n *Node) request(cl *client, id int32, msg []byte, done func()) {
	if n.clients[cl.c] == nil {
		done()
		return
	}
	multicast := cl.service == "cpg" && id == coro.CPGReqMcast
	if cl.waiting == 0 && !(n.blocked && multicast) && n.try(cl, id, msg) {
		done()
		return
	}
	cl.waiting++
	n.blocked = n.blocked || cl.c.Queued() <= slowUnread
	n.waiting = append(n.waiting, waitingRequest{cl, id, msg, done})
}

// A waitingRequest is one that could not be dealt with when it came.
type waitingRequest struct {
	cl   *client
	id   int32
	msg  []byte
	done func()
}

// retryWaiting deals with the requests that had to wait, as far as that can be
// done now: those of one client in order, but none waits for another client.
func (n *Node) retryWaiting() {
	if n.busy(cpgOverhead) {
		return
	}
	if len(n.waiting) == 0 {
		n.blocked = false
		return
	}
	waiting := n.waiting
	n.waiting, n.blocked = nil, false
	stuck := make(map[*client]bool)
	for i, w := range waiting {
		gone := n.clients[w.cl.c] == nil
		if !gone && (stuck[w.cl] || !n.try(w.cl, w.id, w.msg)) {
			stuck[w.cl] = true
			n.waiting = append(n.waiting, w)
			if w.cl.c.Queued() <= slowUnread {
				// The ring has no room for it. What came later does not get it
				// before.
				n.blocked = true
				n.waiting = append(n.waiting, waiting[i+1:]...)
				return
			}
			continue
		}
		w.cl.waiting--
		w.done()
	}
}

// Closed forgets a connection and what it held.
func (s *server) Closed(c *ipc.Conn) {
	s.n.call(func() { s.n.disconnected(c) })
}

func (n *Node) disconnected(c *ipc.Conn) {
	cl := n.clients[c]
	if cl == nil {
		return
	}
	delete(n.clients, c)
	n.closed++
	n.closeConnKeys(cl)
	switch cl.service {
	case "cpg":
		delete(n.cpgClients, cpg.Conn(c.ID()))
		cl.cpg.release()
		n.feed(service.To{ID: service.IDCPG, Event: cpg.Closed{Conn: cpg.Conn(c.ID())}})
	case "cmap":
		n.cmapClosed(cl)
	case "cfg":
		n.cfgClosed(cl)
	}
}

// try deals with a request. It reports false if the request has to wait and
// has no answer that would say so.
func (n *Node) try(cl *client, id int32, msg []byte) (done bool) {
	var status coro.Error
	switch cl.service {
	case "cpg":
		done, status = n.cpgRequest(cl, id, msg)
	case "cmap":
		done, status = true, n.cmapRequest(cl, id, msg)
	case "cfg":
		done, status = true, n.cfgRequest(cl, id, msg)
	case "quorum":
		done, status = true, n.quorumRequest(cl, id, msg)
	case "votequorum":
		done, status = true, n.voteRequest(cl, id, msg)
	}
	switch status {
	case 0:
	case coro.ErrTryAgain:
		cl.c.CountOverload()
		cl.c.Respond(coro.Status(0, status))
	default:
		cl.c.CountInvalid()
		cl.c.Respond(coro.Status(0, status))
	}
	return done
}

// answered is the status of a request that has its answer, or none coming.
const answered coro.Error = 0

// reply sends a response with contents.
func (cl *client) reply(id int32, m coro.Message) coro.Error {
	cl.c.Respond(coro.Response(id, coro.OK, m))
	return answered
}

// status sends a response without.
func (cl *client) status(id int32, s coro.Error) coro.Error {
	cl.c.Respond(coro.Status(id, s))
	return answered
}
