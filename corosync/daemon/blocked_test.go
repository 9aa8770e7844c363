package daemon

import (
	"bytes"
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

// longestTurn measures until stop the longest that a loop takes to answer, and beside
// it the longest that something else which waits for nobody takes to get as many
// turns of the processor, which on a busy machine may be long too.
func longestTurn(n *node.Node) (stop func() (turn, busy time.Duration)) {
	end := make(chan struct{})
	longest := func(ask func()) <-chan time.Duration {
		result := make(chan time.Duration, 1)
		go func() {
			var most time.Duration
			for {
				select {
				case <-end:
					result <- most
					return
				case <-time.After(5 * time.Millisecond):
				}
				begin := time.Now()
				ask()
				most = max(most, time.Since(begin))
			}
		}()
		return result
	}
	questions := make(chan chan struct{})
	go func() {
		for {
			select {
			case <-end:
				return
			case answer := <-questions:
				close(answer)
			}
		}
	}()
	turn := longest(func() { n.Do(func() {}) })
	busy := longest(func() {
		answer := make(chan struct{})
		select {
		case questions <- answer:
			<-answer
		case <-end:
		}
	})
	return func() (time.Duration, time.Duration) { close(end); return <-turn, <-busy }
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
	if turn, busy := stop(); turn > 400*time.Millisecond+2*busy {
		t.Errorf("the loop stood still for %v, on a machine that is busy for %v", turn, busy)
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
	told := make(chan bool)
	go func() {
		note, buf, found := []byte(" lines of this log are missing here"), make([]byte, 1<<20), false
		var last []byte // what may be the begin of the note
		for {
			k, err := r.Read(buf)
			last = append(last, buf[:k]...)
			found = found || bytes.Contains(last, note)
			last = append([]byte(nil), last[max(0, len(last)-len(note)):]...)
			if err != nil {
				told <- found
				return
			}
		}
	}()
	if left := log.stderr.Flush(20 * time.Second); left > 0 {
		t.Errorf("still writing %d lines", left)
	}
	w.Close()
	if !<-told {
		t.Error("nothing says what is missing")
	}
}
