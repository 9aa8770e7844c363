//go:build interop

package pcs

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

var mark = flag.Bool("mark", false, "write into the scripts what differs from the original")

// TestScriptsOfTheOriginal types the commands of testdata/script/el9 into pcs
// 0.11 and into ours, both with this machine's agents. What the scripts say
// differs has to differ, and nothing else may; with -mark the scripts are made to
// say it. Each command begins with the file that the original's last one left.
// Our hints are left out: the original gives none.
func TestScriptsOfTheOriginal(t *testing.T) {
	version, err := exec.Command("/usr/sbin/pcs", "--version").Output()
	if err != nil || !strings.HasPrefix(string(version), "0.11.") {
		captures.Lack(t, captures.Peers, "no pcs 0.11")
	}
	paths, err := filepath.Glob("testdata/script/el9/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			ours, theirs := filepath.Join(dir, "ours.xml"), filepath.Join(dir, "theirs.xml")
			s := &shell{t, dir}
			now := scriptFile("")
			marks := map[string][]string{} // by the position of a block
			var wrong []string             // what a block finds does not end the script
			datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
				if d.Cmd == "file" {
					now = scriptFile(d.Input)
					return d.Expected
				}
				var expected []string
				for _, a := range d.CmdArgs {
					if a.Key == "differs" {
						expected = a.Vals
					}
				}
				differ := map[string]bool{}
				for line := range strings.SplitSeq(d.Input, "\n") {
					words, err := split(line)
					if err != nil {
						d.Fatalf(t, "%v", err)
					}
					s.write(t, ours, now)
					s.write(t, theirs, now)
					got, want := play("", ours, conf.EL9, words), original(t, theirs, words)
					differ["status"] = differ["status"] || got.status != want.status
					got.stderr = unhinted(got.stderr)
					if got.stdout != want.stdout || got.stderr != want.stderr {
						differ["text"] = true
						t.Logf("%s: %s\nours:\n%stheirs:\n%s", d.Pos, line, got, want)
					}
					now = s.read(t, theirs)
					if a, b := canonical(t, s.read(t, ours)), canonical(t, now); a != b {
						differ["file"] = true
						t.Logf("%s: %s\nfrom ours to theirs:\n%s", d.Pos, line, lineDiff(a, b))
					}
				}
				for _, what := range []string{"status", "text", "file"} {
					if differ[what] {
						marks[d.Pos] = append(marks[d.Pos], what)
					}
				}
				if !slices.Equal(marks[d.Pos], expected) {
					wrong = append(wrong, fmt.Sprintf("%s: %q: differs=(%s), the script says (%s)", d.Pos, d.Input, strings.Join(marks[d.Pos], ","), strings.Join(expected, ",")))
				}
				return d.Expected
			})
			if *mark {
				s.write(t, path, marked(s.read(t, path), path, marks))
				return
			}
			for _, w := range wrong {
				t.Error(w)
			}
		})
	}
}

// marked is a script whose blocks say what differs.
func marked(text, path string, marks map[string][]string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "pcs") && i+1 < len(lines) && (i == 0 || lines[i-1] == "\n") {
			lines[i] = "pcs\n"
			if m := marks[fmt.Sprintf("%s:%d", path, i+1)]; m != nil {
				lines[i] = "pcs differs=(" + strings.Join(m, ",") + ")\n"
			}
		}
	}
	return strings.Join(lines, "")
}

func unhinted(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "Hint: ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// original runs the real pcs.
func original(t *testing.T, file string, words []string) outcome {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command("/usr/sbin/pcs", append([]string{"-f", file}, words...)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// canonical is a configuration without regard to blanks, and to sections and
// sets that are there but empty.
func canonical(t *testing.T, text string) string {
	t.Helper()
	doc, err := xml.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	c := doc.Child("configuration")
	for _, n := range slices.Clone(c.Children) {
		if len(n.Children) == 0 {
			n.Remove()
		}
	}
	for n := range c.Walk() {
		slices.SortFunc(n.Attrs, func(a, b xml.Attr) int { return strings.Compare(a.Name, b.Name) })
	}
	return string(c.Format())
}
