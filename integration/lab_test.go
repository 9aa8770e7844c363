//go:build interop

package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	netlab "github.com/gocorosync/gocorosync/integration/lab"
)

// A lab is some hosts on one switch; see package integration/lab.
type lab struct {
	*netlab.Lab
	t     *testing.T
	bin   string // our programs, and one link for each name
	sw    *host  // only its network is another
	hosts []*host
}

type host struct {
	*netlab.Host // nil for the switch
	l            *lab
	name         string
	addr         string
}

// build makes our programs, or takes them from the folder that GOCOROSYNC_BIN
// names.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "gocorosync-lab-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // for tools run as others
		return "", err
	}
	if made := os.Getenv("GOCOROSYNC_BIN"); made != "" {
		for _, cmd := range []string{"gocorosync", "gopcs"} {
			if err := os.Symlink(filepath.Join(made, cmd), filepath.Join(dir, cmd)); err != nil {
				return "", err
			}
		}
		return dir, links(dir)
	}
	for _, cmd := range []string{"gocorosync", "gopcs"} {
		c := exec.Command("go", "build", "-o", filepath.Join(dir, cmd), "../cmd/"+cmd)
		c.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := c.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%v\n%s", err, out)
		}
	}
	return dir, links(dir)
})

// links makes a link for each name that a program acts as.
func links(dir string) error {
	for _, program := range []string{"gocorosync", "gopcs"} {
		names, err := exec.Command(filepath.Join(dir, program), "--names").Output()
		if err != nil {
			return fmt.Errorf("%s --names: %w", program, err)
		}
		for name := range strings.FieldsSeq(string(names)) {
			if err := os.Symlink(program, filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestMain(m *testing.M) {
	netlab.Init()
	if status, done := runHelper(); done {
		os.Exit(status)
	}
	status := m.Run()
	if dir, err := build(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(status)
}

// newLab makes n hosts, node1 with 10.88.0.1 and so on, or skips.
func newLab(t *testing.T, n int) *lab {
	t.Helper()
	var hosts [][2]string
	for i := 1; i <= n; i++ {
		hosts = append(hosts, [2]string{fmt.Sprintf("node%d", i), fmt.Sprintf("10.88.0.%d", i)})
	}
	return newLabOf(t, hosts)
}

// newLabOf makes hosts with these names and addresses, or skips.
func newLabOf(t *testing.T, hosts [][2]string) *lab {
	t.Helper()
	if err := netlab.Able(); err != nil {
		lacking(t, err.Error())
	}
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	inner, err := netlab.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(inner.Close)
	l := &lab{Lab: inner, t: t, bin: bin}
	l.sw = &host{l: l, name: "switch"}
	for _, id := range hosts {
		h, err := inner.Add(id[0], id[1]+"/24")
		if err != nil {
			t.Fatal(err)
		}
		l.hosts = append(l.hosts, &host{Host: h, l: l, name: id[0], addr: id[1]})
	}
	return l
}

// command is a command that runs in a host.
func (h *host) command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	var c *exec.Cmd
	if h.Host == nil {
		c = h.l.Command(ctx, args...)
		c.Env = os.Environ()
	} else {
		c = h.Command(ctx, args...)
	}
	c.Env = append(c.Env, env...)
	return c
}

func (l *lab) must(h *host, script string) {
	l.t.Helper()
	if out, err := h.command(l.t.Context(), nil, "sh", "-ec", script).CombinedOutput(); err != nil {
		l.t.Fatalf("%s: %s: %v\n%s", h.name, script, err, out)
	}
}

// run runs a command in a host and returns its output, standard error too, and
// its exit status.
func (h *host) run(env []string, args ...string) (string, int) {
	return ran(h.command(h.l.t.Context(), env, args...))
}

func ran(c *exec.Cmd) (string, int) {
	out, err := c.CombinedOutput()
	var ex *exec.ExitError
	switch {
	case err == nil:
		return string(out), 0
	case errors.As(err, &ex):
		return string(out), ex.ExitCode()
	}
	return fmt.Sprint(string(out), err), -1
}

// our is the path of one of our programs.
func (l *lab) our(name string) string { return filepath.Join(l.bin, name) }

// write writes a file in a host.
func (h *host) write(path, text string) {
	h.l.t.Helper()
	if err := h.Write(path, text); err != nil {
		h.l.t.Fatal(err)
	}
}

// configure writes corosync.conf on all hosts. extra goes into section totem.
func (l *lab) configure(extra, quorum string) {
	text := l.conf(extra, quorum, l.hosts)
	for _, h := range l.hosts {
		h.write("/etc/corosync/corosync.conf", text)
	}
}

// conf is a corosync.conf with some of the hosts in its list of nodes.
func (l *lab) conf(extra, quorum string, nodes []*host) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "totem {\n version: 2\n cluster_name: lab\n transport: udpu\n%s}\nnodelist {\n", extra)
	for _, h := range nodes {
		i := slices.Index(l.hosts, h)
		fmt.Fprintf(&b, " node {\n  ring0_addr: %s\n  nodeid: %d\n  name: %s\n }\n", h.addr, i+1, h.name)
	}
	fmt.Fprintf(&b, "}\nquorum {\n provider: corosync_votequorum\n%s}\nlogging {\n to_stderr: no\n to_syslog: no\n to_logfile: yes\n logfile: /var/log/corosync.log\n timestamp: on\n}\n", quorum)
	return b.String()
}

// A daemon runs in a host until stop, kill or the end of the test.
type daemon struct {
	h    *host
	cmd  *exec.Cmd
	done chan struct{}
	out  output
}

// output is what a daemon says. It can be read while more comes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func (h *host) start(env []string, args ...string) *daemon {
	h.l.t.Helper()
	d := &daemon{h: h, done: make(chan struct{}), cmd: h.command(context.Background(), env, args...)}
	d.cmd.Stdout, d.cmd.Stderr = &d.out, &d.out
	d.cmd.WaitDelay = time.Second // what it left behind may hold its output open
	if err := d.cmd.Start(); err != nil {
		h.l.t.Fatal(err)
	}
	go func() { d.cmd.Wait(); close(d.done) }()
	h.l.t.Cleanup(func() {
		d.signal(syscall.SIGKILL)
		d.cmd.Process.Signal(syscall.SIGCONT) // nsenter stops with what it runs
		<-d.done
		if h.l.t.Failed() {
			log, _ := h.run(nil, "tail", "-n", "40", "/var/log/corosync.log")
			h.l.t.Logf("%s: %v\n%s\n%s", h.name, args, d.out.String(), log)
		}
	})
	return d
}

// signal sends a signal to the daemon, which is the child of nsenter.
func (d *daemon) signal(s syscall.Signal) {
	kids, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", d.cmd.Process.Pid, d.cmd.Process.Pid))
	if err != nil {
		return
	}
	for kid := range strings.FieldsSeq(string(kids)) {
		var pid int
		fmt.Sscan(kid, &pid)
		syscall.Kill(pid, s)
	}
}

// stop ends a daemon in good order and returns its exit status.
func (d *daemon) stop() int {
	d.signal(syscall.SIGTERM)
	select {
	case <-d.done:
	case <-time.After(10 * time.Second):
		d.h.l.t.Errorf("%s: does not end", d.h.name)
		return -1
	}
	return d.cmd.ProcessState.ExitCode()
}

// ours starts our corosync daemon in a profile.
func (h *host) ours(profile string) *daemon {
	return h.start([]string{"GOCOROSYNC_COMPAT=" + profile}, h.l.our("corosync"), "-f")
}

// eventually runs f until it returns "", or fails with what it returned last.
func eventually(t *testing.T, d time.Duration, f func() string) {
	t.Helper()
	deadline := time.Now().Add(d)
	for {
		why := f()
		if why == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v: %s", d, why)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// says reports what is missing in the output of a command.
func says(out string, status, wantStatus int, want ...string) string {
	for _, w := range want {
		if !strings.Contains(out, w) {
			return fmt.Sprintf("no %q in:\n%s", w, out)
		}
	}
	if status != wantStatus {
		return fmt.Sprintf("exit status %d, want %d:\n%s", status, wantStatus, out)
	}
	return ""
}
