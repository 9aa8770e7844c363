// Embed is a map that all nodes of a cluster share, in a program that is a
// corosync node itself. It reads "KEY=VALUE" and "KEY" from its standard input
// and needs no corosync beside it:
//
//	embed -f corosync.conf
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/corosync"
)

func main() {
	file := flag.String("f", corosync.DefaultFile, "the `configuration`")
	dir := flag.String("state", "/var/lib/corosync", "`folder` for the ring's number")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cfg := corosync.Config{File: *file, Profile: conf.EL9, StateDir: *dir, NoIPC: true}
	if err := run(ctx, cfg, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "embed:", err)
		os.Exit(1)
	}
}

// run is the program: one goroutine reads lines, and this one owns the map.
func run(ctx context.Context, cfg corosync.Config, in io.Reader, out io.Writer) error {
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
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			lines <- s.Text()
		}
	}()
	go func() {
		for {
			ev, err := group.Next(ctx)
			if err != nil {
				failed <- err
				return
			}
			events <- ev
		}
	}()
	r := &replica{values: make(map[string]string)}
	for {
		select {
		case ev := <-events:
			if tell := r.apply(ev); tell != nil {
				go group.Multicast(ctx, tell) // it may wait, and events must not
			}
		case line, ok := <-lines:
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
				go group.Multicast(ctx, b)
			}
		case err := <-failed:
			return err
		}
	}
}
