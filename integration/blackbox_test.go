//go:build interop

package integration

import (
	"strings"
	"testing"
	"time"
)

// TestBlackbox: the original corosync-blackbox and ours, on corosync 3 and on
// our daemon, print the same flight recorder.
func TestBlackbox(t *testing.T) {
	original, daemon3 := real(t, "corosync-blackbox"), real(t, "corosync")
	real(t, "qb-blackbox")
	env := []string{"GOCOROSYNC_COMPAT=el9"}
	for _, kind := range []string{"corosync 3", "ours"} {
		t.Run(kind, func(t *testing.T) {
			l := newLab(t, 1)
			l.configure("", "")
			h := l.hosts[0]
			if kind == "ours" {
				h.ours("el9")
			} else {
				h.start(nil, daemon3, "-f")
			}
			eventually(t, 20*time.Second, quorate(h, "el9", "1"))
			for _, cmd := range []string{original, l.our("corosync-blackbox")} {
				h.run(nil, "sh", "-c", "rm -f /var/lib/corosync/fdata*")
				// Within one second nothing changes for the daemon.
				eventually(t, 10*time.Second, func() string {
					said, status := h.run(env, cmd)
					return says(said, status, 0, "Dumping the contents of /var/lib/corosync/fdata\nRingbuffer: \n ->NORMAL\n",
						"A new membership (1.5) was formed. Members joined: 1", "debug   ")
				})
				// Both programs on this file.
				theirs, _ := h.run(nil, "sh", "-c", "qb-blackbox /var/lib/corosync/fdata 2>/dev/null")
				ours, _ := h.run(env, l.our("corosync-blackbox"), "/var/lib/corosync/fdata")
				if lines := differing(ours, theirs); len(lines) > 0 {
					t.Errorf("%s: ours differs from qb-blackbox:\n%s", cmd, strings.Join(lines, "\n"))
				}
			}
		})
	}
}

// differing are the lines of two outputs that are not the same, but for the one
// in which libqb prints "%%" with what was in its buffer before.
func differing(ours, theirs string) (lines []string) {
	a, b := strings.Split(ours, "\n"), strings.Split(theirs, "\n")
	if len(a) != len(b) {
		return []string{"their numbers of lines"}
	}
	for i := range a {
		if a[i] != b[i] && !strings.Contains(a[i], "% of Token Timeout") {
			lines = append(lines, a[i]+"\n"+b[i])
		}
	}
	return lines
}
