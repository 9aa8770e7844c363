package udp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"
)

// Multicast is transport udp: one datagram for all nodes.
// Spec: totem.md 5.4.
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

// interfaceOf returns the interface that has an address, whatever its state.
func interfaceOf(addr netip.Addr) (*net.Interface, error) {
	list, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	iface, why := find(list, addr)
	if iface == nil {
		return nil, errors.New(why)
	}
	return iface, nil
}

// openGroup opens the two more sockets that transport udp needs: one for what is
// sent to the group, and one that sends everything, from the port below.
func openGroup(ctx context.Context, m Multicast, local netip.AddrPort, rcvbuf int) (recv, send *socket, err error) {
	iface, err := interfaceOf(local.Addr())
	if err != nil {
		return nil, nil, fmt.Errorf("udp: %w", err)
	}
	if send, err = listen(ctx, netip.AddrPortFrom(local.Addr(), local.Port()-1), rcvbuf, true); err != nil {
		return nil, nil, err
	}
	if recv, err = listen(ctx, netip.AddrPortFrom(m.Group, local.Port()), rcvbuf, true); err == nil {
		if err = join(recv, send, m, iface); err != nil {
			recv.close()
		}
	}
	if err != nil {
		send.close()
		return nil, nil, fmt.Errorf("udp: group %v on %s: %w", m.Group, iface.Name, err)
	}
	return recv, send, nil
}

// join sets up the membership and how this node sends to the group.
func join(recv, send *socket, m Multicast, iface *net.Interface) error {
	ttl := max(m.TTL, 1)
	to := &net.UDPAddr{IP: m.Group.AsSlice()}
	switch {
	case m.Group == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return send.control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST, 1)
		})
	case m.Group.Is4():
		in, out := ipv4.NewPacketConn(recv.conn), ipv4.NewPacketConn(send.conn)
		if err := in.JoinGroup(iface, to); err != nil {
			return fmt.Errorf("join: %w", err)
		}
		// Only what is for this group, on a socket that listens to any address.
		_ = recv.control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0)
		})
		return firstError(out.SetMulticastInterface(iface), out.SetMulticastLoopback(false), out.SetMulticastTTL(ttl))
	default:
		in, out := ipv6.NewPacketConn(recv.conn), ipv6.NewPacketConn(send.conn)
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
