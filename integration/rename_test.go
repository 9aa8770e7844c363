//go:build interop

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestRenamedNode gives a node of a nodelist without ids another name while the
// cluster is down, and then takes a node that has left out of it: what the CIB and
// the tools make of it is what they make of it with the original. (The original
// lists a node that was taken out as lost again, while corosync's nodelist has it.)
func TestRenamedNode(t *testing.T) {
	corosync, pacemakerd := real(t, "corosync"), real(t, "pacemakerd")
	l := newLab(t, 4)
	original, ours := idPairs(l)
	pairs := []*idPair{original, ours}
	daemons := make([][]*daemon, 2) // corosync and pacemakerd of the hosts of a pair
	start := func(second string) {
		t.Helper()
		for i, p := range pairs {
			p.configure("", "ring0_addr: ADDR0\nname: one\n", "ring0_addr: ADDR1\nname: "+second+"\n")
			daemons[i] = nil
			for _, h := range p.hosts {
				if p == original {
					daemons[i] = append(daemons[i], h.start(nil, corosync, "-f"))
				} else {
					daemons[i] = append(daemons[i], h.ours("el9"))
				}
			}
		}
		for i, p := range pairs {
			p.await(t)
			for _, h := range p.hosts {
				if p == original {
					daemons[i] = append(daemons[i], h.start(nil, pacemakerd, "-f"))
				} else {
					daemons[i] = append(daemons[i], h.start([]string{"GOCOROSYNC_COMPAT=el9"}, l.our("pacemakerd")))
				}
			}
		}
		for _, p := range pairs {
			eventually(t, 90*time.Second, func() string {
				out, status := p.hosts[0].run(nil, "crm_mon", "-1")
				if strings.Contains(out, "pending") {
					return out
				}
				return says(out, status, 0, "Online: [", "one", second)
			})
		}
		time.Sleep(2 * time.Second)
	}
	said := make([]string, 2)
	ask := func(when string, lines ...string) {
		for i, p := range pairs {
			said[i] += fmt.Sprintf("== %s\n", when) + p.asks(append(lines, "cibadmin -Q -o nodes | sort", "cibadmin -Q -o status | grep -o '<node_state id=.[0-9]*. uname=[^ ]*' | sort", "crm_node -l | grep member | sort", "crm_node -p", "crm_node -i",
				"crm_mon -1 | grep -i 'line:\\|configured'", "crm_attribute -N two -n standby -G; crm_attribute -N due -n standby -G")...)
		}
	}
	start("two")
	ask("start", "crm_attribute -N two -n standby -v off", "crm_attribute -N two -n kind -v blue", "crm_attribute -N one -n kind -v red")
	for i := range pairs {
		for _, d := range daemons[i][2:] {
			d.stop()
		}
		for _, d := range daemons[i][:2] {
			d.stop()
		}
	}
	start("due")
	ask("renamed")
	for i := range pairs {
		daemons[i][3].stop()
		daemons[i][1].stop()
	}
	time.Sleep(3 * time.Second)
	ask("one has left", "crm_node -l | sort")
	ask("the old name taken out", "crm_node --force -R two")
	ask("the new name taken out", "crm_node --force -R due", "sleep 2")
	ask("the own name", "crm_node --force -R one", "crm_node -N 7", "crm_node -R nobody --force", "crm_node -q")
	if said[0] != said[1] {
		t.Errorf("original:\n%s\nours:\n%s", said[0], said[1])
	}
}
