package udp

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func testSocket(t *testing.T, addr string) *socket {
	t.Helper()
	s, err := listen(t.Context(), netip.MustParseAddrPort(addr), 1<<20, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.detach(); err != nil {
		t.Fatal(err)
	}
	s.inbox.open(s.fd)
	t.Cleanup(s.close)
	return s
}

// receiveAll reads n datagrams as the loop does.
func receiveAll(t *testing.T, s *socket, n int) (got [][]byte, from netip.AddrPort) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); len(got) < n && time.Now().Before(end); {
		if _, err := s.inbox.fill(s.fd); err != nil {
			t.Fatal(err)
		}
		for d, ok := s.inbox.next(); ok; d, ok = s.inbox.next() {
			if d.cut {
				t.Fatalf("datagram of %d bytes was cut", len(d.data))
			}
			got, from = append(got, bytes.Clone(d.data)), d.from
		}
	}
	return got, from
}

// TestBatchKeepsOrder sends what a token visit sends, a window of messages to
// each of two nodes and the token to one, in pieces and one by one, and compares
// what arrives.
func TestBatchKeepsOrder(t *testing.T) {
	for _, network := range []string{"127.0.79.%d:5405", "[::1]:549%d"} {
		for _, single := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s single=%v", network[:4], single), func(t *testing.T) {
				sender := testSocket(t, fmt.Sprintf(network, 1))
				a, b := testSocket(t, fmt.Sprintf(network, 2)), testSocket(t, fmt.Sprintf(network, 3))
				batch := newBatch(sender)
				batch.single = single
				for round := range 3 {
					var window [][]byte
					for i := range 150 {
						size := 1400
						if i%40 == 7 {
							size = 100 + i // a last, shorter one in the middle
						}
						window = append(window, bytes.Repeat([]byte{byte(i), byte(round)}, size/2))
					}
					token := []byte("token")
					for _, w := range window {
						batch.add(w, a.local)
						batch.add(w, b.local)
					}
					batch.add(token, a.local)
					if sent, failed := batch.flush(); sent != 2*len(window)+1 || failed != 0 {
						t.Fatalf("flush: %d sent, %d failed", sent, failed)
					}
					for _, to := range []struct {
						s    *socket
						want [][]byte
					}{{a, append(window[:len(window):len(window)], token)}, {b, window}} {
						got, from := receiveAll(t, to.s, len(to.want))
						if len(got) != len(to.want) {
							t.Fatalf("%v got %d datagrams of %d", to.s.local, len(got), len(to.want))
						}
						if from != sender.local {
							t.Errorf("from %v, want %v", from, sender.local)
						}
						for i := range got {
							if !bytes.Equal(got[i], to.want[i]) {
								t.Fatalf("datagram %d of %v: %d bytes, want %d", i, to.s.local, len(got[i]), len(to.want[i]))
							}
						}
					}
				}
				if !single && batch.single {
					t.Error("the kernel refused pieces on loopback")
				}
			})
		}
	}
}

// TestBatchClosedPort sends to a port that is closed and to one that is not.
func TestBatchClosedPort(t *testing.T) {
	sender, a := testSocket(t, "127.0.79.1:5405"), testSocket(t, "127.0.79.2:5405")
	batch := newBatch(sender)
	closed := netip.MustParseAddrPort("127.0.79.9:9")
	for i := range 5 {
		batch.add(make([]byte, 1000), closed)
		batch.add(bytes.Repeat([]byte{byte(i)}, 1000), a.local)
	}
	// An answer to an earlier datagram must not cost a later one.
	for round := range 3 {
		if round > 0 {
			batch.add([]byte("x"), closed)
			batch.add(bytes.Repeat([]byte{byte(round)}, 1000), a.local)
		}
		batch.flush()
	}
	got, _ := receiveAll(t, a, 7)
	if len(got) != 7 {
		t.Fatalf("%d datagrams arrived, want 7", len(got))
	}
	if addrs := sender.closedPorts(); len(addrs) == 0 || addrs[0] != closed.Addr() {
		t.Errorf("closed ports: %v, want %v", addrs, closed.Addr())
	}
}

// TestDrain throws away what the kernel holds and what was already taken from
// it.
func TestDrain(t *testing.T) {
	sender, a := testSocket(t, "127.0.79.1:5405"), testSocket(t, "127.0.79.2:5405")
	batch := newBatch(sender)
	for i := range 40 {
		batch.add(make([]byte, 100+i), a.local)
	}
	batch.flush()
	for end := time.Now().Add(5 * time.Second); a.inbox.empty() && time.Now().Before(end); {
		if _, err := a.inbox.fill(a.fd); err != nil {
			t.Fatal(err)
		}
	}
	a.inbox.next()
	if n := a.drain(); n != 39 {
		t.Errorf("drained %d, want 39", n)
	}
	if _, ok := a.inbox.next(); ok {
		t.Error("something was left")
	}
}
