package wire_test

import (
	"encoding/binary"
	"errors"
	"net/netip"
)

// A packet is one UDP datagram of a capture. frame is the number of the
// Ethernet frame that completed it, from 1.
type packet struct {
	frame    int
	src, dst netip.Addr
	payload  []byte
}

// readPcap returns the UDP datagrams of a classic pcap file of Ethernet frames,
// and the number of frames that did not complete one.
func readPcap(b []byte) (packets []packet, others int, err error) {
	if len(b) < 24 || binary.LittleEndian.Uint32(b)|0x1000 != 0xa1b2d3d4|0x1000 && binary.LittleEndian.Uint32(b) != 0xa1b2c3d4 && binary.LittleEndian.Uint32(b) != 0xa1b23c4d {
		return nil, 0, errors.New("not a pcap file")
	}
	b = b[24:]
	fragments := make(map[uint32][]byte)
	for n := 1; len(b) >= 16; n++ {
		size := int(binary.LittleEndian.Uint32(b[8:]))
		eth := b[16 : 16+size]
		b = b[16+size:]
		p := packet{frame: n}
		var udp []byte
		switch ip := eth[14:]; binary.BigEndian.Uint16(eth[12:]) {
		case 0x0800:
			p.src, p.dst = netip.AddrFrom4([4]byte(ip[12:16])), netip.AddrFrom4([4]byte(ip[16:20]))
			end := int(binary.BigEndian.Uint16(ip[2:]))
			part := ip[int(ip[0]&15)*4 : end]
			if ip[9] != 17 {
				others++
				continue
			}
			frag := binary.BigEndian.Uint16(ip[6:])
			if frag&0x3fff == 0 {
				udp = part
				break
			}
			id := uint32(binary.BigEndian.Uint16(ip[4:]))
			fragments[id] = append(fragments[id], part...)
			if frag&0x2000 == 0 {
				udp = fragments[id]
				delete(fragments, id)
			}
		case 0x86dd:
			p.src, p.dst = netip.AddrFrom16([16]byte(ip[8:24])), netip.AddrFrom16([16]byte(ip[24:40]))
			part := ip[40 : 40+int(binary.BigEndian.Uint16(ip[4:]))]
			switch ip[6] {
			case 17:
				udp = part
			case 44: // fragment
				id := binary.BigEndian.Uint32(part[4:])
				fragments[id] = append(fragments[id], part[8:]...)
				if binary.BigEndian.Uint16(part[2:])&1 == 0 {
					udp = fragments[id]
					delete(fragments, id)
				}
			}
		}
		if udp == nil {
			others++
			continue
		}
		p.payload = udp[8:]
		packets = append(packets, p)
	}
	return packets, others, nil
}
