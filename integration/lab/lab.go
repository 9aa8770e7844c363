package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A Lab is a bridge with hosts on it.
type Lab struct {
	Dir   string // private files of the hosts
	sw    *exec.Cmd
	hosts []*Host

	cuts []cut
	loss int // in percent
	hole int // the largest IP packet that gets through, in bytes; 0 for any
}

// A Host is one machine of the lab.
type Host struct {
	Name string
	Addr string // of eth0, with prefix length, "10.0.1.201/24"
	Env  []string
	lab  *Lab
	num  int
	init *exec.Cmd
	more []link // besides eth0
}

type link struct{ iface, addr string }

// Able returns what this process lacks for a lab, or nil.
func Able() error {
	if os.Getuid() != 0 {
		return errors.New("lab: namespaces need root")
	}
	for _, p := range []string{"ip", "mount", "nsenter", "nft"} {
		if _, err := exec.LookPath(p); err != nil {
			return fmt.Errorf("lab: %w", err)
		}
	}
	return nil
}

// New makes a lab without hosts whose files are below dir.
func New(dir string) (*Lab, error) {
	if err := Able(); err != nil {
		return nil, err
	}
	l := &Lab{Dir: dir}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	l.sw = again("switch")
	l.sw.SysProcAttr.Cloneflags = syscall.CLONE_NEWNET
	if err := l.sw.Start(); err != nil {
		return nil, fmt.Errorf("lab: switch: %w", err)
	}
	for _, args := range [][]string{{"link", "add", "br0", "type", "bridge"}, {"link", "set", "br0", "up"}} {
		if err := l.ip(args...); err != nil {
			l.Close()
			return nil, err
		}
	}
	return l, nil
}

// again is this program as the first process of a namespace. It dies with us.
func again(args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = append([]string{initName}, args...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setsid: true}
	return cmd
}

// Command is a program to run in the switch's network: in front of all ports.
func (l *Lab) Command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "nsenter", append([]string{"-t", strconv.Itoa(l.sw.Process.Pid), "-n", "--"}, args...)...)
}

// ip runs the program ip in the switch.
func (l *Lab) ip(args ...string) error {
	if out, err := l.Command(context.Background(), append([]string{"ip"}, args...)...).CombinedOutput(); err != nil {
		return fmt.Errorf("lab: ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// Add makes a host and boots it. addr has a prefix length.
func (l *Lab) Add(name, addr string) (*Host, error) {
	h := &Host{Name: name, Addr: addr, lab: l, num: len(l.hosts)}
	l.hosts = append(l.hosts, h)
	return h, h.Boot()
}

// Path is where a file of the host is seen from outside. Only what is private
// to the host has such a path.
func (h *Host) Path(path string) string { return filepath.Join(h.lab.Dir, h.Name, "disk", path) }

// Boot starts the host, which must be down.
func (h *Host) Boot() error {
	for _, d := range append(privateDirs, "/etc.up", "/etc.work") {
		if err := os.MkdirAll(h.Path(d), 0o755); err != nil {
			return err
		}
	}
	ready, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ready.Close()
	h.init = again("host", h.Name, filepath.Join(h.lab.Dir, h.Name, "disk"))
	h.init.SysProcAttr.Cloneflags = syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC
	h.init.ExtraFiles = []*os.File{w}
	err = h.init.Start()
	w.Close()
	if err != nil {
		return fmt.Errorf("lab: host %s: %w", h.Name, err)
	}
	one := make([]byte, 1)
	_ = ready.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, err := ready.Read(one); n != 1 {
		h.Kill()
		return fmt.Errorf("lab: host %s did not come up: %v", h.Name, err)
	}
	if err := h.ip("link", "set", "lo", "up"); err != nil {
		return err
	}
	for _, k := range append([]link{{"eth0", h.Addr}}, h.more...) {
		if err := h.connect(k); err != nil {
			return err
		}
	}
	return nil
}

// AddLink gives the host another interface on the switch. addr has a prefix
// length.
func (h *Host) AddLink(iface, addr string) error {
	h.more = append(h.more, link{iface, addr})
	return h.connect(h.more[len(h.more)-1])
}

func (h *Host) connect(k link) error {
	port := h.port(k.iface)
	_ = h.lab.ip("link", "del", port) // left from a dead host
	for _, args := range [][]string{
		{"link", "add", port, "type", "veth", "peer", "name", k.iface, "netns", strconv.Itoa(h.init.Process.Pid)},
		{"link", "set", port, "master", "br0", "up"},
	} {
		if err := h.lab.ip(args...); err != nil {
			return err
		}
	}
	if err := h.ip("addr", "add", k.addr, "brd", "+", "dev", k.iface); err != nil {
		return err
	}
	return h.ip("link", "set", k.iface, "up")
}

// port is the switch's end of an interface: p0 is that of the first host's eth0.
func (h *Host) port(iface string) string {
	if iface == "eth0" {
		return fmt.Sprintf("p%d", h.num)
	}
	return fmt.Sprintf("p%d-%s", h.num, iface)
}

// ip runs the program ip in the host.
func (h *Host) ip(args ...string) error {
	if out, err := h.Command(context.Background(), append([]string{"ip"}, args...)...).CombinedOutput(); err != nil {
		return fmt.Errorf("lab: host %s: ip %s: %w: %s", h.Name, strings.Join(args, " "), err, out)
	}
	return nil
}

// Plug puts the cable of an interface in, or takes it out.
func (h *Host) Plug(iface string, in bool) error {
	state := "down"
	if in {
		state = "up"
	}
	return h.lab.ip("link", "set", h.port(iface), state)
}

// Up tells whether the host runs.
func (h *Host) Up() bool { return h.init != nil }

// Command is a program to run in the host, with the host's environment.
func (h *Host) Command(ctx context.Context, args ...string) *exec.Cmd {
	pid := "0"
	if h.init != nil {
		pid = strconv.Itoa(h.init.Process.Pid)
	}
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{"-t", pid, "-m", "-u", "-i", "-n", "-p", "--wd=/", "--"}, args...)...)
	cmd.Env = append(os.Environ(), h.Env...)
	return cmd
}

// Write writes a file in the host.
func (h *Host) Write(path, text string) error {
	cmd := h.Command(context.Background(), "sh", "-c", `mkdir -p "$(dirname "$0")" && cat > "$0"`, path)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("lab: host %s: write %s: %w: %s", h.Name, path, err, out)
	}
	return nil
}

// Kill is a power cut: every process of the host dies at once, and its port
// goes away.
func (h *Host) Kill() {
	if h.init == nil {
		return
	}
	_ = h.init.Process.Kill()
	_ = h.init.Wait()
	h.init = nil
	_ = h.lab.ip("link", "del", h.port("eth0"))
	for _, k := range h.more {
		_ = h.lab.ip("link", "del", h.port(k.iface))
	}
}

// Close ends all hosts. Their files stay.
func (l *Lab) Close() {
	for _, h := range l.hosts {
		h.Kill()
	}
	if l.sw != nil && l.sw.Process != nil {
		_ = l.sw.Process.Kill()
		_ = l.sw.Wait()
	}
}
