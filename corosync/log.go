package corosync

import (
	"context"
	"log/slog"

	"github.com/gocorosync/gocorosync/corosync/internal/node"
	"github.com/gocorosync/gocorosync/totem"
)

// handler is in front of the program's own: it has four levels, the subsystem by
// its name, and nothing that is for a log in corosync's words.
type handler struct{ to slog.Handler }

// plain is a level that slog has a name for: corosync's notice is its info.
func plain(l slog.Level) slog.Level {
	switch lv := node.LevelOf(l); {
	case lv <= node.LevelError:
		return slog.LevelError
	case lv == node.LevelWarning:
		return slog.LevelWarn
	case lv == node.LevelDebug:
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

func known(attrs []slog.Attr) (list []slog.Attr) {
	for _, a := range attrs {
		switch v := a.Value.Any().(type) {
		case node.Subsystem:
			list = append(list, slog.String(a.Key, v.String()))
		case totem.Note:
		default:
			list = append(list, a)
		}
	}
	return list
}

func (h handler) Enabled(ctx context.Context, l slog.Level) bool {
	return h.to.Enabled(ctx, plain(l))
}

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	c := slog.NewRecord(r.Time, plain(r.Level), r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		c.AddAttrs(known([]slog.Attr{a})...)
		return true
	})
	return h.to.Handle(ctx, c)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.to.WithAttrs(known(attrs))}
}
func (h handler) WithGroup(name string) slog.Handler { return handler{h.to.WithGroup(name)} }
