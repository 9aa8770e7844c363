package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/ipc/coro"
)

// clientArg makes this program a client in a host: "visitors RATE" until its
// input ends, "probe NODES", or "rude GROUP", which waits to be killed.
const clientArg = "__client"

func client(what, arg string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	switch what {
	case "visitors":
		rate, err := strconv.ParseFloat(arg, 64)
		if err != nil {
			return err
		}
		return visitors(ctx, rate)
	case "probe":
		return probe(ctx, arg)
	case "rude":
		return rude(ctx, arg)
	}
	return errors.New("a client of which kind?")
}

// workers come and go side by side.
const workers = 6

// patience bounds a visit.
const patience = 20 * time.Second

// visitors prints a line for each visit: "ok KIND" or "bad KIND: why".
func visitors(ctx context.Context, rate float64) error {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	var out sync.Mutex
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			v := visitor{group: fmt.Sprintf("soak-%d", w)}
			pace := time.Duration(float64(workers) / rate * float64(time.Second))
			for ctx.Err() == nil {
				next := time.Now().Add(time.Duration(float64(pace) * (0.5 + rand.Float64())))
				name, err := v.visit()
				out.Lock()
				if err != nil {
					fmt.Printf("bad %s: %v\n", name, err)
				} else {
					fmt.Printf("ok %s\n", name)
				}
				out.Unlock()
				select {
				case <-time.After(time.Until(next)):
				case <-ctx.Done():
				}
			}
		})
	}
	all.Wait()
	return nil
}

// A visitor is one worker. No other process on its node is in its group.
type visitor struct{ group string }

type visit struct {
	name string
	do   func(v visitor, ctx context.Context) error
}

var visits = []visit{
	{"cpg", visitor.talk}, {"cpg", visitor.talk}, {"cpg without good-bye", visitor.vanish}, {"cpg killed", visitor.killed},
	{"cmap", visitor.keys}, {"quorum", visitor.quorum}, {"cfg", visitor.cfg}, {"half a connection", visitor.half}, {"tool", visitor.tool},
}

func (v visitor) visit() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	k := visits[rand.IntN(len(visits))]
	return k.name, k.do(v, ctx)
}

