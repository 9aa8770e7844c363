package corosync

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"log/syslog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gocorosync/gocorosync/conf"
)

// level is a syslog priority, 0 emerg to 7 debug.
type level int

const (
	levelAlert   level = 1
	levelCrit    level = 2
	levelError   level = 3
	levelWarning level = 4
	levelNotice  level = 5
	levelInfo    level = 6
	levelDebug   level = 7
)

func (l level) String() string { return conf.Priorities[l] }

func parseLevel(s string) level { return level(slices.Index(conf.Priorities, s)) }

// A logger writes corosync's log: to standard error, to a file and to syslog,
// each in corosync's form. It may be used from any goroutine.
type logger struct {
	mu     sync.Mutex
	cfg    *conf.Logging
	stderr io.Writer
	file   *os.File
	path   string
	sys    *syslog.Writer
	host   string
	pid    int
	now    func() time.Time
	margin string // in front of a line for syslog

	recorder recorder
}

// newLogger returns a logger that so far writes to stderr only.
func newLogger(stderr io.Writer) *logger {
	host, _ := os.Hostname()
	host, _, _ = strings.Cut(host, ".")
	return &logger{stderr: stderr, host: host, pid: os.Getpid(), now: time.Now, margin: " ",
		cfg: &conf.Logging{Stderr: stderr != nil, Timestamp: "off", SyslogPriority: "info", LogfilePriority: "info", Debug: "off", Blackbox: true}}
}

// configure puts settings in force. The error is that of the log file.
func (l *logger) configure(cfg *conf.Logging) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cfg = cfg
	if cfg.Path != l.path {
		if l.file != nil {
			l.file.Close()
			l.file = nil
		}
		l.path = cfg.Path
	}
	if cfg.Path != "" && l.file == nil {
		if err := l.open(); err != nil {
			return err
		}
	}
	if l.sys != nil {
		l.sys.Close()
		l.sys = nil
	}
	if cfg.Syslog {
		// Without a syslog daemon there is nobody to tell.
		l.sys, _ = syslog.New(facility(cfg.Facility)|syslog.LOG_INFO, "corosync")
	}
	return nil
}

func (l *logger) open() error {
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	l.file = f
	return nil
}

// reopen opens the log file again, after a rotation.
func (l *logger) reopen() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	l.file.Close()
	l.file = nil
	return l.open()
}

func (l *logger) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		l.file.Close()
		l.file = nil
	}
	if l.sys != nil {
		l.sys.Close()
		l.sys = nil
	}
}

func facility(name string) syslog.Priority {
	for i, n := range strings.Fields("kern user mail daemon auth syslog lpr news uucp cron authpriv ftp") {
		if n == name {
			return syslog.Priority(i << 3)
		}
	}
	var n int
	if _, err := fmt.Sscanf(name, "local%d", &n); err == nil && n >= 0 && n < 8 {
		return syslog.Priority((16 + n) << 3)
	}
	return syslog.LOG_DAEMON
}

// wants reports whether a line of this level goes to a target whose limit is
// limit, given the subsystem's own settings.
func wants(lv level, debug, limit string) bool {
	if lv == levelDebug {
		return debug == "on" || debug == "trace" || limit == "debug"
	}
	return lv <= parseLevel(limit)
}

// log writes one line for a subsystem, such as "TOTEM".
func (l *logger) log(lv level, subsys, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	debug, fileLimit, sysLimit := l.cfg.Debug, l.cfg.LogfilePriority, l.cfg.SyslogPriority
	if s, ok := l.cfg.Subsys[subsys]; ok {
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
	toErr := l.stderr != nil && l.cfg.Stderr && wants(lv, debug, fileLimit)
	toSys := l.sys != nil && wants(lv, debug, sysLimit)
	if !toFile && !toErr && !toSys && !l.cfg.Blackbox {
		return
	}
	text := fmt.Sprintf(format, args...)
	if l.cfg.Blackbox {
		l.recorder.add(l.now(), lv, subsys, text)
	}
	stamp := ""
	switch l.cfg.Timestamp {
	case "on":
		stamp = l.now().Format("Jan 02 15:04:05 ")
	case "hires":
		stamp = l.now().Format("Jan 02 15:04:05.000 ")
	}
	if !toFile && !toErr && !toSys {
		return
	}
	line := fmt.Sprintf("%-7s [%-6s] %s\n", lv, subsys, text)
	if toErr {
		io.WriteString(l.stderr, stamp+line)
	}
	if toFile {
		sep := ""
		if stamp != "" {
			sep = " "
		}
		fmt.Fprintf(l.file, "%s[%d] %s corosync%s%s", stamp, l.pid, l.host, sep, line)
	}
	if toSys {
		l.toSyslog(lv, fmt.Sprintf("%s[%-6s] %s", l.margin, subsys, text))
	}
}

func (l *logger) toSyslog(lv level, text string) {
	switch lv {
	case 0:
		l.sys.Emerg(text)
	case levelAlert:
		l.sys.Alert(text)
	case levelCrit:
		l.sys.Crit(text)
	case levelError:
		l.sys.Err(text)
	case levelWarning:
		l.sys.Warning(text)
	case levelNotice:
		l.sys.Notice(text)
	case levelInfo:
		l.sys.Info(text)
	default:
		l.sys.Debug(text)
	}
}

// slog returns a logger for a machine, whose records become lines of subsys.
func (l *logger) slog(subsys string) *slog.Logger {
	return slog.New(&machineHandler{l: l, subsys: subsys})
}

// machineHandler turns the machines' records into corosync's lines. Those that
// people and programs look for get the original's text.
type machineHandler struct {
	l      *logger
	subsys string
	attrs  []slog.Attr
}

func (h *machineHandler) Enabled(_ context.Context, lv slog.Level) bool {
	if lv >= slog.LevelInfo {
		return true
	}
	h.l.mu.Lock()
	defer h.l.mu.Unlock()
	cfg := h.l.cfg
	return cfg.Blackbox || cfg.Debug != "off" || len(cfg.Subsys) > 0 || cfg.LogfilePriority == "debug" || cfg.SyslogPriority == "debug"
}

func (h *machineHandler) WithGroup(string) slog.Handler { return h }
func (h *machineHandler) WithAttrs(a []slog.Attr) slog.Handler {
	c := *h
	c.attrs = append(slices.Clone(h.attrs), a...)
	return &c
}

func (h *machineHandler) Handle(_ context.Context, r slog.Record) error {
	attrs := make(map[string]slog.Value)
	var rest strings.Builder
	each := func(a slog.Attr) bool {
		attrs[a.Key] = a.Value
		fmt.Fprintf(&rest, " %s=%v", a.Key, a.Value)
		return true
	}
	for _, a := range h.attrs {
		each(a)
	}
	r.Attrs(each)
	lv := levelDebug
	switch {
	case r.Level >= slog.LevelError:
		lv = levelError
	case r.Level >= slog.LevelWarn:
		lv = levelWarning
	case r.Level >= slog.LevelInfo:
		lv = levelInfo
	}
	for _, line := range original(r.Message, attrs) {
		h.l.log(levelNotice, h.subsys, "%s", line)
		lv = levelDebug // ours only for those who look closer
	}
	h.l.log(lv, h.subsys, "%s%s", r.Message, rest.String())
	return nil
}
