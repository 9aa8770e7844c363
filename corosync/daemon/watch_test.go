package daemon

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocorosync/gocorosync/cmap"
)

// kennel is a watch with a clock, meters and a device of its own.
type kennel struct {
	*watch
	t        *testing.T
	out      bytes.Buffer
	memory   float64
	load     float64
	pets     int
	released bool
	resets   []int
}

func (k *kennel) pet() error     { k.pets++; return nil }
func (k *kennel) release() error { k.released = true; return nil }

func newKennel(t *testing.T, keys map[string]cmap.Value) *kennel {
	k := &kennel{t: t, memory: 10, load: 0.5}
	m := cmap.NewMap()
	for name, v := range keys {
		m.Set(name, v)
	}
	k.watch = &watch{keys: m, log: newLogger(&k.out), clock: func() uint64 { return uint64(k.now) },
		open:  func(string) (hound, error) { return k, nil },
		reset: func(cmd int) { k.resets = append(k.resets, cmd) },
		meter: map[string]func() (reading, bool){
			"memory_used": func() (reading, bool) { return reading{k.memory, cmap.U32(uint32(k.memory))}, true },
			"load_15min":  func() (reading, bool) { return reading{k.load, cmap.F64(k.load)}, true },
		}}
	k.StartMonitor()
	k.StartWatchdog()
	k.told()
	return k
}

// told calls the trackers.
func (k *kennel) told() {
	for notes := k.keys.Notes(); len(notes) > 0; notes = k.keys.Notes() {
		for _, note := range notes {
			note.Track.Value.(func(cmap.Note))(note)
		}
	}
}

func (k *kennel) set(name, value string) {
	k.keys.Set(name, cmap.Str(value))
	k.told()
}

// run lets time pass.
func (k *kennel) run(d time.Duration) {
	for end := k.now + d; k.now < end; {
		k.Step(k.now + 100*time.Millisecond)
		k.told()
	}
}

func (k *kennel) wants(key, want string) {
	k.t.Helper()
	v, _ := k.keys.Get(key)
	if v.String() != want {
		k.t.Errorf("%s is %q, want %q", key, v.String(), want)
	}
}

func (k *kennel) logged(want ...string) {
	k.t.Helper()
	k.log.flush(time.Second)
	for _, w := range want {
		if !strings.Contains(k.out.String(), w) {
			k.t.Errorf("no %q in\n%s", w, k.out.String())
		}
	}
	k.out.Reset()
}

// TestNothingToWatch: the keys and the words of a daemon without a resources
// section, as the original has them.
func TestNothingToWatch(t *testing.T) {
	k := newKennel(t, nil)
	k.run(20 * time.Second)
	for key, want := range map[string]string{
		"memory_used.current": "0", "memory_used.last_updated": "0", "memory_used.poll_period": "3000", "memory_used.state": "stopped",
		"load_15min.current": "0.000000", "load_15min.state": "stopped",
	} {
		k.wants("resources.system."+key, want)
	}
	k.wants("resources.watchdog_timeout", "6")
	k.logged("Watchdog not enabled by configuration", "resource load_15min missing a recovery key.", "resource memory_used missing a recovery key.", "no resources configured.")
}

