//go:build interop

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestRedundantRings: with a second network in rrp_mode passive or active the
// ring survives the loss of one, names it, and takes it into use again.
func TestRedundantRings(t *testing.T) {
	for _, mode := range []string{"passive", "active"} {
		t.Run(mode, func(t *testing.T) {
			l := newLab(t, 2)
			l.configure(" secauth: off\n rrp_mode: "+mode+"\n", twoNode)
			for i, h := range l.hosts {
				if err := h.AddLink("eth1", fmt.Sprintf("10.89.0.%d/24", i+1)); err != nil {
					t.Fatal(err)
				}
				l.must(h, `sed -i 's/ring0_addr: 10.88.0.\(.*\)/&\n ring1_addr: 10.89.0.\1/' /etc/corosync/corosync.conf`)
			}
			for _, h := range l.hosts {
				h.ours("el7")
			}
			h := l.hosts[0]
			env := []string{"GOCOROSYNC_COMPAT=el7"}
			for _, h := range l.hosts {
				eventually(t, 15*time.Second, quorate(h, "el7", "2"))
			}
			status := func() (string, int) { return h.run(env, l.our("corosync-cfgtool"), "-s") }
			out, exit := status()
			if why := says(out, exit, 0, "ring 0 active with no faults", "RING ID 1\n\tid\t= 10.89.0.1\n\tstatus\t= ring 1 active with no faults"); why != "" {
				t.Error(why)
			}
			out, _ = h.run(env, l.our("corosync-cmapctl"), "runtime.totem.pg.mrp.srp.members.2.ip")
			if !strings.Contains(out, "r(0) ip(10.88.0.2) r(1) ip(10.89.0.2) ") {
				t.Error(out)
			}
			if err := l.hosts[1].Plug("eth1", false); err != nil {
				t.Fatal(err)
			}
			eventually(t, 20*time.Second, func() string {
				out, exit := status()
				return says(out, exit, 1, "Marking ringid 1 interface 10.89.0.1 FAULTY")
			})
			if why := quorate(h, "el7", "2")(); why != "" {
				t.Error("lost the ring: ", why)
			}
			if err := l.hosts[1].Plug("eth1", true); err != nil {
				t.Fatal(err)
			}
			eventually(t, 20*time.Second, func() string {
				out, exit := status()
				return says(out, exit, 0, "ring 1 active with no faults")
			})
		})
	}
}
