//go:build interop

package crm

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

// TestMonBesideTheRealOne shows every case in several ways with pacemaker's
// crm_mon and with ours.
func TestMonBesideTheRealOne(t *testing.T) {
	real, err := exec.LookPath("crm_mon")
	if err != nil {
		captures.Lack(t, captures.Peers, "pacemaker's crm_mon is not installed")
	}
	t.Setenv("TZ", "UTC")
	cases, err := filepath.Glob("testdata/cases/*.xml")
	if err != nil || len(cases) == 0 {
		t.Fatal("no case", err)
	}
	clock := regexp.MustCompile(`Last updated: .*|last_update time="[^"]*"| request="[^"]*"`)
	for _, file := range cases {
		t.Setenv("CIB_file", file)
		for _, options := range []string{"-1", "-1 -r", "-1 -n -r", "-1 -b", "-1 -A -f -o -t -c -L", "-1 -r -c -L --include=options", "-1 --output-as=xml", "-1 -r --output-as=xml"} {
			args := strings.Fields(options)
			want, _ := exec.Command(real, args...).CombinedOutput()
			var out bytes.Buffer
			Mon(context.Background(), &tool.Env{Name: "crm_mon", Args: args, Stdout: &out, Stderr: &out, Profile: conf.EL9})
			if a, b := clock.ReplaceAllString(out.String(), ""), clock.ReplaceAllString(string(want), ""); a != b {
				t.Errorf("%s %s:\n%s\nwant\n%s", filepath.Base(file), options, a, b)
			}
		}
	}
}
