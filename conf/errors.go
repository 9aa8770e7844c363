package conf

import "fmt"

// An Error is what is wrong with a configuration.
type Error struct {
	Text   string // as corosync says it, without file and line
	File   string // "" when no place is known
	Line   int    // from 1
	Remedy string // what to do about it

	// Place makes Error begin with the file and line, as corosync 3 does.
	place bool
	value bool // about a value: corosync 2 then says nothing in front
	kind  errorKind
}

type errorKind uint8

const (
	plainError  errorKind = iota
	parserError           // "parser error: ..."
	totemError            // "parse error in config: ..."
)

// Error returns the message of the original.
func (e *Error) Error() string {
	switch {
	case e.kind == parserError && e.place:
		return fmt.Sprintf("parser error: %s:%d: %s", e.File, e.Line, e.Text)
	case e.kind == parserError && !e.value:
		return "parser error: " + e.Text
	case e.kind == totemError:
		return "parse error in config: " + e.Text
	}
	return e.Text
}

// Hint says where it is and what to do, or is "" when neither is known.
func (e *Error) Hint() string {
	at := ""
	if e.File != "" && e.Line > 0 {
		at = fmt.Sprintf("%s:%d: ", e.File, e.Line)
	}
	switch {
	case e.Remedy != "":
		return at + e.Remedy
	case at != "":
		return at + e.Text
	}
	return ""
}

// Parser reports whether the file itself could not be understood; such an
// error comes before any log is set up.
func (e *Error) Parser() bool { return e.kind == parserError }
