package corosync_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/gocorosync/gocorosync/corosync"
)

// alone is a cluster of one node on a loopback address of its own.
func alone(addr string) *corosync.Cluster {
	return &corosync.Cluster{Port: 5755, Nodes: []corosync.NodeSpec{{ID: 1, Addr: addr}}}
}

// A program starts a node inside itself, joins a group, and hears what the
// group's members say in the same order as all the others. Here both nodes are in
// one program.
func ExampleStart() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cluster := &corosync.Cluster{Port: 5755, Token: time.Second, Nodes: []corosync.NodeSpec{
		{ID: 1, Addr: "127.88.7.1"}, {ID: 2, Addr: "127.88.7.2"},
	}}
	var groups []*corosync.Group
	for id := uint32(1); id <= 2; id++ {
		node, err := corosync.Start(ctx, corosync.Config{Cluster: cluster, NodeID: id})
		if err != nil {
			log.Fatal(err)
		}
		defer node.Stop()
		group, err := node.Join(ctx, "chat")
		if err != nil {
			log.Fatal(err)
		}
		groups = append(groups, group)
	}
	// The second waits until it sees both members, and says something.
	for ev, err := range groups[1].Events(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if change, ok := ev.(corosync.Change); ok && len(change.Members) == 2 {
			break
		}
	}
	if err := groups[1].Multicast(ctx, []byte("hello")); err != nil {
		log.Fatal(err)
	}
	for i, group := range groups {
		for ev, err := range group.Events(ctx) {
			if err != nil {
				log.Fatal(err)
			}
			if m, ok := ev.(corosync.Message); ok {
				fmt.Printf("node %d heard %q from node %d\n", i+1, m.Data, m.Node)
				break
			}
		}
	}
	// Output:
	// node 1 heard "hello" from node 2
	// node 2 heard "hello" from node 2
}

// The text of a corosync.conf says what the cluster is as well as a Cluster does.
func ExampleConfig() {
	cfg := corosync.Config{
		Conf: []byte(`
totem {
	version: 2
	transport: udpu
	interface {
		mcastport: 5755
	}
}
nodelist {
	node {
		ring0_addr: 127.88.7.3
		nodeid: 3
	}
}
`),
		NodeID: 3,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	}
	node, err := corosync.Start(context.Background(), cfg)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("node", node.ID())
	node.Stop()
	// Output: node 3
}

// Two nodes of three are enough to act.
func ExampleCluster() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cluster := &corosync.Cluster{
		Name: "example", Port: 5757, Token: 500 * time.Millisecond,
		Nodes: []corosync.NodeSpec{{ID: 1, Addr: "127.88.7.11"}, {ID: 2, Addr: "127.88.7.12"}, {ID: 3, Addr: "127.88.7.13"}},
	}
	var last *corosync.Node
	for id := uint32(1); id <= 2; id++ {
		node, err := corosync.Start(ctx, corosync.Config{Cluster: cluster, NodeID: id})
		if err != nil {
			log.Fatal(err)
		}
		defer node.Stop()
		last = node
	}
	for view := range last.Views(ctx) {
		if len(view.Members) == 2 && view.Quorate {
			fmt.Println("nodes", view.Members, "may act")
			break
		}
	}
	// Output: nodes [1 2] may act
}