// talk joins a group, sends messages of all sizes and leaves when all came back
// as they were.
func (v visitor) talk(ctx context.Context) error {
	c, err := coro.DialCPG(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	node, err := c.LocalNodeID(ctx)
	if err != nil {
		return err
	}
	if err := c.Join(ctx, v.group); err != nil {
		return err
	}
	n := 1 + rand.IntN(20)
	sent := make(chan error, 1)
	go func() {
		for i := range n {
			size := 8 + rand.IntN(1000)
			if rand.IntN(20) == 0 {
				size += rand.IntN(400_000)
			}
			b := bytes.Repeat([]byte{byte(i)}, size)
			binary.LittleEndian.PutUint32(b, uint32(i))
			binary.LittleEndian.PutUint32(b[4:], uint32(size))
			// A big one is broken off when somebody joins or leaves.
			err := c.Multicast(ctx, b)
			for errors.Is(err, coro.ErrInterrupt) {
				err = c.Multicast(ctx, b)
			}
			if err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	for i := 0; i < n; {
		ev, err := c.Next(ctx)
		if err != nil {
			return fmt.Errorf("message %d of %d: %w", i, n, err)
		}
		m, ok := ev.(*coro.CPGDeliver)
		if !ok || m.Node != node || m.PID != c.PID() {
			continue
		}
		if len(m.Data) < 8 || binary.LittleEndian.Uint32(m.Data) != uint32(i) || int(binary.LittleEndian.Uint32(m.Data[4:])) != len(m.Data) {
			return fmt.Errorf("message %d of %d is another one", i, n)
		}
		i++
	}
	if err := <-sent; err != nil {
		return err
	}
	return c.Leave(ctx)
}

// vanish joins, sends, reads nothing and closes.
func (v visitor) vanish(ctx context.Context) error {
	c, err := coro.DialCPG(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Join(ctx, v.group); err != nil {
		return err
	}
	for range rand.IntN(50) {
		if err := c.Multicast(ctx, make([]byte, rand.IntN(20_000))); err != nil {
			return err
		}
	}
	return nil
}

// killed lets another process join and send, and kills it.
func (v visitor) killed(ctx context.Context) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, exe, clientArg, "rude", v.group)
	if err := cmd.Start(); err != nil {
		return err
	}
	time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
	cmd.Process.Kill()
	var ex *exec.ExitError
	if err := cmd.Wait(); errors.As(err, &ex) && !ex.Exited() {
		return nil
	}
	return fmt.Errorf("ended by itself: %v", cmd.ProcessState)
}

func rude(ctx context.Context, group string) error {
	c, err := coro.DialCPG(ctx)
	if err != nil {
		return err
	}
	if err := c.Join(ctx, group); err != nil {
		return err
	}
	for {
		if err := c.Multicast(ctx, make([]byte, 10_000)); err != nil {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// keys sets, tracks, lists and deletes keys, and has an iteration and a tracker
// open when it goes.
func (v visitor) keys(ctx context.Context) error {
	c, err := coro.DialCMAP(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	key := "soak." + v.group
	if _, _, err := c.Track(ctx, "soak.", cmap.Add|cmap.Modify|cmap.Delete|cmap.Prefix); err != nil {
		return err
	}
	if err := c.Set(ctx, key, cmap.U32(rand.Uint32())); err != nil {
		return err
	}
	if _, err := c.Next(ctx); err != nil {
		return err
	}
	names, err := c.Keys(ctx, "")
	if err != nil {
		return err
	}
	if len(names) < 50 {
		return fmt.Errorf("only %d keys", len(names))
	}
	if err := c.Delete(ctx, key); err != nil {
		return err
	}
	stop := errors.New("enough")
	if err := c.Each(ctx, "", func(string, cmap.Type) error { return stop }); !errors.Is(err, stop) {
		return err
	}
	return nil
}

func (v visitor) quorum(ctx context.Context) error {
	q, err := coro.DialQuorum(ctx)
	if err != nil {
		return err
	}
	defer q.Close()
	if err := q.Track(ctx, coro.TrackCurrent|coro.TrackChanges); err != nil {
		return err
	}
	ev, err := q.Next(ctx)
	if err != nil {
		return err
	}
	if ev.Quorate == 0 {
		return errors.New("not quorate")
	}
	vq, err := coro.DialVotequorum(ctx)
	if err != nil {
		return err
	}
	defer vq.Close()
	_, err = vq.Info(ctx, 0)
	return err
}

func (v visitor) cfg(ctx context.Context) error {
	c, err := coro.DialCFG(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.RingStatus(ctx); err != nil {
		return err
	}
	_, err = c.LocalNodeID(ctx)
	return err
}

// half connects and says nothing, or nonsense.
func (v visitor) half(context.Context) error {
	name := make([]byte, 107)
	copy(name, "cmap")
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Net: "unix", Name: "@" + string(name)})
	if err != nil {
		return err
	}
	defer c.Close()
	b := make([]byte, rand.IntN(40))
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	if rand.IntN(2) == 0 {
		c.Write(b)
	}
	time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
	return nil
}

// tool runs one of the original's tools, which use libqb.
func (v visitor) tool(ctx context.Context) error {
	tools := [][]string{{"corosync-cmapctl"}, {"corosync-quorumtool", "-s"}, {"corosync-cfgtool", "-s"}, {"corosync-cpgtool"}, {"corosync-cmapctl", "-m", "stats"},
		{"corosync-quorumtool", "-l"}, {"corosync-cmapctl", "-g", "totem.version"}, {"corosync-cpgtool", "-n"}, {"corosync-cfgtool", "-n"}}
	t := tools[rand.IntN(len(tools))]
	if _, err := exec.LookPath(t[0]); err != nil {
		return nil
	}
	out, err := exec.CommandContext(ctx, t[0], t[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%v: %w: %.300s", t, err, out)
	}
	return nil
}

// probe fails unless the cluster has so many nodes and is quorate.
func probe(ctx context.Context, nodes string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	q, err := coro.DialQuorum(ctx)
	if err != nil {
		return err
	}
	defer q.Close()
	if err := q.Track(ctx, coro.TrackCurrent); err != nil {
		return err
	}
	ev, err := q.Next(ctx)
	if err != nil {
		return err
	}
	if ev.Quorate == 0 || strconv.Itoa(len(ev.Members)) != nodes {
		return fmt.Errorf("%d members, quorate %d", len(ev.Members), ev.Quorate)
	}
	return nil
}
