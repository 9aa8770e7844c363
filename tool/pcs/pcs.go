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
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/tool"
)

// options are what pcs accepts anywhere on the command line.
type options struct {
	file    string            // -f
	flags   map[string]bool   // --force, --full, --all, ...
	values  map[string]string // --name X, --wait=N, -u, -p, ...
	help    bool
	version bool
}

func (o *options) force() bool { return o.flags["force"] }

// takesValue are the long options with an argument.
var takesValue = map[string]bool{"name": true, "from": true, "to": true, "group": true, "after": true, "before": true,
	"request-timeout": true, "interval": true, "node": true, "transport": true, "token": true}

// mayTakeValue are the long options whose argument needs "=".
var mayTakeValue = map[string]bool{"wait": true}

var plainFlags = []string{"force", "full", "all", "debug", "hide-inactive", "disabled", "master", "clone", "autodelete",
	"nodesc", "skip-offline", "off", "no-default-ops", "no-strict", "simulate", "safe", "brief", "strict", "local", "enable", "start", "config", "monitor", "yes"}

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
	words, err := c.parse(env.Args)
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

// parse separates options from words. Negative numbers and scores are words.
func (c *call) parse(args []string) (words []string, err error) {
	o := &c.opt
	o.flags, o.values = map[string]bool{}, map[string]string{}
	for i := 0; i < len(args); i++ {
		a := args[i]
		next := func() (string, bool) {
			if i+1 < len(args) {
				i++
				return args[i], true
			}
			return "", false
		}
		switch {
		case a == "-h" || a == "--help":
			o.help = true
		case a == "--version":
			o.version = true
		case a == "-f" || a == "-u" || a == "-p":
			v, ok := next()
			if !ok {
				return nil, c.badOption("option " + a + " requires argument")
			}
			if a == "-f" {
				o.file = v
			} else {
				o.values[a[1:]] = v
			}
		case strings.HasPrefix(a, "--"):
			name, v, has := strings.Cut(a[2:], "=")
			switch {
			case takesValue[name]:
				if !has {
					if v, has = next(); !has {
						return nil, c.badOption("option --" + name + " requires argument")
					}
				}
				o.values[name] = v
			case mayTakeValue[name]:
				o.flags[name] = true
				o.values[name] = v
			case slices.Contains(plainFlags, name) && !has:
				o.flags[name] = true
			default:
				return nil, c.badOption("option --" + name + " not recognized")
			}
		default:
			words = append(words, a)
		}
	}
	return words, nil
}

// badOption is the answer to an option that pcs does not have.
func (c *call) badOption(what string) error {
	return &failure{plain: what + "\n", lines: nil, hints: []string{"'pcs --help' lists the options"}}
}

// command is one word and what it does with the words after it.
type command struct {
	name string
	run  func(c *call, words []string) error
	help string // one paragraph, as 'pcs GROUP help' prints it
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
		fmt.Fprint(w, mainUsage)
	} else {
		for _, g := range groups() {
			if g.name != u.group {
				continue
			}
			fmt.Fprintf(w, "\nUsage: pcs %s [commands]...\n%s\n\nCommands:\n", g.name, g.about)
			for _, cmd := range g.commands {
				if cmd.help != "" {
					fmt.Fprintf(w, "    %s\n\n", strings.ReplaceAll(cmd.help, "\n", "\n        "))
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

const mainUsage = `
Usage: pcs [-f file] [-h] [commands]...
Control and configure pacemaker and corosync.

Options:
    -h, --help         Display usage and exit.
    -f file            Perform actions on file instead of active CIB.
    --debug            Print all network traffic and external commands run.
    --version          Print pcs version information. List pcs capabilities if
                       --full is specified.
    --request-timeout  Timeout for each outgoing request to another node in
                       seconds. Default is 60s.
    --force            Override checks and errors, the exact behavior depends on
                       the command. WARNING: Using the --force option is
                       strongly discouraged unless you know what you are doing.

Commands:
    cluster     Configure cluster options and nodes.
    resource    Manage cluster resources.
    stonith     Manage fence devices.
    constraint  Manage resource constraints.
    property    Manage pacemaker properties.
    acl         Manage pacemaker access control lists.
    qdevice     Manage quorum device provider on the local host.
    quorum      Manage cluster quorum settings.
    booth       Manage booth (cluster ticket manager).
    status      View cluster status.
    config      View and manage cluster configuration.
    pcsd        Manage pcs daemon.
    node        Manage cluster nodes.
    alert       Manage pacemaker alerts.
    client      Manage pcsd client configuration.

`
