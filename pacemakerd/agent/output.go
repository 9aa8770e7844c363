package agent

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// maxOutput bounds what is kept of each of an agent's outputs, in bytes.
const maxOutput = 1 << 20

// cutMark is the end of an output that was longer.
const cutMark = "\n(the rest was cut)\n"

// exitReason marks the line of standard error in which an agent says why it failed.
const exitReason = "ocf-exit-reason:"

// maxReason is how much of a reason is kept, as by the original, in bytes.
const maxReason = 128

// An output is what came through a pipe.
type output struct {
	text   strings.Builder
	total  int64
	reason string // the last line's after exitReason, however much was cut before
	line   []byte // the last, not ended yet; no more of it than a reason needs
}

func (o *output) write(b []byte) {
	o.total += int64(len(b))
	if room := maxOutput - o.text.Len(); room > 0 {
		o.text.Write(b[:min(len(b), room)])
	}
	for len(b) > 0 {
		part, rest, ended := bytes.Cut(b, []byte("\n"))
		o.line = append(o.line, part[:min(len(part), max(0, 4*maxReason-len(o.line)))]...)
		if ended {
			o.endLine()
		}
		b = rest
	}
}

func (o *output) endLine() {
	if _, why, ok := strings.Cut(string(o.line), exitReason); ok {
		o.reason = shortReason(strings.TrimRight(why, "\r"))
	}
	o.line = o.line[:0]
}

// shortReason cuts a reason where the original does, but no character in two.
func shortReason(s string) string {
	if len(s) <= maxReason {
		return s
	}
	s = s[:maxReason]
	for i := 1; i < utf8.UTFMax; i++ {
		if r, size := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || size != 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s
}

func (o *output) cut() bool { return o.total > int64(o.text.Len()) }

// String is what is kept, with a mark if that is not all.
func (o *output) String() string {
	if o.cut() {
		return o.text.String() + cutMark
	}
	return o.text.String()
}

// A collector reads a pipe until its end, or until it is told that nothing that matters
// comes any more.
type collector struct {
	f    *os.File
	done chan *output
}

func collect(f *os.File) *collector {
	c := &collector{f: f, done: make(chan *output, 1)}
	go func() { // ends with the pipe, or after rest or abandon
		o := &output{}
		buf := make([]byte, 1<<16)
		for {
			n, err := f.Read(buf)
			o.write(buf[:n])
			if err == nil {
				continue
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				drain(f, o, buf)
			}
			o.endLine()
			c.done <- o
			return
		}
	}()
	return c
}

// drain reads what is in a pipe now and waits for no more. A daemon that an agent left
// behind may hold the pipe open for ever, and write all the time.
func drain(f *os.File, o *output, buf []byte) {
	if f.SetReadDeadline(time.Time{}) != nil {
		return
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Read(func(fd uintptr) bool {
		for most := 2 * maxOutput; most > 0; {
			n, err := unix.Read(int(fd), buf)
			if err == unix.EINTR {
				continue
			}
			if n <= 0 {
				break
			}
			o.write(buf[:n])
			most -= n
		}
		return true
	})
}

// rest returns all that was written until now, and closes the pipe.
func (c *collector) rest() *output {
	_ = c.f.SetReadDeadline(time.Now())
	o := <-c.done
	c.f.Close()
	return o
}

// abandon closes the pipe; nobody wants what comes through it.
func (c *collector) abandon() { c.f.Close() }

// report says in the log that an output was cut.
func (r *Runner) report(what string, o *output) string {
	if o.cut() && r.Log != nil {
		r.Log.Warn("output cut", "agent", what, "bytes", o.total, "kept", maxOutput)
	}
	return o.String()
}

// seconds writes a duration as messages have it.
func seconds(d time.Duration) string {
	if d%time.Second == 0 {
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return fmt.Sprintf("%dms", d/time.Millisecond)
}
