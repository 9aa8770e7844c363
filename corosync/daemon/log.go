package daemon

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/corosync/internal/node"
	"github.com/gocorosync/gocorosync/scribe"
	"github.com/gocorosync/gocorosync/totem"
)

func parseLevel(s string) node.Level { return node.Level(slices.Index(conf.Priorities, s)) }

// A logger writes corosync's log, as [node.Places]: to standard error, to a file and to syslog,
// each in corosync's form. It may be used from any goroutine. Who logs waits for
// none of the places; only what opens and closes them may take its time.
type logger struct {
	lines node.Log // the way in

	mu       sync.Mutex
	cfg      *conf.Logging
	stderr   *scribe.Queue // nil for none, as the others
	file     *scribe.Queue
	path     string // of the file
	sys      *scribe.Queue
	facility string // of what goes to syslog, "" for nothing
	host     string
	pid      int
	now      func() time.Time
	margin   string // in front of a line for syslog
	// journal says that standard error is where syslog's lines go too.
	journal bool

	moving sync.Mutex // held while places are opened and closed

	recorder recorder
}

// What the places may take to write what is left when they are closed.
const closeTime = 2 * time.Second

// newLogger returns a logger that so far writes to stderr only.
func newLogger(stderr io.Writer) *logger {
	host, _ := os.Hostname()
	host, _, _ = strings.Cut(host, ".")
	l := &logger{host: host, pid: os.Getpid(), now: time.Now, margin: " ",
		cfg: &conf.Logging{Stderr: stderr != nil, Timestamp: "off", SyslogPriority: "info", LogfilePriority: "info", Debug: "off", Blackbox: true}}
	l.lines = node.NewLog(&handler{l: l})
	if stderr != nil {
		l.stderr = l.queue(scribe.Stream(stderr), l.errLine)
	}
	return l
}

// queue is the way to a place, which is told in its own form of what it misses.
func (l *logger) queue(s scribe.Sink, form func(lv node.Level, subsys node.Subsystem, text string) string) *scribe.Queue {
	return scribe.New(s, func(missing int) scribe.Line {
		l.mu.Lock()
		defer l.mu.Unlock()
		text := form(node.LevelWarning, node.MAIN, fmt.Sprintf("%d lines of this log are missing here: they could not be written in time", missing))
		return scribe.Line{Priority: int(node.LevelWarning), Text: text}
	})
}

// Adopt puts settings in force, and reports whether the places are those that
// they ask for. If not, Move must be called.
func (l *logger) Adopt(cfg *conf.Logging) (settled bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cfg = cfg
	return cfg.Path == l.path && (l.path == "" || l.file != nil) && sysFacility(cfg) == l.facility
}

func sysFacility(cfg *conf.Logging) string {
	if !cfg.Syslog {
		return ""
	}
	return cmp.Or(cfg.Facility, "daemon")
}

// Move opens and closes places so that they are those of the settings in force.
// It may take long. The error is that of the log file.
func (l *logger) Move() error {
	l.moving.Lock()
	defer l.moving.Unlock()
	l.mu.Lock()
	cfg, path, file := l.cfg, l.path, l.file
	var old []*scribe.Queue
	if f := sysFacility(cfg); f != l.facility {
		old = append(old, l.sys)
		l.sys, l.facility = nil, f
		if f != "" {
			l.sys = l.queue(scribe.Syslog("corosync", facility(f)), l.sysLine)
		}
	}
	l.mu.Unlock()
	var err error
	if cfg.Path != path || cfg.Path != "" && file == nil {
		err = l.changeFile(cfg.Path)
	}
	closeAll(old)
	return err
}

// changeFile makes path the log file, and closes the one before.
func (l *logger) changeFile(path string) (err error) {
	var next *scribe.Queue
	if path != "" {
		var s scribe.Sink
		if s, err = scribe.OpenFile(path, 0o666); err == nil {
			next = l.queue(s, l.fileLine)
		}
	}
	l.mu.Lock()
	old := l.file
	l.file, l.path = next, path
	l.mu.Unlock()
	closeAll([]*scribe.Queue{old})
	return err
}

// plain writes a line without a form to standard error, whatever is logged there.
func (l *logger) plain(text string) {
	if l.stderr != nil {
		l.stderr.Add(scribe.Line{Text: text + "\n"})
	}
}

// Reopen opens the log file again, after a rotation.
func (l *logger) Reopen() error {
	l.moving.Lock()
	defer l.moving.Unlock()
	l.mu.Lock()
	path, open := l.path, l.file != nil
	l.mu.Unlock()
	if !open {
		return nil
	}
	return l.changeFile(path)
}

// flush gives all places the time to write what there is.
func (l *logger) flush(d time.Duration) {
	l.mu.Lock()
	all := []*scribe.Queue{l.stderr, l.file, l.sys}
	l.mu.Unlock()
	deadline := time.Now().Add(d)
	for _, q := range all {
		if q != nil {
			q.Flush(time.Until(deadline))
		}
	}
}

// close writes what is left, within closeTime, and closes the places.
func (l *logger) close() {
	l.flush(closeTime)
	l.mu.Lock()
	old := []*scribe.Queue{l.file, l.sys}
	l.file, l.sys, l.path, l.facility = nil, nil, "", ""
	l.mu.Unlock()
	for _, q := range old {
		if q != nil {
			q.Close(0)
		}
	}
}

