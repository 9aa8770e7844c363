package pcs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

// TestScripts types commands of pcs -f and looks at what they print and what
// they change; go test -rewrite writes the outcomes anew. The folder of a script
// names the generation: testdata/script/el7, el9.
//
//	file                       input: the configuration section to go on with
//	pcs [differs=(W,...)]      input: commands, one a line, words quoted as in a shell
//
// Of an outcome, lines with "! " are standard error, "exit N" is a status other
// than 0, and lines with "+ " and "- " are those of the CIB that came and went.
// differs names what is not as in the original, and a test that runs both
// (TestScriptsOfTheOriginal) holds it to that: text, status, file.
func TestScripts(t *testing.T) {
	for _, profile := range []conf.Profile{conf.EL7, conf.EL9} {
		datadriven.Walk(t, "testdata/script/"+profile.String(), func(t *testing.T, path string) {
			s := newShell(t)
			s.agents()
			file := filepath.Join(s.root, "cib.xml")
			datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
				switch d.Cmd {
				case "file":
					s.write(t, file, scriptFile(d.Input))
					return ""
				case "pcs":
				default:
					d.Fatalf(t, "unknown command %s", d.Cmd)
				}
				var b strings.Builder
				lines := strings.Split(d.Input, "\n")
				for _, line := range lines {
					if len(lines) > 1 {
						fmt.Fprintf(&b, "> %s\n", line)
					}
					words, err := split(line)
					if err != nil {
						d.Fatalf(t, "%v", err)
					}
					before := s.read(t, file)
					r := play(s.root, "/cib.xml", profile, words)
					b.WriteString(strings.ReplaceAll(r.String(), s.root, ""))
					b.WriteString(lineDiff(before, s.read(t, file)))
				}
				return b.String()
			})
		})
	}
}

// outcome is what one command came to, but for the file.
type outcome struct {
	stdout, stderr string
	status         int
}

func (o outcome) String() string {
	var b strings.Builder
	for line := range strings.Lines(o.stderr) {
		b.WriteString("! " + strings.TrimSuffix(line, "\n") + "\n")
	}
	if group, _, is := strings.Cut(strings.TrimPrefix(o.stdout, "\n"), "\n"); is && strings.HasPrefix(group, "Usage: ") {
		o.stdout = group + "\n" // the rest is the table of the group's commands
	}
	b.WriteString(o.stdout)
	if o.stdout != "" && !strings.HasSuffix(o.stdout, "\n") {
		b.WriteString("\\ no newline\n")
	}
	if o.status != 0 {
		fmt.Fprintf(&b, "exit %d\n", o.status)
	}
	return b.String()
}

// play runs our pcs on a file.
func play(root, file string, profile conf.Profile, words []string) outcome {
	var out, errs bytes.Buffer
	env := &tool.Env{Name: "pcs", Args: append([]string{"-f", file}, words...), Root: root, Profile: profile, Stdout: &out, Stderr: &errs}
	status := Pcs(context.Background(), env)
	return outcome{out.String(), errs.String(), status}
}

// scriptFile is a CIB with this configuration; none is two nodes and nothing else.
func scriptFile(configuration string) string {
	if configuration == "" {
		configuration = `  <configuration>
    <crm_config/>
    <nodes>
      <node id="1" uname="node1"/>
      <node id="2" uname="node2"/>
    </nodes>
    <resources/>
    <constraints/>
  </configuration>`
	}
	return `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0">` + "\n" + configuration + "\n  <status/>\n</cib>\n"
}

func (s *shell) write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func (s *shell) read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// agents adds agents by names that the originals have, with operations of theirs.
func (s *shell) agents() {
	agent := func(name string, params []string, actions ...string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "#!/bin/sh\ncat <<X\n<resource-agent name=%q><shortdesc>What %s is</shortdesc>\n<longdesc>Says what it is and does nothing.</longdesc><parameters>\n", name, name)
		for _, p := range params {
			name, required := strings.CutSuffix(p, "!")
			fmt.Fprintf(&b, "<parameter name=%q required=\"%d\"><shortdesc>The %s</shortdesc><content type=\"string\"/></parameter>\n", name, map[bool]int{true: 1}[required], name)
		}
		b.WriteString("</parameters><actions>\n")
		for _, a := range actions {
			fmt.Fprintf(&b, "<action %s/>\n", a)
		}
		b.WriteString("</actions></resource-agent>\nX\n")
		return b.String()
	}
	usual := []string{`name="start" timeout="20s"`, `name="stop" timeout="20s"`}
	s.write(s.t, filepath.Join(s.root, "usr/lib/ocf/resource.d/heartbeat/Dummy"), agent("Dummy", []string{"state", "fake"},
		append(usual, `name="monitor" timeout="20s" interval="10s" depth="0"`, `name="reload" timeout="20s"`, `name="meta-data" timeout="5s"`)...))
	s.write(s.t, filepath.Join(s.root, "usr/lib/ocf/resource.d/pacemaker/Dummy"), agent("Dummy", []string{"state", "fake", "op_sleep"},
		append(usual, `name="monitor" timeout="20s" interval="10s" depth="0"`, `name="migrate_to" timeout="20s"`, `name="migrate_from" timeout="20s"`, `name="validate-all" timeout="20s" depth="0"`)...))
	s.write(s.t, filepath.Join(s.root, "usr/lib/ocf/resource.d/pacemaker/Stateful"), agent("Stateful", []string{"state"},
		append(usual, `name="monitor" depth="0" timeout="20s" interval="10s" role="Master"`, `name="monitor" depth="0" timeout="20s" interval="11s" role="Slave"`,
			`name="promote" timeout="10s"`, `name="demote" timeout="10s"`)...))
	s.write(s.t, filepath.Join(s.root, "usr/sbin/fence_virsh"), agent("fence_virsh", []string{"plug!", "ip!", "username!", "identity_file"},
		`name="on"`, `name="off"`, `name="reboot"`, `name="monitor"`, `name="metadata"`, `name="status"`))
}

// split takes a line apart as a shell does: blanks, and quotes of both kinds.
func split(line string) (words []string, err error) {
	var w strings.Builder
	in, quote := false, rune(0)
	for _, r := range line {
		switch {
		case quote == 0 && (r == '\'' || r == '"'):
			in, quote = true, r
		case r == quote:
			quote = 0
		case quote == 0 && r == ' ':
			if in {
				words = append(words, w.String())
			}
			w.Reset()
			in = false
		default:
			in = true
			w.WriteRune(r)
		}
	}
	if in {
		words = append(words, w.String())
	}
	if quote != 0 {
		return nil, fmt.Errorf("no end of the quote in %q", line)
	}
	return words, nil
}

// lineDiff is a shortest list of the lines that came and went, but for the
// document's own, which counts.
func lineDiff(before, after string) string {
	lines := func(s string) (list []string) {
		for _, l := range strings.Split(strings.TrimSuffix(s, "\n"), "\n") {
			if !strings.Contains(l, "<cib ") {
				list = append(list, l)
			}
		}
		return list
	}
	a, b := lines(before), lines(after)
	common := make([][]int, len(a)+1) // how many lines of a[i:] and b[j:] can stay
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out strings.Builder
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out.WriteString("- " + a[i] + "\n")
			i++
		default:
			out.WriteString("+ " + b[j] + "\n")
			j++
		}
	}
	return out.String()
}
