package gocorosync_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport is the import graph of this module: each package with those of our
// packages it may import directly. To add an edge, add it here and say why in
// the commit. ARCHITECTURE.md draws the same graph as floors.
var mayImport = map[string][]string{
	"": {}, // this test

	// Floor 0: nothing of ours.
	"version":            {},
	"totem/wire":         {},
	"cmap":               {},
	"conf":               {},
	"pacemakerd/xml":     {},
	"pacemakerd/iso8601": {},
	"pacemakerd/fault":   {}, // how the machines say that their own state is wrong
	"tool":               {"conf"},
	"tool/manual":        {},
	"tool/option":        {"conf", "tool", "tool/manual"},
	"tool/box":           {"tool", "tool/manual", "tool/option", "version"},
	"conf/lint":          {"conf"},

	// Floor 1.
	"totem":             {"totem/wire"},
	"pacemakerd/rules":  {"pacemakerd/xml", "pacemakerd/iso8601"},
	"pacemakerd/acl":    {"pacemakerd/xml", "pacemakerd/rules"},
	"pacemakerd/cib":    {"pacemakerd/xml", "pacemakerd/acl", "pacemakerd/fault"},
	"pacemakerd/schema": {"pacemakerd/xml"},

	// Floor 2.
	"service":                     {"totem", "totem/wire"},
	"cpg":                         {"totem", "totem/wire", "service"}, // its messages differ between the generations
	"votequorum":                  {"totem", "service"},
	"pacemakerd/pengine":          {"pacemakerd/xml", "pacemakerd/iso8601", "pacemakerd/rules"},
	"pacemakerd/pengine/simulate": {"pacemakerd/xml", "pacemakerd/rules", "pacemakerd/pengine"},
	// status renders what the planner's unpacking found, as crm_mon does.
	"pacemakerd/status":  {"pacemakerd/xml", "pacemakerd/rules", "pacemakerd/pengine", "pacemakerd/pengine/simulate"},
	"pacemakerd/lrmd":    {"pacemakerd/xml"},
	"pacemakerd/stonith": {"pacemakerd/xml", "pacemakerd/peer", "pacemakerd/lrmd"},
	"pacemakerd/attrd":   {"pacemakerd/xml", "pacemakerd/fault", "pacemakerd/peer"},
	"pacemakerd/peer":    {"pacemakerd/xml"},

	// Floor 3.
	"pacemakerd/controller": {"pacemakerd/xml", "pacemakerd/fault", "pacemakerd/cib", "pacemakerd/lrmd", "pacemakerd/peer"},

	// node is the pump between those machines: one whole pacemaker without any
	// IO, so that sim can run many.
	"pacemakerd/node": {"pacemakerd/xml", "pacemakerd/cib", "pacemakerd/controller", "pacemakerd/lrmd", "pacemakerd/attrd", "pacemakerd/stonith", "pacemakerd/peer"},

	// Edges.
	"totem/udp":        {"totem", "totem/wire"},
	"ipc":              {},
	"ipc/coro":         {"ipc", "cmap"},
	"ipc/pcmk":         {},
	"ipc/flight":       {}, // a format, no socket
	"pacemakerd/agent": {"durable", "pacemakerd/lrmd"},
	"scribe":           {},
	"crash":            {},
	"durable":          {},
	// keeper holds what it does not understand.
	"pacemakerd/keeper": {},

	// Assemblies.
	// One corosync node, which corosync embeds and corosync/daemon runs.
	"corosync/internal/node": {"durable", "totem", "totem/wire", "totem/udp", "service", "cpg", "votequorum", "cmap", "conf", "ipc", "ipc/coro"},
	"corosync":               {"corosync/internal/node", "totem", "cpg", "conf"},
	"corosync/daemon":        {"durable", "corosync/internal/node", "version", "totem", "totem/wire", "votequorum", "cmap", "conf", "conf/lint", "tool", "tool/manual", "tool/option", "ipc/flight", "scribe", "crash"},
	"pacemakerd":             {"conf", "tool/option", "durable", "pacemakerd/xml", "pacemakerd/acl", "pacemakerd/cib", "pacemakerd/pengine", "pacemakerd/controller", "pacemakerd/node", "pacemakerd/agent", "pacemakerd/keeper", "pacemakerd/schema", "ipc", "ipc/coro", "ipc/pcmk", "scribe", "crash"},
	"pacemakerd/client":      {"durable", "pacemakerd/xml", "pacemakerd/cib", "ipc", "ipc/pcmk"},
	"tool/coro":              {"durable", "tool", "tool/option", "conf", "cmap", "ipc/coro", "ipc/flight"},
	"tool/crm": {"tool", "tool/option", "conf", "pacemakerd/client", "pacemakerd/xml", "pacemakerd/acl", "pacemakerd/cib", "pacemakerd/iso8601", "pacemakerd/rules",
		"pacemakerd/pengine", "pacemakerd/pengine/simulate", "pacemakerd/status", "pacemakerd/schema"},
	"tool/pcs": {"tool", "tool/option", "conf", "ipc", "pacemakerd/client", "pacemakerd/xml", "pacemakerd/cib", "pacemakerd/rules",
		"pacemakerd/pengine", "pacemakerd/status", "pacemakerd/agent", "pacemakerd/lrmd", "tool/crm"},
	"sim": {"totem", "totem/wire", "service", "cpg", "votequorum", "pacemakerd/xml", "pacemakerd/fault", "pacemakerd/cib", "pacemakerd/pengine", "pacemakerd/controller", "pacemakerd/lrmd", "pacemakerd/node"},

	"dist":          {},                 // no code: units and their tests
	"captures":      {"pacemakerd/xml"}, // for tests: TestCapturesAreForTests
	"captures/pack": {},
	// optiontest is what every table's test does.
	"tool/option/optiontest": {"conf", "tool", "tool/manual", "tool/option"},

	"examples/embed":   {"corosync"},
	"cmd/gocorosync":   {"corosync/daemon", "pacemakerd", "tool/box", "version"},
	"cmd/gopcs":        {"tool", "tool/box", "tool/option", "tool/coro", "tool/crm", "tool/pcs", "version"},
	"bench/cpg":        {"integration/lab", "ipc/coro"},
	"bench/pengine":    {},
	"integration":      {},
	"integration/lab":  {},
	"integration/demo": {"integration/lab"},
	"integration/soak": {"integration/lab", "ipc/coro", "cmap"},
}

