package pengine_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/captures"
)

var (
	fuzzSeeds  = flag.Int("difffuzz", 0, "compare with the real crm_simulate on this many random CIBs")
	fuzzFirst  = flag.Int("first", 1, "the first seed of -difffuzz")
	fuzzStream = flag.String("stream", "normal", "where the random CIBs come from: "+strings.Join(streamNames(), ", "))
	fuzzKeep   = flag.String("keep", "", "keep, and use again, the CIBs and what the real crm_simulate made of them in this folder")
	fuzzShrink = flag.String("shrink", "", "cut this CIB down to the smallest one that still differs, and write it beside it as NAME.small")
)

// longest is how long planning and simulating one random CIB may take us, with
// or without a usable reference.
const longest = 20 * time.Second

// patience is how long the real crm_simulate may take for one. What it can
// answer takes it less than a second.
const patience = 6 * time.Second

// A stream is an endless row of random CIBs. A seed of a stream means the same
// CIB for ever: what makes them may change only under a new name.
type stream struct {
	name string
	// args are options of cib-fuzz.
	args []string
	// mutate is what is then done to the CIB, or to a scheduler case where
	// there are no args.
	mutate bool
}

var streams = []stream{
	{name: "small", args: []string{"--size", "small"}},
	{name: "normal", args: []string{"--size", "normal"}},
	{name: "large", args: []string{"--size", "large"}},
	{name: "nested", args: []string{"--size", "normal", "--only", "remote,guest,bundle,promotable,group"}},
	{name: "mutated-1", mutate: true},
	{name: "mutated-normal-1", args: []string{"--size", "normal"}, mutate: true},
	{name: "mutated-nested-1", args: []string{"--size", "normal", "--only", "remote,guest,bundle,promotable,group"}, mutate: true},
	{name: "mutated-2", mutate: true},
	{name: "mutated-normal-2", args: []string{"--size", "normal"}, mutate: true},
	{name: "mutated-nested-2", args: []string{"--size", "normal", "--only", "remote,guest,bundle,promotable,group"}, mutate: true},
	{name: "mutated-large-2", args: []string{"--size", "large"}, mutate: true},
}

func streamNames() (names []string) {
	for _, s := range streams {
		names = append(names, s.name)
	}
	return names
}

// TestDifferential compares graph, scores, summary and dot file with those of
// the real crm_simulate on random CIBs. Where the plan cannot be carried out on
// paper (its actions wait for each other) there is no summary to compare. Where
// the real one refuses the CIB, dies or hangs there is nothing: there ours has
// to end in time.
func TestDifferential(t *testing.T) {
	if *fuzzSeeds == 0 {
		t.Skip("make difffuzz runs this")
	}
	at := slices.IndexFunc(streams, func(s stream) bool { return s.name == *fuzzStream })
	if at < 0 {
		t.Fatalf("no stream %q", *fuzzStream)
	}
	generator := captures.Outside(t, "tools/cib-fuzz")
	if _, err := exec.LookPath("crm_simulate"); err != nil {
		captures.Lack(t, captures.Peers, "there is no crm_simulate to compare with")
	}
	dir := *fuzzKeep
	if dir == "" {
		dir = t.TempDir()
	}
	var equal, plans, differ int
	why := map[string]int{}
	const chunk = 50
	for from := *fuzzFirst; from < *fuzzFirst+*fuzzSeeds; from += chunk {
		to := min(from+chunk, *fuzzFirst+*fuzzSeeds) - 1
		generate(t, streams[at], generator, dir, from, to)
		for seed := from; seed <= to; seed++ {
			name := streams[at].name + "-" + strconv.Itoa(seed)
			no := reference(t, dir, name)
			start := time.Now()
			same, diff := &equal, ""
			switch {
			case no == "":
				diff = runCase(t, dir, name, "")
			case planned(dir, name):
				same, diff = &plans, runPlan(t, dir, name)
			default:
				why[no]++
				same = new(int)
				runAlone(t, dir, name)
			}
			if diff != "" {
				differ++
				t.Errorf("%s: %s", name, diff)
			} else {
				*same++
			}
			if took := time.Since(start); took > longest {
				t.Errorf("%s: took %v", name, took)
			}
		}
	}
	t.Logf("%s, seeds %d to %d: %d equal, %d equal that cannot be carried out, %d different, without a reference: %v", *fuzzStream, *fuzzFirst, *fuzzFirst+*fuzzSeeds-1, equal, plans, differ, why)
}

