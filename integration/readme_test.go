//go:build interop

package integration

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestReadme does what the README says makes a cluster, with the programs of this
// tree: all its commands succeed, and both nodes are online.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var made, asked []string
	_, rest, _ := strings.Cut(string(text), "## A cluster in ten lines")
	rest, _, _ = strings.Cut(rest, "\n`gocorosync check`")
	to := &made
	for line := range strings.Lines(rest) {
		switch line, code := strings.CutPrefix(line, "    "); {
		case strings.Contains(line, "on one of them"):
			to = &asked
		case code && !strings.HasPrefix(line, "make build") && !strings.HasPrefix(line, "corosync -f"):
			*to = append(*to, line)
		}
	}
	if len(made) < 10 || len(asked) < 3 {
		t.Fatalf("no example in the README: %q, %q", made, asked)
	}
	l := newLab(t, 2)
	env := []string{"PATH=" + l.bin + ":" + os.Getenv("PATH")}
	for _, h := range l.hosts {
		h.write("/etc/hosts", "127.0.0.1 localhost\n10.88.0.1 node1\n10.88.0.2 node2\n")
		l.must(h, strings.Join(made, ""))
		h.start(env, l.our("corosync"), "-f")
		h.start(env, l.our("pacemakerd"))
	}
	for _, h := range l.hosts {
		eventually(t, 60*time.Second, func() string {
			out, status := h.run(env, "crm_mon", "-1")
			return says(out, status, 0, "Online: [ node1 node2 ]", "partition with quorum")
		})
	}
	for _, line := range append(asked, "gocorosync check\n") {
		want := 0
		if strings.HasPrefix(line, "corosync-quorumtool -s") {
			want = 1 // which is 2.4's for a quorate ring
		}
		if out, status := l.hosts[0].run(env, "sh", "-c", line); status != want {
			t.Errorf("%s%s[%d]", line, out, status)
		}
	}
}
