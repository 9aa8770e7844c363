//go:build interop

package integration

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// daily is what an administrator types at a cluster of two nodes with the original
// pcs. A line that begins with "wait " waits until crm_mon shows what follows.
const daily = `
pcs property set stonith-enabled=false no-quorum-policy=ignore
pcs property config
pcs resource defaults update resource-stickiness=100
pcs resource op defaults update timeout=30s
pcs resource create ip ocf:pacemaker:Dummy op monitor interval=10s --wait=30
pcs resource create web ocf:pacemaker:Dummy fake=1 op monitor interval=10s --group g --wait=30
pcs resource group add g ip --before web --wait=30
pcs constraint location g prefers node1=50
pcs status
pcs resource create lone ocf:pacemaker:Dummy meta target-role=Stopped
pcs resource enable lone --wait=30
pcs constraint colocation add lone with g 100
pcs constraint order g then lone kind=Optional
pcs constraint location lone avoids node2=10
pcs constraint location lone rule score=5 '#uname' eq node1
pcs constraint config --full
pcs resource config
pcs resource status
pcs resource move lone node2 --wait=30
pcs resource ban g node1 --wait=30
pcs constraint location
pcs resource clear g --wait=30
wait web (ocf:pacemaker:Dummy): Started node
pcs resource disable lone --wait=30
pcs status resources
pcs resource enable lone --wait=30
pcs resource restart lone
pcs resource update web fake=2 op monitor interval=20s --wait=30
pcs resource meta web migration-threshold=3 failure-timeout=60s
pcs resource op add web monitor interval=60s timeout=15s on-fail=restart
pcs resource op remove web monitor interval=60s timeout=15s on-fail=restart
pcs resource unmanage lone
pcs status
pcs resource manage lone
pcs resource failcount show
pcs resource cleanup
pcs resource cleanup web
pcs resource refresh lone
pcs resource create c ocf:pacemaker:Dummy clone interleave=true --wait=30
pcs resource create p ocf:pacemaker:Stateful promotable promoted-max=1 --wait=30
wait * Promoted: [ node
pcs resource unclone c --wait=30
pcs resource clone c meta clone-max=2 --wait=30
wait * Clone Set: c-clone [c]: * Started: [ node1 node2 ]
pcs node standby node2 --wait=30
pcs status nodes
pcs node unstandby node2 --wait=30
pcs node maintenance node2 --wait=30
pcs node unmaintenance node2 --wait=30
pcs node attribute node1 rack=a
pcs node attribute
pcs node utilization node1 cpu=4
pcs node utilization
pcs quorum status
pcs quorum config
pcs stonith create f fence_dummy pcmk_host_list=node1,node2
pcs stonith level add 1 node1 f
pcs stonith config
pcs stonith level config
pcs stonith level verify
pcs stonith history
pcs stonith status
pcs alert create path=/bin/true id=a
pcs alert recipient add a value=x
pcs alert config
pcs alert remove a
pcs tag create t ip web
pcs tag config
pcs tag remove t
pcs acl role create r description=reads read xpath /cib
pcs acl user create alice r
pcs acl config
pcs acl role delete r --autodelete
pcs cluster cib /run/cib.xml
pcs -f /run/cib.xml resource create filed ocf:pacemaker:Dummy
pcs cluster cib-push /run/cib.xml --wait=30
pcs cluster verify --full
pcs resource relations g
pcs resource relocate dry-run
pcs resource debug-monitor web
pcs status --full
pcs status cluster
pcs resource group remove g ip --wait=30
pcs resource delete filed
pcs resource delete p
pcs resource delete c
pcs resource delete lone
pcs resource delete g
pcs stonith delete f
pcs resource status
pcs property unset no-quorum-policy
pcs property
pcs status
`

// TestDaily types the same at two nodes of the original and at two of ours: texts
// and exit statuses are equal.
func TestDaily(t *testing.T) {
	real(t, "pcs")
	lines := strings.Split(strings.TrimSpace(daily), "\n")
	said := make([][]string, 2)
	t.Run("beside", func(t *testing.T) {
		for i, name := range []string{"original", "ours"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				l := newLab(t, 2)
				l.configure("", twoNode)
				n1 := l.hosts[0]
				for _, h := range l.hosts {
					h.corosync(i == 1)
				}
				for _, h := range l.hosts {
					h.votes(2)
					h.pacemaker(i == 1)
					eventually(t, 60*time.Second, func() string { // the first is the DC
						out, status := n1.run(nil, "crm_mon", "-1")
						return says(out, status, 0, "Current DC: node1", " "+h.name+" ")
					})
				}
				for _, line := range lines {
					if want, is := strings.CutPrefix(line, "wait "); is {
						eventually(t, 30*time.Second, func() string {
							out, status := n1.run(nil, "crm_mon", "-1")
							return says(strings.Join(strings.Fields(out), " "), status, 0, want)
						})
						said[i] = append(said[i], "")
						continue
					}
					out, status := n1.run([]string{"HOME=/root", "LC_ALL=C.UTF-8"}, "timeout", "60", "sh", "-c", line)
					if strings.HasPrefix(line, "pcs resource delete") {
						// The version that our DC names is not that of crm_resource, which says so when
						// it waits, and pcs takes any word of it for leave to tell of constraints.
						out = removed.ReplaceAllString(out, "")
					}
					for _, m := range masks {
						out = m.what.ReplaceAllString(out, m.with)
					}
					said[i] = append(said[i], fmt.Sprintf("%sexit status %d", out, status))
				}
			})
		}
	})
	if t.Failed() || len(said[0]) != len(said[1]) {
		return
	}
	differ := 0
	for i, line := range lines {
		if said[0][i] != said[1][i] {
			differ++
			t.Errorf("%s\noriginal:\n%s\nours:\n%s", line, said[0][i], said[1][i])
		}
	}
	t.Logf("%d lines, %d differ", len(lines), differ)
}

var removed = regexp.MustCompile(`(?m)^Removing Constraint - .*\n`)

// masks hide what differs between two clusters, or two moments.
var masks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`2\.1\.5-[0-9a-z.-]+`), "VERSION"},
	{regexp.MustCompile(`(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} 2[0-9]{3}|20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9:]{8}Z?( [+-][0-9:]+)?`), "DATE"},
	{regexp.MustCompile(`(?m)^  node[12]: (Offline|Unable to authenticate)$`), "  NODE: no pcsd"}, // in the order of threads, and as time allows
	{regexp.MustCompile(`(?m)^(Waiting for|\.\.\. got).*\n`), ""},                                 // how many are still to come
	{regexp.MustCompile(`(Ring ID: +)\S+`), "${1}RING"},
	{regexp.MustCompile(`(last-lrm-refresh: )[0-9]+`), "${1}TIME"},
	{regexp.MustCompile(`(exec-time|queue-time|exec|queued)=("?)[0-9.]+(ms|s)?`), "${1}=${2}N"},
}
