// Package durable replaces files so that after a crash or a power cut a name
// leads to the old contents or to the new ones, whole: written beside, synced,
// renamed, and the folder synced.
package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// As is what a file will be like.
type As struct {
	Mode     fs.FileMode // permissions, whatever the umask
	UID, GID int         // owner; -1 leaves it
}

// Owned is a mode for a file of the user that writes it.
func Owned(mode fs.FileMode) As { return As{Mode: mode, UID: -1, GID: -1} }

// Like is the mode and the owner of a file that exists.
func Like(path string) (As, error) {
	info, err := os.Stat(path)
	if err != nil {
		return As{}, err
	}
	as := Owned(info.Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid))
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		as.UID, as.GID = int(st.Uid), int(st.Gid)
	}
	return as, nil
}

// A Step hears what is done next, "create" and then "fill", for tests that crash
// there. nil is for everybody else.
type Step func(what string)

func (s Step) at(what string) {
	if s != nil {
		s(what)
	}
}

// Stage writes a file of a new name in dir through to the disk; the pattern is
// [os.CreateTemp]'s. Nobody whom as does not admit can read it at any moment. The
// caller renames it, and calls [SyncDir].
func Stage(dir, pattern string, data []byte, as As, step Step) (name string, err error) {
	step.at("create")
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return "", err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			os.Remove(f.Name())
			name = ""
		}
	}()
	step.at("fill")
	if _, err = f.Write(data); err != nil {
		return "", err
	}
	if err = as.give(f); err != nil {
		return "", err
	}
	return f.Name(), f.Sync()
}

// give makes a file what it will be like: the owner first, since a change of it
// takes bits of the mode away.
func (as As) give(f *os.File) error {
	if as.UID >= 0 || as.GID >= 0 {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if same := ok && (as.UID < 0 || int(st.Uid) == as.UID) && (as.GID < 0 || int(st.Gid) == as.GID); !same {
			if err := f.Chown(as.UID, as.GID); err != nil && (os.Geteuid() == 0 || !errors.Is(err, fs.ErrPermission)) {
				return err
			}
		}
	}
	return f.Chmod(as.Mode)
}

// Write gives path new contents, mode and owner.
func Write(path string, data []byte, as As) error {
	dir := filepath.Dir(path)
	name, err := Stage(dir, "."+filepath.Base(path)+".", data, as, nil)
	if err != nil {
		return err
	}
	if err := os.Rename(name, path); err != nil {
		os.Remove(name)
		return err
	}
	return SyncDir(dir)
}

// Rewrite gives a file that exists new contents; mode, owner, and the symbolic
// links that lead to it stay.
func Rewrite(path string, data []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	as, err := Like(path)
	if err != nil {
		return err
	}
	return Write(path, data, as)
}

// SyncDir makes the names in a folder durable.
func SyncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("folder: %w", err)
	}
	return nil
}
