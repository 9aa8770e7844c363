//go:build interop

package crm

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

// linesCIB is what the command lines work on: an option stands there twice.
const linesCIB = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="5" num_updates="3" admin_epoch="0"><configuration><crm_config>` +
	`<cluster_property_set id="cib-bootstrap-options"><nvpair id="o-st" name="stonith-enabled" value="false"/></cluster_property_set>` +
	`<cluster_property_set id="second"><nvpair id="o2-x" name="no-quorum-policy" value="stop"/></cluster_property_set>` +
	`<cluster_property_set id="third"><nvpair id="o3-x" name="no-quorum-policy" value="ignore"/></cluster_property_set></crm_config>` +
	`<nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes><resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/>` +
	`<primitive id="b" class="ocf" provider="pacemaker" type="Dummy"/></resources><constraints/></configuration><status><node_state id="1" uname="n1">` +
	`<transient_attributes id="1"><instance_attributes id="status-1"><nvpair id="status-1-t" name="t" value="1"/></instance_attributes></transient_attributes></node_state></status></cib>` + "\n"

// TestLinesBesideTheRealOnes types the command lines of testdata/lines.txt into
// pacemaker's tools and into ours, both on a file: exit status, what they print
// and what they leave in the file are equal. A mark before a line says what
// need not be: "e" the words on standard error, "o" those on standard output,
// "s" the status, "f" the file.
func TestLinesBesideTheRealOnes(t *testing.T) {
	text, err := os.ReadFile("testdata/lines.txt")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TZ", "UTC")
	t.Chdir(t.TempDir())
	file := "c.xml"
	t.Setenv("CIB_file", file)
	type outcome struct {
		out, errs, file string
		status          int
	}
	clock, between := regexp.MustCompile(`Last updated: .*`), regexp.MustCompile(`>\s+<`)
	read := func(out, errs string, status int) outcome {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return outcome{clock.ReplaceAllString(out, ""), errs, between.ReplaceAllString(strings.TrimSpace(string(b)), "><"), status}
	}
	count := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		mark := ""
		if m, rest, ok := strings.Cut(line, "| "); ok {
			mark, line = m, rest
		}
		words := splitLine(line)
		if err := os.WriteFile(file, []byte(linesCIB), 0o600); err != nil {
			t.Fatal(err)
		}
		path, err := exec.LookPath(words[0])
		if err != nil {
			captures.Lack(t, captures.Peers, "pacemaker's "+words[0]+" is not installed")
		}
		var out, errs bytes.Buffer
		cmd := exec.Command(path, words[1:]...)
		cmd.Args[0] = words[0] // which XML repeats
		cmd.Stdout, cmd.Stderr = &out, &errs
		status := 0
		if err := cmd.Run(); err != nil {
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Fatal(err)
			}
			status = exit.ExitCode()
		}
		want := read(out.String(), errs.String(), status)
		if err := os.WriteFile(file, []byte(linesCIB), 0o600); err != nil {
			t.Fatal(err)
		}
		out.Reset()
		errs.Reset()
		env := &tool.Env{Name: words[0], Args: words[1:], Profile: conf.EL9, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}
		status = Tools()[words[0]](context.Background(), env)
		got := read(out.String(), errs.String(), status)
		for _, x := range []struct{ mark, what string }{{"e", "standard error"}, {"o", "standard output"}, {"s", "status"}, {"f", "file"}} {
			a, b := map[string][2]any{"e": {got.errs, want.errs}, "o": {got.out, want.out}, "s": {got.status, want.status}, "f": {got.file, want.file}}[x.mark], strings.Contains(mark, x.mark)
			if a[0] != a[1] && !b {
				t.Errorf("%s: %s:\n%v\nwant\n%v", line, x.what, a[0], a[1])
			}
			if a[0] == a[1] && b {
				t.Errorf("%s: %s is equal now, take the mark away", line, x.what)
			}
		}
		count++
	}
	t.Logf("%d command lines in %s", count, filepath.Base(file))
}

// splitLine takes a line apart at blanks outside quotes.
func splitLine(line string) (words []string) {
	var quote byte
	word, open := "", false
	for i := range len(line) {
		switch c := line[i]; {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, open = c, true
		case quote == 0 && c == ' ':
			if open {
				words = append(words, word)
			}
			word, open = "", false
		default:
			word, open = word+string(c), true
		}
	}
	if open {
		words = append(words, word)
	}
	return words
}
