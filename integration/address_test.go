//go:build interop

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestChangedAddress gives a node another address, as DHCP does. With
// bindnetaddr a network and no nodelist, which transport udp allows, it is taken:
// the node leaves the ring alone and comes back under its new name, whichever
// comes first, the new address or the end of the old one.
func TestChangedAddress(t *testing.T) {
	l := newLab(t, 3)
	l.configure(" secauth: off\n transport: udp\n", " expected_votes: 3\n")
	for i, h := range l.hosts {
		l.must(h, fmt.Sprintf(`sed -i -e '/^nodelist/,/^}/d' -e 's/^ cluster_name.*/&\n nodeid: %d\n interface {\n  ringnumber: 0\n  bindnetaddr: 10.88.0.0\n  mcastport: 5405\n }/' /etc/corosync/corosync.conf`, i+1))
	}
	for _, h := range l.hosts {
		h.ours("el7")
	}
	all := func(want string) {
		t.Helper()
		for _, h := range l.hosts {
			eventually(t, 20*time.Second, quorate(h, "el7", "3"))
			eventually(t, 5*time.Second, func() string {
				out, exit := h.run([]string{"GOCOROSYNC_COMPAT=el7"}, l.our("corosync-cmapctl"), "runtime.totem.pg.mrp.srp.members.3.ip")
				return says(out, exit, 0, "r(0) ip("+want+") ")
			})
		}
	}
	victim := l.hosts[2]
	all(victim.addr)
	for _, step := range []struct{ name, change, want string }{
		{"removed, then another", "ip addr del 10.88.0.3/24 dev eth0; ip addr add 10.88.0.33/24 brd + dev eth0", "10.88.0.33"},
		{"another, then removed", "ip addr add 10.88.0.34/24 brd + dev eth0; ip addr del 10.88.0.33/24 dev eth0; ip addr add 10.88.0.34/24 brd + dev eth0", "10.88.0.34"},
		{"after a while", "ip addr flush dev eth0; sleep 3; ip addr add 10.88.0.3/24 brd + dev eth0", "10.88.0.3"},
	} {
		begin := time.Now()
		_, _ = victim.run(nil, "sh", "-c", step.change) // the kernel may take a second address away with the first
		all(step.want)
		t.Logf("%s: together again after %v", step.name, time.Since(begin).Round(10*time.Millisecond))
		l.must(victim, "test -s /var/lib/corosync/ringid_"+step.want)
		out, exit := victim.run([]string{"GOCOROSYNC_COMPAT=el7"}, l.our("corosync-cfgtool"), "-s")
		if why := says(out, exit, 0, "id\t= "+step.want); why != "" {
			t.Errorf("%s: %s", step.name, why)
		}
	}
	if out, _ := victim.run(nil, "cat", "/var/log/corosync.log"); strings.Contains(out, "127.0.0.1") {
		t.Errorf("the log names 127.0.0.1:\n%s", out)
	}
}
