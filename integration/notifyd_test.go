//go:build interop

package integration

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNotifyd runs the original corosync-notifyd and ours side by side, on
// corosync 3 and on our daemon: they report the same.
func TestNotifyd(t *testing.T) {
	original := real(t, "corosync-notifyd")
	daemon3 := real(t, "corosync")
	for _, kind := range []string{"corosync 3", "ours"} {
		t.Run(kind, func(t *testing.T) {
			l := newLab(t, 2)
			l.configure(" token: 1000\n", "")
			boot := func(h *host) *daemon {
				if kind == "ours" {
					return h.ours("el9")
				}
				return h.start(nil, daemon3, "-f")
			}
			h := l.hosts[0]
			env := []string{"GOCOROSYNC_COMPAT=el9"}
			first := boot(h)
			eventually(t, 20*time.Second, func() string {
				out, status := h.run(nil, real(t, "corosync-quorumtool"), "-s")
				return says(out, status, 2, "Nodes:            1")
			})
			files := []string{"/run/theirs", "/run/ours", "/run/ours.n", "/run/theirs.n"}
			var runs []*daemon
			for i, cmd := range []string{original + " -f -o", l.our("corosync-notifyd") + " -f -o", l.our("corosync-notifyd") + " -fno", original + " -nfo"} {
				runs = append(runs, h.start(env, "sh", "-c", fmt.Sprintf("%s >%s.out 2>%s; echo $? >%s.status", cmd, files[i], files[i], files[i])))
			}
			// All of them have seen this one come and go.
			seen := func(file, what string) func() string {
				return func() string {
					h.run(nil, real(t, "corosync-cpgtool"))
					out, _ := h.run(nil, "cat", file)
					return says(out, 0, 0, what)
				}
			}
			for _, f := range files {
				eventually(t, 20*time.Second, seen(f, "corosync-cpgtoo is now disconnected from corosync"))
			}
			h.run(nil, "sh", "-c", "echo mark >/run/mark")
			second := boot(l.hosts[1])
			for _, f := range files {
				eventually(t, 20*time.Second, seen(f, "[2] ip:10.88.0.2 joined"))
			}
			second.signal(syscall.SIGKILL)
			for _, f := range files {
				eventually(t, 20*time.Second, seen(f, "has lost quorum"))
			}
			if status := first.stop(); status != 0 {
				t.Errorf("exit status %d", status)
			}
			for _, r := range runs {
				<-r.done
			}
			said := make(map[string]string)
			for _, f := range files {
				out, _ := h.run(nil, "sh", "-c", "cat "+f+"; cat "+f+".status; cat "+f+".out")
				said[f] = told(out)
			}
			if said[files[0]] != said[files[1]] {
				t.Errorf("ours:\n%s\nand the original:\n%s", said[files[1]], said[files[0]])
			}
			if said[files[3]] != said[files[2]] {
				t.Errorf("-n, ours:\n%s\nand the original:\n%s", said[files[2]], said[files[3]])
			}
			if !strings.Contains(said[files[0]], "node1[1] is now quorate\n") {
				t.Errorf("%q", said)
			}
			// Without a daemon and with wrong options.
			for _, args := range []string{"-f", "-h", "-z", "-c", "-lo", "-fo", "x -f", "-f -l"} {
				ours, s1 := h.run(env, append([]string{l.our("corosync-notifyd")}, strings.Fields(args)...)...)
				theirs, s2 := h.run(nil, append([]string{original}, strings.Fields(args)...)...)
				theirs = strings.ReplaceAll(theirs, original+":", "corosync-notifyd:")
				if told(ours) != told(theirs) || s1 != s2 {
					t.Errorf("%s: %d\n%s\nand the original: %d\n%s", args, s1, ours, s2, theirs)
				}
			}
		})
	}
}

// told is what a notifyd reports, in one order: it has several connections.
func told(out string) string {
	var kept []string
	for line := range strings.Lines(strings.Replace(out, "dispatch quorum events", "dispatch cmap events", 1)) {
		// What comes from libqb; and what each sees only of the others.
		if !strings.HasPrefix(line, "[debug]") && !strings.Contains(line, "is now connected") && !strings.Contains(line, "is now disconnected") {
			kept = append(kept, line)
		}
	}
	slices.Sort(kept)
	return strings.Join(kept, "")
}
