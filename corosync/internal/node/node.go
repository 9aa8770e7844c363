package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/cpg"
	"github.com/gocorosync/gocorosync/ipc"
	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/udp"
	"github.com/gocorosync/gocorosync/totem/wire"
	"github.com/gocorosync/gocorosync/votequorum"
)

// Config sets up a Node.
type Config struct {
	// Read reads the configuration: at the start, and again for each reload.
	Read func() (*conf.File, error)
	// ReadKey reads a key file that the configuration names.
	ReadKey func(path string) ([]byte, error)
	// Profile is the generation of corosync to be compatible with.
	Profile conf.Profile
	// NodeID says which node of the nodelist this is. 0 means the one with an
	// address of this machine.
	NodeID uint32
	// StateDir is where the ring's number is kept; "" means system.state_dir or
	// /var/lib/corosync.
	StateDir string
	// Volatile keeps the number nowhere: it is made of the clock at the start.
	Volatile bool
	// IPC opens the sockets for local clients.
	IPC bool
	// Dedicated says that the process runs nothing else.
	Dedicated bool
	// Log takes what the node says. Places, if not nil, are put in order as
	// section logging asks for.
	Log    Log
	Places Places
	// Monitor, if not nil, makes the services mon and wd of corosync 3.
	Monitor func(keys *cmap.Map) Monitor
	// OnKilled, if not nil, is called in the loop when another node asks for the
	// end of this one, which is to come at once.
	OnKilled func()

	// Lookup finds the addresses of nodes' names; nil asks the system's
	// resolver.
	Lookup func(ctx context.Context, name string) ([]netip.Addr, error)
	// ReadTime is what reading the configuration again may take; 0 means 30 s.
	ReadTime time.Duration
}

// A Monitor is what mon and wd do, by keys below "resources.". The loop calls
// it, Close after its end.
type Monitor interface {
	StartMonitor()
	StartWatchdog()
	// Step is called when the time that Next gave has come, or earlier.
	Step(now time.Duration)
	Next() time.Duration // negative for never
	Close(orderly bool)
}

// DefaultStateDir is where the daemon keeps what must survive it.
const DefaultStateDir = "/var/lib/corosync"

// A Node is a running corosync node.
type Node struct {
	cfg   Config
	gen   wire.Generation
	log   Log
	file  *conf.File
	conf  *conf.Totem
	keys  *cmap.Map
	stats *cmap.Map // EL9: the second map, filled when it is read

	svc     *service.Machine
	version *service.ConfigVersion
	quorum  *service.Quorum
	cpg     *cpg.Machine
	vote    *votequorum.Machine // nil without votequorum
	voteSet *votequorum.Settings

	loop     *udp.Loop
	now      time.Duration // of the current turn of the loop
	ringPath ringFile
	ending   error // why the loop is to end, if not in good order
	refusal  error // why this node has left the ring of its own accord

	spare [][]service.Action // for feed to use again

	toRing    []totem.Event    // what the services gave back and the ring has not got yet
	held      int              // bytes in toRing
	refused   int              // the first of toRing, which the ring gave back
	ringTexts map[int]string   // what was said of a ring last
	blocked   bool             // the ring had no room: multicasts wait their turn
	waiting   []waitingRequest // for room or for a synchronisation

	flowing  bool // some client was told not to multicast
	self     totem.NodeID
	members  []totem.NodeID
	synced   bool // a synchronisation has been completed since the start
	stopping bool

	servers      []*ipc.Server
	clients      map[*ipc.Conn]*client
	cpgClients   map[cpg.Conn]*client
	unread       []*client     // those that there may be more requests of
	hasRead      bool          // in this turn of the loop
	unflushed    []*client     // with events that have not been sent yet
	flushAt      time.Duration // when to try again with those that did not take them; 0 for never
	closed       uint64        // connections
	shutdown     shutdownVote
	leaveAt      time.Duration // when stopping waits for a last message; 0 for not
	local        map[cpg.Conn]*Membership
	lastLocal    cpg.Conn
	roomless     []*roomWaiter // members' messages that wait for room
	membersFirst bool          // they went before the clients last time
	enough       []*Membership // that are to end with this turn
	view         view
	monitor      Monitor       // nil where there is no monitoring
	statsAt      time.Duration // when the statistics were brought up to date
	reloading    reloading
	lookingUp    bool     // names that a client has put into keys
	reopening    bool     // the log file
	dumping      bool     // the flight recorder
	dumped       []uint64 // the connections that wait for that

	// Scratch of each message.
	encoder coro.Encoder
	decoder coro.Decoder
	deliver coro.CPGDeliver
	mcast   coro.CPGMcast

	ctx    context.Context // of what goes on beside the loop
	cancel context.CancelCauseFunc
	done   chan struct{}
	err    error
	wg     sync.WaitGroup
}

