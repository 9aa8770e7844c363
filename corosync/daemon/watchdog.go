package daemon

import (
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/corosync/internal/node"
)

// watchdog is what the service wd knows.
type watchdog struct {
	device  hound // nil without
	every   time.Duration
	tickAt  time.Duration // negative when it is left alone for good
	guarded []*guarded
}

// A hound is a watchdog device: it resets the machine when it is not written to
// in time.
type hound interface {
	pet() error
	// release sends it to sleep.
	release() error
}

// guarded is a resource that wd watches: one of mon's, or a process that uses
// SAM.
type guarded struct {
	prefix   string // of its keys
	name     string
	recovery string
	state    string
	at       time.Duration // of the next check
}

// The limits of resources.watchdog_timeout in seconds.
const (
	minWatchdogTimeout     = 2
	maxWatchdogTimeout     = 120
	defaultWatchdogTimeout = 6
)

// StartWatchdog opens the device, if one is configured, and begins to watch.
func (w *watch) StartWatchdog() {
	timeout := w.keys.Uint("resources.watchdog_timeout", defaultWatchdogTimeout)
	if timeout < minWatchdogTimeout || timeout > maxWatchdogTimeout {
		w.log.Log(node.LevelWarning, node.WD, "Set watchdog_timeout is out of range (%d..%d).", minWatchdogTimeout, maxWatchdogTimeout)
		w.log.Log(node.LevelWarning, node.WD, "use default value %d seconds.", defaultWatchdogTimeout)
		timeout = defaultWatchdogTimeout
	}
	w.keys.Set("resources.watchdog_timeout", cmap.U32(uint32(timeout)))
	w.dog.every = time.Duration(timeout) * time.Second / 2
	w.log.Log(node.LevelDebug, node.WD, "The Watchdog timeout is %d seconds", timeout)
	w.log.Log(node.LevelDebug, node.WD, "The tickle timeout is %d ms", w.dog.every.Milliseconds())
	path := w.keys.Text("resources.watchdog_device", "off")
	switch device, err := w.openDevice(path, int(timeout)); {
	case path == "off":
		w.log.Log(node.LevelWarning, node.WD, "Watchdog not enabled by configuration")
	case err != nil:
		w.log.Log(node.LevelWarning, node.WD, "Cannot open watchdog device %s: %s", path, node.SysReason(err))
	default:
		w.log.Log(node.LevelInfo, node.WD, "Watchdog %s is now being tickled by corosync.", path)
		w.dog.device = device
	}
	w.dog.tickAt = w.now + w.dog.every
	for _, prefix := range []string{"resources.process.", "resources.system."} {
		w.find(prefix)
		w.keys.Track(prefix, cmap.Add|cmap.Modify|cmap.Delete|cmap.Prefix, func(note cmap.Note) { w.changed(prefix, note) })
	}
	if len(w.dog.guarded) == 0 {
		w.log.Log(node.LevelInfo, node.WD, "no resources configured.")
	}
}

func (w *watch) openDevice(path string, seconds int) (hound, error) {
	if path == "off" {
		return nil, nil
	}
	h, err := w.open(path)
	if err != nil {
		return nil, err
	}
	if d, ok := h.(*watchdogDevice); ok {
		if err := unix.IoctlSetPointerInt(int(d.f.Fd()), unix.WDIOC_SETTIMEOUT, seconds); err != nil {
			w.log.Log(node.LevelWarning, node.WD, "The watchdog does not take a timeout of %d seconds: %s", seconds, node.SysReason(err))
		}
	}
	return h, nil
}

// find guards the resources below a prefix.
func (w *watch) find(prefix string) {
	var names []string
	for _, key := range w.keys.Keys(prefix) {
		name, _, ok := strings.Cut(strings.TrimPrefix(key, prefix), ".")
		if ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		w.guard(prefix+name+".", name)
	}
}

// guard begins to watch a resource, or to watch it in another way.
func (w *watch) guard(prefix, name string) {
	i := slices.IndexFunc(w.dog.guarded, func(g *guarded) bool { return g.prefix == prefix })
	recovery := w.keys.Text(prefix+"recovery", "")
	state := w.keys.Text(prefix+"state", resourceStopped)
	switch {
	case recovery == "":
		if strings.HasPrefix(prefix, "resources.system.") {
			w.log.Log(node.LevelWarning, node.WD, "resource %s missing a recovery key.", name)
		} // a process sets its keys one by one
		w.unguard(prefix)
		return
	case i < 0:
		w.dog.guarded = append(w.dog.guarded, &guarded{prefix: prefix, name: name, state: resourceStopped, at: -1})
		i = len(w.dog.guarded) - 1
	}
	g := w.dog.guarded[i]
	g.recovery = recovery
	switch state {
	case resourceStopped, "":
		g.at = -1
		w.enterGuarded(g, "config_changed", resourceStopped)
	case resourceFailed:
		// The next check says so.
		if g.at < 0 {
			g.at = w.now + 2*w.period(g.prefix+"poll_period")
		}
	default:
		g.at = w.now + 2*w.period(g.prefix+"poll_period")
		w.enterGuarded(g, "config_changed", resourceRunning)
	}
	if state == resourceFailed && g.state == resourceStopped {
		w.enterGuarded(g, "config_changed", resourceRunning)
	}
}

