package ipc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"testing"
	"time"
)

const impostorEnv = "IPC_TEST_IMPOSTOR"

// impostor serves a name as whoever runs this, until its input ends.
func impostor(name string) {
	s, err := Listen(name, Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	go s.Serve(context.Background(), polite{})
	var b [1]byte
	os.Stdin.Read(b[:])
	os.Exit(0)
}

// polite answers every request with itself.
type polite struct{}

func (polite) Connected(*Conn) error                { return nil }
func (polite) Message(c *Conn, _ int32, msg []byte) { c.Respond(msg) }
func (polite) Closed(*Conn)                         {}

// TestImpostor: a client does not talk to whoever has taken a daemon's name,
// unless it is one of those whom the service runs as.
func TestImpostor(t *testing.T) {
	if name := os.Getenv(impostorEnv); name != "" {
		impostor(name)
	}
	if os.Getuid() != 0 {
		t.Skip("needs root, to run somebody else's server")
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Skip(err)
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	// Its program is where everybody may go.
	exe, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	name := fmt.Sprintf("impostor-%d", os.Getpid())
	cmd := exec.Command("/proc/self/fd/3", "-test.run=TestImpostor$")
	cmd.ExtraFiles = []*os.File{exe}
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), impostorEnv+"="+name)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Skip("cannot run a program as nobody: ", err)
	}
	defer cmd.Wait()
	defer in.Close()
	var ready string
	if fmt.Fscan(out, &ready); ready != "ready" {
		t.Fatalf("no server: %s", ready)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, users := range [][]string{nil, {"root"}, {"no-such-user"}} {
		c, err := Dial(ctx, name, DialOptions{Users: users})
		if !errors.Is(err, ErrImpostor) {
			t.Errorf("%v: %v", users, err)
		}
		if err == nil {
			c.Close()
		}
	}
	c, err := Dial(ctx, name, DialOptions{Users: []string{"nobody"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := c.Server().UID; got != uint32(uid) {
		t.Errorf("uid %d", got)
	}
}
