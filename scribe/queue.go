package scribe

import (
	"io"
	"sync"
	"time"
)

// A Line is one line of a log.
type Line struct {
	Priority int    // of syslog, 0 emerg to 7 debug
	Text     string // with its line end where the place wants one
}

// A Sink is a place for lines. Write may take its time; only one goroutine calls
// it. Close may be called at any time, and ends a Write that waits if the place
// can do that.
type Sink interface {
	Write(Line) error
	Close() error
}

// What may wait for a place.
const (
	maxLines = 10_000
	maxBytes = 4 << 20
)

// A Queue holds the lines that its sink has not taken yet. There is a goroutine
// only while there are any; it ends with the last one, or when Close has closed
// the sink.
type Queue struct {
	sink Sink
	// notice makes the line that says how many are missing.
	notice func(missing int) Line

	mu      sync.Mutex
	lines   []queued
	bytes   int
	missing int           // that found no room since the last one that did
	failed  int           // that the sink did not take and has not been told of
	writing int           // lines that are with the sink now
	idle    chan struct{} // closed when the goroutine ends, nil without one
	closed  bool
}

type queued struct {
	Line
	missing int // before this one
}

// New returns a queue for a sink.
func New(s Sink, notice func(missing int) Line) *Queue {
	return &Queue{sink: s, notice: notice}
}

// Add gives the sink a line, at once or later. It never waits. The oldest lines
// are kept: they say how it began.
func (q *Queue) Add(l Line) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return
	case len(q.lines) >= maxLines || q.bytes+len(l.Text) > maxBytes:
		q.missing++
		return
	}
	q.lines = append(q.lines, queued{l, q.missing})
	q.bytes += len(l.Text)
	q.missing = 0
	q.run()
}

func (q *Queue) run() {
	if q.idle == nil {
		q.idle = make(chan struct{})
		go q.write(q.idle)
	}
}

// write gives the sink all that is there.
func (q *Queue) write(idle chan struct{}) {
	defer close(idle)
	for {
		q.mu.Lock()
		if q.closed || len(q.lines) == 0 && q.missing == 0 {
			q.idle = nil
			q.mu.Unlock()
			return
		}
		var next queued
		isLine := len(q.lines) > 0
		if isLine {
			next = q.lines[0]
			q.lines[0] = queued{}
			if q.lines = q.lines[1:]; len(q.lines) == 0 {
				q.lines = nil
			}
		} else {
			next.missing, q.missing = q.missing, 0
		}
		missing := next.missing + q.failed
		q.failed, q.writing = 0, missing
		if isLine {
			q.writing++
		}
		q.mu.Unlock()

		if missing > 0 && q.sink.Write(q.notice(missing)) == nil {
			missing = 0
		}
		if isLine && (missing > 0 || q.sink.Write(next.Line) != nil) {
			missing++
		}

		q.mu.Lock()
		q.failed, q.writing = missing, 0
		q.bytes -= len(next.Text)
		q.mu.Unlock()
	}
}

// Flush waits until the sink has taken all lines, but no longer than d. It
// returns how many it has not.
func (q *Queue) Flush(d time.Duration) (left int) {
	timeout := time.NewTimer(d)
	defer timeout.Stop()
	for {
		q.mu.Lock()
		idle := q.idle
		q.mu.Unlock()
		if idle == nil {
			return q.left()
		}
		select {
		case <-idle:
		case <-timeout.C:
			return q.left()
		}
	}
}

// left counts the lines that the sink has not got.
func (q *Queue) left() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.missing + q.failed + q.writing
	for _, l := range q.lines {
		n += 1 + l.missing
	}
	return n
}

// Close is Flush, after which the sink is closed and takes nothing more.
func (q *Queue) Close(d time.Duration) (left int) {
	left = q.Flush(d)
	q.mu.Lock()
	was := q.closed
	q.closed = true
	q.lines, q.bytes = nil, 0
	q.mu.Unlock()
	if !was {
		q.sink.Close()
	}
	return left
}

// Write makes a queue a writer of lines for log packages. It never fails.
func (q *Queue) Write(b []byte) (int, error) {
	q.Add(Line{Priority: info, Text: string(b)})
	return len(b), nil
}

const info = 6

var _ io.Writer = (*Queue)(nil)
