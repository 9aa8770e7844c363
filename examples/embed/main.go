// Embed is a map that all nodes of a cluster share, in a program that is a
// corosync node itself. It reads "KEY=VALUE" and "KEY" from its standard input
// and needs no corosync beside it. Without arguments it is a cluster of one node;
// with a corosync.conf, one of its nodes:
//
//	embed
//	embed -f corosync.conf -state DIR
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"

	"github.com/gocorosync/gocorosync/corosync"
)

func main() {
	file := flag.String("f", "", "the `configuration`")
	dir := flag.String("state", "", "`folder` for the ring's number")
	verbose := flag.Bool("v", false, "say what the node says")
	flag.Parse()
	cfg := corosync.Config{File: *file, StateDir: *dir}
	if *file == "" {
		cfg.Cluster = &corosync.Cluster{Nodes: []corosync.NodeSpec{{ID: 1, Addr: "127.0.0.1"}}}
	}
	if *verbose {
		cfg.Logger = slog.Default()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, cfg, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "embed:", err)
		os.Exit(1)
	}
}

// run is the program: one goroutine reads lines, another events, and this one
// owns the map.
func run(ctx context.Context, cfg corosync.Config, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	node, err := corosync.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer node.Stop()
	group, err := node.Join(ctx, "embed")
	if err != nil {
		return err
	}
	defer group.Close()

	lines, events, failed := make(chan string), make(chan corosync.Event), make(chan error, 1)
	fail := func(err error) {
		select {
		case failed <- err:
		default: // not the first
		}
	}
	go func() {
		for ev, err := range group.Events(ctx) {
			if err != nil {
				fail(err)
				return
			}
			select {
			case events <- ev:
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	multicast := func(data []byte) { // it may wait, and events must not
		go func() {
			if err := group.Multicast(ctx, data); err != nil {
				fail(err)
			}
		}()
	}
	r := &replica{self: group.Self(), values: make(map[string]string)}
	var next chan string // nil before we are a member, and while a change of ours is under way
	for {
		select {
		case ev := <-events:
			if tell := r.apply(ev); tell != nil {
				multicast(tell)
			}
			if r.member && !r.changing {
				next = lines
			}
		case line, ok := <-next:
			key, value, isSet := strings.Cut(line, "=")
			switch {
			case !ok:
				return nil
			case !isSet:
				fmt.Fprintf(out, "%s=%s\n", key, r.values[key])
			case !r.quorate:
				fmt.Fprintln(out, "not now: this part of the cluster is not quorate")
			default:
				b, _ := json.Marshal(change{Key: key, Value: value})
				r.changing, next = true, nil
				multicast(b)
			}
		case err := <-failed:
			return err
		}
	}
}
