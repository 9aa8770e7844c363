package sim

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/gocorosync/gocorosync/totem"
)

// logTo returns loggers that write to a trace.
func logTo(trace func(string)) func(totem.NodeID) *slog.Logger {
	return func(id totem.NodeID) *slog.Logger { return slog.New(traceHandler{id, trace}) }
}

type traceHandler struct {
	id    totem.NodeID
	trace func(string)
}

func (h traceHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h traceHandler) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h traceHandler) WithGroup(string) slog.Handler            { return h }

func (h traceHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	fmt.Fprintf(&b, "             node %d: %v %s", h.id, r.Level, r.Message)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
		return true
	})
	h.trace(b.String())
	return nil
}
