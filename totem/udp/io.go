package udp

import (
	"errors"
	"net/netip"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// send puts a message into the batch of its network.
func (l *Loop) send(s totem.Send) {
	start := len(l.sealed)
	b, err := l.env.Seal(l.sealed, s.Data)
	if err != nil {
		l.stats.TxErrors++
		return
	}
	l.sealed = b
	b = b[start:len(b):len(b)]
	n := l.nets[s.Iface]
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

// flush sends what was put into the batches.
func (l *Loop) flush() {
	for _, n := range l.nets {
		if n.batch.n == 0 {
			continue
		}
		sent, failed := n.batch.flush()
		l.stats.Tx += uint64(sent)
		l.stats.TxErrors += uint64(failed)
		// An error in the middle of a batch is swallowed by the call, and only
		// the queue of errors knows. It must not be found there much later,
		// when the node may be up again.
		l.failed = true
	}
	l.sealed = l.sealed[:0]
}

// readErrors reads what became of datagrams sent earlier.
func (l *Loop) readErrors() error {
	l.failed = false
	for _, n := range l.nets {
		for _, addr := range n.send.closedPorts() {
			l.stats.Unreachable++
			if l.cfg.IgnoreUnreachable {
				continue
			}
			if err := l.step(totem.Unreachable{Addr: addr}); err != nil {
				return err
			}
		}
	}
	return nil
}

// open takes the outer layer off a datagram, or returns nil if it is of no use.
func (l *Loop) open(d datagram) []byte {
	b, from := d.data, d.from
	l.stats.Rx++
	l.stats.RxBytes += uint64(len(b))
	switch {
	case d.cut:
		l.stats.Truncated++
		return nil
	case from.Addr() == l.nets[d.iface].self:
		l.stats.Unlisted++ // this node sends itself nothing
		return nil
	case !l.cfg.AllowUnlisted && !l.nets[d.iface].group.IsValid() && !l.listed[from.Addr()]:
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
