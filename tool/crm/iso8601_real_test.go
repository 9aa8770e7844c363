//go:build interop

package crm

import (
	"bytes"
	"context"
	"os/exec"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

// TestISO8601BesideTheRealOne gives the same texts to pacemaker's iso8601 and
// to ours. Left out are texts that the original reads by mistake: blanks in
// front, YYYYDDD, the year 0 and years before it.
func TestISO8601BesideTheRealOne(t *testing.T) {
	real, err := exec.LookPath("iso8601")
	if err != nil {
		captures.Lack(t, captures.Peers, "pacemaker's iso8601 is not installed")
	}
	t.Setenv("TZ", "UTC")
	var calls [][]string
	for _, date := range []string{"2024-02-29 12:00:00 +02:00", "2024-02-29T12:00:00Z", "2024-02-29 12:00:00+02:00", "2024-02-29 12:00 -0530", "2024-02-29 12:00 +5",
		"2024-02-29 1200", "2024-02-29 1:2:3", "2024-02-29 12:60", "2024-02-29 24:00:00", "2024-02-29 24:00:01", "2024-02-29 12:00:00.5", "2024-02-29x", "2024-02-29 x",
		"20240229T10", "2024-060", "2024-0600", "2024-W09-4", "2024W094", "2024-W09", "2024-W53-1", "2020-W53-7", "2024-W00-1", "2024-2-9", "2024-02", "2024",
		"24-02-29", "2024-13-01", "2023-02-29", "2023-366", "epoch", "Unix epoch", "2024-02-29 ", "2024-02-29  12:00", "2024/02/29", "2024-02-29T12:00:00 +24:00",
		"2024-02-29T12:00:00 +23:60", "2024-02-29T12:00:00 UTC", "2024-02-29 +02:00", "2024-02-29 Z", "2024-02-29TT12:00", "1969-12-31 23:59:59"} {
		for _, style := range []string{"-L", "-O", "-W", "-s", "-S"} {
			calls = append(calls, []string{style, "-d", date})
		}
	}
	for _, d := range []string{"PT5M", "P", "P1", "PT", "P1Y2M3W4DT5H6M7S", "P5S", "P1.5D", "P-1D", "P+1D", "P0D", "1Y", "P400D", "P14M", "P1D/2024", "P1M1M", "P-14M"} {
		calls = append(calls, []string{"-D", d}, []string{"-d", "2024-01-31 10:00:00 +01:00", "-D", d, "-E", "2024-02-29 09:00:00Z"})
	}
	for _, p := range []string{"2024-01-01/2024-02-01", "2024-01-01/P1M", "P1M/2024-02-01", "P1M/", "/P1M", "2024-01-01", "now/P1D", "P1M/P1M", "2024-01-01/P1M/P1D"} {
		calls = append(calls, []string{"-p", p}, []string{"-p", p, "-s"})
	}
	for _, args := range calls {
		var want, wantErrs, out, errs bytes.Buffer
		cmd := exec.Command(real, args...)
		cmd.Stdout, cmd.Stderr = &want, &wantErrs
		_ = cmd.Run() // its status is compared below
		code := ISO8601(context.Background(), &tool.Env{Name: "iso8601", Args: args, Profile: conf.EL9, Stdout: &out, Stderr: &errs})
		if out.String()+errs.String() != want.String()+wantErrs.String() || code != cmd.ProcessState.ExitCode() {
			t.Errorf("%q: %d %q %q, want %d %q %q", args, code, out.String(), errs.String(), cmd.ProcessState.ExitCode(), want.String(), wantErrs.String())
		}
	}
	t.Logf("%d calls", len(calls))
}
