package agent

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"
)

// systemdBus is the system's systemd, over D-Bus.
type systemdBus struct {
	conn *dbus.Conn
	jobs chan jobRemoved // nil: systemd does not tell
}

func dialSystemd(ctx context.Context) (units, error) {
	// The connection is for one operation; it outlives ctx for no longer than close.
	conn, err := dbus.ConnectSystemBus(dbus.WithContext(context.WithoutCancel(ctx)))
	if err != nil {
		return nil, err
	}
	b := &systemdBus{conn: conn}
	if conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface(manager), dbus.WithMatchMember("JobRemoved")) != nil ||
		b.call(ctx, "Subscribe").Err != nil {
		return b, nil
	}
	signals := make(chan *dbus.Signal, 256)
	b.jobs = make(chan jobRemoved)
	conn.Signal(signals) // closes it with the connection
	done := conn.Context().Done()
	go func() { // ends with the connection
		defer close(b.jobs)
		for s := range signals {
			var id uint32
			var r jobRemoved
			var unit string
			if s.Name != manager+".JobRemoved" || dbus.Store(s.Body, &id, &r.job, &unit, &r.result) != nil {
				continue
			}
			select {
			case b.jobs <- r:
			case <-done:
				return
			}
		}
	}()
	return b, nil
}

func (b *systemdBus) call(ctx context.Context, method string, args ...any) *dbus.Call {
	return b.conn.Object(systemdName, systemdPath).CallWithContext(ctx, manager+"."+method, 0, args...)
}

func (b *systemdBus) load(ctx context.Context, name string) (path dbus.ObjectPath, err error) {
	err = b.call(ctx, "LoadUnit", name).Store(&path)
	return path, err
}

func (b *systemdBus) property(ctx context.Context, path dbus.ObjectPath, face, name string) (string, error) {
	var v dbus.Variant
	if err := b.conn.Object(systemdName, path).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, face, name).Store(&v); err != nil {
		return "", err
	}
	s, ok := v.Value().(string)
	if !ok {
		return "", fmt.Errorf("property %s is no text", name)
	}
	return s, nil
}

func (b *systemdBus) reload(ctx context.Context) error { return b.call(ctx, "Reload").Err }

func (b *systemdBus) queue(ctx context.Context, method, name string) (job dbus.ObjectPath, err error) {
	err = b.call(ctx, method, name, "replace").Store(&job)
	return job, err
}

func (b *systemdBus) removed() <-chan jobRemoved { return b.jobs }

func (b *systemdBus) close() { b.conn.Close() }
