package pengine_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/crm"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestCases runs crm_simulate on every case and compares graph (ids and order
// included), scores, summary and dot file with what is expected.
func TestCases(t *testing.T) {
	dir := captures.Outside(t, "data/scheduler")
	for i, line := range strings.Split(strings.TrimSpace(read(t, filepath.Join(dir, "index.tsv"))), "\n") {
		f := strings.Split(line, "\t")
		name, extra := f[0], f[2]
		if name[0] == '#' || testing.Short() && i%10 != 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := runCase(t, dir, name, extra); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func runCase(t *testing.T, dir, name, extra string) string {
	input := filepath.Join(dir, "xml", name+".xml")
	tmp := t.TempDir()
	dot, graph := filepath.Join(tmp, "dot"), filepath.Join(tmp, "graph")
	var both bytes.Buffer
	simulateTo(&both, &both, "-x", input, "-S")
	summary := both.String()
	args := append([]string{"-x", input, "-D", dot, "-G", graph, "-sSQ"}, options(extra)...)
	scores, stderr, code := simulate(args...)
	expected := ""
	if b, err := os.ReadFile(filepath.Join(dir, "stderr", name+".stderr")); err == nil {
		expected = string(b)
	}
	var d differences
	if code != 0 {
		d = append(d, "exit status is not 0")
	}
	d.check("stderr", normal(expected, false), normal(stderr, false))
	d.plan(t, dir, name, graph, scores, dot)
	d.check("summary", normal(read(t, filepath.Join(dir, "summary", name+".summary")), false), normal(summary, false))
	return strings.Join(d, "\n")
}

// differences say of each part of an answer where it first differs.
type differences []string

func (d *differences) check(what, want, got string) {
	if want != got {
		*d = append(*d, what+" differs: "+firstDifference(want, got))
	}
}

// plan compares what a plan is with what was expected of a case.
func (d *differences) plan(t *testing.T, dir, name, graph, scores, dot string) {
	d.check("graph", normal(read(t, filepath.Join(dir, "exp", name+".exp")), false), normal(read(t, graph), false))
	d.check("scores", normal(read(t, filepath.Join(dir, "scores", name+".scores")), true), normal(scores, true))
	d.check("dot", dotLines(read(t, filepath.Join(dir, "dot", name+".dot"))), dotLines(read(t, dot)))
}

func simulate(args ...string) (stdout, stderr string, code int) {
	var o, e bytes.Buffer
	code = simulateTo(&o, &e, args...)
	return o.String(), e.String(), code
}

func simulateTo(stdout, stderr io.Writer, args ...string) int {
	env := &tool.Env{Name: "crm_simulate", Args: args, Stdin: strings.NewReader(""), Stdout: stdout, Stderr: stderr, Profile: conf.EL9}
	return crm.Simulate(context.Background(), env)
}

// options splits a command line with double quotes.
func options(s string) []string {
	var out []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		if rest, ok := strings.CutPrefix(s, `"`); ok {
			word, tail, _ := strings.Cut(rest, `"`)
			out, s = append(out, word), tail
			continue
		}
		word, tail, _ := strings.Cut(s, " ")
		out, s = append(out, word), tail
	}
	return out
}

var (
	space   = regexp.MustCompile(`\s+`)
	dropped = regexp.MustCompile(` (crm_feature_set|batch-limit)="[^"]*"`)
)

// normal drops white space inside lines, blank lines, and what depends on the
// version.
func normal(s string, sorted bool) string {
	var lines []string
	for line := range strings.Lines(dropped.ReplaceAllString(s, "")) {
		if line = space.ReplaceAllString(line, ""); line != "" {
			lines = append(lines, line)
		}
	}
	if sorted {
		slices.Sort(lines)
	}
	return strings.Join(lines, "\n")
}

func dotLines(s string) string {
	lines := strings.Split(normal(s, true), "\n")
	return strings.Join(slices.Compact(lines), "\n")
}

func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		x, y := "(nothing)", "(nothing)"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return "want " + x + "\n got " + y
		}
	}
	return "not at all"
}
