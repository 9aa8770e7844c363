// Package client talks to the local pacemaker daemons over their IPC endpoints,
// as the command-line tools do: ours and the originals, of 1.1.20 and 2.1.5.
// Spec: pacemaker-ipc.md.
package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gocorosync/gocorosync/ipc"
	"github.com/gocorosync/gocorosync/ipc/pcmk"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// ErrNotRunning says that nobody listens on an endpoint: pacemaker is not
// running on this node.
var ErrNotRunning = errors.New("cluster is not available on this node")

// frames counts messages; the originals count them over all connections of a
// process too.
type counter struct{ n atomic.Int32 }

// A Conn is a connection to one endpoint. It belongs to one goroutine.
type Conn struct {
	Program string // what we call ourselves
	service string
	ipc     *ipc.Client
	frame   counter
	refs    int
}

// Limit is how long a tool waits for one answer of a daemon: it may be stopped,
// or wait for something that does not come. A context that ends earlier counts.
const Limit = 30 * time.Second

// ErrTimeout says that a daemon did not answer in time.
var ErrTimeout = errors.New("no answer in time")

// limited returns ctx with Limit, or as it is where it has a limit of its own.
func limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, Limit)
}

// late makes an error ErrTimeout if it is one because ctx has ended in time.
func late(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ErrTimeout
	}
	return err
}

// Dial connects to an endpoint. program is the name of the calling tool.
func Dial(ctx context.Context, service, program string) (*Conn, error) {
	ctx, stop := limited(ctx)
	defer stop()
	size := 131072
	switch service {
	case "cib_ro", "cib_rw", "cib_shm":
		size = 524288
	}
	c, err := ipc.Dial(ctx, service, ipc.DialOptions{MaxMessage: size, Users: []string{"hacluster"}})
	if err != nil {
		if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT) {
			return nil, fmt.Errorf("connect to %s: %w", service, ErrNotRunning)
		}
		return nil, fmt.Errorf("connect to %s: %w", service, late(ctx, err))
	}
	return &Conn{Program: program, service: service, ipc: c}, nil
}

// Close ends the connection.
func (c *Conn) Close() error { return c.ipc.Close() }

// Ask sends a message and returns the response on the response channel.
func (c *Conn) Ask(ctx context.Context, msg *xml.Element) (*xml.Element, error) {
	b, err := c.encode(msg, pcmk.WantsResponse)
	if err != nil {
		return nil, err
	}
	ctx, stop := limited(ctx)
	defer stop()
	r, err := c.ipc.Call(ctx, b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.service, late(ctx, err))
	}
	return c.decode(r)
}

// Send sends a message that has no response.
func (c *Conn) Send(ctx context.Context, msg *xml.Element) error {
	b, err := c.encode(msg, 0)
	if err != nil {
		return err
	}
	ctx, stop := limited(ctx)
	defer stop()
	if err := c.ipc.Post(ctx, b, 1); err != nil {
		return fmt.Errorf("%s: %w", c.service, late(ctx, err))
	}
	return nil
}

// Event waits for the next event.
func (c *Conn) Event(ctx context.Context) (*xml.Element, error) {
	ctx, stop := limited(ctx)
	defer stop()
	b, err := c.ipc.NextEvent(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.service, late(ctx, err))
	}
	return c.decode(b)
}

func (c *Conn) encode(msg *xml.Element, flags uint32) ([]byte, error) {
	f := pcmk.Frame{ID: c.frame.n.Add(1), Flags: flags, Data: msg.Compact()}
	return f.Append(nil, c.ipc.MaxMessage())
}

func (c *Conn) decode(b []byte) (*xml.Element, error) {
	f, err := pcmk.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.service, err)
	}
	n, err := xml.ParseKeepingComments(f.Data)
	if err != nil {
		return nil, fmt.Errorf("%s: answer: %w", c.service, err)
	}
	return n, nil
}

