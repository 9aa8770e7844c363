package coro

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

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

// TestWithoutDaemon repeats the recorded runs that end before a daemon is
// asked. The others are repeated by the tests in integration/.
func TestWithoutDaemon(t *testing.T) {
	dir := os.Getenv("GOCOROSYNC_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	for p, version := range map[conf.Profile]string{conf.EL7: "2.4.5", conf.EL9: "3.1.7"} {
		base := filepath.Join(dir, "golden/corosync", version)
		b, err := os.ReadFile(filepath.Join(base, "MANIFEST.json"))
		if err != nil {
			t.Skip("no recorded output: set GOCOROSYNC_SHARED to its folder")
		}
		var runs map[string]struct {
			Argv   []string
			Exit   int
			Stderr string
		}
		if err := json.Unmarshal(b, &runs); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"cfgtool-h", "cfgtool-noarg", "cfgtool-badopt", "cmapctl-h", "cmapctl-badopt", "cmapctl-g-none",
			"cmapctl-s-missing-arg", "cmapctl-m-bad", "cmapctl-C-bad", "cpgtool-h", "cpgtool-badopt", "quorumtool-h", "quorumtool-V",
			"quorumtool-badopt", "quorumtool-v-abc", "quorumtool-n-abc", "quorumtool-o-bad"} {
			r, ok := runs["tools-"+name+".txt"]
			if !ok {
				continue
			}
			want, err := os.ReadFile(filepath.Join(base, "tools-"+name+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			out, errOut, status := run(t, p, r.Argv...)
			if out != string(want) || errOut != r.Stderr || status != r.Exit {
				t.Errorf("%v %v: exit %d, stderr %q\n%s\nwant exit %d, stderr %q\n%s", p, r.Argv, status, errOut, out, r.Exit, r.Stderr, want)
			}
		}
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
