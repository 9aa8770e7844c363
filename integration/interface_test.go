//go:build interop

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestInterface takes a node's address or interface away and gives it back. The
// others go on without it and take it in again; it never calls itself by
// another address, as the original does, and its log says once what happened.
func TestInterface(t *testing.T) {
	for _, tt := range []struct{ name, profile, totem string }{
		{"el7", "el7", " secauth: off\n"},
		{"el9", "el9", " token: 1000\n"},
		{"el7 multicast", "el7", " secauth: off\n transport: udp\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t, 3)
			l.configure(tt.totem, "")
			for _, h := range l.hosts {
				h.ours(tt.profile)
			}
			all := func() {
				t.Helper()
				for _, h := range l.hosts {
					eventually(t, 20*time.Second, quorate(h, tt.profile, "3"))
				}
			}
			all()
			others, victim := l.hosts[:2], l.hosts[2]
			env := []string{"GOCOROSYNC_COMPAT=" + tt.profile}
			log := func() string { out, _ := victim.run(nil, "cat", "/var/log/corosync.log"); return out }
			addr := victim.addr + "/24"
			for _, step := range []struct{ name, down, up, says string }{
				{"address", "ip addr del " + addr + " dev eth0", "ip addr add " + addr + " brd + dev eth0", "no interface has the address " + victim.addr},
				{"interface", "ip link set eth0 down", "ip link set eth0 up", "interface eth0 is switched off"},
				{"address and interface", "ip link set eth0 down; ip addr flush dev eth0", "ip addr add " + addr + " brd + dev eth0; ip link set eth0 up", ""},
				{"for a moment", "ip addr del " + addr + " dev eth0", "ip addr add " + addr + " brd + dev eth0", ""},
			} {
				downs, backs := strings.Count(log(), "interface is down"), strings.Count(log(), "interface is back")
				rings := strings.Count(log(), "A new membership")
				l.must(victim, step.down)
				if step.name != "for a moment" {
					for _, h := range others {
						eventually(t, 20*time.Second, quorate(h, tt.profile, "2"))
					}
					eventually(t, 20*time.Second, func() string {
						out, _ := victim.run(env, l.our("corosync-quorumtool"), "-s")
						return says(out, 0, 0, "Nodes:            1", "Quorate:          No")
					})
				}
				for _, tool := range []string{"corosync-cfgtool -s", "corosync-cmapctl", "corosync-quorumtool -l"} {
					words := strings.Fields(tool)
					out, _ := victim.run(env, append([]string{l.our(words[0])}, words[1:]...)...)
					if strings.Contains(out, "127.0.0.1") || out == "" {
						t.Errorf("%s: %s:\n%s", step.name, tool, out)
					}
				}
				begin := time.Now()
				l.must(victim, step.up)
				all()
				took := time.Since(begin)
				eventually(t, 5*time.Second, func() string {
					text := log()
					d, b := strings.Count(text, "interface is down")-downs, strings.Count(text, "interface is back")-backs
					if b != 1 || d != 1 || !strings.Contains(text, step.says) {
						return fmt.Sprintf("%s: down is said %d times, back %d times in\n%s", step.name, d, b, text)
					}
					return ""
				})
				if step.name == "for a moment" && strings.Count(log(), "A new membership") != rings {
					t.Errorf("%s: a new membership", step.name)
				}
				t.Logf("%s: together again %v after it came back", step.name, took.Round(10*time.Millisecond))
			}
			if text := log(); strings.Contains(text, "127.0.0.1") {
				t.Errorf("the log names 127.0.0.1:\n%s", text)
			}
		})
	}
}
