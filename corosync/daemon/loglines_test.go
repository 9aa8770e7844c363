package daemon

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/corosync/internal/node"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// TestOriginalLines: what totem notes is told in corosync's own words, which the
// text of the record has no part in.
func TestOriginalLines(t *testing.T) {
	const late = "Token has not been received in 750 ms "
	for g, want := range map[wire.Generation]map[totem.Note][]string{
		wire.EL7: {
			totem.NoteFormed:    {"A new membership (10.77.0.1:24) was formed. Members joined: 3 left: 2 4", "Failed to receive the leave message. failed: 4"},
			totem.NoteTokenLost: {"A processor failed, forming new configuration."},
			totem.NoteTokenLate: {late}, totem.NoteFailedToReceive: {"FAILED TO RECEIVE"},
		},
		wire.EL9: {
			totem.NoteFormed:    {"A new membership (1.18) was formed. Members joined: 3 left: 2 4", "Failed to receive the leave message. failed: 4"},
			totem.NoteTokenLost: {"A processor failed, forming new configuration: token timed out (1000ms), waiting 1200ms for consensus."},
			totem.NoteTokenLate: {late}, totem.NoteFailedToReceive: {"FAILED TO RECEIVE"},
		},
	} {
		ring := totem.RingID{Rep: 1, Seq: 24}
		if g == wire.EL7 {
			ring.Family, ring.Addr = 2, [16]byte{10, 77, 0, 1}
		}
		for note := totem.Note(1); note.String() != ""; note++ {
			var out strings.Builder
			l := newLogger(&out)
			l.lines.Of(node.TOTEM).Warn("whatever", "note", note, "ring", ring, "joined", []totem.NodeID{3}, "left", []totem.NodeID{2, 4}, "bye", totem.NodeID(2),
				"generation", g, "timeout", time.Second, "consensus", 1200*time.Millisecond, "silence", 750*time.Millisecond)
			l.flush(time.Second)
			var lines []string
			for line := range strings.Lines(out.String()) {
				text, ok := strings.CutPrefix(line, "notice  [TOTEM ] ")
				if !ok {
					t.Errorf("%v, %v: line %q", g, note, line)
				}
				lines = append(lines, strings.TrimSuffix(text, "\n"))
			}
			if !slices.Equal(lines, want[note]) {
				t.Errorf("%v, %v:\n%q, want\n%q", g, note, lines, want[note])
			}
		}
	}
}

// TestOwnLines: a record that is noted stands behind the original's lines at level
// debug, without its note; one that is not keeps its level.
func TestOwnLines(t *testing.T) {
	var out strings.Builder
	l := newLogger(&out)
	l.cfg.Debug = "on"
	log := l.lines.Of(node.TOTEM).With("a", 1)
	log.Error("failed to receive", "note", totem.NoteFailedToReceive, "b", 2)
	log.Error("failed to receive", "b", slog.StringValue("x"))
	l.flush(time.Second)
	if got, want := out.String(), "notice  [TOTEM ] FAILED TO RECEIVE\ndebug   [TOTEM ] failed to receive a=1 b=2\nerror   [TOTEM ] failed to receive a=1 b=x\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
