package udp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"
)

// Multicast is transport udp: one datagram for all nodes. Spec: totem.md section
// 5.4.
type Multicast struct {
	Group netip.Addr // mcastaddr; 255.255.255.255 for broadcast: yes
	TTL   int        // of datagrams to the group, 1 if 0
}

// GroupOf returns the address that corosync makes of a cluster's name if there
// is no mcastaddr: 239.192.x.x, or ff15::x for IPv6.
func GroupOf(clusterName string, ring int, ipv6 bool) netip.Addr {
	var h uint32
	for i := range len(clusterName) {
		h = 2*h + uint32(clusterName[i])
	}
	id := uint16(h) + uint16(ring)
	if ipv6 {
		a := [16]byte{0: 0xff, 1: 0x15, 14: byte(id >> 8), 15: byte(id)}
		return netip.AddrFrom16(a)
	}
	return netip.AddrFrom4([4]byte{239, 192, byte(id >> 8), byte(id % 255)})
}

// A group is the two more sockets that transport udp needs.
type group struct {
	addr netip.AddrPort
	recv *socket // what is sent to the group
	send *socket // sends everything, from the port below

	// A goroutine watches recv, for the loop can wait for one socket only. It
	// sets ready, wakes the loop and waits for a word on again.
	ready atomic.Bool
	again chan struct{}
}

func reuse(_, _ string, c syscall.RawConn) error {
	var err error
	cerr := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	})
	if cerr != nil {
		return cerr
	}
	return err
}

// interfaceOf returns the interface that has an address.
func interfaceOf(addr netip.Addr) (*net.Interface, error) {
	list, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	for i := range list {
		addrs, err := list[i].Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Unmap() == addr {
				return &list[i], nil
			}
		}
	}
	return nil, fmt.Errorf("no interface has the address %v", addr)
}

func openGroup(ctx context.Context, m Multicast, local netip.AddrPort, rcvbuf int) (*group, error) {
	iface, err := interfaceOf(local.Addr())
	if err != nil {
		return nil, fmt.Errorf("udp: %w", err)
	}
	g := &group{addr: netip.AddrPortFrom(m.Group, local.Port()), again: make(chan struct{}, 1)}
	g.send, err = listen(ctx, netip.AddrPortFrom(local.Addr(), local.Port()-1), rcvbuf, true)
	if err != nil {
		return nil, err
	}
	g.recv, err = listen(ctx, g.addr, rcvbuf, true)
	if err == nil {
		err = g.join(m, iface)
	}
	if err != nil {
		g.close()
		return nil, fmt.Errorf("udp: group %v on %s: %w", m.Group, iface.Name, err)
	}
	return g, nil
}

// join sets up the membership and how this node sends to the group.
func (g *group) join(m Multicast, iface *net.Interface) error {
	ttl := max(m.TTL, 1)
	to := &net.UDPAddr{IP: m.Group.AsSlice()}
	switch {
	case m.Group == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return g.send.raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST, 1)
		})
	case m.Group.Is4():
		in, out := ipv4.NewPacketConn(g.recv.conn), ipv4.NewPacketConn(g.send.conn)
		if err := in.JoinGroup(iface, to); err != nil {
			return fmt.Errorf("join: %w", err)
		}
		// Only what is for this group, on a socket that listens to any address.
		_ = g.recv.raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0)
		})
		return firstError(out.SetMulticastInterface(iface), out.SetMulticastLoopback(false), out.SetMulticastTTL(ttl))
	default:
		in, out := ipv6.NewPacketConn(g.recv.conn), ipv6.NewPacketConn(g.send.conn)
		if err := in.JoinGroup(iface, to); err != nil {
			return fmt.Errorf("join: %w", err)
		}
		return firstError(out.SetMulticastInterface(iface), out.SetMulticastLoopback(false), out.SetMulticastHopLimit(ttl))
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *group) close() {
	if g.recv != nil {
		g.recv.close()
	}
	g.send.close()
}

// watch tells the loop when something is there for the group. It ends when the
// socket is closed.
func (g *group) watch(wake func()) {
	var peek [1]byte
	for {
		err := g.recv.raw.Read(func(fd uintptr) bool {
			_, _, err := unix.Recvfrom(int(fd), peek[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
			return err != unix.EAGAIN
		})
		if err != nil {
			return
		}
		g.ready.Store(true)
		wake()
		if _, open := <-g.again; !open {
			return
		}
	}
}

// poll reads a datagram for the group, if one is there.
func (g *group) poll() (d datagram, ok bool, err error) {
	if d, ok, err = g.recv.poll(); ok || err != nil {
		return d, ok, err
	}
	if g.ready.CompareAndSwap(true, false) {
		g.again <- struct{}{}
	}
	return d, false, nil
}
