package udp

import (
	"log/slog"
	"net/netip"
	"time"
)

// Stats counts datagrams.
type Stats struct {
	Rx, Tx           uint64 // in all
	RxBytes, TxBytes uint64
	TxErrors         uint64 // not sent; the protocol makes up for it
	Truncated        uint64 // longer than any datagram can be
	Oversized        uint64 // longer than the generation sends
	Unlisted         uint64 // from an address that is not a node's
	Auth             uint64 // made with another key or other crypto settings
	Malformed        uint64 // not totem at all
	ForeignEL7       uint64 // of corosync 2, where corosync 3 is spoken
	ForeignEL9       uint64 // of corosync 3, where corosync 2 is spoken
	ForeignKnet      uint64 // of knet
	Unreachable      uint64 // answers that a node's port is closed
	IfaceDown        uint64 // times that an address was gone or its interface down
	Drained          uint64 // thrown away unread after a pause
}

// quiet keeps a log from being flooded: one line per reason and source in a
// minute.
type quiet struct {
	log  *slog.Logger
	last map[quietKey]time.Time
}

type quietKey struct {
	reason string
	from   netip.Addr
}

const (
	quietFor = time.Minute
	quietMax = 256 // reasons and sources remembered
)

func (q *quiet) warn(reason string, from netip.AddrPort, err error) {
	now := time.Now()
	key := quietKey{reason, from.Addr()}
	if last, ok := q.last[key]; ok && now.Sub(last) < quietFor {
		return
	}
	if len(q.last) >= quietMax {
		for k, t := range q.last {
			if now.Sub(t) >= quietFor {
				delete(q.last, k)
			}
		}
		if len(q.last) >= quietMax {
			return
		}
	}
	q.last[key] = now
	q.log.Warn(reason, "from", from, "err", err)
}
