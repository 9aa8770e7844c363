package ipc

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Creds says who is at the other end, as the kernel tells it.
type Creds struct {
	PID      int
	UID, GID uint32
}

func peerCreds(c *net.UnixConn) (Creds, error) {
	var u *unix.Ucred
	if err := onSocket(c, func(fd int) (err error) {
		u, err = unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
		return err
	}); err != nil {
		return Creds{}, err
	}
	return Creds{PID: int(u.Pid), UID: u.Uid, GID: u.Gid}, nil
}

// onSocket calls f with the descriptor of a socket.
func onSocket(c *net.UnixConn, f func(fd int) error) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var ferr error
	if err := raw.Control(func(fd uintptr) { ferr = f(int(fd)) }); err != nil {
		return err
	}
	return ferr
}

// passCreds asks the kernel to attach credentials to what arrives. libqb's
// server reads them from the connect request.
func passCreds(c *net.UnixConn) error {
	return onSocket(c, func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSCRED, 1) })
}

// errReused says that a process id is not, or not for certain, that of the
// process which connected.
var errReused = errors.New("the process that connected is not there any more")

// supplementary returns the supplementary groups of the process that connected.
// It must be called soon after the connection was accepted, at the time given.
func supplementary(c *net.UnixConn, peer Creds, accepted time.Duration) (groups []uint32, err error) {
	err = onSocket(c, func(fd int) (err error) {
		groups, err = peerGroups(fd)
		return err
	})
	if err == nil || !errors.Is(err, unix.ENOPROTOOPT) && !errors.Is(err, unix.ENOSYS) {
		return groups, err
	}
	// Linux before 4.13. What /proc says of a process id may be of another process by
	// now: see procGroups.
	return procGroups("/proc", peer, accepted)
}

// maxGroups is how many groups Linux lets a process be in.
const maxGroups = 65536

// peerGroups asks the kernel for the groups as they were when the process connected.
func peerGroups(fd int) ([]uint32, error) {
	for groups := make([]uint32, 64); ; groups = make([]uint32, 2*len(groups)) {
		size := uint32(4 * len(groups))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&groups[0])), uintptr(unsafe.Pointer(&size)), 0)
		switch {
		case errno == 0:
			return groups[:size/4], nil
		case errno != unix.ERANGE || len(groups) >= maxGroups:
			return nil, errno
		}
	}
}

// uptime is how long the machine has been running, on the clock by which processes
// have their start time.
func uptime() time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// clockTick is the unit of start times in /proc; it is the same on all machines that
// Go knows.
const clockTick = 10 * time.Millisecond

// procGroups reads the groups of a process below root, a mounted /proc. The id may have been given to
// another process since the connection was made. That one would have started
// after it was accepted, or run as somebody else; and as the folder is opened once,
// all files in it are of the same process, or cannot be read.
func procGroups(root string, peer Creds, accepted time.Duration) ([]uint32, error) {
	dir, err := unix.Open(root+"/"+strconv.Itoa(peer.PID), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("process %d: %w", peer.PID, errors.Join(errReused, err))
	}
	defer unix.Close(dir)
	stat, err := readAt(dir, "stat")
	if err != nil {
		return nil, fmt.Errorf("process %d: %w", peer.PID, errors.Join(errReused, err))
	}
	started, err := startTime(stat)
	if err != nil {
		return nil, fmt.Errorf("process %d: %w", peer.PID, err)
	}
	if started > accepted {
		return nil, fmt.Errorf("process %d started after the connection was made: %w", peer.PID, errReused)
	}
	status, err := readAt(dir, "status")
	if err != nil {
		return nil, fmt.Errorf("process %d: %w", peer.PID, errors.Join(errReused, err))
	}
	uid, gid, groups, err := statusGroups(status)
	if err != nil {
		return nil, fmt.Errorf("process %d: %w", peer.PID, err)
	}
	if uid != peer.UID || gid != peer.GID {
		return nil, fmt.Errorf("process %d runs as %d:%d, not as %d:%d: %w", peer.PID, uid, gid, peer.UID, peer.GID, errReused)
	}
	return groups, nil
}

func readAt(dir int, name string) ([]byte, error) {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(f)
	return b.Bytes(), err
}

// startTime reads when a process started from its file stat, as time since the
// machine did. The name in it, in brackets, can hold anything.
func startTime(stat []byte) (time.Duration, error) {
	const field = 22
	if i := bytes.LastIndexByte(stat, ')'); i >= 0 {
		if words := bytes.Fields(stat[i+1:]); len(words) > field-3 {
			if n, err := strconv.ParseInt(string(words[field-3]), 10, 64); err == nil && n >= 0 && n < 1<<53/int64(clockTick) {
				return time.Duration(n) * clockTick, nil
			}
		}
	}
	return 0, fmt.Errorf("no start time in %q", stat)
}

// statusGroups reads the effective user and group and the supplementary groups
// from a process's file status.
func statusGroups(status []byte) (uid, gid uint32, groups []uint32, err error) {
	var seen []string
	for line := range strings.Lines(string(status)) {
		name, rest, _ := strings.Cut(line, ":")
		if name != "Uid" && name != "Gid" && name != "Groups" || slices.Contains(seen, name) {
			continue
		}
		seen = append(seen, name)
		var ids []uint32
		for word := range strings.FieldsSeq(rest) {
			n, err := strconv.ParseUint(word, 10, 32)
			if err != nil {
				return 0, 0, nil, fmt.Errorf("line %q: %w", line, err)
			}
			ids = append(ids, uint32(n))
		}
		if name == "Groups" {
			groups = ids
			continue
		}
		if len(ids) != 4 { // real, effective, saved, file system
			return 0, 0, nil, fmt.Errorf("line %q does not name four ids", line)
		}
		if name == "Uid" {
			uid = ids[1]
		} else {
			gid = ids[1]
		}
	}
	if len(seen) != 3 {
		return 0, 0, nil, fmt.Errorf("no Uid, Gid and Groups, only %v", seen)
	}
	return uid, gid, groups, nil
}
