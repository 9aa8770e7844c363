package ipc

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// removeStale removes what a server of this name left in /dev/shm when it died:
// its own names only, and only of processes that are no more.
func removeStale(name string) {
	for _, kind := range []string{"request", "response", "event"} {
		prefix := shmDir + "/qb-" + name + "-" + kind + "-"
		files, _ := filepath.Glob(prefix + "[0-9]*")
		for _, f := range files {
			if dead(strings.TrimPrefix(f, prefix)) {
				os.Remove(f)
			}
		}
	}
	for _, pattern := range []string{"/qb-control-" + name, "/qb-control-" + name + "-*", "/qb-" + name + "-request-*", "/qb-" + name + "-response-*", "/qb-" + name + "-event-*"} {
		files, _ := filepath.Glob(shmDir + "/qb-[0-9]*" + pattern)
		for _, f := range files {
			if dir := filepath.Dir(f); dead(strings.TrimPrefix(dir, shmDir+"/qb-")) {
				os.Remove(f)
				os.Remove(dir) // with the last file
			}
		}
	}
}

// dead reports whether the process whose id text begins with, up to a dash, is
// gone. What bears this process's own id is taken care of where it is met.
func dead(text string) bool {
	digits, _, ok := strings.Cut(text, "-")
	pid, err := strconv.Atoi(digits)
	if !ok || err != nil || pid <= 0 {
		return false
	}
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
