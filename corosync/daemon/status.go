package daemon

import (
	"errors"

	"github.com/gocorosync/gocorosync/corosync/internal/node"
)

// exitError ends the daemon with a status of its own.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// Exit statuses of the daemon. Spec: corosync-conf.md 1.
const (
	exitOK       = 0
	exitLogging  = 7
	exitConfig   = 8
	exitStateDir = 16
	exitLock     = 17
	exitRunning  = 18
	exitService  = 20
	exitRingID   = 21
	exitKilled   = 255
)

// statusOf is the status that an error ends the daemon with.
func statusOf(err error) int {
	var ex *exitError
	if errors.As(err, &ex) {
		return ex.status
	}
	var ne *node.Error
	if errors.As(err, &ne) {
		switch ne.Kind {
		case node.Logging:
			return exitLogging
		case node.StateDir:
			return exitStateDir
		case node.RingID:
			return exitRingID
		case node.Service:
			return exitService
		case node.Killed:
			return exitKilled
		}
	}
	return exitConfig
}
