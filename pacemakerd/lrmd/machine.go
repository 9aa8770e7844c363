package lrmd

import (
	"maps"
	"slices"
	"time"
)

// A Machine holds the queues of one node's resources.
type Machine struct {
	wall  func() int64 // seconds since 1970
	rscs  map[string]*resource
	calls int
	runs  int
	kept  map[string]*kept // what each resource runs with
	out   []Action
}

// Action is an output of the Machine: Run, Kill, Keep or Result.
type Action interface{ isAction() }

func (Run) isAction()    {}
func (Kill) isAction()   {}
func (Result) isAction() {}

type resource struct {
	id        string
	queue     []*item
	running   *item
	recurring []*item // those registered, running or waiting
}

type item struct {
	op        Op
	queuedAt  time.Duration // since when it could have run
	startedAt time.Duration
	runTime   int64
	runID     int
	dueAt     time.Duration // of the next run of a recurring operation
	waiting   bool          // between runs
	cancelled bool

	reported  bool // a result has been reported before
	lastRC    int
	lastState Status
	rcChange  int64
}

// New returns a Machine without resources.
func New(wall func() int64) *Machine {
	return &Machine{wall: wall, rscs: map[string]*resource{}, kept: map[string]*kept{}}
}

func (m *Machine) begin() { m.out = nil }

func (m *Machine) rsc(id string) *resource {
	r := m.rscs[id]
	if r == nil {
		r = &resource{id: id}
		m.rscs[id] = r
	}
	return r
}

// Exec queues an operation and returns its call id. The same recurring
// operation registered again takes the new call id and runs at once.
func (m *Machine) Exec(now time.Duration, op Op) (callID int, out []Action) {
	m.begin()
	m.calls++
	op.CallID = m.calls
	op.Params = slices.Clone(op.Params)
	r := m.rsc(op.Resource)
	if op.Interval > 0 {
		if old := r.find(op.Action, op.Interval); old != nil {
			old.op = op
			old.reported = false
			if old.waiting {
				old.waiting = false
				old.queuedAt = now
				r.queue = append(r.queue, old)
			}
			m.advance(now, r)
			return op.CallID, m.out
		}
	}
	it := &item{op: op, queuedAt: now}
	if op.Interval > 0 {
		r.recurring = append(r.recurring, it)
	}
	if op.StartDelay > 0 {
		it.waiting = true
		it.dueAt = now + op.StartDelay
		if op.Interval == 0 {
			r.recurring = append(r.recurring, it) // waits there; it is dropped after its run
		}
	} else {
		r.queue = append(r.queue, it)
	}
	m.advance(now, r)
	return op.CallID, m.out
}

// Resume takes up an operation that an earlier process of this node had begun:
// nothing else runs on the resource until it has ended. Of a recurring operation
// only that is of interest; it is registered again by whoever wants it.
func (m *Machine) Resume(now time.Duration, op Op) []Action {
	m.begin()
	m.calls++
	op.CallID = m.calls
	r := m.rsc(op.Resource)
	if r.running != nil {
		return nil // the journal is wrong; one at a time is all that is ever begun
	}
	m.runs++
	r.running = &item{op: op, queuedAt: now, startedAt: now, runTime: m.wall(), runID: m.runs, cancelled: op.Interval > 0}
	m.out = append(m.out, Run{ID: m.runs, Op: op, Resumed: true})
	return m.out
}

func (r *resource) find(action string, interval time.Duration) *item {
	for _, it := range r.recurring {
		if it.op.Action == action && it.op.Interval == interval && !it.cancelled {
			return it
		}
	}
	return nil
}

// Cancel ends a recurring operation. found is false if there is none; a run
// under way is killed, and its Result, with status Cancelled, comes later.
func (m *Machine) Cancel(now time.Duration, rsc, action string, interval time.Duration) (found bool, out []Action) {
	m.begin()
	r := m.rscs[rsc]
	if r == nil {
		return false, nil
	}
	it := r.find(action, interval)
	if it == nil {
		return false, nil
	}
	m.cancel(now, r, it)
	return true, m.out
}

func (m *Machine) cancel(now time.Duration, r *resource, it *item) {
	r.recurring = slices.DeleteFunc(r.recurring, func(o *item) bool { return o == it })
	it.cancelled = true
	if r.running == it {
		m.out = append(m.out, Kill{it.runID})
		return
	}
	r.queue = slices.DeleteFunc(r.queue, func(o *item) bool { return o == it })
	m.out = append(m.out, Result{Op: it.op, RC: RCUnknown, Status: Cancelled, RunTime: m.wall(), RCChange: m.wall()})
}

// CancelAll ends every recurring operation of a resource, before a stop.
func (m *Machine) CancelAll(now time.Duration, rsc string) []Action {
	m.begin()
	if r := m.rscs[rsc]; r != nil {
		for _, it := range slices.Clone(r.recurring) {
			m.cancel(now, r, it)
		}
	}
	return m.out
}

// Recurring returns the recurring operations of a resource.
func (m *Machine) Recurring(rsc string) []Op {
	var ops []Op
	if r := m.rscs[rsc]; r != nil {
		for _, it := range r.recurring {
			if !it.cancelled {
				ops = append(ops, it.op)
			}
		}
	}
	return ops
}

