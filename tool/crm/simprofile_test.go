package crm

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

// TestProfile times the XML files of a folder, the last one first.
func TestProfile(t *testing.T) {
	dir := t.TempDir()
	const cib = `<cib validate-with="pacemaker-3.0" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>`
	for _, name := range []string{"a.xml", "b.xml", "c.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(cib), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, errs bytes.Buffer
	code := Simulate(context.Background(), &tool.Env{Name: "crm_simulate", Args: []string{"--profile", dir, "--repeat=3"}, Profile: conf.EL9, Stdout: &out, Stderr: &errs})
	want := `^Timings:\n  \* Testing \S+/b\.xml \.\.\. \d+\.\d\d secs\n  \* Testing \S+/a\.xml \.\.\. \d+\.\d\d secs\n$`
	if code != 0 || errs.Len() > 0 || !regexp.MustCompile(want).MatchString(out.String()) {
		t.Errorf("%d, %q, %q", code, out.String(), errs.String())
	}
}
