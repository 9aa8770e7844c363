package pacemakerd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/pacemakerd/keeper"
	"github.com/gocorosync/gocorosync/pacemakerd/node"
)

// corosync is this daemon's part of corosync: who the node is, and its groups.
type corosync struct {
	log     *slog.Logger
	id      uint32
	name    string
	cluster string
	names   map[uint32]string
	quorum  *coro.Quorum
	keeper  *keeper.Link

	mu     sync.Mutex
	groups map[string]*group
}

// connectWait is how long a starting daemon waits for corosync to be ready.
const connectWait = 60 * time.Second

// patiently calls dial until it works, corosync refuses for good, or time is up.
func patiently[T any](ctx context.Context, dial func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()
	for {
		c, err := dial(ctx)
		if err == nil || !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.ECONNREFUSED) {
			return c, err
		}
		select {
		case <-ctx.Done():
			return c, err
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func dialCorosync(ctx context.Context, keeper *keeper.Link, log *slog.Logger) (*corosync, error) {
	r := &corosync{log: log, keeper: keeper, names: map[uint32]string{}, groups: map[string]*group{}}
	cfg, err := patiently(ctx, coro.DialCFG)
	if err != nil {
		return nil, fmt.Errorf("connect to corosync's configuration service: %w", err)
	}
	defer cfg.Close()
	if r.id, err = cfg.LocalNodeID(ctx); err != nil {
		return nil, fmt.Errorf("ask corosync for the node id: %w", err)
	}
	if err := r.readNames(ctx); err != nil {
		return nil, err
	}
	if r.quorum, err = patiently(ctx, coro.DialQuorum); err != nil {
		return nil, fmt.Errorf("connect to corosync's quorum service: %w", err)
	}
	return r, nil
}

// readNames takes names from corosync's nodelist: name, else an address that is
// a name, else, for this node, its host name (pacemaker-cluster.md 2). The list
// ends for pacemaker at the first node whose id is not there, which corosync 2 has
// where the file gives none.
func (r *corosync) readNames(ctx context.Context) error {
	cmap, err := patiently(ctx, coro.DialCMAP)
	if err != nil {
		return fmt.Errorf("connect to corosync's map: %w", err)
	}
	defer cmap.Close()
	text := func(key string) string {
		v, err := cmap.Get(ctx, key)
		if err != nil {
			return ""
		}
		return v.String()
	}
	r.cluster = text("totem.cluster_name")
	for pos := 0; ; pos++ {
		prefix := fmt.Sprintf("nodelist.node.%d", pos)
		var id uint32
		if _, err := fmt.Sscan(text(prefix+".nodeid"), &id); err != nil {
			break
		}
		name := text(prefix + ".name")
		if addr := text(prefix + ".ring0_addr"); name == "" && addr != "" {
			if _, err := netip.ParseAddr(addr); err != nil {
				name = addr
			}
		}
		if name != "" {
			r.names[id] = name
		}
	}
	if r.name = r.names[r.id]; r.name == "" {
		if r.name, err = os.Hostname(); err != nil {
			return fmt.Errorf("this node has no name: %w", err)
		}
		r.names[r.id] = r.name
	}
	return nil
}

func (r *corosync) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, g := range r.groups {
		r.keeper.Drop(keptGroup + name)
		g.close()
	}
	if r.quorum != nil {
		r.quorum.Close()
	}
}

// group is one CPG group: a connection, and the messages on their way to it.
type group struct {
	cpg   *coro.CPG
	mu    sync.Mutex
	queue []outgoing
	busy  bool
	wake  chan struct{} // has room for one
	once  sync.Once
}

// outgoing is a message, and the client that caused it, nil for none; or what to
// do when all before it is out.
type outgoing struct {
	data []byte
	by   *unsent
	then func()
}

func (g *group) close() { g.once.Do(func() { g.cpg.Close() }) }

// join joins a group, or goes on as the member that an earlier process of this
// node was; its events and messages come as events of the node.
func (d *daemon) join(ctx context.Context, name string) error {
	cpg, adopted := d.adopt(ctx, name)
	if !adopted {
		var err error
		if cpg, err = patiently(ctx, coro.DialCPG); err != nil {
			return err
		}
	}
	g := &group{cpg: cpg, wake: make(chan struct{}, 1)}
	d.corosync.mu.Lock()
	d.corosync.groups[name] = g
	d.corosync.mu.Unlock()
	if !adopted {
		if err := cpg.Join(ctx, name+"\x00"); err != nil { // pacemaker counts the NUL to the name
			return err
		}
	}
	if err := d.keep(name, cpg); err != nil {
		d.log.Warn("this membership will not outlive the process", "group", name, "err", err)
	}
	d.spawn(func() error { return g.write(ctx, name) })
	d.spawn(func() error { return d.readGroup(ctx, name, g) })
	return nil
}

func (d *daemon) readGroup(ctx context.Context, name string, g *group) error {
	for {
		ev, err := g.cpg.Next(ctx)
		if err != nil {
			if ctx.Err() != nil || d.corosync.left(name) {
				return nil
			}
			d.log.Error("connection to corosync lost", "group", name, "err", err)
			return errExit(ExitDisconnected)
		}
		switch ev := ev.(type) {
		case *coro.CPGDeliver:
			d.post(ctx, node.Message{Group: name, Node: ev.Node, PID: ev.PID, Data: ev.Data})
		case *coro.CPGConfchg:
			c := node.Confchg{Group: name}
			for _, m := range ev.Members {
				c.Members = append(c.Members, m.Node)
			}
			d.post(ctx, c)
		}
	}
}

// write sends the queue in order. It blocks while the ring takes nothing.
func (g *group) write(ctx context.Context, name string) error {
	for {
		g.mu.Lock()
		var next outgoing
		g.busy = len(g.queue) > 0
		if g.busy {
			next = g.queue[0]
			g.queue[0] = outgoing{}
			g.queue = g.queue[1:]
		}
		idle := !g.busy
		g.mu.Unlock()
		if next.then != nil {
			next.then()
			continue
		}
		if idle {
			select {
			case <-g.wake:
				continue
			case <-g.cpg.Done():
				return nil // the reader tells why
			case <-ctx.Done():
				return nil
			}
		}
		err := g.cpg.Multicast(ctx, next.data)
		next.by.sent(len(next.data))
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			select {
			case <-g.cpg.Done():
				return nil
			default:
			}
			return fmt.Errorf("multicast in group %s: %w", name, err)
		}
	}
}

