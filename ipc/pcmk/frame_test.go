package pcmk

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRealFrames decodes captured frames and encodes the plain ones again.
func TestRealFrames(t *testing.T) {
	dir := os.Getenv("GOCOROSYNC_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	files, _ := filepath.Glob(filepath.Join(dir, "vectors/pacemaker/*/hex/ipc-*.hex"))
	if len(files) == 0 {
		t.Skip("captures of real daemons are not here")
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var body string
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "#") {
				body += strings.TrimSpace(line)
			}
		}
		wire, err := hex.DecodeString(body)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Decode(wire)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
			continue
		}
		if !bytes.HasPrefix(f.Data, []byte("<")) {
			t.Errorf("%s: %.40q is not XML", filepath.Base(name), f.Data)
		}
		if f.Flags&Compressed != 0 {
			continue
		}
		if got, err := f.Append(nil, 1<<20); err != nil || !bytes.Equal(got, wire) {
			t.Errorf("%s does not come back: %v", filepath.Base(name), err)
		}
	}
}

func TestLargeFramesAreCompressed(t *testing.T) {
	f := &Frame{ID: 7, Flags: WantsResponse, Data: bytes.Repeat([]byte("<primitive/>"), 20000)}
	b, err := f.Append(nil, 131072)
	if err != nil {
		t.Fatal(err)
	}
	g, err := Decode(b)
	if err != nil || g.ID != 7 || g.Flags != WantsResponse|Compressed || !bytes.Equal(g.Data, f.Data) {
		t.Errorf("got id %d flags %#x, %d bytes, %v", g.ID, g.Flags, len(g.Data), err)
	}
}

func FuzzDecode(f *testing.F) {
	b, _ := (&Frame{ID: 1, Data: []byte("<a/>")}).Append(nil, 1000)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		fr, err := Decode(b)
		if err != nil {
			return
		}
		again, err := fr.Append(nil, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		if g, err := Decode(again); err != nil || !bytes.Equal(g.Data, fr.Data) {
			t.Errorf("%x does not come back: %v", b, err)
		}
	})
}
