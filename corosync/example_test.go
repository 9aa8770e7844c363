package corosync_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/corosync"
)

// Two nodes in one program, for show: each has a loopback address of its own.
const twoNodes = `totem {
	version: 2
	cluster_name: example
	transport: udpu
	secauth: off
	token: 1000
	interface {
		mcastport: 5755
	}
}
nodelist {
	node {
		ring0_addr: 127.88.7.1
		nodeid: 1
	}
	node {
		ring0_addr: 127.88.7.2
		nodeid: 2
	}
}
quorum {
	provider: corosync_votequorum
}
logging {
	to_syslog: no
}
`

// A program starts a node inside itself, joins a group, and hears what the
// group's members say in the same order as all the others.
func ExampleStart() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "corosync.conf")
	if err := os.WriteFile(file, []byte(twoNodes), 0o644); err != nil {
		log.Fatal(err)
	}
	var groups []*corosync.Group
	for id := uint32(1); id <= 2; id++ {
		node, err := corosync.Start(ctx, corosync.Config{
			File: file, Profile: conf.EL9, StateDir: filepath.Join(dir, fmt.Sprint(id)),
			NodeID: id,   // both are on this machine
			NoIPC:  true, // no sockets for corosync's tools
			Quiet:  true,
		})
		if err != nil {
			log.Fatal(err)
		}
		defer node.Stop()
		g, err := node.Join(ctx, "chat")
		if err != nil {
			log.Fatal(err)
		}
		defer g.Close()
		groups = append(groups, g)
	}
	// The second waits until it sees both members, and says something.
	for members := 0; members < 2; {
		ev, err := groups[1].Next(ctx)
		if err != nil {
			log.Fatal(err)
		}
		if change, ok := ev.(corosync.Change); ok {
			members = len(change.Members)
		}
	}
	if err := groups[1].Multicast(ctx, []byte("hello")); err != nil {
		log.Fatal(err)
	}
	for i, g := range groups {
		for heard := false; !heard; {
			ev, err := g.Next(ctx)
			if err != nil {
				log.Fatal(err)
			}
			if m, ok := ev.(corosync.Message); ok {
				fmt.Printf("node %d heard %q from node %d\n", i+1, m.Data, m.Node)
				heard = true
			}
		}
	}
	// Output:
	// node 1 heard "hello" from node 2
	// node 2 heard "hello" from node 2
}

// Quorum tells whether this node's part of the cluster may act. A group hears
// of every change.
func ExampleQuorumChange() {
	act := func(ev corosync.Event) {
		switch ev := ev.(type) {
		case corosync.QuorumChange:
			fmt.Println("may act:", ev.Quorate)
		case corosync.Change:
			fmt.Println(len(ev.Members), "members")
		case corosync.Message:
			fmt.Printf("%s\n", ev.Data)
		}
	}
	act(corosync.Change{Members: []corosync.Member{{Node: 1, PID: 100}, {Node: 2, PID: 200}}})
	act(corosync.QuorumChange{Quorate: true})
	// Output:
	// 2 members
	// may act: true
}
