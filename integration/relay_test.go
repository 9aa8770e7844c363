//go:build interop

package integration

import (
	"testing"
	"time"
)

// TestSelfFencing has stonith_admin fence the node that it runs on. That node hands it to
// another, which has it done and tells all: between originals and ours, both ways.
func TestSelfFencing(t *testing.T) {
	original, pacemakerd, admin := real(t, "corosync"), real(t, "pacemakerd"), real(t, "stonith_admin")
	real(t, "fence_dummy")
	if testing.Short() {
		t.Skip("takes minutes")
	}
	for name, ours := range map[string]string{"from the original": ".o", "from ours": "o."} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, 2)
			l.configure("", twoNode)
			env := []string{"GOCOROSYNC_COMPAT=el9"}
			for i, h := range l.hosts {
				if ours[i] == 'o' {
					h.ours("el9")
				} else {
					h.start(nil, original, "-f")
				}
			}
			for i, h := range l.hosts {
				eventually(t, 20*time.Second, func() string {
					out, status := h.run(nil, real(t, "corosync-quorumtool"), "-s")
					return says(out, status, 0, "Quorate:          Yes", "Nodes:            2")
				})
				if ours[i] == 'o' {
					h.start(env, l.our("pacemakerd"))
				} else {
					h.start(nil, pacemakerd, "-f")
				}
			}
			n1, n2 := l.hosts[0], l.hosts[1]
			mon := func(h *host, want ...string) {
				t.Helper()
				eventually(t, 90*time.Second, func() string {
					out, status := h.run(nil, real(t, "crm_mon"), "-1")
					return says(out, status, 0, want...)
				})
			}
			mon(n2, "Online: [ node1 node2 ]")
			l.must(n2, `cibadmin -M -o configuration --allow-create -X '<configuration><resources><primitive id="f" class="stonith" type="fence_dummy"><instance_attributes id="f-i">`+
				`<nvpair id="f-l" name="pcmk_host_list" value="node1 node2"/><nvpair id="f-s" name="status_file" value="/var/log/fence.status"/></instance_attributes></primitive></resources>`+
				`<constraints><rsc_location id="l" rsc="f" node="node2" score="100"/></constraints></configuration>'`)
			mon(n2, "Started node2")
			out, status := n1.run(nil, "timeout", "60", admin, "--reboot", "node1")
			t.Logf("stonith_admin: %d %s", status, out)
			eventually(t, 30*time.Second, func() string {
				out, status := n2.run(nil, admin, "--history", "node1")
				return says(out, status, 0, "reboot of node1 successful: delegate=node2")
			})
			if out, status := n2.run(nil, "cat", "/var/log/fence.status"); says(out, status, 0, "on") != "" {
				t.Errorf("no agent was run: %d %s", status, out)
			}
		})
	}
}
