package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
)

const (
	systemdName = "org.freedesktop.systemd1"
	systemdPath = "/org/freedesktop/systemd1"
	manager     = systemdName + ".Manager"
)

// systemd runs an operation of a unit through D-Bus (resource-agents.md 7).
func (r *Runner) systemd(ctx context.Context, run lrmd.Run) lrmd.Finish {
	op := &run.Op
	f := lrmd.Finish{ID: run.ID}
	timeout := op.Timeout
	if timeout <= 0 {
		timeout = 20 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	bus, err := r.connect(ctx)
	if err != nil {
		f.RC, f.Status, f.Reason = lrmd.RCError, lrmd.Failed, "No DBus connection"
		return f
	}
	u := unit{units: bus, again: r.connect, name: UnitName(op.Agent.Type), timeout: timeout, dir: cmp.Or(r.UnitDir, "/run/systemd/system")}
	defer func() { u.close() }()
	killed := r.killed(run.ID)
	ended := make(chan struct{})
	defer close(ended)
	go func() { // ends with this call
		select {
		case <-killed:
			cancel()
		case <-ended:
		}
	}()
	switch op.Action {
	case "monitor", "status":
		f.RC, err = u.state(ctx)
	case "start":
		f.RC, err = u.start(ctx)
	case "stop":
		f.RC, err = u.stop(ctx)
	default:
		f.RC, f.Status, f.Reason = 3, lrmd.NotSupported, "Action "+op.Action+" is not supported for systemd units"
		return f
	}
	switch {
	case err == nil:
	case errors.Is(ctx.Err(), context.Canceled):
		f.RC, f.Status = lrmd.RCUnknown, lrmd.Cancelled
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		f.RC, f.Status, f.Reason = lrmd.RCError, lrmd.TimedOut, fmt.Sprintf("Systemd unit did not complete within %s", seconds(timeout))
	case missing(err) && op.Action == "stop":
		f.RC = lrmd.RCOK
	case missing(err):
		f.RC, f.Status, f.Reason = lrmd.RCNotInstalled, lrmd.NotInstalled, err.Error()
	default:
		f.RC, f.Status, f.Reason = lrmd.RCError, lrmd.Failed, err.Error()
	}
	return f
}

func (r *Runner) connect(ctx context.Context) (units, error) {
	if r.units != nil {
		return r.units(ctx)
	}
	return dialSystemd(ctx)
}

// isUnit tells whether a resource of class service is a unit: if there is no init
// script of its name, and systemd can be asked and knows it.
func (r *Runner) isUnit(ctx context.Context, op *lrmd.Op) bool {
	if _, err := os.Stat(r.initScript(op.Agent)); err == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(op.Timeout, 20*time.Second))
	defer cancel()
	bus, err := r.connect(ctx)
	if err != nil {
		return false
	}
	defer bus.close()
	path, err := bus.load(ctx, UnitName(op.Agent.Type))
	if err != nil {
		return false
	}
	state, err := bus.property(ctx, path, systemdName+".Unit", "LoadState")
	return err == nil && state != "not-found"
}

// UnitName adds .service to a name without a unit's suffix.
func UnitName(name string) string {
	for _, s := range []string{".service", ".socket", ".mount", ".timer", ".path"} {
		if strings.HasSuffix(name, s) {
			return name
		}
	}
	return name + ".service"
}

func missing(err error) bool {
	var e dbus.Error
	return errors.As(err, &e) && (strings.HasSuffix(e.Name, ".InvalidName") || strings.HasSuffix(e.Name, ".LoadFailed") || strings.HasSuffix(e.Name, ".NoSuchUnit"))
}

// units is what is asked of systemd.
type units interface {
	load(ctx context.Context, name string) (path dbus.ObjectPath, err error)
	property(ctx context.Context, path dbus.ObjectPath, face, name string) (string, error)
	reload(ctx context.Context) error
	// queue has a unit started or stopped.
	queue(ctx context.Context, method, name string) (job dbus.ObjectPath, err error)
	// removed tells of jobs that are done; it is closed with the connection. nil if
	// systemd does not tell.
	removed() <-chan jobRemoved
	close()
}

// jobRemoved is what systemd says of a job at its end.
type jobRemoved struct {
	job    dbus.ObjectPath
	result string // done, canceled, timeout, failed, dependency, skipped, ...
}

type unit struct {
	units
	again   func(context.Context) (units, error) // for a connection that is lost
	name    string
	timeout time.Duration
	dir     string // of the override
}

var (
	errPending = errors.New("unit is changing its state")
	errLost    = errors.New("D-Bus connection was lost")
)

