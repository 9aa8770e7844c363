package ipc

import "errors"

// errAgain says that a channel has no room now.
var errAgain = errors.New("channel full")

// A serverChannel carries the messages of one connection, seen from the
// server. receive is called by one goroutine; the others may be called from
// any, one at a time, and do not block.
type serverChannel interface {
	// receive waits for the next request. The result is the caller's.
	receive() ([]byte, error)
	// respond and event send one message, or return errAgain.
	respond(b []byte) error
	event(b []byte) error
	// flush makes the client notice the events sent so far, or returns
	// errAgain; owes reports whether there are some that it cannot have
	// noticed.
	flush() error
	owes() bool
	// flow publishes the flow control value that clients look at.
	flow(v int32)
	// close releases everything but the stream. receive has returned, or
	// returns because the stream is closed.
	close()
}
