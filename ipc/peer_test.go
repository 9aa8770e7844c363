package ipc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const guestEnv = "IPC_TEST_GUEST"

// guest connects to a name and stays until its input ends.
func guest(name string) {
	addr, err := address("unix", name, false)
	if err == nil {
		var c net.Conn
		if c, err = net.Dial("unix", addr.Name); err == nil {
			defer c.Close()
		}
	}
	fmt.Println("connected", err)
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// invite runs this program as a guest with the credentials given.
func invite(t *testing.T, test, name string, as *syscall.Credential) *exec.Cmd {
	t.Helper()
	exe, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	cmd := exec.Command("/proc/self/fd/3", "-test.run="+test+"$")
	cmd.ExtraFiles = []*os.File{exe}
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), guestEnv+"="+name)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGKILL}
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Skip("cannot run a program as another user: ", err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	if line, err := io.ReadAll(io.LimitReader(out, 16)); err != nil || string(line) != "connected <nil>\n" {
		t.Fatalf("%q, %v", line, err)
	}
	return cmd
}

// TestSupplementaryGroups: both ways of asking for the groups of the process that
// connected tell the same.
func TestSupplementaryGroups(t *testing.T) {
	if name := os.Getenv(guestEnv); name != "" {
		guest(name)
	}
	if os.Getuid() != 0 {
		t.Skip("needs root, to run a program with other groups")
	}
	many := make([]uint32, 200)
	for i := range many {
		many[i] = uint32(70000 + i)
	}
	for _, want := range [][]uint32{{}, {4711}, {7, 4711, 99999}, many} {
		name := fmt.Sprintf("groups-%d-%d", os.Getpid(), len(want))
		l, err := listen(name, false)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		before := uptime()
		cmd := invite(t, "TestSupplementaryGroups", name, &syscall.Credential{Uid: 1234, Gid: 1235, Groups: want})
		c, err := l.AcceptUnix()
		accepted := uptime()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		peer, err := peerCreds(c)
		if err != nil || peer != (Creds{PID: cmd.Process.Pid, UID: 1234, GID: 1235}) {
			t.Fatalf("%+v, %v", peer, err)
		}
		if got, err := supplementary(c, peer, accepted); err != nil || !slices.Equal(got, want) {
			t.Errorf("the kernel: %v, %v; want %v", got, err, want)
		}
		if err := onSocket(c, func(fd int) error {
			got, err := peerGroups(fd)
			if err == nil && !slices.Equal(got, want) {
				t.Errorf("SO_PEERGROUPS: %v, want %v", got, want)
			}
			return err
		}); err != nil && !errors.Is(err, unix.ENOPROTOOPT) {
			t.Error("SO_PEERGROUPS: ", err)
		}
		got, err := procGroups("/proc", peer, accepted)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("/proc: %v, %v; want %v", got, err, want)
		}
		// The same id of a process that cannot be the one.
		for what, tt := range map[string]struct {
			peer     Creds
			accepted time.Duration
		}{
			"started later": {peer, before - time.Second},
			"another user":  {Creds{PID: peer.PID, UID: 1236, GID: 1235}, accepted},
			"another group": {Creds{PID: peer.PID, UID: 1234, GID: 1236}, accepted},
		} {
			if got, err := procGroups("/proc", tt.peer, tt.accepted); !errors.Is(err, errReused) {
				t.Errorf("%s: %v, %v", what, got, err)
			}
		}
	}
	if got, err := procGroups("/proc", Creds{PID: 1 << 30}, uptime()); !errors.Is(err, errReused) {
		t.Errorf("nobody: %v, %v", got, err)
	}
}

// TestProcGroups reads what the kernel could write.
func TestProcGroups(t *testing.T) {
	const status = "Name:\tx\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nFDSize:\t64\nGroups:\t9 10 \n"
	for _, tt := range []struct {
		name, stat, status string
		want               []uint32
		ok                 bool
	}{
		{"plain", "7 (x) S" + strings.Repeat(" 1", 18) + " 100 1", status, []uint32{9, 10}, true},
		{"a name like the rest", "7 (a) R 1 (b) 2) S" + strings.Repeat(" 1", 18) + " 100 1", status, []uint32{9, 10}, true},
		{"no groups", "7 (x) S" + strings.Repeat(" 1", 18) + " 100 1", strings.Replace(status, "9 10 ", "", 1), nil, true},
		{"in the same tick", "7 (x) S" + strings.Repeat(" 1", 18) + " 200 1", status, []uint32{9, 10}, true},
		{"started later", "7 (x) S" + strings.Repeat(" 1", 18) + " 201 1", status, nil, false},
		{"short", "7 (x) S 1 2", status, nil, false},
		{"no number", "7 (x) S" + strings.Repeat(" 1", 18) + " x", status, nil, false},
		{"no groups line", "7 (x) S" + strings.Repeat(" 1", 18) + " 100 1", "Uid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n", nil, false},
		{"no ids", "7 (x) S" + strings.Repeat(" 1", 18) + " 100 1", "Uid:\nGid:\nGroups:\n", nil, false},
		{"no number in the groups", "7 (x) S" + strings.Repeat(" 1", 18) + " 100 1", strings.Replace(status, "9", "-9", 1), nil, false},
	} {
		root := t.TempDir()
		dir := filepath.Join(root, "7")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"stat": tt.stat, "status": tt.status} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := procGroups(root, Creds{PID: 7, UID: 2, GID: 6}, 2*time.Second)
		if (err == nil) != tt.ok || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
}

