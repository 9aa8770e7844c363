package ipc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// How long accept waits after it failed: at first, and at most.
const (
	firstBackOff = 10 * time.Millisecond
	lastBackOff  = time.Second
)

// accept hands the connections that next returns to take, until ctx ends or the
// server is closed. A failure ends nothing: the table of files is full now and has
// room later, or a client was gone before it was accepted. Those who wait stay in the
// backlog meanwhile. The log hears when it begins and when it is over.
func (s *Server) accept(ctx context.Context, next func() (*net.UnixConn, error), take func(*net.UnixConn)) error {
	var failing time.Time
	pause := firstBackOff
	for {
		stream, err := next()
		if err == nil {
			if !failing.IsZero() {
				s.opt.Log.Info("clients are accepted again", "service", s.name, "after", time.Since(failing).Round(time.Millisecond))
			}
			failing, pause = time.Time{}, firstBackOff
			take(stream)
			continue
		}
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			s.Close()
			return context.Cause(ctx)
		}
		if errors.Is(err, syscall.EBADF) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSOCK) {
			// Not a failure of a client or of the system: this is no socket to accept from.
			s.Close()
			return fmt.Errorf("ipc: accept %s: %w", s.name, err)
		}
		if errors.Is(err, syscall.ECONNABORTED) {
			continue
		}
		if failing.IsZero() {
			failing = time.Now()
			s.opt.Log.Error("clients cannot be accepted now; trying again", "service", s.name, "err", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, lastBackOff)
	}
}
