package cmap

import (
	"slices"
	"strings"
)

// Event is a set of things that can happen to a key. The bits are those of the
// wire.
type Event int32

// The events, and Prefix, which goes with them in a client's request.
const (
	Delete Event = 1
	Modify Event = 2
	Add    Event = 4
	Prefix Event = 8
)

// A Track is an interest in a key, or in all keys with a prefix.
type Track struct {
	// Value belongs to whoever tracks.
	Value any

	name   string
	prefix bool
	events Event
}

// A Note tells a tracker what happened. Old is empty for Add, New for Delete.
type Note struct {
	Track    *Track
	Event    Event // one of Add, Modify, Delete
	Name     string
	Old, New Value
}

// Track starts to collect events for a key, or, with the Prefix bit, for all
// keys that begin with name.
func (m *Map) Track(name string, events Event, value any) *Track {
	t := &Track{Value: value, name: name, prefix: events&Prefix != 0, events: events &^ Prefix}
	m.tracks = append(m.tracks, t)
	return t
}

// Untrack ends t. Notes already collected for it are dropped.
func (m *Map) Untrack(t *Track) {
	m.tracks = slices.DeleteFunc(m.tracks, func(o *Track) bool { return o == t })
	m.notes = slices.DeleteFunc(m.notes, func(n Note) bool { return n.Track == t })
}

// Notes returns what was collected since the last call, in order of the events
// and, for one event, in order of the tracks. The slice is the caller's.
func (m *Map) Notes() []Note {
	notes := m.notes
	m.notes = nil
	return notes
}

func (m *Map) note(e Event, name string, old, new Value) {
	for _, t := range m.tracks {
		if t.events&e == 0 {
			continue
		}
		if t.name == name || t.prefix && strings.HasPrefix(name, t.name) {
			m.notes = append(m.notes, Note{t, e, name, old, new})
		}
	}
}
