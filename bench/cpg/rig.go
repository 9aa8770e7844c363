package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gocorosync/gocorosync/integration/lab"
)

// A rig is a cluster of one kind of daemon.
type rig struct {
	s       settings
	ours    bool
	lab     *lab.Lab
	hosts   []*lab.Host
	daemons []*daemon
}

func (r *rig) String() string {
	if r.ours {
		return "ours"
	}
	return "original"
}

type daemon struct {
	cmd  *exec.Cmd
	out  bytes.Buffer
	done chan struct{}
}

// rigs makes both kinds with n hosts each; no daemon runs yet.
func (s settings) rigs(dir string, n int) (list []*rig, err error) {
	for _, ours := range []bool{true, false} {
		r := &rig{s: s, ours: ours}
		if r.lab, err = lab.New(filepath.Join(dir, fmt.Sprintf("%s-%d", r, n))); err == nil {
			for i := range n {
				var h *lab.Host
				if h, err = r.lab.Add(fmt.Sprintf("node%d", i+1), fmt.Sprintf("10.88.0.%d/24", i+1)); err != nil {
					break
				}
				h.Env = []string{"GOCOROSYNC_COMPAT=" + s.profile}
				r.hosts = append(r.hosts, h)
			}
			list = append(list, r)
		}
		if err != nil {
			closeAll(list)
			return nil, err
		}
	}
	return list, nil
}

func closeAll(list []*rig) {
	for _, r := range list {
		r.lab.Close()
	}
}

// configure writes corosync.conf for the first n hosts.
func (r *rig) configure(n int) error {
	var b strings.Builder
	b.WriteString("totem {\n version: 2\n cluster_name: bench\n transport: udpu\n")
	if r.s.profile == "el7" {
		b.WriteString(" secauth: off\n")
	}
	b.WriteString("}\nnodelist {\n")
	for i, h := range r.hosts[:n] {
		addr, _, _ := strings.Cut(h.Addr, "/")
		fmt.Fprintf(&b, " node {\n  ring0_addr: %s\n  nodeid: %d\n  name: %s\n }\n", addr, i+1, h.Name)
	}
	b.WriteString("}\nquorum {\n provider: corosync_votequorum\n}\nlogging {\n to_stderr: no\n to_syslog: no\n to_logfile: yes\n logfile: /var/log/corosync.log\n}\n")
	for _, h := range r.hosts[:n] {
		if err := h.Write("/etc/corosync/corosync.conf", b.String()); err != nil {
			return err
		}
	}
	return nil
}

// start starts the daemons of the first n hosts at once.
func (r *rig) start(n int) error {
	program := r.s.peer
	if r.ours {
		program = filepath.Join(r.s.bin, "compat", "corosync")
	}
	for _, h := range r.hosts[:n] {
		d := &daemon{cmd: h.Command(context.Background(), program, "-f"), done: make(chan struct{})}
		d.cmd.Stdout, d.cmd.Stderr = &d.out, &d.out
		if err := d.cmd.Start(); err != nil {
			return err
		}
		go func() { _ = d.cmd.Wait(); close(d.done) }()
		r.daemons = append(r.daemons, d)
	}
	return nil
}

// stop ends them in good order.
func (r *rig) stop() error {
	for _, d := range r.daemons {
		if pid := d.pid(); pid > 0 {
			_ = syscall.Kill(pid, syscall.SIGTERM)
		}
	}
	for i, d := range r.daemons {
		select {
		case <-d.done:
		case <-time.After(20 * time.Second):
			return fmt.Errorf("%v: the daemon of %s does not end", r, r.hosts[i].Name)
		}
	}
	r.daemons = nil
	return nil
}

// pid is the process id of the daemon, which is the child of nsenter; 0 if it
// has ended.
func (d *daemon) pid() (pid int) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", d.cmd.Process.Pid, d.cmd.Process.Pid))
	if err == nil {
		_, _ = fmt.Sscan(string(b), &pid)
	}
	return pid
}

// alive returns what an ended daemon has said.
func (r *rig) alive() error {
	for i, d := range r.daemons {
		select {
		case <-d.done:
			return fmt.Errorf("%v: the daemon of %s has ended: %v\n%s", r, r.hosts[i].Name, d.cmd.ProcessState, &d.out)
		default:
		}
	}
	return nil
}

// formed waits until all n daemons have told a client of n members, and returns
// when the last did.
func (r *rig) formed(ctx context.Context, n int, watchers []*clientRun) (last time.Time, err error) {
	for _, w := range watchers {
		out, err := w.wait(ctx)
		if err != nil {
			return last, errors.Join(err, r.alive())
		}
		var ns int64
		if _, err := fmt.Sscanf(out, "ring: at=%d", &ns); err != nil {
			return last, fmt.Errorf("%v: %q: %w", r, out, err)
		}
		if at := time.Unix(0, ns); at.After(last) {
			last = at
		}
	}
	return last, nil
}

// watch starts a client on each of the first n hosts that waits for a ring of n.
func (r *rig) watch(ctx context.Context, n int) (list []*clientRun, err error) {
	for _, h := range r.hosts[:n] {
		w, err := startClient(ctx, h, "", "ring", fmt.Sprint(n))
		if err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, nil
}
