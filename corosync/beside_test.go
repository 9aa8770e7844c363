package corosync

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/ipc/coro"
)

// longestTurn measures the longest that a loop takes to answer, until stop.
func longestTurn(n *Node) (stop func() time.Duration) {
	end, longest := make(chan struct{}), make(chan time.Duration)
	go func() {
		var most time.Duration
		for {
			select {
			case <-end:
				longest <- most
				return
			case <-time.After(5 * time.Millisecond):
			}
			begin := time.Now()
			n.call(func() {})
			most = max(most, time.Since(begin))
		}
	}()
	return func() time.Duration { close(end); return <-longest }
}

// TestReloadSilentResolver: a resolver that does not answer stops no loop. The
// reload is refused in the end, and what was asked for meanwhile is one more.
func TestReloadSilentResolver(t *testing.T) {
	for i, want := range []coro.Error{coro.ErrLibrary, coro.ErrInvalidParam} {
		p := []conf.Profile{conf.EL7, conf.EL9}[i]
		t.Run(p.String(), func(t *testing.T) {
			c := startNamed(t, p, 25426+i, 3)
			for id := range 3 {
				c.wait(id+1, 1, 2, 3)
			}
			n := c.nodes[0]
			before := n.loop.Machine().Ring()
			c.resolver(func() { c.silent["n3"] = true })
			answers := make(chan coro.Error, 3)
			reload := func() { n.call(func() { n.reloadFile(func(s coro.Error) { answers <- s }) }) }
			stop := longestTurn(n)
			reload()
			reload()
			reload()
			// Longer than the token may take.
			select {
			case s := <-answers:
				t.Fatalf("answered at once: %v", s)
			case <-time.After(1500 * time.Millisecond):
			}
			if d := stop(); d > 400*time.Millisecond {
				t.Errorf("the loop stood still for %v", d)
			}
			n.call(func() {
				if now := n.loop.Machine().Ring(); now != before {
					t.Errorf("the ring has changed from %v to %v", before, now)
				}
				if !n.reloading.underWay || len(n.reloading.next) != 2 {
					t.Errorf("%v, %d wait", n.reloading.underWay, len(n.reloading.next))
				}
			})
			// The first is still asking, the others find the name again.
			c.resolver(func() { c.silent["n3"] = false })
			for i, want := range []coro.Error{want, coro.OK, coro.OK} {
				if got := <-answers; got != want {
					t.Errorf("answer %d is %v, want %v", i+1, got, want)
				}
			}
		})
	}
}

// TestKeyWithUnknownName: a client puts a name into a key (corosync 2 lets it),
// which is looked up beside the loop, and takes effect when it is found.
func TestKeyWithUnknownName(t *testing.T) {
	c := startNamed(t, conf.EL7, 25428, 2)
	c.wait(1, 1, 2)
	n := c.nodes[0]
	c.resolver(func() { c.addrs["n9"], c.silent["n8"] = "127.78.99.9", true })
	set := func(key, value string) { n.call(func() { n.keys.Set(key, cmap.Str(value)) }) }
	stop := longestTurn(n)
	n.call(func() {
		n.keys.Set("nodelist.node.2.nodeid", cmap.U32(9))
		n.keys.Set("nodelist.node.2.ring0_addr", cmap.Str("n9"))
	})
	has := func() (ok bool) {
		n.call(func() {
			ok = slices.ContainsFunc(n.conf.Nodes, func(c conf.Node) bool { return c.ID == 9 && c.Addrs[0].String() == "127.78.99.9" })
		})
		return ok
	}
	for deadline := time.Now().Add(10 * time.Second); !has(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("node 9 is not in force")
		}
	}
	set("nodelist.node.2.ring0_addr", "n8")
	time.Sleep(300 * time.Millisecond)
	if !has() {
		t.Error("a name without an address has changed something")
	}
	if d := stop(); d > 400*time.Millisecond {
		t.Errorf("the loop stood still for %v", d)
	}
}

// TestBlockedLogs: standard error is a full pipe, the log file another one that
// nobody reads, and the node says as much as it can: its loop goes on.
func TestBlockedLogs(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "log")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe() // takes nothing that is not read
	defer r.Close()
	log := newLogger(w)
	file := filepath.Join(dir, "corosync.conf")
	text := fmt.Sprintf("totem {\n version: 2\n transport: udpu\n secauth: off\n interface {\n mcastport: 25429\n }\n}\nnodelist {\n node {\n  ring0_addr: 127.77.179.1\n  nodeid: 1\n }\n}\n"+
		"logging {\n to_stderr: yes\n to_syslog: no\n to_logfile: yes\n logfile: %s\n debug: on\n}\n", fifo)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	n, err := load(Config{File: file, NodeID: 1, StateDir: dir, NoIPC: true, log: log})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.startUp(context.Background()); err != nil {
		t.Fatal(err)
	}
	stop := longestTurn(n)
	for range 30_000 {
		log.log(levelNotice, "MAIN", "%s", strings.Repeat("x", 200))
	}
	n.call(func() { n.keys.Set("logging.debug", cmap.Str("off")) })
	n.call(func() { n.keys.Set("logging.logfile", cmap.Str(filepath.Join(dir, "other"))) })
	time.Sleep(300 * time.Millisecond)
	if d := stop(); d > 400*time.Millisecond {
		t.Errorf("the loop stood still for %v", d)
	}
	// The pipe is given up for another file in the end.
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		log.log(levelNotice, "MAIN", "another file")
		if b, _ := os.ReadFile(filepath.Join(dir, "other")); strings.Contains(string(b), "another file") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the other file is not written")
		}
	}
	begin := time.Now()
	if err := n.Stop(); err != nil {
		t.Error(err)
	}
	log.close()
	if d := time.Since(begin); d > 3*closeTime {
		t.Errorf("the end took %v", d)
	}
	// Somebody reads at last, and is told what is missing.
	found := make(chan bool)
	go func() {
		buf := make([]byte, 1<<20)
		var got strings.Builder
		for {
			k, err := r.Read(buf)
			got.Write(buf[:k])
			if strings.Contains(got.String(), " lines of this log are missing here") {
				found <- true
				return
			}
			if err != nil {
				found <- false
				return
			}
		}
	}()
	select {
	case ok := <-found:
		if !ok {
			t.Error("nothing says what is missing")
		}
	case <-time.After(20 * time.Second):
		t.Error("no end")
	}
	for deadline := time.Now().Add(20 * time.Second); log.stderr.Flush(0) > 0; {
		r.Read(make([]byte, 1<<20))
		if time.Now().After(deadline) {
			t.Fatal("still writing")
		}
	}
}

// TestDumpBeside: the flight recorder is there when its caller is told so.
func TestDumpBeside(t *testing.T) {
	n := startNode(t, t.TempDir(), conf.EL9, 25430, 1, 1)
	waits := func() (w bool) {
		n.call(func() {
			n.keys.Set(dumpFlightKey, cmap.Str(time.Now().String()))
			n.notify()
			w = n.dumping
		})
		return w
	}
	if !waits() {
		t.Fatal("nothing is written")
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var busy bool
		n.call(func() { busy = n.dumping })
		if !busy {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no end")
		}
	}
	if _, err := os.Stat(filepath.Join(n.stateDir(), "fdata")); err != nil {
		t.Error(err)
	}
}
