//go:build interop

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestSecauth: with a key and corosync 2's default crypto a ring forms, and a
// node with another key stays alone and says why.
func TestSecauth(t *testing.T) {
	l := newLab(t, 3)
	l.configure("", "")
	if out, status := l.hosts[0].run([]string{"GOCOROSYNC_COMPAT=el7"}, l.our("corosync-keygen")); status != 0 {
		t.Fatal(out)
	}
	key, _ := l.hosts[0].run(nil, "base64", "/etc/corosync/authkey")
	put := func(h *host, text string) {
		h.write("/etc/corosync/key64", text)
		l.must(h, "base64 -d /etc/corosync/key64 >/etc/corosync/authkey; chmod 400 /etc/corosync/authkey")
	}
	put(l.hosts[1], key)
	put(l.hosts[2], strings.Replace(key, key[:4], "AAAA", 1))
	for _, h := range l.hosts {
		h.ours("el7")
	}
	for _, h := range l.hosts[:2] {
		eventually(t, 15*time.Second, quorate(h, "el7", "2"))
	}
	eventually(t, 15*time.Second, func() string {
		out, _ := l.hosts[2].run(nil, "cat", "/var/log/corosync.log")
		return says(out, 0, 0, "another key or other crypto settings", "Members[1]: 3")
	})
}

// TestReload: what corosync-cfgtool -R says and does with good and bad files,
// and that a node that is added takes part. Spec: corosync-conf.md 6.
func TestReload(t *testing.T) {
	for _, tt := range []struct {
		profile            string
		syntax, value      int // exit statuses
		syntaxOut, badText string
	}{
		{"el7", 2, 0, "Error CS_ERR_LIBRARY", "Done"},
		{"el9", 7, 7, "Error CS_ERR_INVALID_PARAM", "Error CS_ERR_INVALID_PARAM"},
	} {
		t.Run(tt.profile, func(t *testing.T) {
			l := newLab(t, 3)
			all := l.hosts
			l.hosts = all[:2]
			l.configure(" secauth: off\n", "")
			for _, h := range l.hosts {
				h.ours(tt.profile)
			}
			for _, h := range l.hosts {
				eventually(t, 15*time.Second, quorate(h, tt.profile, "2"))
			}
			h := l.hosts[0]
			env := []string{"GOCOROSYNC_COMPAT=" + tt.profile}
			reload := func() (string, int) { return h.run(env, l.our("corosync-cfgtool"), "-R") }
			token := func() string {
				out, _ := h.run(env, l.our("corosync-cmapctl"), "-g", "runtime.config.totem.token")
				return strings.TrimSpace(out)
			}
			before := token()
			l.configure(" secauth: off\n}\n", "")
			out, status := reload()
			if why := says(out, status, tt.syntax, tt.syntaxOut); why != "" {
				t.Error("syntax error: ", why)
			}
			l.configure(" secauth: off\n token: 5\n", "")
			out, status = reload()
			if why := says(out, status, tt.value, tt.badText); why != "" {
				t.Error("bad value: ", why)
			}
			if got := token(); got != before {
				t.Errorf("%s after a bad reload, %s before", got, before)
			}
			// A third node: everybody reloads, it starts, and all are quorate.
			l.hosts = all
			l.configure(" secauth: off\n token: 2000\n", "")
			if out, status := reload(); status != 0 {
				t.Error(out)
			}
			eventually(t, 5*time.Second, func() string {
				if got := token(); !strings.HasSuffix(got, "= 2650") {
					return fmt.Sprintf("token is %q", got)
				}
				return ""
			})
			l.hosts[2].ours(tt.profile)
			for _, h := range l.hosts {
				eventually(t, 20*time.Second, quorate(h, tt.profile, "3"))
			}
			out, _ = h.run(env, l.our("corosync-quorumtool"), "-s")
			if why := says(out, 0, 0, "Expected votes:   3", "Quorum:           2"); why != "" {
				t.Error(why)
			}
		})
	}
}

// TestDetach: without -f the daemon goes to the background once it runs, and
// reports failure by its exit status.
func TestDetach(t *testing.T) {
	l := newLab(t, 1)
	l.configure(" secauth: off\n", "")
	h := l.hosts[0]
	env := []string{"GOCOROSYNC_COMPAT=el7"}
	if out, status := h.run(env, l.our("corosync")); status != 0 {
		t.Fatalf("exit status %d: %s", status, out)
	}
	eventually(t, 10*time.Second, quorate(h, "el7", "1"))
	if out, status := h.run(env, l.our("corosync"), "-f"); status != 18 || !strings.Contains(out, "already running") {
		out2, _ := h.run(nil, "tail", "-n", "3", "/var/log/corosync.log")
		if status != 18 || !strings.Contains(out2, "already running") {
			t.Errorf("second daemon: exit status %d: %s%s", status, out, out2)
		}
	}
	if out, _ := h.run(nil, "sh", "-c", "cat /proc/$(cat /run/corosync.pid)/comm"); out != "corosync\n" {
		t.Errorf("comm is %q", out)
	}
	if out, status := h.run(env, l.our("corosync-cfgtool"), "-H"); status != 0 {
		t.Error(out)
	}
	eventually(t, 5*time.Second, func() string {
		out, _ := h.run(nil, "tail", "-n", "1", "/var/log/corosync.log")
		return says(out, 0, 0, "exiting normally")
	})
	h.write("/etc/corosync/corosync.conf", "totem {\n version: 3\n}\n")
	if _, status := h.run(env, l.our("corosync")); status != 8 {
		t.Errorf("bad configuration: exit status %d", status)
	}
}
