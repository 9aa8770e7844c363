package node

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/cpg"
	"github.com/gocorosync/gocorosync/ipc"
	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// A client is one local connection. The loop owns it.
type client struct {
	n       *Node
	c       *ipc.Conn
	service string
	serial  uint64
	name    string    // of the process, as a part of a key
	key     string    // prefix of its keys in cmap
	cleared ipc.Stats // what its counters were when they were set to zero
	waiting int       // requests in Node.waiting
	out     outbox

	stopWatch func() // of a client that the loop reads; nil for others
	unread    bool   // there may be more requests than were read
	gone      bool   // it ends when all its requests have been dealt with

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
	// All together may have so much, then those go for whom more than the last
	// waits.
	maxAllUnread    = 512 << 20
	maxShareOfEvery = 32 << 20
	// The clients of one user that the configuration lets in, root excepted.
	maxUserClients  = 1000
	maxUserChannels = 1 << 30
)

// server is the [ipc.Handler] of one service.
type server struct {
	n    *Node
	name string
}

// listen binds the sockets of the services.
func (n *Node) listen() error {
	if !n.cfg.IPC {
		return nil
	}
	typ := n.keys.Text("qb.ipc_type", "native")
	if n.gen == wire.EL9 {
		typ = n.keys.Text("system.qb_ipc_type", "native")
	}
	budget := &ipc.Budget{Bytes: maxAllUnread, Each: maxShareOfEvery}
	quota := &ipc.Quota{Conns: maxUserClients, Bytes: maxUserChannels}
	for _, e := range n.engines() {
		if !e.clients {
			continue
		}
		s, err := ipc.Listen(e.short, ipc.Options{
			Socket: typ == "socket", Log: n.log.Of(QB), QueueMessages: maxUnread, QueueBytes: maxUnreadBytes, Budget: budget, Quota: quota,
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
	program := processName(c.Peer().PID)
	s.n.Do(func() { err = s.n.connected(s.name, c, program) })
	return err
}

func (n *Node) connected(name string, c *ipc.Conn, program string) error {
	p := c.Peer()
	if !n.admitted(p) {
		n.log.Log(LevelError, MAIN, "Denied connection attempt from %d:%d", p.UID, p.GID)
		return syscall.EACCES
	}
	if !n.synced || n.stopping {
		return syscall.EAGAIN
	}
	cl := &client{n: n, c: c, service: name, serial: n.closed + uint64(len(n.clients)) + 1, name: program}
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

// Message hands a request to the loop and waits until it has been dealt with, so
// that a client whose requests must wait is not read any further.
func (s *server) Message(c *ipc.Conn, id int32, msg []byte) {
	cl := c.Value.(*client)
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

// Take lets the loop read a client itself. To be woken for each request costs
// more than most requests do.
func (s *server) Take(c *ipc.Conn, fd int) (taken bool) {
	s.n.Do(func() {
		cl := s.n.clients[c]
		if cl == nil {
			return
		}
		stop, err := s.n.loop.Watch(fd, func(gone bool) {
			s.n.turn(func() {
				cl.gone = cl.gone || gone
				s.n.read(cl)
			})
		})
		if err != nil {
			s.n.log.Log(LevelError, QB, "client %d of %s: %v", c.Peer().PID, s.name, err)
			return
		}
		cl.stopWatch, taken = stop, true
		cl.flushLater()
	})
	return taken
}

// readAtOnce is how many requests of a client are dealt with before others get
// their turn: the token above all. While it waits in its socket the whole ring
// does, so a turn of the loop must not take longer than its way round.
const readAtOnce = 64

// read deals with the requests of a client that the loop reads. What cannot be
// read now is left for readOn.
func (n *Node) read(cl *client) {
	if n.clients[cl.c] == nil {
		return
	}
	more, left := cl.waiting > 0, readAtOnce
	var err error
	if !more {
		more, err = cl.c.Read(func(id int32, msg []byte) bool {
			n.request(cl, id, msg, func() {})
			left--
			return left > 0 && cl.waiting == 0
		})
	}
	switch {
	case err != nil:
		if !cl.gone {
			n.log.Log(LevelWarning, QB, "connection of %s to %s ended: %v", cl.name, cl.service, err)
		}
		cl.c.Return()
	case cl.gone && (!more || cl.c.Queued() > slowUnread):
		cl.c.Return()
	case more && !cl.unread:
		cl.unread = true
		n.unread = append(n.unread, cl)
	}
}

// readOn reads the clients that there may be more requests of.
func (n *Node) readOn() {
	list := n.unread
	n.unread = nil
	for _, cl := range list {
		cl.unread = false
		n.read(cl)
	}
}

// canRead reports whether readOn would read anything.
func (n *Node) canRead() bool {
	return slices.ContainsFunc(n.unread, func(cl *client) bool { return cl.waiting == 0 })
}

// request deals with a request now, or when there is room for it; done is
// called then. It keeps no reference to msg. Requests of one client stay in order.
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
	n.waiting = append(n.waiting, waitingRequest{cl, id, slices.Clone(msg), done})
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
	// Whoever goes first may take all the room there is, so they take turns.
	n.membersFirst = !n.membersFirst
	if n.membersFirst {
		n.retryMembers()
	}
	n.retryClients()
	if !n.membersFirst {
		n.retryMembers()
	}
}

func (n *Node) retryClients() {
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
	s.n.Do(func() { s.n.disconnected(c) })
}

func (n *Node) disconnected(c *ipc.Conn) {
	cl := n.clients[c]
	if cl == nil {
		return
	}
	delete(n.clients, c)
	if cl.stopWatch != nil {
		cl.stopWatch()
	}
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
