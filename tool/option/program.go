// Package option holds what there is to know about a program's command line in
// one table. The program reads its arguments by it, and its help, its page of
// the manual and the completion of shells are made from it.
package option

import (
	"iter"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool/manual"
)

// A Program is the table of one program.
type Program struct {
	Name     string
	Section  int    // of the manual
	Purpose  string // in a few words
	Synopsis []string
	About    []string // paragraphs of the manual
	Dialect  Dialect
	Posix    bool // the first operand ends the options
	Groups   []Group
	Commands []Command // what the first operand may be
	Operands Values

	Usage func(conf.Profile) string // the help, where it is not made from this table

	Parts  []manual.Part // further chapters of the manual
	Status []string      // exit statuses, "0: done"
	Files  []string      // "/etc/x: what it is"
	See    []string      // "corosync.conf(5)"
}

// A Group is options under one title of help and manual.
type Group struct {
	Title   string // "" is the title Options
	Options []Option
}

// An Option is one option with all its spellings.
type Option struct {
	Flags  string // "-k --key-file"
	Arg    string // what its argument is called; "" takes none
	Text   string // what it does; without it the option is shown nowhere
	Only   string // "el7" or "el9" where the other generation has not got it
	Values Values // what its argument may be
	To     Target // nil takes no notice of it

	// May says that the argument may be left out, and then is Else. It comes
	// with "=" or right behind the letter, to GLib also as the next word, if that
	// does not look like an option.
	May  bool
	Else string
}

// A Command is a word that an operand may be, with those that may follow it.
type Command struct {
	Name     string
	Synopsis string // for the manual: the name and what may follow
	Text     string // without it the manual does not speak of it
	Commands []Command
}

// Values say what an argument may be, for the completion of shells.
type Values struct {
	Words []string // one of these
	Files bool
	Dirs  bool
}

// Words are given values.
func Words(words ...string) Values { return Values{Words: words} }

// Files are names of files.
func Files() Values { return Values{Files: true} }

// Dirs are names of folders.
func Dirs() Values { return Values{Dirs: true} }

// In tells whether a generation has the option.
func (o *Option) In(p conf.Profile) bool { return o.Only == "" || o.Only == p.String() }

func (o *Option) takesArgument() bool { return o.Arg != "" || o.May }

// spellings are the option's letters with one dash, and its words with two.
func (o *Option) spellings() (short, long []string) {
	for s := range strings.FieldsSeq(o.Flags) {
		if strings.HasPrefix(s, "--") {
			long = append(long, s)
		} else {
			short = append(short, s)
		}
	}
	return short, long
}

// options are those of a generation.
func (p *Program) options(profile conf.Profile) iter.Seq[*Option] {
	return func(yield func(*Option) bool) {
		for i := range p.Groups {
			for j := range p.Groups[i].Options {
				if o := &p.Groups[i].Options[j]; o.In(profile) && !yield(o) {
					return
				}
			}
		}
	}
}
