package coro

import (
	"bytes"
	"encoding/hex"
	"net"
	"testing"
	"time"
)

// TestTrap: the bytes that corosync-notifyd 3.1.7 sent.
func TestTrap(t *testing.T) {
	for _, tt := range []struct {
		want    string
		request int32
		seconds uint32
		notice  int
		values  []snmpValue
	}{
		{"3081840201010406736563726574a77702042f99bcdd0201000201003069301006082b0601020101030043046b02cf543018060a2b060106030101040100060a2b0601040182952000023013060a2b06010401829520010104056e6f646531300f060a2b0601040182952001024201013015060a2b060104018295200115040771756f72617465",
			0x2f99bcdd, 0x6b02cf54, noticeQuorum, []snmpValue{{object: objectNodeName, text: "node1"}, {object: objectNodeID, number: 1}, {object: objectQuorum, text: "quorate"}}},
		{"3081a00201010406736563726574a7819202042f99bcde020100020100308183301006082b0601020101030043046b02cf573018060a2b060106030101040100060a2b0601040182952000013017060a2b060104018295200101040931302e37372e302e32300f060a2b0601040182952001024201023017060a2b060104018295200104040931302e37372e302e323012060a2b06010401829520010304046c656674",
			0x2f99bcde, 0x6b02cf57, noticeNode, []snmpValue{{object: objectNodeName, text: "10.77.0.2"}, {object: objectNodeID, number: 2}, {object: objectNodeAddress, text: "10.77.0.2"}, {object: objectNodeStatus, text: "left"}}},
	} {
		want, err := hex.DecodeString(tt.want)
		if err != nil {
			t.Fatal(err)
		}
		if got := trap("secret", tt.request, tt.seconds, tt.notice, tt.values); !bytes.Equal(got, want) {
			t.Errorf("%x\nwant\n%x", got, want)
		}
	}
}

// TestTrapSent: to a port of the manager's own, with numbers that count up.
func TestTrapSent(t *testing.T) {
	l, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, prefix := range []string{"", "udp:"} {
		s, err := dialSNMP(prefix+l.LocalAddr().String(), "public")
		if err != nil {
			t.Fatal(err)
		}
		s.request = 0x7fffffff // it wraps, and stays positive
		s.now = func() time.Time { return time.Unix(1, 0) }
		values := []snmpValue{{object: objectNodeID, number: 0xfffffffe}}
		if err := s.send(noticeNode, values...); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 1500)
		l.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, err := l.Read(b)
		if err != nil || !bytes.Equal(b[:n], trap("public", 0, 1, noticeNode, values)) {
			t.Errorf("%x %v", b[:n], err)
		}
		s.conn.Close()
	}
}

// TestNumber: as few bytes as there can be, and never a sign that was not meant.
func TestNumber(t *testing.T) {
	for v, want := range map[int64]string{0: "00", 1: "01", 127: "7f", 128: "0080", 255: "00ff", 256: "0100", 0x7fffffff: "7fffffff", 0xffffffff: "00ffffffff", -1: "ff", -129: "ff7f"} {
		if got := hex.EncodeToString(number(v)); got != want {
			t.Errorf("%d: %s, want %s", v, got, want)
		}
	}
	if got := hex.EncodeToString(tlv(tagText, make([]byte, 300)))[:8]; got != "0482012c" {
		t.Error(got)
	}
}
