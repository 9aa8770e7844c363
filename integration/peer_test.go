//go:build interop

package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	netlab "github.com/gocorosync/gocorosync/integration/lab"
)

type hostOf = netlab.Host

// peerEnv names a folder that an original corosync was installed below, with
// sbin, bin and lib; by default the system's is the peer.
const peerEnv = "GOCOROSYNC_PEER"

// A peer is the original corosync that stands beside our daemons.
type peer struct {
	path    string
	env     []string
	version string
	profile string // what our daemons have to be beside it
	totem   string // what section totem needs
}

// real returns the path of an installed program, or skips.
func real(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		lacking(t, "needs the original "+name)
	}
	return path
}

// lacking skips a test for want of something on this machine, or fails it where
// everything must be there (GOCOROSYNC_REQUIRE=peers, as in CI).
func lacking(t *testing.T, what string) {
	t.Helper()
	captures.Lack(t, captures.Peers, what)
}

// peerProgram is real, but below peerEnv if that is set.
func peerProgram(t *testing.T, name string) string {
	t.Helper()
	prefix := os.Getenv(peerEnv)
	if prefix == "" {
		return real(t, name)
	}
	for _, dir := range []string{"sbin", "bin", "usr/sbin", "usr/bin"} {
		if path := filepath.Join(prefix, dir, name); executable(path) {
			return path
		}
	}
	t.Fatalf("%s is %s, but there is no program %s below it", peerEnv, prefix, name)
	return ""
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// thePeer finds the original daemon, or skips.
func thePeer(t *testing.T) peer {
	t.Helper()
	p := peer{path: peerProgram(t, "corosync"), env: peerLibraries(), profile: "el9"}
	c := exec.Command(p.path, "-v")
	c.Env = append(os.Environ(), p.env...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s -v: %v\n%s", p.path, err, out)
	}
	if _, p.version, _ = strings.Cut(string(out), "version '"); p.version == "" {
		t.Fatalf("%s -v does not tell its version:\n%s", p.path, out)
	}
	p.version, _, _ = strings.Cut(p.version, "'")
	if strings.HasPrefix(p.version, "2.") {
		p.profile, p.totem = "el7", " secauth: off\n"
	}
	t.Logf("the original is %s, version %s", p.path, p.version)
	return p
}

// peerLibraries is what a program below peerEnv needs to find its libraries.
func peerLibraries() []string {
	prefix := os.Getenv(peerEnv)
	if prefix == "" {
		return nil
	}
	var dirs []string
	for _, dir := range []string{"lib", "lib64", "usr/lib", "usr/lib64"} {
		dirs = append(dirs, filepath.Join(prefix, dir))
	}
	return []string{fmt.Sprintf("LD_LIBRARY_PATH=%s", strings.Join(dirs, ":"))}
}

// tool runs one of the original's tools in a host.
func (p peer) tool(h *host, args ...string) (string, int) {
	h.l.t.Helper()
	return h.run(p.env, append([]string{peerProgram(h.l.t, args[0])}, args[1:]...)...)
}

// start starts the original daemon in a host.
func (p peer) start(h *host) *daemon {
	h.l.t.Helper()
	return h.start(p.env, p.path, "-f")
}
