package gocorosync_test

import (
	"os/exec"
	"slices"
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
	"tool":               {"conf"},
	"conf/lint":          {"conf"},

	// Floor 1.
	"totem":             {"totem/wire"},
	"pacemakerd/rules":  {"pacemakerd/xml", "pacemakerd/iso8601"},
	"pacemakerd/acl":    {"pacemakerd/xml", "pacemakerd/rules"},
	"pacemakerd/cib":    {"pacemakerd/xml", "pacemakerd/acl"},
	"pacemakerd/schema": {"pacemakerd/xml"},

	// Floor 2.
	"service":                     {"totem", "totem/wire"},
	"cpg":                         {"totem", "totem/wire", "service"}, // its messages differ between the generations
	"votequorum":                  {"totem", "service"},
	"pacemakerd/pengine":          {"pacemakerd/xml", "pacemakerd/cib", "pacemakerd/iso8601", "pacemakerd/rules", "pacemakerd/schema"},
	"pacemakerd/pengine/simulate": {"pacemakerd/xml", "pacemakerd/rules", "pacemakerd/pengine"},
	// status renders what the planner's unpacking found, as crm_mon does.
	"pacemakerd/status":  {"pacemakerd/xml", "pacemakerd/cib", "pacemakerd/iso8601", "pacemakerd/rules", "pacemakerd/pengine"},
	"pacemakerd/lrmd":    {"pacemakerd/xml"},
	"pacemakerd/stonith": {"pacemakerd/xml", "pacemakerd/cib", "pacemakerd/peer", "pacemakerd/lrmd"},
	"pacemakerd/attrd":   {"pacemakerd/xml", "pacemakerd/peer"},
	"pacemakerd/peer":    {"pacemakerd/xml"},

	// Floor 3.
	"pacemakerd/controller": {"pacemakerd/xml", "pacemakerd/cib", "pacemakerd/lrmd", "pacemakerd/peer"},

	// node is the pump between those machines: one whole pacemaker without any
	// IO, so that sim can run many.
	"pacemakerd/node": {"pacemakerd/xml", "pacemakerd/cib", "pacemakerd/controller", "pacemakerd/lrmd", "pacemakerd/attrd", "pacemakerd/stonith", "pacemakerd/peer"},

	// Edges.
	"totem/udp":        {"totem", "totem/wire"},
	"ipc":              {},
	"ipc/coro":         {"ipc", "cmap"},
	"ipc/pcmk":         {},
	"ipc/flight":       {}, // a format, no socket
	"pacemakerd/agent": {"pacemakerd/xml", "pacemakerd/lrmd"},
	"pacemakerd/vip":   {},
	"scribe":           {},
	"crash":            {},
	// keeper holds what it does not understand.
	"pacemakerd/keeper": {},

	// Assemblies.
	"corosync": {"version", "totem", "totem/wire", "totem/udp", "service", "cpg", "votequorum", "cmap", "conf", "conf/lint", "tool", "ipc", "ipc/coro", "ipc/flight", "scribe", "crash"},
	"pacemakerd": {"pacemakerd/xml", "pacemakerd/acl", "pacemakerd/cib", "pacemakerd/pengine", "pacemakerd/status", "pacemakerd/controller", "pacemakerd/lrmd",
		"pacemakerd/stonith", "pacemakerd/attrd", "pacemakerd/peer", "pacemakerd/node", "pacemakerd/agent", "pacemakerd/keeper", "pacemakerd/schema", "pacemakerd/client", "ipc", "ipc/coro", "ipc/pcmk", "cmap", "conf", "scribe", "crash"},
	"pacemakerd/client": {"pacemakerd/xml", "pacemakerd/cib", "ipc", "ipc/pcmk"},
	"tool/coro":         {"tool", "conf", "cmap", "ipc", "ipc/coro", "ipc/flight"},
	"tool/crm": {"tool", "conf", "ipc", "ipc/coro", "pacemakerd/client", "pacemakerd/xml", "pacemakerd/acl", "pacemakerd/cib", "pacemakerd/iso8601", "pacemakerd/rules",
		"pacemakerd/pengine", "pacemakerd/pengine/simulate", "pacemakerd/status", "pacemakerd/schema", "pacemakerd/agent", "pacemakerd/lrmd"},
	"tool/pcs": {"tool", "conf", "cmap", "ipc", "ipc/coro", "pacemakerd/client", "pacemakerd/xml", "pacemakerd/cib", "pacemakerd/iso8601", "pacemakerd/rules",
		"pacemakerd/pengine", "pacemakerd/status", "pacemakerd/schema", "pacemakerd/agent", "pacemakerd/lrmd", "tool/crm"},
	"sim": {"totem", "totem/wire", "service", "cpg", "votequorum", "cmap", "pacemakerd/xml", "pacemakerd/cib",
		"pacemakerd/pengine", "pacemakerd/controller", "pacemakerd/lrmd", "pacemakerd/stonith", "pacemakerd/attrd", "pacemakerd/peer", "pacemakerd/node"},

	"dist": {}, // no code: units and their tests

	"examples/embed":   {"corosync", "conf"},
	"cmd/gocorosync":   {"corosync", "pacemakerd", "conf", "tool", "version"},
	"cmd/gopcs":        {"tool", "tool/coro", "tool/crm", "tool/pcs", "version"},
	"bench/cpg":        {"integration/lab", "ipc/coro"},
	"bench/pengine":    {"pacemakerd/pengine", "pacemakerd/xml"},
	"integration":      {},
	"integration/lab":  {},
	"integration/demo": {"integration/lab"},
	"integration/soak": {"integration/lab", "ipc/coro", "cmap"},
}

// pure lists the packages that compute and do nothing else. They may not use
// the standard packages that reach the outside world or start concurrency.
var pure = []string{
	"totem/wire", "totem", "service", "cpg", "votequorum", "cmap", "conf", "conf/lint", "ipc/flight",
	"pacemakerd/xml", "pacemakerd/acl", "pacemakerd/cib", "pacemakerd/iso8601", "pacemakerd/rules", "pacemakerd/schema", "pacemakerd/pengine", "pacemakerd/pengine/simulate", "pacemakerd/status",
	"pacemakerd/lrmd", "pacemakerd/stonith", "pacemakerd/attrd", "pacemakerd/peer", "pacemakerd/controller", "pacemakerd/node",
}

var impure = []string{"net", "net/http", "os", "os/exec", "os/signal", "sync", "syscall"}

func TestImports(t *testing.T) {
	const module = "github.com/gocorosync/gocorosync"
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	trim := func(path string) (string, bool) {
		if path == module {
			return "", true
		}
		return strings.CutPrefix(path, module+"/")
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg, _ := trim(words[0])
		allowed, listed := mayImport[pkg]
		if !listed {
			t.Errorf("package %s has no place in the import graph; add it to mayImport", pkg)
		}
		for _, imp := range words[1:] {
			if ours, ok := trim(imp); ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s, which the import graph does not allow", pkg, ours)
			}
			if slices.Contains(pure, pkg) && slices.Contains(impure, imp) {
				t.Errorf("%s imports %s, but is listed as pure", pkg, imp)
			}
		}
	}
}
