package optiontest

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool/option"
)

// Completion tests that shells accept what completes these programs and the one
// that is all of them, and that bash knows all names.
func Completion(t *testing.T, box *option.Program, list []*option.Program) {
	t.Helper()
	for _, shell := range option.Shells() {
		for _, profile := range []conf.Profile{conf.EL7, conf.EL9} {
			script, err := option.Complete(shell, profile, box, list)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range list {
				if !strings.Contains(script, p.Name) {
					t.Errorf("%s: %s has no completion", shell, p.Name)
				}
			}
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Logf("no %s: its script is not checked", shell)
				continue
			}
			cmd := exec.Command(path, "-n")
			cmd.Stdin = strings.NewReader(script)
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s %v: %v\n%s", shell, profile, err, out)
			}
		}
	}
}
