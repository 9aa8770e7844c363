package coro

import (
	"context"
	"errors"
	"fmt"
	"log/syslog"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

const notifydUsage = `usage:
        -c     : SNMP Community name.
        -f     : Start application in foreground.
        -l     : Log all events.
        -o     : Print events to stdout (turns on -l).
        -s     : Send SNMP traps on all events.
        -m     : Set the SNMP Manager IP address (defaults to localhost).
        -n     : No reverse DNS lookup on cmap member change events.
        -d     : Send DBUS signals on all events.
        -h     : Print this help.

`

// notifydChild tells the process that stays in the background that it is it.
const notifydChild = "GOCOROSYNC_NOTIFYD"

// notifyd is one run of corosync-notifyd. One goroutine logs; one for each of
// the three connections waits for events.
type notifyd struct {
	env      *tool.Env
	print    bool // -o
	noLookup bool
	sys      *syslog.Writer

	foreground, viaSNMP, viaBus bool
	community, manager          string

	host  string
	id    uint32
	cmap  *coro.CMAP // for questions
	names func(ctx context.Context, addr string) (string, error)

	log     bool        // -l: without it only traps and signals are sent
	traps   *snmpSender // nil without -s
	bus     *dbus.Conn  // nil without -d
	quorate bool
}

// Where the signals come from.
const (
	busPath      = dbus.ObjectPath("/org/corosync")
	busInterface = "org.corosync."
)

func (n *notifyd) table() *option.Program {
	return &option.Program{
		Name: "corosync-notifyd", Section: 8, Purpose: "report what happens in the cluster", Synopsis: []string{"[OPTION...]"},
		About: []string{"Reports nodes that join and leave, quorum that is gained and lost, and clients of corosync that come and go. It ends when corosync does."},
		Groups: []option.Group{{Options: []option.Option{
			{Flags: "-c", Arg: "NAME", Text: "The community of SNMP; without it public.", To: option.Text(&n.community)},
			{Flags: "-f", Text: "Stay in the foreground.", To: option.On(&n.foreground)},
			{Flags: "-l", Text: "Report to syslog.", To: option.On(&n.log)},
			{Flags: "-o", Text: "Report to standard error too. Needs -f.", To: option.All(option.On(&n.log), option.On(&n.print))},
			{Flags: "-s", Text: "Send SNMP traps (version 2c) when quorum changes and when nodes join or leave. The objects are those of COROSYNC-MIB.", To: option.On(&n.viaSNMP)},
			{Flags: "-h", Text: "Print the options and exit.", To: option.Help},
			{Flags: "-d", Text: "Send signals over the system bus: QuorumStateChange, NodeStateChange and ConnectionStateChange of org.corosync, from /org/corosync.", To: option.On(&n.viaBus)},
			{Flags: "-n", Text: "Do not look for the names of nodes' addresses.", To: option.On(&n.noLookup)},
			{Flags: "-m", Arg: "ADDRESS", Text: "The manager of SNMP, HOST or HOST:PORT; without it localhost and port 162.", To: option.Text(&n.manager)},
		}}},
		Usage:  usage(notifydUsage, notifydUsage),
		Status: okOrNot(), See: []string{"corosync(8)", "corosync-cmapctl(8)"},
	}
}

// Notifyd is corosync-notifyd.
func Notifyd(ctx context.Context, env *tool.Env) int {
	n := &notifyd{env: env, names: nameOf, community: "public", manager: "localhost"}
	p := n.table()
	if _, err := p.Read(env.Profile, env.Args); err != nil {
		if err != option.ErrHelp {
			env.Errorf("%s: %v\n", env.Name, err)
		}
		env.Errorf("%s", p.Help(env.Profile))
		return tool.Failed
	}
	n.sys, _ = syslog.New(syslog.LOG_DAEMON|syslog.LOG_NOTICE, "notifyd") // nobody may listen
	switch {
	case !n.log && !n.viaSNMP && !n.viaBus:
		return n.fail("no event type enabled, see corosync-notifyd -h, exiting.")
	case n.print && !n.foreground:
		return n.fail("configured to print to stdout and run in the background, exiting")
	case !n.foreground && os.Getenv(notifydChild) == "":
		return n.background()
	}
	if n.viaSNMP && n.viaBus {
		n.failure("configured to send snmp traps and dbus signals - are you sure?.")
	}
	var err error
	if n.viaSNMP {
		if n.traps, err = dialSNMP(n.manager, n.community); err != nil {
			n.failure("cannot send SNMP traps: %v", err)
		}
	}
	if n.viaBus {
		if n.bus, err = dbus.ConnectSystemBus(); err != nil {
			n.failure("cannot send D-Bus signals: %v", err)
		} else {
			defer n.bus.Close()
		}
	}
	return n.serve(ctx)
}

// background starts this program again, without a terminal.
func (n *notifyd) background() int {
	cmd := exec.Command("/proc/self/exe", n.env.Args...)
	cmd.Args[0] = n.env.Name
	cmd.Env = append(os.Environ(), notifydChild+"=1")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return n.fail("Could not fork: %v", err)
	}
	return tool.OK
}