// A Kind says what an [Error] is about.
type Kind int

// The kinds.
const (
	Configuration Kind = iota + 1
	Logging            // section logging, or its file
	StateDir           // is not there
	RingID             // cannot be stored
	Service            // of a service, or its socket
	Killed             // by another node
)

// An Error is why a node does not start, or has ended.
type Error struct {
	Kind Kind
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// KilledBy is the error behind Killed.
type KilledBy struct {
	Node   totem.NodeID
	Reason string
}

func (e *KilledBy) Error() string { return fmt.Sprintf("killed by node %d: %s", e.Node, e.Reason) }

// ErrEnded says that the node has ended.
var ErrEnded = errors.New("the node has ended")

// Load reads the configuration into a fresh Node, up to the point where totem
// could start. With an error there is a Node too once the log is where it
// should be.
func Load(cfg Config) (*Node, error) {
	n := &Node{
		cfg: cfg, gen: wire.EL7, log: cfg.Log, keys: cmap.NewMap(), stats: cmap.NewMap(),
		clients: make(map[*ipc.Conn]*client), cpgClients: make(map[cpg.Conn]*client), local: make(map[cpg.Conn]*Membership),
		done: make(chan struct{}), ringTexts: make(map[int]string),
	}
	n.view.next = make(chan struct{})
	if cfg.Profile == conf.EL9 {
		n.gen = wire.EL9
	}
	file, err := cfg.Read()
	if err != nil {
		return nil, &Error{Configuration, err}
	}
	n.file = file
	for _, k := range file.Keys {
		if err := n.setConf(k); err != nil {
			return nil, &Error{Configuration, err}
		}
	}
	if cfg.Places != nil {
		logging, err := conf.ReadLogging(n.keys, cfg.Profile)
		if err != nil {
			return nil, &Error{Logging, err}
		}
		if !cfg.Places.Adopt(logging) {
			if err := cfg.Places.Move(); err != nil {
				return nil, &Error{Logging, fmt.Errorf("parse error in config: Can't open logfile '%s' for reason: %s.", logging.Path, SysReason(err))}
			}
		}
	}
	if n.conf, err = conf.ReadTotem(n.keys, cfg.Profile, n.host(context.Background())); err != nil {
		return n, &Error{Configuration, file.Place(err)}
	}
	if n.conf.Transport == "knet" {
		return n, &Error{Configuration, &conf.Error{
			Text: "Transport knet is not supported by gocorosync", File: file.Name, Line: max(file.Line("totem.transport"), 1),
			Remedy: "set \"transport: udpu\" in section totem of all nodes",
		}}
	}
	return n, nil
}

// setConf puts a key of the configuration into cmap.
func (n *Node) setConf(k conf.Key) error {
	t, ok := cmap.ParseType(k.Type)
	if !ok {
		return fmt.Errorf("%s: unknown type %s", k.Name, k.Type)
	}
	v, err := cmap.Parse(t, k.Value)
	if err != nil {
		return fmt.Errorf("%s:%d: %s: %w", n.file.Name, k.Line, k.Name, err)
	}
	return n.keys.Set(k.Name, v)
}

// Refusal is why this node has left the ring of its own accord, or nil. Wait
// knows of none: to the service manager that is an orderly end.
func (n *Node) Refusal() error { return n.refusal }

// Wait waits until the node has ended and returns why: nil for an orderly end.
func (n *Node) Wait() error {
	<-n.done
	return n.err
}

// Done is closed when the node has ended.
func (n *Node) Done() <-chan struct{} { return n.done }

// Self is the id of this node.
func (n *Node) Self() totem.NodeID { return n.self }

// Keys is the map of keys. Once the node runs only the loop may touch it.
func (n *Node) Keys() *cmap.Map { return n.keys }

// Totem are the settings of the ring that Load has read.
func (n *Node) Totem() *conf.Totem { return n.conf }

// Do runs f in the loop and waits for it. It reports false when the node has
// ended.
func (n *Node) Do(f func()) bool {
	return n.loop.Do(context.Background(), func() { n.turn(f) }) == nil
}

// Leave begins an orderly end.
func (n *Node) Leave() { n.Do(n.leave) }

// DumpState writes what the machines know to the log.
func (n *Node) DumpState() { n.Do(n.dumpState) }

// Start builds the machines and starts the loop and the servers. The node runs
// until ctx ends, it leaves, or something makes it end.
func (n *Node) Start(ctx context.Context) error {
	t := n.conf
	n.self = totem.NodeID(t.NodeID)
	seq, why, err := n.loadRing()
	if err != nil {
		return err
	}
	if why != "" {
		n.log.Log(LevelWarning, TOTEM, "%s", why)
	}
	for _, w := range t.Warnings {
		n.log.Log(LevelWarning, MAIN, "%s", w)
	}
	tcfg, err := n.totemConfig(seq)
	if err != nil {
		return &Error{Configuration, err}
	}
	if err := tcfg.Check(); err != nil {
		return &Error{Configuration, err}
	}
	n.publishConfig()
	if err := n.makeServices(); err != nil {
		return err
	}
	return n.run(ctx, tcfg)
}

// makeServices creates the services and what cmap says about them.
func (n *Node) makeServices() error {
	scfg := service.Config{Self: n.self, Generation: n.gen, Log: n.log.Of(SYNC)}
	n.version = service.NewConfigVersion(scfg, n.conf.ConfigVersion, n.conf.HasConfigVersion)
	n.cpg = cpg.New(cpg.Config{Self: n.self, Generation: n.gen, Log: n.log.Of(CPG)})
	engines := []service.Engine{n.version, &service.CFG{}, n.cpg}

	set, err := n.votes()
	if err != nil {
		return err
	}
	if set != nil {
		n.voteSet = set
		n.vote = votequorum.New(votequorum.Config{Self: n.self, Settings: set, Lenient: n.gen == wire.EL7, Log: n.log.Of(VOTEQ)})
		engines = append(engines, n.vote)
	}
	n.quorum = service.NewQuorum(set != nil)
	engines = append(engines, n.quorum)
	n.svc = service.New(scfg, engines...)
	if n.gen == wire.EL9 && n.cfg.Monitor != nil {
		n.monitor = n.cfg.Monitor(n.keys)
	}
	return nil
}

// CheckVotes is what Start finds wrong with the configuration of votequorum; the log has it too.
func (n *Node) CheckVotes() error {
	_, err := n.votes()
	return err
}

// votes reads what votequorum is to do, nil if there is to be none.
func (n *Node) votes() (*votequorum.Settings, error) {
	if len(n.keys.Keys("quorum.provider")) == 0 {
		return nil, nil
	}
	provider := n.keys.Text("quorum.provider", "")
	fail := func(before []votequorum.Remark, reason string) (*votequorum.Settings, error) {
		n.log.Log(LevelNotice, QUORUM, "Using quorum provider %s", provider)
		for _, b := range before {
			n.log.Log(LevelCrit, VOTEQ, "%s", b.Text)
		}
		n.log.Log(LevelCrit, QUORUM, "Quorum provider: %s failed to initialize.", provider)
		n.log.Log(LevelError, SERV, "Service engine 'corosync_quorum' failed to load for reason '%s'", reason)
		return nil, &Error{Service, errors.New(reason)}
	}
	if provider != "corosync_votequorum" {
		return fail(nil, "Invalid quorum provider")
	}
	set, err := votequorum.Read(n.keys, nil, n.gen == wire.EL9)
	var r *votequorum.Refusal
	switch {
	case errors.As(err, &r):
		return fail(r.Before, err.Error())
	case err != nil:
		return fail(nil, err.Error())
	}
	return set, nil
}

// run starts the loop, and the servers once the machines are there.
func (n *Node) run(ctx context.Context, tcfg totem.Config) error {
	ctx, cancelCause := context.WithCancelCause(ctx)
	cancel := func() { cancelCause(nil) }
	n.ctx, n.cancel = ctx, cancelCause
	t := n.conf
	cfg := udp.Config{
		Totem: tcfg, Port: t.Interfaces[0].McastPort, Cipher: t.Cipher, Hash: t.Hash, Key: t.Key,
		AllowUnlisted: !t.BlockUnlisted, Dedicated: n.cfg.Dedicated, Log: n.log.Of(TOTEM),
	}
	if slices.ContainsFunc(t.Interfaces, func(i conf.Interface) bool { return i.Net.IsValid() }) {
		cfg.Rebind = rebind(t.Interfaces)
	}
	var err error
	if cfg.Multicast, err = multicast(t, t.Interfaces[0]); err != nil {
		cancel()
		return &Error{Configuration, err}
	}
	if len(t.Interfaces) > 1 {
		cfg.Second.Port = t.Interfaces[1].McastPort
		if cfg.Second.Multicast, err = multicast(t, t.Interfaces[1]); err != nil {
			cancel()
			return &Error{Configuration, err}
		}
	}
	if n.loop, err = udp.New(ctx, cfg); err != nil {
		cancel()
		return &Error{Configuration, err}
	}
	n.logTransport()
	n.loadEngines()
	if err := n.listen(); err != nil {
		cancel()
		n.loop.Run(ctx, callbacks{n}) // closes the socket
		return &Error{Service, err}
	}
	n.logLinks()
	for _, s := range n.servers {
		n.wg.Go(func() { s.Serve(ctx, &server{n: n, name: s.Name()}) })
	}
	n.loop.Go(ctx, func() { n.turn(n.begin) })
	go func() {
		defer close(n.done)
		n.err = n.loop.Run(ctx, callbacks{n})
		if n.ending != nil {
			n.err = n.ending
		}
		cancel()
		n.wg.Wait()
		if n.monitor != nil {
			n.monitor.Close(n.err == nil)
		}
		if n.err == nil {
			n.unloadEngines()
		}
	}()
	return nil
}

// aside runs f beside the loop and then, in the loop, done. The loop alone may
// call it: for what may wait for a disk, a name server or a client. f ends soon
// after its context, which is the node's.
func (n *Node) aside(f func(context.Context), done func()) {
	n.wg.Go(func() {
		f(n.ctx)
		if done != nil {
			n.loop.Go(n.ctx, func() { n.turn(done) })
		}
	})
}

// begin is the first turn of the loop.
func (n *Node) begin() {
	n.trackConfig()
	if n.vote != nil {
		n.feed(service.To{ID: service.IDVotequorum, Event: votequorum.Start{}})
	}
}

// leave begins an orderly end: the services say what they have to say, then
// totem says good-bye.
func (n *Node) leave() {
	if n.stopping {
		return
	}
	n.stopping = true
	if n.vote != nil && n.voteSet.AllowDownscale && len(n.members) > 1 {
		n.feed(service.To{ID: service.IDVotequorum, Event: votequorum.Goodbye{}})
		n.leaveAt = n.now + goodbyeTime
		return
	}
	n.cancel(nil)
}

// goodbyeTime is what the last message of a node that leaves may take to be on
// the ring.
const goodbyeTime = 200 * time.Millisecond

// feed steps the services and does what their actions ask for.
func (n *Node) feed(ev service.Event) {
	// The slice is valid until the next Step, and an action may cause one.
	var actions []service.Action
	if last := len(n.spare) - 1; last >= 0 {
		actions, n.spare = n.spare[last], n.spare[:last]
	}
	actions = append(actions, n.svc.Step(n.now, ev)...)
	for _, a := range actions {
		n.act(a)
	}
	clear(actions)
	n.spare = append(n.spare, actions[:0])
}

// act does what a service asks for.
func (n *Node) act(a service.Action) {
	switch a := a.(type) {
	case totem.Submit:
		if len(a.Data) > totem.MaxMessage {
			// It could never be sent, and would hold up everything behind it for ever.
			// Whoever lets clients choose a length refuses this one before.
			n.log.Log(LevelError, MAIN, "message of %d bytes dropped: the ring takes no more than %d", len(a.Data), totem.MaxMessage)
			return
		}
		n.toRing = append(n.toRing, a)
		n.held += len(a.Data)
	case totem.Synced:
		n.toRing = append(n.toRing, a)
	case service.SyncDone:
		n.log.Log(LevelNotice, MAIN, "Completed service synchronization, ready to provide service.")
		n.synced = true
		n.seeMembers()
		n.retryWaiting()
	case service.SetKey:
		n.setKey(a)
	case service.Exit:
		n.log.Log(LevelError, CMAP, "%s", a.Reason)
		n.refusal = errors.New(a.Reason)
		n.leave()
	case service.Kill:
		n.killed(a)
	case service.Shutdown:
		n.log.Log(LevelNotice, CFG, "Node %d was shut down by sysadmin", a.From)
		if a.From == n.self {
			n.leave()
		}
	case service.Reload:
		n.reload(a)
	case service.Reenable:
		n.reenabled(a)
	case service.QuorumReport, service.QuorumNodes, service.QuorumSync:
		n.quorumAction(a)
	case votequorum.Reply, votequorum.QuorumChanged, votequorum.ExpectedChanged, votequorum.NodesChanged,
		votequorum.Critical, votequorum.Warning, votequorum.Notice, votequorum.Informational:
		n.voteAction(a)
	default:
		n.cpgAction(a)
	}
}

func (n *Node) setKey(a service.SetKey) {
	var v cmap.Value
	switch x := a.Value.(type) {
	case uint8:
		v = cmap.U8(x)
	case uint32:
		v = cmap.U32(x)
	case uint64:
		v = cmap.U64(x)
	case string:
		v = cmap.Str(x)
	default:
		return
	}
	n.keys.Set(a.Name, v)
}

// changedMembers keeps what cmap says about the members.
func (n *Node) changedMembers(m totem.Members) {
	if m.Kind == totem.Regular {
		n.members = slices.Clone(m.IDs)
		// This node does not leave and join when its address changes.
		if key := service.MemberKey(n.gen, n.self) + ".ip"; n.keys.Text(key, "") != "" {
			n.keys.Set(key, cmap.Str(n.addrText(n.self)))
		}
	}
	for _, id := range m.Left {
		n.keys.Set(service.MemberKey(n.gen, id)+".status", cmap.Str("left"))
		n.log.Log(LevelDebug, MAIN, "Member left: %s", n.addrText(id))
	}
	for _, id := range m.Joined {
		prefix := service.MemberKey(n.gen, id)
		if _, known := n.keys.Get(prefix + ".join_count"); known {
			n.keys.Adjust(prefix+".join_count", 1)
			n.keys.Set(prefix+".ip", cmap.Str(n.addrText(id)))
		} else {
			n.keys.Set(prefix+".ip", cmap.Str(n.addrText(id)))
			n.keys.Set(prefix+".join_count", cmap.U32(1))
		}
		n.keys.Set(prefix+".status", cmap.Str("joined"))
		n.log.Log(LevelDebug, MAIN, "Member joined: %s", n.addrText(id))
	}
}

// addrText is a node's addresses as corosync writes them.
func (n *Node) addrText(id totem.NodeID) (s string) {
	for i, a := range n.loop.Machine().Addrs(id) {
		s += fmt.Sprintf("r(%d) ip(%v) ", i, a)
	}
	return s
}

// killed is the end that another node asked for: at once, without good-byes.
func (n *Node) killed(k service.Kill) {
	if k.Node != n.self {
		return
	}
	sep := ""
	if n.gen == wire.EL9 {
		sep = " "
	}
	n.log.Log(LevelNotice, CFG, "Killed by node %d%s: %s", k.From, sep, k.Reason)
	n.ending = &Error{Killed, &KilledBy{k.From, k.Reason}}
	if n.cfg.OnKilled != nil {
		n.cfg.OnKilled()
	}
	n.cancel(udp.ErrKilled)
}

// sortedClients are the clients in the order in which they connected.
func (n *Node) sortedClients() []*client {
	list := slices.Collect(maps.Values(n.clients))
	slices.SortFunc(list, func(a, b *client) int { return int(a.serial) - int(b.serial) })
	return list
}
