package corosync

import (
	"errors"
	"fmt"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/corosync/internal/node"
)

var (
	// ErrStopped says that the node has ended; what it is joined with, if
	// anything, is [Node.Err].
	ErrStopped = errors.New("corosync: the node has ended")
	// ErrGroupClosed says that [Group.Close] was called.
	ErrGroupClosed = errors.New("corosync: the group is closed")
	// ErrTooSlow says that the program has not read the events of a group while
	// more than [Config.QueueBytes] of them came. It is no member any more, and
	// has to join again.
	ErrTooSlow = errors.New("corosync: the group's events were not read in time")
	// ErrTooLarge says that a message is longer than [MaxMessage].
	ErrTooLarge = fmt.Errorf("corosync: the message is longer than %d bytes", MaxMessage)
	// ErrGroupName says that a group cannot be called so: a name has 1 to
	// [MaxGroupName] bytes.
	ErrGroupName = fmt.Errorf("corosync: the name of a group has 1 to %d bytes", MaxGroupName)
	// ErrState says that [Config.StateDir] cannot be made, or the number of the
	// ring cannot be kept there, without which a node must not go on.
	ErrState = errors.New("corosync: the number of the ring cannot be kept")
	// ErrOldConfig says that the configuration has a lower config_version than
	// the other nodes' have, so that this node has left.
	ErrOldConfig = errors.New("corosync: the others have a newer configuration")
)

// A ConfigError says what is wrong with a [Config].
type ConfigError struct {
	File   string // "" where the fault is in none
	Line   int    // in File or in Config.Conf, from 1; 0 where it is not known
	Text   string // what is wrong, in corosync's words where it has some
	Remedy string // what to do about it, or ""
	err    error
}

// Error is the place, as far as it is known, the text and the remedy.
func (e *ConfigError) Error() string {
	s := "corosync: "
	switch {
	case e.File != "" && e.Line > 0:
		s += fmt.Sprintf("%s:%d: ", e.File, e.Line)
	case e.File != "":
		s += e.File + ": "
	case e.Line > 0:
		s += fmt.Sprintf("configuration, line %d: ", e.Line)
	}
	s += e.Text
	if e.Remedy != "" {
		s += " (" + e.Remedy + ")"
	}
	return s
}

// Unwrap is the error of the system behind it, or nil.
func (e *ConfigError) Unwrap() error { return e.err }

// A KilledError says that another node has ended this one, as corosync-cfgtool
// -k and fencing devices do. The node has left without a good-bye.
type KilledError struct {
	By     uint32 // the id of the node that did
	Reason string // what it gave as reason
}

// Error names the node and its reason.
func (e *KilledError) Error() string {
	return fmt.Sprintf("corosync: node %d has ended this node: %s", e.By, e.Reason)
}

// explain says in terms of this package why a node does not start, or has ended.
func explain(err error) error {
	var ne *node.Error
	if !errors.As(err, &ne) {
		if err != nil {
			err = fmt.Errorf("corosync: %w", err)
		}
		return err
	}
	var by *node.KilledBy
	var ce *conf.Error
	switch {
	case errors.As(err, &by):
		return &KilledError{uint32(by.Node), by.Reason}
	case ne.Kind == node.StateDir || ne.Kind == node.RingID:
		return fmt.Errorf("%w: %w", ErrState, ne.Err)
	case errors.As(err, &ce):
		return &ConfigError{File: ce.File, Line: ce.Line, Text: ce.Text, Remedy: ce.Remedy}
	case ne.Kind == node.Configuration || ne.Kind == node.Service:
		return &ConfigError{Text: ne.Err.Error(), err: ne.Err}
	}
	return fmt.Errorf("corosync: %w", err)
}
