package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/totem"
)

// named is a cluster whose nodes are known by names, each with a file of its own.
type named struct {
	t     *testing.T
	port  int
	dir   string
	nodes []*Node

	mu     sync.Mutex
	lost   map[string]bool   // names that the resolver does not know now
	silent map[string]bool   // names that it does not answer for
	addrs  map[string]string // of the names
}

// resolver changes what the resolver says.
func (c *named) resolver(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

func (c *named) lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	c.mu.Lock()
	a, ok := c.addrs[name]
	lost, silent := c.lost[name], c.silent[name]
	c.mu.Unlock()
	switch {
	case silent:
		<-ctx.Done()
		return nil, ctx.Err()
	case lost || !ok:
		return nil, errors.New("no such host")
	}
	return []netip.Addr{netip.MustParseAddr(a)}, nil
}

func (c *named) file(id int) string { return filepath.Join(c.dir, fmt.Sprintf("%d.conf", id)) }

// write gives a node a file with a list of nodes.
func (c *named) write(id int, list ...int) {
	c.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "totem {\n version: 2\n transport: udpu\n secauth: off\n token: 500\n interface {\n mcastport: %d\n }\n}\nnodelist {\n", c.port)
	for _, i := range list {
		fmt.Fprintf(&b, " node {\n  ring0_addr: n%d\n  nodeid: %d\n  name: n%d\n }\n", i, i, i)
	}
	b.WriteString("}\nquorum {\n provider: corosync_votequorum\n}\nlogging {\n to_stderr: no\n to_syslog: no\n}\n")
	if err := os.WriteFile(c.file(id), []byte(b.String()), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// reload makes a node read its file again.
func (c *named) reload(id int) (status coro.Error) {
	n, done := c.nodes[id-1], make(chan coro.Error, 1)
	n.Do(func() { n.reloadFile(func(s coro.Error) { done <- s }) })
	select {
	case status = <-done:
	case <-time.After(60 * time.Second):
		c.t.Fatalf("node %d: the reload has no end", id)
	}
	return status
}

func startNamed(t *testing.T, p conf.Profile, port, n int) *named {
	c := &named{t: t, port: port, dir: t.TempDir(), lost: make(map[string]bool), silent: make(map[string]bool), addrs: make(map[string]string)}
	var all []int
	for i := 1; i <= n; i++ {
		all = append(all, i)
		c.addrs[fmt.Sprintf("n%d", i)] = fmt.Sprintf("127.78.%d.%d", port%250, i)
	}
	for _, id := range all {
		c.write(id, all...)
		node, err := Load(Config{
			Read: func() (*conf.File, error) {
				text, err := os.ReadFile(c.file(id))
				if err != nil {
					return nil, err
				}
				return conf.Parse(c.file(id), text, p, nil)
			},
			Profile: p, NodeID: uint32(id), StateDir: filepath.Join(c.dir, fmt.Sprint(id)),
			Log: NewLog(slog.DiscardHandler), Places: noPlaces{}, Lookup: c.lookup, ReadTime: 2 * time.Second,
		})
		if err == nil {
			err = node.Start(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { node.Leave(); node.Wait() })
		c.nodes = append(c.nodes, node)
	}
	return c
}

// wait waits until a node is on a ring of some members.
func (c *named) wait(id int, members ...totem.NodeID) {
	c.t.Helper()
	n := c.nodes[id-1]
	deadline := time.Now().Add(15 * time.Second)
	for {
		var on []totem.NodeID
		var state string
		n.Do(func() { on, state = n.members, n.loop.Machine().State() })
		if slices.Equal(on, members) && state == "operational" {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("node %d is on a ring of %v, %s; want %v", id, on, state, members)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestReloadRemovesRunningNode: a node that is taken out of the list while it
// runs is outside at once, the others go on, and it comes back when it is listed
// again.
func TestReloadRemovesRunningNode(t *testing.T) {
	for i, p := range []conf.Profile{conf.EL7, conf.EL9} {
		t.Run(p.String(), func(t *testing.T) {
			c := startNamed(t, p, 25420+i, 3)
			for id := range 3 {
				c.wait(id+1, 1, 2, 3)
			}
			for _, id := range []int{1, 2} {
				c.write(id, 1, 2)
				if status := c.reload(id); status != coro.OK {
					t.Fatalf("node %d answers %v", id, status)
				}
			}
			c.wait(1, 1, 2)
			c.wait(2, 1, 2)
			c.wait(3, 3)
			for _, id := range []int{1, 2} {
				c.write(id, 1, 2, 3)
				c.reload(id)
			}
			for id := range 3 {
				c.wait(id+1, 1, 2, 3)
			}
		})
	}
}

// TestReloadUnresolved: a name that the resolver does not know for a moment
// changes nothing, and the reload is refused as the generation refuses one.
func TestReloadUnresolved(t *testing.T) {
	for i, want := range []coro.Error{coro.ErrLibrary, coro.ErrInvalidParam} {
		p := []conf.Profile{conf.EL7, conf.EL9}[i]
		t.Run(p.String(), func(t *testing.T) {
			c := startNamed(t, p, 25422+i, 3)
			for id := range 3 {
				c.wait(id+1, 1, 2, 3)
			}
			before := c.nodes[0].loop.Machine().Ring()
			c.resolver(func() { c.lost["n3"] = true })
			c.write(1, 1, 2, 3)
			if status := c.reload(1); status != want {
				t.Errorf("the reload is answered with %v, want %v", status, want)
			}
			time.Sleep(700 * time.Millisecond) // longer than the token timeout
			c.wait(1, 1, 2, 3)
			c.nodes[0].Do(func() {
				if now := c.nodes[0].loop.Machine().Ring(); now != before {
					t.Errorf("the ring has changed from %v to %v", before, now)
				}
				if a := c.nodes[0].loop.Machine().Addrs(3); len(a) == 0 || a[0].String() != c.addrs["n3"] {
					t.Errorf("node 3 is at %v", a)
				}
				// A key that a client changes does not ask the resolver either.
				c.nodes[0].rereadTotem(nil)
				if a := c.nodes[0].conf.Nodes; len(a) != 3 || !a[2].Addrs[0].IsValid() {
					t.Errorf("nodes after a changed key: %v", a)
				}
			})
		})
	}
}

// TestReloadMoved: corosync 3 refuses another address for a node.
func TestReloadMoved(t *testing.T) {
	c := startNamed(t, conf.EL9, 25424, 2)
	c.wait(1, 1, 2)
	c.resolver(func() { c.addrs["n2"] = "127.78.99.2" })
	if status := c.reload(1); status != coro.ErrInvalidParam {
		t.Errorf("the reload is answered with %v", status)
	}
	c.nodes[0].Do(func() {
		if a := c.nodes[0].loop.Machine().Addrs(2); a[0].String() == c.addrs["n2"] {
			t.Errorf("node 2 is at %v", a)
		}
		lines := movedNodes(c.nodes[0].conf, &conf.Totem{Nodes: []conf.Node{{ID: 2, Addrs: []netip.Addr{netip.MustParseAddr(c.addrs["n2"])}}}})
		was := c.nodes[0].conf.Nodes[1].Addrs[0]
		if want := fmt.Sprintf("new config has different address for link 0 (addr changed from %v to 127.78.99.2). Internal value was NOT changed.", was); !slices.Equal(lines, []string{want}) {
			t.Errorf("says %q, want %q", lines, want)
		}
	})
}

// TestTooLargeSubmit: what can never fit on the ring, and a service lets through,
// holds up nothing.
func TestTooLargeSubmit(t *testing.T) {
	n := startNamed(t, conf.EL9, 25431, 1).nodes[0]
	n.Do(func() { n.act(totem.Submit{Data: make([]byte, totem.MaxMessage+1)}) })
	n.Do(func() {
		if len(n.toRing) != 0 || n.held != 0 {
			t.Errorf("%d events wait, %d bytes", len(n.toRing), n.held)
		}
	})
}
