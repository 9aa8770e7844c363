package version_test

import (
	"os/exec"
	"testing"

	"github.com/gocorosync/gocorosync/version"
)

// TestNotices: the notices are those of the modules that are linked now.
func TestNotices(t *testing.T) {
	cmd := exec.Command("build/notices.sh")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if string(out) != version.Notices {
		t.Error("version/notices.txt is not what build/notices.sh prints: run make notices")
	}
}
