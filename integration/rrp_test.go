//go:build interop

package integration

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestRedundantRings: with a second network in rrp_mode passive or active the
// ring survives the loss of one, names it, and takes it into use again. Beside an
// original of corosync 2 (see peerEnv) each kind of daemon sees that of the other;
// later ones know redundant rings by knet only.
func TestRedundantRings(t *testing.T) {
	rings := []string{"ours ours"}
	var p peer
	if os.Getenv(peerEnv) != "" {
		if p = thePeer(t); p.profile == "el7" {
			rings = append(rings, "ours peer", "peer ours")
		}
	}
	for _, mode := range []string{"passive", "active"} {
		for _, ring := range rings {
			t.Run(mode+"/"+strings.ReplaceAll(ring, " ", "-"), func(t *testing.T) { redundant(t, mode, p, strings.Fields(ring)) })
		}
	}
}

func redundant(t *testing.T, mode string, p peer, kinds []string) {
	l := newLab(t, 2)
	l.configure(" secauth: off\n rrp_mode: "+mode+"\n", twoNode)
	for i, h := range l.hosts {
		if err := h.AddLink("eth1", fmt.Sprintf("10.89.0.%d/24", i+1)); err != nil {
			t.Fatal(err)
		}
		l.must(h, `sed -i 's/ring0_addr: 10.88.0.\(.*\)/&\n ring1_addr: 10.89.0.\1/' /etc/corosync/corosync.conf`)
	}
	tool := func(i int, args ...string) (string, int) {
		if kinds[i] == "peer" {
			return p.tool(l.hosts[i], args...)
		}
		return l.hosts[i].run([]string{"GOCOROSYNC_COMPAT=el7"}, append([]string{l.our(args[0])}, args[1:]...)...)
	}
	quorate := func(i int) func() string {
		return func() string {
			out, exit := tool(i, "corosync-quorumtool", "-s")
			return says(out, exit, 1, "Nodes:            2", "Quorate:          Yes") // 1 is yes in 2.4
		}
	}
	for i, h := range l.hosts {
		if kinds[i] == "peer" {
			p.start(h)
		} else {
			h.ours("el7")
		}
	}
	for i := range l.hosts {
		eventually(t, 15*time.Second, quorate(i))
		eventually(t, 10*time.Second, func() string {
			out, exit := tool(i, "corosync-cfgtool", "-s")
			return says(out, exit, 0, "ring 0 active with no faults", fmt.Sprintf("RING ID 1\n\tid\t= 10.89.0.%d\n\tstatus\t= ring 1 active with no faults", i+1))
		})
		for j := range l.hosts {
			out, _ := tool(i, "corosync-cmapctl", fmt.Sprintf("runtime.totem.pg.mrp.srp.members.%d.ip", j+1))
			if !strings.Contains(out, fmt.Sprintf("r(0) ip(10.88.0.%d) r(1) ip(10.89.0.%d) ", j+1, j+1)) {
				t.Error(out)
			}
		}
	}
	for _, lost := range []int{1, 0} {
		iface := fmt.Sprintf("eth%d", lost)
		if err := l.hosts[1].Plug(iface, false); err != nil {
			t.Fatal(err)
		}
		eventually(t, 20*time.Second, func() string {
			out, exit := tool(0, "corosync-cfgtool", "-s")
			seqid := ""
			if mode == "active" {
				seqid = "Marking seqid "
			}
			return says(out, exit, 1, "Marking ", seqid, fmt.Sprintf("ringid %d interface 10.%d.0.1 FAULTY", lost, 88+lost))
		})
		for i := range l.hosts {
			if why := quorate(i)(); why != "" {
				t.Errorf("node %d lost the ring with %s: %s", i+1, iface, why)
			}
		}
		if err := l.hosts[1].Plug(iface, true); err != nil {
			t.Fatal(err)
		}
		for i := range l.hosts {
			eventually(t, 20*time.Second, func() string {
				out, exit := tool(i, "corosync-cfgtool", "-s")
				return says(out, exit, 0, "ring 0 active with no faults", "ring 1 active with no faults")
			})
		}
	}
}
