//go:build interop

package integration

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// twoNode is what a cluster of two is made with.
const twoNode = " two_node: 1\n"

func quorate(h *host, profile string, nodes string) func() string {
	return func() string {
		out, status := h.run([]string{"GOCOROSYNC_COMPAT=" + profile}, h.l.our("corosync-quorumtool"), "-s")
		want := 0
		if profile == "el7" {
			want = 1 // what corosync 2's tool returns when quorate
		}
		return says(out, status, want, "Nodes:            "+nodes, "Quorate:          Yes")
	}
}

// TestOurRing: two of our daemons form a ring, and the unmodified tools of
// corosync 3 find what they look for in either profile.
func TestOurRing(t *testing.T) {
	for _, profile := range []string{"el7", "el9"} {
		t.Run(profile, func(t *testing.T) {
			l := newLab(t, 2)
			l.configure(" secauth: off\n", twoNode)
			daemons := []*daemon{l.hosts[0].ours(profile), l.hosts[1].ours(profile)}
			for _, h := range l.hosts {
				eventually(t, 15*time.Second, quorate(h, profile, "2"))
			}
			h := l.hosts[0]
			members := "runtime.totem.pg.mrp.srp.members"
			if profile == "el9" {
				members = "runtime.members"
			}
			for _, c := range []struct {
				args   string
				status int
				want   []string
			}{
				{"corosync-quorumtool -s", 0, []string{"Ring ID:          1.", "Flags:            2Node Quorate WaitForAll", "         2          1 "}},
				{"corosync-cfgtool -s", 0, []string{"Local node ID 1, transport udpu", "nodeid:          2:\tconnected"}},
				{"corosync-cmapctl " + members, 0, []string{members + ".2.status (str) = joined", "r(0) ip(10.88.0.2) "}},
				{"corosync-cmapctl -m stats stats.srp", 0, []string{"stats.srp.orf_token_rx (u64) = "}},
				{"corosync-cmapctl -g totem.cluster_name", 0, []string{"totem.cluster_name (str) = lab"}},
				{"corosync-cmapctl -s totem.version u32 3", 1, []string{"CS_ERR_ACCESS"}},
				{"corosync-cpgtool -n", 0, nil},
			} {
				words := strings.Fields(c.args)
				words[0] = real(t, words[0])
				out, status := h.run(nil, words...)
				if why := says(out, status, c.status, c.want...); why != "" {
					t.Errorf("%s: %s", c.args, why)
				}
			}
			// An orderly stop is noticed at once, a crash after the token.
			if status := daemons[1].stop(); status != 0 {
				t.Errorf("exit status %d", status)
			}
			eventually(t, time.Second, quorate(h, profile, "1"))
			again := l.hosts[1].ours(profile)
			eventually(t, 15*time.Second, quorate(h, profile, "2"))
			again.signal(syscall.SIGKILL)
			eventually(t, 15*time.Second, quorate(h, profile, "1"))
		})
	}
}

// TestMixedRing: one of our daemons and one of corosync 3 form a ring; each
// side sees the processes of the other.
func TestMixedRing(t *testing.T) {
	peer := thePeer(t)
	l := newLab(t, 2)
	l.configure(peer.totem, twoNode)
	peer.start(l.hosts[0])
	l.hosts[1].ours(peer.profile)
	for _, h := range l.hosts {
		eventually(t, 20*time.Second, quorate(h, peer.profile, "2"))
	}
	if peer.profile != "el9" {
		return // its cfgtool has no list of nodes
	}
	for _, h := range l.hosts {
		for _, tool := range []string{l.our("corosync-cfgtool"), real(t, "corosync-cfgtool")} {
			out, status := h.run([]string{"GOCOROSYNC_COMPAT=el9"}, tool, "-s")
			if why := says(out, status, 0, "connected", "localhost"); why != "" {
				t.Errorf("%s %s: %s", h.name, tool, why)
			}
		}
	}
}

// TestForeignGeneration: nodes of different generations do not form a ring, and
// each says what it heard.
func TestForeignGeneration(t *testing.T) {
	l := newLab(t, 2)
	l.configure(" secauth: off\n", twoNode)
	l.hosts[0].ours("el7")
	l.hosts[1].ours("el9")
	for _, h := range l.hosts {
		eventually(t, 10*time.Second, func() string {
			out, _ := h.run(nil, "cat", "/var/log/corosync.log")
			return says(out, 0, 0, "node of another corosync generation heard")
		})
	}
}

// TestPacemaker: unmodified pacemaker runs on our daemons and elects a DC.
func TestPacemaker(t *testing.T) {
	pacemakerd := real(t, "pacemakerd")
	mon := real(t, "crm_mon")
	if testing.Short() {
		t.Skip("takes 40 s")
	}
	l := newLab(t, 2)
	l.configure(" secauth: off\n", twoNode)
	for _, h := range l.hosts {
		h.ours("el7")
	}
	for _, h := range l.hosts {
		eventually(t, 15*time.Second, quorate(h, "el7", "2"))
		h.start(nil, pacemakerd, "-f")
	}
	for _, h := range l.hosts {
		eventually(t, 60*time.Second, func() string {
			out, status := h.run(nil, mon, "-1")
			return says(out, status, 0, "Online: [ node1 node2 ]", "partition with quorum")
		})
	}
}

// TestMulticastRing: transport udp, ours alone in profile el7 without a
// nodelist, and mixed with corosync 3.
func TestMulticastRing(t *testing.T) {
	t.Run("el7 without nodelist", func(t *testing.T) {
		l := newLab(t, 2)
		for _, h := range l.hosts {
			h.write("/etc/corosync/corosync.conf", `totem {
 version: 2
 secauth: off
 cluster_name: lab
 transport: udp
 interface {
  ringnumber: 0
  bindnetaddr: 10.88.0.0
 }
}
quorum {
 provider: corosync_votequorum
 expected_votes: 2
}
logging {
 to_syslog: no
 to_logfile: yes
 logfile: /var/log/corosync.log
 timestamp: on
}
`)
			h.ours("el7")
		}
		for _, h := range l.hosts {
			eventually(t, 15*time.Second, quorate(h, "el7", "2"))
		}
	})
	t.Run("mixed", func(t *testing.T) {
		peer := thePeer(t)
		l := newLab(t, 2)
		l.configure(peer.totem+" transport: udp\n", twoNode)
		peer.start(l.hosts[0])
		l.hosts[1].ours(peer.profile)
		for _, h := range l.hosts {
			eventually(t, 20*time.Second, quorate(h, peer.profile, "2"))
		}
	})
}
