//go:build interop

package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/captures"
)

// goldenRun is one run of a tool as it was recorded.
type goldenRun struct {
	Argv   []string
	Exit   int
	Node   int
	Stderr string
}

// changing is what differs from run to run.
var changing = []struct {
	re *regexp.Regexp
	by string
}{
	{regexp.MustCompile(`(?m)^Date: .*$`), "Date"},
	{regexp.MustCompile(`(?m)^(Ring ID: +\d+[/.]).*$`), "$1"},
	{regexp.MustCompile(`(?m)^(stats\.\S+ \(\S+\)) = .*$`), "$1"},
	{regexp.MustCompile(`(?m)^(\S+join_count \(u32\)) = .*$`), "$1"},
}

func normal(s string) string {
	for _, c := range changing {
		s = c.re.ReplaceAllString(s, c.by)
	}
	return s
}

// toolOrder are the runs on a healthy cluster that depend on each other, in an
// order that makes sense; the others come after them.
var toolOrder = []string{"cmapctl-s-u32", "cmapctl-s-u64", "cmapctl-s-str", "cmapctl-s-str-empty", "cmapctl-s-flt", "cmapctl-s-dbl",
	"cmapctl-s-junk-int", "cmapctl-after-set", "cmapctl-s-i8", "cmapctl-get-i8", "cmapctl-s-bin", "cmapctl-bin", "cmapctl-b-bin",
	"cmapctl-d", "cmapctl-D", "cmapctl-after-D", "cmapctl-D2", "cmapctl-p", "cmapctl-after-p", "cmapctl-prefix", "cmapctl-t", "cmapctl-T",
	"quorumtool-e-5", "quorumtool-e-2", "quorumtool-v-1", "quorumtool-s-after", "cfgtool-R", "cfgtool-R-again"}

