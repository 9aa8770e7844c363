package agent

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocorosync/gocorosync/durable"
	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
)

// A Journal notes, in files that outlive the process but not the machine, which
// operations were asked for and not answered yet, and which processes run for
// them. A nil Journal notes nothing.
type Journal struct {
	dir  string
	mu   sync.Mutex
	live map[string]Entry // by ticket
}

// An Entry is one operation of the journal.
type Entry struct {
	Ticket string
	// What was asked, and by whom; empty for the runs of recurring operations.
	From, Sys, Request string `json:",omitempty"`
	// What runs for it; nil: nothing has been started yet.
	Op      *lrmd.Op  `json:",omitempty"`
	Begun   time.Time // when it was started
	PID     int       `json:",omitempty"` // of its process, if it has one and that is known
	Started string    `json:",omitempty"` // of that process, as the kernel has it
}

const entrySuffix = ".op"

// OpenJournal returns the journal of a folder and what it holds from an earlier
// process, oldest first. A file that cannot be read is removed.
func OpenJournal(dir string) (*Journal, []Entry, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("journal of operations: %w", err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("journal of operations: %w", err)
	}
	j := &Journal{dir: dir, live: map[string]Entry{}}
	type aged struct {
		Entry
		at time.Time
	}
	var old []aged
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		if strings.HasSuffix(f.Name(), keptSuffix) {
			continue
		}
		var e Entry
		b, err := os.ReadFile(path)
		info, ierr := f.Info()
		if err != nil || ierr != nil || !strings.HasSuffix(f.Name(), entrySuffix) || json.Unmarshal(b, &e) != nil || e.Ticket == "" {
			os.Remove(path)
			continue
		}
		j.live[e.Ticket] = e
		old = append(old, aged{e, info.ModTime()})
	}
	slices.SortFunc(old, func(a, b aged) int { return a.at.Compare(b.at) })
	var entries []Entry
	for _, o := range old {
		entries = append(entries, o.Entry)
	}
	return j, entries, nil
}

func (j *Journal) path(ticket string) string {
	h := fnv.New128a()
	h.Write([]byte(ticket))
	return filepath.Join(j.dir, hex.EncodeToString(h.Sum(nil))+entrySuffix)
}

// Note writes an entry, in place of an earlier one of its ticket.
func (j *Journal) Note(e Entry) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.note(e)
}

func (j *Journal) note(e Entry) error {
	j.live[e.Ticket] = e
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return durable.Write(j.path(e.Ticket), b, durable.Owned(0o600))
}

// begin notes that an operation is about to be started. It returns the ticket
// of its entry.
func (j *Journal) begin(run lrmd.Run) string {
	if j == nil || run.ID == 0 {
		return ""
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	ticket := run.Op.Ticket
	if ticket == "" {
		ticket = fmt.Sprintf("run %d of %d", run.ID, os.Getpid())
	}
	e := j.live[ticket]
	e.Ticket, e.Op, e.Begun = ticket, &run.Op, time.Now()
	_ = j.note(e) // without it nothing but the restart of this process is worse
	return ticket
}

// started notes the process of an operation that has begun.
func (j *Journal) started(ticket string, pid int) {
	if j == nil || ticket == "" {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	e, ok := j.live[ticket]
	if !ok {
		return
	}
	e.PID, e.Started = pid, startOf(pid)
	_ = j.note(e)
}

// Settle forgets an operation whose result is where it belongs.
func (j *Journal) Settle(ticket string) {
	if j == nil || ticket == "" {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, ok := j.live[ticket]; !ok {
		return
	}
	delete(j.live, ticket)
	if err := os.Remove(j.path(ticket)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		_ = os.Truncate(j.path(ticket), 0) // it is removed when it is read
	}
}

// ended settles a run that nobody waits for the result of.
func (j *Journal) ended(run lrmd.Run, ticket string) {
	if run.Op.Ticket == "" {
		j.Settle(ticket)
	}
}

func (j *Journal) entry(ticket string) (Entry, bool) {
	if j == nil {
		return Entry{}, false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	e, ok := j.live[ticket]
	return e, ok
}

// hold has copies of an agent's pipes held until release is called.
func (r *Runner) hold(ticket string, pipes ...*os.File) (release func()) {
	if r.Hold == nil || ticket == "" {
		return func() {}
	}
	var copies []*os.File
	for _, f := range pipes {
		raw, err := f.SyscallConn()
		if err != nil {
			continue
		}
		_ = raw.Control(func(fd uintptr) {
			if n, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3); err == nil {
				copies = append(copies, os.NewFile(uintptr(n), f.Name()))
			}
		})
	}
	return r.Hold(ticket, copies...)
}
