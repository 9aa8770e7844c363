package daemon

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/corosync/internal/node"
)

// longestTurn measures the longest that a loop takes to answer, until stop.
func longestTurn(n *node.Node) (stop func() time.Duration) {
	end, longest := make(chan struct{}), make(chan time.Duration)
	go func() {
		var most time.Duration
		for {
			select {
			case <-end:
				longest <- most
				return
			case <-time.After(5 * time.Millisecond):
			}
			begin := time.Now()
			n.Do(func() {})
			most = max(most, time.Since(begin))
		}
	}()
	return func() time.Duration { close(end); return <-longest }
}

// TestBlockedLogs: standard error is a full pipe, the log file another one that
// nobody reads, and the node says as much as it can: its loop goes on.
func TestBlockedLogs(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "log")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe() // takes nothing that is not read
	defer r.Close()
	log := newLogger(w)
	file := filepath.Join(dir, "corosync.conf")
	text := fmt.Sprintf("totem {\n version: 2\n transport: udpu\n secauth: off\n interface {\n mcastport: 25429\n }\n}\nnodelist {\n node {\n  ring0_addr: 127.77.179.1\n  nodeid: 1\n }\n}\n"+
		"logging {\n to_stderr: yes\n to_syslog: no\n to_logfile: yes\n logfile: %s\n debug: on\n}\n", fifo)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg := config(options{file: file}, conf.EL7, log)
	cfg.NodeID, cfg.StateDir, cfg.IPC = 1, dir, false
	n, err := node.Load(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	stop := longestTurn(n)
	for range 30_000 {
		log.Log(node.LevelNotice, node.MAIN, "%s", strings.Repeat("x", 200))
	}
	n.Do(func() { n.Keys().Set("logging.debug", cmap.Str("off")) })
	n.Do(func() { n.Keys().Set("logging.logfile", cmap.Str(filepath.Join(dir, "other"))) })
	time.Sleep(300 * time.Millisecond)
	if d := stop(); d > 400*time.Millisecond {
		t.Errorf("the loop stood still for %v", d)
	}
	// The pipe is given up for another file in the end.
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		log.Log(node.LevelNotice, node.MAIN, "another file")
		if b, _ := os.ReadFile(filepath.Join(dir, "other")); strings.Contains(string(b), "another file") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the other file is not written")
		}
	}
	begin := time.Now()
	n.Leave()
	if err := n.Wait(); err != nil {
		t.Error(err)
	}
	log.close()
	if d := time.Since(begin); d > 3*closeTime {
		t.Errorf("the end took %v", d)
	}
	// Somebody reads at last, and is told what is missing.
	found := make(chan bool)
	go func() {
		buf := make([]byte, 1<<20)
		var got strings.Builder
		for {
			k, err := r.Read(buf)
			got.Write(buf[:k])
			if strings.Contains(got.String(), " lines of this log are missing here") {
				found <- true
				return
			}
			if err != nil {
				found <- false
				return
			}
		}
	}()
	select {
	case ok := <-found:
		if !ok {
			t.Error("nothing says what is missing")
		}
	case <-time.After(20 * time.Second):
		t.Error("no end")
	}
	for deadline := time.Now().Add(20 * time.Second); log.stderr.Flush(0) > 0; {
		r.Read(make([]byte, 1<<20))
		if time.Now().After(deadline) {
			t.Fatal("still writing")
		}
	}
}
