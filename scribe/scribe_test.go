package scribe

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// gate is a sink that takes a line when it is let, and fails when it is told to.
type gate struct {
	mu    sync.Mutex
	got   []string
	err   error
	takes chan struct{} // nil: at once
	ended chan struct{}
}

func (g *gate) Write(l Line) error {
	if g.takes != nil {
		select {
		case <-g.takes:
		case <-g.ended:
			return os.ErrClosed
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return g.err
	}
	g.got = append(g.got, l.Text)
	return nil
}

func (g *gate) Close() error { close(g.ended); return nil }

func (g *gate) fail(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.err = err
}

func missing(n int) Line { return Line{Text: fmt.Sprintf("%d missing", n)} }

// TestBlocked: who says something does not wait for a sink that takes nothing;
// what finds no room is counted, and named in its place.
func TestBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{takes: make(chan struct{}), ended: make(chan struct{})}
		q := New(g, missing)
		q.Add(Line{Text: "first"})
		synctest.Wait() // it is being written, which leaves all the room to others
		start := time.Now()
		for i := range maxLines + 7 {
			q.Add(Line{Text: fmt.Sprint(i)})
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("waited for %v", d)
		}
		if left := q.Flush(time.Second); left != maxLines+7+1 {
			t.Errorf("%d left", left)
		}
		if d := time.Since(start); d != time.Second {
			t.Errorf("flushing took %v", d)
		}
		g.takes <- struct{}{}
		g.takes <- struct{}{}
		synctest.Wait() // there is room for one
		q.Add(Line{Text: "later"})
		close(g.takes)
		if left := q.Close(time.Second); left != 0 {
			t.Errorf("%d left", left)
		}
		if want := []string{"first", "0", "1"}; !slices.Equal(g.got[:3], want) {
			t.Errorf("begins %q", g.got[:3])
		}
		if end, want := g.got[len(g.got)-3:], []string{fmt.Sprint(maxLines - 1), "7 missing", "later"}; !slices.Equal(end, want) {
			t.Errorf("ends %q, want %q", end, want)
		}
		q.Add(Line{Text: "too late"})
		synctest.Wait()
		if slices.Contains(g.got, "too late") {
			t.Error("a closed queue writes")
		}
	})
}

// TestBytes: long lines have a bound of their own, and what is missing is named
// when nothing more comes.
func TestBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{takes: make(chan struct{}), ended: make(chan struct{})}
		q := New(g, missing)
		for range 5 {
			q.Add(Line{Text: strings.Repeat("x", 1<<20)})
		}
		close(g.takes)
		q.Flush(time.Second)
		if len(g.got) != 5 || g.got[4] != "1 missing" {
			t.Errorf("%d lines, the last %.20q", len(g.got), g.got[len(g.got)-1])
		}
		if q.bytes != 0 {
			t.Errorf("%d bytes are still counted", q.bytes)
		}
	})
}

// TestFails: lines that the sink refuses are counted too.
func TestFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{ended: make(chan struct{})}
		q := New(g, missing)
		say := func(s string) { q.Add(Line{Text: s}); synctest.Wait() }
		say("a")
		g.fail(syscall.ENOSPC)
		say("b")
		say("c")
		if left := q.Flush(time.Second); left != 2 {
			t.Errorf("%d left", left)
		}
		g.fail(nil)
		say("d")
		say("e")
		if want := []string{"a", "2 missing", "d", "e"}; !slices.Equal(g.got, want) {
			t.Errorf("%q, want %q", g.got, want)
		}
	})
}

// TestCloseEndsWrite: a sink that never takes anything costs no goroutine after Close.
func TestCloseEndsWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails if one is left
		g := &gate{takes: make(chan struct{}), ended: make(chan struct{})}
		q := New(g, missing)
		q.Add(Line{Text: "a"})
		q.Add(Line{Text: "b"})
		if left := q.Close(time.Second); left != 2 {
			t.Errorf("%d left", left)
		}
	})
}

// TestFIFO: a log file that is a pipe which nobody reads is opened, filled and closed.
func TestFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := OpenFile(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	q := New(s, missing)
	for range 3 * 65536 / 1024 {
		q.Add(Line{Text: strings.Repeat("x", 1023) + "\n"})
	}
	if left := q.Close(50 * time.Millisecond); left < 65536/1024 {
		t.Errorf("only %d lines are left", left)
	}
	q.mu.Lock()
	idle := q.idle
	q.mu.Unlock()
	if idle != nil {
		select {
		case <-idle:
		case <-time.After(10 * time.Second):
			t.Error("the writer does not end")
		}
	}
}

// TestTorn: a line that only a part of found room has an end before the next one.
func TestTorn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	s, err := OpenFile(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	f := s.(*file)
	f.torn = true
	for range 2 {
		if err := s.Write(Line{Text: "a\n"}); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	if b, _ := os.ReadFile(path); string(b) != "\na\na\n" {
		t.Errorf("%q", b)
	}
}

// TestSyslog: the form that syslog daemons expect, on both kinds of sockets, and
// after the daemon was started again.
func TestSyslog(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }
	want := fmt.Sprintf("<29>Mar  4 05:06:07 corosync[%d]: hello\n", os.Getpid())
	path := filepath.Join(t.TempDir(), "log")
	s := &logd{tag: "corosync", facility: 3, now: now, paths: []string{path}}
	defer s.Close()
	if err := s.Write(Line{Priority: 5, Text: "hello"}); err == nil {
		t.Error("nobody listens, and no error")
	}
	read := func(r io.Reader) {
		t.Helper()
		var b [1000]byte
		if n, err := r.Read(b[:]); string(b[:n]) != want {
			t.Errorf("%q, %v, want %q", b[:n], err, want)
		}
	}
	for range 2 {
		c, err := net.ListenPacket("unixgram", path)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Write(Line{Priority: 5, Text: "hello"}); err != nil {
			t.Error(err)
		}
		read(c.(io.Reader))
		c.Close()
		os.Remove(path)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := s.Write(Line{Priority: 5, Text: "hello"}); err != nil {
		t.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	read(c)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Write(Line{Text: "x"}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
