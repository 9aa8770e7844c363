package ipc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// loud is a log that can be read while it is written.
type loud struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *loud) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *loud) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

// TestAcceptGoesOn: whatever a failed accept says, the next one is tried, and the
// log says so once and once again when it is over.
func TestAcceptGoesOn(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EPERM} {
		var log loud
		s := &Server{name: "x", opt: Options{Log: slog.New(slog.NewTextHandler(&log, nil))}}
		l, err := listen(fmt.Sprintf("accept-%d", os.Getpid()), false)
		if err != nil {
			t.Fatal(err)
		}
		s.listener = l
		taken, calls := 0, 0
		ctx, cancel := context.WithCancel(t.Context())
		err = s.accept(ctx, func() (*net.UnixConn, error) {
			switch calls++; calls {
			case 1, 2, 3, 5, 6:
				return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", errno)}
			case 8:
				cancel()
				return nil, net.ErrClosed
			}
			return nil, nil
		}, func(*net.UnixConn) { taken++ })
		if !errors.Is(err, context.Canceled) || taken != 2 {
			t.Errorf("%v: %v, %d taken", errno, err, taken)
		}
		if failed, over := log.count("cannot be accepted now"), log.count("accepted again"); failed != 2 || over != 2 {
			t.Errorf("%v: the log says it failed %d times and is over %d times", errno, failed, over)
		}
	}
}

// TestFileTableFull: clients that come while the process has no descriptor left are
// served when it has one again.
func TestFileTableFull(t *testing.T) {
	const child = "IPC_TEST_FULL"
	if os.Getenv(child) == "" {
		cmd := exec.Command("/proc/self/exe", "-test.run=TestFileTableFull$", "-test.v")
		cmd.Env = append(os.Environ(), child+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	var log loud
	name := fmt.Sprintf("full-%d", os.Getpid())
	s, err := Listen(name, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background(), polite{}) }()
	ask := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		c, err := Dial(ctx, name, DialOptions{})
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Call(ctx, message(1, make([]byte, 8)))
		return err
	}
	open := func() int {
		list, _ := os.ReadDir("/proc/self/fd")
		return len(list)
	}
	before := open()
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	// What the server closes later would make room in the full table for a moment.
	for deadline := time.Now().Add(10 * time.Second); open() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d descriptors are open, %d before the client", open(), before)
		}
	}
	// One of ours that connects from within needs a descriptor too: it has it before.
	addr, _ := address("unix", name, false)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	var held []int
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 64, Max: 64}); err != nil {
		t.Fatal(err)
	}
	for {
		d, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			break
		}
		held = append(held, d)
	}
	if err := syscall.Connect(fd, &syscall.SockaddrUnix{Name: addr.Name}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); log.count("cannot be accepted now") == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the log says nothing")
		}
	}
	time.Sleep(200 * time.Millisecond) // some more tries
	if n := log.count("cannot be accepted now"); n != 1 {
		t.Errorf("the log says it %d times", n)
	}
	for _, d := range held {
		unix.Close(d)
	}
	if err := ask(); err != nil {
		t.Error("then: ", err)
	}
	if n := log.count("accepted again"); n != 1 {
		t.Errorf("the log says %d times that it is over", n)
	}
	select {
	case err := <-served:
		t.Error("the server ended: ", err)
	default:
	}
	s.Close()
	<-served
}

func TestQuota(t *testing.T) {
	q := &Quota{Conns: 2, Bytes: 100}
	steps := []struct {
		what string
		got  bool
		want bool
	}{
		{"first", q.connect(1), true},
		{"second", q.connect(1), true},
		{"third", q.connect(1), false},
		{"of another", q.connect(2), true},
		{"memory", q.take(1, 60), true},
		{"too much", q.take(1, 41), false},
		{"just enough", q.take(1, 40), true},
		{"of another", q.take(2, 100), true},
	}
	for _, s := range steps {
		if s.got != s.want {
			t.Errorf("%s: %v", s.what, s.got)
		}
	}
	q.take(1, -60)
	q.take(1, -40)
	q.take(2, -100)
	q.disconnect(1)
	if !q.connect(1) {
		t.Error("there is no room where one left")
	}
	q.disconnect(1)
	q.disconnect(1)
	q.disconnect(2)
	if len(q.users) != 0 {
		t.Errorf("%v is left", q.users)
	}
	var none *Quota
	if !none.connect(1) || !none.take(1, 1<<40) {
		t.Error("nothing is without bound")
	}
}

// TestSilentUser: one who fills the place for handshakes shuts out nobody but
// himself, and root never.
func TestSilentUser(t *testing.T) {
	s := &Server{name: "x", opt: Options{Log: slog.New(slog.DiscardHandler)}, conns: map[*net.UnixConn]*Conn{}, silent: map[uint32]int{}, crowded: map[uint32]bool{}}
	let := func(uid uint32, n int) (in int) {
		for range n {
			if s.track(new(net.UnixConn), Creds{UID: uid}) {
				in++
			}
		}
		return in
	}
	if n := let(1000, 1000); n != maxUserHandshakes {
		t.Errorf("one user: %d", n)
	}
	if n := let(1001, 3); n != 3 {
		t.Errorf("another: %d", n)
	}
	for uid := range uint32(50) {
		let(2000+uid, 100)
	}
	if n := len(s.conns); n != maxHandshakes {
		t.Errorf("all: %d", n)
	}
	if n := let(0, 500); n != 500 {
		t.Errorf("root: %d", n)
	}
}

// frugal grants little, and says what was granted.
type frugal struct {
	polite
	most int
}

func (f frugal) Connected(c *Conn) error { c.LimitMessage(f.most); return nil }

// TestGranted: a client gets the buffers that the service grants, not those that
// it asks for; its rings are no larger.
func TestGranted(t *testing.T) {
	for _, tt := range []struct{ asked, least, most, want int }{
		{1 << 20, 0, 8 << 20, 1 << 20},
		{1 << 20, 0, 64 << 10, 64 << 10},
		{1 << 30, 0, 8 << 20, 8 << 20},
		{1 << 30, 0, 1 << 31, maxMaxMessage},
		{1, 131072, 8 << 20, 131072},
		{1, 0, 1, minMaxMessage},
	} {
		name := fmt.Sprintf("granted-%d-%d-%d", os.Getpid(), tt.asked, tt.most)
		s, err := Listen(name, Options{MinMessage: tt.least})
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- s.Serve(context.Background(), frugal{most: tt.most}) }()
		c, err := Dial(t.Context(), name, DialOptions{MaxMessage: tt.asked})
		if err != nil {
			t.Fatal(err)
		}
		if c.MaxMessage() != tt.want {
			t.Errorf("asked %d, at least %d, at most %d: got %d, want %d", tt.asked, tt.least, tt.most, c.MaxMessage(), tt.want)
		}
		files, _ := filepath.Glob(shmDir + fmt.Sprintf("/qb-%s-*-data", name))
		for _, f := range files {
			if st, err := os.Stat(f); err != nil || st.Size() > int64(tt.want+8192) {
				t.Errorf("%s: %d bytes, %v", f, st.Size(), err)
			}
		}
		if len(files) != 3 {
			t.Errorf("%v", files)
		}
		c.Close()
		s.Close()
		<-served
	}
}
