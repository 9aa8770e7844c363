//go:build interop

package integration

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/ipc/coro"
)

// helperEnv makes the test program run as a client inside a host instead.
const helperEnv = "GOCOROSYNC_TEST_HELPER"

// cpgHelper joins a group, waits until it has as many members as it is told,
// sends messages, one of them larger than fits into one multicast, and prints
// a digest of all that it received in order: "members messages size".
func cpgHelper(args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	var members, messages, size int
	for i, v := range []*int{&members, &messages, &size} {
		*v, _ = strconv.Atoi(args[i])
	}
	c, err := coro.DialCPG(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	id, err := c.LocalNodeID(ctx)
	if err != nil {
		return err
	}
	if err := c.Join(ctx, "helpers"); err != nil {
		return err
	}
	for {
		ev, err := c.Next(ctx)
		if err != nil {
			return err
		}
		if m, ok := ev.(*coro.CPGConfchg); ok && len(m.Members) == members {
			break
		}
	}
	failed := make(chan error, 1)
	go func() {
		big := bytes.Repeat([]byte{byte(id)}, 3<<20)
		for i := range messages {
			if err := c.Multicast(ctx, fmt.Appendf(make([]byte, 0, size), "%0*d", size, i)); err != nil {
				failed <- err
				return
			}
		}
		failed <- c.Multicast(ctx, big)
	}()
	sum, begin, total := sha256.New(), time.Now(), 0
	for got := 0; got < members*(messages+1); {
		ev, err := c.Next(ctx)
		if err != nil {
			return fmt.Errorf("after %d messages: %w", got, err)
		}
		if m, ok := ev.(*coro.CPGDeliver); ok {
			fmt.Fprintf(sum, "%d %d ", m.Node, len(m.Data))
			sum.Write(m.Data)
			got++
			total += len(m.Data)
		}
	}
	if err := <-failed; err != nil {
		return err
	}
	took := time.Since(begin).Seconds()
	fmt.Printf("%x %.0f messages/s %.1f MB/s\n", sum.Sum(nil)[:8], float64(members*messages)/took, float64(total)/took/1e6)
	return nil
}

// runHelper is called by TestMain.
func runHelper() (status int, done bool) {
	words := strings.Fields(os.Getenv(helperEnv))
	if len(words) == 0 {
		return 0, false
	}
	run := cpgHelper
	switch words[0] {
	case "talk":
		run = func(args []string) error {
			life, _ := strconv.Atoi(args[1])
			return talk(uint32(life))
		}
	case "stuck":
		run = func(args []string) error { return stuck(args[1]) }
	case "knock":
		run = func(args []string) error { return knock(args[1:]) }
	case "utter":
		run = func(args []string) error { return utter(args[1]) }
	case "traps":
		run = func(args []string) error {
			port, _ := strconv.Atoi(args[1])
			return traps(port)
		}
	case "echo":
		run = func(args []string) error { return echo(args[1] == "true") }
	case "pace":
		run = func([]string) error { return pace() }
	case "deaf":
		run = func(args []string) error { return deaf(args[1], args[2:]) }
	case "crowd":
		run = func(args []string) error {
			n, _ := strconv.Atoi(args[1])
			atOnce, _ := strconv.Atoi(args[2])
			return crowd(n, atOnce)
		}
	}
	if err := run(words); err != nil {
		fmt.Println(err)
		return 1, true
	}
	return 0, true
}

// TestCPGOrder: clients on all hosts get the same messages in the same order,
// whether the daemon under them is ours or corosync's.
func TestCPGOrder(t *testing.T) {
	corosync := real(t, "corosync")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, profile, totem string
		originals            int
	}{
		{"el7", "el7", " secauth: off\n", 0},
		{"el9", "el9", "", 0},
		{"mixed", "el9", "", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t, 3)
			l.configure(tt.totem, "")
			for i, h := range l.hosts {
				if i < tt.originals {
					h.start(nil, corosync, "-f")
				} else {
					h.ours(tt.profile)
				}
			}
			for _, h := range l.hosts {
				eventually(t, 30*time.Second, quorate(h, tt.profile, "3"))
			}
			var outs [3]bytes.Buffer
			var waits []func() error
			for i, h := range l.hosts {
				c := h.command(t.Context(), []string{helperEnv + "=3 3000 200"}, exe)
				c.Stdout, c.Stderr = &outs[i], io.MultiWriter(&outs[i], os.Stderr)
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				waits = append(waits, c.Wait)
			}
			for i, wait := range waits {
				if err := wait(); err != nil {
					t.Errorf("%s: %v %s", l.hosts[i].name, err, &outs[i])
				}
			}
			var digests [3]string
			for i := range outs {
				t.Log(strings.TrimSpace(outs[i].String()))
				digests[i], _, _ = strings.Cut(outs[i].String(), " ")
			}
			if digests[0] != digests[1] || digests[0] != digests[2] {
				t.Errorf("different orders: %q", digests)
			}
		})
	}
}
