package pacemakerd

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// logHandler writes records the way pacemaker's detail log has them:
//
//	Nov 22 01:14:54 node1 pacemakerd          [35] (cib)  info: text key=value
type logHandler struct {
	mu    *sync.Mutex
	w     io.Writer
	level slog.Level
	host  string
	attrs string
}

// NewLog returns a logger that writes pacemaker's log format to w.
func NewLog(w io.Writer, level slog.Level) *slog.Logger {
	host, _ := os.Hostname()
	host, _, _ = strings.Cut(host, ".")
	return slog.New(&logHandler{mu: &sync.Mutex{}, w: w, level: level, host: host})
}

func (h *logHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	word := "info"
	switch {
	case r.Level >= slog.LevelError:
		word = "error"
	case r.Level >= slog.LevelWarn:
		word = "warning"
	case r.Level < slog.LevelInfo:
		word = "debug"
	}
	t := r.Time
	if t.IsZero() {
		t = time.Now()
	}
	fmt.Fprintf(&b, "%s %s %-19s [%d] %9s: %s%s", t.Format("Jan 02 15:04:05"), h.host, "pacemakerd", os.Getpid(), word, r.Message, h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		b.WriteString(attrText(a))
		return true
	})
	b.WriteByte('\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, b.String())
	return err
}

func attrText(a slog.Attr) string {
	v := a.Value.Resolve().String()
	if strings.ContainsAny(v, " \t\n\"") || v == "" {
		v = fmt.Sprintf("%q", v)
	}
	return " " + a.Key + "=" + v
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	for _, a := range attrs {
		c.attrs += attrText(a)
	}
	return &c
}

func (h *logHandler) WithGroup(string) slog.Handler { return h }
