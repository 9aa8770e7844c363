package fault

import (
	"context"
	"log/slog"
	"strings"
	"testing"
)

// heard keeps whether each record tells of a fault.
type heard struct {
	slog.Handler
	told *[]bool
}

func (h heard) Handle(ctx context.Context, r slog.Record) error {
	*h.told = append(*h.told, Told(r))
	return h.Handler.Handle(ctx, r)
}

// TestTold: a record of a fault is known by what it has, not by its text.
func TestTold(t *testing.T) {
	var b strings.Builder
	var told []bool
	log := slog.New(heard{slog.NewTextHandler(&b, nil), &told})
	Tell(log, "all is well", "Nothing is done", "left", 1)
	log.Error("own state is wrong", "must hold", "all is well")
	if len(told) != 2 || !told[0] || told[1] {
		t.Errorf("told %v", told)
	}
	if want := `msg="own state is wrong; this is a fault of ours, please report it. Nothing is done" "must hold"="all is well" left=1`; !strings.Contains(b.String(), want) {
		t.Errorf("%s, want %s", b.String(), want)
	}
}
