package node

import (
	"bytes"
	"log/slog"
	"testing"
)

// TestLevels: a priority comes back from a record, and slog's own levels are what
// their names say.
func TestLevels(t *testing.T) {
	for lv := LevelAlert; lv <= LevelDebug; lv++ {
		if got := LevelOf(lv.slog()); got != lv {
			t.Errorf("%v comes back as %v", lv, got)
		}
	}
	for l, want := range map[slog.Level]Level{slog.LevelError: LevelError, slog.LevelWarn: LevelWarning, slog.LevelInfo: LevelInfo, slog.LevelDebug: LevelDebug} {
		if got := LevelOf(l); got != want {
			t.Errorf("%v is %v", l, got)
		}
	}
}

// TestSubsystems: every line says of which subsystem it is, whoever says it.
func TestSubsystems(t *testing.T) {
	for s := MAIN; s <= WD; s++ {
		var b bytes.Buffer
		log := NewLog(slog.NewTextHandler(&b, nil))
		log.Log(LevelNotice, s, "%d", 1)
		log.Of(s).Warn("2")
		if n := bytes.Count(b.Bytes(), []byte("subsystem="+s.String())); n != 2 || s.String() == "" {
			t.Errorf("%v: %s", s, b.String())
		}
	}
}
