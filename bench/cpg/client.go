package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gocorosync/gocorosync/integration/lab"
	"github.com/gocorosync/gocorosync/ipc/coro"
)

// clientArg makes this program a client in a host instead:
//
//	ring   N                    wait for a ring of N
//	listen GROUP SECONDS        join and receive
//	flood  GROUP SECONDS SIZE   send as fast as flow control lets
//	ping   GROUP COUNT   SIZE   send one, wait until it comes back, repeat
//
// The last three may be another program's, named by -client or CPGBENCH. What
// is read of its output is the words msg/s=, MB/s=, p50= and p99=.
const clientArg = "__client"

// A clientRun is a client that runs in a host.
type clientRun struct {
	cmd      *exec.Cmd
	args     []string
	out, bad bytes.Buffer
	done     chan error
}

// startClient starts a client; program "" is this one.
func startClient(ctx context.Context, h *lab.Host, program string, args ...string) (*clientRun, error) {
	if program == "" {
		exe, err := os.Executable()
		if err != nil {
			return nil, err
		}
		program, args = exe, append([]string{clientArg}, args...)
	}
	w := &clientRun{args: args, cmd: h.Command(ctx, append([]string{program}, args...)...), done: make(chan error, 1)}
	w.cmd.Stdout, w.cmd.Stderr = &w.out, &w.bad
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { w.done <- w.cmd.Wait() }()
	return w, nil
}

// wait returns what the client has printed.
func (w *clientRun) wait(ctx context.Context) (string, error) {
	select {
	case err := <-w.done:
		if err != nil {
			return "", fmt.Errorf("%v: %w: %s", w.args, err, &w.bad)
		}
		return w.out.String(), nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case <-time.After(2 * time.Minute):
		_ = w.cmd.Process.Kill()
		return "", fmt.Errorf("%v: no answer for two minutes", w.args)
	}
}

// client is what the client does.
func client(mode string, args []string) error {
	ctx := context.Background()
	if mode == "ring" && len(args) == 1 {
		n, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		return waitRing(ctx, n)
	}
	if len(args) < 2 {
		return fmt.Errorf("%s: too few arguments", mode)
	}
	limit, err := strconv.ParseFloat(args[1], 64)
	if err != nil {
		return err
	}
	size := 64
	if len(args) > 2 {
		if size, err = strconv.Atoi(args[2]); err != nil {
			return err
		}
	}
	c, err := coro.DialCPG(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	b := &bencher{c: c, msg: make([]byte, size), span: time.Duration(limit * float64(time.Second)), came: make(chan struct{}, 1)}
	if b.node, err = c.LocalNodeID(ctx); err != nil {
		return err
	}
	if err := c.Join(ctx, args[0]); err != nil {
		return err
	}
	for b.members == 0 {
		ev, err := c.Next(ctx)
		if err != nil {
			return err
		}
		if m, ok := ev.(*coro.CPGConfchg); ok {
			b.members = len(m.Members)
		}
	}
	go b.hear(ctx)
	switch mode {
	case "listen":
		time.Sleep(b.span)
		fmt.Printf("listen: members=%d deliveries=%d\n", b.members, b.all.Load())
		return nil
	case "flood":
		return b.flood(ctx)
	case "ping":
		return b.ping(ctx, int(limit))
	}
	return fmt.Errorf("there is no mode %q", mode)
}

// waitRing tells when the daemon, which may not run yet, is on a ring of n.
func waitRing(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := watchRing(ctx, n)
		if err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func watchRing(ctx context.Context, n int) error {
	q, err := coro.DialQuorum(ctx)
	if err != nil {
		return err
	}
	defer q.Close()
	if err := q.Track(ctx, coro.TrackCurrent|coro.TrackChanges); err != nil {
		return err
	}
	for {
		ev, err := q.Next(ctx)
		if err != nil {
			return err
		}
		if len(ev.Members) == n {
			fmt.Printf("ring: at=%d\n", time.Now().UnixNano())
			return nil
		}
	}
}

// A bencher sends and counts what comes back.
type bencher struct {
	c       *coro.CPG
	node    uint32
	members int
	msg     []byte
	span    time.Duration
	own     atomic.Int64
	all     atomic.Int64
	came    chan struct{} // something of its own
}

func (b *bencher) hear(ctx context.Context) {
	for {
		ev, err := b.c.Next(ctx)
		if err != nil {
			return
		}
		if m, ok := ev.(*coro.CPGDeliver); ok {
			b.all.Add(1)
			if m.Node == b.node && m.PID == b.c.PID() {
				b.own.Add(1)
				select {
				case b.came <- struct{}{}:
				default:
				}
			}
		}
	}
}

func (b *bencher) flood(ctx context.Context) error {
	begin, sent := time.Now(), int64(0)
	for time.Since(begin) < b.span {
		if err := b.c.Multicast(ctx, b.msg); err != nil {
			return err
		}
		sent++
	}
	took, own := time.Since(begin).Seconds(), b.own.Load()
	for end := time.After(time.Minute); b.own.Load() < sent; {
		select {
		case <-b.came:
		case <-end:
			return fmt.Errorf("%d of %d messages came back", b.own.Load(), sent)
		}
	}
	rate := float64(own) / took
	fmt.Printf("flood: members=%d size=%d s=%.2f sent=%d own=%d msg/s=%.0f MB/s=%.2f\n", b.members, len(b.msg), took, sent, own, rate, rate*float64(len(b.msg))/1e6)
	return nil
}

func (b *bencher) ping(ctx context.Context, n int) error {
	var us []float64
	for i := range int64(n) {
		begin := time.Now()
		if err := b.c.Multicast(ctx, b.msg); err != nil {
			return err
		}
		for b.own.Load() <= i {
			<-b.came
		}
		us = append(us, float64(time.Since(begin).Nanoseconds())/1e3)
	}
	slices.Sort(us)
	fmt.Printf("ping: members=%d size=%d n=%d us: min=%.0f p50=%.0f p99=%.0f max=%.0f\n", b.members, len(b.msg), n, us[0], us[n/2], us[n*99/100], us[n-1])
	return nil
}
