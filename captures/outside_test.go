package captures

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRequired: what GOCOROSYNC_REQUIRE lists, and nothing else, has to be there.
func TestRequired(t *testing.T) {
	for _, c := range []struct {
		list         string
		peers, cases bool
	}{
		{"", false, false},
		{"peers", true, false},
		{"cases", false, true},
		{"peers,vectors", true, false},
		{"peers, cases,", true, true},
	} {
		t.Setenv("GOCOROSYNC_REQUIRE", c.list)
		if p, o := required(t, Peers), required(t, Cases); p != c.peers || o != c.cases {
			t.Errorf("%q: peers %v, cases %v", c.list, p, o)
		}
	}
}

func TestOutside(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GOCOROSYNC_SHARED", dir)
	if err := os.Mkdir(filepath.Join(dir, "a"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := Outside(t, "a"); got != filepath.Join(dir, "a") {
		t.Error(got)
	}
	for list, failed := range map[string]bool{"": false, "peers,vectors": false, "cases": true} {
		t.Setenv("GOCOROSYNC_REQUIRE", list)
		f := &outcome{TB: t}
		Outside(f, "b")
		if f.failed != failed || f.skipped == failed {
			t.Errorf("%q and no file: failed %v, skipped %v", list, f.failed, f.skipped)
		}
	}
}

// outcome is a test that notes how it would have ended.
type outcome struct {
	testing.TB
	failed, skipped bool
}

func (o *outcome) Skip(...any)           { o.skipped = !o.failed }
func (o *outcome) Fatalf(string, ...any) { o.failed = true }