// A node is added while another one runs. The new node's program knows of both from
// its start.
func ExampleNode_SetCluster() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cluster := &corosync.Cluster{Port: 5759, Nodes: []corosync.NodeSpec{{ID: 1, Addr: "127.88.7.31"}}}
	first, err := corosync.Start(ctx, corosync.Config{Cluster: cluster})
	if err != nil {
		log.Fatal(err)
	}
	defer first.Stop()
	larger := &corosync.Cluster{Port: 5759, Nodes: append(cluster.Nodes, corosync.NodeSpec{ID: 2, Addr: "127.88.7.32"})}
	if err := first.SetCluster(ctx, larger); err != nil {
		log.Fatal(err)
	}
	second, err := corosync.Start(ctx, corosync.Config{Cluster: larger, NodeID: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer second.Stop()
	for view := range first.Views(ctx) {
		if len(view.Members) == 2 && view.Quorate {
			fmt.Println(view.Members)
			break
		}
	}
	// Output: [1 2]
}

// A node with two votes may act alone if the other has one.
func ExampleNodeSpec() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cluster := &corosync.Cluster{Port: 5755, Nodes: []corosync.NodeSpec{
		{ID: 1, Addr: "127.88.7.21", Name: "big", Votes: 2}, {ID: 2, Addr: "127.88.7.22", Name: "small"},
	}}
	node, err := corosync.Start(ctx, corosync.Config{Cluster: cluster, NodeID: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer node.Stop()
	for view := range node.Views(ctx) {
		if view.Quorate {
			fmt.Println(view.Members)
			break
		}
	}
	// Output: [1]
}

// Whoever wants to know why a node has ended waits for Done.
func ExampleNode() {
	ctx, cancel := context.WithCancel(context.Background())
	node, err := corosync.Start(ctx, corosync.Config{Cluster: alone("127.88.7.4")})
	if err != nil {
		log.Fatal(err)
	}
	cancel() // as good as Stop
	<-node.Done()
	fmt.Println(node.Err())
	_, err = node.Join(context.Background(), "chat")
	fmt.Println(errors.Is(err, corosync.ErrStopped))
	// Output:
	// <nil>
	// true
}

// The first view comes when the node has a ring.
func ExampleView() {
	node, err := corosync.Start(context.Background(), corosync.Config{Cluster: alone("127.88.7.5")})
	if err != nil {
		log.Fatal(err)
	}
	defer node.Stop()
	for view := range node.Views(context.Background()) {
		fmt.Println(view.Members, view.Ring == node.Ring())
		break
	}
	// Output: [1] true
}

// A ring is named as corosync-quorumtool names it.
func ExampleRingID() {
	fmt.Println(corosync.RingID{Node: 1, Seq: 428})
	// Output: 1.1ac
}

// Counters tell what a node has done.
func ExampleStats() {
	ctx := context.Background()
	node, err := corosync.Start(ctx, corosync.Config{Cluster: alone("127.88.7.6")})
	if err != nil {
		log.Fatal(err)
	}
	defer node.Stop()
	if _, err := node.Join(ctx, "chat"); err != nil { // waits for a ring
		log.Fatal(err)
	}
	fmt.Println(node.Stats().Rings, "ring")
	// Output: 1 ring
}

// What a group's members say comes back to them all, in one order.
func ExampleGroup() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	node, err := corosync.Start(ctx, corosync.Config{Cluster: alone("127.88.7.7")})
	if err != nil {
		log.Fatal(err)
	}
	defer node.Stop()
	group, err := node.Join(ctx, "chat")
	if err != nil {
		log.Fatal(err)
	}
	for _, word := range []string{"one", "two"} {
		if err := group.Multicast(ctx, []byte(word)); err != nil {
			log.Fatal(err)
		}
	}
	for ev, err := range group.Events(ctx) {
		if err != nil {
			fmt.Println(errors.Is(err, corosync.ErrGroupClosed))
			break
		}
		if m, ok := ev.(corosync.Message); ok {
			fmt.Printf("%s\n", m.Data)
			if string(m.Data) == "two" {
				group.Close()
			}
		}
	}
	// Output:
	// one
	// two
	// true
}

// Events are of three kinds.
func ExampleEvent() {
	tell := func(ev corosync.Event) {
		switch ev := ev.(type) {
		case corosync.QuorumChange:
			fmt.Println("may act:", ev.Quorate)
		case corosync.Change:
			fmt.Println(len(ev.Members), "members")
		case corosync.Message:
			fmt.Printf("%s\n", ev.Data)
		}
	}
	tell(corosync.Change{Members: []corosync.Member{{Node: 1, PID: 100}, {Node: 2, PID: 200}}})
	tell(corosync.QuorumChange{Quorate: true})
	// Output:
	// 2 members
	// may act: true
}

// A message has its sender.
func ExampleMessage() {
	m := corosync.Message{Member: corosync.Member{Node: 2, PID: 4711}, Data: []byte("hello")}
	fmt.Printf("%q of process %d on node %d\n", m.Data, m.PID, m.Node)
	// Output: "hello" of process 4711 on node 2
}

// Whoever joins is in the first change that it gets.
func ExampleChange() {
	ctx := context.Background()
	node, err := corosync.Start(ctx, corosync.Config{Cluster: alone("127.88.7.8")})
	if err != nil {
		log.Fatal(err)
	}
	defer node.Stop()
	group, err := node.Join(ctx, "chat")
	if err != nil {
		log.Fatal(err)
	}
	for ev := range group.Events(ctx) {
		if c, ok := ev.(corosync.Change); ok {
			fmt.Println(len(c.Members), c.Joined[0] == group.Self())
			break
		}
	}
	// Output: 1 true
}

// Members can be compared, and be keys of maps.
func ExampleMember() {
	votes := map[corosync.Member]string{{Node: 1, PID: 100}: "yes"}
	fmt.Println(votes[corosync.Member{Node: 1, PID: 100}])
	// Output: yes
}

// The first event of a group tells whether this part of the cluster may act.
func ExampleQuorumChange() {
	ctx := context.Background()
	cluster := alone("127.88.7.9")
	cluster.NoQuorum = true // all may, always
	node, err := corosync.Start(ctx, corosync.Config{Cluster: cluster})
	if err != nil {
		log.Fatal(err)
	}
	defer node.Stop()
	group, err := node.Join(ctx, "chat")
	if err != nil {
		log.Fatal(err)
	}
	ev, err := group.Next(ctx)
	fmt.Println(ev, err)
	// Output: {true} <nil>
}

// What is wrong with a configuration has its place and a remedy.
func ExampleConfigError() {
	_, err := corosync.Start(context.Background(), corosync.Config{Conf: []byte("totem {\n version: 2\n token: long\n}\n")})
	var wrong *corosync.ConfigError
	if errors.As(err, &wrong) {
		fmt.Println("line", wrong.Line)
	}
	// Output: line 3
}

// A node that another one has ended may have lost its right to what it works on.
func ExampleKilledError() {
	var err error = &corosync.KilledError{By: 2, Reason: "fenced"}
	var killed *corosync.KilledError
	if errors.As(err, &killed) {
		fmt.Println("by node", killed.By)
	}
	// Output: by node 2
}
