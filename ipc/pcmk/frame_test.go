package pcmk

import (
	"bytes"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
)

// TestRealFrames decodes captured frames and encodes the plain ones again.
func TestRealFrames(t *testing.T) {
	for _, name := range captures.Glob(t, "pacemaker", "*/hex/ipc-*.hex") {
		wire := captures.Hex(t, "pacemaker", name)
		f, err := Decode(wire)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.HasPrefix(f.Data, []byte("<")) {
			t.Errorf("%s: %.40q is not XML", name, f.Data)
		}
		if f.Flags&Compressed != 0 {
			continue
		}
		if got, err := f.Append(nil, 1<<20); err != nil || !bytes.Equal(got, wire) {
			t.Errorf("%s does not come back: %v", name, err)
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
