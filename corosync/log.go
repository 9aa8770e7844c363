package corosync

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/gocorosync/gocorosync/corosync/internal/node"
)

// logger is a [node.Log] in front of the program's own.
type logger struct{ to *slog.Logger }

// subsystem is the attribute with corosync's name of the part that speaks.
const subsystem = "subsystem"

// Log keeps a line out of the way if nobody wants it. What corosync takes for
// notice and for info is slog's info.
func (l logger) Log(lv node.Level, subsys, format string, args ...any) {
	level := slog.LevelInfo
	switch {
	case lv <= node.LevelError:
		level = slog.LevelError
	case lv == node.LevelWarning:
		level = slog.LevelWarn
	case lv == node.LevelDebug:
		level = slog.LevelDebug
	}
	ctx := context.Background()
	if l.to.Enabled(ctx, level) {
		l.to.LogAttrs(ctx, level, fmt.Sprintf(format, args...), slog.String(subsystem, subsys))
	}
}

func (l logger) Slog(subsys string) *slog.Logger { return l.to.With(subsystem, subsys) }
