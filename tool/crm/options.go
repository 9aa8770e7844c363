// Package crm holds pacemaker's command-line tools: cibadmin, crm_mon,
// crm_verify, crm_simulate, crm_resource, crm_attribute and so on, each a
// tool.Func in a file of its own, with the options, texts and exit statuses of
// pacemaker 1.1.20 (profile el7) or 2.1.5 (el9).
package crm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/tool"
)

// An option is one switch of a tool. Exactly one of flag, value and call is
// set.
type option struct {
	short byte   // 0: none
	long  string // without dashes
	arg   string // name of the argument, "" for none
	help  string // "" hides it
	flag  *bool
	count *int
	value *string
	call  func(value string) error
}

func (o *option) set(v string) error {
	switch {
	case o.flag != nil:
		*o.flag = true
	case o.count != nil:
		*o.count++
	case o.value != nil:
		*o.value = v
	case o.call != nil:
		return o.call(v)
	}
	return nil
}

// errOption is a command line that does not parse.
type errOption string

func (e errOption) Error() string { return string(e) }

// parseOptions reads a command line as getopt_long does: bundles of short
// options, arguments attached or apart, long options with = or apart and
// abbreviated as long as they are unique; what is no option is returned.
func parseOptions(args []string, opts []option) (rest []string, err error) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		next := func(name string) (string, error) {
			if i+1 >= len(args) {
				return "", errOption("option requires an argument -- '" + name + "'")
			}
			i++
			return args[i], nil
		}
		switch {
		case a == "--":
			return append(rest, args[i+1:]...), nil
		case strings.HasPrefix(a, "--"):
			name, value, has := strings.Cut(a[2:], "=")
			o, err := findLong(name, opts)
			if err != nil {
				return nil, err
			}
			switch {
			case o.arg == "" && has:
				return nil, errOption("option '--" + o.long + "' doesn't allow an argument")
			case o.arg != "" && !has:
				if i+1 >= len(args) {
					return nil, errOption("option '--" + o.long + "' requires an argument")
				}
				i++
				value = args[i]
			}
			if err := o.set(value); err != nil {
				return nil, err
			}
		case len(a) > 1 && a[0] == '-':
			for j := 1; j < len(a); j++ {
				at := slices.IndexFunc(opts, func(o option) bool { return o.short == a[j] })
				if at < 0 {
					return nil, errOption("invalid option -- '" + string(a[j]) + "'")
				}
				o := &opts[at]
				if o.arg == "" {
					if err := o.set(""); err != nil {
						return nil, err
					}
					continue
				}
				value := a[j+1:]
				if value == "" {
					if value, err = next(string(a[j])); err != nil {
						return nil, err
					}
				}
				if err := o.set(value); err != nil {
					return nil, err
				}
				break
			}
		default:
			rest = append(rest, a)
		}
	}
	return rest, nil
}

func findLong(name string, opts []option) (*option, error) {
	var found *option
	var names []string
	for i := range opts {
		o := &opts[i]
		if o.long == "" {
			continue
		}
		names = append(names, o.long)
		switch {
		case o.long == name:
			return o, nil
		case strings.HasPrefix(o.long, name) && name != "":
			if found != nil {
				return nil, errOption("option '--" + name + "' is ambiguous")
			}
			found = o
		}
	}
	if found == nil {
		text := "unrecognized option '--" + name + "'"
		if s := tool.Suggest(name, names); s != "" {
			text += "; did you mean '--" + s + "'?"
		}
		return nil, errOption(text)
	}
	return found, nil
}

// usage prints a tool's help.
func usage(env *tool.Env, about, synopsis string, opts []option) {
	env.Printf("%s - %s\n\nUsage: %s %s\nOptions:\n", env.Name, about, env.Name, synopsis)
	for _, o := range opts {
		if o.help == "" {
			continue
		}
		var names []string
		if o.short != 0 {
			names = append(names, "-"+string(o.short))
		}
		if o.long != "" {
			n := "--" + o.long
			if o.arg != "" {
				n += "=" + o.arg
			}
			names = append(names, n)
		}
		env.Printf(" %-28s %s\n", strings.Join(names, ", "), o.help)
	}
}

// common are the options that every tool has.
func common(env *tool.Env, verbose *int, about, synopsis string, opts []option) []option {
	all := append([]option{
		{short: '?', long: "help", help: "This text", call: func(string) error { return errHelp }},
		{short: '$', long: "version", help: "Version information", call: func(string) error { return errVersion }},
		{short: 'V', long: "verbose", help: "Increase debug output", count: verbose},
	}, opts...)
	return all
}

var (
	errHelp    = fmt.Errorf("help")
	errVersion = fmt.Errorf("version")
)

// parse reads a tool's command line. done means that the tool has nothing more
// to do and exits with status.
func parse(env *tool.Env, verbose *int, about, synopsis string, opts []option) (rest []string, done bool, status int) {
	all := common(env, verbose, about, synopsis, opts)
	rest, err := parseOptions(env.Args, all)
	switch err {
	case nil:
		return rest, false, 0
	case errHelp:
		usage(env, about, synopsis, all)
		return nil, true, 0
	case errVersion:
		env.Printf("Pacemaker %s (gocorosync %s)\n", generationOf(env).version, env.Version)
		return nil, true, 0
	}
	env.Errorf("%s: %v\n", env.Name, err)
	usageStatus := exitUsage(env)
	if usageStatus == 22 { // 1.1.20 prints the whole help
		usage(env, about, synopsis, all)
	}
	return nil, true, usageStatus
}
