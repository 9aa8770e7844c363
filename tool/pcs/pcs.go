// Package pcs is the pcs command: the grammar and the words of pcs 0.9 (profile
// el7) and, where they differ, of pcs 0.11 (el9). It edits the CIB through the
// local CIB manager or, with -f, in a file.
//
// What other nodes have to do goes through pcsd and is not here; commands that
// need it say so.
package pcs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gocorosync/gocorosync/tool"
)

// A call is one run of pcs.
type call struct {
	ctx context.Context
	env *tool.Env
	opt options
	cib *store // nil until it is needed
}

// failure is an error that has been said in pcs' own words already.
type failure struct {
	lines []string // each printed with "Error: " in front
	hints []string // each printed with "Hint: " in front
	plain string   // printed as it is, before all others
}

func (f *failure) Error() string { return strings.Join(f.lines, "\n") }

func failf(format string, args ...any) *failure {
	return &failure{lines: []string{fmt.Sprintf(format, args...)}}
}

// all ends a list of what is wrong as 0.11 does.
func (f *failure) all() *failure {
	f.lines = append(f.lines, "Errors have occurred, therefore pcs is unable to continue")
	return f
}

func (f *failure) hint(format string, args ...any) *failure {
	f.hints = append(f.hints, fmt.Sprintf(format, args...))
	return f
}

// errUsage makes Pcs print the usage of a group of commands.
type errUsage struct {
	group string // "" for all of pcs
	word  string // what was not understood
	known []string
}

func (e *errUsage) Error() string { return "usage of pcs " + e.group }

// Pcs is the tool pcs.
func Pcs(ctx context.Context, env *tool.Env) int {
	c := &call{ctx: ctx, env: env}
	words, err := c.parse()
	if err == nil {
		err = c.run(words)
	}
	var f *failure
	var u *errUsage
	switch {
	case err == nil:
		return tool.OK
	case errors.As(err, &u):
		return c.usage(u)
	case errors.As(err, &f):
		env.Errorf("%s", f.plain)
		for _, l := range f.lines {
			env.Errorf("Error: %s\n", l)
		}
		for _, h := range f.hints {
			env.Errorf("Hint: %s\n", h)
		}
	default:
		env.Errorf("Error: %v\n", err)
	}
	return tool.Failed
}

// command is one word and what it does with the words after it.
type command struct {
	name     string
	run      func(c *call, words []string) error
	synopsis string // as 'pcs GROUP help' prints it
	help     string // so, too; "" if it stands with another
}

// group is a first word with its commands.
type group struct {
	name, about string
	none        string // the command that the bare group means
	commands    []command
}

func (c *call) run(words []string) error {
	if c.opt.version {
		c.env.Printf("0.9.169\n")
		return nil
	}
	if len(words) == 0 {
		return &errUsage{}
	}
	for _, g := range groups() {
		if g.name != words[0] {
			continue
		}
		if c.opt.help {
			return &errUsage{group: g.name}
		}
		rest := words[1:]
		word := g.none
		if len(rest) > 0 {
			word, rest = rest[0], rest[1:]
		}
		for _, cmd := range g.commands {
			if cmd.name == word {
				return cmd.run(c, rest)
			}
		}
		u := &errUsage{group: g.name, word: word}
		for _, cmd := range g.commands {
			u.known = append(u.known, cmd.name)
		}
		return u
	}
	u := &errUsage{word: words[0]}
	for _, g := range groups() {
		u.known = append(u.known, g.name)
	}
	return u
}

// groups is the whole grammar.
func groups() []group {
	return []group{
		{"cluster", "Configure cluster options and nodes.", "", clusterCommands()},
		{"resource", "Manage cluster resources.", "show", resourceCommands()},
		{"stonith", "Manage fence devices.", "show", stonithCommands()},
		{"constraint", "Manage resource constraints.", "list", constraintCommands()},
		{"property", "Manage pacemaker properties.", "list", propertyCommands()},
		{"status", "View cluster status.", "status", statusCommands()},
		{"config", "View and manage cluster configuration.", "show", configCommands()},
		{"node", "Manage cluster nodes.", "", nodeCommands()},
	}
}

// usage prints the usage of pcs or of one group; pcs exits with 1 then, as it
// does when somebody asked for help it exits with 0.
func (c *call) usage(u *errUsage) int {
	w := c.env.Stdout
	if u.group == "" {
		fmt.Fprint(w, c.opt.table().Help(c.env.Profile))
	} else {
		for _, g := range groups() {
			if g.name != u.group {
				continue
			}
			fmt.Fprintf(w, "\nUsage: pcs %s [commands]...\n%s\n\nCommands:\n", g.name, g.about)
			for _, cmd := range g.commands {
				if cmd.help != "" {
					fmt.Fprintf(w, "    %s\n\n", strings.ReplaceAll(cmd.synopsis+"\n"+cmd.help, "\n", "\n        "))
				}
			}
		}
	}
	if u.word != "" && !c.opt.help {
		name := strings.TrimSpace(u.group + " " + u.word)
		if hint := wrongWord(u.group, u.word); hint != "" {
			c.env.Errorf("Error: '%s' is not a pcs %s command\nHint: %s\n", u.word, u.group, hint)
		} else if s := tool.Suggest(u.word, u.known); s != "" {
			c.env.Errorf("Hint: there is no 'pcs %s'; did you mean 'pcs %s'?\n", name, strings.TrimSpace(u.group+" "+s))
		}
	}
	if c.opt.help {
		return tool.OK
	}
	return tool.Failed
}

// wrongWord knows words that documents use and no pcs has.
func wrongWord(group, word string) string {
	if group == "cluster" && word == "restart" {
		return "use 'pcs cluster stop --all' and then 'pcs cluster start --all'"
	}
	return ""
}
