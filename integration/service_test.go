//go:build interop

package integration

import (
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestServiceManager: the daemons tell the service manager when they are ready,
// when they stop, and why they did not start.
func TestServiceManager(t *testing.T) {
	l := newLab(t, 1)
	l.configure(" secauth: off\n", "")
	h := l.hosts[0]
	manager := func() (*net.UnixConn, string) {
		path := filepath.Join(t.TempDir(), "notify")
		c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: path})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c, "NOTIFY_SOCKET=" + path
	}
	hear := func(c *net.UnixConn, want string) {
		t.Helper()
		b := make([]byte, 4096)
		c.SetReadDeadline(time.Now().Add(30 * time.Second))
		n, err := c.Read(b)
		if err != nil || !strings.HasPrefix(string(b[:n]), want) {
			t.Fatalf("heard %q, %v, want %q", b[:n], err, want)
		}
	}
	ring, sock := manager()
	daemon := h.start([]string{"GOCOROSYNC_COMPAT=el7", sock}, l.our("corosync"), "-f")
	hear(ring, "READY=1")
	if out, status := h.run([]string{"GOCOROSYNC_COMPAT=el7"}, l.our("corosync-quorumtool"), "-s"); status != 1 {
		t.Errorf("it said it was ready: %d\n%s", status, out)
	}
	pcmk, sock := manager()
	pacemaker := h.start([]string{"GOCOROSYNC_COMPAT=el7", sock}, l.our("pacemakerd"))
	hear(pcmk, "READY=1")
	notifyd, sock := manager()
	h.start([]string{"GOCOROSYNC_COMPAT=el7", sock}, l.our("corosync-notifyd"), "-f", "-l")
	hear(notifyd, "READY=1")
	if status := pacemaker.stop(); status != 0 {
		t.Errorf("pacemakerd: exit status %d", status)
	}
	if status := daemon.stop(); status != 0 {
		t.Errorf("corosync: exit status %d", status)
	}
	hear(ring, "STOPPING=1")
	h.write("/etc/corosync/corosync.conf", "totem {\n")
	failing, sock := manager()
	if out, status := h.run([]string{"GOCOROSYNC_COMPAT=el9", sock}, l.our("corosync"), "-f"); status != 8 {
		t.Errorf("exit status %d: %s", status, out)
	}
	hear(failing, "STATUS=parser error: /etc/corosync/corosync.conf:1: Missing closing brace")
}

// TestExitStatus starts corosync 3 and ours with what neither can start with:
// exit status and what is logged as an error are the same, and so is what -t says;
// "gocorosync check" finds all of it.
func TestExitStatus(t *testing.T) {
	original := real(t, "corosync")
	l := newLab(t, 1)
	h := l.hosts[0]
	base := "totem {\n version: 2\n cluster_name: lab\n transport: udpu\nTOTEM}\nnodelist {\n node {\n  ring0_addr: 10.88.0.1\n  nodeid: 1\n }\nNODES}\n" +
		"quorum {\n provider: corosync_votequorum\nQUORUM}\nlogging {\n to_stderr: yes\n to_syslog: no\n timestamp: off\nLOGGING}\n"
	for _, tt := range []struct{ part, text string }{
		{"TOTEM", " version: 3\n"}, {"TOTEM", " token: 10\n"}, {"TOTEM", " token: ten\n"}, {"TOTEM", " transport: pigeon\n"},
		{"TOTEM", "}\n}\n"}, {"TOTEM", "}\nsystem {\n state_dir: /no/such/dir\n"}, {"TOTEM", "}\nsystem {\n priority: junk\n"},
		{"TOTEM", " crypto_cipher: aes256\n crypto_hash: sha256\n keyfile: /no/such/key\n"},
		{"NODES", " node {\n  ring0_addr: 10.88.0.2\n  nodeid: 1\n }\n"},
		{"NODES", " node {\n  ring0_addr: no-such-host.invalid\n  nodeid: 2\n }\n"},
		{"QUORUM", " provider: junk\n"}, {"QUORUM", " two_node: 1\n device {\n  model: net\n  votes: 1\n }\n"},
		{"QUORUM", " last_man_standing: 1\n auto_tie_breaker: 1\n"}, {"QUORUM", " allow_downscale: 1\n device {\n  model: net\n  votes: 1\n }\n"},
		{"LOGGING", " to_stderr: maybe\n"}, {"LOGGING", " logfile: /no/such/dir/log\n"}, {"LOGGING", " debug: maybe\n"},
	} {
		text := strings.Replace(base, tt.part, tt.text, 1)
		for _, part := range []string{"TOTEM", "NODES", "QUORUM", "LOGGING"} {
			text = strings.Replace(text, part+"}", "}", 1)
		}
		h.write("/etc/corosync/corosync.conf", text)
		start, s0 := "", 0
		for _, opt := range []string{"-f", "-t"} {
			theirs, s1 := h.run(nil, "timeout", "-s", "KILL", "2", original, opt)
			ours, s2 := h.run([]string{"GOCOROSYNC_COMPAT=el9"}, "timeout", "-s", "KILL", "2", l.our("corosync"), opt)
			if opt == "-f" {
				start, s0 = theirs, s1
			} else if s1 == 0 && s0 > 0 {
				theirs, s1 = start, s0 // the original says yes to what it does not start with; ours does not
			}
			if s1 == -1 && s2 == -1 {
				continue // both run
			}
			if out, status := h.run([]string{"GOCOROSYNC_COMPAT=el9"}, l.our("gocorosync"), "check"); opt == "-t" && status != 8 {
				t.Errorf("check of %q: exit status %d\n%s", tt.text, status, out)
			}
			if a, b := errorLines(ours), errorLines(theirs); a != b || s1 != s2 {
				t.Errorf("%s %q: exit status %d\n%s\ncorosync 3: exit status %d\n%s", opt, tt.text, s2, a, s1, b)
			}
		}
	}
}

