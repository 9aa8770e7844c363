//go:build interop

package integration

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestIPv6 forms rings with an original over IPv6, either kind first, by unicast
// and by multicast. A node that dies is noticed by both.
func TestIPv6(t *testing.T) {
	peer := thePeer(t)
	for _, transport := range []string{"udpu", "udp"} {
		for _, ring := range []string{"ours peer ours", "peer ours peer"} {
			t.Run(transport+"/"+strings.ReplaceAll(ring, " ", "-"), func(t *testing.T) {
				kinds := strings.Fields(ring)
				l := newLab(t, len(kinds))
				l.configure(peer.totem+" transport: "+transport+"\n ip_version: ipv6\n token: 1000\n", "")
				for i, h := range l.hosts {
					l.must(h, fmt.Sprintf("ip -6 addr add fd77::%d/64 dev eth0 nodad", i+1))
					l.must(h, `sed -i 's/ring0_addr: 10.88.0.\(.*\)/ring0_addr: fd77::\1/' /etc/corosync/corosync.conf`)
				}
				daemons := make([]*daemon, len(kinds))
				for i, h := range l.hosts {
					if kinds[i] == "peer" {
						daemons[i] = peer.start(h)
					} else {
						daemons[i] = h.ours(peer.profile)
					}
				}
				for _, h := range l.hosts {
					eventually(t, 20*time.Second, quorate(h, peer.profile, "3"))
				}
				out, _ := l.hosts[0].run([]string{"GOCOROSYNC_COMPAT=" + peer.profile}, l.our("corosync-cmapctl"))
				for i := range l.hosts {
					if !strings.Contains(out, fmt.Sprintf(".members.%d.ip (str) = r(0) ip(fd77::%d)", i+1, i+1)) {
						t.Errorf("node %d is not in\n%s", i+1, out)
					}
				}
				daemons[2].signal(syscall.SIGKILL)
				for _, h := range l.hosts[:2] {
					eventually(t, 20*time.Second, quorate(h, peer.profile, "2"))
				}
			})
		}
	}
}
