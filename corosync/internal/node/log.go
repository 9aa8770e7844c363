package node

import (
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

// A Log takes what a node says. Nobody may wait in it, and any goroutine may
// call it.
type Log interface {
	// Log takes one line of a subsystem, such as "TOTEM".
	Log(lv Level, subsys, format string, args ...any)
	// Slog is for the records of a machine of the subsystem.
	Slog(subsys string) *slog.Logger
}

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
