package scribe

import (
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// sockets are where syslog daemons listen.
var sockets = []string{"/dev/log", "/var/run/syslog", "/var/run/log"}

// A logd is the syslog daemon of this machine.
type logd struct {
	tag      string
	facility int
	now      func() time.Time
	paths    []string

	mu     sync.Mutex
	conn   net.Conn
	closed bool
}

// Syslog makes a sink of the machine's syslog daemon, whether it runs now or not.
// facility is syslog's number, 3 for daemon.
func Syslog(tag string, facility int) Sink {
	return &logd{tag: tag, facility: facility, now: time.Now, paths: sockets}
}

func (s *logd) Write(l Line) error {
	text := strings.TrimSuffix(l.Text, "\n")
	b := fmt.Appendf(nil, "<%d>%s %s[%d]: %s\n", s.facility<<3|l.Priority, s.now().Format(time.Stamp), s.tag, os.Getpid(), text)
	var err error
	for range 2 { // the daemon may have been started again
		var c net.Conn
		if c, err = s.dial(); err != nil {
			return err
		}
		if _, err = c.Write(b); err == nil {
			return nil
		}
		s.hangUp(c)
	}
	return err
}

func (s *logd) dial() (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, net.ErrClosed
	case s.conn != nil:
		return s.conn, nil
	}
	var err error
	for _, path := range s.paths {
		for _, network := range []string{"unixgram", "unix"} {
			if s.conn, err = net.Dial(network, path); err == nil {
				return s.conn, nil
			}
		}
	}
	s.conn = nil
	return nil, err
}

func (s *logd) hangUp(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Close()
	if s.conn == c {
		s.conn = nil
	}
}

func (s *logd) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.conn == nil {
		return nil
	}
	return s.conn.Close()
}