// doorman looks at what there is of a client before it is let in, and what after.
type doorman struct {
	polite
	t   *testing.T
	gid int
	let error
}

func (d doorman) files(c *Conn) (list []string) {
	for _, pattern := range []string{"/qb-*-%d-%d-%d*", "/qb-%d-%d-%d*"} {
		found, _ := filepath.Glob(shmDir + fmt.Sprintf(pattern, os.Getpid(), c.Peer().PID, c.ID()))
		list = append(list, found...)
	}
	return list
}

func (d doorman) Connected(c *Conn) error {
	if files := d.files(c); len(files) != 0 {
		d.t.Errorf("there is something already: %v", files)
	}
	c.SetOwner(0, d.gid, 0o660)
	return d.let
}

// TestOwner: nothing exists of a client that is refused, and what a group may
// open can be listed by nobody else and has no name that can be guessed.
func TestOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to give files to a group")
	}
	for _, socket := range []bool{false, true} {
		name := fmt.Sprintf("owner-%d-%v", os.Getpid(), socket)
		d := &doorman{t: t, gid: 4711}
		s, err := Listen(name, Options{Socket: socket})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- s.Serve(ctx, d) }()
		c, err := Dial(t.Context(), name, DialOptions{})
		if err != nil {
			t.Fatal(err)
		}
		dirs, _ := filepath.Glob(shmDir + fmt.Sprintf("/qb-%d-%d-1-*", os.Getpid(), os.Getpid()))
		if len(dirs) != 1 {
			t.Fatalf("%v", dirs)
		}
		check := func(path string, mode os.FileMode) {
			t.Helper()
			var st unix.Stat_t
			if err := unix.Lstat(path, &st); err != nil || st.Uid != 0 || st.Gid != 4711 || os.FileMode(st.Mode).Perm() != mode {
				t.Errorf("%s: %d:%d %o, %v", path, st.Uid, st.Gid, st.Mode, err)
			}
		}
		check(dirs[0], 0o710)
		files, _ := filepath.Glob(dirs[0] + "/*")
		if want := map[bool]int{false: 6, true: 1}[socket]; len(files) != want {
			t.Errorf("%v", files)
		}
		for _, f := range files {
			check(f, 0o660)
			if len(filepath.Base(f)) < len("qb-")+len(name)+26 {
				t.Errorf("%s can be guessed", f)
			}
		}
		c.Close()
		cancel()
		<-served
		if _, err := os.Stat(dirs[0]); err == nil {
			t.Errorf("%s is left", dirs[0])
		}
	}
	name := fmt.Sprintf("owner-%d-refused", os.Getpid())
	s, err := Listen(name, Options{})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background(), &doorman{t: t, let: syscall.EACCES}) }()
	if _, err := Dial(t.Context(), name, DialOptions{}); !errors.Is(err, syscall.EACCES) {
		t.Errorf("refused: %v", err)
	}
	s.Close()
	<-served
}

// TestStrangersDatagram: everybody can send to the sockets of a connection. What
// is not the client's is not heard, and the client is served on.
func TestStrangersDatagram(t *testing.T) {
	if name := os.Getenv(guestEnv); name != "" {
		addr, _ := address("unixgram", name, false)
		c, err := net.Dial("unixgram", addr.Name)
		if err == nil {
			_, err = c.Write(message(5, []byte("let me")))
		}
		fmt.Println("connected", err)
		os.Exit(0)
	}
	if os.Getuid() != 0 {
		t.Skip("needs root, to run a program as another user")
	}
	h := &echo{}
	c := dial(t, start(t, transport{Options: Options{Socket: true}}, h))
	h.mu.Lock()
	conn := h.conns[0]
	h.mu.Unlock()
	conn.mu.Lock()
	sock := conn.channel.(*socketServer)
	conn.mu.Unlock()
	target := strings.TrimRight(sock.reqres.LocalAddr().(*net.UnixAddr).Name[1:], "\x00")
	invite(t, "TestStrangersDatagram", target, &syscall.Credential{Uid: 1234, Gid: 1234})
	if _, err := c.Call(t.Context(), message(1, nil)); err != nil {
		t.Fatal(err)
	}
	if n := h.heard.Load(); n != 0 {
		t.Errorf("a stranger was heard %d times", n)
	}
	// The client's own comes through.
	if err := c.Post(t.Context(), message(5, nil), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Call(t.Context(), message(1, nil)); err != nil {
		t.Fatal(err)
	}
	if n := h.heard.Load(); n != 1 {
		t.Errorf("the client was heard %d times", n)
	}
}
