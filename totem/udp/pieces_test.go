package udp

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
)

// TestFragments puts the fragments of datagrams together again.
func TestFragments(t *testing.T) {
	from, to := netip.MustParseAddr("10.1.2.3"), netip.MustParseAddrPort("10.1.2.4:5405")
	for _, size := range []int{576, 1280} {
		for _, n := range []int{0, 1, 8, 500, 548, 549, 1251, 1252, 1253, 1455, 9000, 60001} {
			data := make([]byte, n)
			for i := range data {
				data[i] = byte(i * 7)
			}
			var whole []byte
			packets := fragments(from, to, data, size, 99)
			for i, p := range packets {
				offset := binary.BigEndian.Uint16(p[6:])
				more := offset&0x2000 != 0
				switch {
				case len(p) > size:
					t.Errorf("a packet of %d bytes, at most %d", len(p), size)
				case int(binary.BigEndian.Uint16(p[2:])) != len(p) || binary.BigEndian.Uint16(p[4:]) != 99:
					t.Errorf("header %x", p[:ip4Header])
				case int(offset&0x1fff)*8 != len(whole) || more != (i < len(packets)-1):
					t.Errorf("packet %d of %d: offset %x behind %d bytes", i, len(packets), offset, len(whole))
				}
				whole = append(whole, p[ip4Header:]...)
			}
			if !bytes.Equal(whole[8:], data) || int(binary.BigEndian.Uint16(whole[4:])) != len(whole) || binary.BigEndian.Uint16(whole[2:]) != 5405 {
				t.Errorf("%d bytes in packets of %d: the datagram is not what it was", n, size)
			}
			// A sum over all, with the checksum in it, is all ones.
			if sum := udpChecksum(from.As4(), to.Addr().As4(), whole); sum != 0xffff {
				t.Errorf("%d bytes in packets of %d: checksum is off: %x", n, size, sum)
			}
		}
	}
}
