// Package coro holds the command-line tools of the ring: corosync-cfgtool,
// corosync-cmapctl, corosync-quorumtool, corosync-cpgtool, corosync-keygen,
// corosync-notifyd and corosync-blackbox. Options, output, exit statuses and the texts of errors are those of the
// profile's generation of corosync. Spec: corosync-ipc.md section 7.
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
)

// Tools are the tools by name.
func Tools() map[string]tool.Func {
	return map[string]tool.Func{
		"corosync-blackbox":   limited(Blackbox, ""),
		"corosync-cfgtool":    limited(Cfgtool, ""),
		"corosync-cmapctl":    limited(Cmapctl, "tT"),
		"corosync-quorumtool": limited(Quorumtool, "m"),
		"corosync-cpgtool":    limited(Cpgtool, ""),
		"corosync-keygen":     Keygen,
		"corosync-notifyd":    Notifyd,
	}
}

// limit is how long a tool that looks or acts once works: the daemon may be
// stopped, and then answers nothing.
const limit = 30 * time.Second

// limited is a tool with that limit, except with one of the options that make
// it go on until it is ended.
func limited(f tool.Func, endless string) tool.Func {
	return func(ctx context.Context, env *tool.Env) int {
		for _, a := range env.Args {
			if len(a) > 1 && a[0] == '-' && a[1] != '-' && strings.ContainsAny(a, endless) {
				return f(ctx, env)
			}
		}
		ctx, stop := context.WithTimeout(ctx, limit)
		defer stop()
		status := f(ctx, env)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			env.Errorf("%s: corosync has not answered within %v\n", env.Name, limit)
		}
		return status
	}
}

// errorText is the name of an error as the generation's library prints it: that
// of corosync 2 leaves a blank behind some.
func errorText(env *tool.Env, e coro.Error) string {
	if env.Profile == conf.EL7 && e >= 10 && !strings.HasPrefix(e.Error(), "unknown") {
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
