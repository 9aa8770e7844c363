// Package fault is how a machine tells that its own state is wrong.
package fault

import "log/slog"

// An Invariant is what must hold of a machine's own state, in words. A record of a
// log that has one among its attributes tells of a fault of ours: a simulation
// fails by it, whatever the record's text.
type Invariant string

// Tell logs that something does not hold, what is done about it, and the state.
func Tell(log *slog.Logger, held Invariant, remedy string, state ...any) {
	log.Error("own state is wrong; this is a fault of ours, please report it. "+remedy, append([]any{"must hold", held}, state...)...)
}

// Told tells whether a record was made by [Tell].
func Told(r slog.Record) (told bool) {
	r.Attrs(func(a slog.Attr) bool {
		_, told = a.Value.Any().(Invariant)
		return !told
	})
	return told
}