func (w *watch) unguard(prefix string) {
	w.dog.guarded = slices.DeleteFunc(w.dog.guarded, func(g *guarded) bool { return g.prefix == prefix })
}

func (w *watch) enterGuarded(g *guarded, event, state string) {
	if g.state != state {
		w.log.Log(node.LevelInfo, node.WD, "Fsm:%s event %q, state %q --> %q", g.name, event, g.state, state)
		g.state = state
	}
}

// changed looks at what a key says now.
func (w *watch) changed(prefix string, note cmap.Note) {
	name, what, ok := strings.Cut(strings.TrimPrefix(note.Name, prefix), ".")
	if !ok {
		return
	}
	switch what {
	case "recovery", "state", "poll_period":
	default:
		return
	}
	if note.Event == cmap.Delete && len(w.keys.Keys(prefix+name+".")) == 0 {
		w.unguard(prefix + name + ".")
		return
	}
	w.guard(prefix+name+".", name)
}

// stepWatchdog checks the resources and pets the device.
func (w *watch) stepWatchdog() {
	for _, g := range w.dog.guarded {
		if g.at >= 0 && g.at <= w.now {
			w.check(g)
		}
	}
	if w.dog.tickAt < 0 || w.dog.tickAt > w.now {
		return
	}
	w.dog.tickAt = w.now + w.dog.every
	if slices.ContainsFunc(w.dog.guarded, func(g *guarded) bool { return g.state == resourceFailed }) {
		w.log.Log(node.LevelAlert, node.WD, "NOT tickling the watchdog!")
		w.dog.tickAt = -1 // and never again
		return
	}
	if w.dog.device != nil {
		if err := w.dog.device.pet(); err != nil {
			w.log.Log(node.LevelError, node.WD, "failed to write to the watchdog: %s", node.SysReason(err))
		}
	}
}

// check is whether a resource has failed, or nobody has looked at it for long.
func (w *watch) check(g *guarded) {
	period := w.period(g.prefix + "poll_period")
	g.at = w.now + 2*period
	failed := w.keys.Text(g.prefix+"state", "") == resourceFailed
	if !failed {
		age := time.Duration(w.clock() - w.keys.Uint(g.prefix+"last_updated", 0))
		if late := age - period*3/2; late > 0 {
			w.log.Log(node.LevelError, node.WD, "last_updated %d ms too late, period:%d.", late.Milliseconds(), period.Milliseconds())
			failed = true
		}
	}
	if !failed {
		return
	}
	g.at = -1
	w.log.Log(node.LevelCrit, node.WD, "%s resource %q failed!", g.recovery, g.name)
	w.enterGuarded(g, "failure", resourceFailed)
	switch g.recovery {
	case "reboot":
		w.log.flush(lastWords)
		w.reset(unix.LINUX_REBOOT_CMD_RESTART)
	case "shutdown":
		w.log.flush(lastWords)
		w.reset(unix.LINUX_REBOOT_CMD_POWER_OFF)
	}
}

// lastWords is how long the machine is let live to say why it must not.
const lastWords = 200 * time.Millisecond

func resetMachine(cmd int) { unix.Reboot(cmd) }

// Close sends the device to sleep when the end is an orderly one. Otherwise it
// does its work.
func (w *watch) Close(orderly bool) {
	if w.dog.device != nil && orderly {
		w.log.Log(node.LevelInfo, node.WD, "magically closing the watchdog.")
		if err := w.dog.device.release(); err != nil {
			w.log.Log(node.LevelError, node.WD, "failed to disarm the watchdog: %s", node.SysReason(err))
		}
	}
}

type watchdogDevice struct{ f *os.File }

func openWatchdog(path string) (hound, error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return &watchdogDevice{f}, nil
}

func (d *watchdogDevice) pet() error {
	_, err := d.f.Write([]byte{0})
	return err
}

// release writes the letter that the driver takes for "not by accident".
func (d *watchdogDevice) release() error {
	if _, err := d.f.Write([]byte("V")); err != nil {
		return err
	}
	return d.f.Close()
}