// state maps ActiveState to an OCF code.
func (u *unit) state(ctx context.Context) (int, error) {
	path, err := u.load(ctx, u.name)
	if err != nil {
		return 0, err
	}
	s, err := u.property(ctx, path, systemdName+".Unit", "ActiveState")
	if err != nil {
		return 0, err
	}
	switch s {
	case "active", "reloading":
		return lrmd.RCOK, nil
	case "activating", "deactivating":
		return lrmd.RCUnknown, errPending
	}
	return lrmd.RCNotRunning, nil
}

// settled waits until the unit is neither starting nor stopping: where systemd cannot
// tell of its job any more.
func (u *unit) settled(ctx context.Context) (int, error) {
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 2*time.Second, u.timeout/10) {
		rc, err := u.state(ctx)
		if !errors.Is(err, errPending) {
			return rc, err
		}
		if !pause(ctx, wait) {
			return rc, ctx.Err()
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// jobPoll is how often a job is looked for whose end systemd has not told of.
const jobPoll = 2 * time.Second

// run has a job done and waits for its end. What the unit's state is right after it was
// queued says nothing: it may not have begun.
func (u *unit) run(ctx context.Context, method string) error {
	removed := u.removed()
	job, err := u.queue(ctx, method, u.name)
	if err != nil {
		return err
	}
	if removed == nil {
		return u.outlast(ctx, job)
	}
	tick := time.NewTicker(jobPoll)
	defer tick.Stop()
	for {
		select {
		case r, ok := <-removed:
			switch {
			case !ok:
				return u.afterLoss(ctx, job)
			case r.job != job:
			case r.result == "done", r.result == "skipped": // skipped: its conditions; the state tells
				return nil
			default:
				return fmt.Errorf("systemd's job ended with %q", r.result)
			}
		case <-tick.C:
			if !u.exists(ctx, job) {
				// Its end may have been told in this moment.
				select {
				case r, ok := <-removed:
					if ok && r.job == job && r.result != "done" && r.result != "skipped" {
						return fmt.Errorf("systemd's job ended with %q", r.result)
					}
				default:
				}
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (u *unit) exists(ctx context.Context, job dbus.ObjectPath) bool {
	_, err := u.property(ctx, job, systemdName+".Job", "State")
	var e dbus.Error
	return err == nil || !errors.As(err, &e)
}

// outlast waits for a job by looking for it.
func (u *unit) outlast(ctx context.Context, job dbus.ObjectPath) error {
	for wait := 20 * time.Millisecond; u.exists(ctx, job); wait = min(2*wait, jobPoll) {
		if !pause(ctx, wait) {
			return ctx.Err()
		}
	}
	return nil
}

// afterLoss connects again and waits for the job by looking for it: a bus that is
// restarted takes no unit with it.
func (u *unit) afterLoss(ctx context.Context, job dbus.ObjectPath) error {
	u.close()
	for {
		fresh, err := u.again(ctx)
		if err == nil {
			u.units = fresh
			return u.outlast(ctx, job)
		}
		if !pause(ctx, 200*time.Millisecond) {
			return errLost
		}
	}
}

func (u *unit) overrideFile() string {
	return filepath.Join(u.dir, u.name+".d", "50-pacemaker.conf")
}

func (u *unit) start(ctx context.Context) (int, error) {
	if _, err := u.load(ctx, u.name); err != nil {
		return 0, err
	}
	text := fmt.Sprintf("[Unit]\nDescription=Cluster Controlled %s\nBefore=pacemaker.service pacemaker_remote.service\n\n[Service]\nRestart=no\n\n",
		strings.TrimSuffix(u.name, ".service"))
	if err := os.MkdirAll(filepath.Dir(u.overrideFile()), 0o755); err == nil {
		if err := os.WriteFile(u.overrideFile(), []byte(text), 0o644); err == nil {
			_ = u.reload(ctx)
		}
	}
	if err := u.run(ctx, "StartUnit"); err != nil {
		return 0, err
	}
	rc, err := u.settled(ctx)
	if err == nil && rc != lrmd.RCOK {
		return 0, errors.New("unit does not run after its start")
	}
	return rc, err
}

func (u *unit) stop(ctx context.Context) (int, error) {
	if _, err := u.load(ctx, u.name); err != nil {
		return 0, err
	}
	if os.Remove(u.overrideFile()) == nil {
		_ = os.Remove(filepath.Dir(u.overrideFile()))
		_ = u.reload(ctx)
	}
	if err := u.run(ctx, "StopUnit"); err != nil {
		return 0, err
	}
	rc, err := u.settled(ctx)
	switch {
	case err == nil && rc == lrmd.RCNotRunning:
		return lrmd.RCOK, nil
	case err == nil:
		return 0, errors.New("unit runs after its stop")
	}
	return rc, err
}