// TestWatchdog: the device is petted while all is well, and never again after a
// resource that should not has failed.
func TestWatchdog(t *testing.T) {
	k := newKennel(t, map[string]cmap.Value{
		"resources.watchdog_device":             cmap.Str("/dev/watchdog"),
		"resources.watchdog_timeout":            cmap.U32(10),
		"resources.system.memory_used.max":      cmap.Str("50"),
		"resources.system.memory_used.recovery": cmap.Str("watchdog"),
	})
	k.logged(`[MON   ] Fsm:memory_used event "config_changed", state "stopped" --> "running"`, `[WD    ] Fsm:memory_used event "config_changed", state "stopped" --> "running"`)
	k.run(21 * time.Second)
	if k.pets != 4 {
		t.Errorf("%d pets in 21 s of a timeout of 10 s", k.pets)
	}
	k.wants("resources.system.memory_used.current", "10")
	k.wants("resources.system.memory_used.last_updated", "21000000000")
	k.memory = 51
	k.run(30 * time.Second)
	k.wants("resources.system.memory_used.state", "failed")
	k.logged(`[MON   ] Fsm:memory_used event "failure", state "running" --> "failed"`, `watchdog resource "memory_used" failed!`, "NOT tickling the watchdog!")
	if k.pets > 6 {
		t.Errorf("petted %d times", k.pets)
	}
	// It is too late for a change of mind.
	pets := k.pets
	k.set("resources.system.memory_used.max", "90")
	k.run(30 * time.Second)
	k.wants("resources.system.memory_used.state", "running")
	if k.pets != pets {
		t.Error("petted again")
	}
	k.Close(true)
	if !k.released {
		t.Error("left armed")
	}
}

// TestOverLimitOnce: a limit that is raised in time costs nothing.
func TestOverLimitOnce(t *testing.T) {
	k := newKennel(t, map[string]cmap.Value{
		"resources.watchdog_device":            cmap.Str("/dev/watchdog"),
		"resources.system.load_15min.recovery": cmap.Str("quit"),
	})
	k.set("resources.system.load_15min.max", "1.5")
	k.load = 2
	k.run(4 * time.Second)
	k.wants("resources.system.load_15min.state", "failed")
	k.wants("resources.system.load_15min.current", "2.000000")
	k.set("resources.system.load_15min.max", "8.56")
	k.run(30 * time.Second)
	k.wants("resources.system.load_15min.state", "running")
	if k.pets != 11 {
		t.Errorf("%d pets in 34 s", k.pets)
	}
	k.keys.Delete("resources.system.load_15min.max")
	k.told()
	k.run(30 * time.Second)
	k.wants("resources.system.load_15min.state", "stopped")
	k.logged(`resource "load_15min" deleted from cmap!`)
	if k.pets != 21 {
		t.Errorf("%d pets in 64 s", k.pets)
	}
}

// TestSilentProcess: a process that no longer says that it is alive is a failed
// one; what follows is what it asked for.
func TestSilentProcess(t *testing.T) {
	for recovery, want := range map[string][]int{"watchdog": nil, "reboot": {unix.LINUX_REBOOT_CMD_RESTART}, "shutdown": {unix.LINUX_REBOOT_CMD_POWER_OFF}} {
		k := newKennel(t, map[string]cmap.Value{"resources.watchdog_device": cmap.Str("/dev/watchdog")})
		p := "resources.process.4711."
		k.keys.Set(p+"recovery", cmap.Str(recovery))
		k.keys.Set(p+"poll_period", cmap.U64(1000))
		k.keys.Set(p+"last_updated", cmap.U64(0))
		k.keys.Set(p+"state", cmap.Str("running"))
		k.told()
		for range 10 {
			k.keys.Set(p+"last_updated", cmap.U64(k.clock()))
			k.told()
			k.run(time.Second)
		}
		k.log.flush(time.Second)
		if strings.Contains(k.out.String(), "failed!") || k.pets != 3 {
			t.Errorf("%s: %d pets while it was alive\n%s", recovery, k.pets, k.out.String())
		}
		k.run(30 * time.Second)
		k.logged(recovery+` resource "4711" failed!`, "ms too late, period:1000.")
		if len(k.resets) != len(want) || len(want) == 1 && k.resets[0] != want[0] {
			t.Errorf("%s: %v", recovery, k.resets)
		}
		// It goes, and is nobody's business any more.
		for _, key := range k.keys.Keys(p) {
			k.keys.Delete(key)
		}
		k.told()
		if len(k.dog.guarded) != 0 {
			t.Errorf("%v", k.dog.guarded)
		}
	}
}
