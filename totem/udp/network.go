package udp

import (
	"context"
	"net/netip"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Network is how one ring of several is reached.
type Network struct {
	Port      uint16 // 0 is that of ring 0
	Multicast *Multicast
}

// A network is the sockets of one ring.
type network struct {
	self  netip.Addr
	port  uint16
	recv  *socket        // what is for this node
	send  *socket        // the same in udpu
	group netip.AddrPort // invalid in udpu
	batch *batch         // of send
	all   *socket        // what is for the group; nil in udpu
}

func openNetwork(ctx context.Context, self netip.Addr, n Network, rcvbuf int) (*network, error) {
	w := &network{self: self, port: n.Port}
	local := netip.AddrPortFrom(self, n.Port)
	var err error
	if w.recv, err = listen(ctx, local, rcvbuf, n.Multicast != nil); err != nil {
		return nil, err
	}
	w.send = w.recv
	if m := n.Multicast; m != nil {
		if w.all, w.send, err = openGroup(ctx, *m, local, rcvbuf); err != nil {
			w.recv.close()
			return nil, err
		}
		w.group = netip.AddrPortFrom(m.Group, n.Port)
	}
	w.batch = newBatch(w.send)
	return w, nil
}

func (w *network) close() {
	w.recv.close()
	if w.all != nil {
		w.all.close()
		w.send.close()
	}
}

// A watched socket is one of those that the loop does not wait for: a goroutine
// does. When something is there it sets ready, wakes the loop and waits for a
// word on again.
type watched struct {
	*socket
	iface int
	ready atomic.Bool
	again chan struct{}
}

func newWatched(s *socket, iface int) *watched {
	return &watched{socket: s, iface: iface, again: make(chan struct{}, 1)}
}

// watch ends when the socket and again are closed.
func (w *watched) watch(wake func()) {
	var peek [1]byte
	for {
		err := w.raw.Read(func(fd uintptr) bool {
			_, _, err := unix.Recvfrom(int(fd), peek[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
			return err != unix.EAGAIN
		})
		if err != nil {
			return
		}
		w.ready.Store(true)
		wake()
		if _, open := <-w.again; !open {
			return
		}
	}
}

// take reads a datagram, if one is there.
func (w *watched) take() (d datagram, ok bool, err error) {
	if d, ok, err = w.poll(); ok || err != nil {
		d.iface = w.iface
		return d, ok, err
	}
	if w.ready.CompareAndSwap(true, false) {
		w.again <- struct{}{}
	}
	return d, false, nil
}
