package agent

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
)

// resumePoll is how often a process of somebody else's is looked for.
const resumePoll = 20 * time.Millisecond

// resume waits for an operation that an earlier process of this node had
// started. Its exit status went to whoever inherited the process, so what it
// came to is found out by a monitor.
func (r *Runner) resume(ctx context.Context, run lrmd.Run) lrmd.Finish {
	f := lrmd.Finish{ID: run.ID, RC: lrmd.RCUnknown, Status: lrmd.Cancelled}
	e, ok := r.Journal.entry(run.Op.Ticket)
	if !ok {
		return f
	}
	if e.PID == 0 {
		e.PID = r.orphan(&run.Op)
		e.Started = startOf(e.PID)
	}
	killed, timedOut := r.killed(run.ID), false
	var deadline <-chan time.Time
	if run.Op.Timeout > 0 {
		t := time.NewTimer(time.Until(e.Begun.Add(run.Op.Timeout)))
		defer t.Stop()
		deadline = t.C
	}
	tick := time.NewTicker(resumePoll)
	defer tick.Stop()
	for e.PID > 0 && e.Started != "" && startOf(e.PID) == e.Started {
		select {
		case <-tick.C:
		case <-killed:
			killed = nil
			_ = syscall.Kill(-e.PID, syscall.SIGKILL)
		case <-deadline:
			timedOut = true
			_ = syscall.Kill(-e.PID, syscall.SIGKILL) // the leader of its group is the same as was started
		case <-ctx.Done():
			return f
		}
	}
	if r.Log != nil {
		r.Log.Info("operation of an earlier process has ended", "resource", run.Op.Resource, "op", run.Op.Action, "pid", e.PID, "timed out", timedOut)
	}
	if run.Op.Interval > 0 {
		r.Journal.Settle(run.Op.Ticket)
		return f
	}
	if timedOut {
		f.RC, f.Status = lrmd.RCError, lrmd.TimedOut
		f.Reason = fmt.Sprintf("Resource agent did not complete within %s", seconds(run.Op.Timeout))
		return f
	}
	found := lrmd.RCOK
	if run.Op.Action != "notify" {
		probe := run
		probe.ID, probe.Resumed, probe.Op.Action, probe.Op.Ticket = 0, false, "monitor", ""
		p := r.Run(ctx, probe)
		if ctx.Err() != nil {
			return f
		}
		if p.Status != lrmd.Done {
			p.ID = run.ID
			return p
		}
		found = p.RC
	}
	f.Status, f.RC = lrmd.Done, concluded(run.Op.Action, found)
	if f.RC != lrmd.RCOK && f.RC != found {
		f.Reason = fmt.Sprintf("The result was lost when the executor was restarted; a monitor said %d", found)
	}
	return f
}

// concluded is what an operation must have come to when a monitor after it
// returns found.
func concluded(action string, found int) int {
	ok := false
	switch action {
	case "monitor", "status":
		return found
	case "start", "migrate_from", "reload", "reload-agent":
		ok = found == lrmd.RCOK || found == lrmd.RCPromoted
	case "promote":
		ok = found == lrmd.RCPromoted
	case "demote":
		ok = found == lrmd.RCOK || found == lrmd.RCNotRunning
	case "stop":
		ok = found == lrmd.RCNotRunning || found == lrmd.RCNotInstalled
	case "migrate_to":
		ok = found == lrmd.RCNotRunning // else it is still here
	case "notify":
		ok = true
	}
	if ok {
		return lrmd.RCOK
	}
	return lrmd.RCError
}

// startOf tells when a process was started, in the kernel's ticks, "" for one
// that does not run.
func startOf(pid int) string {
	if pid <= 0 {
		return ""
	}
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	i := bytes.LastIndexByte(b, ')') // the name before may hold anything
	if i < 0 {
		return ""
	}
	f := strings.Fields(string(b[i+1:]))
	if len(f) < 20 || f[0] == "Z" || f[0] == "X" {
		return ""
	}
	return f[19]
}

// orphan finds the process of an operation that was started in the moment in
// which its starter died.
func (r *Runner) orphan(op *lrmd.Op) int {
	var path string
	switch op.Agent.Class {
	case "ocf":
		path = r.ocfPath(op.Agent)
	case "lsb":
		path = r.initScript(op.Agent)
	default:
		return 0
	}
	procs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return 0
	}
	tail := []byte(path + "\x00" + op.Action + "\x00")
	for _, p := range procs {
		line, err := os.ReadFile(p)
		if err != nil || !bytes.HasSuffix(line, tail) {
			continue
		}
		env, err := os.ReadFile(filepath.Join(filepath.Dir(p), "environ"))
		if err != nil || op.Agent.Class == "ocf" && !bytes.Contains(append([]byte{0}, env...), []byte("\x00OCF_RESOURCE_INSTANCE="+op.Resource+"\x00")) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(p)))
		return pid
	}
	return 0
}
