// Package lint finds what is wrong, or most likely wrong, with a corosync.conf,
// beyond what corosync itself complains about: it accepts misspelt keys,
// comments behind values and invisible characters without a word.
package lint

import (
	"cmp"
	"errors"
	"slices"

	"github.com/gocorosync/gocorosync/conf"
)

// Severity says how bad a finding is.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // the daemon does not start, or does something else than what is written
	Warning Severity = "warning" // it starts, and this is hardly what was meant
	Note    Severity = "note"    // it does what is written, and that is worth knowing
)

// A Finding is one thing that is wrong.
type Finding struct {
	Line, Column int // from 1; in characters
	Severity     Severity
	Check        string // a short name of what was checked
	Text         string
	Remedy       string
	Fix          []Edit // what --fix does about it; nil if a person must decide
}

// An Edit replaces the bytes from Start to End of a file.
type Edit struct {
	Start, End int
	Text       string
}

// Config says how to look.
type Config struct {
	Profile conf.Profile
	// Suggest returns the word of a list that a mistyped one stands for, or "".
	Suggest func(word string, list []string) string
	// Host is the machine that the file is for; without Resolve names are not
	// looked at.
	Host  conf.Host
	Names conf.Names // may be nil
}

// Check looks at the text of a file and returns what it finds, in its order.
func Check(name string, text []byte, cfg Config) []Finding {
	if cfg.Suggest == nil {
		cfg.Suggest = func(string, []string) string { return "" }
	}
	c := &checker{cfg: cfg}
	c.lines(text)
	f, err := conf.Parse(name, text, cfg.Profile, cfg.Names)
	if err == nil {
		c.values(f)
		err = c.effective(f)
	}
	c.refused(err)
	slices.SortStableFunc(c.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return c.found
}

type checker struct {
	cfg   Config
	found []Finding
	text  []line
}

func (c *checker) add(f Finding) { c.found = append(c.found, f) }

// refused adds what the corosync of the profile does not start with, unless its
// line has a finding already that says more.
func (c *checker) refused(err error) {
	var e *conf.Error
	if !errors.As(err, &e) {
		return
	}
	at := max(e.Line, 1)
	for i := range c.found {
		switch f := &c.found[i]; {
		case e.Line > 0 && f.Line == e.Line:
			f.Severity = Error
			return
		case e.Line == 0 && f.Check == "repeated-nodeid":
			return // the same without its place
		}
	}
	col := 1
	if at <= len(c.text) {
		col = c.text[at-1].column(c.text[at-1].key)
	}
	c.add(Finding{Line: at, Column: col, Severity: Error, Check: "corosync", Text: e.Error(), Remedy: e.Remedy})
}
