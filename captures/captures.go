// Package captures holds what real daemons sent and real tools printed, for the
// tests that measure ours by it. The files are in zip archives, one for each
// area; README.md says what is in them, and captures/pack makes them.
//
// Only tests import this package: a program links none of it.
package captures

import (
	"archive/zip"
	"bytes"
	"embed"
	"encoding/hex"
	"io/fs"
	"os"
	"testing"
)

//go:embed *.zip
var archives embed.FS

// Open returns the files of an area: "totem" for totem.zip. They are part of
// the repository, so a test cannot lack them.
func Open(t testing.TB, area string) fs.FS {
	t.Helper()
	b, err := archives.ReadFile(area + ".zip")
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatalf("%s.zip: %v", area, err)
	}
	return r
}

// Read returns one file of an area.
func Read(t testing.TB, area, name string) []byte {
	t.Helper()
	b, err := fs.ReadFile(Open(t, area), name)
	if err != nil {
		t.Fatalf("%s.zip: %v", area, err)
	}
	return b
}

// Glob returns the files of an area whose names match, sorted, and at least one.
func Glob(t testing.TB, area, pattern string) []string {
	t.Helper()
	names, err := fs.Glob(Open(t, area), pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s.zip has no %s (%v)", area, pattern, err)
	}
	return names
}

// Folder copies a folder of an area to where a tool can open its files, and
// returns the path.
func Folder(t testing.TB, area, name string) string {
	t.Helper()
	sub, err := fs.Sub(Open(t, area), name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, sub); err != nil {
		t.Fatalf("%s.zip: %v", area, err)
	}
	return dir
}

// Hex returns the bytes of a file of hexadecimal digits; lines that begin with
// # say what they are.
func Hex(t testing.TB, area, name string) []byte {
	t.Helper()
	var digits []byte
	for line := range bytes.Lines(Read(t, area, name)) {
		if !bytes.HasPrefix(line, []byte("#")) {
			digits = append(digits, bytes.TrimSpace(line)...)
		}
	}
	b, err := hex.DecodeString(string(digits))
	if err != nil {
		t.Fatalf("%s.zip: %s: %v", area, name, err)
	}
	return b
}