// pure lists the packages that compute and do nothing else. They may not use
// the standard packages that reach the outside world or start concurrency.
var pure = []string{
	"totem/wire", "totem", "service", "cpg", "votequorum", "cmap", "conf", "conf/lint", "ipc/flight",
	"pacemakerd/xml", "pacemakerd/fault", "pacemakerd/acl", "pacemakerd/cib", "pacemakerd/iso8601", "pacemakerd/rules", "pacemakerd/schema", "pacemakerd/pengine", "pacemakerd/pengine/simulate", "pacemakerd/status",
	"pacemakerd/lrmd", "pacemakerd/stonith", "pacemakerd/attrd", "pacemakerd/peer", "pacemakerd/controller", "pacemakerd/node",
}

var impure = []string{"context", "net", "net/http", "os", "os/exec", "os/signal", "runtime", "sync", "sync/atomic", "syscall", "golang.org/x/sys/unix"}

// clock is what of package time asks the machine for the time, or waits.
var clock = []string{"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"}

const module = "github.com/gocorosync/gocorosync"

// ours cuts the module's path off an import path; false if it is not one of it.
func ours(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

// TestImports holds exactly the edges that exist: one too many is as wrong as one
// too few.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg, _ := ours(words[0])
		seen[pkg] = true
		allowed, listed := mayImport[pkg]
		if !listed {
			t.Errorf("package %s has no place in the import graph; add it to mayImport", pkg)
		}
		var have []string
		for _, imp := range words[1:] {
			if our, ok := ours(imp); ok {
				have = append(have, our)
				if !slices.Contains(allowed, our) {
					t.Errorf("%s imports %s, which the import graph does not allow", pkg, our)
				}
			}
			if slices.Contains(pure, pkg) && slices.Contains(impure, imp) {
				t.Errorf("%s imports %s, but is listed as pure", pkg, imp)
			}
		}
		for _, our := range allowed {
			if !slices.Contains(have, our) {
				t.Errorf("%s may import %s and does not: take the edge out", pkg, our)
			}
		}
	}
	for pkg := range mayImport {
		if !seen[pkg] {
			t.Errorf("package %s is in the import graph and nowhere else", pkg)
		}
	}
}

