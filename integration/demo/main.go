// Demo tells gocorosync's main story on this machine: two hosts in namespaces,
// one ring, a web service behind a virtual address, a client that asks for it
// all the time, and a node that dies. It exits with 0 only if everything that
// it tells has happened.
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

func main() {
	lab.Init()
	if len(os.Args) > 2 && os.Args[1] == "__client" {
		client(os.Args[2])
		return
	}
	bin := flag.String("bin", "bin", "`folder` with the programs and compat/")
	runs := flag.Int("runs", 1, "kill the active node this many times")
	keep := flag.String("keep", "", "keep the hosts' files in this `folder`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin, *keep, *runs); err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bin, keep string, runs int) (err error) {
	if bin, err = filepath.Abs(bin); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(bin, "compat", "corosync")); err != nil {
		return errors.New("there is no " + bin + "/compat/corosync: run 'make build' first")
	}
	dir := keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "gocorosync-demo-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	l, err := lab.New(dir)
	if err != nil {
		return err
	}
	defer l.Close()
	s := &story{ctx: ctx, lab: l, bin: bin, began: time.Now()}
	defer s.end()
	if err := s.tell(runs); err != nil {
		if ctx.Err() != nil {
			return errors.New("interrupted; everything was cleaned up")
		}
		s.showLogs()
		return err
	}
	return nil
}
