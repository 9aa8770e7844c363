// Package box is a program that is many: it acts as the one by whose name it is
// called, or that its first argument names.
package box

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/manual"
	"github.com/gocorosync/gocorosync/tool/option"
	"github.com/gocorosync/gocorosync/version"
)

// A Box is what its programs have in common.
type Box struct {
	Name     string
	Purpose  string
	Kind     string   // what its programs are, "tool"
	Links    []string // the programs that have names of their own
	Words    []string // those that only an argument names
	Programs []*option.Program
	Pages    []*manual.Page // besides those of the programs
}

// asked is what a box is asked for itself.
type asked struct {
	names, notices, help bool
	pages, shell         string
}

// Program is the table of the box itself.
func (b *Box) Program() *option.Program { return b.table(new(asked)) }

func (b *Box) table(a *asked) *option.Program {
	p := &option.Program{
		Name: b.Name, Section: 8, Purpose: b.Purpose, Synopsis: []string{"NAME [ARGUMENT...]", "OPTION"}, Posix: true,
		About: []string{"Acts as the " + b.Kind + " by whose name it is called, or as the one that its first argument names."},
		Groups: []option.Group{{Options: []option.Option{
			{Flags: "--names", Text: "Print the names that it may be called by.", To: option.On(&a.names)},
			{Flags: "--man", Arg: "DIR", Text: "Write all pages of the manual below this folder.", Values: option.Dirs(), To: option.Text(&a.pages)},
			{Flags: "--completion", Arg: "SHELL", Text: "Print what completes command lines: " + strings.Join(option.Shells(), ", ") + ".", Values: option.Words(option.Shells()...), To: option.Text(&a.shell)},
			{Flags: "--notices", Text: "Print the licenses of what it is made of.", To: option.On(&a.notices)},
			{Flags: "-h --help", Text: "Print the options and exit.", To: option.On(&a.help)},
		}}},
		Status: []string{"64: there is no such " + b.Kind},
	}
	for _, q := range b.Programs {
		p.Commands = append(p.Commands, option.Command{Name: strings.TrimPrefix(q.Name, b.Name+"-"), Text: q.Purpose})
		p.See = append(p.See, fmt.Sprintf("%s(%d)", q.Name, q.Section))
	}
	return p
}

// Pick tells which program a command line is for, and its arguments. done means
// that the box itself has answered, and the process exits with status.
func (b *Box) Pick(argv []string, stdout, stderr io.Writer) (name string, args []string, done bool, status int) {
	all := slices.Concat(b.Links, b.Words)
	name, args = filepath.Base(argv[0]), argv[1:]
	if slices.Contains(all, name) {
		return name, args, false, 0
	}
	var a asked
	var env tool.Env
	_ = env.LoadProfile() // without one it is the default
	p := b.table(&a)
	operands, err := p.Read(env.Profile, args)
	switch {
	case err != nil:
	case a.names:
		for _, n := range b.Links {
			fmt.Fprintln(stdout, n)
		}
		return "", nil, true, tool.OK
	case a.notices:
		fmt.Fprint(stdout, version.Notices)
		return "", nil, true, tool.OK
	case a.help:
		fmt.Fprint(stdout, p.Help(env.Profile))
		return "", nil, true, tool.OK
	case a.pages != "" && len(operands) == 0:
		return "", nil, true, b.answer(stderr, b.writePages(a.pages))
	case a.shell != "" && len(operands) == 0:
		script, err := option.Complete(a.shell, env.Profile, p, b.Programs)
		fmt.Fprint(stdout, script)
		return "", nil, true, b.answer(stderr, err)
	case len(operands) > 0 && slices.Contains(all, operands[0]) && len(operands) == len(args):
		return operands[0], operands[1:], false, 0
	}
	if len(args) > 0 {
		name = args[0]
	}
	fmt.Fprintf(stderr, "%s: no %s %q; there are: %s\n", b.Name, b.Kind, cmp.Or(name, "?"), strings.Join(all, " "))
	return "", nil, true, tool.Usage
}

// writePages writes all pages below a folder.
func (b *Box) writePages(dir string) error {
	pages := append([]*manual.Page{b.Program().Page()}, b.Pages...)
	for _, p := range b.Programs {
		pages = append(pages, p.Page())
	}
	return manual.Write(dir, version.Version, pages...)
}

// answer is the exit status for an error, which is said.
func (b *Box) answer(stderr io.Writer, err error) int {
	if err == nil {
		return tool.OK
	}
	fmt.Fprintf(stderr, "%s: %v\n", b.Name, err)
	return tool.Failed
}
