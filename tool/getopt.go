package tool

import (
	"fmt"
	"strings"
)

// ArgKind says whether an option takes an argument.
type ArgKind uint8

const (
	NoArg ArgKind = iota
	NeedsArg
	MayArg // only as --name=value or -xvalue
)

// Long is a long option. Name has no dashes; As is what Next returns for it:
// the letter of the short option of the same meaning, or the name.
type Long struct {
	Name string
	Arg  ArgKind
	As   string
}

// Getopt reads options as GNU getopt_long does: short ones may be bundled and
// have their argument attached, long ones may be abbreviated, options and
// operands may be mixed, and "--" ends the options.
type Getopt struct {
	name     string
	args     []string
	short    string
	long     []Long
	bundle   string // rest of a bundle of short options
	posix    bool
	Operands []string // so far; all of them once Next has returned ""
}

// NewGetopt returns a reader of args for the program name. short lists letters;
// ":" behind one means that it takes an argument, "::" that it may; a leading
// "+" means that the first operand ends the options.
func NewGetopt(name string, args []string, short string, long ...Long) *Getopt {
	g := &Getopt{name: name, args: args, long: long}
	g.short, g.posix = strings.CutPrefix(short, "+")
	return g
}

// Next returns the next option, as its letter or as what Long.As says, and its
// argument. At the end it returns "". The error has the text that getopt
// prints; reading may go on after it.
func (g *Getopt) Next() (opt, arg string, err error) {
	if g.bundle != "" {
		return g.letter()
	}
	for len(g.args) > 0 {
		a := g.args[0]
		switch {
		case a == "--":
			g.Operands = append(g.Operands, g.args[1:]...)
			g.args = nil
			return "", "", nil
		case strings.HasPrefix(a, "--"):
			g.args = g.args[1:]
			return g.longOption(a[2:])
		case len(a) > 1 && a[0] == '-':
			g.args = g.args[1:]
			g.bundle = a[1:]
			return g.letter()
		case g.posix:
			g.Operands = append(g.Operands, g.args...)
			g.args = nil
		default:
			g.Operands = append(g.Operands, a)
			g.args = g.args[1:]
		}
	}
	return "", "", nil
}

func (g *Getopt) letter() (opt, arg string, err error) {
	c := g.bundle[:1]
	g.bundle = g.bundle[1:]
	i := strings.Index(g.short, c)
	if i < 0 || c == ":" {
		return "?", "", fmt.Errorf("%s: invalid option -- '%s'", g.name, c)
	}
	switch spec := g.short[i+1:]; {
	case strings.HasPrefix(spec, "::"):
		arg, g.bundle = g.bundle, ""
	case strings.HasPrefix(spec, ":"):
		if arg, g.bundle = g.bundle, ""; arg == "" {
			if len(g.args) == 0 {
				return "?", "", fmt.Errorf("%s: option requires an argument -- '%s'", g.name, c)
			}
			arg, g.args = g.args[0], g.args[1:]
		}
	}
	return c, arg, nil
}

func (g *Getopt) longOption(text string) (opt, arg string, err error) {
	name, value, hasValue := strings.Cut(text, "=")
	var found []Long
	for _, l := range g.long {
		if l.Name == name {
			found = []Long{l}
			break
		}
		if strings.HasPrefix(l.Name, name) {
			found = append(found, l)
		}
	}
	if len(found) == 0 {
		return "?", "", fmt.Errorf("%s: unrecognized option '--%s'", g.name, name)
	}
	l := found[0]
	for _, o := range found[1:] {
		if o.As != l.As || o.Arg != l.Arg {
			var names strings.Builder
			for _, f := range found {
				fmt.Fprintf(&names, " '--%s'", f.Name)
			}
			return "?", "", fmt.Errorf("%s: option '--%s' is ambiguous; possibilities:%s", g.name, name, names.String())
		}
	}
	switch {
	case hasValue && l.Arg == NoArg:
		return "?", "", fmt.Errorf("%s: option '--%s' doesn't allow an argument", g.name, l.Name)
	case !hasValue && l.Arg == NeedsArg:
		if len(g.args) == 0 {
			return "?", "", fmt.Errorf("%s: option '--%s' requires an argument", g.name, l.Name)
		}
		value, g.args = g.args[0], g.args[1:]
	}
	return l.As, value, nil
}
