package captures

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"testing"
)

// ofAMachine is what has no place in a repository: folders, keys and addresses of
// the machine where something was captured. The networks of the captures are
// 10.77, 10.78 and fd00:77.
var ofAMachine = []string{"/home/", "/root/", "/Users/", "PRIVATE KEY", "192.168."}

// TestArchives: every archive is as captures/pack makes it, and tells nothing of
// a machine.
func TestArchives(t *testing.T) {
	entries, err := archives.ReadDir(".")
	if err != nil || len(entries) == 0 {
		t.Fatal(entries, err)
	}
	for _, e := range entries {
		b, err := archives.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range r.File {
			names = append(names, f.Name)
			if f.ModifiedDate != 0 || f.ModifiedTime != 0 || f.ExternalAttrs != 0 || len(f.Extra) != 0 || f.Comment != "" {
				t.Errorf("%s: %s has a time or a mode: make the archive with captures/pack", e.Name(), f.Name)
			}
			o, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(o)
			if err != nil {
				t.Errorf("%s: %s: %v", e.Name(), f.Name, err)
			}
			for _, word := range ofAMachine {
				if bytes.Contains(data, []byte(word)) {
					t.Errorf("%s: %s has %q", e.Name(), f.Name, word)
				}
			}
		}
		if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Errorf("%s: its names are not in order", e.Name())
		}
	}
}
