package pacemakerd

import (
	"context"
	"errors"
	"fmt"

	"github.com/gocorosync/gocorosync/ipc"
	"github.com/gocorosync/gocorosync/ipc/pcmk"
	"github.com/gocorosync/gocorosync/pacemakerd/node"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// endpoints are the local services, by name (pacemaker-ipc.md 3).
var endpoints = []string{"pacemakerd", "cib_ro", "cib_rw", "cib_shm", "crmd", "attrd", "stonith-ng", "lrmd", "pengine"}

// What one client may have.
const (
	// minMessage is the buffer that every client is granted at least, in bytes.
	minMessage = 131072
	// maxMemberMessage is what those are granted at most who are but members of
	// haclient. The originals ask for 5 MiB where they ask for most.
	maxMemberMessage = 8 << 20
	// A client that does not read its events is disconnected when more wait than these, or
	// when too much waits for all, and for it more than a fair share of that.
	maxUnread       = 10_000
	maxUnreadBytes  = 64 << 20
	maxAllUnread    = 256 << 20
	maxShareOfEvery = 8 << 20
	// The clients of one user, root excepted.
	maxUserClients  = 256
	maxUserChannels = 512 << 20
)

// listen opens the endpoints.
func (d *daemon) listen(ctx context.Context) error {
	opt := d.serverOptions()
	for _, name := range endpoints {
		s, err := ipc.Listen(name, opt)
		if err != nil {
			return fmt.Errorf("open endpoint %s (is pacemaker running already?): %w", name, err)
		}
		e := &endpoint{daemon: d, ctx: ctx, name: name}
		d.spawn(func() error {
			if err := s.Serve(ctx, e); err != nil && ctx.Err() == nil {
				return fmt.Errorf("endpoint %s: %w", name, err)
			}
			return nil
		})
	}
	return nil
}

// serverOptions are the same for all endpoints: they share what bounds there are.
func (d *daemon) serverOptions() ipc.Options {
	return ipc.Options{Socket: d.opt.Socket, MinMessage: minMessage, Log: d.log, QueueMessages: maxUnread, QueueBytes: maxUnreadBytes,
		Budget: &ipc.Budget{Bytes: maxAllUnread, Each: maxShareOfEvery}, Quota: &ipc.Quota{Conns: maxUserClients, Bytes: maxUserChannels}}
}

// endpoint is the handler of one service.
type endpoint struct {
	daemon *daemon
	ctx    context.Context // of the daemon: handlers outlive no daemon
	name   string
}

// Connected lets a client in, or not, before it has any channel.
func (e *endpoint) Connected(c *ipc.Conn) error {
	peer := c.Peer()
	v, err := systemAccounts().admit(peer, c.InGroup)
	if err != nil {
		e.daemon.log.Warn("client refused", "endpoint", e.name, "uid", peer.UID, "gid", peer.GID, "pid", peer.PID, "why", err)
		return err
	}
	// The files are never the client's, who could give them to others.
	c.SetOwner(0, v.gid, 0o660)
	if v.gid == 0 {
		c.SetOwner(0, 0, 0o600)
	}
	if !v.privileged {
		c.LimitMessage(maxMemberMessage)
	}
	cl := &local{id: newUUID(), privileged: v.privileged}
	c.Value = cl
	e.daemon.mu.Lock()
	e.daemon.conns[cl.id] = c
	e.daemon.mu.Unlock()
	e.daemon.hand(e.ctx, cl, node.ClientOpened{Client: cl.id, Service: e.name, User: v.user, Program: program(peer.PID), PID: peer.PID, Privileged: v.privileged})
	return nil
}

func (e *endpoint) Message(c *ipc.Conn, _ int32, msg []byte) {
	cl := c.Value.(*local)
	cl.unsent.wait(e.ctx)
	defer e.daemon.large.enter(e.ctx, cl, msg)()
	f, err := pcmk.DecodeUpTo(msg, cl.limit())
	if err != nil {
		e.daemon.log.Info("client's message ignored", "endpoint", e.name, "err", err)
		c.CountInvalid()
		return
	}
	n, err := xml.ParseKeepingComments(f.Data)
	if err != nil {
		e.daemon.log.Info("client's message is not XML", "endpoint", e.name, "err", err)
		c.CountInvalid()
		if f.Flags&pcmk.WantsResponse != 0 {
			name := "ack"
			switch e.name {
			case "cib_ro", "cib_rw", "cib_shm", "stonith-ng", "lrmd":
				name = "nack"
			}
			e.daemon.reply(cl.id, pcmk.Frame{ID: f.ID, Flags: pcmk.WantsResponse | pcmk.Free,
				Data: xml.New(name, "function", "dispatch", "line", "0", "status", "76").Compact()}, false)
		}
		return
	}
	e.daemon.hand(e.ctx, cl, node.ClientAsked{Client: cl.id, Frame: f.ID, Wants: f.Flags&pcmk.WantsResponse != 0, Msg: n})
}

func (e *endpoint) Closed(c *ipc.Conn) {
	cl := c.Value.(*local)
	e.daemon.mu.Lock()
	delete(e.daemon.conns, cl.id)
	e.daemon.mu.Unlock()
	e.daemon.hand(e.ctx, cl, node.ClientClosed{Client: cl.id})
}

// reply sends a frame to a client: on its response or its event channel.
func (d *daemon) reply(client string, f pcmk.Frame, event bool) {
	d.mu.Lock()
	c := d.conns[client]
	d.mu.Unlock()
	if c == nil {
		return
	}
	if event {
		d.eventID++
		f.ID = d.eventID
	}
	b, err := f.Append(nil, c.MaxMessage())
	if err != nil {
		d.log.Warn("answer to a client dropped", "endpoint", c.Service(), "err", err)
		return
	}
	if event {
		err = c.Event(b)
	} else {
		err = c.Respond(b)
	}
	if err != nil && !errors.Is(err, ipc.ErrClosed) {
		// Its channel has room for the answer of the one call that it may have under
		// way. The loop waits for nobody.
		d.log.Warn("client does not read its answers, disconnected", "endpoint", c.Service(), "pid", c.Peer().PID, "err", err)
		c.Close()
	}
}
