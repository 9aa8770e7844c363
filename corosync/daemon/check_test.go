package daemon

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/conf/lint"
)

const faulty = `totem {
	version: 2
	transport: udpu
	secauth: off
	cluster_name: a # test
}
nodelist {
	node {
		ring0_addr: 127.0.0.1
		nodeid: 1
	}
	node {
		ring0_addr: 10.0.0.2
		nodeid: 2
	}
}
quorum {
	provider: corosync_votequorum
	two_node: 1
	device {
		model: net
	}
}
`

// TestCheck: the program finds, reports in three forms, corrects in place, and
// keeps the rest of the file and its mode.
func TestCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "corosync.conf")
	if err := os.WriteFile(file, []byte(faulty), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, string, int) {
		var out, errOut bytes.Buffer
		status := Check(args, &out, &errOut)
		return out.String(), errOut.String(), status
	}
	out, _, status := run(file)
	for _, want := range []string{":4:11: note: messages on the ring are not authenticated: whoever can send UDP to port 5405", ":5:18: error: ", "[comment-behind-value]", ":9:15: error: 127.0.0.1 is each node's own",
		":17:1: error: configuration error: two_node and quorum device cannot be configured at the same time! [votequorum]"} {
		if !strings.Contains(out, file) || !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if status != 8 {
		t.Errorf("exit status %d", status)
	}
	var j struct{ Findings []struct{ Line int } }
	out, _, _ = run("--output-as=json", file)
	if err := json.Unmarshal([]byte(out), &j); err != nil || len(j.Findings) != 4 || j.Findings[1].Line != 5 {
		t.Errorf("%v %+v\n%s", err, j, out)
	}
	var x struct {
		Finding []struct {
			Line int `xml:"line,attr"`
		} `xml:"finding"`
	}
	out, _, _ = run("--output-as", "xml", file)
	if err := xml.Unmarshal([]byte(out), &x); err != nil || len(x.Finding) != 4 || x.Finding[2].Line != 9 {
		t.Errorf("%v %+v\n%s", err, x, out)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if _, errOut, status := run("--fix", link); status != 8 || !strings.Contains(errOut, "1 of 3 corrected") {
		t.Errorf("exit status %d: %s", status, errOut)
	}
	b, err := os.ReadFile(file)
	if want := strings.Replace(faulty, "\tcluster_name: a # test\n", "\t# test\n\tcluster_name: a\n", 1); err != nil || string(b) != want {
		t.Errorf("%v\n%s", err, b)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is no link any longer")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	for want, args := range map[int][]string{0: {"--help"}, 64: {"--fixx"}, 74: {file + ".no"}} {
		if out, errOut, status := run(args...); status != want {
			t.Errorf("%v: exit status %d\n%s%s", args, status, out, errOut)
		}
	}
	// What is worth knowing is no fault.
	if status := report(file, []lint.Finding{{Line: 1, Column: 1, Severity: lint.Note}}, "text", io.Discard); status != 0 {
		t.Errorf("exit status %d of a note", status)
	}
	list, _, _ := run("--addresses", file)
	if list != "127.0.0.1 127.0.0.1\n10.0.0.2 10.0.0.2\n" {
		t.Errorf("addresses:\n%s", list)
	}
	other := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(other, []byte(strings.Replace(list, "10.0.0.2 10.0.0.2", "10.0.0.2 10.0.0.3", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, _, status := run("--same-as", other, file); status != 8 || !strings.Contains(out, "10.0.0.2 is 10.0.0.2 here and 10.0.0.3 there") {
		t.Errorf("exit status %d: %s", status, out)
	}
}
