package pacemakerd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/gocorosync/gocorosync/ipc"
	"github.com/gocorosync/gocorosync/ipc/pcmk"
	"github.com/gocorosync/gocorosync/pacemakerd/agent"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/controller"
	"github.com/gocorosync/gocorosync/pacemakerd/keeper"
	"github.com/gocorosync/gocorosync/pacemakerd/node"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Exit statuses of the daemon.
const (
	ExitOK           = 0
	ExitError        = 1
	ExitFatal        = 100 // must not be started again by itself
	ExitDisconnected = 102 // corosync is gone
)

const stateDir = "/var/lib/pacemaker"

// Options set up a daemon.
type Options struct {
	Version string       // of gocorosync, part of dc-version
	State   string       // default /var/lib/pacemaker
	Schemas cib.Schemas  // nil: those of package schema
	Log     *slog.Logger // nil discards
	Ready   func()       // called once the endpoints are open
	// Keeper is the parent process, nil for none; Left is what an earlier
	// process of this node has left with it.
	Keeper *keeper.Link
	Left   []keeper.Item
	// Run is the folder for what is of use only as long as the machine is up,
	// by default RunDir.
	Run string
	// Socket makes the local endpoints datagram sockets instead of shared
	// memory (PCMK_ipc_type=socket).
	Socket bool
}

// dcVersion is what the DC writes: feature set and schema are 2.1.5's.
func (o *Options) dcVersion() string { return "2.1.5-gocorosync-" + o.Version }

// A daemon is the running process. Its loop owns the node; other goroutines
// talk to it through events.
type daemon struct {
	opt      Options
	log      *slog.Logger
	start    time.Time
	node     *node.Machine
	events   chan node.Event
	clients  chan fromClient
	failed   chan error
	runner   *agent.Runner
	disk     *cibDir
	plans    *planner
	corosync *corosync
	left     left // by an earlier process
	// The operations that this node was asked for and has not answered.
	journal *agent.Journal
	undone  []controller.Held

	mu    sync.Mutex
	conns map[string]*ipc.Conn // by client id

	large large
	asked *local // whose event the loop deals with, nil for none

	eventID int32 // of the last event; the loop alone counts

	wg sync.WaitGroup
}

// errExit carries the exit status out of the loop.
type errExit int

func (e errExit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// Run is the daemon. It returns its exit status when the node has left the
// cluster; when ctx ends, the node is asked to shut down first.
func Run(ctx context.Context, opt Options) int {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.State == "" {
		opt.State = stateDir
	}
	if opt.Run == "" {
		opt.Run = RunDir
	}
	err := run(ctx, opt)
	code := ExitOK
	var exit errExit
	switch {
	case errors.As(err, &exit):
		code = int(exit)
	case err != nil:
		opt.Log.Error("stopping", "err", err)
		code = ExitError
	}
	opt.Keeper.Bye(code)
	return code
}

func run(stop context.Context, opt Options) (err error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(stop)) // a stop is orderly; the rest ends at the end
	d := &daemon{opt: opt, log: opt.Log, start: time.Now(), events: make(chan node.Event, 4096), clients: make(chan fromClient), large: newLarge(), failed: make(chan error, 16),
		conns: map[string]*ipc.Conn{}, left: leftBy(opt.Left, opt.Log)}
	defer d.wg.Wait()
	defer cancel()
	defer d.left.close()
	d.spawn(func() error { opt.Keeper.Serve(ctx); return nil })
	stop, asked := context.WithCancel(stop)
	defer asked()
	d.spawn(func() error {
		select {
		case <-opt.Keeper.Stop():
			asked()
		case <-ctx.Done():
		}
		return nil
	})

	// Who goes on for a dead process is still a member, with all that runs here: it
	// has to go in good order, even if it was told to before it began.
	dial := stop
	if d.left.resumed() {
		dial = ctx
	}
	if d.corosync, err = dialCorosync(dial, opt.Keeper, opt.Log); err != nil {
		opt.Log.Error("corosync cannot be used", "err", err)
		return errExit(ExitDisconnected)
	}
	// What fails is not the ring: the next process goes on with it.
	defer func() {
		if _, left := err.(errExit); left || opt.Keeper == nil {
			d.corosync.close()
		}
	}()
	disk, err := openCIB(opt.State+"/cib", opt.Log)
	if err != nil {
		return err
	}
	d.disk = disk
	doc, err := disk.load()
	if err != nil {
		return err
	}
	d.plans = &planner{dir: opt.State + "/pengine", log: opt.Log}
	work := opt.State + "/cores"
	if err := os.MkdirAll(work, 0o750); err != nil {
		return err
	}
	schemas := opt.Schemas
	if schemas == nil {
		schemas = schemasOf(opt.Log)
	}
	if err := d.openJournal(); err != nil {
		return err
	}
	d.runner = &agent.Runner{WorkDir: work, Env: agentEnv(), Log: opt.Log, Journal: d.journal, Hold: d.hold,
		Overdue: func(id int) { d.post(ctx, node.AgentOverdue{ID: id}) }}
	d.node = node.New(node.Config{
		Node: d.corosync.name, ID: d.corosync.id, PID: d.left.pid(), Version: opt.dcVersion(), ClusterName: d.corosync.cluster,
		CIB: doc, Schemas: schemas, InGroup: inGroup, Cores: runtime.NumCPU(), UUID: newUUID,
		Wall:    func() int64 { return time.Now().Unix() },
		CTime:   func() string { return time.Now().Format(time.ANSIC) },
		Log:     opt.Log,
		Resumed: d.left.resumed(), DC: d.left.designated(),
	})
	opt.Log.Info("starting", "node", d.corosync.name, "id", d.corosync.id, "cluster", d.corosync.cluster, "version", opt.dcVersion())

	if err := d.listen(ctx); err != nil {
		return err
	}
	d.spawn(func() error { return d.watchQuorum(ctx) })
	opt.Keeper.Ready()
	if opt.Ready != nil {
		opt.Ready()
	}
	return d.loop(ctx, stop)
}

