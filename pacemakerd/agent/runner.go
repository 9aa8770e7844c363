package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
)

// A Runner runs agents. The zero value works with the usual places.
type Runner struct {
	OCFRoot  string   // default /usr/lib/ocf
	LSBDir   string   // default /etc/init.d
	FenceDir string   // default /usr/sbin
	UnitDir  string   // of what overrides units; default /run/systemd/system
	WorkDir  string   // of the agents; default the current one
	Env      []string // base environment; default the process's own
	Journal  *Journal // of what runs, for the next process
	// Hold has somebody else hold descriptors until release is called. What an
	// agent writes must not be its death when this process dies.
	Hold func(ticket string, files ...*os.File) (release func())
	Log  *slog.Logger
	// Overdue, if set, is told of a run whose process has been killed for its
	// timeout and is still there Patience later, by default 5 s.
	Overdue  func(id int)
	Patience time.Duration
	// Wait waits for a process; nil: the kernel does. A test may have one that
	// cannot be killed.
	Wait func(*os.Process) (*os.ProcessState, error)

	runs  runs
	units func(context.Context) (units, error) // nil: those of the system's systemd
}

func (r *Runner) ocfRoot() string { return cmp.Or(r.OCFRoot, "/usr/lib/ocf") }

// Run carries out an operation and returns how it ended. It waits for the
// process, at most until its timeout, and longer only if it cannot be killed.
func (r *Runner) Run(ctx context.Context, run lrmd.Run) lrmd.Finish {
	r.Announce(run.ID)
	defer r.ended(run.ID)
	if run.Resumed {
		return r.resume(ctx, run)
	}
	ticket := r.Journal.begin(run)
	f := r.run(ctx, run, ticket)
	if ctx.Err() == nil { // else its process may run on
		r.Journal.ended(run, ticket)
	}
	return f
}

func (r *Runner) run(ctx context.Context, run lrmd.Run, ticket string) lrmd.Finish {
	op := &run.Op
	switch op.Agent.Class {
	case "ocf":
		return r.ocf(ctx, run, ticket)
	case "lsb":
		return r.lsb(ctx, run, ticket)
	case "service":
		if r.isUnit(ctx, op) {
			return r.systemd(ctx, run)
		}
		return r.lsb(ctx, run, ticket)
	case "systemd":
		return r.systemd(ctx, run)
	}
	return lrmd.Finish{ID: run.ID, RC: lrmd.RCNotInstalled, Status: lrmd.NotInstalled,
		Reason: fmt.Sprintf("Agent class %q is not supported", op.Agent.Class)}
}

// A job is one process to run.
type job struct {
	id      int
	ticket  string // in the journal
	path    string
	args    []string
	env     []string // appended to the base
	stdin   []byte   // nil: /dev/null
	timeout time.Duration
	name    string // for messages
	missing string // the agent's, when it is not there; default path
}

// A result is how a process ended.
type result struct {
	rc       int
	status   lrmd.Status
	stdout   string
	stderr   string
	reason   string // why it was not run, or not to its end
	said     string // the exit reason that it gave
	timedOut bool
}

// stubborn is after what time a killed process that is still there is told of.
const stubborn = 5 * time.Second