// send queues a message for a group that this node is in. by is the client that
// caused it, nil for none.
func (r *corosync) send(name string, data []byte, by *local) {
	out := outgoing{data: data}
	if by != nil {
		out.by = &by.unsent
	}
	r.enqueue(name, out)
}

// after calls then when all that is queued for the group has been given to
// corosync.
func (r *corosync) after(name string, then func()) { r.enqueue(name, outgoing{then: then}) }

func (r *corosync) enqueue(name string, out outgoing) {
	r.mu.Lock()
	g := r.groups[name]
	r.mu.Unlock()
	if g == nil {
		return
	}
	if out.by != nil {
		out.by.add(len(out.data))
	}
	g.mu.Lock()
	g.queue = append(g.queue, out)
	g.mu.Unlock()
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// leave leaves a group after what is queued for it has gone out.
func (r *corosync) leave(name string) {
	r.mu.Lock()
	g := r.groups[name]
	r.mu.Unlock()
	if g == nil {
		return
	}
	g.drain(2 * time.Second)
	r.mu.Lock()
	delete(r.groups, name)
	r.mu.Unlock()
	r.keeper.Drop(keptGroup + name)
	g.close() // corosync tells the others that we left
}

func (r *corosync) left(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.groups[name] == nil
}

func (g *group) drain(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		g.mu.Lock()
		idle := len(g.queue) == 0 && !g.busy
		g.mu.Unlock()
		if idle {
			return
		}
	}
}

// flush waits until all groups have sent what is queued.
func (r *corosync) flush(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range r.groups {
		g.drain(d)
	}
}

// watchQuorum passes on what the quorum service says.
func (d *daemon) watchQuorum(ctx context.Context) error {
	q := d.corosync.quorum
	if err := q.Track(ctx, coro.TrackCurrent|coro.TrackChanges); err != nil {
		return fmt.Errorf("track quorum: %w", err)
	}
	for {
		ev, err := q.Next(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			d.log.Error("connection to corosync's quorum service lost", "err", err)
			return errExit(ExitDisconnected)
		}
		d.post(ctx, node.Quorum{Quorate: ev.Quorate != 0, Members: ev.Members})
	}
}
