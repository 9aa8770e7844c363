//go:build interop

package crm

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

// TestMonOfSchedulerCases shows each of pacemaker's scheduler cases with its
// crm_mon and with ours, in the ways in which people look at a cluster.
func TestMonOfSchedulerCases(t *testing.T) {
	real, err := exec.LookPath("crm_mon")
	if err != nil {
		captures.Lack(t, captures.Peers, "pacemaker's crm_mon is not installed")
	}
	files, err := filepath.Glob(filepath.Join(captures.Outside(t, "data/scheduler/xml"), "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no case", err)
	}
	t.Setenv("TZ", "UTC")
	clock := regexp.MustCompile(`Last updated: .*|last_update time="[^"]*"| request="[^"]*"`)
	ways := []string{"-1", "-1rAfotc", "--output-as=xml", "-1nr", "-1br"}
	var wait sync.WaitGroup
	free := make(chan struct{}, runtime.NumCPU()+1)
	for _, file := range files {
		free <- struct{}{}
		wait.Go(func() {
			defer func() { <-free }()
			for _, options := range ways {
				args := strings.Fields(options)
				var want, wantErrs, out, errs bytes.Buffer
				cmd := exec.Command(real, args...)
				cmd.Env = append(os.Environ(), "CIB_file="+file)
				cmd.Stdout, cmd.Stderr = &want, &wantErrs
				_ = cmd.Run() // -s has exit statuses of its own
				env := &tool.Env{Name: "crm_mon", Args: append(args, "-x", file), Stdout: &out, Stderr: &errs, Profile: conf.EL9}
				if status, was := Mon(context.Background(), env), cmd.ProcessState.ExitCode(); status != was || errs.String() != wantErrs.String() {
					t.Errorf("%s %s: status %d, %q; want %d, %q", filepath.Base(file), options, status, errs.String(), was, wantErrs.String())
				}
				if a, b := clock.ReplaceAllString(out.String(), ""), clock.ReplaceAllString(want.String(), ""); a != b {
					t.Errorf("%s %s:\n%s\nwant\n%s", filepath.Base(file), options, a, b)
				}
			}
		})
	}
	wait.Wait()
	t.Logf("%d cases in %d ways", len(files), len(ways))
}
