//go:build interop

package crm

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

// simulateOptions are what both tools are called with, IN and OUT being files
// to write, PROBE an invented result for the first resource and node of the
// input and START one for its start there.
var simulateOptions = []string{
	"--output-as=xml",
	"-R --output-as=xml",
	"-S --output-as=xml",
	"-S -s --output-as=xml",
	"-S -U -s -A -c --output-as=xml",
	"-R -U",
	"-S -s -U",
	"-R -s -U --text-fancy",
	"-R -U -s -Q",
	"-R -A -c",
	"-S -i PROBE",
	"-S -i RECURRING -c",
	"-S -i RECURRING -F START --output-as=xml",
	"-S -F START -c",
	"-R -I IN",
	"-R -w 1 -I IN",
	"-S -O OUT",
	"-S -i RECURRING -F START -I IN -O OUT",
	"-R -q 0 -w 1 -g A -r B -b C -e D --output-as=xml",
	"-S -d NODE --output-as=xml",
	"-S -f NODE",
	"-S --output-to=OUT",
	"-S --output-as=xml --output-to=OUT",
}

// TestSimulateBesideTheRealOne gives every option above with every 108th of the
// scheduler's cases to pacemaker's crm_simulate and to ours, and compares what
// they print, exit with and write into files. Times that depend on the clock
// are taken out, and what is only said on standard error.
func TestSimulateBesideTheRealOne(t *testing.T) {
	real, err := exec.LookPath("crm_simulate")
	if err != nil {
		captures.Lack(t, captures.Peers, "pacemaker's crm_simulate is not installed")
	}
	t.Setenv("TZ", "UTC")
	cases, err := filepath.Glob(captures.Outside(t, "data/scheduler/xml") + "/*.xml")
	if err != nil || len(cases) == 0 {
		t.Fatal("no case", err)
	}
	calls := 0
	for i := 3; i < len(cases); i += 108 {
		input, err := os.ReadFile(cases[i])
		if err != nil {
			t.Fatal(err)
		}
		for _, options := range simulateOptions {
			args, ok := simulateArgs(options, cases[i], string(input), t.TempDir())
			if !ok {
				continue
			}
			calls++
			wantStatus, want := runReal(t, real, args), outputsOf(args)
			status, got := runOurs(args), outputsOf(args)
			if status.text+got != wantStatus.text+want || status.code != wantStatus.code {
				t.Errorf("%s %s: exit status %d, want %d; %s", filepath.Base(cases[i]), options, status.code, wantStatus.code,
					firstDifference(status.text+got, wantStatus.text+want))
			}
		}
	}
	t.Logf("%d calls", calls)
}

// An ending is what a tool printed and exited with.
type ending struct {
	text string
	code int
}

func runReal(t *testing.T, path string, args []string) ending {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Args[0] = filepath.Base(path) // it repeats the whole call
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.Stdout = &out
	_ = cmd.Run() // its status is compared
	return ending{steady(out.String()), cmd.ProcessState.ExitCode()}
}

func runOurs(args []string) ending {
	var out, errs bytes.Buffer
	code := Simulate(context.Background(), &tool.Env{Name: "crm_simulate", Args: args, Profile: conf.EL9, Stdout: &out, Stderr: &errs})
	return ending{steady(out.String()), code}
}

var (
	firstPrimitive = regexp.MustCompile(`<primitive [^>]*\bid="([^"]*)"`)
	firstNode      = regexp.MustCompile(`<node [^>]*\buname="([^"]*)"`)
	clockTimes     = regexp.MustCompile(`(last-failure-[^ "]*(=|" value="|" name="[^"]*" value=")|last-rc-change="|last-run="|cib-last-written=")[0-9][^ "]*( [0-9:]+Z?)?`)
	clockDates     = regexp.MustCompile(`(last-failure=['"]|last-rc-change=')[A-Z][a-z]{2} [^'"]*20[2-9][0-9]`)
)

// noted is what the original leaves in a saved input of having read it.
var noted = regexp.MustCompile(` uname="[^"]*" rsc-id="[^"]*"/>`)

// steady takes out what the clock put in, and the notes.
func steady(text string) string {
	text = noted.ReplaceAllString(text, "/>")
	return clockDates.ReplaceAllString(clockTimes.ReplaceAllString(text, "${1}T"), "${1}T")
}

// simulateArgs fills an option line in for an input. A case without a primitive
// or node has nothing to fill some of them with.
func simulateArgs(options, file, input, dir string) ([]string, bool) {
	rsc, node := firstPrimitive.FindStringSubmatch(input), firstNode.FindStringSubmatch(input)
	if rsc == nil || node == nil {
		return nil, false
	}
	fill := strings.NewReplacer("PROBE", rsc[1]+"_monitor_0@"+node[1]+"=1", "RECURRING", rsc[1]+"_monitor_10000@"+node[1]+"=7",
		"START", rsc[1]+"_start_0@"+node[1]+"=1", "NODE", node[1], "IN", filepath.Join(dir, "in.xml"), "OUT", filepath.Join(dir, "out.xml"))
	args := []string{"-x", file}
	for _, option := range strings.Fields(options) {
		args = append(args, fill.Replace(option))
	}
	return args, true
}

// outputsOf are the files that a call wrote, which are removed.
func outputsOf(args []string) (text string) {
	for _, arg := range args {
		if at := strings.LastIndex(arg, "="); strings.HasPrefix(arg, "--output-to=") {
			arg = arg[at+1:]
		}
		if base := filepath.Base(arg); base != "in.xml" && base != "out.xml" {
			continue
		}
		b, err := os.ReadFile(arg)
		if err != nil {
			b = []byte("no file\n")
		}
		text += "== " + filepath.Base(arg) + "\n" + steady(string(b))
		_ = os.Remove(arg) // the next tool is to write it itself
	}
	return text
}

// firstDifference shows the first lines that are not the same.
func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		x, y := "(end)", "(end)"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return "got\n" + x + "\nwant\n" + y
		}
	}
	return "no difference in lines"
}
