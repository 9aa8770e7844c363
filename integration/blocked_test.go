//go:build interop

package integration

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/ipc/coro"
)

// pace sends a message every 20 ms and waits until it has come back. It prints
// how long the slowest took whenever that has grown, and how many there were.
func pace() error {
	ctx := context.Background()
	c, err := coro.DialCPG(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Join(ctx, fmt.Sprintf("pace-%d", os.Getpid())); err != nil {
		return err
	}
	for i := 1; ; i++ {
		begin := time.Now()
		if err := c.Multicast(ctx, []byte("x")); err != nil {
			return err
		}
		for back := false; !back; {
			ev, err := c.Next(ctx)
			if err != nil {
				return err
			}
			_, back = ev.(*coro.CPGDeliver)
		}
		fmt.Println(i, time.Since(begin).Milliseconds())
		time.Sleep(20 * time.Millisecond)
	}
}

// slowest is the slowest message of a pace, and how many there were, from a place
// in its output on.
func slowest(d *daemon, from int) (most time.Duration, n int) {
	lines := strings.SplitAfter(d.out.String()[from:], "\n")
	for _, line := range lines[:len(lines)-1] {
		var i, ms int
		if k, _ := fmt.Sscan(line, &i, &ms); k == 2 {
			most, n = max(most, time.Duration(ms)*time.Millisecond), n+1
		}
	}
	return most, n
}

// deaf is a syslog daemon that reads nothing, and holds pipes open that it does
// not read either.
func deaf(socket string, pipes []string) error {
	c, err := net.ListenPacket("unixgram", socket)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, p := range pipes {
		f, err := os.OpenFile(p, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer f.Close()
	}
	fmt.Println("deaf")
	time.Sleep(time.Hour)
	return nil
}

// TestBlockedPlaces: syslog, standard error and the log file take nothing, the
// name server drops what it is asked, and the disk for the ring's number is full:
// the ring goes on, a new one forms, and the reload is refused.
func TestBlockedPlaces(t *testing.T) {
	for _, profile := range []string{"el7", "el9"} {
		t.Run(profile, func(t *testing.T) {
			l := newLab(t, 2)
			exe, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			env := []string{"GOCOROSYNC_COMPAT=" + profile}
			conf := strings.NewReplacer("to_stderr: no", "to_stderr: yes", "to_syslog: no", "to_syslog: yes\n debug: on",
				"/var/log/corosync.log", "/var/log/places").Replace(l.conf(" secauth: off\n token: 1000\n", "", l.hosts))
			for _, h := range l.hosts {
				l.must(h, `mkdir -p /run/places /run/dev /var/lib/corosync
					mkfifo /var/log/places /run/places/err
					mount -t tmpfs tmpfs /run/dev
					cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /run/dev/
					mkdir /run/dev/shm && mount --bind /dev/shm /run/dev/shm && mount --rbind /run/dev /dev
					mount -t tmpfs -o size=64k tmpfs /var/lib/corosync
					ip neigh replace 10.88.0.77 lladdr 02:00:00:00:00:77 dev eth0`)
				h.write("/etc/resolv.conf", "nameserver 10.88.0.77\noptions timeout:2 attempts:2\n")
				h.write("/etc/corosync/corosync.conf", conf)
				d := h.start([]string{helperEnv + "=deaf /dev/log /var/log/places /run/places/err"}, exe)
				eventually(t, 10*time.Second, func() string { return says(d.out.String(), 0, 0, "deaf") })
			}
			start := func(h *host) *daemon {
				return h.start(env, "sh", "-c", "exec "+l.our("corosync")+" -f 2<>/run/places/err")
			}
			daemons := []*daemon{start(l.hosts[0]), start(l.hosts[1])}
			for _, h := range l.hosts {
				eventually(t, 20*time.Second, quorate(h, profile, "2"))
			}
			h := l.hosts[0]
			paced := h.start([]string{helperEnv + "=pace"}, exe)
			eventually(t, 10*time.Second, func() string {
				if _, n := slowest(paced, 0); n < 10 {
					return "no pace: " + paced.out.String()
				}
				return ""
			})
			goesOn := func(what string, from int) {
				t.Helper()
				most, n := slowest(paced, from)
				t.Logf("%s: the slowest of %d messages took %v", what, n, most)
				if most > time.Second || n < 10 {
					t.Errorf("%s: the slowest of %d messages took %v", what, n, most)
				}
			}
			at := len(paced.out.String())
			for range 300 { // some 200 bytes each time, for each place
				daemons[0].signal(syscall.SIGUSR2)
				time.Sleep(5 * time.Millisecond)
			}
			goesOn("blocked logs", at)

			at = len(paced.out.String())
			h.write("/etc/corosync/corosync.conf", strings.Replace(conf, "ring0_addr: "+l.hosts[1].addr, "ring0_addr: nobody.example", 1))
			begin := time.Now()
			out, status := h.run(env, l.our("corosync-cfgtool"), "-R")
			took := time.Since(begin)
			if status == 0 || took < time.Second {
				t.Errorf("the reload ends with %d after %v: %s", status, took, out)
			}
			goesOn(fmt.Sprintf("silent name server (reload refused after %v)", took.Round(time.Second)), at)
			h.write("/etc/corosync/corosync.conf", conf)

			h.run(nil, "sh", "-c", "cat /dev/zero > /var/lib/corosync/filler")
			daemons[1].signal(syscall.SIGKILL)
			eventually(t, 10*time.Second, func() string {
				out, _ := h.run(env, l.our("corosync-quorumtool"), "-s")
				return says(out, 0, 0, "Nodes:            1")
			})
			daemons[1] = start(l.hosts[1])
			for _, h := range l.hosts {
				eventually(t, 20*time.Second, quorate(h, profile, "2"))
			}
			at = len(paced.out.String())
			time.Sleep(time.Second)
			goesOn("a ring formed on a full disk", at)

			// Who reads them now finds the log of a node that never stopped.
			r, err := os.OpenFile(h.Path("/var/log/places"), os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			buf, got := make([]byte, 1<<20), ""
			eventually(t, 10*time.Second, func() string {
				r.SetReadDeadline(time.Now().Add(time.Second))
				n, _ := r.Read(buf)
				got += string(buf[:n])
				return says(got, 0, 0, "'nobody.example'")
			})
			if status := daemons[0].stop(); status != 0 {
				t.Errorf("exit status %d", status)
			}
		})
	}
}
