//go:build interop

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// samProgram is an application under SAM: libsam forks it, watches it over a
// pipe, and starts it again when it is silent for a second. Its arguments are
// the policy and what it does.
const samProgram = `
import ctypes, os, subprocess, sys, time
lib = ctypes.CDLL("libsam.so.4")
policy, what = int(sys.argv[1]), sys.argv[2]
instance = ctypes.c_uint()
def must(what, status):
    if status != 1:
        print(what, status, flush=True); os._exit(3)
def say(*words): print(*words, flush=True)
def keys(when):
    out = subprocess.run(["corosync-cmapctl", "resources.process."], capture_output=True, text=True).stdout
    say(when, out)
must("initialize", lib.sam_initialize(1000, policy))
must("register", lib.sam_register(ctypes.byref(instance)))
say("instance", instance.value)
if instance.value == 1:
    must("store", lib.sam_data_store(b"kept", ctypes.c_size_t(5)))
else:
    size = ctypes.c_size_t()
    must("size", lib.sam_data_getsize(ctypes.byref(size)))
    kept = ctypes.create_string_buffer(16)
    must("restore", lib.sam_data_restore(kept, ctypes.c_size_t(16)))
    say("restored", size.value, kept.value)
keys("before")
must("start", lib.sam_start())
for i in range(6):
    time.sleep(0.2)
    must("heartbeat", lib.sam_hc_send())
keys("running")
if instance.value == 2:
    must("stop", lib.sam_stop())
    keys("stopped")
    must("finalize", lib.sam_finalize())
    say("done")
    os._exit(0)
if what == "failed": must("failed", lib.sam_mark_failed())
time.sleep(60)
say("nobody noticed")
os._exit(4)
`

// The recovery policies of SAM.
const (
	samQuit    = 1
	samRestart = 2
	samQuorum  = 8
	samCMAP    = 16
)

// TestSAM: applications under libsam on corosync 3 and on our daemon do the
// same, with the same keys in cmap.
func TestSAM(t *testing.T) {
	python := real(t, "python3")
	if list, _ := filepath.Glob("/usr/lib/*/libsam.so.4"); len(list) == 0 {
		lacking(t, "needs libsam4")
	}
	said := make(map[string]map[string]string)
	onBoth(t, "", func(t *testing.T, l *lab, h *host) {
		mine := make(map[string]string)
		said[t.Name()] = mine
		run := func(what string, policy int) {
			out, status := h.run(nil, "timeout", "30", python, "-c", samProgram, fmt.Sprint(policy), what)
			mine[what] = fmt.Sprintf("%s\nexit status %d", samChanging.ReplaceAllString(out, "$1$2"), status)
		}
		run("silent", samRestart)
		run("silent, keys", samRestart|samCMAP)
		run("failed", samRestart|samCMAP)
		run("quit", samQuit)
		run("quit, keys", samQuit|samCMAP)
		run("quorate", samRestart|samQuorum|samCMAP)
		if out := mine["silent"]; !strings.Contains(out, "instance 2\nrestored 5 b'kept'") || !strings.HasSuffix(out, "done\n\nexit status 0") {
			t.Errorf("silent: %s", out)
		}
	})
	if t.Failed() {
		return
	}
	theirs, ours := said[t.Name()+"/corosync_3"], said[t.Name()+"/ours"]
	for what, want := range theirs {
		if got := ours[what]; got != want {
			t.Errorf("%s: on ours\n%s\nand on corosync 3\n%s", what, got, want)
		}
	}
	if os.Getenv("VERBOSE") != "" {
		t.Log(theirs)
	}
}

// samChanging is what differs from run to run in the keys.
var samChanging = regexp.MustCompile(`(resources\.process\.)\d+|(last_updated \(u64\)) = \d+`)