func closeAll(list []*scribe.Queue) {
	deadline := time.Now().Add(closeTime)
	for _, q := range list {
		if q != nil {
			q.Close(time.Until(deadline))
		}
	}
}

// facility is syslog's number of a facility.
func facility(name string) int {
	for i, n := range strings.Fields("kern user mail daemon auth syslog lpr news uucp cron authpriv ftp") {
		if n == name {
			return i
		}
	}
	var n int
	if _, err := fmt.Sscanf(name, "local%d", &n); err == nil && n >= 0 && n < 8 {
		return 16 + n
	}
	return 3
}

// wants reports whether a line of this level goes to a target whose limit is
// limit, given the subsystem's own settings.
func wants(lv node.Level, debug, limit string) bool {
	if lv == node.LevelDebug {
		return debug == "on" || debug == "trace" || limit == "debug"
	}
	return lv <= parseLevel(limit)
}

// Log writes one line.
func (l *logger) Log(lv node.Level, subsys node.Subsystem, format string, args ...any) {
	l.lines.Log(lv, subsys, format, args...)
}

// put gives a line to every place that wants it.
func (l *logger) put(lv node.Level, subsys node.Subsystem, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	debug, fileLimit, sysLimit := l.cfg.Debug, l.cfg.LogfilePriority, l.cfg.SyslogPriority
	if s, ok := l.cfg.Subsys[subsys.String()]; ok {
		if s.Debug != "" {
			debug = s.Debug
		}
		if s.LogfilePriority != "" {
			fileLimit = s.LogfilePriority
		}
		if s.SyslogPriority != "" {
			sysLimit = s.SyslogPriority
		}
	}
	toFile := l.file != nil && l.cfg.Logfile && wants(lv, debug, fileLimit)
	toSys := l.sys != nil && wants(lv, debug, sysLimit)
	toErr := l.stderr != nil && l.cfg.Stderr && wants(lv, debug, fileLimit) && !(toSys && l.journal)
	if l.cfg.Blackbox {
		l.recorder.add(l.now(), lv, subsys.String(), text)
	}
	line := func(q *scribe.Queue, text string) { q.Add(scribe.Line{Priority: int(lv), Text: text}) }
	if toErr {
		line(l.stderr, l.errLine(lv, subsys, text))
	}
	if toFile {
		line(l.file, l.fileLine(lv, subsys, text))
	}
	if toSys {
		line(l.sys, l.sysLine(lv, subsys, text))
	}
}

// stamp is the time in front of a line, with a space behind it if there is any.
func (l *logger) stamp() string {
	switch l.cfg.Timestamp {
	case "on":
		return l.now().Format("Jan 02 15:04:05 ")
	case "hires":
		return l.now().Format("Jan 02 15:04:05.000 ")
	}
	return ""
}

func bare(lv node.Level, subsys node.Subsystem, text string) string {
	return fmt.Sprintf("%-7s [%-6s] %s\n", lv, subsys, text)
}

// The forms of a line, by place.

func (l *logger) errLine(lv node.Level, subsys node.Subsystem, text string) string {
	return l.stamp() + bare(lv, subsys, text)
}

func (l *logger) fileLine(lv node.Level, subsys node.Subsystem, text string) string {
	stamp, sep := l.stamp(), ""
	if stamp != "" {
		sep = " "
	}
	return fmt.Sprintf("%s[%d] %s corosync%s%s", stamp, l.pid, l.host, sep, bare(lv, subsys, text))
}

func (l *logger) sysLine(_ node.Level, subsys node.Subsystem, text string) string {
	return fmt.Sprintf("%s[%-6s] %s", l.margin, subsys, text)
}

// handler turns records into corosync's lines. What a machine notes that people
// and programs look for gets the original's text.
type handler struct {
	l      *logger
	subsys node.Subsystem
	attrs  []slog.Attr
}

func (h *handler) Enabled(_ context.Context, lv slog.Level) bool {
	if lv >= slog.LevelInfo {
		return true
	}
	h.l.mu.Lock()
	defer h.l.mu.Unlock()
	cfg := h.l.cfg
	return cfg.Blackbox || cfg.Debug != "off" || len(cfg.Subsys) > 0 || cfg.LogfilePriority == "debug" || cfg.SyslogPriority == "debug"
}

func (h *handler) WithGroup(string) slog.Handler { return h }
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.attrs = slices.Clone(h.attrs)
	for _, a := range attrs {
		if s, ok := a.Value.Any().(node.Subsystem); ok {
			c.subsys = s
		} else {
			c.attrs = append(c.attrs, a)
		}
	}
	return &c
}

func (h *handler) Handle(_ context.Context, r slog.Record) error {
	attrs := make(map[string]slog.Value)
	var rest strings.Builder
	var note totem.Note
	subsys := h.subsys
	each := func(a slog.Attr) bool {
		switch v := a.Value.Any().(type) {
		case node.Subsystem:
			subsys = v
		case totem.Note:
			note = v
		default:
			attrs[a.Key] = a.Value
			fmt.Fprintf(&rest, " %s=%v", a.Key, a.Value)
		}
		return true
	}
	for _, a := range h.attrs {
		each(a)
	}
	r.Attrs(each)
	lv := node.LevelOf(r.Level)
	for _, line := range original(note, attrs) {
		h.l.put(node.LevelNotice, subsys, line)
		lv = node.LevelDebug // ours only for those who look closer
	}
	h.l.put(lv, subsys, r.Message+rest.String())
	return nil
}
