package conf

import (
	"errors"
	"fmt"
)

// An Error is what is wrong with a configuration.
type Error struct {
	Text     string   // as corosync says it, without file and line
	File     string   // "" when no place is known
	Line     int      // from 1
	Remedy   string   // what to do about it
	Warnings []string // of what was read before it went wrong

	// Place makes Error begin with the file and line, as corosync 3 does.
	place bool
	value bool // about a value: corosync 2 then says nothing in front
	kind  errorKind
	keys  []string // of section totem that it may be about, the likeliest first
}

// about says which keys of section totem the error may be about.
func (e *Error) about(keys ...string) *Error {
	e.keys = keys
	return e
}

type errorKind uint8

const (
	plainError  errorKind = iota
	parserError           // "parser error: ..."
	totemError            // "parse error in config: ..."
	unreadError           // "Can't read file ..."
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

// Unread is the error of a file that cannot be read, for a reason that the
// system gives.
func Unread(path, reason string, p Profile, remedy string) *Error {
	e := &Error{Text: fmt.Sprintf("Can't read file %s: %s", path, reason), File: path, Remedy: remedy, kind: unreadError}
	if p == EL7 {
		e.Text = fmt.Sprintf("Can't read file %s reason = (%s)", path, reason)
	}
	return e
}

// Early reports whether the file itself could not be read or not be understood;
// such an error comes before any log is set up.
func (e *Error) Early() bool { return e.kind == parserError || e.kind == unreadError }

// Place gives an error of [ReadTotem] the place of the key that it is most
// likely about, and returns it.
func (f *File) Place(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Line > 0 {
		return err
	}
	for _, key := range e.keys {
		if line := f.Line("totem." + key); line > 0 {
			e.File, e.Line = f.Name, line
			return err
		}
	}
	return err
}
