package flight

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/captures"
)

var sample = []Record{
	{Time: time.Unix(1700000000, 123456789), Priority: 5, Tags: 8, Func: "MAIN", Line: 7, Text: "starting up, 100% sure"},
	{Time: time.Unix(1700000001, 0), Priority: 7, Func: "TOTEM", Text: ""},
	{Time: time.Unix(1700000002, 999), Priority: 3, Func: "CPG", Text: "ümlaut and " + strings.Repeat("x", 5000)},
}

func TestRoundTrip(t *testing.T) {
	b := Append(nil, sample)
	d, err := Decode(b)
	if err != nil || !reflect.DeepEqual(d.Records, sample) {
		t.Fatalf("%v\n%+v", err, d)
	}
	if (len(b)-dataAt)%4096 != 0 {
		t.Errorf("%d bytes", len(b))
	}
	for n := range dataAt {
		if _, err := Decode(b[:n]); err == nil {
			t.Errorf("%d bytes are enough", n)
		}
	}
}

// TestWrapped: a ring buffer whose oldest record is not at its beginning.
func TestWrapped(t *testing.T) {
	b := Append(nil, sample)
	words := le.Uint32(b[ringAt:])
	data := b[dataAt:]
	turned := append(slices.Clone(data[40:]), data[:40]...)
	copy(data, turned)
	read := words - 10
	write := (le.Uint32(b[ringAt+4:]) + read) % words
	le.PutUint32(b[ringAt+4:], write)
	le.PutUint32(b[ringAt+8:], read)
	le.PutUint32(b[ringAt+16:], words+write+read+ringVers)
	d, err := Decode(b)
	if err != nil || !reflect.DeepEqual(d.Records, sample) {
		t.Fatalf("%v\n%+v", err, d)
	}
}

func TestFormat(t *testing.T) {
	for in, want := range map[string]string{
		"plain\x00":                         "plain",
		"%s is %d\x00a\x00\xff\xff\xff\xff": "a is -1",
		"%u %x %lx\x00\xff\xff\xff\xff\x10\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00": "4294967295 10 100000001",
		"[%5s|%-5s]\x00a\x00b\x00":                                       "[    a|b    ]",
		"%.*s\x00\x02\x00\x00\x00abc\x00":                                "ab",
		"%d%% of %p\x00\x4b\x00\x00\x00\x01\x02\x00\x00\x00\x00\x00\x00": "75% of 0x201",
		"%f\x00\x00\x00\x00\x00\x00\x00\xf8\x3f":                         "1.500000",
		"%d %s\x00":                                                      "? ?",
		"%":                                                              "%",
		"%99999999d\x00\x01\x00\x00\x00":                                 "1",
	} {
		if got := format([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestOriginal: libqb's own program prints what we wrote.
func TestOriginal(t *testing.T) {
	path, err := exec.LookPath("qb-blackbox")
	if err != nil {
		captures.Lack(t, captures.Peers, "needs qb-blackbox")
	}
	file := filepath.Join(t.TempDir(), "fdata")
	if err := os.WriteFile(file, Append(nil, sample[:2]), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, file)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"notice  Nov 14 22:13:20.123 MAIN(7):8: starting up, 100% sure\n", "debug   Nov 14 22:13:21.000 TOTEM(0):0: "} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Append(nil, sample[:2]))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Decode(b)
		if err != nil || d == nil {
			return
		}
		if again, err := Decode(Append(nil, d.Records)); err != nil || len(again.Records) != len(d.Records) {
			t.Fatalf("%d records, %v", len(d.Records), err)
		}
	})
}

func FuzzFormat(f *testing.F) {
	f.Add([]byte("%s %5.3d %*x\x00a\x00\x01\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s := format(b); len(s) > 300*(len(b)+1) || bytes.Contains([]byte(s), []byte("%!")) && !bytes.Contains(b, []byte("%!")) {
			t.Fatalf("%q became %q", b, s)
		}
	})
}
