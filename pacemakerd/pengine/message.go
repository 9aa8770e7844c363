package pengine

import "fmt"

// Severity of a message about the configuration.
type Severity int

const (
	Info Severity = iota
	Notice
	Warning
	Error
)

// A Message is something to tell about the configuration or the plan. Origin
// names the step that noticed, as crm_verify prints it.
type Message struct {
	Origin   string
	Severity Severity
	Text     string
	Note     Note      // 0 where Origin says enough
	Names    [2]string // the first two things that the text is about
}

// A Note tells messages of one origin apart, for who words them differently.
type Note uint8

const (
	// NoteFencingDelayed: nobody is fenced while there is nothing to manage.
	NoteFencingDelayed Note = 1 + iota
	// NoteFenceDisabled: on-fail is fence where fencing is disabled.
	NoteFenceDisabled
	// NoteRoleNotPromotable: a resource, and a target-role that only promotable
	// clones have.
	NoteRoleNotPromotable
	// NoteRoleUnknown: a resource, and a target-role that is none.
	NoteRoleUnknown
	// NoteNodeTwice: the name of more than one node.
	NoteNodeTwice
	// NoteNoInteger: a value that does not begin with an integer.
	NoteNoInteger
	// NoteClipped: a value that begins with an integer too large for any use.
	NoteClipped
	// NoteNoSuicide: a policy for a lost quorum that needs fencing.
	NoteNoSuicide
	// NoteNegativeThreshold: a migration-threshold below zero.
	NoteNegativeThreshold
	// NoteDeprecated: a setting that goes away, in the words of 2.1.5, which
	// names it.
	NoteDeprecated
	// NoteDeprecatedNow is the same of a setting that 1.1.20 had nothing against.
	NoteDeprecatedNow
)

// message makes a message, whose text names args.
func message(note Note, origin string, s Severity, format string, args ...any) Message {
	m := Message{Origin: origin, Severity: s, Text: fmt.Sprintf(format, args...), Note: note}
	for i, a := range args[:min(len(args), len(m.Names))] {
		m.Names[i] = fmt.Sprint(a)
	}
	return m
}
