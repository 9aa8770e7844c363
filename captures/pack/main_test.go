package main

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"
)

// TestPackIsReproducible: times and the order of making do not show, and what
// goes in comes out.
func TestPackIsReproducible(t *testing.T) {
	var first, second bytes.Buffer
	for b, when := range map[*bytes.Buffer]time.Time{&first: {}, &second: time.Unix(1e9, 0)} {
		folder := fstest.MapFS{
			"b/c.txt": {Data: []byte("c"), ModTime: when},
			"a.txt":   {Data: bytes.Repeat([]byte("a"), 1e5), ModTime: when},
		}
		if err := pack(b, folder); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same files give two archives")
	}
	r, err := zip.NewReader(bytes.NewReader(first.Bytes()), int64(first.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := fs.ReadFile(r, "b/c.txt"); string(b) != "c" || err != nil {
		t.Errorf("b/c.txt is %q, %v", b, err)
	}
	if b, err := fs.ReadFile(r, "a.txt"); len(b) != 1e5 || err != nil {
		t.Errorf("a.txt has %d bytes, %v", len(b), err)
	}
}
