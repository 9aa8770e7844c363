package scribe

import (
	"io"
	"io/fs"
	"os"
)

// A file is a log file.
type file struct {
	f    *os.File
	torn bool // the last line is not whole
}

// OpenFile makes a sink of a file, to which lines are appended. A named pipe is
// opened whether somebody reads it or not.
func OpenFile(path string, perm fs.FileMode) (Sink, error) {
	flags := os.O_APPEND | os.O_CREATE | os.O_WRONLY
	if st, err := os.Stat(path); err == nil && st.Mode()&fs.ModeNamedPipe != 0 {
		flags = os.O_RDWR // to open it for writing alone waits for a reader
	}
	f, err := os.OpenFile(path, flags, perm)
	if err != nil {
		return nil, err
	}
	return &file{f: f}, nil
}

func (s *file) Write(l Line) error {
	text := l.Text
	if s.torn {
		text = "\n" + text
	}
	n, err := io.WriteString(s.f, text)
	if n > 0 {
		s.torn = n < len(text)
	}
	return err
}

func (s *file) Close() error { return s.f.Close() }

// A stream is a writer that is somebody else's, such as standard error.
type stream struct{ w io.Writer }

// Stream makes a sink of a writer, which is not closed with it.
func Stream(w io.Writer) Sink { return stream{w} }

func (s stream) Write(l Line) error {
	_, err := io.WriteString(s.w, l.Text)
	return err
}

func (s stream) Close() error { return nil }
