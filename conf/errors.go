package conf

import (
	"errors"
	"fmt"
	"strings"
)

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

// Place gives an error of [ReadTotem] the place of the key that it is most
// likely about, and returns it.
func (f *File) Place(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Line > 0 {
		return err
	}
	for _, key := range []string{"token_retransmit", "token", "hold", "join", "consensus", "merge", "downcheck",
		"transport", "crypto_cipher", "crypto_hash", "version", "rrp_mode", "link_mode"} {
		words := strings.ReplaceAll(key, "_", " ")
		if line := f.Line("totem." + key); line > 0 && strings.Contains(strings.ToLower(strings.ReplaceAll(e.Text, "_", " ")), words) {
			e.File, e.Line = f.Name, line
			return err
		}
	}
	return err
}