// CIB is a client of the CIB manager, or of a file that stands for it.
type CIB struct {
	conn  *Conn // nil for a file
	id    string
	calls int
	user  string // on whose behalf, "" for the process's own user
	file  *file  // nil for the running cluster
}

// Close ends the connection.
func (c *CIB) Close() error {
	if c.conn == nil {
		return nil
	}
	return c.conn.Close()
}

// IsFile tells whether the CIB is one in a file.
func (c *CIB) IsFile() bool { return c.file != nil }

// dialCIB connects to the CIB for reading and writing and registers.
func dialCIB(ctx context.Context, program string) (*CIB, error) {
	c, err := Dial(ctx, "cib_rw", program)
	if err != nil {
		return nil, err
	}
	r, err := c.Ask(ctx, xml.New("cib_command", "t", "cib", "cib_op", "register", "cib_clientname", program, "cib_callopt", "4096"))
	if err != nil {
		c.Close()
		return nil, err
	}
	return &CIB{conn: c, id: r.Get("cib_clientid"), calls: 1}, nil
}

// Do carries out an operation and waits for its outcome. out is what came with
// it, nil for nothing; err is a cib.Code if the operation was refused.
func (c *CIB) Do(ctx context.Context, op *cib.Op) (out *xml.Element, err error) {
	if op.User == "" && c.user != "" {
		o := *op
		o.User = c.user
		op = &o
	}
	if c.file != nil {
		return c.file.do(op)
	}
	c.calls++
	n := xml.New("cib_command", "__name__", "cib_command", "t", "cib", "cib_async_id", c.id, "cib_op", op.Name)
	if op.Host != "" {
		n.Set("cib_host", op.Host)
	}
	if op.Section != "" {
		n.Set("cib_section", op.Section)
	}
	n.Set("cib_callid", strconv.Itoa(c.calls))
	if op.User != "" {
		n.Set("cib_user", op.User)
	}
	n.Set("cib_callopt", strconv.Itoa(int(op.Options|cib.SyncCall)))
	if op.Data != nil {
		n.Append(xml.New("cib_calldata")).Append(op.Data.Clone())
	}
	r, err := c.conn.Ask(ctx, n)
	if err != nil {
		return nil, err
	}
	rc, err := strconv.Atoi(r.Get("cib_rc"))
	if err != nil {
		return nil, fmt.Errorf("cib_rw: answer without a result: %s", r)
	}
	out = r.Child("cib_calldata").Child("")
	if out != nil {
		out.Remove()
	}
	if rc != 0 {
		return out, cib.Code(rc)
	}
	return out, nil
}

// Query returns the whole CIB.
func (c *CIB) Query(ctx context.Context) (*xml.Element, error) {
	return c.Do(ctx, &cib.Op{Name: cib.OpQuery, Options: cib.ScopeLocal})
}

// Controller is a client of the controller.
type Controller struct{ *Conn }

// DialController connects and says hello.
func DialController(ctx context.Context, program string) (*Controller, error) {
	c, err := Dial(ctx, "crmd", program)
	if err != nil {
		return nil, err
	}
	pid := strconv.Itoa(os.Getpid())
	hello := c.request("create_hello_message", "hello", "", "")
	hello.Append(xml.New("crm_xml")).Append(xml.New("options", "major_version", "1", "minor_version", "0", "client_name", program, "client_uuid", pid))
	if err := c.Send(ctx, hello); err != nil {
		c.Close()
		return nil, err
	}
	return &Controller{c}, nil
}

func (c *Conn) request(origin, task, to, host string) *xml.Element {
	n := xml.New("create_request_adv", "origin", origin, "t", "crmd", "version", cib.FeatureSet, "subt", "request",
		"reference", fmt.Sprintf("%s-%s-%d-%d", task, c.Program, time.Now().Unix(), c.refs), "crm_task", task)
	c.refs++
	if to != "" {
		n.Set("crm_sys_to", to)
	}
	n.Set("crm_sys_from", fmt.Sprintf("%d_%s", os.Getpid(), c.Program))
	if host != "" {
		n.Set("crm_host_to", host)
	}
	return n
}

