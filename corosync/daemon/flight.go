package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gocorosync/gocorosync/corosync/internal/node"
	"github.com/gocorosync/gocorosync/ipc/flight"
)

// recorder keeps the last records of the log, those of debug level too, that
// the flight recorder is written from. It is guarded by its logger's lock.
type recorder struct {
	records []flight.Record
	next    int // the oldest, once all are used
}

const (
	recorderSize = 8192
	recordedText = 512 // bytes of a line that are kept
)

func (r *recorder) add(at time.Time, lv node.Level, subsys, text string) {
	rec := flight.Record{Time: at, Priority: uint8(lv), Func: subsys, Text: text[:min(len(text), recordedText)]}
	if len(r.records) < recorderSize {
		r.records = append(r.records, rec)
		return
	}
	r.records[r.next] = rec
	r.next = (r.next + 1) % recorderSize
}

// all returns the records, oldest first.
func (r *recorder) all() []flight.Record {
	return append(append([]flight.Record(nil), r.records[r.next:]...), r.records[:r.next]...)
}

// Dump writes the flight recorder into the state directory, under a name of its
// own, and makes fdata a link to it, as corosync does.
func (l *logger) Dump(dir string) error {
	l.mu.Lock()
	records := l.recorder.all()
	l.mu.Unlock()
	path := filepath.Join(dir, fmt.Sprintf("fdata-%s-%d", l.now().Format("2006-01-02T15:04:05"), os.Getpid()))
	if err := os.WriteFile(path, flight.Append(nil, records), 0o600); err != nil {
		return err
	}
	link := filepath.Join(dir, "fdata")
	fresh := link + ".new"
	os.Remove(fresh)
	if err := os.Symlink(path, fresh); err != nil {
		return err
	}
	return os.Rename(fresh, link)
}
