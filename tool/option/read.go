package option

import (
	"strings"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

// A Dialect is how a family of programs reads its command line.
type Dialect uint8

const (
	// Getopt reads as GNU getopt_long does: short options may be bundled and
	// have their argument attached, long ones may be abbreviated, options and
	// operands may be mixed, and "--" ends the options. To a program without
	// long options "--x" is the letter "-", as to getopt.
	Getopt Dialect = iota
	// Nearest reads as Getopt and names the option that is nearest to an unknown
	// one, but not all that an abbreviation may mean.
	Nearest
	// Exact knows each option only as a word of its own, spelled out. Nothing
	// ends the options, and what begins with one dash and is none is an operand:
	// a score may be negative.
	Exact
	// GLib reads as GLib's parser does: as Getopt, but a long option is spelled
	// out.
	GLib
)

// A Reader reads one command line.
type Reader struct {
	Operands []string // so far

	short    map[string]*Option // by "-x"
	long     []spelled
	args     []string
	dialect  Dialect
	posix    bool
	word     string // that is read
	bundle   string // letters of it that are not
	isLetter bool   // what is read is a short option
}

// spelled is a long option by one of its names, with the dashes.
type spelled struct {
	name   string
	option *Option
}

// Read gives the values of all options to their targets, in the order of the
// command line, and returns what is no option. It stops at the first error:
// an [*Error], or a target's.
func (p *Program) Read(profile conf.Profile, args []string) (operands []string, err error) {
	r := p.Reader(profile, args)
	for {
		if more, err := r.Next(); !more || err != nil {
			return r.Operands, err
		}
	}
}

// Reader returns a reader of args for a program that goes on after an error.
func (p *Program) Reader(profile conf.Profile, args []string) *Reader {
	r := &Reader{args: args, dialect: p.Dialect, posix: p.Posix, short: make(map[string]*Option)}
	for o := range p.options(profile) {
		short, long := o.spellings()
		for _, s := range short {
			r.short[s] = o
		}
		for _, s := range long {
			r.long = append(r.long, spelled{s, o})
		}
	}
	return r
}

// Next reads one option and gives its value to its target. more is false at the
// end of the command line.
func (r *Reader) Next() (more bool, err error) {
	o, value, err := r.option()
	if o != nil && err == nil && o.To != nil {
		err = o.To(value)
	}
	return o != nil || err != nil, err
}

// Word is the word of the command line that was read last.
func (r *Reader) Word() string { return r.word }

// option reads the next option; nil at the end, or with an error.
func (r *Reader) option() (*Option, string, error) {
	if r.bundle != "" {
		return r.letter()
	}
	for len(r.args) > 0 {
		r.word, r.args = r.args[0], r.args[1:]
		switch {
		case r.dialect == Exact && r.short[r.word] != nil:
			r.isLetter = true
			return r.argument(r.short[r.word], r.word, "", false)
		case r.dialect == Exact && strings.HasPrefix(r.word, "--"):
			return r.name()
		case r.dialect == Exact:
			r.Operands = append(r.Operands, r.word)
		case r.word == "--":
			r.Operands, r.args = append(r.Operands, r.args...), nil
		case strings.HasPrefix(r.word, "--") && len(r.long) > 0:
			return r.name()
		case len(r.word) > 1 && r.word[0] == '-':
			r.bundle = r.word[1:]
			return r.letter()
		default:
			r.Operands = append(r.Operands, r.word)
			if r.posix {
				r.Operands, r.args = append(r.Operands, r.args...), nil
			}
		}
	}
	return nil, "", nil
}

// letter reads the next letter of a bundle.
func (r *Reader) letter() (*Option, string, error) {
	spelling := "-" + r.bundle[:1]
	r.bundle, r.isLetter = r.bundle[1:], true
	o := r.short[spelling]
	switch {
	case o == nil:
		return r.fail(Unknown, spelling)
	case o.takesArgument() && r.bundle != "":
		value := r.bundle
		r.bundle = ""
		return o, value, nil
	}
	return r.argument(o, spelling, "", false)
}

// name reads a long option.
func (r *Reader) name() (*Option, string, error) {
	r.isLetter = false
	name, value, has := strings.Cut(r.word, "=")
	o, spelling, among := r.find(name)
	switch {
	case len(among) > 0:
		e := &Error{Problem: Ambiguous, Option: name, Word: r.word}
		if r.dialect == Getopt {
			e.Among = among
		}
		return nil, "", e
	case o == nil:
		return r.fail(Unknown, name)
	}
	return r.argument(o, spelling, value, has)
}

// argument completes an option with its argument.
func (r *Reader) argument(o *Option, spelling, value string, has bool) (*Option, string, error) {
	switch {
	case has && r.dialect == GLib && spelling == "--version": // which takes no notice of it
	case has && !o.takesArgument() && r.dialect == GLib:
		return r.fail(Unknown, r.word)
	case has && !o.takesArgument():
		return r.fail(Superfluous, spelling)
	case has || !o.takesArgument():
	case o.May && (r.dialect != GLib || len(r.args) == 0 || strings.HasPrefix(r.args[0], "-")):
		value = o.Else
	case len(r.args) == 0:
		return r.fail(Missing, spelling)
	default:
		value, r.args = r.args[0], r.args[1:]
	}
	return o, value, nil
}

func (r *Reader) fail(p Problem, spelling string) (*Option, string, error) {
	e := &Error{Problem: p, Option: spelling, Word: r.word, letter: r.isLetter, glib: r.dialect == GLib}
	if name, long := strings.CutPrefix(spelling, "--"); long && p == Unknown && r.dialect == Nearest {
		var names []string
		for _, l := range r.long {
			names = append(names, l.name[2:])
		}
		if near := tool.Suggest(name, names); near != "" {
			e.Near = "--" + near
		}
	}
	return nil, "", e
}

// find looks for a long option by its name or a beginning of it. among is what
// it may be if that is more than one.
func (r *Reader) find(name string) (found *Option, spelling string, among []string) {
	several := false
	for _, l := range r.long {
		switch {
		case l.name == name:
			return l.option, l.name, nil
		case r.dialect == Exact || r.dialect == GLib || r.dialect == Nearest && name == "--" || !strings.HasPrefix(l.name, name):
			continue
		case found == nil:
			found, spelling = l.option, l.name
		}
		several = several || l.option != found
		among = append(among, l.name)
	}
	if !several {
		among = nil
	}
	return found, spelling, among
}
