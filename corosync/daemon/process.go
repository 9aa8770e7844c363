package daemon

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/corosync/internal/node"
	"github.com/gocorosync/gocorosync/crash"
)

// Environment variables by which the program tells itself how far it is.
const (
	childEnv    = "GOCOROSYNC_DETACHED" // this is the process that stays
	realtimeEnv = "GOCOROSYNC_REALTIME" // the priority has been dealt with
)

// detach starts the daemon in the background and waits until it runs or has
// failed. The child tells by one byte on descriptor 3.
func detach(stderr io.Writer) int {
	r, w, err := os.Pipe()
	if err != nil {
		fmt.Fprintln(stderr, "corosync:", err)
		return exitConfig
	}
	cmd := exec.Command(self(), os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), childEnv+"=1")
	cmd.Stderr = stderr
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(stderr, "corosync:", err)
		return exitConfig
	}
	w.Close()
	var b [1]byte
	if n, _ := r.Read(b[:]); n == 1 {
		return int(b[0])
	}
	err = cmd.Wait()
	var ex *exec.ExitError
	if errors.As(err, &ex) {
		return ex.ExitCode()
	}
	return exitConfig
}

// self is a path of this program, by the name it was called as if that can be
// found again: ps and pidof show the last part of it.
func self() string {
	if path, err := exec.LookPath(os.Args[0]); err == nil {
		return path
	}
	return "/proc/self/exe"
}

// setName makes ps and pidof show the daemon's name, whatever the file is
// called. It is a wish.
func setName() { os.WriteFile("/proc/self/comm", []byte("corosync"), 0) }

// toJournal reports whether standard error goes to systemd's journal, as what is
// sent to syslog does there: a line need not stand in it twice.
func toJournal() bool {
	var st unix.Stat_t
	if err := unix.Fstat(2, &st); err != nil {
		return false
	}
	return os.Getenv("JOURNAL_STREAM") == fmt.Sprintf("%d:%d", st.Dev, st.Ino)
}

// recordCrash keeps what the runtime says if it ends this process, and tells of
// an earlier one.
func recordCrash(n *node.Node, log *logger) {
	earlier, err := crash.Record(n.StateDir(), "corosync")
	if err != nil {
		log.Log(node.LevelWarning, node.MAIN, "A crash would leave no report: %s", err)
	}
	if earlier != "" {
		log.Log(node.LevelError, node.MAIN, "An earlier corosync ended in a crash; its report is %s", earlier)
	}
}

// tellParent passes a status on to the process that waits in detach, and
// returns it.
func tellParent(status int) int {
	if os.Getenv(childEnv) == "" {
		return status
	}
	os.Unsetenv(childEnv)
	w := os.NewFile(3, "parent")
	w.Write([]byte{byte(status)})
	w.Close()
	if null, err := os.OpenFile("/dev/null", os.O_RDWR, 0); err == nil {
		unix.Dup2(int(null.Fd()), 2)
		null.Close()
	}
	return status
}

// realtime gives the process real-time priority. The priority of one thread is
// that of the program after exec, and so of all threads that it starts then;
// setting it on this thread alone would leave the others behind. done is true
// when the program should end with status.
func realtime(opt options, p conf.Profile) (status int, done bool) {
	want := !opt.noRealtime && !opt.keepCgroup
	if p == conf.EL9 {
		want = true
		if f, err := readFile(orDefault(opt.file), p); err == nil {
			want = conf.FromKeys(f.Keys).Text("system.sched_rr", "yes") == "yes"
		}
	}
	if !want || os.Getenv(realtimeEnv) != "" {
		return 0, false
	}
	os.Setenv(realtimeEnv, "no")
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Priority: 99}
	if err := unix.SchedSetAttr(0, &attr, 0); err != nil {
		os.Setenv(realtimeEnv, "failed: "+err.Error())
		return 0, false
	}
	os.Setenv(realtimeEnv, "yes")
	if err := syscall.Exec(self(), os.Args, os.Environ()); err != nil {
		back := unix.SchedAttr{Size: unix.SizeofSchedAttr}
		unix.SchedSetAttr(0, &back, 0)
		os.Setenv(realtimeEnv, "failed: "+err.Error())
	}
	return 0, false
}

func orDefault(file string) string {
	if file == "" {
		return defaultFile
	}
	return file
}

// lockMemory keeps what is used in memory, and says once if it cannot; the same
// for the priority that realtime tried to set.
func lockMemory(log *logger) {
	if why, bad := strings.CutPrefix(os.Getenv(realtimeEnv), "failed: "); bad {
		log.Log(node.LevelWarning, node.MAIN, "Could not set SCHED_RR at priority 99: %s", why)
	}
	os.Unsetenv(realtimeEnv)
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
		log.Log(node.LevelWarning, node.MAIN, "Could not increase RLIMIT_MEMLOCK, not locking memory: %s", node.SysReason(err))
		return
	}
	if err := unix.Mlockall(unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT); err != nil {
		log.Log(node.LevelWarning, node.MAIN, "Could not lock memory of service to avoid page faults: %s", node.SysReason(err))
	}
}

// lockPID takes the lock that only one daemon can have, and writes the process
// id into it.
func lockPID(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o640)
	if err != nil {
		return nil, &exitError{exitLock, fmt.Errorf("Cannot open lock file %s: %s", path, node.SysText(err))}
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lock); err != nil {
		f.Close()
		return nil, &exitError{exitRunning, errors.New("Another Corosync instance is already running.")}
	}
	f.Truncate(0)
	f.WriteString(strconv.Itoa(os.Getpid()) + "\n")
	return f, nil
}
