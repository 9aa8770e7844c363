//go:build interop

package crm

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

// TestShowAccess compares what cibadmin --show-access prints of 40 documents with
// what pacemaker's does, a user and a form by turns.
func TestShowAccess(t *testing.T) {
	real, err := exec.LookPath("cibadmin")
	if err != nil {
		captures.Lack(t, captures.Peers, "pacemaker's cibadmin is not installed")
	}
	file := filepath.Join(t.TempDir(), "cib.xml")
	t.Setenv("CIB_file", file)
	users, forms := []string{"alice", "bob", "dave"}, []string{"--show-access", "--show-access=text", "--show-access=color", "--show-access=namespace"}
	for seed := range uint64(40) {
		if err := os.WriteFile(file, aclDocument(rand.New(rand.NewPCG(seed, 10))).Format(), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"-Q", "-U", users[seed%3], forms[seed%4]}
		if seed%10 == 9 {
			args = append(args, "-o", "resources")
		}
		want, _ := exec.Command(real, args...).Output()
		var out, errs bytes.Buffer
		CIBAdmin(context.Background(), &tool.Env{Name: "cibadmin", Args: args, Stdout: &out, Stderr: &errs, Profile: conf.EL9})
		if out.String() != string(want) {
			t.Errorf("seed %d, %q:\n%s%s\nwant\n%s", seed, args, out.String(), errs.String(), want)
		}
	}
}
