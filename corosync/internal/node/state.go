package node

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocorosync/gocorosync/durable"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// ringFile keeps the highest ring sequence number this node has seen: 8 bytes,
// little-endian. It must never go back, or two rings would have one name.
type ringFile struct {
	path string
	mode fs.FileMode
}

// StateDir is where the node keeps what must survive it.
func (n *Node) StateDir() string {
	if n.cfg.StateDir != "" {
		return n.cfg.StateDir
	}
	return n.keys.Text("system.state_dir", DefaultStateDir)
}

// loadRing returns the highest ring sequence number this node has seen. Without
// a file it is one that was never reached before, if the clock does not go back:
// the number grows by 4 with each ring, and none forms in a microsecond.
func (n *Node) loadRing() (seq uint64, why string, err error) {
	if n.cfg.Volatile {
		return uint64(time.Now().UnixMicro()) * 4, "", nil
	}
	dir := n.StateDir()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, "", &Error{StateDir, fmt.Errorf("Cannot chdir to state directory %s. %s", dir, SysReason(err))}
	}
	n.ringPath = n.ringFile()
	if seq, why, err = n.ringPath.load(); err != nil {
		err = &Error{RingID, err}
	}
	return seq, why, err
}

// ringFile is where this node keeps it: by its address in EL7, by its id in EL9.
func (n *Node) ringFile() ringFile {
	if n.gen == wire.EL9 {
		return ringFile{path: fmt.Sprintf("%s/ringid_%d", n.StateDir(), n.conf.NodeID), mode: 0o600}
	}
	return ringFile{path: fmt.Sprintf("%s/ringid_%v", n.StateDir(), n.conf.Interfaces[0].Bind), mode: 0o700}
}

// load returns the number. A file that is missing or not 8 bytes long counts
// as 0, with a word in why.
func (r ringFile) load() (seq uint64, why string, err error) {
	b, err := os.ReadFile(r.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, "", r.save(0)
	case err != nil:
		return 0, "", err
	case len(b) != 8:
		return 0, fmt.Sprintf("%s has %d bytes instead of 8, starting at 0", r.path, len(b)), r.save(0)
	}
	return binary.LittleEndian.Uint64(b), "", nil
}

// save makes seq durable. On a full disk there is no room for a second file, but
// the first has its block: a ring must form there too.
func (r ringFile) save(seq uint64) error {
	b := binary.LittleEndian.AppendUint64(nil, seq)
	err := durable.Write(r.path, b, durable.Owned(r.mode))
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		if overwrite(r.path, b) == nil {
			return nil
		}
	}
	return err
}

// overwrite puts data in the place of as much in a file.
func overwrite(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	switch {
	case err != nil:
		return err
	case st.Size() != int64(len(data)):
		return fmt.Errorf("%s has %d bytes, not %d", path, st.Size(), len(data))
	}
	if _, err := f.WriteAt(data, 0); err != nil {
		return err
	}
	return f.Sync()
}
