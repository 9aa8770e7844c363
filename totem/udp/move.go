package udp

import (
	"context"
	"net"
	"net/netip"
	"slices"

	"github.com/gocorosync/gocorosync/totem"
)

// An AddressWatcher is an App that wants to know which address this node gets
// instead of the one that is gone (see Config.Rebind), before the ring knows. An
// error ends Run.
type AddressWatcher interface {
	AddressChanged(ring int, addr netip.Addr) error
}

// consider looks for an address instead of one that is gone.
func (f *follower) consider(ring int, list []net.Interface) {
	p := &f.paths[ring]
	p.moving = netip.Addr{}
	if f.l.cfg.Rebind == nil {
		return
	}
	const running = net.FlagUp | net.FlagRunning
	var local []netip.Prefix
	for i := range list {
		if list[i].Flags&running != running || list[i].Flags&net.FlagLoopback != 0 {
			continue
		}
		local = append(local, prefixes(&list[i])...)
	}
	if to := f.l.cfg.Rebind(ring, local); to.IsValid() && to != p.addr {
		p.moving = to
		f.l.cfg.Log.Info("address is gone, another one takes its place once this node is alone",
			"addr", p.addr, "iface", ring, "new", to)
	}
}

// away reports whether a ring's address is gone and another one is to take its
// place. Groups may still be heard then, but nobody could be answered.
func (f *follower) away(ring int) bool { return f != nil && f.paths[ring].moving.IsValid() }

// move takes the addresses that have come instead of others, as soon as the ring
// lets it.
func (l *Loop) move(ctx context.Context) error {
	if l.follower == nil {
		return nil
	}
	for ring := range l.follower.paths {
		p := &l.follower.paths[ring]
		if !p.moving.IsValid() || !l.m.Alone() {
			continue
		}
		to := p.moving
		p.moving = netip.Addr{}
		if err := l.reopen(ctx, ring, to); err != nil {
			// The kernel tells again when the address can be used.
			l.cfg.Log.Warn("new address cannot be used", "addr", to, "iface", ring, "err", err)
			continue
		}
		p.addr, p.down = to, ""
		l.follower.look()
		if app, ok := l.app.(AddressWatcher); ok {
			if err := app.AddressChanged(ring, to); err != nil {
				return err
			}
		}
		if err := l.step(totem.SetAddress{Iface: ring, Addr: to}); err != nil {
			return err
		}
	}
	return nil
}

// reopen replaces the sockets of a ring by those of another address.
func (l *Loop) reopen(ctx context.Context, ring int, self netip.Addr) error {
	old := l.nets[ring]
	w, err := openNetwork(ctx, self, l.networks[ring], l.rcvbuf)
	if err != nil {
		return err
	}
	kept := l.inputs
	l.inputs = slices.DeleteFunc(slices.Clone(kept), func(in *input) bool { return in.iface == ring })
	if err := l.readNetwork(w, ring); err != nil {
		for _, s := range w.sockets() {
			s.unwatch(l.poll)
		}
		w.close()
		l.inputs = kept
		return err
	}
	for _, s := range old.sockets() {
		s.unwatch(l.poll)
	}
	old.close()
	l.nets[ring] = w
	return nil
}
