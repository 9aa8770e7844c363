package agent

import (
	"bytes"
	"cmp"
	"context"
	"path/filepath"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
)

func (r *Runner) fencePath(name string) string {
	return filepath.Join(cmp.Or(r.FenceDir, "/usr/sbin"), filepath.Base(name))
}

// RunFence runs a fence agent: no arguments, its options on standard input, one
// name=value a line (resource-agents.md 8). Params are exactly those lines.
func (r *Runner) RunFence(ctx context.Context, run lrmd.Run) lrmd.Finish {
	op := &run.Op
	var in bytes.Buffer
	for _, p := range op.Params {
		if strings.ContainsAny(p.Name, "=\n") {
			continue
		}
		in.WriteString(p.Name + "=" + strings.ReplaceAll(p.Value, "\n", " ") + "\n")
	}
	res := r.exec(ctx, job{id: run.ID, path: r.fencePath(op.Agent.Type), stdin: in.Bytes(), timeout: op.Timeout, name: "Fence agent"})
	f := lrmd.Finish{ID: run.ID, RC: res.rc, Status: res.status, Output: res.stdout, Reason: res.reason}
	if f.Reason == "" && f.RC != 0 {
		f.Reason = strings.TrimSpace(res.stderr)
	}
	return f
}
