// Package coro holds the command-line tools of the ring: corosync-cfgtool,
// corosync-cmapctl, corosync-quorumtool, corosync-cpgtool, corosync-keygen,
// corosync-notifyd and corosync-blackbox. Options, output, exit statuses and the texts of errors are those of the
// profile's generation of corosync. Spec: corosync-ipc.md 7.
package coro

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

// Tools are the tools by name.
func Tools() map[string]tool.Func {
	return map[string]tool.Func{
		"corosync-blackbox":   Blackbox,
		"corosync-cfgtool":    Cfgtool,
		"corosync-cmapctl":    Cmapctl,
		"corosync-quorumtool": Quorumtool,
		"corosync-cpgtool":    Cpgtool,
		"corosync-keygen":     Keygen,
		"corosync-notifyd":    Notifyd,
	}
}

// Programs are the tables of their options.
func Programs() []*option.Program {
	return []*option.Program{
		blackbox(), new(cfgtool).table(), new(cmapctl).table(), new(cpgtool).table(),
		new(keygen).table(), new(notifyd).table(), new(quorumtool).table(),
	}
}

// read reads the command line of a tool that has no more to say of a wrong one
// than what is wrong. done means that it has answered and exits with status.
func read(env *tool.Env, p *option.Program) (operands []string, done bool, status int) {
	operands, err := p.Read(env.Profile, env.Args)
	switch {
	case errors.Is(err, option.ErrHelp):
		env.Printf("%s", p.Help(env.Profile))
		return nil, true, tool.OK
	case err != nil:
		env.Errorf("%s: %v\n", env.Name, err)
		return nil, true, tool.Failed
	}
	return operands, false, tool.OK
}

// usage is the help of the two generations of a tool, in their own words.
func usage(el7, el9 string) func(conf.Profile) string {
	return func(p conf.Profile) string {
		if p == conf.EL9 {
			return el9
		}
		return el7
	}
}

func okOrNot() []string { return []string{"0: done", "1: failed, or wrong usage"} }

// limit is how long a tool that looks or acts once works: the daemon may be
// stopped, and then answers nothing.
const limit = 30 * time.Second

// limited runs a tool with that limit, except where it goes on until it is
// ended.
func limited(ctx context.Context, env *tool.Env, endless bool, run func(context.Context) int) int {
	if endless {
		return run(ctx)
	}
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	status := run(ctx)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		env.Errorf("%s: corosync has not answered within %v\n", env.Name, limit)
	}
	return status
}

// errorText is the name of an error as the generation's library prints it: that
// of corosync 2 leaves a blank behind some.
func errorText(env *tool.Env, e coro.Error) string {
	if env.Profile == conf.EL7 && e >= 10 && e.Known() {
		return e.Error() + " "
	}
	return e.Error()
}

// atoi is C's atoi: leading digits, 0 without any.
func atoi(s string) int {
	s = strings.TrimLeft(s, " \t\n")
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	n, _ := strconv.Atoi(s[:i])
	return n
}
