package dist

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
)

// settings reads a unit file: the words of each setting, of all its lines.
func settings(t *testing.T, path string) map[string][]string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m := make(map[string][]string)
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			m[key] = append(m[key], strings.Fields(value)...)
		}
	}
	return m
}

func units(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob("systemd/*.service")
	if err != nil || len(list) != 3 {
		t.Fatalf("%v %v", list, err)
	}
	return list
}

// TestUnits: systemd finds nothing wrong with the units.
func TestUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		captures.Lack(t, captures.Peers, "needs systemd-analyze")
	}
	dir := t.TempDir()
	for _, unit := range units(t) {
		b, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		// Its programs need not be installed here.
		text := strings.ReplaceAll(string(b), "/usr/sbin/", "/bin/true #")
		text = strings.ReplaceAll(text, "ExecStart=/bin/true #", "ExecStart=/bin/true ")
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(unit)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, unit := range units(t) {
		out, err := exec.Command(analyze, "verify", "--man=no", filepath.Join(dir, filepath.Base(unit))).CombinedOutput()
		if err != nil || strings.Contains(string(out), filepath.Base(unit)) {
			t.Errorf("%s: %v\n%s", unit, err, out)
		}
	}
}

// TestLikeOriginals: a unit comes after all that the original comes after, and
// needs what it needs.
func TestLikeOriginals(t *testing.T) {
	n := 0
	for _, unit := range units(t) {
		original := filepath.Join("/lib/systemd/system", filepath.Base(unit))
		if _, err := os.Stat(original); err != nil {
			continue
		}
		n++
		ours, theirs := settings(t, unit), settings(t, original)
		for _, key := range []string{"After", "Requires", "Wants", "WantedBy", "KillMode", "SuccessExitStatus", "TimeoutStopSec", "SendSIGKILL", "Restart"} {
			for _, word := range theirs[key] {
				if !slices.Contains(ours[key], word) {
					t.Errorf("%s: %s has no %s, and the original has", unit, key, word)
				}
			}
		}
		if !slices.Equal(ours["ExecStart"], theirs["ExecStart"]) {
			t.Errorf("%s: starts %v, the original %v", unit, ours["ExecStart"], theirs["ExecStart"])
		}
	}
	if n == 0 {
		captures.Lack(t, captures.Peers, "none of the originals is installed")
	}
}

// TestStandardError: nowhere is it thrown away. What the runtime says before it
// ends a daemon goes there.
func TestStandardError(t *testing.T) {
	for _, unit := range units(t) {
		for _, where := range settings(t, unit)["StandardError"] {
			if where != "journal" {
				t.Errorf("%s: standard error goes to %s", unit, where)
			}
		}
	}
}

// TestLogrotate: the rules are understood.
func TestLogrotate(t *testing.T) {
	logrotate, err := exec.LookPath("logrotate")
	if err != nil {
		captures.Lack(t, captures.Peers, "needs logrotate")
	}
	rules, err := filepath.Glob("logrotate/*")
	if err != nil || len(rules) != 2 {
		t.Fatalf("%v %v", rules, err)
	}
	for _, r := range rules {
		b, err := os.ReadFile(r)
		if err != nil {
			t.Fatal(err)
		}
		// It insists on the owner; and the user need not exist here.
		file := filepath.Join(t.TempDir(), "rules")
		text := strings.ReplaceAll(string(b), "su hacluster haclient", "su root root")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(logrotate, "-d", "-s", filepath.Join(t.TempDir(), "state"), file).CombinedOutput()
		if err != nil || strings.Contains(string(out), "error:") {
			t.Errorf("%s: %v\n%s", r, err, out)
		}
	}
}
