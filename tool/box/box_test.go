package box

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/tool/manual"
	"github.com/gocorosync/gocorosync/tool/option"
	"github.com/gocorosync/gocorosync/tool/option/optiontest"
)

func example() *Box {
	return &Box{
		Name: "box", Purpose: "two tools in one program", Kind: "tool", Links: []string{"one", "two"}, Words: []string{"test"},
		Programs: []*option.Program{{Name: "one", Section: 8, Purpose: "the first of them"}, {Name: "two", Section: 8, Purpose: "the second"}, {Name: "box-test", Section: 8, Purpose: "a test of it"}},
		Pages:    []*manual.Page{{Name: "file", Section: 5, Purpose: "what is in it"}},
	}
}

func TestProgram(t *testing.T) {
	b := example()
	optiontest.Programs(t, b.Program())
	optiontest.Completion(t, b.Program(), b.Programs)
}

// TestPick: who is meant by a command line, or what the box answers itself.
func TestPick(t *testing.T) {
	const missing = "there are: one two test\n"
	for _, tt := range []struct {
		argv           string
		name, args     string
		stdout, stderr string
		status         int
	}{
		{argv: "/bin/one -x two", name: "one", args: "-x two"},
		{argv: "box two --names", name: "two", args: "--names"},
		{argv: "box test", name: "test"},
		{argv: "box --names", stdout: "one\ntwo\n"},
		{argv: "box --names x", stdout: "one\ntwo\n"},
		{argv: "box", stderr: `box: no tool "box"; ` + missing, status: 64},
		{argv: "box three", stderr: `box: no tool "three"; ` + missing, status: 64},
		{argv: "box --bogus one", stderr: `box: no tool "--bogus"; ` + missing, status: 64},
		{argv: "box --man", stderr: `box: no tool "--man"; ` + missing, status: 64},
		{argv: "box --man a b", stderr: `box: no tool "--man"; ` + missing, status: 64},
		{argv: "box --completion csh", stderr: "box: no completion for \"csh\"; there are: bash zsh fish\n", status: 1},
	} {
		var out, errs bytes.Buffer
		name, args, done, status := example().Pick(strings.Fields(tt.argv), &out, &errs)
		if name != tt.name || !slices.Equal(args, strings.Fields(tt.args)) || done != (tt.name == "") || out.String() != tt.stdout || errs.String() != tt.stderr || status != tt.status {
			t.Errorf("%s: %q %q %v %d %q %q", tt.argv, name, args, done, status, out.String(), errs.String())
		}
	}
}

// TestAnswers: help, pages and completion have all programs in them.
func TestAnswers(t *testing.T) {
	dir := t.TempDir()
	var help, script, errs bytes.Buffer
	for args, out := range map[string]*bytes.Buffer{"--help": &help, "--completion bash": &script, "--man " + dir: new(bytes.Buffer)} {
		if _, _, done, status := example().Pick(append([]string{"box"}, strings.Fields(args)...), out, &errs); !done || status != 0 {
			t.Errorf("%s: %v %d %s", args, done, status, errs.String())
		}
	}
	if !strings.Contains(help.String(), "--completion=SHELL") {
		t.Errorf("help: %s", help.String())
	}
	for _, page := range []string{"man8/box.8", "man8/one.8", "man8/two.8", "man8/box-test.8", "man5/file.5"} {
		if _, err := os.Stat(filepath.Join(dir, page)); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"one", "two", "box"} {
		if !strings.Contains(script.String(), "complete -F _gocorosync_"+name) {
			t.Errorf("no completion for %s", name)
		}
	}
}
