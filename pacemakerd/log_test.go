package pacemakerd

import (
	"bufio"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestBlockedLog: a log file that is a pipe which nobody reads makes nobody wait,
// and says what it misses once somebody does.
func TestBlockedLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log", "pacemaker.log")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PCMK_logfile", path)
	out := openLog(nil)
	log := NewLog(out, slog.LevelInfo)
	begin := time.Now()
	const lines = 20_000
	for range lines {
		log.Info(strings.Repeat("x", 100), "key", "a value")
	}
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("%d lines took %v", lines, d)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if strings.Contains(s.Text(), "warning: ") && strings.HasSuffix(s.Text(), " lines of this log are missing here: they could not be written in time") {
			if left := out.Close(10 * time.Second); left != 0 {
				t.Errorf("%d lines are left", left)
			}
			return
		}
	}
	t.Error("nothing says what is missing")
}
