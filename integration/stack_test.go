//go:build interop

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestStack: unmodified pacemaker on three nodes, on our corosync everywhere or
// beside corosync 3 on one. A resource is started, its node dies, the resource
// fails over, the node comes back.
func TestStack(t *testing.T) {
	pacemakerd := real(t, "pacemakerd")
	original := real(t, "corosync")
	if testing.Short() {
		t.Skip("takes minutes")
	}
	for _, tt := range []struct {
		name  string
		first bool // node1 runs corosync 3
	}{{"ours", false}, {"mixed", true}} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t, 3)
			l.configure("", "")
			boot := func(h *host) {
				if tt.first && h == l.hosts[0] {
					h.start(nil, original, "-f")
				} else {
					h.ours("el9")
				}
				eventually(t, 20*time.Second, func() string {
					out, status := h.run(nil, real(t, "corosync-cpgtool"))
					return says(out, status, 0)
				})
				h.start(nil, pacemakerd, "-f")
			}
			// all waits until every node that is up shows the same cluster.
			all := func(what string, within time.Duration, up []*host, want ...string) {
				t.Helper()
				begin := time.Now()
				for _, h := range up {
					eventually(t, within, func() string {
						out, status := h.run(nil, real(t, "crm_mon"), "-1")
						return says(out, status, 0, append(want, "partition with quorum")...)
					})
				}
				t.Logf("%s: %v", what, time.Since(begin).Round(10*time.Millisecond))
			}
			n1, n2, n3 := l.hosts[0], l.hosts[1], l.hosts[2]
			for _, h := range l.hosts {
				boot(h)
			}
			all("all online", 60*time.Second, l.hosts, "Online: [ node1 node2 node3 ]")
			for _, line := range []string{
				`crm_attribute -n stonith-enabled -v false`,
				`cibadmin -C -o resources -X '<primitive id="r" class="ocf" provider="pacemaker" type="Dummy"><operations><op id="r-m" name="monitor" interval="2s"/></operations></primitive>'`,
				`cibadmin -C -o constraints -X '<rsc_location id="l" rsc="r" node="node1" score="100"/>'`,
			} {
				l.must(n2, line)
			}
			all("started", 30*time.Second, l.hosts, "Started node1")

			n1.dies()
			all("failed over", 60*time.Second, []*host{n2, n3}, "Online: [ node2 node3 ]", "OFFLINE: [ node1 ]", "Started node")
			boot(n1)
			all("back", 60*time.Second, l.hosts, "Online: [ node1 node2 node3 ]", "Started node1")

			// The same with whichever node is the DC.
			dc := l.designated(t, n1)
			var others []*host
			for _, h := range l.hosts {
				if h != dc {
					others = append(others, h)
				}
			}
			dc.dies()
			all("the DC died", 60*time.Second, others, "OFFLINE: [ "+dc.name+" ]", "Started node")
			boot(dc)
			all("it is back", 60*time.Second, l.hosts, "Online: [ node1 node2 node3 ]", "Started node1")
			for _, h := range l.hosts {
				out, status := h.run(nil, real(t, "crm_mon"), "-1fo")
				if why := says(out, status, 0); why != "" || strings.Contains(out, "Failed") {
					t.Errorf("%s: %s\n%s", h.name, why, out)
				}
			}
		})
	}
}

// corosync starts our corosync of el9 in a host, or the original.
func (h *host) corosync(ours bool) *daemon {
	h.l.t.Helper()
	if ours {
		return h.ours("el9")
	}
	return h.start(nil, real(h.l.t, "corosync"), "-f")
}

// pacemaker starts our pacemakerd of el9 in a host, or the original.
func (h *host) pacemaker(ours bool) *daemon {
	h.l.t.Helper()
	if ours {
		return h.start([]string{"GOCOROSYNC_COMPAT=el9"}, h.l.our("pacemakerd"))
	}
	return h.start(nil, real(h.l.t, "pacemakerd"), "-f")
}

// votes waits until the original corosync-quorumtool shows a quorate ring of so many
// nodes.
func (h *host) votes(nodes int) {
	h.l.t.Helper()
	eventually(h.l.t, 20*time.Second, func() string {
		out, status := h.run(nil, real(h.l.t, "corosync-quorumtool"), "-s")
		return says(out, status, 0, "Quorate:          Yes", fmt.Sprintf("Nodes:            %d", nodes))
	})
}

// dies ends everything that runs in a host, as a power cut does.
func (h *host) dies() { h.run(nil, "sh", "-c", "kill -9 -1") }

// designated is the host that crm_mon names as the DC.
func (l *lab) designated(t *testing.T, ask *host) *host {
	t.Helper()
	out, _ := ask.run(nil, real(t, "crm_mon"), "-1")
	for _, h := range l.hosts {
		if strings.Contains(out, fmt.Sprintf("Current DC: %s ", h.name)) {
			return h
		}
	}
	t.Fatalf("no DC in:\n%s", out)
	return nil
}