// elsewhere are runs that this test does not repeat: those that need a process
// in a group, look at what the other generation lacks, leave the cluster
// changed, or list every key there is.
func elsewhere(name string) bool {
	for _, part := range []string{"healthy-cpgtool", "-corosync.log", "-quorumtool-m", "knet", "rrp", "reload-track", "bad-reload", "R-bad-token",
		"R-parse-error", "quorumtool-e-1", "quorumtool-v-0", "quorumtool-e-0", "quorumtool-e-abc", "-cmapctl-stats"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return strings.HasSuffix(name, "-cmapctl") || strings.HasSuffix(name, "-cpgtool") || strings.HasSuffix(name, "-cpgtool-n")
}

// TestGolden runs our tools on our daemons as corosync's were run on theirs,
// and compares output, standard error and exit status.
func TestGolden(t *testing.T) {
	for profile, version := range map[string]string{"el7": "2.4.5", "el9": "3.1.7"} {
		t.Run(profile, func(t *testing.T) {
			recorded, err := fs.Sub(captures.Open(t, "corosync"), version)
			if err != nil {
				t.Fatal(err)
			}
			g := &golden{t: t, profile: profile}
			g.read(recorded)
			g.lab("not-running", func(l *lab) { g.state(l, "not-running") })
			g.lab("healthy", func(l *lab) {
				g.up(l, "healthy", 2)
				g.state(l, "healthy")
				g.lose(l)
				g.state(l, "node-lost")
			})
			g.lab("tools", func(l *lab) {
				g.up(l, "healthy", 2)
				g.tools(l)
			})
			g.lab("wait-for-all", func(l *lab) {
				g.up(l, "wait-for-all", 1)
				g.state(l, "wait-for-all")
			})
			g.lab("no-quorum", func(l *lab) {
				g.up(l, "quorum2-healthy", 2)
				g.state(l, "quorum2-healthy")
				g.lose(l)
				g.state(l, "no-quorum")
			})
			g.usage(version)
			t.Logf("%d of %d runs as corosync %s", g.ok, g.all, version)
		})
	}
}

type golden struct {
	t        *testing.T
	profile  string
	recorded fs.FS
	runs     map[string]goldenRun
	second   *daemon
	ok, all  int
}

// read makes the runs recorded in a folder those that are repeated.
func (g *golden) read(recorded fs.FS) {
	b, err := fs.ReadFile(recorded, "MANIFEST.json")
	if err != nil {
		g.t.Fatal(err)
	}
	g.recorded, g.runs = recorded, nil
	if err := json.Unmarshal(b, &g.runs); err != nil {
		g.t.Fatal(err)
	}
}

// usage repeats the runs that print how a tool is used, whatever the state of
// the cluster. Those texts are corosync's and not part of this repository.
func (g *golden) usage(version string) {
	g.t.Run("usage", func(t *testing.T) {
		old := g.t
		g.t = t
		defer func() { g.t = old }()
		ours := g.runs
		g.read(os.DirFS(captures.Outside(t, "golden/corosync/"+version)))
		var names []string
		for name := range g.runs {
			if base := strings.TrimSuffix(name, ".txt"); ours[name].Argv == nil && usage.MatchString(base) && !elsewhere(base) {
				names = append(names, base)
			}
		}
		slices.Sort(names)
		if len(names) == 0 {
			t.Fatal("no usage text is recorded")
		}
		l := newLabOf(t, [][2]string{{"sv1", "10.77.0.11"}})
		for _, name := range names {
			g.run(l, name)
		}
	})
}

// usage names the runs that print how a tool is used: asked for it, or called
// with an option that it has not in this generation.
var usage = regexp.MustCompile(`-(h|noarg|badopt|cfgtool-b|cfgtool-r)$`)

func (g *golden) lab(name string, f func(*lab)) {
	g.t.Run(name, func(t *testing.T) {
		old := g.t
		g.t = t
		defer func() { g.t = old }()
		f(newLabOf(t, [][2]string{{"sv1", "10.77.0.11"}, {"sv2", "10.77.0.12"}}))
	})
}

// up starts n of the two nodes with the configuration of a state.
func (g *golden) up(l *lab, state string, n int) {
	text, err := fs.ReadFile(g.recorded, state+".conf")
	if err != nil {
		g.t.Fatal(err)
	}
	for i, h := range l.hosts {
		l.must(h, "mkdir -p /var/log/cluster /etc/corosync")
		h.write("/etc/corosync/corosync.conf", string(text))
		h.write("/etc/corosync/load.txt", "# a comment\ntest.load u32 7\ntest.load2 str a b\n^test.nosuch\n^^gone.\n")
		if i < n {
			g.second = h.ours(g.profile)
		}
	}
	for _, h := range l.hosts[:n] {
		eventually(g.t, 15*time.Second, func() string {
			out, _ := h.run([]string{"GOCOROSYNC_COMPAT=" + g.profile}, l.our("corosync-quorumtool"), "-s")
			return says(out, 0, 0, map[int]string{1: "Nodes:            1", 2: "Nodes:            2"}[n])
		})
	}
}

func (g *golden) lose(l *lab) {
	g.second.signal(syscall.SIGKILL)
	eventually(g.t, 15*time.Second, func() string {
		out, _ := l.hosts[0].run([]string{"GOCOROSYNC_COMPAT=" + g.profile}, l.our("corosync-quorumtool"), "-s")
		return says(out, 0, 0, "Nodes:            1")
	})
}

// state repeats the runs recorded in a state.
func (g *golden) state(l *lab, state string) {
	var names []string
	for name := range g.runs {
		if base := strings.TrimSuffix(name, ".txt"); strings.HasPrefix(base, state+"-") && !elsewhere(base) {
			names = append(names, base)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		g.run(l, name)
	}
}

func (g *golden) tools(l *lab) {
	for _, name := range toolOrder {
		g.run(l, "tools-"+name)
	}
	var rest []string
	for name := range g.runs {
		base := strings.TrimSuffix(name, ".txt")
		if tool, ok := strings.CutPrefix(base, "tools-"); ok && !slices.Contains(toolOrder, tool) && !elsewhere(base) {
			rest = append(rest, base)
		}
	}
	slices.Sort(rest)
	for _, name := range rest {
		g.run(l, name)
	}
}

func (g *golden) run(l *lab, name string) {
	r, ok := g.runs[name+".txt"]
	if !ok || len(r.Argv) == 0 {
		return
	}
	want, err := fs.ReadFile(g.recorded, name+".txt")
	if err != nil {
		g.t.Fatal(err)
	}
	h := l.hosts[max(r.Node, 1)-1]
	c := h.command(g.t.Context(), []string{"GOCOROSYNC_COMPAT=" + g.profile, "PATH=" + l.bin + ":" + os.Getenv("PATH")}, r.Argv...)
	var out, errOut bytes.Buffer
	c.Stdout, c.Stderr = &out, &errOut
	exit := 0
	if err := c.Run(); err != nil {
		exit = -1
		var ex *exec.ExitError
		if errors.As(err, &ex) {
			exit = ex.ExitCode()
		}
	}
	g.all++
	if normal(out.String()) != normal(string(want)) || errOut.String() != r.Stderr || exit != r.Exit {
		g.t.Errorf("%s: %q: exit %d, stderr %q\n%s\nwant exit %d, stderr %q\n%s", name, r.Argv, exit, errOut.String(), out.String(), r.Exit, r.Stderr, want)
		return
	}
	g.ok++
}
