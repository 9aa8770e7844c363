// Package crm holds pacemaker's command-line tools: cibadmin, crm_mon,
// crm_verify, crm_simulate, crm_resource, crm_attribute and so on, each a
// tool.Func in a file of its own, with the options, texts and exit statuses of
// pacemaker 1.1.20 (profile el7) or 2.1.5 (el9).
package crm

import (
	"errors"

	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

// program is a tool's table: the options that every tool has, then its own.
// verbose counts -V, if the tool has a use for it.
func program(name, purpose, synopsis string, verbose *int, own []option.Option) *option.Program {
	var count option.Target
	if verbose != nil {
		count = option.Count(verbose)
	}
	return &option.Program{
		Name: name, Section: 8, Purpose: purpose, Synopsis: []string{synopsis}, Dialect: option.Nearest,
		Groups: []option.Group{{Options: append([]option.Option{
			{Flags: "-? --help", Text: "This text", To: option.Help},
			{Flags: "-$ --version", Text: "Version information", To: option.Version},
			{Flags: "-V --verbose", Text: "Increase debug output", To: count},
		}, own...)}},
		Status: []string{"0: done", "22: wrong usage, in profile el7", "64: wrong usage, in profile el9"},
		See:    []string{"corosync(8)"},
	}
}

// errOption is a value that an option does not take.
type errOption string

func (e errOption) Error() string { return string(e) }

// parse reads a tool's command line; what is no option is of no interest. done
// means that the tool has nothing more to do and exits with status.
func parse(env *tool.Env, p *option.Program) (done bool, status int) {
	_, done, status = parseWords(env, p)
	return done, status
}

// parseWords is parse for a tool that is told something by words that are no
// options.
func parseWords(env *tool.Env, p *option.Program) (operands []string, done bool, status int) {
	if generationOf(env).spelledOut && !getopt[p.Name] {
		p.Dialect = option.GLib
	}
	operands, err := p.Read(env.Profile, env.Args)
	done, status = refuse(env, p, err)
	return operands, done, status
}

// getopt are the tools that read their options as in old days.
var getopt = map[string]bool{"cibadmin": true, "crm_standby": true, "crm_failcount": true}

// refuse says what is wrong with a command line, or what it asks for in place of
// the tool's work.
func refuse(env *tool.Env, p *option.Program, err error) (done bool, status int) {
	switch {
	case err == nil:
		return false, 0
	case errors.Is(err, option.ErrHelp):
		env.Printf("%s", p.Help(env.Profile))
		return true, 0
	case errors.Is(err, option.ErrVersion):
		env.Printf("Pacemaker %s (gocorosync %s)\n", generationOf(env).version, env.Version)
		return true, 0
	}
	env.Errorf("%s: %v\n", env.Name, err)
	status = exitUsage(env)
	if status == 22 { // 1.1.20 prints the whole help
		env.Printf("%s", p.Help(env.Profile))
	}
	return true, status
}
