package option

import "strings"

// A Problem is what is wrong with a command line.
type Problem uint8

const (
	Unknown     Problem = iota + 1 // there is no such option
	Ambiguous                      // an abbreviation that may be several
	Missing                        // an argument is needed
	Superfluous                    // an argument is not allowed
)

// An Error is a command line that cannot be read. Its text is that of getopt,
// which the program's name and a colon go before.
type Error struct {
	Problem Problem
	Option  string   // as the table spells it if it is known, "-x" or "--name"
	Word    string   // of the command line, in which it stands
	Among   []string // what an abbreviation may mean
	Near    string   // what may have been meant
	letter  bool     // Option is a short one
	glib    bool     // the words are GLib's
}

func (e *Error) Error() string {
	name := e.Option
	switch {
	case e.glib && e.Problem == Missing:
		return "Missing argument for " + name
	case e.glib && e.Problem == Unknown:
		return "Unknown option " + name
	}
	if e.letter {
		name = name[1:]
	}
	var text string
	switch {
	case e.Problem == Missing && e.letter:
		return "option requires an argument -- '" + name + "'"
	case e.Problem == Missing:
		return "option '" + name + "' requires an argument"
	case e.Problem == Superfluous:
		return "option '" + name + "' doesn't allow an argument"
	case e.Problem == Ambiguous:
		text = "option '" + name + "' is ambiguous"
		if len(e.Among) > 0 {
			text += "; possibilities: '" + strings.Join(e.Among, "' '") + "'"
		}
	case !e.letter:
		text = "unrecognized option '" + name + "'"
		if e.Near != "" {
			text += "; did you mean '" + e.Near + "'?"
		}
	default:
		text = "invalid option -- '" + name + "'"
	}
	return text
}
