//go:build interop

package integration

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/ipc/coro"
)

// stuck joins a group and never reads what it is told.
func stuck(group string) error {
	c, err := coro.DialCPG(context.Background())
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Join(context.Background(), group); err != nil {
		return err
	}
	fmt.Println("joined")
	<-c.Done()
	fmt.Println("disconnected")
	return nil
}

// status reads a number of the daemon's /proc/PID/status, in KiB.
func (d *daemon) status(name string) (kb int) {
	kids, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", d.cmd.Process.Pid, d.cmd.Process.Pid))
	b, _ := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(string(kids)), "status"))
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			fmt.Sscan(value, &kb)
		}
	}
	return kb
}

// TestStuckClient: clients that do not read their events, one of them stopped,
// while others flood the group, are disconnected in the end; the daemon's
// memory has a bound, no token is lost, and the others get every message.
func TestStuckClient(t *testing.T) {
	for _, transport := range []string{"shm", "socket"} {
		t.Run(transport, func(t *testing.T) {
			l := newLab(t, 2)
			l.configure(" token: 1000\n}\nsystem {\n qb_ipc_type: "+transport+"\n", "")
			daemons := []*daemon{l.hosts[0].ours("el9"), l.hosts[1].ours("el9")}
			for _, h := range l.hosts {
				eventually(t, 20*time.Second, func() string {
					out, status := h.run([]string{"GOCOROSYNC_COMPAT=el9"}, l.our("corosync-quorumtool"), "-s")
					return says(out, status, 0, "Nodes:            2")
				})
			}
			exe, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			h := l.hosts[0]
			asleep := h.start([]string{helperEnv + "=stuck talkers"}, exe)
			deaf := h.start([]string{helperEnv + "=stuck talkers"}, exe)
			// Its own group, which only the other one's traffic does not concern.
			idle := h.start([]string{helperEnv + "=stuck others"}, exe)
			for _, d := range []*daemon{asleep, deaf, idle} {
				eventually(t, 10*time.Second, func() string {
					out, status := h.run([]string{"GOCOROSYNC_COMPAT=el9"}, l.our("corosync-cpgtool"))
					return says(out, status, 0, fmt.Sprintf("%d\t", d.kid()))
				})
			}
			member := fmt.Sprintf("%10d\t         1 (", asleep.kid())
			asleep.signal(syscall.SIGSTOP)
			ts := &talkers{t: t}
			a, b := ts.start(l.hosts[0]), ts.start(l.hosts[1])
			before := daemons[0].status("VmRSS")
			begin := time.Now()
			peak := 0
			for done := false; !done; {
				ts.send(200, 100_000, 100_000)
				ts.settle(60 * time.Second)
				peak = max(peak, daemons[0].status("VmRSS"))
				// Both: what each has taken before it got stuck differs.
				log, _ := h.run(nil, "cat", "/var/log/corosync.log")
				done = strings.Count(log, "client does not read its events, disconnected") >= 2
				if time.Since(begin) > 2*time.Minute {
					t.Fatal("still connected")
				}
			}
			t.Logf("disconnected after %v and %d messages of 100 kB; memory %d KiB before, %d KiB at its peak", time.Since(begin).Round(time.Second), a.told+b.told, before, peak)
			select {
			case <-deaf.done:
			case <-time.After(20 * time.Second):
				t.Fatal("the deaf client has not noticed")
			}
			if out := deaf.out.String(); !strings.Contains(out, "disconnected") {
				t.Errorf("deaf client: %q", out)
			}
			eventually(t, 20*time.Second, func() string {
				out, _ := h.run([]string{"GOCOROSYNC_COMPAT=el9"}, l.our("corosync-cpgtool"))
				// By its node as well: a talker of the other host may have the same pid.
				if strings.Contains(out, member) {
					return "the stopped client is still in its group:\n" + out
				}
				return says(out, 0, 0, fmt.Sprintf("%d\t", idle.kid()))
			})
			asleep.cmd.Process.Signal(syscall.SIGCONT) // nsenter stops with it, and wakes it
			asleep.signal(syscall.SIGCONT)
			<-asleep.done
			if limit := before + 450<<10; peak > limit {
				t.Errorf("%d KiB of memory, with %d KiB before", peak, before)
			}
			// The rest comes back, and all goes on.
			ts.send(50, 100_000, 100_000)
			ts.settle(30 * time.Second)
			eventually(t, 30*time.Second, func() string {
				if now := daemons[0].status("VmRSS"); now > before+200<<10 {
					return fmt.Sprintf("%d KiB of memory after all, %d KiB before", now, before)
				}
				return ""
			})
			for _, h := range l.hosts {
				out, _ := h.run([]string{"GOCOROSYNC_COMPAT=el9"}, l.our("corosync-cmapctl"), "-m", "stats", "stats.srp.operational_token_lost")
				if why := says(out, 0, 0, "(u64) = 0"); why != "" {
					t.Errorf("%s: %s", h.name, why)
				}
			}
			log, _ := h.run(nil, "cat", "/var/log/corosync.log")
			if n := strings.Count(log, "client does not read its events, disconnected"); n != 2 {
				t.Errorf("the log says it %d times", n)
			}
			ts.check()
		})
	}
}

