package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"time"
)

const (
	// tellWait is how long the worker waits for a parent that does not read: it
	// has a ring and a cluster to look after.
	tellWait = 100 * time.Millisecond
	// catchUpEvery is how often a parent that was behind is tried.
	catchUpEvery = 500 * time.Millisecond
)

// tell says something to the parent, if there is one that reads. What a stopped
// parent misses it is told when it goes on; what a dead one, the next parent.
func (l *Link) tell(m message, files ...*os.File) error {
	if l.conn == nil || l.behind {
		return nil
	}
	_ = l.conn.SetWriteDeadline(time.Now().Add(tellWait))
	err := writeMessage(l.conn, m, files)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		l.behind = true
		select {
		case l.fell <- struct{}{}:
		default:
		}
		l.log.Warn("the parent process does not read; it is told when it does")
		return nil
	}
	return err
}

// tellAll says everything that a parent has to know; twice does no harm.
func (l *Link) tellAll(conn *net.UnixConn, within time.Duration) error {
	names := make([]string, 0, len(l.store.items))
	for _, it := range l.store.items {
		names = append(names, it.Name)
	}
	b, err := json.Marshal(names)
	if err != nil {
		return err
	}
	_ = conn.SetWriteDeadline(time.Now().Add(within))
	if err := writeMessage(conn, message{Op: opOnly, Data: b}, nil); err != nil {
		return err
	}
	if err := l.store.tell(conn); err != nil {
		return err
	}
	if l.ready {
		return writeMessage(conn, message{Op: opReady}, nil)
	}
	return nil
}

// catchUp tells a parent that fell behind, once it reads again. Until one does it
// sleeps.
func (l *Link) catchUp(ctx context.Context) {
	for {
		select {
		case <-l.fell:
		case <-ctx.Done():
			return
		}
		for l.stillBehind() {
			select {
			case <-time.After(catchUpEvery):
			case <-ctx.Done():
				return
			}
		}
	}
}

// stillBehind tries to tell everything, and tells whether the parent still has to
// be told. A parent that took over was.
func (l *Link) stillBehind() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.behind && l.conn != nil && l.tellAll(l.conn, tellWait/10) == nil {
		l.behind = false
		l.log.Info("the parent process reads again")
	}
	return l.behind && l.conn != nil
}
