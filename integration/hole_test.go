//go:build interop

package integration

import (
	"testing"
	"time"
)

// TestHole lets the switch lose IP packets above 1400 bytes and sends a message
// of 60 KB: on rings of ours, and of ours and the original's, where ours sends.
// Nobody leaves the ring, all clients get the message, and the log of the sender
// says what it found. (The original alone holds the ring too, but its message
// never arrives, nor does anything behind it.)
func TestHole(t *testing.T) {
	for _, tt := range []struct {
		name, profile string
		mixed         bool
	}{{"el9", "el9", false}, {"el7", "el7", false}, {"mixed", "", true}} {
		t.Run(tt.name, func(t *testing.T) {
			var p peer
			if tt.mixed {
				p = thePeer(t)
				tt.profile = p.profile
			}
			l := newLab(t, 3)
			l.configure(" secauth: off\n", "")
			for i, h := range l.hosts {
				if tt.mixed && i > 0 {
					p.start(h)
				} else {
					h.ours(tt.profile)
				}
			}
			for _, h := range l.hosts {
				eventually(t, 20*time.Second, quorate(h, tt.profile, "3"))
			}
			ts := &talkers{t: t}
			for _, h := range l.hosts {
				ts.start(h)
			}
			ts.send(1, 100, 100)
			ts.settle(10 * time.Second)
			if err := l.Hole(1400); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			ts.live[0].send(1, 60000, 60000)
			ts.settle(10 * time.Second)
			t.Logf("all have got the message after %v", time.Since(start).Round(10*time.Millisecond))
			if out, _ := l.hosts[0].run(nil, "cat", "/var/log/corosync.log"); says(out, 0, 0, "large messages do not get through") != "" {
				t.Error("the log says nothing of the hole")
			}
			ts.live[0].send(3, 20000, 60000)
			ts.settle(10 * time.Second)
			for _, k := range ts.live {
				k.mu.Lock()
				if k.rings > 0 {
					t.Errorf("%s was on %d more rings", k.h.name, k.rings)
				}
				k.mu.Unlock()
			}
			ts.check()
		})
	}
}
