package corosync

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/conf"
)

// cluster starts n nodes on loopback addresses of their own, in this process
// and without local sockets. port keeps tests apart.
func cluster(t *testing.T, p conf.Profile, port, n int) []*Node {
	t.Helper()
	dir := t.TempDir()
	var nodes []*Node
	for id := 1; id <= n; id++ {
		nodes = append(nodes, startNode(t, dir, p, port, n, id))
	}
	return nodes
}

func startNode(t *testing.T, dir string, p conf.Profile, port, n, id int) *Node {
	t.Helper()
	c := &Cluster{Port: uint16(port), Token: 3 * time.Second} // a busy machine must not split the ring
	for i := 1; i <= n; i++ {
		c.Nodes = append(c.Nodes, NodeSpec{ID: uint32(i), Addr: fmt.Sprintf("127.77.%d.%d", port%250, i), Name: fmt.Sprintf("n%d", i)})
	}
	node, err := Start(context.Background(), Config{
		Cluster: c, Generation: map[conf.Profile]int{conf.EL7: 2, conf.EL9: 3}[p], NodeID: uint32(id), StateDir: filepath.Join(dir, fmt.Sprint(id)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { node.Stop() })
	return node
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// TestCluster is the walk of a message: three nodes form a ring, a group on
// each gets all messages in one order, and learns who leaves.
func TestCluster(t *testing.T) {
	for i, p := range []conf.Profile{conf.EL7, conf.EL9} {
		t.Run(p.String(), func(t *testing.T) {
			nodes := cluster(t, p, 25405+i, 3)
			ctx := within(t, 20*time.Second)
			var groups []*Group
			for _, n := range nodes {
				g, err := n.Join(ctx, "test")
				if err != nil {
					t.Fatal(err)
				}
				groups = append(groups, g)
			}
			for _, g := range groups { // until all see all
				for {
					ev, err := g.Next(ctx)
					if err != nil {
						t.Fatal(err)
					}
					if c, ok := ev.(Change); ok && len(c.Members) == 3 {
						break
					}
				}
			}
			const each = 100
			for i, g := range groups {
				go func() {
					for k := range each {
						if err := g.Multicast(ctx, fmt.Appendf(nil, "%d/%d", i, k)); err != nil {
							t.Error(err)
						}
					}
				}()
			}
			var orders [][]string
			for _, g := range groups {
				var order []string
				for len(order) < 3*each {
					ev, err := g.Next(ctx)
					if err != nil {
						t.Fatal(err)
					}
					if m, ok := ev.(Message); ok {
						order = append(order, string(m.Data))
					}
				}
				orders = append(orders, order)
			}
			if !slices.Equal(orders[0], orders[1]) || !slices.Equal(orders[0], orders[2]) {
				t.Error("orders differ")
			}
			if err := nodes[2].Stop(); err != nil {
				t.Errorf("Stop: %v", err)
			}
			for {
				ev, err := groups[0].Next(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if c, ok := ev.(Change); ok && len(c.Left) == 1 && c.Left[0].Node == 3 {
					break
				}
			}
		})
	}
}
