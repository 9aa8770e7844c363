//go:build interop

package crm

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
)

// TestJudgedBesideTheRealOne gives the same configurations to pacemaker's
// crm_verify and to ours, and all cases: what they print and exit with is equal.
func TestJudgedBesideTheRealOne(t *testing.T) {
	real, err := exec.LookPath("crm_verify")
	if err != nil {
		captures.Lack(t, captures.Peers, "pacemaker's crm_verify is not installed")
	}
	beside := func(name, file, verbosity string) {
		out, err := exec.Command(real, "-x", file, verbosity).CombinedOutput()
		want := 0
		if exit, ok := err.(*exec.ExitError); ok {
			want = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if got, status := judge(file, verbosity); status != want || got != string(out) {
			t.Errorf("%s: exit status %d\n%swant %d\n%s", name, status, got, want, out)
		}
	}
	file := filepath.Join(t.TempDir(), "cib.xml")
	list := judgements()
	for _, j := range list {
		if err := os.WriteFile(file, []byte(j.cib), 0o600); err != nil {
			t.Fatal(err)
		}
		beside(j.name, file, "-VV")
	}
	cases, err := filepath.Glob("testdata/cases/*.xml")
	if err != nil || len(cases) == 0 {
		t.Fatal("no case", err)
	}
	for _, file := range cases {
		beside(filepath.Base(file), file, "-V")
	}
	t.Logf("%d configurations", len(list)+len(cases))
}
