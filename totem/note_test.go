package totem

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// noted keeps the attributes of the last record of each note.
type noted map[Note]map[string]any

func (noted) Enabled(context.Context, slog.Level) bool { return true }
func (n noted) WithAttrs([]slog.Attr) slog.Handler     { return n }
func (n noted) WithGroup(string) slog.Handler          { return n }

func (n noted) Handle(_ context.Context, r slog.Record) error {
	attrs := make(map[string]any)
	r.Attrs(func(a slog.Attr) bool { attrs[a.Key] = a.Value.Any(); return true })
	if note, ok := attrs["note"].(Note); ok {
		n[note] = attrs
	}
	return nil
}

// TestNotes: every note is given once its time has come, with what its description
// promises.
func TestNotes(t *testing.T) {
	for _, g := range generations {
		got := make(noted)
		c := newCluster(t, g, 3, Tunables{Token: time.Second, Consensus: 1200 * time.Millisecond, TokenWarning: 75, FailRecv: 60})
		c.log = slog.New(got)
		c.start(1, 2, 3)
		c.run(3 * time.Second)
		if a := got[NoteFormed]; len(ids(a["joined"])) == 0 || a["ring"] != c.nodes[1].Ring() || a["bye"] != NodeID(0) {
			t.Errorf("%v: a first ring is noted as %v", g, a)
		}
		c.nodes[3] = nil
		c.run(3 * time.Second)
		if a := got[NoteTokenLate]; a["silence"] != 750*time.Millisecond {
			t.Errorf("%v: a late token is noted as %v", g, a)
		}
		if a := got[NoteTokenLost]; a["generation"] != g || a["timeout"] != time.Second || a["consensus"] != 1200*time.Millisecond {
			t.Errorf("%v: a lost token is noted as %v", g, a)
		}
		if a := got[NoteFormed]; !slices.Equal(ids(a["left"]), []NodeID{3}) {
			t.Errorf("%v: a ring without node 3 is noted as %v", g, a)
		}
		c.start(3)
		c.run(3 * time.Second)
		c.lost = func(_, to NodeID, b []byte) bool {
			d := wire.Decoder{Generation: g}
			msg, _ := d.Decode(b)
			return msg.Head().Type == wire.TypeMcast && to == 3
		}
		c.say(1, "unheard")
		for range 1000 {
			if c.run(10 * time.Millisecond); got[NoteFailedToReceive] != nil {
				break
			}
		}
		for n := Note(1); n.String() != ""; n++ {
			if got[n] == nil {
				t.Errorf("%v: nothing was noted as %v", g, n)
			}
		}
	}
}

func ids(v any) []NodeID {
	list, _ := v.([]NodeID)
	return list
}
