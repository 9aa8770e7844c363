//go:build interop

package integration

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestCrypto forms rings with every cipher and hash of corosync 2, with a key
// that our corosync-keygen made: of our daemons, and beside an original of
// corosync 2 (see peerEnv) with that. A node that has another key stays outside,
// and the log says why.
func TestCrypto(t *testing.T) {
	second := "ours"
	var p peer
	if os.Getenv(peerEnv) != "" {
		if p = thePeer(t); p.profile == "el7" {
			second = "peer"
		}
	}
	pairs := []struct{ cipher, hash string }{
		{"none", "sha1"}, {"aes128", "md5"}, {"aes192", "sha256"}, {"aes256", "sha384"}, {"3des", "sha512"}, {"aes256", "sha1"},
	}
	for _, c := range pairs {
		t.Run(c.cipher+" "+c.hash+" "+second, func(t *testing.T) {
			l := newLab(t, 3)
			l.configure(fmt.Sprintf(" token: 1000\n crypto_cipher: %s\n crypto_hash: %s\n", c.cipher, c.hash), "")
			l.must(l.hosts[0], l.our("corosync-keygen")+" -l")
			key, _ := l.hosts[0].run(nil, "base64", "-w0", "/etc/corosync/authkey")
			l.must(l.hosts[1], "umask 077; echo "+key+" | base64 -d > /etc/corosync/authkey")
			l.must(l.hosts[2], "umask 077; head -c 128 /dev/urandom > /etc/corosync/authkey")
			l.hosts[0].ours("el7")
			if second == "peer" {
				p.start(l.hosts[1])
			} else {
				l.hosts[1].ours("el7")
			}
			l.hosts[2].ours("el7")
			for _, h := range l.hosts[:2] {
				eventually(t, 20*time.Second, quorate(h, "el7", "2"))
			}
			eventually(t, 20*time.Second, func() string {
				out, _ := l.hosts[0].run(nil, "grep", "-c", "another key", "/var/log/corosync.log")
				if strings.TrimSpace(out) != "1" {
					return "the other key is named in " + strings.TrimSpace(out) + " lines of the log"
				}
				return ""
			})
			eventually(t, 20*time.Second, func() string { // a stranger's joins go on
				out, exit := l.hosts[0].run([]string{"GOCOROSYNC_COMPAT=el9"}, l.our("corosync-cmapctl"), "-m", "stats", "-g", "stats.udp.rx_auth")
				var n int
				if fmt.Sscanf(out, "stats.udp.rx_auth (u64) = %d", &n); exit != 0 || n < 6 {
					return fmt.Sprintf("exit status %d: %q", exit, out)
				}
				return ""
			})
			for _, h := range l.hosts[:2] {
				if why := quorate(h, "el7", "2")(); why != "" {
					t.Error(why)
				}
			}
		})
	}
}
