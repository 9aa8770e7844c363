//go:build interop

package integration

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestKeys: cmap has the keys that it has on corosync 3, with the same types and
// mostly the same values.
func TestKeys(t *testing.T) {
	original := real(t, "corosync")
	maps := make(map[string][]string)
	for _, kind := range []string{"corosync 3", "ours"} {
		l := newLab(t, 2)
		l.configure("", twoNode)
		for _, h := range l.hosts {
			if kind == "ours" {
				h.ours("el9")
			} else {
				h.start(nil, original, "-f")
			}
		}
		h := l.hosts[0]
		for _, h := range l.hosts {
			eventually(t, 20*time.Second, quorate(h, "el9", "2"))
		}
		for _, args := range []string{"", "-m stats"} {
			out, status := h.run(nil, append([]string{real(t, "corosync-cmapctl")}, strings.Fields(args)...)...)
			if status != 0 {
				t.Fatalf("%s: exit status %d: %s", args, status, out)
			}
			for line := range strings.Lines(out) {
				if key := comparable(line); key != "" {
					maps[kind] = append(maps[kind], key)
				}
			}
		}
	}
	for _, line := range maps["corosync 3"] {
		if !slices.Contains(maps["ours"], line) {
			t.Errorf("not ours:  %s", line)
		}
	}
	for _, line := range maps["ours"] {
		if !slices.Contains(maps["corosync 3"], line) {
			t.Errorf("ours only: %s", line)
		}
	}
	t.Logf("%d keys", len(maps["ours"]))
}

var (
	connection = regexp.MustCompile(`^(stats\.ipcs\.service\d+\.).*?(\.[a-z_]+ \()`)
	counter    = regexp.MustCompile(`^(stats\.|runtime\.services\..*[tr]x |.*join_count )`)
)

// comparable is a line of corosync-cmapctl without what differs from run to
// run, or "" for what only ours has: the port's counters.
func comparable(line string) string {
	if strings.HasPrefix(line, "stats.udp.") {
		return ""
	}
	line = connection.ReplaceAllString(strings.TrimSpace(line), "${1}CONN$2")
	if counter.MatchString(line) {
		line, _, _ = strings.Cut(line, " = ")
	}
	return line
}
