package udp

import (
	"errors"
	"net/netip"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

func (l *Loop) send(s totem.Send) {
	b, err := l.env.Seal(l.sealed[:0], s.Data)
	if err != nil {
		l.stats.TxErrors++
		return
	}
	l.sealed = b
	n := l.nets[s.Iface]
	if s.Group && n.group.IsValid() {
		l.sendTo(n, b, n.group)
		return
	}
	for _, to := range s.To {
		l.sendTo(n, b, netip.AddrPortFrom(to, n.port))
	}
}

func (l *Loop) sendTo(n *network, b []byte, to netip.AddrPort) {
	err := n.send.send(b, to)
	if err != nil && transient(err) {
		// The error is that of an earlier datagram; it is in the queue of errors
		// and read there after this step.
		l.failed = true
		err = n.send.send(b, to)
	}
	if err != nil {
		l.stats.TxErrors++
		return
	}
	l.stats.Tx++
	l.stats.TxBytes += uint64(len(b))
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
