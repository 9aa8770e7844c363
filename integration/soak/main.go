// Soak runs some of our daemons in namespaces for long, with clients that come
// and go all the time, and watches what the daemons hold: memory, descriptors,
// threads, shared memory. It fails when one of them grows, or a client fails.
//
//	make soak DURATION=1h
//	bin/soak -duration 10m -rate 20 -nodes 2
//	bin/soak -corosync /usr/sbin/corosync       # the original, to compare
//
// The clients of the first node use shared memory, those of the second sockets,
// and so on in turns. It needs root; the original's tools take part if they are
// installed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gocorosync/gocorosync/integration/lab"
)

type settings struct {
	bin, daemon, profile string
	nodes                int
	rate                 float64
	span, every          time.Duration
	grow                 int // KiB
}

func main() {
	lab.Init()
	if len(os.Args) == 4 && os.Args[1] == clientArg {
		if err := client(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, "client:", err)
			os.Exit(1)
		}
		return
	}
	var s settings
	flag.StringVar(&s.bin, "bin", "bin", "`folder` with our programs and compat/")
	flag.StringVar(&s.daemon, "corosync", "", "another `daemon` than ours")
	flag.StringVar(&s.profile, "profile", "el9", "of our corosync: el9 or el7")
	flag.IntVar(&s.nodes, "nodes", 3, "how many nodes")
	flag.Float64Var(&s.rate, "rate", 8, "clients that come and go in a second on each node")
	flag.DurationVar(&s.span, "duration", time.Hour, "how long")
	flag.DurationVar(&s.every, "every", time.Minute, "how often to print")
	flag.IntVar(&s.grow, "grow", 16384, "how much a daemon's memory may grow after the first tenth, in `KiB`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	bin, err := filepath.Abs(s.bin)
	if err != nil {
		return err
	}
	if s.daemon == "" {
		s.daemon = filepath.Join(bin, "compat", "corosync")
	}
	if _, err := os.Stat(s.daemon); err != nil {
		return fmt.Errorf("%w: run 'make build' first", err)
	}
	dir, err := os.MkdirTemp("", "gocorosync-soak-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := lab.New(dir)
	if err != nil {
		return err
	}
	defer l.Close()
	var nodes []*node
	for i := range s.nodes {
		h, err := l.Add(fmt.Sprintf("node%d", i+1), fmt.Sprintf("10.88.0.%d/24", i+1))
		if err != nil {
			return err
		}
		h.Env = []string{"GOCOROSYNC_COMPAT=" + s.profile}
		nodes = append(nodes, &node{Host: h, transport: []string{"shm", "socket"}[i%2]})
	}
	for _, n := range nodes {
		if err := n.boot(s, nodes); err != nil {
			return err
		}
	}
	if err := settled(ctx, nodes); err != nil {
		return err
	}
	for _, n := range nodes {
		if err := n.visit(s.rate); err != nil {
			return err
		}
	}
	err = watch(ctx, s, nodes)
	for _, n := range nodes {
		if serr := n.stop(); serr != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", n.Name, serr))
		}
	}
	return err
}

// watch prints the figures until the time is over, then once more when all
// clients have gone, and returns what is wrong.
func watch(ctx context.Context, s settings, nodes []*node) error {
	fmt.Printf("%-8s %-6s %-7s %8s %8s %5s %8s %5s %9s %7s\n", "time", "node", "clients", "rss KiB", "peak", "fds", "threads", "shm", "served", "failed")
	began := time.Now()
	show := func() {
		for _, n := range nodes {
			n.look()
			fmt.Printf("%-8s %-6s %-7s %8d %8d %5d %8d %5d %9d %7d\n", time.Since(began).Round(time.Second), n.Name, n.transport,
				n.now.rss, n.now.peak, n.now.fds, n.now.threads, n.now.shm, n.served.Load(), n.failed.Load())
		}
	}
	show()
	for _, n := range nodes {
		n.start = n.now
	}
	end := time.After(s.span)
	warm := time.After(s.span / 10)
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	for over := false; !over; {
		select {
		case <-tick.C:
			show()
		case <-warm:
			for _, n := range nodes {
				n.look()
				n.warm = n.now
			}
		case <-end:
			over = true
		case <-ctx.Done():
			return errors.New("interrupted")
		}
	}
	show()
	for _, n := range nodes {
		n.leave()
	}
	time.Sleep(3 * time.Second)
	show()
	var bad error
	for _, n := range nodes {
		bad = errors.Join(bad, n.judge(s.grow))
	}
	return bad
}
