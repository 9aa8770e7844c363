package daemon

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/corosync/internal/node"
)

// watch is the services mon and wd of corosync 3: one reads how much memory is
// used and the load, and says when that is too much; the other keeps the
// machine's watchdog quiet while nothing that it watches has failed. Both tell
// and are told by keys below "resources.". The loop owns it.
type watch struct {
	keys  *cmap.Map
	log   *logger
	clock func() uint64                     // monotonic, in nanoseconds
	open  func(path string) (hound, error)  // the watchdog device
	reset func(cmd int)                     // this machine
	now   time.Duration                     // of the loop
	meter map[string]func() (reading, bool) // by name

	resources []*monitored
	dog       watchdog
}

// reading is a measurement and how it is stored.
type reading struct {
	amount float64
	value  cmap.Value
}

// defaultPoll is the time between two looks at a resource.
const defaultPoll = 3 * time.Second

// The states of a resource.
const (
	resourceStopped = "stopped"
	resourceRunning = "running"
	resourceFailed  = "failed"
)

func newWatch(keys *cmap.Map, log *logger) *watch {
	return &watch{keys: keys, log: log, clock: monotonic, open: openWatchdog, reset: resetMachine,
		meter: map[string]func() (reading, bool){"memory_used": memoryUsed, "load_15min": load15}}
}

func monotonic() uint64 {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return uint64(t.Nano())
}

// monitored is a resource that mon reads.
type monitored struct {
	name  string
	state string
	max   float64
	at    time.Duration // of the next look; negative for never
}

func (r *monitored) key(what string) string { return "resources.system." + r.name + "." + what }

// StartMonitor makes the keys, and reads what has a limit.
func (w *watch) StartMonitor() {
	for _, r := range []*monitored{{name: "memory_used"}, {name: "load_15min"}} {
		zero := cmap.I32(0)
		if r.name == "load_15min" {
			zero = cmap.F64(0)
		}
		r.state, r.at = resourceStopped, -1
		w.resources = append(w.resources, r)
		w.keys.Set(r.key("current"), zero)
		w.keys.Set(r.key("last_updated"), cmap.U64(0))
		if _, ok := w.keys.Get(r.key("poll_period")); !ok {
			w.keys.Set(r.key("poll_period"), cmap.U64(uint64(defaultPoll.Milliseconds())))
		}
		w.keys.Set(r.key("state"), cmap.Str(resourceStopped))
		w.limit(r)
		w.keys.Track(r.key("max"), cmap.Add|cmap.Modify|cmap.Delete, func(cmap.Note) { w.limit(r) })
	}
}

// limit puts a limit in force, or its absence. A resource that was over the old
// one is judged anew.
func (w *watch) limit(r *monitored) {
	v, ok := w.keys.Get(r.key("max"))
	if !ok {
		if r.state != resourceStopped {
			w.log.Log(node.LevelWarning, node.MON, "resource %q deleted from cmap!", r.name)
			r.at = -1
			w.enter(r, "config_changed", resourceStopped)
		}
		return
	}
	limit, err := strconv.ParseFloat(v.Text(), 64)
	if err != nil {
		limit, err = strconv.ParseFloat(v.String(), 64)
	}
	if err != nil {
		return
	}
	r.max = limit
	if r.state != resourceRunning {
		w.enter(r, "config_changed", resourceRunning)
	}
	w.read(r)
}

func (w *watch) enter(r *monitored, event, state string) {
	w.log.Log(node.LevelInfo, node.MON, "Fsm:%s event %q, state %q --> %q", r.name, event, r.state, state)
	r.state = state
	w.keys.Set(r.key("state"), cmap.Str(state))
}

// read looks at a resource. One that has failed stays so until its limit
// changes.
func (w *watch) read(r *monitored) {
	r.at = w.now + w.period(r.key("poll_period"))
	got, ok := w.meter[r.name]()
	if !ok {
		return
	}
	w.keys.Set(r.key("current"), got.value)
	w.keys.Set(r.key("last_updated"), cmap.U64(w.clock()))
	if got.amount > r.max && r.state == resourceRunning {
		w.enter(r, "failure", resourceFailed)
	}
}

// period is what a poll_period key says, within reason.
func (w *watch) period(key string) time.Duration {
	ms := w.keys.Uint(key, uint64(defaultPoll.Milliseconds()))
	return time.Duration(min(max(ms, 100), 24*3600*1000)) * time.Millisecond
}

// Step does what is due.
func (w *watch) Step(now time.Duration) {
	w.now = now
	for _, r := range w.resources {
		if r.at >= 0 && r.at <= now {
			w.read(r)
		}
	}
	w.stepWatchdog()
}

// Next is when step has something to do; negative for never.
func (w *watch) Next() time.Duration {
	next := time.Duration(-1)
	sooner := func(at time.Duration) {
		if at >= 0 && (next < 0 || at < next) {
			next = at
		}
	}
	for _, r := range w.resources {
		sooner(r.at)
	}
	for _, g := range w.dog.guarded {
		sooner(g.at)
	}
	sooner(w.dog.tickAt)
	return next
}

// memoryUsed is the share of memory that is neither free nor cache, in percent.
func memoryUsed() (reading, bool) {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return reading{}, false
	}
	var total, idle uint64
	for line := range strings.Lines(string(b)) {
		var kb uint64
		name, value, _ := strings.Cut(line, ":")
		fmt.Sscan(value, &kb)
		switch name {
		case "MemTotal":
			total = kb
		case "MemFree", "Buffers", "Cached":
			idle += kb
		}
	}
	if total == 0 || idle > total {
		return reading{}, false
	}
	percent := (total - idle) * 100 / total
	return reading{float64(percent), cmap.U32(uint32(percent))}, true
}

// load15 is the load average over 15 minutes.
func load15() (reading, bool) {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return reading{}, false
	}
	var a1, a5, a15 float64
	if n, _ := fmt.Sscan(string(b), &a1, &a5, &a15); n < 3 {
		return reading{}, false
	}
	return reading{a15, cmap.F64(a15)}, true
}
