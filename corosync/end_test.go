package corosync

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/corosync/internal/node"
)

// TestOldConfig: a node whose configuration is older than the others' does not
// stay, and says so.
func TestOldConfig(t *testing.T) {
	ctx := within(t, 20*time.Second)
	start := func(id, version int) *Node {
		text := fmt.Sprintf("totem {\n version: 2\n transport: udpu\n token: 500\n config_version: %d\n interface {\n  mcastport: 25462\n }\n}\nnodelist {\n", version)
		for i := 1; i <= 2; i++ {
			text += fmt.Sprintf(" node {\n  ring0_addr: 127.77.5.%d\n  nodeid: %d\n }\n", i, i)
		}
		n, err := Start(ctx, Config{Conf: []byte(text + "}\n"), NodeID: uint32(id)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Stop() })
		return n
	}
	old := start(2, 1)
	for range old.Views(ctx) { // it is compared when two rings become one
		break
	}
	fresh := start(1, 2)
	select {
	case <-old.Done():
	case <-ctx.Done():
		t.Fatal("the node with the old configuration has not ended")
	}
	if err := old.Err(); !errors.Is(err, ErrOldConfig) {
		t.Errorf("ended with %v", err)
	}
	if _, err := old.Join(ctx, "test"); !errors.Is(err, ErrStopped) || !errors.Is(err, ErrOldConfig) {
		t.Errorf("Join: %v", err)
	}
	if err := fresh.Err(); err != nil {
		t.Errorf("the other one: %v", err)
	}
}

// TestExplain: what the node behind says, in terms of this package.
func TestExplain(t *testing.T) {
	err := explain(&node.Error{Kind: node.Killed, Err: &node.KilledBy{Node: 3, Reason: "why"}})
	var killed *KilledError
	if !errors.As(err, &killed) || killed.By != 3 || killed.Reason != "why" {
		t.Errorf("%v", err)
	}
	if err := explain(fmt.Errorf("udp: save ring 4: %w", &node.Error{Kind: node.RingID, Err: errors.New("no room")})); !errors.Is(err, ErrState) {
		t.Errorf("%v", err)
	}
	if explain(nil) != nil {
		t.Error("nil is an error")
	}
}

// TestViews: views tell of a node that comes and of one that goes, and agree.
func TestViews(t *testing.T) {
	ctx := within(t, 20*time.Second)
	c := &Cluster{Port: 25464, Token: 500 * time.Millisecond, Nodes: []NodeSpec{{ID: 7, Addr: "127.77.6.7"}, {ID: 5, Addr: "127.77.6.5"}}}
	start := func(id uint32) *Node {
		n, err := Start(ctx, Config{Cluster: c, NodeID: id})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Stop() })
		return n
	}
	first := start(7)
	var second *Node
	for v := range first.Views(ctx) {
		switch {
		case len(v.Members) == 1 && second == nil:
			if v.Quorate {
				t.Error("one of two is quorate")
			}
			second = start(5)
		case len(v.Members) == 2:
			if fmt.Sprint(v.Members) != "[5 7]" {
				t.Errorf("members %v", v.Members)
			}
			if v.Quorate && second.Err() == nil {
				for w := range second.Views(ctx) {
					if w.Ring == v.Ring && w.Quorate {
						break
					}
				}
				if err := second.Stop(); err != nil {
					t.Error(err)
				}
			}
		}
		if second != nil && len(v.Members) == 1 && !v.Quorate && v.Ring.Node == 7 {
			select {
			case <-second.Done():
				return
			default:
			}
		}
	}
	t.Errorf("no more views: %v", ctx.Err())
}

// TestSetCluster: a third node is added to two that run, and taken out again.
func TestSetCluster(t *testing.T) {
	for i, generation := range []int{2, 3} {
		t.Run(fmt.Sprint(generation), func(t *testing.T) {
			ctx := within(t, 30*time.Second)
			spec := func(ids ...uint32) *Cluster {
				c := &Cluster{Port: uint16(25466 + 2*i), Token: 500 * time.Millisecond}
				for _, id := range ids {
					c.Nodes = append(c.Nodes, NodeSpec{ID: id, Addr: fmt.Sprintf("127.77.7.%d", id)})
				}
				return c
			}
			var nodes []*Node
			start := func(id uint32, c *Cluster) {
				n, err := Start(ctx, Config{Cluster: c, Generation: generation, NodeID: id})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { n.Stop() })
				nodes = append(nodes, n)
			}
			wait := func(n *Node, members string) {
				t.Helper()
				for v := range n.Views(ctx) {
					if fmt.Sprint(v.Members) == members && v.Quorate {
						return
					}
				}
				t.Fatalf("node %d is with %v", n.ID(), n.View())
			}
			start(1, spec(1, 2))
			start(2, spec(1, 2))
			wait(nodes[0], "[1 2]")
			start(3, spec(1, 2, 3))
			for _, n := range nodes[:2] {
				if err := n.SetCluster(ctx, spec(1, 2, 3)); err != nil {
					t.Fatal(err)
				}
			}
			wait(nodes[0], "[1 2 3]")
			var wrong *ConfigError
			other := spec(1, 2, 3)
			other.Port++
			for _, c := range []*Cluster{nil, spec(2, 3), other, {}, spec(1, 1)} {
				if err := nodes[0].SetCluster(ctx, c); !errors.As(err, &wrong) {
					t.Errorf("%+v: %v", c, err)
				}
			}
			for _, n := range nodes[:2] {
				if err := n.SetCluster(ctx, spec(1, 2)); err != nil {
					t.Fatal(err)
				}
			}
			wait(nodes[1], "[1 2]")
			nodes[0].Stop()
			if err := nodes[0].SetCluster(ctx, spec(1, 2)); !errors.Is(err, ErrStopped) {
				t.Errorf("after the end: %v", err)
			}
		})
	}
}
