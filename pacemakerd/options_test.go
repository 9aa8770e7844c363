package pacemakerd

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/tool/option/optiontest"
)

// TestProgram: the table is sound.
func TestProgram(t *testing.T) { optiontest.Programs(t, Program()) }

// TestCommandLine: what ends before a daemon is started.
func TestCommandLine(t *testing.T) {
	for _, tt := range []struct {
		args, stdout, stderr string
		status               int
	}{
		{"-?", "Usage: pacemakerd [options]\n", "", ExitOK},
		{"-$", "Pacemaker 2.1.5-", "", ExitOK},
		{"-V --verbose -f -p x -F -s", "Pacemaker 2.1.5-", "", ExitOK},
		{"--pid-file=x --features", "Pacemaker 2.1.5-", "", ExitOK},
		{"-s", "", "p: unrecognized option '-s'\nUsage:", exitUsage},
		{"--standby", "", "p: unrecognized option '--standby'\nUsage:", exitUsage},
		{"-Vx", "", "p: unrecognized option '-Vx'\nUsage:", exitUsage},
		{"word -F", "", "p: unrecognized option 'word'\nUsage:", exitUsage},
		{"--pid-file", "", "p: option '--pid-file' requires an argument\nUsage:", exitUsage},
	} {
		var out, errs bytes.Buffer
		status := Main("p", strings.Fields(tt.args), "0", &out, &errs)
		if status != tt.status || !strings.HasPrefix(out.String(), tt.stdout) || !strings.HasPrefix(errs.String(), tt.stderr) || (tt.stderr == "") != (errs.Len() == 0) {
			t.Errorf("%q: %d %q %q", tt.args, status, out.String(), errs.String())
		}
	}
}
