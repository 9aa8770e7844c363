package udp

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// send puts a message into the batch of its network.
func (l *Loop) send(s *totem.Send) {
	start := len(l.sealed)
	b, err := l.env.Seal(l.sealed, s.Data)
	if err != nil {
		l.stats.TxErrors++
		return
	}
	l.sealed = b
	b = b[start:len(b):len(b)]
	n := l.nets[s.Iface]
	if s.Packet > 0 && len(b)+ipOverhead(n.self) > s.Packet && l.sendPieces(n, s, b) {
		return
	}
	if s.Group && n.group.IsValid() {
		n.batch.add(b, n.group)
		l.stats.TxBytes += uint64(len(b))
		return
	}
	for _, to := range s.To {
		n.batch.add(b, netip.AddrPortFrom(to, n.port))
		l.stats.TxBytes += uint64(len(b))
	}
}

// ipOverhead is what IP and UDP add to a datagram, in bytes.
func ipOverhead(a netip.Addr) int {
	if a.Unmap().Is4() {
		return 28
	}
	return 48
}

// flush sends what was put into the batches.
func (l *Loop) flush() {
	for _, n := range l.nets {
		if n.batch.n == 0 {
			continue
		}
		sent, failed := n.batch.flush()
		l.stats.Tx += uint64(sent)
		l.stats.TxErrors += uint64(failed)
	}
	l.sealed = l.sealed[:0]
}

// An input is a socket that the loop reads.
type input struct {
	*socket
	iface int
	group bool // what was sent to all
}

func (l *Loop) read(s *socket, iface int, group bool) error {
	s.inbox.open(s.fd)
	l.inputs = append(l.inputs, &input{s, iface, group})
	return s.watch(l.poll, unix.EPOLLIN)
}

// receive steps the ring for what has arrived, and reports whether there was
// anything of use.
func (l *Loop) receive() (heard bool, err error) {
	if err := l.readErrors(); err != nil {
		return false, err
	}
	for _, in := range l.inputs {
		if !in.readable {
			continue
		}
		h, err := l.readInput(in)
		if heard = heard || h; err != nil {
			return heard, err
		}
	}
	return heard, nil
}

// readInput reads what one call gives.
func (l *Loop) readInput(in *input) (heard bool, err error) {
	if in.readable, err = in.inbox.fill(in.fd); err != nil {
		if !transient(err) {
			return false, fmt.Errorf("udp: receive: %w", err)
		}
		in.failed = true
		return false, nil
	}
	for d, ok := in.inbox.next(); ok; d, ok = in.inbox.next() {
		if !in.group {
			if err := l.readGroups(); err != nil {
				return heard, err
			}
		}
		msg := l.open(d, in.iface)
		if msg == nil {
			continue
		}
		heard = true
		l.received = totem.Received{Iface: in.iface, From: d.from, Data: msg}
		if err := l.step(&l.received); err != nil {
			return heard, err
		}
	}
	return heard, nil
}

// readGroups reads all that was sent to all.
func (l *Loop) readGroups() error {
	for _, in := range l.inputs {
		if !in.group {
			return nil // they come first
		}
		for in.readable = true; in.readable; {
			if _, err := l.readInput(in); err != nil {
				return err
			}
		}
	}
	return nil
}

// readErrors reads what became of datagrams sent earlier, where the poller said
// that there is something.
func (l *Loop) readErrors() error {
	for _, n := range l.nets {
		for _, s := range n.sockets() {
			if !s.failed {
				continue
			}
			s.failed = false
			for _, addr := range s.closedPorts() {
				l.stats.Unreachable++
				if l.cfg.IgnoreUnreachable {
					continue
				}
				if err := l.step(totem.Unreachable{Addr: addr}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// open takes the outer layer off a datagram, or returns nil if it is of no use.
func (l *Loop) open(d datagram, iface int) []byte {
	b, from := d.data, d.from
	l.stats.Rx++
	l.stats.RxBytes += uint64(len(b))
	switch {
	case d.cut:
		l.stats.Truncated++
		return nil
	case l.follower.away(iface):
		return nil
	case from.Addr() == l.nets[iface].self:
		l.stats.Unlisted++ // this node sends itself nothing
		return nil
	case !l.cfg.AllowUnlisted && !l.nets[iface].group.IsValid() && !l.listed[from.Addr()]:
		l.stats.Unlisted++
		return nil
	case l.cfg.Totem.Generation == wire.EL7 && len(b) > 10000:
		l.stats.Oversized++
		return nil
	}
	msg, err := l.env.Open(b)
	if err == nil {
		return msg
	}
	var foreign *wire.ForeignError
	switch {
	case errors.As(err, &foreign):
		switch g, knet := wire.Detect(b); {
		case knet:
			l.stats.ForeignKnet++
		case g == wire.EL7:
			l.stats.ForeignEL7++
		default:
			l.stats.ForeignEL9++
		}
		l.quiet.warn("node of another corosync generation heard", from, err)
	case errors.Is(err, wire.ErrAuth):
		l.stats.Auth++
		l.quiet.warn("message with another key or other crypto settings", from, err)
	default:
		l.stats.Malformed++
		l.quiet.warn("malformed message", from, err)
	}
	return nil
}