// generate writes the CIBs of some seeds, those that are not there.
func generate(t *testing.T, s stream, generator, dir string, from, to int) {
	for _, sub := range []string{"xml", "exp", "scores", "summary", "dot", "lack"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file := func(seed int) string { return filepath.Join(dir, "xml", fmt.Sprintf("%s-%d.xml", s.name, seed)) }
	done := true
	for seed := from; seed <= to; seed++ {
		_, err := os.Stat(file(seed))
		done = done && err == nil
	}
	if done {
		return
	}
	made := t.TempDir()
	if s.args != nil {
		cmd := exec.Command("python3", append([]string{generator, fmt.Sprintf("%d-%d", from, to), "--out", made, "-j", "1"}, s.args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", cmd, err, out)
		}
	}
	for seed := from; seed <= to; seed++ {
		var cib []byte
		if s.args != nil {
			cib = []byte(read(t, filepath.Join(made, "xml", fmt.Sprintf("fuzz-%d.xml", seed))))
		}
		if s.mutate {
			cib = mutate(t, s.name, seed, cib)
		}
		if err := os.WriteFile(file(seed), cib, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// number is what tells a message of the real one from others of its kind.
var number = regexp.MustCompile(`[0-9]+`)

// reference lets the real crm_simulate say what it makes of a CIB, unless that
// was done before. Where it could not deal with it, the answer says why.
func reference(t *testing.T, dir, name string) (no string) {
	lack := filepath.Join(dir, "lack", name)
	if b, err := os.ReadFile(lack); err == nil {
		return string(b)
	}
	if _, err := os.Stat(filepath.Join(dir, "summary", name+".summary")); err == nil {
		return ""
	}
	defer func() {
		if no != "" {
			if err := os.WriteFile(lack, []byte(no), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}()
	tmp := t.TempDir()
	input := filepath.Join(dir, "xml", name+".xml")
	dot, graph := filepath.Join(tmp, "dot"), filepath.Join(tmp, "graph")
	summary, _, no := real(tmp, "-x", input, "-S")
	if strings.Contains(no, "Transition failed") {
		scores, stderr, failed := real(tmp, "-x", input, "-D", dot, "-G", graph, "-sQ")
		if failed == "" && stderr == "" {
			keepPlan(t, dir, name, graph, scores, dot)
		}
	}
	if no != "" {
		return no
	}
	scores, stderr, no := real(tmp, "-x", input, "-D", dot, "-G", graph, "-sSQ")
	if no != "" {
		return no
	}
	if first, _, _ := strings.Cut(strings.TrimSpace(stderr), "\n"); first != "" {
		return "it says " + number.ReplaceAllString(first, "N")
	}
	keepPlan(t, dir, name, graph, scores, dot)
	keep(t, dir, "summary/"+name+".summary", summary) // the last: it says that all are there
	return ""
}

// keepPlan keeps the graph and the dot file that the real one wrote, and the
// scores it told.
func keepPlan(t *testing.T, dir, name, graph, scores, dot string) {
	keep(t, dir, "exp/"+name+".exp", read(t, graph))
	keep(t, dir, "dot/"+name+".dot", read(t, dot))
	keep(t, dir, "scores/"+name+".scores", scores)
}

func keep(t *testing.T, dir, file, text string) {
	if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// planned tells whether there is at least a plan of the real one.
func planned(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, "scores", name+".scores"))
	return err == nil
}

// runPlan compares only the plan.
func runPlan(t *testing.T, dir, name string) string {
	tmp := t.TempDir()
	dot, graph := filepath.Join(tmp, "dot"), filepath.Join(tmp, "graph")
	scores, _, code := simulate("-x", filepath.Join(dir, "xml", name+".xml"), "-D", dot, "-G", graph, "-sQ")
	if code != 0 {
		return "exit status is not 0"
	}
	var d differences
	d.plan(t, dir, name, graph, scores, dot)
	return strings.Join(d, "\n")
}

// real runs the real crm_simulate. One at a time: it is not to find the machine
// busy with itself.
func real(tmp string, args ...string) (stdout, stderr, no string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "crm_simulate", args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC", "CIB_shadow_dir="+tmp)
	cmd.Dir = tmp
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", "", "it hangs"
	case errors.As(err, &exit) && exit.ExitCode() < 0:
		return "", "", "it dies: " + exit.String()
	case err != nil:
		first, _, _ := strings.Cut(strings.TrimSpace(e.String()), "\n")
		return "", "", err.Error() + ": " + number.ReplaceAllString(first, "N")
	}
	return o.String(), e.String(), ""
}

// runAlone simulates a CIB that the real one could not deal with: there is a
// plan, or the reason why there cannot be one (78: the CIB is not valid).
func runAlone(t *testing.T, dir, name string) {
	graph := filepath.Join(t.TempDir(), "graph")
	_, stderr, code := simulate("-x", filepath.Join(dir, "xml", name+".xml"), "-SQ", "-G", graph)
	plan, err := os.ReadFile(graph)
	if err != nil && code != 78 && !strings.Contains(stderr, "do not come to rest") && !strings.Contains(stderr, "the configuration leads to more than") {
		t.Errorf("%s: no plan and no reason (exit status %d): %s", name, code, stderr)
	} else if err == nil && !strings.Contains(string(plan), "<transition_graph") {
		t.Errorf("%s: the graph is not one", name)
	}
}