// A Request is one request to a controller. Attrs go on the request itself.
type Request struct {
	Task, To, Host string
	Attrs          []xml.Attr
	Data           *xml.Element
}

// Do sends a request and returns the event that answers it: its src is the
// node that answered, its data is in crm_xml.
func (c *Controller) Do(ctx context.Context, r Request) (*xml.Element, error) {
	n := c.request("create_controller_request", r.Task, r.To, r.Host)
	for _, a := range r.Attrs {
		n.Set(a.Name, a.Value)
	}
	if r.Data != nil {
		n.Append(xml.New("crm_xml")).Append(r.Data)
	}
	ctx, stop := limited(ctx) // for the answer, whatever else comes before it
	defer stop()
	if err := c.Send(ctx, n); err != nil {
		return nil, err
	}
	for {
		ev, err := c.Event(ctx)
		if err != nil {
			return nil, err
		}
		if ev.Get("reference") == n.Get("reference") || ev.Get("crm_task") == "lrm_invoke" {
			return ev, nil
		}
	}
}

// Post sends a request that nothing answers.
func (c *Controller) Post(ctx context.Context, r Request) error {
	n := c.request("create_controller_request", r.Task, r.To, r.Host)
	for _, a := range r.Attrs {
		n.Set(a.Name, a.Value)
	}
	if r.Data != nil {
		n.Append(xml.New("crm_xml")).Append(r.Data)
	}
	return c.Send(ctx, n)
}

// DC returns the name of the DC.
func (c *Controller) DC(ctx context.Context) (string, error) {
	r, err := c.Do(ctx, Request{Task: "ping", To: "dc"})
	if err != nil {
		return "", err
	}
	return r.Get("src"), nil
}

// NodeInfo returns the <node> that describes a node: id 0 and name "" for
// this one.
func (c *Controller) NodeInfo(ctx context.Context, id uint32, name string) (*xml.Element, error) {
	r := Request{Task: "node-info", To: "crmd"}
	if id != 0 {
		r.Attrs = append(r.Attrs, xml.Attr{Name: "id", Value: strconv.FormatUint(uint64(id), 10)})
	}
	if name != "" {
		r.Attrs = append(r.Attrs, xml.Attr{Name: "uname", Value: name})
	}
	ev, err := c.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	if n := ev.Descend("crm_xml", "node"); n != nil {
		return n, nil
	}
	return nil, fmt.Errorf("crmd: answer without a node: %s", ev)
}

// Attributes is a client of the attribute manager.
type Attributes struct{ *Conn }

// DialAttributes connects to the attribute manager.
func DialAttributes(ctx context.Context, program string) (*Attributes, error) {
	c, err := Dial(ctx, "attrd", program)
	if err != nil {
		return nil, err
	}
	return &Attributes{c}, nil
}

// Do sends a request with a task and attributes, in that order, and returns
// its answer.
func (c *Attributes) Do(ctx context.Context, task string, attrs ...xml.Attr) (*xml.Element, error) {
	n := xml.New("create_attrd_op", "t", "attrd", "src", c.Program, "task", task)
	for _, a := range attrs {
		n.Set(a.Name, a.Value)
	}
	return c.Ask(ctx, n)
}

// Ping asks pacemakerd for its state and when it said so: "running" means that
// the daemon is up.
func Ping(ctx context.Context, program string) (state string, at time.Time, err error) {
	c, err := Dial(ctx, "pacemakerd", program)
	if err != nil {
		return "", time.Time{}, err
	}
	defer c.Close()
	if _, err := c.Ask(ctx, c.request("create_pacemakerd_request", "ping", "pacemakerd", "")); err != nil {
		return "", time.Time{}, err
	}
	ev, err := c.Event(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	r := ev.Descend("crm_xml", "ping_response")
	sec, _ := strconv.ParseInt(r.Get("crm-timestamp"), 10, 64)
	return r.Get("pacemakerd_state"), time.Unix(sec, 0), nil
}
