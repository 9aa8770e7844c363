package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// A follower watches this node's addresses: whether they are there, on
// interfaces that run. The loop owns it; it has no goroutine.
//
// Sockets stay bound to their addresses. While one is gone, or its interface does
// not run, the kernel neither sends nor receives by it, and the ring notices by
// itself; when it comes back the sockets work again. Nothing is bound to another
// address, unless Config.Rebind has one (see move), least of all to loopback: a
// node that did that would tell the others a wrong name of itself.
type follower struct {
	l     *Loop
	fd    int
	paths []path // by ring
}

// A path is the state of one of this node's addresses.
type path struct {
	addr  netip.Addr
	index int    // of the interface that has it, or had it last
	down  string // why it is of no use; "" if it is

	moving netip.Addr // what is to take its place, if anything
}

// follow opens the follower. Without one the loop works too, only that a group's
// membership may have to be renewed by a restart.
func (l *Loop) follow() {
	f := &follower{l: l, fd: -1}
	for _, n := range l.nets {
		f.paths = append(f.paths, path{addr: n.self})
	}
	var err error
	f.fd, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err == nil {
		err = unix.Bind(f.fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK,
			Groups: unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR})
	}
	if err == nil {
		_, err = l.poll.add(f.fd, unix.EPOLLIN, func(uint32) error { f.read(); return nil })
	}
	if err != nil {
		l.cfg.Log.Warn("changes of interfaces are not followed", "err", err)
		f.close()
		return
	}
	l.follower = f
	f.look()
}

func (f *follower) close() {
	if f != nil && f.fd >= 0 {
		unix.Close(f.fd)
		f.fd = -1
	}
}

// read takes what the kernel tells. If anything in it may be about this node's
// addresses, or something was lost, it looks.
func (f *follower) read() {
	var buf [16384]byte
	look := false
	for range 100 { // the poller tells again
		n, from, err := unix.Recvfrom(f.fd, buf[:], 0)
		if errors.Is(err, unix.ENOBUFS) {
			look = true
			continue
		}
		if err != nil {
			break
		}
		if sa, ok := from.(*unix.SockaddrNetlink); !ok || sa.Pid != 0 {
			continue // not of the kernel
		}
		list, err := parseLinkChanges(buf[:n])
		look = look || err != nil || slices.ContainsFunc(list, f.concerns)
	}
	if look {
		f.look()
	}
}

func (f *follower) concerns(c linkChange) bool {
	return slices.ContainsFunc(f.paths, func(p path) bool {
		return p.index == c.index || p.addr == c.addr || p.down != "" && f.l.cfg.Rebind != nil
	})
}

// look compares what there is with what there was.
func (f *follower) look() {
	list, err := net.Interfaces()
	if err != nil {
		f.l.cfg.Log.Warn("interfaces cannot be listed", "err", err)
		return
	}
	for ring := range f.paths {
		p := &f.paths[ring]
		if p.addr.IsLoopback() {
			continue // whatever its interfaces list
		}
		iface, down := find(list, p.addr)
		was := p.down
		p.down = down
		if iface != nil {
			p.index = iface.Index
			p.moving = netip.Addr{}
		} else {
			defer f.consider(ring, list)
		}
		switch {
		case was == down:
		case was != "" && down != "":
			f.l.cfg.Log.Debug("interface is still down", "addr", p.addr, "iface", ring, "why", down)
		case down != "":
			f.l.stats.IfaceDown++
			f.l.cfg.Log.Warn("interface is down", "addr", p.addr, "iface", ring, "why", down)
		default:
			f.l.cfg.Log.Info("interface is back", "addr", p.addr, "iface", ring, "name", iface.Name)
			if err := f.l.nets[ring].rejoin(iface); err != nil {
				f.l.cfg.Log.Warn("group cannot be joined again", "addr", p.addr, "iface", ring, "err", err)
			}
		}
	}
}

// find returns the interface that has an address, and why it is of no use.
func find(list []net.Interface, addr netip.Addr) (iface *net.Interface, down string) {
	for i := range list {
		for _, p := range prefixes(&list[i]) {
			if p.Addr().Unmap() != addr {
				continue
			}
			const running = net.FlagUp | net.FlagRunning
			switch {
			case list[i].Flags&net.FlagUp == 0:
				down = "interface " + list[i].Name + " is switched off"
			case list[i].Flags&running != running:
				down = "interface " + list[i].Name + " has no connection"
			}
			return &list[i], down
		}
	}
	return nil, fmt.Sprintf("no interface has the address %v", addr)
}

// prefixes are an interface's addresses, with the lengths of their networks.
func prefixes(iface *net.Interface) (list []netip.Prefix) {
	addrs, err := iface.Addrs()
	if err != nil {
		return nil
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			list = append(list, p)
		}
	}
	return list
}

// rejoin renews what the kernel forgets with an interface: that its sockets are
// in a group, and by which interface they send there.
func (w *network) rejoin(iface *net.Interface) error {
	if w.all == nil {
		return nil
	}
	group := w.group.Addr()
	var join, out error
	switch {
	case group == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return nil
	case group.Is4():
		r := &unix.IPMreqn{Multiaddr: group.As4(), Ifindex: int32(iface.Index)}
		join = unix.SetsockoptIPMreqn(w.all.fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, r)
		out = unix.SetsockoptIPMreqn(w.send.fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, &unix.IPMreqn{Ifindex: r.Ifindex})
	default:
		r := &unix.IPv6Mreq{Multiaddr: group.As16(), Interface: uint32(iface.Index)}
		join = unix.SetsockoptIPv6Mreq(w.all.fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, r)
		out = unix.SetsockoptInt(w.send.fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, iface.Index)
	}
	if errors.Is(join, unix.EADDRINUSE) {
		join = nil // it still is
	}
	return errors.Join(join, out)
}
