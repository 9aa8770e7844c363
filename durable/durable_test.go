package durable

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func contents(t *testing.T, path string) (text string, mode os.FileMode) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), info.Mode()
}

func only(t *testing.T, dir string, n int) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != n {
		t.Errorf("%d files in the folder, want %d: %v", len(list), n, list)
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	for _, text := range []string{"one", "two", ""} {
		if err := Write(path, []byte(text), Owned(0o644)); err != nil {
			t.Fatal(err)
		}
		if got, mode := contents(t, path); got != text || mode != 0o644 {
			t.Errorf("%q, %v; want %q, 0644 under any umask", got, mode, text)
		}
	}
	only(t, dir, 1)
	if err := Write(filepath.Join(dir, "no", "f"), nil, Owned(0o600)); err == nil {
		t.Error("written into a folder that does not exist")
	}
	// A folder of that name cannot be replaced: nothing may be left behind.
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "d"), nil, Owned(0o600)); err == nil {
		t.Error("a folder was replaced")
	}
	only(t, dir, 2)
}

func TestRewriteKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "f"), filepath.Join(dir, "l")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("f", link); err != nil {
		t.Fatal(err)
	}
	want := os.Getgid()
	if os.Getuid() == 0 {
		want = 12345
		if err := os.Chown(path, 54321, want); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := Rewrite(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	got, mode := contents(t, path)
	as, err := Like(path)
	if got != "new" || mode != 0o640 || err != nil || as.GID != want {
		t.Errorf("%q, %v, %+v, %v", got, mode, as, err)
	}
	if to, err := os.Readlink(link); err != nil || to != "f" {
		t.Errorf("the link is %q, %v", to, err)
	}
	only(t, dir, 2)
	if err := Rewrite(filepath.Join(dir, "none"), nil); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
}

// TestSteps: at every step what the name leads to is whole.
func TestSteps(t *testing.T) {
	dir := t.TempDir()
	var steps []string
	name, err := Stage(dir, "cib.", []byte("text"), Owned(0o600), func(what string) {
		list, _ := os.ReadDir(dir)
		steps = append(steps, what)
		if (what == "create") != (len(list) == 0) {
			t.Errorf("at %q the folder holds %d files", what, len(list))
		}
	})
	if err != nil || len(steps) != 2 {
		t.Fatalf("%v, %v", steps, err)
	}
	if got, mode := contents(t, name); got != "text" || mode != 0o600 {
		t.Errorf("%q, %v", got, mode)
	}
}