// exec runs a process in a group of its own (resource-agents.md 2 and 5).
func (r *Runner) exec(ctx context.Context, j job) result {
	stdout, outW, err := os.Pipe()
	if err != nil {
		return result{rc: lrmd.RCError, status: lrmd.Failed, reason: err.Error()}
	}
	stderr, errW, err := os.Pipe()
	if err != nil {
		stdout.Close()
		outW.Close()
		return result{rc: lrmd.RCError, status: lrmd.Failed, reason: err.Error()}
	}
	var stdin *os.File
	var inW *os.File
	if j.stdin != nil {
		stdin, inW, err = os.Pipe()
	} else {
		stdin, err = os.Open(os.DevNull)
	}
	if err != nil {
		for _, f := range []*os.File{stdout, outW, stderr, errW} {
			f.Close()
		}
		return result{rc: lrmd.RCError, status: lrmd.Failed, reason: err.Error()}
	}
	env := r.Env
	if env == nil {
		env = os.Environ()
	}
	p, err := os.StartProcess(j.path, append([]string{j.path}, j.args...), &os.ProcAttr{
		Dir: r.WorkDir, Env: append(append([]string(nil), env...), j.env...),
		Files: []*os.File{stdin, outW, errW}, Sys: &syscall.SysProcAttr{Setpgid: true},
	})
	stdin.Close()
	outW.Close()
	errW.Close()
	if err != nil {
		stdout.Close()
		stderr.Close()
		if inW != nil {
			inW.Close()
		}
		return notStarted(j, err)
	}
	r.Journal.started(j.ticket, p.Pid)
	release := r.hold(j.ticket, stdout, stderr)

	out, errs := collect(stdout), collect(stderr)
	if inW != nil {
		go func() { // ends when all is written, or nobody reads any more
			_, _ = inW.Write(j.stdin)
			inW.Close()
		}()
	}
	wait := r.Wait
	if wait == nil {
		wait = (*os.Process).Wait
	}
	exited := make(chan *os.ProcessState, 1)
	go func() { // ends when the process does
		state, _ := wait(p)
		exited <- state
	}()
	var res result
	var state *os.ProcessState
	var deadline, late <-chan time.Time
	if j.timeout > 0 {
		t := time.NewTimer(j.timeout)
		defer t.Stop()
		deadline = t.C
	}
	toKill, killed := r.killed(j.id), false
	kill := func() {
		_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
		toKill, deadline = nil, nil
		late = time.After(cmp.Or(r.Patience, stubborn))
	}
	// A process that waits for its disk cannot be killed. The result of its operation
	// waits for it, but the end of this process does not.
	for ended := false; !ended; {
		select {
		case state = <-exited:
			ended = true
		case <-deadline:
			res.timedOut = true
			kill()
		case <-toKill:
			killed = true
			kill()
		case <-late:
			late = nil
			if r.Log != nil {
				r.Log.Error("agent cannot be killed", "agent", j.path, "pid", p.Pid)
			}
			if r.Overdue != nil && res.timedOut && j.id != 0 {
				r.Overdue(j.id)
			}
		case <-ctx.Done():
			if j.ticket == "" { // else the next process waits for it
				_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
			}
			out.abandon()
			errs.abandon()
			return result{rc: lrmd.RCUnknown, status: lrmd.Cancelled}
		}
	}
	release()
	// Whatever the process wrote is in the pipes now.
	stdOut, stdErr := out.rest(), errs.rest()
	res.stdout, res.stderr, res.said = r.report(j.path, stdOut), r.report(j.path, stdErr), stdErr.reason

	switch ws, ok := state.Sys().(syscall.WaitStatus); {
	case res.timedOut:
		res.rc, res.status = lrmd.RCError, lrmd.TimedOut
		res.reason = fmt.Sprintf("%s did not complete within %s", j.name, seconds(j.timeout))
	case killed:
		res.rc, res.status = lrmd.RCUnknown, lrmd.Cancelled
	case !ok:
		res.rc, res.status = lrmd.RCError, lrmd.Failed
	case ws.Signaled():
		res.rc, res.status = lrmd.RCError, lrmd.Failed
		res.reason = fmt.Sprintf("%s interrupted by %v signal", j.name, ws.Signal())
	default:
		res.rc = ws.ExitStatus()
	}
	return res
}

// notStarted is the result of a process that could not be started
// (resource-agents.md 4). An agent that is not there is told from one that is there
// and cannot be executed, in the original's words.
func notStarted(j job, err error) result {
	if _, stat := os.Stat(j.path); errors.Is(stat, fs.ErrNotExist) {
		return result{rc: lrmd.RCNotInstalled, status: lrmd.NotInstalled, reason: cmp.Or(j.missing, j.path) + ": No such file or directory"}
	}
	res := result{rc: lrmd.RCError, reason: "Child process was unable to execute file"}
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOEXEC):
		res.rc = lrmd.RCNotInstalled
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		res.rc = lrmd.RCNoPrivilege
	}
	return res
}
