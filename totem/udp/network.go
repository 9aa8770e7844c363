package udp

import (
	"context"
	"errors"
	"net/netip"
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
	if err := w.detach(); err != nil {
		w.close()
		return nil, err
	}
	w.batch = newBatch(w.send)
	return w, nil
}

// sockets are those of the network, the group's first: what was sent to all
// comes before the token that was sent after it.
func (w *network) sockets() []*socket {
	if w.all != nil {
		return []*socket{w.all, w.recv, w.send}
	}
	return []*socket{w.recv}
}

func (w *network) detach() (err error) {
	for _, s := range w.sockets() {
		err = errors.Join(err, s.detach())
	}
	return err
}

func (w *network) close() {
	for _, s := range w.sockets() {
		s.close()
	}
}
