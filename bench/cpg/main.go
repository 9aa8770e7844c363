// Cpg measures our corosync beside the original one: two clusters of hosts in
// namespaces on this machine, one of each kind, the same client on both, in
// turns, so that what else the machine does touches both alike.
//
//	make build && go run ./bench/cpg            # all, some ten minutes
//	go run ./bench/cpg -short                   # two nodes, a minute
//	go run ./bench/cpg -what flood -nodes 2 -sizes 64,1024 -runs 5
//	CPGBENCH=path go run ./bench/cpg            # with a C client, see client.go
//
// It needs root and an installed corosync.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gocorosync/gocorosync/integration/lab"
)

// settings are what a run of the program measures.
type settings struct {
	bin, peer, client string
	profile           string
	what              []string
	nodes, sizes      []int
	ring              []int // sizes of rings to form
	runs, pings       int
	span, idle        time.Duration
}

func main() {
	lab.Init()
	if len(os.Args) > 2 && os.Args[1] == clientArg {
		if err := client(os.Args[2], os.Args[3:]); err != nil {
			fmt.Fprintln(os.Stderr, "client:", err)
			os.Exit(1)
		}
		return
	}
	s, err := parse()
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		err = run(ctx, s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse() (settings, error) {
	var s settings
	bin := flag.String("bin", "bin", "`folder` with our programs and compat/")
	flag.StringVar(&s.peer, "peer", "", "the original `corosync`; default: that of PATH")
	flag.StringVar(&s.client, "client", os.Getenv("CPGBENCH"), "a client `program` that is called as ours is; default: $CPGBENCH, else ours")
	flag.StringVar(&s.profile, "profile", "el9", "of our corosync: el9 or el7, as the original's generation")
	what := flag.String("what", "flood,all,ping,ring,idle", "`parts`: flood (one node sends), all (all send), ping, ring, idle")
	nodes := flag.String("nodes", "2,3,5", "sizes of clusters")
	sizes := flag.String("sizes", "64,1024,16384,262144,1000000", "sizes of messages in bytes")
	ring := flag.String("rings", "2,3,5,8,16", "sizes of rings to form")
	flag.IntVar(&s.runs, "runs", 3, "runs of each kind; the table shows the median")
	flag.IntVar(&s.pings, "pings", 500, "messages of part ping")
	flag.DurationVar(&s.span, "span", 1500*time.Millisecond, "length of a run of flood and all")
	flag.DurationVar(&s.idle, "idle", 20*time.Second, "length of part idle")
	short := flag.Bool("short", false, "two nodes, three sizes, rings of 2 and 5, idle for 5 s")
	flag.Parse()
	if *short {
		*nodes, *sizes, *ring, s.idle = "2", "64,1024,262144", "2,5", 5*time.Second
	}
	s.what = strings.Split(*what, ",")
	for _, w := range s.what {
		if !slices.Contains([]string{"flood", "all", "ping", "ring", "idle"}, w) {
			return s, fmt.Errorf("-what: there is no part %q", w)
		}
	}
	for _, l := range []struct {
		to   *[]int
		text string
		name string
		low  int
		high int
	}{{&s.nodes, *nodes, "nodes", 1, 32}, {&s.sizes, *sizes, "sizes", 1, 1 << 20}, {&s.ring, *ring, "rings", 1, 32}} {
		for word := range strings.SplitSeq(l.text, ",") {
			n, err := strconv.Atoi(word)
			if err != nil || n < l.low || n > l.high {
				return s, fmt.Errorf("-%s: %q is not a number from %d to %d", l.name, word, l.low, l.high)
			}
			*l.to = append(*l.to, n)
		}
	}
	if s.runs < 1 {
		return s, errors.New("-runs: at least 1")
	}
	var err error
	if s.bin, err = filepath.Abs(*bin); err != nil {
		return s, err
	}
	if _, err := os.Stat(filepath.Join(s.bin, "gocorosync")); err != nil {
		return s, fmt.Errorf("there is no %s/gocorosync: run 'make build' first", s.bin)
	}
	if s.peer == "" {
		if s.peer, err = exec.LookPath("corosync"); err != nil {
			return s, fmt.Errorf("the original corosync is not installed: %w", err)
		}
	}
	if s.client != "" {
		if s.client, err = exec.LookPath(s.client); err != nil {
			return s, fmt.Errorf("-client: %w", err)
		}
		s.client, err = filepath.Abs(s.client)
	}
	return s, err
}

// run measures all that was asked for.
func run(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp("", "gocorosync-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, n := range s.nodes {
		if err := s.cluster(ctx, dir, n); err != nil {
			return err
		}
	}
	if slices.Contains(s.what, "ring") {
		return s.formation(ctx, dir)
	}
	return nil
}