// TestPureIsPure looks for what an import does not show: a clock, a goroutine.
func TestPureIsPure(t *testing.T) {
	for _, pkg := range pure {
		files, err := filepath.Glob(filepath.Join(filepath.FromSlash(pkg), "*.go"))
		if err != nil || len(files) == 0 {
			t.Errorf("package %s is listed as pure and has no files", pkg)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GoStmt:
					t.Errorf("%s: a goroutine in a pure package", set.Position(n.Pos()))
				case *ast.SelectorExpr:
					if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clock, n.Sel.Name) {
						t.Errorf("%s: time.%s in a pure package", set.Position(n.Pos()), n.Sel.Name)
					}
				}
				return true
			})
		}
	}
}

// TestFloors: ARCHITECTURE.md draws every package of the graph, and no import
// goes up.
func TestFloors(t *testing.T) {
	floors := drawn(t)
	for pkg, imports := range mayImport {
		floor, ok := floors[pkg]
		if !ok {
			if drawnAs(pkg) {
				t.Errorf("ARCHITECTURE.md has no floor for %s", pkg)
			}
			continue
		}
		for _, imp := range imports {
			if below, ok := floors[imp]; ok && below > floor {
				t.Errorf("%s on floor %d imports %s on floor %d", pkg, floor, imp, below)
			}
		}
	}
	for pkg := range floors {
		if _, ok := mayImport[pkg]; !ok {
			t.Errorf("ARCHITECTURE.md draws %s, which does not exist", pkg)
		}
	}
}

// drawnAs tells whether a package has a place on a floor: all that a program
// links, not what only builds, measures or tests.
func drawnAs(pkg string) bool {
	for _, other := range []string{"integration", "bench", "captures", "dist", "examples", "sim", "tool/option/optiontest"} {
		if pkg == other || strings.HasPrefix(pkg, other+"/") {
			return false
		}
	}
	return pkg != ""
}

// drawn reads the floors of ARCHITECTURE.md: lines of a number and packages, some
// of them named as below pacemakerd.
func drawn(t *testing.T) map[string]int {
	b, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(b), "\n## Floors\n\n")
	if !ok {
		t.Fatal("ARCHITECTURE.md has no section Floors")
	}
	floors := map[string]int{}
	floor := -1
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "    ") {
			break
		}
		words := strings.Fields(line)
		if n, err := strconv.Atoi(words[0]); err == nil {
			floor, words = n, words[1:]
		} else if strings.HasPrefix(words[0], "-") {
			continue
		}
		for _, w := range words {
			if strings.HasPrefix(w, "(") {
				break
			}
			if _, ok := mayImport[w]; !ok {
				w = "pacemakerd/" + w
			}
			floors[w] = floor
		}
	}
	if len(floors) < 20 {
		t.Fatalf("only %d packages read from ARCHITECTURE.md's floors", len(floors))
	}
	return floors
}

// TestCapturesAreForTests: what real daemons sent is in no program but the test's.
func TestCapturesAreForTests(t *testing.T) {
	for pkg, imports := range mayImport {
		for _, imp := range imports {
			if imp == "captures" || strings.HasPrefix(imp, "captures/") {
				t.Errorf("%s may import %s, which only tests do", pkg, imp)
			}
		}
	}
}

// notEmbedded are packages that a program which embeds a node does not link: what
// only a daemon needs.
var notEmbedded = []string{"corosync/daemon", "tool", "conf/lint", "ipc/flight", "scribe", "crash", "version"}

// TestEmbeddedLinksNoDaemon: a node in a program brings no daemon with it.
func TestEmbeddedLinksNoDaemon(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "./examples/embed").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, module+"/corosync") {
		t.Errorf("examples/embed does not embed a node: %v", deps)
	}
	for _, pkg := range notEmbedded {
		if slices.ContainsFunc(deps, func(d string) bool { return d == module+"/"+pkg || strings.HasPrefix(d, module+"/"+pkg+"/") }) {
			t.Errorf("examples/embed links %s", pkg)
		}
	}
	for _, pkg := range []string{"log/syslog", "os/exec"} {
		if slices.Contains(deps, pkg) {
			t.Errorf("examples/embed links %s", pkg)
		}
	}
}
