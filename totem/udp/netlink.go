package udp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// A linkChange is what the kernel tells about a network interface or one of its
// addresses.
type linkChange struct {
	index   int
	addr    netip.Addr // of the interface; invalid in messages about the interface itself
	gone    bool       // the address, or the interface, was removed
	running bool       // the interface is up, and so is what it is connected to
}

var errNetlink = errors.New("malformed netlink message")

// parseLinkChanges reads a datagram of a NETLINK_ROUTE socket: messages, each
// with a header in the machine's byte order, padded to 4 bytes.
//
//	offset size
//	     0    4  length, header included
//	     4    2  type
//	     6    2  flags
//	     8    4  sequence number
//	    12    4  port
//
// Types that are not about interfaces and addresses are passed over.
func parseLinkChanges(b []byte) (list []linkChange, err error) {
	for len(b) > 0 {
		if len(b) < unix.NLMSG_HDRLEN {
			return list, fmt.Errorf("%w: header of %d bytes", errNetlink, len(b))
		}
		n := binary.NativeEndian.Uint32(b)
		if n < unix.NLMSG_HDRLEN || uint64(n) > uint64(len(b)) {
			return list, fmt.Errorf("%w: %d bytes in %d", errNetlink, n, len(b))
		}
		body := b[unix.NLMSG_HDRLEN:n]
		var c linkChange
		known := true
		switch typ := binary.NativeEndian.Uint16(b[4:]); typ {
		case unix.RTM_NEWLINK, unix.RTM_DELLINK:
			c, err = parseLink(body)
			c.gone = typ == unix.RTM_DELLINK
		case unix.RTM_NEWADDR, unix.RTM_DELADDR:
			c, err = parseAddr(body)
			c.gone = typ == unix.RTM_DELADDR
		default:
			known = false
		}
		if err != nil {
			return list, err
		}
		if known {
			list = append(list, c)
		}
		b = b[min(uint64(len(b)), (uint64(n)+3)&^3):]
	}
	return list, nil
}

// parseLink reads what follows the header in messages about an interface. Its
// attributes are of no use here.
//
//	offset size
//	     0    1  family
//	     2    2  type
//	     4    4  index
//	     8    4  flags
//	    12    4  which flags have changed
func parseLink(b []byte) (c linkChange, err error) {
	if len(b) < unix.SizeofIfInfomsg {
		return c, fmt.Errorf("%w: interface of %d bytes", errNetlink, len(b))
	}
	const running = unix.IFF_UP | unix.IFF_RUNNING
	c.index = int(int32(binary.NativeEndian.Uint32(b[4:])))
	c.running = binary.NativeEndian.Uint32(b[8:])&running == running
	return c, nil
}

// parseAddr reads what follows the header in messages about an address:
//
//	offset size
//	     0    1  family
//	     1    1  prefix length
//	     2    1  flags
//	     3    1  scope
//	     4    4  index of the interface
//	     8       attributes: size u16, type u16, value, padded to 4 bytes
//
// On a point-to-point link the attribute IFA_LOCAL is this side's.
func parseAddr(b []byte) (c linkChange, err error) {
	if len(b) < unix.SizeofIfAddrmsg {
		return c, fmt.Errorf("%w: address of %d bytes", errNetlink, len(b))
	}
	c.index = int(binary.NativeEndian.Uint32(b[4:]))
	local := false
	for b = b[unix.SizeofIfAddrmsg:]; len(b) >= unix.SizeofRtAttr; {
		n := binary.NativeEndian.Uint16(b)
		if n < unix.SizeofRtAttr || int(n) > len(b) {
			return c, fmt.Errorf("%w: attribute of %d bytes in %d", errNetlink, n, len(b))
		}
		value := b[unix.SizeofRtAttr:n]
		typ := binary.NativeEndian.Uint16(b[2:])
		if a, ok := netip.AddrFromSlice(value); ok && (typ == unix.IFA_LOCAL || typ == unix.IFA_ADDRESS && !local) {
			c.addr, local = a.Unmap(), typ == unix.IFA_LOCAL
		}
		b = b[min(len(b), (int(n)+3)&^3):]
	}
	if !c.addr.IsValid() {
		return c, fmt.Errorf("%w: no address", errNetlink)
	}
	return c, nil
}
