package keeper

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// A message between parent and worker: one packet.
type message struct {
	Op   string          // one of the op constants
	Name string          `json:",omitempty"` // of what is kept
	Data json.RawMessage `json:",omitempty"`
	Code int             `json:",omitempty"`
}

const (
	opKeep  = "keep"  // hold this, with the descriptors; an earlier one of the name goes
	opDrop  = "drop"  // hold it no longer
	opOnly  = "only"  // hold nothing but what has one of these names
	opGo    = "go"    // to the worker: that was all there is
	opReady = "ready" // the worker is up
	opStop  = "stop"  // to the worker: end in good order
	opBye   = "bye"   // the worker ends, with this exit status
	opBusy  = "busy"  // to a second parent: there is one
)

const (
	maxPacket = 1 << 16 // bytes
	maxFiles  = 8       // with one message
	maxItems  = 512     // kept at a time
)

// Membership begins the names of what ends when corosync does, or when it may
// be what kills one worker after the other.
const Membership = "group/"

// An Item is what is kept under a name.
type Item struct {
	Name  string
	Data  json.RawMessage
	Files []*os.File
}

// Decode reads the item's data into v.
func (i *Item) Decode(v any) error { return json.Unmarshal(i.Data, v) }

// Close closes the item's descriptors.
func (i *Item) Close() {
	for _, f := range i.Files {
		f.Close()
	}
	i.Files = nil
}

func writeMessage(conn *net.UnixConn, m message, files []*os.File) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if len(b) > maxPacket || len(files) > maxFiles {
		return fmt.Errorf("keeper: %s %s: %d bytes and %d descriptors are too much", m.Op, m.Name, len(b), len(files))
	}
	var rights []byte
	if len(files) > 0 {
		fds := make([]int, 0, len(files))
		for _, f := range files {
			raw, err := f.SyscallConn() // Fd would change the mode that the other holders share
			if err != nil {
				return err
			}
			if err := raw.Control(func(fd uintptr) { fds = append(fds, int(fd)) }); err != nil {
				return err
			}
		}
		rights = unix.UnixRights(fds...)
	}
	_, _, err = conn.WriteMsgUnix(b, rights, nil)
	return err
}

var errPacket = errors.New("keeper: not a message")

func readMessage(conn *net.UnixConn) (m message, files []*os.File, err error) {
	b := make([]byte, maxPacket+1)
	oob := make([]byte, unix.CmsgSpace(maxFiles*4))
	n, on, flags, _, err := conn.ReadMsgUnix(b, oob)
	if err != nil {
		return m, nil, err
	}
	if n == 0 {
		return m, nil, io.EOF
	}
	cmsgs, err := unix.ParseSocketControlMessage(oob[:on])
	if err != nil {
		return m, nil, err
	}
	for i := range cmsgs {
		fds, err := unix.ParseUnixRights(&cmsgs[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			files = append(files, os.NewFile(uintptr(fd), "kept"))
		}
	}
	if flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0 || json.Unmarshal(b[:n], &m) != nil {
		closeAll(files)
		return m, nil, errPacket
	}
	return m, files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// pair makes both ends of a connection.
func pair() (ours *net.UnixConn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("keeper: %w", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "worker's end")
	ours, err = connOf(os.NewFile(uintptr(fds[0]), "parent's end"))
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

// connOf makes a connection of a file, which it closes.
func connOf(f *os.File) (*net.UnixConn, error) {
	c, err := net.FileConn(f)
	f.Close()
	if err != nil {
		return nil, fmt.Errorf("keeper: %w", err)
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, errors.New("keeper: not a local socket")
	}
	return u, nil
}

// peerOf tells who is at the other end.
func peerOf(conn *net.UnixConn) (unix.Ucred, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return unix.Ucred{}, err
	}
	var cred *unix.Ucred
	var gerr error
	if err := raw.Control(func(fd uintptr) {
		cred, gerr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return unix.Ucred{}, err
	}
	if gerr != nil {
		return unix.Ucred{}, gerr
	}
	return *cred, nil
}

// A store is what is kept, in the order in which it came.
type store struct{ items []Item }

func (s *store) put(it Item) {
	for i := range s.items {
		if s.items[i].Name == it.Name {
			s.items[i].Close()
			s.items[i] = it
			return
		}
	}
	if len(s.items) >= maxItems {
		it.Close()
		return
	}
	s.items = append(s.items, it)
}

func (s *store) drop(name string) {
	for i := range s.items {
		if s.items[i].Name == name {
			s.items[i].Close()
			s.items = append(s.items[:i], s.items[i+1:]...)
			return
		}
	}
}

// only drops what has none of these names.
func (s *store) only(names []string) {
	s.items = slices.DeleteFunc(s.items, func(it Item) bool {
		if slices.Contains(names, it.Name) {
			return false
		}
		it.Close()
		return true
	})
}

func (s *store) dropMemberships() {
	s.items = slices.DeleteFunc(s.items, func(it Item) bool {
		ring := strings.HasPrefix(it.Name, Membership)
		if ring {
			it.Close()
		}
		return ring
	})
}

func (s *store) clear() {
	for i := range s.items {
		s.items[i].Close()
	}
	s.items = nil
}

// tell sends everything that is kept.
func (s *store) tell(conn *net.UnixConn) error {
	for _, it := range s.items {
		if err := writeMessage(conn, message{Op: opKeep, Name: it.Name, Data: it.Data}, it.Files); err != nil {
			return err
		}
	}
	return nil
}
