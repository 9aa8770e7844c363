package agent

import "sync"

// runs are those that were announced and have not ended.
type runs struct {
	mu   sync.Mutex
	byID map[int]*ending
}

// An ending is the wish that a run ends.
type ending struct {
	once sync.Once
	c    chan struct{}
}

func (e *ending) wish() { e.once.Do(func() { close(e.c) }) }

// Announce says that a run is about to begin: from now on it can be killed, even
// before anything was started for it.
func (r *Runner) Announce(id int) {
	if id == 0 {
		return
	}
	r.runs.mu.Lock()
	defer r.runs.mu.Unlock()
	if r.runs.byID == nil {
		r.runs.byID = map[int]*ending{}
	}
	if r.runs.byID[id] == nil {
		r.runs.byID[id] = &ending{c: make(chan struct{})}
	}
}

// Kill ends a run: its whole process group gets SIGKILL.
func (r *Runner) Kill(id int) {
	r.runs.mu.Lock()
	defer r.runs.mu.Unlock()
	if e := r.runs.byID[id]; e != nil {
		e.wish()
	}
}

// killed is closed when a run is to end, nil for one that cannot be killed.
func (r *Runner) killed(id int) <-chan struct{} {
	r.runs.mu.Lock()
	defer r.runs.mu.Unlock()
	if e := r.runs.byID[id]; e != nil {
		return e.c
	}
	return nil
}

func (r *Runner) ended(id int) {
	r.runs.mu.Lock()
	defer r.runs.mu.Unlock()
	delete(r.runs.byID, id)
}
