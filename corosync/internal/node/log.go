package node

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/gocorosync/gocorosync/conf"
)

// A Level is a syslog priority, 0 emerg to 7 debug.
type Level int

// The levels that a node uses.
const (
	LevelAlert   Level = 1
	LevelCrit    Level = 2
	LevelError   Level = 3
	LevelWarning Level = 4
	LevelNotice  Level = 5
	LevelInfo    Level = 6
	LevelDebug   Level = 7
)

func (l Level) String() string { return conf.Priorities[l] }

// slog is the level of slog's records. Slog has names for four of them; notice
// stands between info and warning, and what is worse than an error above it.
func (l Level) slog() slog.Level {
	switch l {
	case LevelDebug:
		return slog.LevelDebug
	case LevelInfo:
		return slog.LevelInfo
	case LevelNotice:
		return slog.LevelInfo + 2
	}
	return slog.LevelWarn + 4*slog.Level(LevelWarning-l)
}

// LevelOf is the priority of a record.
func LevelOf(l slog.Level) Level {
	for lv := LevelAlert; lv < LevelDebug; lv++ {
		if l >= lv.slog() {
			return lv
		}
	}
	return LevelDebug
}

// A Subsystem is a part of corosync that lines of its log are of, as section
// logging has settings for it.
type Subsystem uint8

// The subsystems, under corosync's names.
const (
	MAIN   Subsystem = 1 + iota // start, end, and the loop
	TOTEM                       // the ring
	SYNC                        // the services after a change of the ring
	SERV                        // which services there are
	QB                          // local clients
	CFG                         // the configuration
	CMAP                        // the map of keys
	CPG                         // process groups
	QUORUM                      // whether there is one
	VOTEQ                       // the votes
	MON                         // resources that are watched
	WD                          // the watchdog
)

var subsystemNames = [...]string{MAIN: "MAIN", TOTEM: "TOTEM", SYNC: "SYNC", SERV: "SERV", QB: "QB", CFG: "CFG", CMAP: "CMAP",
	CPG: "CPG", QUORUM: "QUORUM", VOTEQ: "VOTEQ", MON: "MON", WD: "WD"}

func (s Subsystem) String() string { return subsystemNames[s] }

// attr is how a record says of which subsystem it is. A handler knows it by its
// type.
func (s Subsystem) attr() slog.Attr { return slog.Any("subsystem", s) }

// A Log is where the node's lines go: one handler, whose records all say of
// which [Subsystem] they are and have a [Level] of syslog's. Nobody may wait in
// the handler, and any goroutine may call it.
type Log struct{ to *slog.Logger }

// NewLog returns the log that writes to h.
func NewLog(h slog.Handler) Log { return Log{slog.New(h)} }

// Log writes a line in corosync's own words.
func (l Log) Log(lv Level, s Subsystem, format string, args ...any) {
	ctx := context.Background()
	if l.to.Enabled(ctx, lv.slog()) {
		l.to.LogAttrs(ctx, lv.slog(), fmt.Sprintf(format, args...), s.attr())
	}
}

// Of is the logger of a machine of the subsystem.
func (l Log) Of(s Subsystem) *slog.Logger { return l.to.With(s.attr()) }

// Places are where a log goes, as section logging says, and what it keeps.
type Places interface {
	// Adopt puts settings in force, and reports whether the places are those
	// that they ask for. If not, Move must be called.
	Adopt(*conf.Logging) (settled bool)
	// Move opens and closes places. It may take long. The error is that of the
	// log file.
	Move() error
	// Reopen opens the log file again, after a rotation. It may take long.
	Reopen() error
	// Dump writes what the flight recorder has into a folder. It may take long.
	Dump(dir string) error
}