func (n *notifyd) event(format string, args ...any) {
	if !n.log {
		return
	}
	text := "[notice] " + fmt.Sprintf(format, args...)
	if n.sys != nil {
		n.sys.Notice(text)
	}
	if n.print {
		n.env.Errorf("%s\n", text) // where the original's -o goes to
	}
}

func (n *notifyd) failure(format string, args ...any) {
	text := "[error] " + fmt.Sprintf(format, args...)
	if n.sys != nil {
		n.sys.Err(text)
	}
	if n.print {
		n.env.Errorf("%s\n", text)
	}
}

// signal sends a signal over the bus.
func (n *notifyd) signal(member string, values ...any) {
	if n.bus == nil {
		return
	}
	if err := n.bus.Emit(busPath, busInterface+member, values...); err != nil {
		n.failure("D-Bus signal: %v", err)
	}
}

// trap sends a notification to the manager of SNMP.
func (n *notifyd) trap(notice int, values ...snmpValue) {
	if n.traps == nil {
		return
	}
	if err := n.traps.send(notice, values...); err != nil {
		n.failure("SNMP trap: %v", err)
	}
}

func (n *notifyd) fail(format string, args ...any) int {
	n.failure(format, args...)
	return tool.Failed
}

// serve reports events until a connection breaks or ctx ends.
func (n *notifyd) serve(ctx context.Context) int {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	failed := func(what string, err error) int {
		return n.fail("Failed to initialize the %s API. Error %d", what, coro.AsError(err))
	}
	var err error
	if n.cmap, err = coro.DialCMAP(ctx); err != nil {
		return failed("cmap", err)
	}
	defer n.cmap.Close()
	cfg, err := coro.DialCFG(ctx)
	if err != nil {
		return failed("cfg", err)
	}
	n.id, err = cfg.LocalNodeID(ctx)
	cfg.Close()
	if err != nil {
		return failed("cfg", err)
	}
	n.host, _ = os.Hostname()
	quorum, err := coro.DialQuorum(ctx)
	if err != nil {
		return failed("quorum", err)
	}
	defer quorum.Close()
	quorate, err := quorum.Quorate(ctx)
	if err != nil {
		return failed("quorum", err)
	}
	if err := quorum.Track(ctx, coro.TrackChanges); err != nil {
		return failed("quorum", err)
	}

	happened := make(chan func(context.Context), 64)
	broken := make(chan error, 3)
	send := func(f func(context.Context)) {
		select {
		case happened <- f:
		case <-ctx.Done():
		}
	}
	watch := func(stats bool, prefix string, f func(context.Context, *coro.CMAPNotify)) error {
		c, err := coro.DialCMAP(ctx)
		if err != nil {
			return err
		}
		context.AfterFunc(ctx, func() { c.Close() })
		if stats {
			if err := c.UseStats(ctx); err != nil {
				return err
			}
		}
		if _, _, err := c.Track(ctx, prefix, cmap.Add|cmap.Modify|cmap.Delete|cmap.Prefix); err != nil {
			return err
		}
		go func() {
			for {
				e, err := c.Next(ctx)
				if err != nil {
					broken <- err
					return
				}
				send(func(ctx context.Context) { f(ctx, e) })
			}
		}()
		return nil
	}
	members, connections := "runtime.members.", "stats.ipcs."
	if n.env.Profile == conf.EL7 {
		members, connections = "runtime.totem.pg.mrp.srp.members.", "runtime.connections."
	}
	if err := watch(false, members, n.member); err != nil {
		return failed("cmap", err)
	}
	if err := watch(n.env.Profile == conf.EL9, connections, n.connection); err != nil {
		return failed("cmap", err)
	}
	go func() {
		for {
			q, err := quorum.Next(ctx)
			if err != nil {
				broken <- err
				return
			}
			send(func(context.Context) { n.quorumChanged(q.Quorate != 0) })
		}
	}()
	tool.NotifyService("READY=1")
	n.quorumChanged(quorate)
	for {
		select {
		case f := <-happened:
			f(ctx)
		case err := <-broken:
			if ctx.Err() != nil {
				return tool.OK
			}
			return n.fail("Could not dispatch cmap events. Error %d", coro.AsError(err))
		case <-ctx.Done():
			return tool.OK
		}
	}
}

