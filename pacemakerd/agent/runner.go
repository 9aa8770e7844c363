package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
)

// A Runner runs agents. The zero value works with the usual places.
type Runner struct {
	OCFRoot  string   // default /usr/lib/ocf
	LSBDir   string   // default /etc/init.d
	FenceDir string   // default /usr/sbin
	WorkDir  string   // of the agents; default the current one
	Env      []string // base environment; default the process's own
	Journal  *Journal // of what runs, for the next process
	// Hold has somebody else hold descriptors until release is called. What an
	// agent writes must not be its death when this process dies.
	Hold      func(ticket string, files ...*os.File) (release func())
	Log       *slog.Logger
	mu        sync.Mutex
	processes map[int]*os.Process // run id → leader of its group
	killed    map[int]bool
}

func (r *Runner) ocfRoot() string { return cmp.Or(r.OCFRoot, "/usr/lib/ocf") }

// maxOutput bounds what is kept of an agent's output, in bytes.
const maxOutput = 1 << 20

// Run carries out an operation and returns how it ended. It waits for the
// process, at most until its timeout, and longer only if it cannot be killed.
func (r *Runner) Run(ctx context.Context, run lrmd.Run) lrmd.Finish {
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
		if _, err := os.Stat(filepath.Join(cmp.Or(r.LSBDir, "/etc/init.d"), filepath.Base(op.Agent.Type))); err == nil {
			return r.lsb(ctx, run, ticket)
		}
		return r.systemd(ctx, run)
	case "systemd":
		return r.systemd(ctx, run)
	}
	return lrmd.Finish{ID: run.ID, RC: lrmd.RCNotInstalled, Status: lrmd.NotInstalled,
		Reason: fmt.Sprintf("Agent class %q is not supported", op.Agent.Class)}
}

// Kill ends a run: its whole process group gets SIGKILL.
func (r *Runner) Kill(id int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.processes[id]; p != nil {
		r.killed[id] = true
		_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	}
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
}

// A result is how a process ended.
type result struct {
	rc       int
	status   lrmd.Status
	stdout   string
	stderr   string
	reason   string
	timedOut bool
}

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
		return notStarted(err)
	}
	r.mu.Lock()
	if r.processes == nil {
		r.processes, r.killed = map[int]*os.Process{}, map[int]bool{}
	}
	if j.id != 0 {
		r.processes[j.id] = p
	}
	r.mu.Unlock()
	r.Journal.started(j.ticket, p.Pid)
	release := r.hold(j.ticket, stdout, stderr)

	outC, errC := read(stdout), read(stderr)
	if inW != nil {
		go func() { // ends when all is written, or nobody reads any more
			_, _ = inW.Write(j.stdin)
			inW.Close()
		}()
	}
	exited := make(chan *os.ProcessState, 1)
	go func() { // ends when the process does
		state, _ := p.Wait()
		exited <- state
	}()
	var res result
	var state *os.ProcessState
	var deadline <-chan time.Time
	if j.timeout > 0 {
		t := time.NewTimer(j.timeout)
		defer t.Stop()
		deadline = t.C
	}
	select {
	case state = <-exited:
	case <-deadline:
		res.timedOut = true
		_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
		state = <-exited
	case <-ctx.Done():
		if j.ticket != "" { // the next process waits for it
			stdout.Close()
			stderr.Close()
			return result{rc: lrmd.RCUnknown, status: lrmd.Cancelled}
		}
		_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
		state = <-exited
	}
	release()
	r.mu.Lock()
	killed := r.killed[j.id]
	if j.id != 0 {
		delete(r.processes, j.id)
		delete(r.killed, j.id)
	}
	r.mu.Unlock()
	// Whatever the process wrote is in the pipes now. A daemon it left behind
	// may hold them open for ever, so the rest is not waited for.
	soon := time.Now().Add(20 * time.Millisecond)
	_ = stdout.SetReadDeadline(soon)
	_ = stderr.SetReadDeadline(soon)
	res.stdout, res.stderr = <-outC, <-errC
	stdout.Close()
	stderr.Close()

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

func seconds(d time.Duration) string {
	if d%time.Second == 0 {
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return fmt.Sprintf("%dms", d/time.Millisecond)
}

// read collects what comes through a pipe until its end or deadline.
func read(f *os.File) <-chan string {
	c := make(chan string, 1)
	go func() {
		var b strings.Builder
		buf := make([]byte, 8192)
		for {
			n, err := f.Read(buf)
			if room := maxOutput - b.Len(); n > 0 && room > 0 {
				b.Write(buf[:min(n, room)])
			}
			if err != nil {
				c <- b.String()
				return
			}
		}
	}()
	return c
}

// notStarted is the result of a process that could not be started
// (resource-agents.md 4).
func notStarted(err error) result {
	res := result{rc: lrmd.RCError, status: lrmd.Failed, reason: err.Error()}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOEXEC):
		res.rc, res.status = lrmd.RCNotInstalled, lrmd.NotInstalled
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		res.rc = 4
	}
	return res
}
