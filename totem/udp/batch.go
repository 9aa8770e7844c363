package udp

import (
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// A batch collects datagrams and sends them with one system call.
type batch struct {
	write func(ms []ipv4.Message, flags int) (int, error)
	msgs  []ipv4.Message // as many as were ever needed; the first n are used
	n     int
	addrs map[netip.AddrPort]*net.UDPAddr
}

// maxBatch is how many datagrams the kernel takes in one call at most.
const maxBatch = 1024

func newBatch(s *socket) *batch {
	b := &batch{addrs: make(map[netip.AddrPort]*net.UDPAddr)}
	if s.local.Addr().Is4() {
		b.write = ipv4.NewPacketConn(s.conn).WriteBatch
	} else {
		b.write = ipv6.NewPacketConn(s.conn).WriteBatch
	}
	return b
}

// add puts a datagram into the batch. The bytes must stay until flush.
func (b *batch) add(data []byte, to netip.AddrPort) {
	addr := b.addrs[to]
	if addr == nil {
		if len(b.addrs) > 4096 {
			clear(b.addrs)
		}
		addr = net.UDPAddrFromAddrPort(to)
		b.addrs[to] = addr
	}
	if b.n == len(b.msgs) {
		b.msgs = append(b.msgs, ipv4.Message{Buffers: make([][]byte, 1)})
	}
	m := &b.msgs[b.n]
	m.Buffers[0], m.Addr = data, addr
	b.n++
}

// flush sends what was added. failed are the datagrams that could not be sent.
func (b *batch) flush() (sent, failed int) {
	retried := false
	for done := 0; done < b.n; {
		n, err := b.write(b.msgs[done:min(b.n, done+maxBatch)], 0)
		if n > 0 {
			done, sent, retried = done+n, sent+n, false
		}
		switch {
		case err == nil:
		case transient(err) && !retried:
			// The error may be that of a datagram sent before.
			retried = true
		default:
			done, failed, retried = done+1, failed+1, false
		}
	}
	for i := range b.msgs[:b.n] {
		b.msgs[i].Buffers[0] = nil
	}
	b.n = 0
	return sent, failed
}
