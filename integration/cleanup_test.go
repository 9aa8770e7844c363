//go:build interop

package integration

import (
	"testing"
	"time"
)

// TestCleanup: beside an original attribute manager, a fail count that is
// cleared at either node is gone at both, and from the CIB.
func TestCleanup(t *testing.T) {
	l := newLab(t, 2)
	l.configure("", twoNode)
	n1, n2 := l.hosts[0], l.hosts[1]
	n1.corosync(false)
	n2.corosync(true)
	n1.votes(2)
	n2.votes(2)
	n1.pacemaker(false)
	n2.pacemaker(true)
	for _, h := range l.hosts {
		eventually(t, 60*time.Second, func() string {
			out, status := h.run(nil, real(t, "crm_mon"), "-1")
			return says(out, status, 0, "Online: [ node1 node2 ]")
		})
	}
	l.must(n1, `crm_attribute -n stonith-enabled -v false`)
	l.must(n1, `cibadmin -C -o resources -X '<primitive id="r" class="ocf" provider="pacemaker" type="Dummy"/>'`)
	counts := func(want string) {
		t.Helper()
		for _, h := range l.hosts {
			for _, of := range l.hosts {
				eventually(t, 10*time.Second, func() string {
					out, status := h.run(nil, "crm_failcount", "-G", "-r", "r", "-N", of.name)
					return says(out, status, 0, "value="+want)
				})
			}
			eventually(t, 10*time.Second, func() string {
				out, status := h.run(nil, "cibadmin", "-Ql", "-o", "status")
				if want == "0" {
					if why := says(out, status, 0, "fail-count-r"); why == "" {
						return "the CIB still has it: " + out
					}
					return ""
				}
				return says(out, status, 0, `name="fail-count-r#monitor_10000" value="`+want+`"`)
			})
		}
	}
	for _, at := range l.hosts {
		for _, clear := range []string{"crm_failcount -D -r r -N node1 && crm_failcount -D -r r -N node2", "crm_resource --cleanup -r r", "crm_resource --refresh -r r"} {
			for _, of := range l.hosts {
				l.must(at, "attrd_updater -n 'fail-count-r#monitor_10000' -U 3 -N "+of.name+" && attrd_updater -n 'last-failure-r#monitor_10000' -U 1764500000 -N "+of.name)
			}
			counts("3")
			l.must(at, "timeout 30 sh -c '"+clear+"'")
			counts("0")
		}
	}
}
