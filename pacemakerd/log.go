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

	"github.com/gocorosync/gocorosync/scribe"
)

// logHandler writes records the way pacemaker's detail log has them, without the
// function that speaks:
//
//	Nov 22 01:14:54 node1 pacemakerd          [35]      info: text key=value
type logHandler struct {
	mu    *sync.Mutex
	w     io.Writer
	level slog.Level
	host  string
	attrs string
}

// NewLog returns a logger that writes pacemaker's log format to w.
func NewLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(&logHandler{mu: &sync.Mutex{}, w: w, level: level, host: shortHost()})
}

func shortHost() string {
	host, _ := os.Hostname()
	host, _, _ = strings.Cut(host, ".")
	return host
}

// lineHead is what stands in front of a line's text.
func lineHead(t time.Time, host, word string) string {
	return fmt.Sprintf("%s %s %-19s [%d] %9s: ", t.Format("Jan 02 15:04:05"), host, "pacemakerd", os.Getpid(), word)
}

// missing is what a log that lacks lines says in their place.
func missing(n int) scribe.Line {
	return scribe.Line{Text: fmt.Sprintf("%s%d lines of this log are missing here: they could not be written in time\n", lineHead(time.Now(), shortHost(), "warning"), n)}
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
	b.WriteString(lineHead(t, h.host, word) + r.Message + h.attrs)
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
