package option

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
)

// Shells are those that [Complete] knows.
func Shells() []string { return []string{"bash", "zsh", "fish"} }

// Complete returns a script that teaches a shell to complete the command lines
// of programs: options, their arguments and commands, as a generation has them.
// The programs can be called by the name of a box that they are in, too: its
// first argument names one, without the box's name if that begins with it.
func Complete(shell string, profile conf.Profile, box *Program, list []*Program) (string, error) {
	var b strings.Builder
	switch shell {
	case "bash":
		for _, p := range append(slices.Clip(list), box) {
			bash(&b, p, profile)
		}
		bashBox(&b, box)
	case "zsh":
		zsh(&b, profile, box, list)
	case "fish":
		for _, p := range append(slices.Clip(list), box) {
			fish(&b, p, profile)
		}
		fishBox(&b, box, list)
	default:
		return "", fmt.Errorf("no completion for %q; there are: %s", shell, strings.Join(Shells(), " "))
	}
	return b.String(), nil
}

// shown are the options that completion offers.
func (p *Program) shown(profile conf.Profile) (list []*Option) {
	for o := range p.options(profile) {
		if o.Text != "" {
			list = append(list, o)
		}
	}
	return list
}

// valued are the spellings of options that the next word belongs to.
func (p *Program) valued(profile conf.Profile) (list []string) {
	for o := range p.options(profile) {
		if o.Arg != "" && !o.May {
			list = append(list, strings.Fields(o.Flags)...)
		}
	}
	return list
}

// A spot is a place among the commands: the words that lead there and what may
// follow.
type spot struct {
	before []string
	next   []Command
}

func (p *Program) spots() []spot {
	var list []spot
	var walk func(before []string, next []Command)
	walk = func(before []string, next []Command) {
		if len(next) == 0 {
			return
		}
		list = append(list, spot{before, next})
		for _, c := range next {
			walk(append(slices.Clip(before), c.Name), c.Commands)
		}
	}
	walk(nil, p.Commands)
	return list
}

func names(list []Command) []string {
	var names []string
	for _, c := range list {
		names = append(names, c.Name)
	}
	return names
}

// firstLine is a text in one line, as shells show it beside a word.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// function is the name of a shell's function for a program.
func function(name string) string {
	return "_gocorosync_" + strings.NewReplacer("-", "_", ".", "_").Replace(name)
}

// single quotes a word for a shell of Bourne's kind.
func single(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