func (n *notifyd) quorumChanged(now bool) {
	if now == n.quorate {
		return
	}
	n.quorate = now
	state, text := "not quorate", "has lost quorum"
	if now {
		state, text = "quorate", "is now quorate"
	}
	n.event("%s[%d] %s", n.host, n.id, text)
	n.signal("QuorumStateChange", n.host, n.id, state)
	n.trap(noticeQuorum, snmpValue{object: objectNodeName, text: n.host}, snmpValue{object: objectNodeID, number: n.id}, snmpValue{object: objectQuorum, text: state})
}

// member reports a node that joined or left.
func (n *notifyd) member(ctx context.Context, e *coro.CMAPNotify) {
	prefix, isStatus := strings.CutSuffix(e.Name, ".status")
	if !isStatus || e.Event&cmap.Delete != 0 {
		return
	}
	id := prefix[strings.LastIndexByte(prefix, '.')+1:]
	addr := "<unknown>"
	if v, err := n.cmap.Get(ctx, prefix+".ip"); err == nil {
		if _, rest, ok := strings.Cut(v.Text(), "ip("); ok {
			addr, _, _ = strings.Cut(rest, ")")
		}
	}
	name := addr
	if !n.noLookup {
		found, err := n.names(ctx, addr)
		if err != nil {
			n.failure("error looking up %s : %v", addr, err)
		} else {
			name = found
		}
	}
	status := e.New.Text()
	n.event("%s[%s] ip:%s %s", name, id, addr, status)
	node, _ := strconv.ParseUint(id, 10, 32)
	n.signal("NodeStateChange", name, uint32(node), addr, status)
	n.trap(noticeNode, snmpValue{object: objectNodeName, text: name}, snmpValue{object: objectNodeID, number: uint32(node)},
		snmpValue{object: objectNodeAddress, text: addr}, snmpValue{object: objectNodeStatus, text: status})
}

// connection reports a client of corosync that came or went.
func (n *notifyd) connection(_ context.Context, e *coro.CMAPNotify) {
	state, to := "connected", "to"
	name := e.New.Text()
	switch {
	case e.Event&cmap.Delete != 0:
		state, to, name = "disconnected", "from", e.Old.Text()
	case e.Event&cmap.Add == 0:
		return
	}
	var client string
	if n.env.Profile == conf.EL7 {
		// runtime.connections.NAME:PID:PTR.name
		path, ok := strings.CutSuffix(strings.TrimPrefix(e.Name, "runtime.connections."), ".name")
		if !ok {
			return
		}
		client = path
	} else {
		// stats.ipcs.serviceN.PID.PTR.procname
		parts := strings.Split(e.Name, ".")
		if len(parts) != 6 || parts[5] != "procname" {
			return
		}
		client = parts[4] + "." + parts[3] + "." + name
	}
	n.event("%s[%d] %s is now %s %s corosync", n.host, n.id, client, state, to)
	n.signal("ConnectionStateChange", n.host, n.id, client, state)
}

// nameOf is the name of an address, or why there is none in the words of the
// C library.
func nameOf(ctx context.Context, addr string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	names, err := net.DefaultResolver.LookupAddr(ctx, addr)
	var dns *net.DNSError
	switch {
	case err == nil && len(names) > 0:
		return strings.TrimSuffix(names[0], "."), nil
	case err == nil || errors.As(err, &dns) && dns.IsNotFound:
		return "", errors.New("Name or service not known")
	}
	return "", errors.New("Temporary failure in name resolution")
}
