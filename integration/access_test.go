//go:build interop

package integration

import (
	"strings"
	"testing"
	"time"
)

// TestCVE_2016_7035: who may talk to the daemon is decided by what the kernel
// says of a client, whatever the modes of its sockets. Others are refused, and
// the log says who. (fault-matrix.md I1, I2)
func TestCVE_2016_7035(t *testing.T) {
	l := newLab(t, 1)
	l.configure(" secauth: off\n", "")
	h := l.hosts[0]
	l.must(h, "mkdir -p /etc/corosync/uidgid.d; printf 'uidgid {\\n uid: 1234\\n}\\n' >/etc/corosync/uidgid.d/app")
	h.ours("el7")
	eventually(t, 10*time.Second, quorate(h, "el7", "1"))
	for _, tt := range []struct {
		who     string // options of setpriv
		allowed bool
	}{
		{"--reuid 65534 --regid 65534 --clear-groups", false},
		{"--reuid 65534 --regid 65534 --groups 0", false}, // the group list is not the group
		{"--reuid 65534 --regid 0 --clear-groups", true},
		{"--reuid 1234 --regid 65534 --clear-groups", true},
		{"--reuid 1235 --regid 1234 --clear-groups", false},
		{"--reuid 0 --regid 0 --clear-groups", true},
	} {
		for _, tool := range []string{"corosync-cpgtool", "corosync-cmapctl", "corosync-quorumtool", "corosync-cfgtool -s"} {
			args := append([]string{"setpriv"}, strings.Fields(tt.who)...)
			out, _ := h.run([]string{"GOCOROSYNC_COMPAT=el7"}, append(args, strings.Fields(l.bin+"/"+tool)...)...)
			refused := strings.Contains(out, "ERR_ACCESS") || strings.Contains(out, "ermission") || strings.Contains(out, "annot initialize") || strings.Contains(out, "error 11")
			if refused == tt.allowed {
				t.Errorf("%s as %s: refused %v\n%s", tool, tt.who, refused, out)
			}
		}
	}
	if out, _ := h.run(nil, "cat", "/var/log/corosync.log"); !strings.Contains(out, "65534") {
		t.Errorf("the log does not name who was refused:\n%s", out)
	}
}

// TestAuthkey: a key that others can read, or that is too short, is none, and
// the daemon says so and does not start. (fault-matrix.md T9)
func TestAuthkey(t *testing.T) {
	l := newLab(t, 1)
	h := l.hosts[0]
	for _, tt := range []struct{ name, totem, prepare, want string }{
		{"readable", " secauth: on\n", "head -c 128 /dev/urandom >/etc/corosync/authkey; chmod 0644 /etc/corosync/authkey", "ode 0644 lets others read it"},
		{"short", " secauth: on\n", "head -c 127 /dev/urandom >/etc/corosync/authkey; chmod 0400 /etc/corosync/authkey", "authkey"},
		{"missing", " secauth: on\n", "rm /etc/corosync/authkey", "authkey"},
	} {
		l.configure(tt.totem, "")
		l.must(h, tt.prepare+"; rm -f /var/log/corosync.log")
		out, status := h.run([]string{"GOCOROSYNC_COMPAT=el7"}, l.our("corosync"), "-f")
		log, _ := h.run(nil, "cat", "/var/log/corosync.log")
		if status == 0 || !strings.Contains(out+log, tt.want) {
			t.Errorf("%s: exit status %d, no %q in\n%s\n%s", tt.name, status, tt.want, out, log)
		}
	}
}
