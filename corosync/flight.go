package corosync

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/ipc/coro"
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

func (r *recorder) add(at time.Time, lv level, subsys, text string) {
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

// dumpFlightKey asks for the flight recorder to be written when it is changed.
const dumpFlightKey = "runtime.blackbox.dump_flight_data"

// dumpFlight writes the flight recorder beside the loop. Clients that asked for
// it find the file when they get their answer.
func (n *Node) dumpFlight() {
	if n.dumping {
		return
	}
	n.dumping = true
	dir := n.stateDir()
	n.aside(func(context.Context) {
		if err := n.log.dump(dir); err != nil {
			n.log.log(levelError, "MAIN", "Could not write the flight recorder: %s", sysText(err))
		}
	}, func() {
		n.dumping = false
		for _, cl := range n.sortedClients() {
			if cl.service == "cmap" && slices.Contains(n.dumped, cl.c.ID()) {
				cl.status(coro.CMAPReqSet, coro.OK)
			}
		}
		n.dumped = nil
	})
}

// awaitDump reports whether a client that has set the key has to wait for the
// file.
func (n *Node) awaitDump(cl *client) bool {
	n.notify() // which begins it
	if n.dumping && !slices.Contains(n.dumped, cl.c.ID()) {
		n.dumped = append(n.dumped, cl.c.ID())
		return true
	}
	return false
}

// dump writes the flight recorder into the state directory, under a name of its
// own, and makes fdata a link to it, as corosync does.
func (l *logger) dump(dir string) error {
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
