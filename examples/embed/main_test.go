package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/corosync"
)

// shell is one program that a test talks to.
type shell struct {
	in  io.Writer
	out chan string
}

type chanWriter chan string

func (w chanWriter) Write(b []byte) (int, error) {
	w <- strings.TrimSpace(string(b))
	return len(b), nil
}

func (s *shell) ask(t *testing.T, line string) string {
	t.Helper()
	fmt.Fprintln(s.in, line)
	select {
	case answer := <-s.out:
		return answer
	case <-time.After(10 * time.Second):
		t.Fatalf("no answer to %q", line)
		return ""
	}
}

func (s *shell) eventually(t *testing.T, line, want string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		got := s.ask(t, line)
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%q: %q, want %q", line, got, want)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestEmbed: what one program sets the other has, also when that starts later;
// alone it may not set anything.
func TestEmbed(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel) // after the programs have ended
	dir := t.TempDir()
	file := filepath.Join(dir, "corosync.conf")
	text := "totem {\n version: 2\n transport: udpu\n secauth: off\n token: 500\n interface {\n  mcastport: 5765\n }\n}\nnodelist {\n"
	for i := 1; i <= 3; i++ {
		text += fmt.Sprintf(" node {\n  ring0_addr: 127.88.9.%d\n  nodeid: %d\n }\n", i, i)
	}
	text += "}\nquorum {\n provider: corosync_votequorum\n}\nlogging {\n to_stderr: no\n to_syslog: no\n}\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 3)
	early := true
	start := func(id uint32) *shell {
		in, w := io.Pipe()
		s := &shell{in: w, out: make(chan string)}
		go func() {
			ended <- run(ctx, corosync.Config{File: file, StateDir: filepath.Join(dir, fmt.Sprint(id)), NodeID: id}, in, chanWriter(s.out))
		}()
		t.Cleanup(func() {
			w.Close()
			if err := <-ended; err != nil || early {
				t.Errorf("a program ended: %v", err)
			}
		})
		return s
	}
	one := start(1)
	if got := one.ask(t, "colour=red"); !strings.HasPrefix(got, "not now") {
		t.Errorf("alone: %q", got)
	}
	two := start(2)
	set := func(s *shell, key, value string) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; {
			fmt.Fprintln(s.in, key+"="+value)
			if got := s.ask(t, key); got == key+"="+value {
				return
			} else if strings.HasPrefix(got, "not now") {
				<-s.out // the answer to the question
			}
			if time.Now().After(deadline) {
				t.Fatal("cannot set")
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	set(one, "colour", "green")
	two.eventually(t, "colour", "colour=green")
	three := start(3)
	three.eventually(t, "colour", "colour=green")
	set(three, "size", "big")
	one.eventually(t, "size", "size=big")
	two.eventually(t, "size", "size=big")
	early = len(ended) > 0
}

// TestAlone: a ring of one answers at once, without any file.
func TestAlone(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var out strings.Builder
	cfg := corosync.Config{Cluster: &corosync.Cluster{Port: 5767, Nodes: []corosync.NodeSpec{{ID: 1, Addr: "127.88.9.9"}}}}
	begin := time.Now()
	if err := run(ctx, cfg, strings.NewReader("colour=red\ncolour\n"), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != "colour=red\n" {
		t.Errorf("says %q", out.String())
	}
	if d := time.Since(begin); d > 2*time.Second {
		t.Errorf("took %v", d)
	}
}
