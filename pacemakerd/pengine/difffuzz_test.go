package pengine_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/captures"
)

var (
	fuzzSeeds = flag.Int("difffuzz", 0, "compare with the real crm_simulate on this many random CIBs")
	fuzzFirst = flag.Int("first", 1, "the first seed of -difffuzz")
	fuzzKeep  = flag.String("keep", "", "keep, and use again, the CIBs and what the real crm_simulate made of them in this folder")
	fuzzSize  = flag.String("size", "normal", "how large the random CIBs are: small, normal or large")
)

// longest is how long planning and simulating one random CIB may take us, with
// or without a usable reference.
const longest = 20 * time.Second

// TestDifferential compares graph, scores, summary and dot file with those of
// the real crm_simulate on random CIBs. Where the real one fails, loops or hangs
// there is nothing to compare: there ours has to end in time.
func TestDifferential(t *testing.T) {
	if *fuzzSeeds == 0 {
		t.Skip("make difffuzz runs this")
	}
	generator := captures.Outside(t, "tools/cib-fuzz")
	if _, err := exec.LookPath("crm_simulate"); err != nil {
		captures.Lack(t, captures.Peers, "there is no crm_simulate to compare with")
	}
	dir := *fuzzKeep
	if dir == "" {
		dir = t.TempDir()
	}
	var equal, alone int
	const chunk = 20
	for from := *fuzzFirst; from < *fuzzFirst+*fuzzSeeds; from += chunk {
		to := min(from+chunk, *fuzzFirst+*fuzzSeeds) - 1
		reference(t, generator, dir, from, to)
		for seed := from; seed <= to; seed++ {
			name := "fuzz-" + strconv.Itoa(seed)
			start := time.Now()
			if _, err := os.Stat(filepath.Join(dir, "exp", name+".exp")); err != nil {
				alone++
				runAlone(t, dir, name)
			} else if diff := runCase(t, dir, name, ""); diff != "" {
				t.Errorf("seed %d: %s", seed, diff)
			} else {
				equal++
			}
			if took := time.Since(start); took > longest {
				t.Errorf("seed %d: took %v", seed, took)
			}
		}
	}
	t.Logf("seeds %d to %d: %d equal, %d without a reference", *fuzzFirst, *fuzzFirst+*fuzzSeeds-1, equal, alone)
}

// reference makes CIBs and lets the real crm_simulate say what it makes of them,
// unless that was done before.
func reference(t *testing.T, generator, dir string, from, to int) {
	done := true
	for seed := from; seed <= to; seed++ {
		_, err := os.Stat(filepath.Join(dir, "xml", fmt.Sprintf("fuzz-%d.xml", seed)))
		done = done && err == nil
	}
	if done {
		return
	}
	// One at a time: the real one is not to find the machine busy with itself.
	cmd := exec.Command("python3", generator, fmt.Sprintf("%d-%d", from, to), "--out", dir, "--size", *fuzzSize,
		"--reference", "crm_simulate", "-j", "1", "-t", "15")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	// Those that the real one could not deal with are left out.
	for seed := from; seed <= to; seed++ {
		file := filepath.Join(dir, "xml", fmt.Sprintf("fuzz-%d.xml", seed))
		if _, err := os.Stat(file); err == nil {
			continue
		}
		cib, err := exec.Command("python3", generator, strconv.Itoa(seed), "--size", *fuzzSize).Output()
		if err == nil {
			err = os.WriteFile(file, cib, 0o644)
		}
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// runAlone simulates a CIB that the real one could not deal with: there is a
// plan, or the reason why there cannot be one.
func runAlone(t *testing.T, dir, name string) {
	graph := filepath.Join(t.TempDir(), "graph")
	_, stderr, code := simulate("-x", filepath.Join(dir, "xml", name+".xml"), "-SQ", "-G", graph)
	plan, err := os.ReadFile(graph)
	if err != nil && !strings.Contains(stderr, "do not come to rest") && !strings.Contains(stderr, "the configuration leads to more than") {
		t.Errorf("%s: no plan and no reason (exit status %d): %s", name, code, stderr)
	} else if err == nil && !strings.Contains(string(plan), "<transition_graph") {
		t.Errorf("%s: the graph is not one", name)
	}
}
