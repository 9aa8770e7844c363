package totem

// A Note tells what a record of a Machine's log is about, in its attribute "note". A log that has words of its own for
// it goes by this, and by the attributes that are named here; the text of a record is for people and may change.
type Note uint8

const (
	// NoteFormed is of a new ring: ring is its RingID, joined and left are the
	// []NodeID that came and went, bye is the NodeID that said it would go, 0
	// for none.
	NoteFormed Note = 1 + iota
	// NoteTokenLost is of a token that did not come in time: generation is the
	// wire.Generation, timeout and consensus are the tunables in force.
	NoteTokenLost
	// NoteTokenLate is of a token that is not lost yet: silence is how long ago
	// the last one came.
	NoteTokenLate
	// NoteFailedToReceive is of this node, which cannot get what the others have.
	NoteFailedToReceive
)

var noteNames = [...]string{NoteFormed: "formed", NoteTokenLost: "token lost", NoteTokenLate: "token late", NoteFailedToReceive: "failed to receive"}

// String is the note's name, "" for a number that is none.
func (n Note) String() string {
	if int(n) < len(noteNames) {
		return noteNames[n]
	}
	return ""
}
