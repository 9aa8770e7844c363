package ipc

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestCVE_2019_12779: predictable names in /dev/shm let a local user put
// something there first. Whatever is in the way, it is neither opened nor
// followed nor changed. (fault-matrix.md I6)
func TestCVE_2019_12779(t *testing.T) {
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	for _, tt := range []struct {
		name string
		put  func(path string) error
	}{
		{"symbolic link to a file", func(path string) error { return os.Symlink(victim, path) }},
		{"symbolic link to nothing", func(path string) error { return os.Symlink(victim+"-new", path) }},
		{"hard link", func(path string) error { return os.Link(victim, path) }},
		{"file of another", func(path string) error { return os.WriteFile(path, []byte("theirs"), 0o666) }},
		{"folder", func(path string) error { return os.Mkdir(path, 0o777) }},
	} {
		if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, tt.name)
		if err := tt.put(path); err != nil {
			t.Fatal(err)
		}
		if b, err := createMapped(path, 4096, fileOwner{uid: os.Getuid(), gid: os.Getgid(), mode: 0o666}); err == nil {
			t.Errorf("%s: it is in use, %d bytes", tt.name, len(b))
		}
		if b, err := os.ReadFile(victim); err != nil || string(b) != "precious" {
			t.Errorf("%s: the victim is %q, %v", tt.name, b, err)
		}
		if st, err := os.Stat(victim); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: the victim's mode is %v, %v", tt.name, st.Mode(), err)
		}
		if _, err := os.Lstat(victim + "-new"); err == nil {
			t.Errorf("%s: the link was followed", tt.name)
		}
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("%s: what was in the way is gone", tt.name)
		}
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(victim, link); err != nil {
		t.Fatal(err)
	}
	if _, err := openMapped(link, 1, 4096); err == nil {
		t.Error("a client opens what a link leads to")
	}
}

// TestHeaderSizes: the size in a header is a signed number of the peer's. A
// request with one that is not its length does not reach the service: it is
// answered with an error, and all clients go on. (fault-matrix.md I8)
func TestHeaderSizes(t *testing.T) {
	eachTransport(t, func(t *testing.T, opt transport) {
		name := start(t, opt, &echo{})
		other := dial(t, name)
		for _, size := range []int32{-1 << 31, -DefaultMaxMessage, -1, 0, 1, HeaderSize - 1, HeaderSize + 4, 1 << 20, 1<<31 - 1} {
			c := dial(t, name)
			b := message(1, []byte("four bytes more"))
			le.PutUint32(b[8:], uint32(size))
			r, err := c.Call(t.Context(), b)
			if err != nil || int32(le.Uint32(r[16:])) == 1 {
				t.Errorf("size %d: answered with %x, %v", size, r, err)
			}
			for _, c := range []*Client{c, other} {
				if b, err := c.Call(t.Context(), message(1, []byte("x"))); err != nil || string(b[ResponseHeaderSize:]) != "x" {
					t.Fatalf("size %d: then a client gets %q, %v", size, b, err)
				}
			}
		}
		if _, err := ParseHeader(nil); !errors.Is(err, ErrMessage) {
			t.Errorf("no header: %v", err)
		}
	})
}

// FuzzHeader: what is taken has the length that it says.
func FuzzHeader(f *testing.F) {
	f.Add(message(1, []byte("payload")))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := ParseHeader(b); err == nil && (int(h.Size) != len(b) || len(b) < HeaderSize) {
			t.Errorf("%d bytes say %d", len(b), h.Size)
		}
		if wish, err := parseConnectRequest(b); err == nil && len(b) != connectRequestSize {
			t.Errorf("a wish of %d in %d bytes", wish, len(b))
		}
	})
}
