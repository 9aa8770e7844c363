package pacemakerd

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/ipc"
	"github.com/gocorosync/gocorosync/ipc/pcmk"
	"github.com/gocorosync/gocorosync/pacemakerd/node"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// endpoints are the local services, by name (pacemaker-ipc.md 3).
var endpoints = []string{"pacemakerd", "cib_ro", "cib_rw", "cib_shm", "crmd", "attrd", "stonith-ng", "lrmd", "pengine"}

// minMessage is the buffer that every client is granted at least, in bytes.
const minMessage = 131072

// listen opens the endpoints.
func (d *daemon) listen(ctx context.Context) error {
	for _, name := range endpoints {
		s, err := ipc.Listen(name, ipc.Options{Socket: d.opt.Socket, MinMessage: minMessage, Log: d.log})
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

// endpoint is the handler of one service.
type endpoint struct {
	daemon *daemon
	ctx    context.Context // of the daemon: handlers outlive no daemon
	name   string
}

// clientID is what Conn.Value holds.
type clientID string

func (e *endpoint) Connected(c *ipc.Conn) error {
	peer := c.Peer()
	name, privileged := userName(peer.UID)
	if !privileged {
		if gid, err := groupID("haclient"); err == nil {
			c.SetOwner(int(peer.UID), gid, 0o660)
		}
	}
	id := clientID(newUUID())
	c.Value = id
	e.daemon.mu.Lock()
	e.daemon.conns[string(id)] = c
	e.daemon.mu.Unlock()
	e.daemon.post(e.ctx, node.ClientOpened{Client: string(id), Service: e.name, User: name, Program: program(peer.PID), Privileged: privileged})
	return nil
}

func (e *endpoint) Message(c *ipc.Conn, _ int32, msg []byte) {
	id, _ := c.Value.(clientID)
	f, err := pcmk.Decode(msg)
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
			e.daemon.reply(string(id), pcmk.Frame{ID: f.ID, Flags: pcmk.WantsResponse | pcmk.Free,
				Data: xml.New("nack", "function", "dispatch", "line", "0", "status", "76").Compact()}, false)
		}
		return
	}
	e.daemon.post(e.ctx, node.ClientAsked{Client: string(id), Frame: f.ID, Wants: f.Flags&pcmk.WantsResponse != 0, Msg: n})
}

func (e *endpoint) Closed(c *ipc.Conn) {
	id, _ := c.Value.(clientID)
	e.daemon.mu.Lock()
	delete(e.daemon.conns, string(id))
	e.daemon.mu.Unlock()
	e.daemon.post(e.ctx, node.ClientClosed{Client: string(id)})
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
	if err != nil {
		d.log.Debug("client does not take its answer", "endpoint", c.Service(), "err", err)
	}
}

// userName returns a user's name, and whether it may do everything.
func userName(uid uint32) (name string, privileged bool) {
	if uid == 0 {
		return "root", true
	}
	name = strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	return name, name == "hacluster"
}

func groupID(name string) (int, error) {
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(g.Gid)
}

// program returns the name of a process.
func program(pid int) string {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return strconv.Itoa(pid)
	}
	return strings.TrimSpace(string(b))
}
