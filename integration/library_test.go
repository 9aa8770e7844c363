//go:build interop

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// zeroCopy sends messages of several sizes through libcpg's shared buffers and
// waits until they come back.
const zeroCopy = `
import ctypes, sys, os
lib = ctypes.CDLL("libcpg.so.4")
class Name(ctypes.Structure): _fields_ = [("length", ctypes.c_uint32), ("value", ctypes.c_char * 128)]
DELIVER = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.POINTER(Name), ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_size_t)
got = []
def deliver(handle, group, node, pid, msg, size):
    got.append((node, pid == os.getpid(), ctypes.string_at(msg, size)))
class Callbacks(ctypes.Structure): _fields_ = [("deliver", DELIVER), ("confchg", ctypes.c_void_p)]
callbacks = Callbacks(DELIVER(deliver), None)
handle = ctypes.c_uint64()
def must(what, status):
    if status != 1: sys.exit("%s: %d" % (what, status))
must("initialize", lib.cpg_initialize(ctypes.byref(handle), ctypes.byref(callbacks)))
name = Name(4, b"zero")
must("join", lib.cpg_join(handle, ctypes.byref(name)))
sent = []
for size in (1, 1000, 100000, 900000):
    buf = ctypes.c_void_p()
    must("alloc", lib.cpg_zcb_alloc(handle, ctypes.c_size_t(size), ctypes.byref(buf)))
    text = bytes((i * 7 + size) & 255 for i in range(size))
    ctypes.memmove(buf, text, size)
    while True:
        status = lib.cpg_zcb_mcast_joined(handle, 2, buf, ctypes.c_size_t(size))
        if status != 6: break
    must("mcast", status)
    sent.append(text)
    while len(got) < len(sent):
        must("dispatch", lib.cpg_dispatch(handle, 1))
    must("free", lib.cpg_zcb_free(handle, buf))
if [g[2] for g in got] != sent or not all(g[1] for g in got): sys.exit("not what was sent")
must("leave", lib.cpg_leave(handle, ctypes.byref(name)))
must("finalize", lib.cpg_finalize(handle))
print("ok", len(got), "from", {g[0] for g in got})
`

// onBoth runs f on corosync 3 and on our daemon, alone on a host.
func onBoth(t *testing.T, setup string, f func(t *testing.T, l *lab, h *host)) {
	original := real(t, "corosync")
	for _, kind := range []string{"corosync 3", "ours"} {
		t.Run(kind, func(t *testing.T) {
			l := newLab(t, 1)
			l.configure("", "")
			h := l.hosts[0]
			if setup != "" {
				l.must(h, setup)
			}
			if kind == "ours" {
				h.ours("el9")
			} else {
				h.start(nil, original, "-f")
			}
			eventually(t, 20*time.Second, func() string {
				out, status := h.run(nil, real(t, "corosync-quorumtool"), "-s")
				return says(out, status, 0, "Quorate:          Yes")
			})
			f(t, l, h)
		})
	}
}

// TestZeroCopy: libcpg's buffers shared with the daemon.
func TestZeroCopy(t *testing.T) {
	python := real(t, "python3")
	onBoth(t, "", func(t *testing.T, l *lab, h *host) {
		out, status := h.run(nil, "timeout", "60", python, "-c", zeroCopy)
		if why := says(out, status, 0, "ok 4 from {1}"); why != "" {
			t.Error(why)
		}
	})
}

// TestUIDGID: whom root lets in, by files and by keys.
func TestUIDGID(t *testing.T) {
	setpriv, tool := real(t, "setpriv"), real(t, "corosync-cpgtool")
	setup := "mkdir -p /etc/corosync/uidgid.d; printf 'uidgid {\\n uid: 65534\\n}\\n' >/etc/corosync/uidgid.d/nobody; printf 'uidgid {\\n gid: 60123\\n}\\n' >/etc/corosync/uidgid.d/group"
	onBoth(t, setup, func(t *testing.T, l *lab, h *host) {
		as := func(uid, gid string) string {
			out, status := h.run(nil, setpriv, "--reuid", uid, "--regid", gid, "--clear-groups", tool)
			if status == 0 {
				return "in"
			}
			return strings.TrimSpace(out)
		}
		const refused = "Could not initialize corosync cpg API error 11"
		for _, who := range []struct{ uid, gid, want string }{
			{"65534", "65534", "in"}, {"60001", "60123", "in"}, {"60001", "60001", refused},
		} {
			if got := as(who.uid, who.gid); !strings.HasSuffix(got, who.want) {
				t.Errorf("uid %s gid %s: %q, want %q", who.uid, who.gid, got, who.want)
			}
		}
		l.must(h, "corosync-cmapctl -s uidgid.uid.60001 u8 1")
		eventually(t, 5*time.Second, func() string {
			if got := as("60001", "60001"); got != "in" {
				return fmt.Sprintf("%q, want in", got)
			}
			return ""
		})
	})
}

// TestFilesystemSockets: where the system's libqb is told to use sockets with
// names, corosync's tools and ours find either daemon. Debian's are in /tmp.
func TestFilesystemSockets(t *testing.T) {
	original := real(t, "corosync")
	for _, kind := range []string{"corosync 3", "ours"} {
		t.Run(kind, func(t *testing.T) {
			l := newLab(t, 1)
			l.configure("", "")
			h := l.hosts[0]
			l.must(h, "mkdir -p /etc/libqb /run/bin; mount -t tmpfs tmpfs /etc/libqb; touch /etc/libqb/force-filesystem-sockets; mount --bind "+l.bin+" /run/bin; mount -t tmpfs tmpfs /tmp")
			env := []string{"GOCOROSYNC_COMPAT=el9", "GOCOROSYNC_SOCKET_DIR=/tmp"}
			program := original
			if kind == "ours" {
				program = "/run/bin/corosync"
			}
			h.start(env, program, "-f")
			for _, tool := range []string{real(t, "corosync-cmapctl"), "/run/bin/corosync-cmapctl"} {
				eventually(t, 20*time.Second, func() string {
					out, status := h.run(env, tool, "totem.version")
					return says(out, status, 0, "totem.version (u32) = 2")
				})
			}
			out, _ := h.run(nil, "cat", "/proc/net/unix")
			if strings.Contains(out, "@cmap") || !strings.Contains(out, "/tmp/cmap\n") || !strings.Contains(out, "/tmp/votequorum\n") {
				t.Errorf("sockets:\n%s", out)
			}
		})
	}
}
