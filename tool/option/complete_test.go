package option

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/conf"
)

func completed() []*Program {
	return []*Program{
		{Name: "tool-x", Purpose: "it's [odd]: a tool", Operands: Words("left", "right"), Groups: []Group{{Options: []Option{
			{Flags: "-a --all", Text: "All of it's [parts]: each"},
			{Flags: "-o --output-as", Arg: "FORM", Text: "The form", Values: Words("text", "xml", "html")},
			{Flags: "-s --show", Arg: "HOW", Text: "How", May: true, Values: Words("auto", "never")},
			{Flags: "--secret"},
			{Flags: "--old", Text: "Old", Only: "el7"},
		}}}},
		{Name: "grammar", Purpose: "words", Groups: []Group{{Options: []Option{{Flags: "-f", Arg: "FILE", Text: "A file"}}}},
			Commands: []Command{{Name: "node", Text: "nodes", Commands: []Command{{Name: "status"}, {Name: "standby"}}}, {Name: "status", Commands: []Command{{Name: "xml"}}}}},
		{Name: "box-check", Operands: Words("this", "that")},
	}
}

func completedBox() *Program {
	return &Program{Name: "box", Groups: []Group{{Options: []Option{{Flags: "--names", Text: "Names"}}}}, Commands: []Command{{Name: "tool-x"}, {Name: "grammar"}, {Name: "check"}}}
}

// TestCompleteBash: what bash offers on command lines that end at the cursor.
func TestCompleteBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		captures.Lack(t, captures.Peers, "no bash")
	}
	script, err := Complete("bash", conf.EL9, completedBox(), completed())
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"tool-x --":                  "--all --output-as --show",
		"tool-x --output-as ":        "text xml html",
		"tool-x --output-as = x":     "xml",
		"tool-x --output-as =":       "text xml html",
		"tool-x -o h":                "html",
		"tool-x --show = n":          "never",
		"tool-x -s ":                 "left right",
		"tool-x --all l":             "left",
		"grammar ":                   "node status",
		"grammar node st":            "status standby",
		"grammar -f node status ":    "xml",
		"grammar node status ":       "",
		"box ":                       "tool-x grammar check",
		"box --":                     "--names",
		"box check th":               "this that",
		"box grammar node sta":       "status standby",
		"box tool-x --output-as htm": "html",
	} {
		words := strings.Split(line, " ")
		call := script + "\nCOMP_WORDS=("
		for _, w := range words {
			call += " " + single(w)
		}
		call += ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
		f := function(words[0])
		if words[0] == "box" {
			f += "_box"
		}
		out, err := exec.Command(bash, "--norc", "-c", call+f+"\necho \"${COMPREPLY[*]}\"").CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%q: %q %v, want %q", line, got, err, want)
		}
	}
}

// TestCompleteUnknown: a shell that nobody knows is an error.
func TestCompleteUnknown(t *testing.T) {
	if _, err := Complete("csh", conf.EL7, completedBox(), nil); err == nil {
		t.Error("no error")
	}
}
