package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// initName is argv[0] of the first process of a namespace.
const initName = "lab-init"

// privateDirs are a host's own, kept over its death. /etc is an overlay, of
// which the cluster's own part begins empty.
var privateDirs = []string{"/etc/corosync", "/var/log", "/var/lib/corosync", "/var/lib/pacemaker", "/var/lib/nginx"}

// Init is to be called first in main: in the first process of a namespace it
// does not return.
func Init() {
	if len(os.Args) == 0 || os.Args[0] != initName {
		return
	}
	if len(os.Args) == 4 && os.Args[1] == "host" {
		if err := boot(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintf(os.Stderr, "lab: host %s: %v\n", os.Args[2], err)
			os.Exit(1)
		}
		ready := os.NewFile(3, "ready")
		_, _ = ready.Write([]byte{1})
		ready.Close()
	}
	reap()
}

// boot makes the file systems of a host private.
func boot(name, disk string) error {
	run := func(args ...string) error {
		if out, err := exec.Command("mount", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("mount %v: %w: %s", args, err, out)
		}
		return nil
	}
	if err := run("--make-rprivate", "/"); err != nil {
		return err
	}
	steps := [][]string{{"-t", "proc", "proc", "/proc"}}
	if err := run("-t", "overlay", "overlay", "-o", fmt.Sprintf("lowerdir=/etc,upperdir=%s,workdir=%s",
		filepath.Join(disk, "etc.up"), filepath.Join(disk, "etc.work")), "/etc"); err != nil {
		// A file system that cannot be an upper layer: a copy does as well.
		full := filepath.Join(disk, "etc.full")
		if _, serr := os.Stat(full); serr != nil {
			if out, cerr := exec.Command("cp", "-a", "/etc", full).CombinedOutput(); cerr != nil {
				return fmt.Errorf("%w; and copy: %v: %s", err, cerr, out)
			}
		}
		steps = append(steps, []string{"--bind", full, "/etc"})
	}
	for _, d := range privateDirs {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
		if strings.HasPrefix(d, "/var/") {
			if err := sameFolders(d, filepath.Join(disk, d), 2); err != nil {
				return err
			}
		}
		steps = append(steps, []string{"--bind", filepath.Join(disk, d), d})
	}
	steps = append(steps, []string{"-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/dev/shm"}, []string{"-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"})
	for _, s := range steps {
		if err := run(s...); err != nil {
			return err
		}
	}
	for _, d := range []string{"/run/lock", "/run/resource-agents", "/var/log/cluster", "/var/log/nginx", "/var/log/pacemaker"} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile("/etc/hostname", []byte(name+"\n"), 0o644); err != nil {
		return err
	}
	return syscall.Sethostname([]byte(name))
}

// sameFolders gives dir the folders that the machine has in like, with their
// owners: pacemaker's daemons write there, and not all of them as root.
func sameFolders(like, dir string, depth int) error {
	list, err := os.ReadDir(like)
	if err != nil {
		return err
	}
	for _, e := range list {
		info, err := e.Info()
		if err != nil || !e.IsDir() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		if err := os.Mkdir(path, 0o700); errors.Is(err, fs.ErrExist) {
			continue // from an earlier life
		} else if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			if err := os.Chown(path, int(st.Uid), int(st.Gid)); err != nil {
				return err
			}
		}
		if err := os.Chmod(path, info.Mode()); err != nil {
			return err
		}
		if depth > 1 {
			if err := sameFolders(filepath.Join(like, e.Name()), path, depth-1); err != nil {
				return err
			}
		}
	}
	return nil
}

// reap buries the host's orphans, for ever.
func reap() {
	died := make(chan os.Signal, 16)
	signal.Notify(died, syscall.SIGCHLD)
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	for range died {
		for {
			pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if pid <= 0 || err != nil {
				break
			}
		}
	}
}
