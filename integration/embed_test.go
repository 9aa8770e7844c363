//go:build interop

package integration

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/corosync"
)

// echo is a program that embeds a node: it says to its group what others say,
// backwards, until it hears "end".
func echo(sockets bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	node, err := corosync.Start(ctx, corosync.Config{File: "/etc/corosync/corosync.conf", StateDir: "/var/lib/corosync", Sockets: sockets, Logger: slog.Default()})
	if err != nil {
		return err
	}
	group, err := node.Join(ctx, "echo")
	if err != nil {
		return err
	}
	fmt.Println("joined")
	said := make(chan []byte, 16)
	go func() {
		for data := range said {
			if err := group.Multicast(ctx, data); err != nil {
				fmt.Println(err)
			}
		}
	}()
	for ev, err := range group.Events(ctx) {
		if err != nil {
			return err
		}
		m, ok := ev.(corosync.Message)
		switch {
		case !ok || m.Member == group.Self():
		case string(m.Data) == "end":
			return node.Stop()
		default:
			slices.Reverse(m.Data)
			said <- m.Data
		}
	}
	return nil
}

// hears sends messages of several sizes with libcpg, and wants each back reversed.
const hears = `
import ctypes, faulthandler, sys, os, time
faulthandler.dump_traceback_later(80, exit=True) # says where it waits
lib = ctypes.CDLL("libcpg.so.4")
class Name(ctypes.Structure): _fields_ = [("length", ctypes.c_uint32), ("value", ctypes.c_char * 128)]
class Iovec(ctypes.Structure): _fields_ = [("base", ctypes.c_char_p), ("len", ctypes.c_size_t)]
DELIVER = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.POINTER(Name), ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_size_t)
got = []
def deliver(handle, group, node, pid, msg, size):
    # Each host counts its processes by itself: a pid alone may be the other's too.
    if (node, pid) != (int(sys.argv[2]), os.getpid()): got.append((node, ctypes.string_at(msg, size)))
class Callbacks(ctypes.Structure): _fields_ = [("deliver", DELIVER), ("confchg", ctypes.c_void_p)]
callbacks = Callbacks(DELIVER(deliver), None)
handle = ctypes.c_uint64()
def must(what, status):
    if status != 1: sys.exit("%s: %d" % (what, status))
for i in range(50): # corosync refuses some of the first clients
    status = lib.cpg_initialize(ctypes.byref(handle), ctypes.byref(callbacks))
    if status == 1: break
    time.sleep(0.1)
must("initialize", status)
name = Name(4, b"echo")
must("join", lib.cpg_join(handle, ctypes.byref(name)))
def say(text):
    iov = Iovec(text, len(text))
    while True:
        status = lib.cpg_mcast_joined(handle, 2, ctypes.byref(iov), 1)
        if status not in (6, 16): break
        # Parts that were sent before it come back too.
        time.sleep(0.02)
        lib.cpg_dispatch(handle, 2)
    must("mcast of %d" % len(text), status)
for size in (5, 100000, 1000000, 1100000, 5000000):
    text = bytes((i * 7 + i // 256 + size) & 255 for i in range(size))
    say(text)
    while not got:
        must("dispatch", lib.cpg_dispatch(handle, 1))
    node, back = got.pop()
    if back != text[::-1]: sys.exit("%d bytes came back as %d others" % (size, len(back)))
    print("ok", size, "from", node, flush=True)
if "end" in sys.argv: say(b"end")
`

// TestEmbedded: a program that embeds a node is on one ring with corosync 3, and
// whoever uses libcpg there, or on the program's own sockets, talks with it; also
// in messages that either side sends in parts. corosync-cfgtool -k ends it.
func TestEmbedded(t *testing.T) {
	original, python := real(t, "corosync"), real(t, "python3")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{"with corosync 3", "on its own sockets"} {
		t.Run(where, func(t *testing.T) {
			beside := where == "with corosync 3"
			l := newLab(t, 2)
			l.configure(" token: 1000\n", "")
			talks, embeds := l.hosts[0], l.hosts[1]
			if beside {
				talks.start(nil, original, "-f")
			} else {
				l.configure(" token: 1000\n", " expected_votes: 1\n")
				talks = embeds
			}
			d := embeds.start([]string{fmt.Sprintf("%s=echo %v", helperEnv, !beside)}, exe)
			eventually(t, 30*time.Second, func() string {
				if why := says(d.out.String(), 0, 0, "joined"); why != "" || !beside {
					return why
				}
				out, status := talks.run(nil, real(t, "corosync-quorumtool"), "-s")
				return says(out, status, 0, "Nodes:            2", "Quorate:          Yes")
			})
			out, status := talks.run(nil, "timeout", "100", python, "-c", hears, map[bool]string{true: "go on", false: "end"}[beside], map[bool]string{true: "1", false: "2"}[beside])
			for _, size := range []int{5, 100000, 1000000, 1100000, 5000000} {
				if why := says(out, status, 0, fmt.Sprintf("ok %d from 2", size)); why != "" {
					groups, _ := talks.run(nil, "corosync-cpgtool")
					t.Fatalf("%s\ngroups at node 1:\n%s", why, groups)
				}
			}
			want := 0
			if beside {
				l.must(talks, "corosync-cfgtool -k 2")
				want = 1
			}
			select {
			case <-d.done:
				if s := d.cmd.ProcessState.ExitCode(); s != want || beside != strings.Contains(d.out.String(), "corosync: node 1 has ended this node") {
					t.Errorf("status %d: %s", s, d.out.String())
				}
			case <-time.After(20 * time.Second):
				t.Error("the program has not ended")
			}
		})
	}
}
