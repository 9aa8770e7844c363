package agent

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
)

const metadataTimeout = 30 * time.Second

// Metadata asks an agent what it is. Units of systemd and init scripts have
// meta-data of a fixed form.
func (r *Runner) Metadata(ctx context.Context, a lrmd.Agent) (*lrmd.Metadata, error) {
	b, err := r.RawMetadata(ctx, a)
	if err != nil {
		return nil, err
	}
	return lrmd.ParseMetadata(b)
}

// RawMetadata is Metadata as the agent prints it.
func (r *Runner) RawMetadata(ctx context.Context, a lrmd.Agent) ([]byte, error) {
	var res result
	switch a.Class {
	case "ocf":
		op := &lrmd.Op{Resource: a.Type, Agent: a}
		res = r.exec(ctx, job{path: r.ocfPath(a), args: []string{"meta-data"}, env: r.ocfEnv(op), timeout: metadataTimeout, name: "meta-data"})
	case "stonith":
		res = r.exec(ctx, job{path: r.fencePath(a.Type), stdin: []byte("action=metadata\n"), timeout: metadataTimeout, name: "metadata"})
	case "lsb", "systemd", "service":
		return []byte(fmt.Sprintf(fixedMetadata, a.Type)), nil
	default:
		return nil, fmt.Errorf("agent %s: unknown class %q", a, a.Class)
	}
	if res.rc != 0 || res.status != lrmd.Done {
		why := res.reason
		if why == "" {
			why = strings.TrimSpace(res.stderr)
		}
		return nil, fmt.Errorf("meta-data of %s: exit %d: %s", a, res.rc, why)
	}
	return []byte(res.stdout), nil
}

const fixedMetadata = `<?xml version="1.0"?>
<resource-agent name="%s" version="1.0">
  <parameters/>
  <actions>
    <action name="start" timeout="100s"/>
    <action name="stop" timeout="100s"/>
    <action name="status" timeout="100s"/>
    <action name="monitor" timeout="100s" interval="60s"/>
    <action name="meta-data" timeout="5s"/>
  </actions>
</resource-agent>
`

// Standards lists the classes that something is there for, sorted.
func (r *Runner) Standards() []string {
	list := []string{"lsb", "ocf", "service"}
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		list = append(list, "systemd")
	}
	if fences, _ := filepath.Glob(filepath.Join(cmp.Or(r.FenceDir, "/usr/sbin"), "fence_*")); len(fences) > 0 {
		list = append(list, "stonith")
	}
	slices.Sort(list)
	return list
}

// Providers lists the providers of OCF agents, sorted.
func (r *Runner) Providers() []string {
	entries, _ := os.ReadDir(filepath.Join(r.ocfRoot(), "resource.d"))
	var list []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && (e.IsDir() || e.Type()&os.ModeSymlink != 0) {
			list = append(list, e.Name())
		}
	}
	return list
}

// Agents lists the agents of a class, and for ocf of a provider, sorted
// without regard to case.
func (r *Runner) Agents(class, provider string) []string {
	var list []string
	switch class {
	case "ocf":
		list = executables(filepath.Join(r.ocfRoot(), "resource.d", filepath.Base(provider)))
	case "lsb":
		list = executables(cmp.Or(r.LSBDir, "/etc/init.d"))
	case "stonith":
		for _, n := range executables(cmp.Or(r.FenceDir, "/usr/sbin")) {
			if strings.HasPrefix(n, "fence_") {
				list = append(list, n)
			}
		}
	case "systemd":
		list = unitNames()
	case "service":
		list = append(executables(cmp.Or(r.LSBDir, "/etc/init.d")), unitNames()...)
		slices.Sort(list)
		list = slices.Compact(list)
	}
	slices.SortFunc(list, func(a, b string) int {
		if c := strings.Compare(strings.ToLower(a), strings.ToLower(b)); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	return list
}

func executables(dir string) []string {
	entries, _ := os.ReadDir(dir)
	var list []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		if err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			list = append(list, e.Name())
		}
	}
	return list
}

// unitNames lists the unit files of services.
func unitNames() []string {
	var list []string
	for _, dir := range []string{"/etc/systemd/system", "/run/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"} {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if n, ok := strings.CutSuffix(e.Name(), ".service"); ok {
				list = append(list, n)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
