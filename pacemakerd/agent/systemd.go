package agent

import (
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
	conn, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		f.RC, f.Status, f.Reason = lrmd.RCError, lrmd.Failed, "No DBus connection"
		return f
	}
	defer conn.Close()
	u := unit{conn: conn, name: UnitName(op.Agent.Type), timeout: timeout}
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

type unit struct {
	conn    *dbus.Conn
	name    string
	timeout time.Duration
}

func (u *unit) call(ctx context.Context, method string, args ...any) *dbus.Call {
	return u.conn.Object(systemdName, systemdPath).CallWithContext(ctx, manager+"."+method, 0, args...)
}

var errPending = errors.New("unit is changing its state")

// state maps ActiveState to an OCF code.
func (u *unit) state(ctx context.Context) (int, error) {
	var path dbus.ObjectPath
	if err := u.call(ctx, "LoadUnit", u.name).Store(&path); err != nil {
		return 0, err
	}
	v := u.conn.Object(systemdName, path).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, systemdName+".Unit", "ActiveState")
	var state dbus.Variant
	if err := v.Store(&state); err != nil {
		return 0, err
	}
	switch s, _ := state.Value().(string); s {
	case "active", "reloading":
		return lrmd.RCOK, nil
	case "activating", "deactivating":
		return lrmd.RCUnknown, errPending
	}
	return lrmd.RCNotRunning, nil
}

// settled waits until the unit is neither starting nor stopping. systemd tells
// no sooner: pacemaker polls too, but here the poll is quick at first.
func (u *unit) settled(ctx context.Context) (int, error) {
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 2*time.Second, u.timeout/10) {
		rc, err := u.state(ctx)
		if !errors.Is(err, errPending) {
			return rc, err
		}
		select {
		case <-ctx.Done():
			return rc, ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (u *unit) overrideFile() string {
	return filepath.Join("/run/systemd/system", u.name+".d", "50-pacemaker.conf")
}

func (u *unit) start(ctx context.Context) (int, error) {
	var path dbus.ObjectPath
	if err := u.call(ctx, "LoadUnit", u.name).Store(&path); err != nil {
		return 0, err
	}
	text := fmt.Sprintf("[Unit]\nDescription=Cluster Controlled %s\nBefore=pacemaker.service pacemaker_remote.service\n\n[Service]\nRestart=no\n\n",
		strings.TrimSuffix(u.name, ".service"))
	if err := os.MkdirAll(filepath.Dir(u.overrideFile()), 0o755); err == nil {
		if err := os.WriteFile(u.overrideFile(), []byte(text), 0o644); err == nil {
			_ = u.call(ctx, "Reload").Err
		}
	}
	if err := u.call(ctx, "StartUnit", u.name, "replace").Err; err != nil {
		return 0, err
	}
	rc, err := u.settled(ctx)
	if err == nil && rc != lrmd.RCOK {
		return lrmd.RCError, nil
	}
	return rc, err
}

func (u *unit) stop(ctx context.Context) (int, error) {
	var path dbus.ObjectPath
	if err := u.call(ctx, "LoadUnit", u.name).Store(&path); err != nil {
		return 0, err
	}
	if os.Remove(u.overrideFile()) == nil {
		_ = os.Remove(filepath.Dir(u.overrideFile()))
		_ = u.call(ctx, "Reload").Err
	}
	if err := u.call(ctx, "StopUnit", u.name, "replace").Err; err != nil {
		return 0, err
	}
	rc, err := u.settled(ctx)
	switch {
	case err == nil && rc == lrmd.RCNotRunning:
		return lrmd.RCOK, nil
	case err == nil:
		return lrmd.RCError, nil
	}
	return rc, err
}