// kid is the pid of the program as the host sees it.
func (d *daemon) kid() (pid int) {
	kids, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", d.cmd.Process.Pid, d.cmd.Process.Pid))
	b, _ := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(string(kids)), "status"))
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, "NSpid:"); ok {
			words := strings.Fields(value)
			fmt.Sscan(words[len(words)-1], &pid)
		}
	}
	return pid
}

// crowd lets n clients come and go, some at a time, each in a group of its own
// as its pid is the same.
func crowd(n, atOnce int) error {
	var wg sync.WaitGroup
	places := make(chan struct{}, atOnce)
	errs := make(chan error, n)
	for i := range n {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			if err := guest(i); err != nil {
				errs <- fmt.Errorf("client %d: %w", i, err)
			}
		})
	}
	wg.Wait()
	close(errs)
	return <-errs
}

func guest(i int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	c, err := coro.DialCPG(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Join(ctx, fmt.Sprintf("crowd-%d", i)); err != nil {
		return err
	}
	q, err := coro.DialQuorum(ctx)
	if err != nil {
		return err
	}
	defer q.Close()
	if err := q.Track(ctx, coro.TrackCurrent|coro.TrackChanges); err != nil {
		return err
	}
	m, err := coro.DialCMAP(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	if _, err := m.Keys(ctx, "runtime."); err != nil {
		return err
	}
	for n := range 10 {
		if err := c.Multicast(ctx, make([]byte, 1+n*2000)); err != nil {
			return err
		}
	}
	if i%3 == 0 {
		return nil // without a word
	}
	for got := 0; got < 10; {
		ev, err := c.Next(ctx)
		if err != nil {
			return err
		}
		if _, ok := ev.(*coro.CPGDeliver); ok {
			got++
		}
	}
	return c.Leave(ctx)
}

// TestCrowd: 500 clients come and go while the race detector watches the
// daemons.
func TestCrowd(t *testing.T) {
	l := newLab(t, 2)
	program := filepath.Join(t.TempDir(), "corosync")
	c := exec.Command("go", "build", "-race", "-o", program, "../cmd/gocorosync")
	c.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := c.CombinedOutput(); err != nil {
		lacking(t, fmt.Sprintf("cannot build with the race detector: %v\n%s", err, out))
	}
	for _, transport := range []string{"shm", "socket"} {
		t.Run(transport, func(t *testing.T) {
			l.configure(" token: 5000\n}\nsystem {\n qb_ipc_type: "+transport+"\n sched_rr: no\n", "")
			var daemons []*daemon
			for _, h := range l.hosts {
				daemons = append(daemons, h.start([]string{"GOCOROSYNC_COMPAT=el9"}, program, "-f"))
			}
			exe, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range l.hosts {
				eventually(t, 30*time.Second, func() string {
					out, status := h.run([]string{"GOCOROSYNC_COMPAT=el9"}, l.our("corosync-quorumtool"), "-s")
					return says(out, status, 0, "Nodes:            2")
				})
			}
			var wg sync.WaitGroup
			for _, h := range l.hosts {
				wg.Go(func() {
					out, status := h.run([]string{helperEnv + "=crowd 250 25"}, exe)
					if status != 0 {
						t.Errorf("%s: %s", h.name, out)
					}
				})
			}
			wg.Wait()
			for i, h := range l.hosts {
				eventually(t, 10*time.Second, func() string {
					out, _ := h.run(nil, "sh", "-c", "ls /dev/shm; ls /proc/$(cat /run/corosync.pid)/fd | wc -l")
					if words := strings.Fields(out); len(words) != 1 || len(words[0]) > 2 {
						return "left: " + out
					}
					return ""
				})
				if status := daemons[i].stop(); status != 0 {
					t.Errorf("%s: exit status %d", h.name, status)
				}
				for s := bufio.NewScanner(strings.NewReader(daemons[i].out.String())); s.Scan(); {
					t.Errorf("%s: %s", h.name, s.Text())
				}
			}
		})
	}
}