var inSource = regexp.MustCompile(` at [a-z]+\.(c:\d+|go)\.`)

// errorLines are the lines that say why a daemon does not start.
func errorLines(out string) string {
	var kept []string
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "error ") || strings.HasPrefix(line, "crit ") || strings.HasPrefix(line, "parser error") || strings.HasPrefix(line, "Can't") {
			kept = append(kept, inSource.ReplaceAllString(line, ""))
		}
	}
	return strings.Join(kept, "")
}

// TestLogFormat: the lines of the log file have corosync 3's form.
func TestLogFormat(t *testing.T) {
	original := real(t, "corosync")
	for _, stamp := range []string{"on", "hires", "off"} {
		forms := make(map[string]map[string]bool)
		for _, kind := range []string{"corosync 3", "ours"} {
			l := newLab(t, 1)
			h := l.hosts[0]
			h.write("/etc/corosync/corosync.conf", fmt.Sprintf("totem {\n version: 2\n cluster_name: lab\n transport: udpu\n}\nnodelist {\n node {\n  ring0_addr: 10.88.0.1\n  nodeid: 1\n }\n}\nquorum {\n provider: corosync_votequorum\n}\nlogging {\n to_stderr: no\n to_syslog: no\n to_logfile: yes\n logfile: /var/log/corosync.log\n timestamp: %s\n}\n", stamp))
			if kind == "ours" {
				h.ours("el9")
			} else {
				h.start(nil, original, "-f")
			}
			eventually(t, 20*time.Second, func() string {
				out, _ := h.run(nil, "cat", "/var/log/corosync.log")
				return says(out, 0, 0, "ready to provide service")
			})
			out, _ := h.run(nil, "cat", "/var/log/corosync.log")
			forms[kind] = make(map[string]bool)
			for line := range strings.Lines(out) {
				if _, text, ok := strings.Cut(line, "[MAIN  ] "); ok {
					form := regexp.MustCompile(`[A-Z][a-z]{2} `).ReplaceAllString(strings.TrimSuffix(line, text), "Mon ")
					forms[kind][regexp.MustCompile(`\d+`).ReplaceAllString(form, "0")] = true
				}
			}
		}
		want := forms["corosync 3"]
		if len(want) == 0 {
			t.Fatal("nothing logged")
		}
		for form := range forms["ours"] {
			if !want[form] {
				t.Errorf("timestamp %s: %q, corosync 3 has %v", stamp, form, want)
			}
		}
	}
}
