package coro

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

func run(t *testing.T, p conf.Profile, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errOut bytes.Buffer
	env := &tool.Env{Name: args[0], Args: args[1:], Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errOut, Root: t.TempDir(), Profile: p}
	status = Tools()[args[0]](t.Context(), env)
	return out.String(), errOut.String(), status
}

// A recordedRun is how one of corosync's tools ended.
type recordedRun struct {
	Argv   []string
	Exit   int
	Stderr string
}

// versions are the corosyncs whose runs were recorded.
var versions = map[conf.Profile]string{conf.EL7: "2.4.5", conf.EL9: "3.1.7"}

// repeat does what was recorded below a folder, for those of the runs that are there.
func repeat(t *testing.T, p conf.Profile, recorded fs.FS, names []string) {
	t.Helper()
	b, err := fs.ReadFile(recorded, "MANIFEST.json")
	if err != nil {
		t.Fatal(err)
	}
	var runs map[string]recordedRun
	if err := json.Unmarshal(b, &runs); err != nil {
		t.Fatal(err)
	}
	repeated := 0
	for _, name := range names {
		r, ok := runs["tools-"+name+".txt"]
		if !ok {
			continue
		}
		repeated++
		want, err := fs.ReadFile(recorded, "tools-"+name+".txt")
		if err != nil {
			t.Fatal(err)
		}
		out, errOut, status := run(t, p, r.Argv...)
		if out != string(want) || errOut != r.Stderr || status != r.Exit {
			t.Errorf("%v %v: exit %d, stderr %q\n%s\nwant exit %d, stderr %q\n%s", p, r.Argv, status, errOut, out, r.Exit, r.Stderr, want)
		}
	}
	if repeated == 0 {
		t.Errorf("%v: nothing was repeated", p)
	}
}

// TestWithoutDaemon repeats the recorded runs that end before a daemon is
// asked. The others are repeated by the tests in integration/.
func TestWithoutDaemon(t *testing.T) {
	for p, version := range versions {
		recorded, err := fs.Sub(captures.Open(t, "corosync"), version)
		if err != nil {
			t.Fatal(err)
		}
		repeat(t, p, recorded, []string{"cfgtool-badopt", "cmapctl-badopt", "cmapctl-g-none", "cmapctl-s-missing-arg", "cmapctl-m-bad",
			"cmapctl-C-bad", "cpgtool-badopt", "quorumtool-V", "quorumtool-v-abc", "quorumtool-n-abc", "quorumtool-o-bad"})
	}
}

// TestUsage does the same for the runs that print how a tool is used. Those texts
// are corosync's and not part of this repository.
func TestUsage(t *testing.T) {
	for p, version := range versions {
		recorded := os.DirFS(captures.Outside(t, "golden/corosync/"+version))
		repeat(t, p, recorded, []string{"cfgtool-h", "cfgtool-noarg", "cmapctl-h", "cpgtool-h", "quorumtool-h", "quorumtool-badopt"})
	}
}

// TestKeygen makes keys of both generations' sizes that nobody else can read.
func TestKeygen(t *testing.T) {
	for p, size := range map[conf.Profile]int64{conf.EL7: keySizeEL7, conf.EL9: keySizeEL9} {
		dir := t.TempDir()
		var out bytes.Buffer
		env := &tool.Env{Name: "corosync-keygen", Args: []string{"-l", "-k", "/key"}, Stdout: &out, Stderr: &out, Root: dir, Profile: p}
		if status := Keygen(t.Context(), env); status != 0 {
			t.Fatal(out.String())
		}
		st, err := os.Stat(filepath.Join(dir, "key"))
		if err != nil || st.Size() != size || st.Mode().Perm() != 0o400 {
			t.Errorf("%v: %v, %v", p, st, err)
		}
	}
}
