package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gocorosync/gocorosync/integration/lab"
)

// A node is a host with a daemon and its clients.
type node struct {
	*lab.Host
	transport string
	daemon    *exec.Cmd
	pid       int // of the daemon, seen from outside
	out       bytes.Buffer

	clients        *exec.Cmd
	door           io.Closer // the clients leave when it closes
	gone           chan struct{}
	served, failed atomic.Int64
	mu             sync.Mutex
	why            []string // of the first failures

	start, warm, now figures
}

// figures are what a daemon holds, sizes in KiB.
type figures struct{ rss, peak, fds, threads, shm int }

// look reads the figures.
func (n *node) look() {
	n.now = figures{}
	if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.pid)); err == nil {
		for line := range strings.Lines(string(b)) {
			name, value, _ := strings.Cut(line, ":")
			switch name {
			case "VmRSS":
				fmt.Sscan(value, &n.now.rss)
			case "VmHWM":
				fmt.Sscan(value, &n.now.peak)
			case "Threads":
				fmt.Sscan(value, &n.now.threads)
			}
		}
	}
	if list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", n.pid)); err == nil {
		n.now.fds = len(list)
	}
	if list, err := os.ReadDir(fmt.Sprintf("/proc/%d/root/dev/shm", n.pid)); err == nil {
		n.now.shm = len(list)
	}
}

// judge returns what of the figures after the clients' departure is wrong.
func (n *node) judge(grow int) (bad error) {
	say := func(format string, args ...any) {
		bad = errors.Join(bad, fmt.Errorf(n.Name+": "+format, args...))
	}
	if n.now.rss == 0 {
		say("the daemon is gone")
		return bad
	}
	if more := n.now.rss - n.warm.rss; more > grow {
		say("memory grew by %d KiB, from %d to %d", more, n.warm.rss, n.now.rss)
	}
	if n.now.fds > n.start.fds+fdSlack {
		say("%d descriptors instead of %d", n.now.fds, n.start.fds)
	}
	if n.now.threads > n.warm.threads+threadSlack {
		say("%d threads instead of %d", n.now.threads, n.warm.threads)
	}
	if n.now.shm > n.start.shm {
		say("%d files of shared memory are left", n.now.shm)
	}
	if n.served.Load() == 0 {
		say("no client was served")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if f := n.failed.Load(); f > 0 {
		say("%d clients failed:\n  %s", f, strings.Join(n.why, "\n  "))
	}
	return bad
}

// What the runtime may come to hold once more, without a leak.
const (
	fdSlack     = 4
	threadSlack = 6
)

// boot starts the daemon.
func (n *node) boot(s settings, nodes []*node) error {
	var b strings.Builder
	b.WriteString("totem {\n version: 2\n cluster_name: soak\n transport: udpu\n}\nnodelist {\n")
	for i, o := range nodes {
		addr, _, _ := strings.Cut(o.Addr, "/")
		fmt.Fprintf(&b, " node {\n  ring0_addr: %s\n  nodeid: %d\n  name: %s\n }\n", addr, i+1, o.Name)
	}
	fmt.Fprintf(&b, "}\nquorum {\n provider: corosync_votequorum\n}\nqb {\n ipc_type: %s\n}\n", n.transport)
	b.WriteString("logging {\n to_stderr: no\n to_syslog: no\n to_logfile: yes\n logfile: /var/log/corosync.log\n timestamp: on\n}\n")
	if err := n.Write("/etc/corosync/corosync.conf", b.String()); err != nil {
		return err
	}
	n.daemon = n.Command(context.Background(), s.daemon, "-f")
	n.daemon.Stdout, n.daemon.Stderr = &n.out, &n.out
	return n.daemon.Start()
}

// settled waits until all nodes see each other.
func settled(ctx context.Context, nodes []*node) error {
	deadline := time.Now().Add(30 * time.Second)
	for _, n := range nodes {
		for {
			out, err := n.self("probe", fmt.Sprint(len(nodes)))
			if err == nil {
				break
			}
			if time.Now().After(deadline) || ctx.Err() != nil {
				log, _ := os.ReadFile(n.Path("/var/log/corosync.log"))
				return fmt.Errorf("%s: no cluster: %w\n%s%s%s", n.Name, err, out, n.out.String(), log)
			}
			time.Sleep(200 * time.Millisecond)
		}
		var err error
		if n.pid, err = child(n.daemon.Process.Pid); err != nil {
			return fmt.Errorf("%s: no daemon: %w", n.Name, err)
		}
	}
	return nil
}

// child is the process that another one has started, as nsenter does.
func child(pid int) (kid int, err error) {
	kids, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err == nil {
		_, err = fmt.Sscan(string(kids), &kid)
	}
	return kid, err
}

func (n *node) self(args ...string) (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	out, err := n.Command(context.Background(), append([]string{exe, clientArg}, args...)...).CombinedOutput()
	return string(out), err
}

// visit lets clients come and go.
func (n *node) visit(rate float64) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	n.clients = n.Command(context.Background(), exe, clientArg, "visitors", fmt.Sprint(rate))
	out, err := n.clients.StdoutPipe()
	if err != nil {
		return err
	}
	if n.door, err = n.clients.StdinPipe(); err != nil {
		return err
	}
	n.clients.Stderr = os.Stderr
	n.gone = make(chan struct{})
	if err := n.clients.Start(); err != nil {
		return err
	}
	go func() {
		defer close(n.gone)
		for in := bufio.NewScanner(out); in.Scan(); {
			word, rest, _ := strings.Cut(in.Text(), " ")
			if word == "ok" {
				n.served.Add(1)
				continue
			}
			n.failed.Add(1)
			n.mu.Lock()
			if len(n.why) < 10 {
				n.why = append(n.why, time.Now().Format(time.TimeOnly)+" "+rest)
			}
			n.mu.Unlock()
		}
		n.clients.Wait()
	}()
	return nil
}

// leave sends the clients away.
func (n *node) leave() {
	if n.door == nil {
		return
	}
	n.door.Close()
	select {
	case <-n.gone:
	case <-time.After(30 * time.Second):
		n.failed.Add(1)
		n.mu.Lock()
		n.why = append(n.why, "the clients do not leave; where they are is above")
		n.mu.Unlock()
		if pid, err := child(n.clients.Process.Pid); err == nil {
			syscall.Kill(pid, syscall.SIGQUIT) // prints all stacks
		}
		<-n.gone
	}
	n.door = nil
}

// stop ends clients and daemon, in good order.
func (n *node) stop() error {
	n.leave()
	if err := syscall.Kill(n.pid, syscall.SIGTERM); err != nil {
		return err
	}
	if err := n.daemon.Wait(); err != nil {
		log, _ := os.ReadFile(filepath.Clean(n.Path("/var/log/corosync.log")))
		return fmt.Errorf("daemon: %w\n%s", err, log[max(0, len(log)-4000):])
	}
	return nil
}