// Busy tells whether an operation of the resource runs or waits for its turn.
func (m *Machine) Busy(rsc string) bool {
	r := m.rscs[rsc]
	return r != nil && (r.running != nil || len(r.queue) > 0)
}

// AnyBusy tells whether anything runs or waits for its turn.
func (m *Machine) AnyBusy() bool {
	for id := range m.rscs {
		if m.Busy(id) {
			return true
		}
	}
	return false
}

// Known tells whether the resource has been seen and not been forgotten.
func (m *Machine) Known(rsc string) bool { return m.rscs[rsc] != nil }

// Forget drops a resource that is not busy.
func (m *Machine) Forget(rsc string) {
	if !m.Busy(rsc) {
		delete(m.rscs, rsc)
	}
}

// A Finish tells how a run ended.
type Finish struct {
	ID     int
	RC     int
	Status Status
	Output string
	Reason string
}

// Finished takes the end of a run and starts what waited for it.
func (m *Machine) Finished(now time.Duration, f Finish) []Action {
	m.begin()
	for _, r := range m.sorted() {
		it := r.running
		if it == nil || it.runID != f.ID {
			continue
		}
		r.running = nil
		m.learn(&it.op, f)
		m.finish(now, r, it, f)
		m.advance(now, r)
		break
	}
	return m.out
}

// Overdue says that the process of a run has been killed for its timeout and is still
// there. Of a recurring operation that is the result, though nothing else runs on the
// resource before the process ends: without it nobody would hear of a monitor that
// hangs for ever. (Who waits for another operation has a timer of its own.)
func (m *Machine) Overdue(now time.Duration, id int) []Action {
	m.begin()
	for _, r := range m.sorted() {
		if it := r.running; it != nil && it.runID == id && it.op.Interval > 0 && !it.cancelled {
			if res, changed := it.result(now, Finish{ID: id, RC: RCError, Status: TimedOut, Reason: "The process does not end, and cannot be killed"}); changed {
				res.Ticket = "" // it is still to be waited for
				m.out = append(m.out, res)
			}
		}
	}
	return m.out
}

// result makes of the end of a run what is told of it, and notes it; changed is whether
// that is news.
func (it *item) result(now time.Duration, f Finish) (res Result, changed bool) {
	res = Result{Op: it.op, RC: f.RC, Status: f.Status, Output: f.Output, Reason: f.Reason,
		ExecTime: now - it.startedAt, QueueTime: it.startedAt - it.queuedAt, RunTime: it.runTime}
	if it.cancelled {
		res.Status, res.RC = Cancelled, RCUnknown
	}
	changed = !it.reported || f.RC != it.lastRC || f.Status != it.lastState
	switch {
	case changed && it.reported:
		// Of two results of one call the later one counts, by this time, and the clock
		// may have been set back in between: a failure would pass for an old one.
		it.rcChange = max(it.runTime, it.rcChange+1)
	case changed:
		it.rcChange = it.runTime
	}
	res.RCChange = it.rcChange
	it.reported, it.lastRC, it.lastState = true, f.RC, f.Status
	return res, changed
}

func (m *Machine) finish(now time.Duration, r *resource, it *item, f Finish) {
	res, changed := it.result(now, f)
	if it.op.Interval > 0 && !it.cancelled {
		it.waiting, it.dueAt = true, now+it.op.Interval
	}
	if it.op.Interval == 0 {
		r.recurring = slices.DeleteFunc(r.recurring, func(o *item) bool { return o == it })
	}
	if changed || it.cancelled || it.op.Ticket != "" {
		m.out = append(m.out, res)
	}
	it.op.Ticket = "" // what comes later nobody waits for
}

// Tick starts the recurring operations that are due.
func (m *Machine) Tick(now time.Duration) []Action {
	m.begin()
	for _, r := range m.sorted() {
		for _, it := range r.recurring {
			if it.waiting && now >= it.dueAt {
				it.waiting = false
				it.queuedAt = it.dueAt
				r.queue = append(r.queue, it)
			}
		}
		m.advance(now, r)
	}
	return m.out
}

// Next returns when the next recurring operation is due, 0 for never.
func (m *Machine) Next() (at time.Duration, why string) {
	for _, r := range m.rscs {
		for _, it := range r.recurring {
			if it.waiting && (at == 0 || it.dueAt < at) {
				at = it.dueAt
			}
		}
	}
	return at, "recurring operation"
}

func (m *Machine) advance(now time.Duration, r *resource) {
	if r.running != nil || len(r.queue) == 0 {
		return
	}
	it := r.queue[0]
	r.queue = r.queue[1:]
	m.runs++
	it.runID, it.startedAt, it.runTime = m.runs, now, m.wall()
	r.running = it
	m.dress(&it.op)
	m.out = append(m.out, Run{ID: it.runID, Op: it.op})
}

func (m *Machine) sorted() []*resource {
	all := make([]*resource, 0, len(m.rscs))
	for _, id := range slices.Sorted(maps.Keys(m.rscs)) {
		all = append(all, m.rscs[id])
	}
	return all
}

// Param returns a parameter of the operation.
func (o *Op) Param(name string) string {
	for _, a := range o.Params {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}
