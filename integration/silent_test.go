//go:build interop

package integration

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSilentDaemons stops (SIGSTOP) the daemons of a node: every tool gives up
// after 30 s, says so, and does not end with 0.
func TestSilentDaemons(t *testing.T) {
	l := newLab(t, 1)
	l.configure("", "provider: corosync_votequorum\n expected_votes: 1\n")
	h := l.hosts[0]
	env, _ := h.ourStack("el9")
	eventually(t, 15*time.Second, func() string {
		out, status := h.run(env, l.our("cibadmin"), "-Q")
		return says(out, status, 0)
	})
	h.run(nil, "sh", "-c", "kill -STOP -1")
	var all sync.WaitGroup
	for _, tool := range []string{"crmadmin -D", "crmadmin -S node1", "crmadmin -P", "crmadmin -N", "crm_node -l", "cibadmin -Q", "cibadmin -B", "crm_mon -1",
		"crm_attribute -n x -G", "crm_standby -N node1 -v on", "crm_verify -L", "attrd_updater -n x -Q", "pcs resource show",
		"corosync-cfgtool -s", "corosync-cfgtool -R", "corosync-cmapctl", "corosync-quorumtool -s", "corosync-cpgtool"} {
		all.Go(func() {
			args := strings.Fields(tool)
			start := time.Now()
			out, status := h.run(env, append([]string{l.our(args[0])}, args[1:]...)...)
			if took := time.Since(start); status == 0 || took > 45*time.Second || strings.TrimSpace(out) == "" {
				t.Errorf("%s: %d after %v: %s", tool, status, took, out)
			} else {
				t.Logf("%s: %d after %v: %s", tool, status, took.Round(time.Second), out)
			}
		})
	}
	all.Wait()
}