// spawn runs f in a goroutine that ends before run does. An error of f ends
// the daemon.
func (d *daemon) spawn(f func() error) {
	d.wg.Add(1)
	go func() {
		defer d.wg.Done()
		if err := f(); err != nil {
			select {
			case d.failed <- err:
			default:
			}
		}
	}()
}

// post hands an event to the loop, unless the daemon ends.
func (d *daemon) post(ctx context.Context, ev node.Event) {
	select {
	case d.events <- ev:
	case <-ctx.Done():
	}
}

func (d *daemon) loop(ctx, stop context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	if kept := d.journal.Kept(); len(d.undone) > 0 || len(kept) > 0 {
		if err := d.step(ctx, node.Resume{Left: d.undone, Kept: kept}); err != nil {
			return err
		}
	}
	if err := d.step(ctx, node.Names{ByID: d.corosync.names}); err != nil {
		return err
	}
	asked := stop.Done()
	var aged time.Time
	for {
		if at, _ := d.node.Next(); at != 0 {
			timer.Reset(max(0, at-time.Since(d.start)))
		} else {
			timer.Stop()
		}
		var ev node.Event
		var by *local
		select {
		case ev = <-d.events:
		case from := <-d.clients:
			ev, by = from.ev, from.by
		case <-timer.C:
			ev = node.Tick{}
		case err := <-d.failed:
			return err
		case <-asked:
			asked = nil
			d.log.Info("shutdown asked for")
			ev = node.Shutdown{}
		}
		if now := time.Now(); now.Sub(aged) >= 2*time.Second {
			aged = now
			if err := d.step(ctx, node.Age{Used: cpuTime()}); err != nil {
				return err
			}
		}
		d.asked = by
		if err := d.step(ctx, ev); err != nil {
			return err
		}
		d.asked = nil
	}
}

func cpuTime() time.Duration {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		return 0
	}
	return time.Duration(ru.Utime.Nano())
}

// step feeds one event to the node and does what it says, in order.
func (d *daemon) step(ctx context.Context, ev node.Event) error {
	for ev != nil {
		next, err := d.act(ctx, ev)
		if err != nil {
			return err
		}
		ev = next
	}
	return nil
}

