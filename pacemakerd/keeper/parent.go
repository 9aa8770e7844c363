package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// A Parent starts workers and holds what must outlive them.
type Parent struct {
	// Command is the worker's; its descriptor to the parent is added to it.
	Command func() *exec.Cmd
	Run     string // folder in which a running worker is found
	Log     *slog.Logger
	Ready   func() // called once a worker is up

	store   store
	respawn respawn
	everUp  bool
}

// A life is one worker as its parent sees it.
type life struct {
	conn  *net.UnixConn
	cmd   *exec.Cmd // nil: another parent started it
	begun time.Time
	said  chan packet
	wg    sync.WaitGroup
}

type packet struct {
	message
	files []*os.File
	err   error
}

// Serve runs workers until one ends for good, and returns its exit status.
// When ctx ends the worker is asked for an orderly end.
func (p *Parent) Serve(ctx context.Context) int {
	lock, err := lockRun(p.Run)
	if err != nil {
		p.Log.Error("cannot start", "err", err)
		return ExitError
	}
	defer lock.Close()
	defer p.store.clear()
	w, code := p.find(ctx)
	for {
		if w == nil && code >= 0 {
			return code
		}
		if w == nil {
			if w, err = p.start(); err != nil {
				p.Log.Error("the worker cannot be started", "err", err)
				return ExitError
			}
		}
		e := p.watch(ctx, w)
		w, code = nil, -1
		e.stopping = ctx.Err() != nil
		v := p.respawn.judge(e)
		switch {
		case v.exit && e.crashed:
			p.Log.Error("the worker died and is not started again", "status", e.code, "after", e.life.Round(time.Millisecond), "deaths", p.respawn.deaths)
		case v.exit:
		default:
			p.Log.Error("the worker died; starting another", "status", e.code, "after", e.life.Round(time.Millisecond),
				"deaths", p.respawn.deaths, "kept", len(p.store.items), "dropped", v.drop, "pause", v.pause)
		}
		if v.exit {
			return v.code
		}
		if v.drop {
			p.store.dropMemberships()
		}
		select {
		case <-time.After(v.pause):
		case <-ctx.Done():
			if v.drop { // nobody is in the cluster any more
				return v.code
			}
		}
	}
}

// find looks for a worker whose parent is dead. A code other than -1 is why
// this process has nothing to do.
func (p *Parent) find(ctx context.Context) (*life, int) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unixpacket", filepath.Join(p.Run, socketName))
	if err != nil {
		return nil, -1
	}
	conn := c.(*net.UnixConn)
	who, err := peerOf(conn)
	if err != nil || who.Uid != uint32(os.Geteuid()) {
		conn.Close()
		return nil, -1
	}
	_ = conn.SetReadDeadline(time.Now().Add(5 * takeOverWait))
	m, files, err := readMessage(conn)
	switch {
	case err == nil && m.Op == opBusy:
		conn.Close()
		p.Log.Error("pacemakerd is running already", "worker", who.Pid)
		return nil, ExitError
	case err != nil:
		conn.Close()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			p.Log.Error("the running worker does not answer; end it first", "worker", who.Pid)
			return nil, ExitError
		}
		return nil, -1 // it died meanwhile
	}
	_ = conn.SetReadDeadline(time.Time{})
	p.Log.Info("taking over a running worker", "pid", who.Pid)
	p.everUp = true
	w := &life{conn: conn, begun: time.Now(), said: make(chan packet, 1)}
	w.said <- packet{message: m, files: files}
	w.wg.Go(w.read)
	return w, -1
}

// startWait is how long a new worker may take to read what is kept.
const startWait = 10 * time.Second

// start starts a worker and hands it what is kept.
func (p *Parent) start() (*life, error) {
	ours, theirs, err := pair()
	if err != nil {
		return nil, err
	}
	cmd := p.Command()
	cmd.ExtraFiles = append(cmd.ExtraFiles, theirs)
	cmd.Env = append(cmd.Environ(), Env+"="+strconv.Itoa(2+len(cmd.ExtraFiles)))
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		ours.Close()
		return nil, err
	}
	w := &life{conn: ours, cmd: cmd, begun: time.Now(), said: make(chan packet)}
	_ = ours.SetWriteDeadline(time.Now().Add(startWait))
	if err = p.store.tell(ours); err == nil {
		err = writeMessage(ours, message{Op: opGo}, nil)
	}
	if err != nil { // it is dead or stuck, and must not go on with half of it
		p.Log.Warn("the worker did not take what was kept", "err", err)
		_ = cmd.Process.Kill()
	}
	w.wg.Go(w.read)
	return w, nil
}

func (w *life) read() {
	defer close(w.said)
	for {
		m, files, err := readMessage(w.conn)
		w.said <- packet{m, files, err}
		if err != nil {
			return
		}
	}
}

// watch listens to a worker until it is dead.
func (p *Parent) watch(ctx context.Context, w *life) end {
	e := end{crashed: true, code: -1}
	asked := ctx.Done()
	for over := false; !over; {
		select {
		case <-asked:
			asked = nil
			_ = w.conn.SetWriteDeadline(time.Now().Add(tellWait)) // who reads nothing is killed by who stops us
			_ = writeMessage(w.conn, message{Op: opStop}, nil)
		case m, ok := <-w.said:
			if !ok || m.err != nil {
				over = true
				break
			}
			switch m.Op {
			case opKeep:
				p.store.put(Item{Name: m.Name, Data: m.Data, Files: m.files})
				m.files = nil
			case opDrop:
				p.store.drop(m.Name)
			case opOnly:
				var names []string
				if json.Unmarshal(m.Data, &names) == nil {
					p.store.only(names)
				}
			case opReady:
				e.ready, p.everUp = true, true
				if p.Ready != nil {
					p.Ready()
				}
			case opBye:
				e.code, e.crashed = m.Code, false
			}
			closeAll(m.files)
		}
	}
	w.conn.Close()
	for m := range w.said {
		closeAll(m.files)
	}
	w.wg.Wait()
	if w.cmd != nil {
		_ = w.cmd.Wait()
		if code := w.cmd.ProcessState.ExitCode(); code >= 0 && (!e.crashed || code != 2) {
			e.code, e.crashed = code, false // 2 is how a Go program ends that panics
		} else {
			e.code, e.crashed = code, true
		}
	}
	e.life, e.everUp = time.Since(w.begun), p.everUp
	return e
}
