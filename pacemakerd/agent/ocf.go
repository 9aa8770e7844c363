package agent

import (
	"cmp"
	"context"
	"path/filepath"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
)

// ocf runs an agent of class ocf.
func (r *Runner) ocf(ctx context.Context, run lrmd.Run, ticket string) lrmd.Finish {
	op := &run.Op
	res := r.exec(ctx, job{
		id: run.ID, ticket: ticket, path: r.ocfPath(op.Agent), args: []string{op.Action}, env: r.ocfEnv(op),
		timeout: op.Timeout, name: "Resource agent", missing: op.Agent.Type,
	})
	f := lrmd.Finish{ID: run.ID, RC: res.rc, Status: res.status, Output: res.stdout, Reason: cmp.Or(res.reason, res.said)}
	for line := range strings.Lines(res.stderr) {
		if r.Log != nil && strings.TrimSpace(line) != "" {
			r.Log.Debug("agent says", "resource", op.Resource, "op", op.Action, "text", strings.TrimSpace(line))
		}
	}
	if res.status == lrmd.Done {
		f.RC = known(f.RC)
	}
	if res.status == lrmd.Done && f.RC == lrmd.RCOK {
		f.Reason = ""
	}
	return f
}

// known is an exit status as it is recorded: one that OCF does not know is an error.
func known(rc int) int {
	switch {
	case rc >= lrmd.RCOK && rc <= lrmd.RCFailedPromoted, rc >= lrmd.RCConnectionDied && rc <= lrmd.RCDegradedPromoted:
		return rc
	}
	return lrmd.RCError
}

func (r *Runner) ocfPath(a lrmd.Agent) string {
	return filepath.Join(r.ocfRoot(), "resource.d", filepath.Base(a.Provider), filepath.Base(a.Type))
}

// ocfEnv is the environment of resource-agents.md 3.2.
func (r *Runner) ocfEnv(op *lrmd.Op) []string {
	env := []string{
		"OCF_ROOT=" + r.ocfRoot(), "OCF_RA_VERSION_MAJOR=1", "OCF_RA_VERSION_MINOR=1",
		"OCF_EXIT_REASON_PREFIX=" + exitReason, "OCF_RESOURCE_INSTANCE=" + op.Resource,
		"OCF_RESOURCE_TYPE=" + op.Agent.Type, "OCF_RESOURCE_PROVIDER=" + op.Agent.Provider,
	}
	for _, p := range op.Params {
		if p.Name == "OCF_CHECK_LEVEL" {
			env = append(env, p.Name+"="+clean(p.Value))
			continue
		}
		name := "OCF_RESKEY_" + strings.ReplaceAll(p.Name, "-", "_")
		if len(name) > 500 {
			name = name[:500]
		}
		if strings.ContainsAny(name, "=\x00") {
			continue
		}
		env = append(env, name+"="+clean(p.Value))
	}
	return env
}

// clean drops what cannot be in an environment.
func clean(s string) string { return strings.ReplaceAll(s, "\x00", "") }

func (r *Runner) initScript(a lrmd.Agent) string {
	return filepath.Join(cmp.Or(r.LSBDir, "/etc/init.d"), filepath.Base(a.Type))
}

// lsb runs an init script.
func (r *Runner) lsb(ctx context.Context, run lrmd.Run, ticket string) lrmd.Finish {
	op := &run.Op
	action := op.Action
	if action == "monitor" {
		action = "status"
	}
	res := r.exec(ctx, job{
		id: run.ID, ticket: ticket, path: r.initScript(op.Agent), args: []string{action},
		timeout: op.Timeout, name: "Init script",
	})
	f := lrmd.Finish{ID: run.ID, RC: res.rc, Status: res.status, Output: res.stdout, Reason: res.reason}
	if res.status != lrmd.Done {
		return f
	}
	if action == "status" {
		switch res.rc {
		case 0:
		case 1, 2, 3:
			f.RC = lrmd.RCNotRunning
		case 150:
			f.RC = lrmd.RCNotInstalled
		case 151:
			f.RC = 4
		default:
			f.RC = lrmd.RCError
		}
	} else if res.rc > 7 {
		f.RC = lrmd.RCError
	}
	return f
}