// act is step for one event; next is what must be fed in before anything else.
func (d *daemon) act(ctx context.Context, ev node.Event) (next node.Event, err error) {
	for _, a := range d.node.Step(time.Since(d.start), ev) {
		switch a := a.(type) {
		case node.Join:
			if err := d.join(ctx, a.Group); err != nil {
				return nil, fmt.Errorf("join group %s: %w", a.Group, err)
			}
		case node.Leave:
			d.corosync.leave(a.Group)
		case node.Multicast:
			d.corosync.send(a.Group, a.Data, d.asked)
		case node.Respond:
			d.reply(a.Client, pcmk.Frame{ID: a.Frame, Flags: pcmk.Free, Data: a.Msg.Compact()}, false)
		case node.Notify:
			d.reply(a.Client, pcmk.Frame{Flags: pcmk.Event | pcmk.Free, Data: a.Msg.Compact()}, true)
		case node.Save:
			next = node.Saved{Code: d.save(a.Doc)}
		case node.Accepted:
			if err := d.journal.Note(agent.Entry{Ticket: a.Ticket, From: a.From, Sys: a.Sys, Request: string(a.Op.Compact())}); err != nil {
				d.log.Warn("operation not noted", "ticket", a.Ticket, "err", err)
			}
		case node.Settled:
			d.corosync.after("cib", func() { d.corosync.after("crmd", func() { d.journal.Settle(a.Ticket) }) })
		case node.Run:
			d.runner.Announce(a.ID)
			d.spawn(func() error {
				d.post(ctx, node.AgentDone{Finish: d.runner.Run(ctx, a.Run)})
				return nil
			})
		case node.RunFence:
			d.spawn(func() error {
				run := a.Run
				run.ID = 0 // the fencer's numbers are its own
				f := d.runner.RunFence(ctx, run)
				f.ID = a.ID
				d.post(ctx, node.FenceAgentDone{Finish: f})
				return nil
			})
		case node.Keep:
			if err := d.journal.Keep(a.Kept); err != nil {
				d.log.Warn("what a resource runs with was not noted", "resource", a.Resource, "err", err)
			}
		case node.Kill:
			d.runner.Kill(a.ID)
		case node.GetMetadata:
			d.spawn(func() error {
				meta, err := d.runner.Metadata(ctx, a.Agent)
				if err != nil {
					d.log.Info("no meta-data", "agent", a.Agent.String(), "err", err)
				}
				d.post(ctx, node.GotMetadata{Agent: a.Agent, Meta: meta})
				return nil
			})
		case node.Plan:
			d.spawn(func() error {
				graph, err := d.plans.plan(a.CIB)
				d.post(ctx, node.Planned{ID: a.ID, Graph: graph, Err: err})
				return nil
			})
		case node.NewDC:
			if err := d.opt.Keeper.Keep(keptDC, a.Name); err != nil {
				d.log.Warn("not kept", "err", err)
			}
		case node.Exit:
			d.corosync.flush(2 * time.Second)
			d.log.Info("left the cluster", "status", a.Code)
			return nil, errExit(a.Code)
		}
	}
	return next, nil
}

// save writes the CIB and returns what clients are told of the outcome. An
// administrator's files are never overwritten, and a full disk must not take
// the service down: whether to go on with the copy in memory is the node's to
// say.
func (d *daemon) save(doc *xml.Element) cib.Code {
	err := d.disk.save(doc)
	if err == nil {
		return cib.OK
	}
	d.log.Error("the CIB was not written to disk", "err", err)
	switch {
	case errors.Is(err, ErrModified):
		return cib.Modified
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return cib.NoSpace
	case errors.Is(err, syscall.EROFS):
		return cib.ReadOnly
	}
	return cib.IOError
}

// newUUID returns a random UUID (version 4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// agentEnv is what every agent inherits (resource-agents.md 3.1).
func agentEnv() []string {
	env := append(os.Environ(), "HA_mcp=true", "PCMK_mcp=true", "HA_cluster_type=corosync", "PCMK_cluster_type=corosync",
		"HA_quorum_type=corosync", "PCMK_quorum_type=corosync", "HA_logfacility=daemon", "PCMK_logfacility=daemon",
		"PCMK_logfile=/var/log/pacemaker/pacemaker.log", "HA_LOGFILE=/var/log/pacemaker/pacemaker.log", "PCMK_debug=no",
		"PCMK_service=pacemaker-execd", "PCMK_watchdog=false", "LC_ALL=C", "OCF_OUTPUT_FORMAT=text")
	if os.Getenv("PATH") == "" {
		env = append(env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	return env
}
