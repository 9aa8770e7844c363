package node

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gocorosync/gocorosync/durable"
	"golang.org/x/sys/unix"
)

// TestRingFileFullDisk: the number of a ring finds room on a disk that has none
// for another file.
func TestRingFileFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("needs to mount: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	r := ringFile{path: filepath.Join(dir, "ringid_1"), mode: 0o600}
	if err := r.save(4); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if err := durable.Write(r.path, make([]byte, 8), durable.Owned(r.mode)); err == nil {
		t.Fatal("the disk is not full")
	}
	if err := r.save(8); err != nil {
		t.Error(err)
	}
	if seq, why, err := r.load(); seq != 8 || why != "" || err != nil {
		t.Errorf("%d %q %v", seq, why, err)
	}
	// A file that was not there needs a block.
	if err := (ringFile{path: filepath.Join(dir, "ringid_2"), mode: 0o600}).save(8); err == nil {
		t.Error("a second file found room")
	}
	if list, _ := os.ReadDir(dir); len(list) != 2 {
		t.Errorf("%v", list)
	}
}
