//go:build interop

package integration

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// A talker is a client in a host, see talk.
type talker struct {
	*trace
	h     *host
	cmd   *exec.Cmd
	stdin io.WriteCloser
	told  uint32 // messages it was told to send
	gone  chan struct{}

	mu    sync.Mutex // of items and what follows
	bad   []string
	sent  uint32            // messages it says it has sent
	heard map[uint32]uint32 // the last count of each life
	rings int
}

// talkers are the clients of a test, dead ones too.
type talkers struct {
	t    *testing.T
	all  []*talker
	live []*talker
}

// start runs a talker in a host and waits until it is in the group.
func (ts *talkers) start(h *host) *talker {
	ts.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		ts.t.Fatal(err)
	}
	k := &talker{h: h, trace: &trace{life: uint32(len(ts.all) + 1)}, gone: make(chan struct{}), heard: make(map[uint32]uint32)}
	k.cmd = h.command(context.Background(), []string{fmt.Sprintf("%s=talk %d", helperEnv, k.life)}, exe)
	out, err := k.cmd.StdoutPipe()
	if err != nil {
		ts.t.Fatal(err)
	}
	if k.stdin, err = k.cmd.StdinPipe(); err != nil {
		ts.t.Fatal(err)
	}
	k.cmd.Stderr = os.Stderr
	if err := k.cmd.Start(); err != nil {
		ts.t.Fatal(err)
	}
	ts.t.Cleanup(func() { k.stdin.Close(); <-k.gone }) // it ends with its input
	go k.read(out)
	ts.all, ts.live = append(ts.all, k), append(ts.live, k)
	eventually(ts.t, 20*time.Second, func() string {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.who == "" || indexOfJoin(k.items, k.who) < 0 {
			return fmt.Sprintf("client on %s is not in the group: %q", h.name, k.bad)
		}
		return ""
	})
	return k
}

func (k *talker) read(out io.Reader) {
	defer close(k.gone)
	for in := bufio.NewScanner(out); in.Scan(); {
		k.note(in.Text())
	}
	k.cmd.Wait()
}

func (k *talker) note(line string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	word, rest, _ := strings.Cut(line, " ")
	var it item
	switch word {
	case "self":
		k.who = strings.Replace(rest, " ", ":", 1)
		return
	case "sent":
		fmt.Sscan(rest, &k.sent)
		return
	case "msg":
		fmt.Sscan(rest, &it.life, &it.count)
		k.heard[it.life] = it.count
	case "ring":
		it.ring = rest
		k.rings++
	case "group":
		it.joined = rest
	default:
		k.bad = append(k.bad, line)
		return
	}
	k.items = append(k.items, it)
}

// send tells a talker to send messages.
func (k *talker) send(n, low, high int) {
	k.told += uint32(n)
	fmt.Fprintf(k.stdin, "send %d %d %d\n", n, low, high)
}

// send tells all to send n messages each.
func (ts *talkers) send(n, low, high int) {
	for _, k := range ts.live {
		k.send(n, low, high)
	}
}

// lost takes the talkers of a host off the list of the living.
func (ts *talkers) lost(h *host) {
	var live []*talker
	for _, k := range ts.live {
		if k.h == h {
			k.cut = true
		} else {
			live = append(live, k)
		}
	}
	ts.live = live
}

// settle waits until all living talkers have sent what they were told, and have
// got the last message of each other.
func (ts *talkers) settle(d time.Duration) {
	ts.t.Helper()
	eventually(ts.t, d, func() string {
		for _, k := range ts.live {
			k.mu.Lock()
			sent, told := k.sent, k.told
			k.mu.Unlock()
			if sent != told {
				return fmt.Sprintf("%s: life %d has sent %d of %d messages", k.h.name, k.life, sent, told)
			}
			for _, o := range ts.live {
				o.mu.Lock()
				heard := o.heard[k.life]
				o.mu.Unlock()
				if heard != sent {
					return fmt.Sprintf("%s: life %d has got %d of %d messages of life %d", o.h.name, o.life, heard, sent, k.life)
				}
			}
		}
		return ""
	})
}

// together waits until all living talkers are on one ring of n members, and
// returns its representative.
func (ts *talkers) together(n int, of ...*host) (rep int) {
	ts.t.Helper()
	eventually(ts.t, 30*time.Second, func() string {
		ring := ""
		for _, k := range ts.live {
			if len(of) > 0 && !contains(of, k.h) {
				continue
			}
			r := k.ring()
			var seq uint64
			fmt.Sscan(r, &rep, &seq)
			if strings.Count(r, " ") != n+1 {
				return fmt.Sprintf("%s is on ring %q, not one of %d", k.h.name, r, n)
			}
			if ring != "" && r != ring {
				return fmt.Sprintf("%s is on ring %q, another on %q", k.h.name, r, ring)
			}
			ring = r
		}
		return ""
	})
	return rep
}

func contains(list []*host, h *host) bool {
	for _, o := range list {
		if o == h {
			return true
		}
	}
	return false
}

// ring is the last one that the talker was told of.
func (k *talker) ring() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := len(k.items) - 1; i >= 0; i-- {
		if k.items[i].ring != "" {
			return k.items[i].ring
		}
	}
	return ""
}

// check ends all talkers and holds what they got against what the ring
// promises. It returns how many messages there were and how often they were
// got.
func (ts *talkers) check() (sent, got int) {
	ts.t.Helper()
	for _, k := range ts.live {
		k.stdin.Close()
		<-k.gone
	}
	all := make(map[msg]bool)
	var traces []*trace
	for _, k := range ts.all {
		for _, b := range k.bad {
			if k.cut && !strings.HasPrefix(b, "bad") {
				continue // how its end looked to it
			}
			ts.t.Errorf("%s: %s", k.h.name, b)
		}
		for _, m := range messages(k.items) {
			all[m] = true
			got++
		}
		traces = append(traces, k.trace)
	}
	for _, f := range faults(traces) {
		ts.t.Error(f)
	}
	return len(all), got
}
