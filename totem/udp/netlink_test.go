package udp

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func netlinkMessage(typ uint16, body []byte) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(unix.NLMSG_HDRLEN+len(body)))
	b = binary.NativeEndian.AppendUint16(b, typ)
	b = append(append(b, make([]byte, 10)...), body...)
	return append(b, make([]byte, -len(b)&3)...)
}

func linkBody(index, flags uint32) []byte {
	b := binary.NativeEndian.AppendUint32(make([]byte, 4), index)
	b = binary.NativeEndian.AppendUint32(b, flags)
	return append(b, make([]byte, 4)...)
}

func addrBody(index uint32, attrs ...any) []byte {
	b := binary.NativeEndian.AppendUint32(make([]byte, 4), index)
	for i := 0; i < len(attrs); i += 2 {
		value := netip.MustParseAddr(attrs[i+1].(string)).AsSlice()
		b = binary.NativeEndian.AppendUint16(b, uint16(4+len(value)))
		b = binary.NativeEndian.AppendUint16(b, uint16(attrs[i].(int)))
		b = append(b, value...)
	}
	return b
}

func TestParseLinkChanges(t *testing.T) {
	const up = unix.IFF_UP | unix.IFF_RUNNING
	v4, v6 := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fd00::1")
	for _, tt := range []struct {
		name string
		b    []byte
		want []linkChange
	}{
		{"nothing", nil, nil},
		{"interface runs", netlinkMessage(unix.RTM_NEWLINK, linkBody(3, up|unix.IFF_MULTICAST)), []linkChange{{index: 3, running: true}}},
		{"no carrier", netlinkMessage(unix.RTM_NEWLINK, linkBody(3, unix.IFF_UP)), []linkChange{{index: 3}}},
		{"interface removed", netlinkMessage(unix.RTM_DELLINK, linkBody(3, 0)), []linkChange{{index: 3, gone: true}}},
		{"address", netlinkMessage(unix.RTM_NEWADDR, addrBody(2, unix.IFA_ADDRESS, "10.0.0.1")), []linkChange{{index: 2, addr: v4}}},
		{"this side's", netlinkMessage(unix.RTM_DELADDR, addrBody(2, unix.IFA_LOCAL, "10.0.0.1", unix.IFA_ADDRESS, "10.0.0.9")), []linkChange{{index: 2, addr: v4, gone: true}}},
		{"this side's last", netlinkMessage(unix.RTM_NEWADDR, addrBody(2, unix.IFA_ADDRESS, "10.0.0.9", unix.IFA_LOCAL, "10.0.0.1")), []linkChange{{index: 2, addr: v4}}},
		{"IPv6 of two, and a route between", slices.Concat(netlinkMessage(unix.RTM_NEWADDR, addrBody(2, unix.IFA_ADDRESS, "fd00::1")),
			netlinkMessage(unix.RTM_NEWROUTE, make([]byte, 13)), netlinkMessage(unix.RTM_NEWLINK, linkBody(2, up))),
			[]linkChange{{index: 2, addr: v6}, {index: 2, running: true}}},
	} {
		got, err := parseLinkChanges(tt.b)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
		if len(tt.want) != 1 {
			continue
		}
		for n := 1; n < len(tt.b); n++ { // cut anywhere
			if got, err := parseLinkChanges(tt.b[:n]); err == nil {
				t.Errorf("%s: %d of %d bytes are %+v", tt.name, n, len(tt.b), got)
			}
		}
	}
	for name, b := range map[string][]byte{
		"length 0":            make([]byte, 16),
		"attribute too long":  netlinkMessage(unix.RTM_NEWADDR, append(addrBody(1), 0xff, 0xff, 2, 0)),
		"attribute too short": netlinkMessage(unix.RTM_NEWADDR, append(addrBody(1), 3, 0, 2, 0)),
		"no address":          netlinkMessage(unix.RTM_NEWADDR, addrBody(1)),
	} {
		if got, err := parseLinkChanges(b); err == nil && len(b) > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func FuzzLinkChanges(f *testing.F) {
	f.Add(netlinkMessage(unix.RTM_NEWLINK, linkBody(3, unix.IFF_UP)))
	f.Add(netlinkMessage(unix.RTM_NEWADDR, addrBody(2, unix.IFA_LOCAL, "10.0.0.1", unix.IFA_ADDRESS, "10.0.0.9")))
	f.Add(netlinkMessage(unix.RTM_DELADDR, addrBody(2, unix.IFA_ADDRESS, "fd00::1")))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := parseLinkChanges(b)
		if len(list) > len(b)/unix.NLMSG_HDRLEN {
			t.Errorf("%d changes in %d bytes", len(list), len(b))
		}
		for _, c := range list {
			if err == nil && c.addr.Is4In6() {
				t.Errorf("%+v", c)
			}
		}
	})
}
