package keeper

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The tests' worker is this program again: it leaves one end of a pipe to its
// successor and says on the other what it found.
const (
	envRun   = "KEEPER_TEST_RUN"
	envWhat  = "KEEPER_TEST_WHAT"
	keptName = Membership + "pipe"
)

func TestMain(m *testing.M) {
	if fd := os.Getenv(Env); fd != "" {
		os.Exit(worker(fd, os.Getenv(envRun), os.Getenv(envWhat)))
	}
	if os.Getenv(envWhat) == "parent" {
		p := newParent(os.Getenv(envRun), "wait")
		os.Exit(p.Serve(context.Background()))
	}
	os.Exit(m.Run())
}

func worker(fd, run, what string) int {
	l, left, err := Attach(fd, run, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 9
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	served := make(chan struct{})
	go func() { defer close(served); l.Serve(ctx) }()
	life := 1
	for i := range left {
		if left[i].Name == keptName {
			_ = left[i].Decode(&life)
			life++
			fmt.Fprintf(left[i].Files[0], "life %d of %d\n", life, os.Getpid())
			if err := l.Keep(keptName, life, left[i].Files...); err != nil {
				return 8
			}
		}
	}
	if life == 1 {
		w, err := os.OpenFile(filepath.Join(run, "said"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return 7
		}
		fmt.Fprintf(w, "life 1 of %d\n", os.Getpid())
		if err := l.Keep(keptName, life, w); err != nil {
			return 6
		}
	}
	l.Ready()
	switch {
	case what == "die" && life < 3:
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case what == "die":
		l.Bye(100)
		return 100
	}
	<-l.Stop()
	l.Bye(0)
	cancel()
	<-served
	return 0
}

func newParent(run, what string) *Parent {
	return &Parent{Run: run, Log: slog.New(slog.DiscardHandler), Command: func() *exec.Cmd {
		return &exec.Cmd{Path: os.Args[0], Args: os.Args[:1], Env: append(os.Environ(), envRun+"="+run, envWhat+"="+what), Stderr: os.Stderr}
	}}
}

func said(t *testing.T, run, want string) (pid int) {
	t.Helper()
	var text string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		b, _ := os.ReadFile(filepath.Join(run, "said"))
		text = string(b)
		if i := strings.Index(text, want+" of "); i >= 0 && strings.HasSuffix(text, "\n") {
			if _, err := fmt.Sscanf(text[i:], want+" of %d", &pid); err == nil {
				return pid
			}
		}
	}
	t.Fatalf("no %q in %q", want, text)
	return 0
}

// TestWhatIsKeptOutlivesTheWorker kills two workers; the third finds the first
// one's descriptor, and its exit status is the parent's.
func TestWhatIsKeptOutlivesTheWorker(t *testing.T) {
	run := t.TempDir()
	ups := 0
	p := newParent(run, "die")
	p.Ready = func() { ups++ }
	if code := p.Serve(t.Context()); code != 100 {
		t.Errorf("exit status %d", code)
	}
	said(t, run, "life 3")
	if ups != 3 {
		t.Errorf("ready %d times", ups)
	}
}

// TestParentIsReplaced kills the parent: the worker goes on, a second parent
// takes it over, holds what it held, and ends it in good order.
func TestParentIsReplaced(t *testing.T) {
	run := t.TempDir()
	first := exec.Command(os.Args[0])
	first.Env = append(os.Environ(), envRun+"="+run, envWhat+"=parent")
	out, err := first.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, out)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	one := said(t, run, "life 1")
	if code := newParent(run, "wait").Serve(t.Context()); code != ExitError {
		t.Fatalf("a second parent beside the first ended with %d", code)
	}
	first.Process.Kill()
	first.Wait()

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ready := make(chan struct{}, 8)
	p := newParent(run, "wait")
	p.Ready = func() { ready <- struct{}{} }
	code := make(chan int, 1)
	go func() { code <- p.Serve(ctx) }()
	<-ready
	syscall.Kill(one, syscall.SIGKILL)
	two := said(t, run, "life 2")
	if one == two {
		t.Error("the worker was not started again")
	}
	<-ready
	stop()
	if c := <-code; c != 0 {
		t.Errorf("exit status %d after an orderly stop", c)
	}
	if syscall.Kill(two, 0) == nil {
		t.Error("the worker is still there")
	}
}
