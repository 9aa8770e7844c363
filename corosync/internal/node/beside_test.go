package node

import (
	"os"
	"path/filepath"
	"slices"
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
			n.Do(func() {})
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
			reload := func() { n.Do(func() { n.reloadFile(func(s coro.Error) { answers <- s }) }) }
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
			n.Do(func() {
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
	set := func(key, value string) { n.Do(func() { n.keys.Set(key, cmap.Str(value)) }) }
	stop := longestTurn(n)
	n.Do(func() {
		n.keys.Set("nodelist.node.2.nodeid", cmap.U32(9))
		n.keys.Set("nodelist.node.2.ring0_addr", cmap.Str("n9"))
	})
	has := func() (ok bool) {
		n.Do(func() {
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

// noPlaces keeps what it is told to dump in a file of its own.
type noPlaces struct{}

func (noPlaces) Adopt(*conf.Logging) bool { return true }
func (noPlaces) Move() error              { return nil }
func (noPlaces) Reopen() error            { return nil }
func (noPlaces) Dump(dir string) error    { return os.WriteFile(filepath.Join(dir, "fdata"), nil, 0o600) }

// TestDumpBeside: the flight recorder is there when its caller is told so.
func TestDumpBeside(t *testing.T) {
	n := startNamed(t, conf.EL9, 25430, 1).nodes[0]
	waits := func() (w bool) {
		n.Do(func() {
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
		n.Do(func() { busy = n.dumping })
		if !busy {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no end")
		}
	}
	if _, err := os.Stat(filepath.Join(n.StateDir(), "fdata")); err != nil {
		t.Error(err)
	}
}
