package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// Env is set in the environment of a worker: the number of the descriptor that
// leads to its parent.
const Env = "GOCOROSYNC_KEEPER"

// socketName is the socket by which a worker is found, in the run folder.
const socketName = "pacemakerd"

// A Link is a worker's side. A nil Link keeps nothing, for a process that has
// no parent.
type Link struct {
	log    *slog.Logger
	listen *net.UnixListener

	mu     sync.Mutex
	conn   *net.UnixConn // nil: the parent is dead
	store  store
	ready  bool
	behind bool          // the parent reads nothing; it is told all when it does
	fell   chan struct{} // holds one when it fell behind
	gone   chan struct{} // closed when conn is over

	stop     chan struct{}
	stopOnce sync.Once
}

// Attach connects a worker with the parent that started it, by the descriptor
// that Env names, and returns what an earlier worker has left. The run folder is
// where another parent will look for this worker.
func Attach(fd, run string, log *slog.Logger) (*Link, []Item, error) {
	n, err := strconv.Atoi(fd)
	if err != nil || n < 3 {
		return nil, nil, fmt.Errorf("keeper: %s is %q, not a descriptor", Env, fd)
	}
	conn, err := connOf(os.NewFile(uintptr(n), "parent"))
	if err != nil {
		return nil, nil, err
	}
	l := &Link{log: log, conn: conn, gone: make(chan struct{}), fell: make(chan struct{}, 1), stop: make(chan struct{})}
	var left []Item
	for {
		m, files, err := readMessage(conn)
		if err != nil {
			conn.Close()
			for i := range left {
				left[i].Close()
			}
			return nil, nil, fmt.Errorf("keeper: from the parent: %w", err)
		}
		if m.Op == opGo {
			break
		}
		if m.Op == opStop {
			l.asked()
		}
		left = append(left, Item{Name: m.Name, Data: m.Data, Files: files})
	}
	if l.listen, err = listen(run); err != nil { // it can do its work without
		log.Warn("a new parent will not find this process", "err", err)
	}
	return l, left, nil
}

func listen(run string) (*net.UnixListener, error) {
	if err := os.MkdirAll(run, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(run, socketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return net.ListenUnix("unixpacket", &net.UnixAddr{Net: "unixpacket", Name: path})
}

// Serve listens to the parent, and for another one when it is dead, until ctx
// ends.
func (l *Link) Serve(ctx context.Context) {
	if l == nil {
		return
	}
	var wg sync.WaitGroup
	end := context.AfterFunc(ctx, func() {
		if l.listen != nil {
			l.listen.Close()
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.conn != nil {
			_ = l.conn.SetReadDeadline(time.Now()) // ends the reader; Bye is still to be said
		}
	})
	defer func() { wg.Wait(); end() }()
	wg.Go(func() { l.read(ctx, l.conn, l.gone) })
	wg.Go(func() { l.catchUp(ctx) })
	if l.listen == nil {
		return
	}
	for {
		conn, err := l.listen.AcceptUnix()
		if ctx.Err() != nil {
			if err == nil {
				conn.Close()
			}
			return
		}
		if err != nil {
			l.log.Warn("no new parent can be listened for", "err", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		if gone := l.adopted(conn); gone != nil {
			wg.Go(func() { l.read(ctx, conn, gone) })
		}
	}
}

// takeOverWait is how long the end of the old parent may take to be noticed
// when a new one is there already.
const takeOverWait = time.Second

// adopted lets a new parent take over. It returns nil if there is one.
func (l *Link) adopted(conn *net.UnixConn) (gone chan struct{}) {
	refuse := func(why string, err error) {
		l.log.Info("parent refused", "why", why, "err", err)
		_ = writeMessage(conn, message{Op: opBusy}, nil)
		conn.Close()
	}
	who, err := peerOf(conn)
	if err != nil || who.Uid != uint32(os.Geteuid()) {
		refuse("its user is not ours", err)
		return nil
	}
	select {
	case <-l.gone:
	case <-time.After(takeOverWait):
		refuse("there is one", nil)
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.tellAll(conn, takeOverWait); err != nil {
		refuse("it does not listen", err)
		return nil
	}
	l.log.Info("another parent took over", "pid", who.Pid)
	l.conn, l.gone, l.behind = conn, make(chan struct{}), false
	return l.gone
}

func (l *Link) read(ctx context.Context, conn *net.UnixConn, gone chan struct{}) {
	defer close(gone)
	for {
		m, files, err := readMessage(conn)
		closeAll(files)
		if err != nil {
			break
		}
		if m.Op == opStop {
			l.asked()
		}
	}
	if ctx.Err() != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	conn.Close()
	l.conn = nil
	l.log.Error("the parent process is dead; going on without")
}

func (l *Link) asked() { l.stopOnce.Do(func() { close(l.stop) }) }

// Stop is closed when the parent asks for an orderly end.
func (l *Link) Stop() <-chan struct{} {
	if l == nil {
		return nil
	}
	return l.stop
}

// Keep has the parent hold data and descriptors under a name, for the next
// worker. It takes the files over.
func (l *Link) Keep(name string, data any, files ...*os.File) error {
	if l == nil {
		closeAll(files)
		return nil
	}
	b, err := json.Marshal(data)
	if err != nil {
		closeAll(files)
		return fmt.Errorf("keeper: %s: %w", name, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.store.put(Item{Name: name, Data: b, Files: files})
	return l.tell(message{Op: opKeep, Name: name, Data: b}, files...)
}

// Drop ends what Keep began.
func (l *Link) Drop(name string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.store.drop(name)
	_ = l.tell(message{Op: opDrop, Name: name})
}

// Ready tells the parent that the worker is up.
func (l *Link) Ready() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready = true
	_ = l.tell(message{Op: opReady})
}

// Bye tells the parent with what status this process is going to end. It is the
// last that is said.
func (l *Link) Bye(code int) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.tell(message{Op: opBye, Code: code})
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}
