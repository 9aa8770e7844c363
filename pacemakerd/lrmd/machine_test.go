package lrmd

import (
	"testing"
	"time"
)

func newMachine() *Machine { return New(func() int64 { return 1000 }) }

func run(t *testing.T, out []Action) Run {
	t.Helper()
	for _, a := range out {
		if r, ok := a.(Run); ok {
			return r
		}
	}
	t.Fatalf("nothing runs: %+v", out)
	return Run{}
}

func result(out []Action) *Result {
	for _, a := range out {
		if r, ok := a.(Result); ok {
			return &r
		}
	}
	return nil
}

// TestOneAtATime queues a stop behind a running start.
func TestOneAtATime(t *testing.T) {
	m := newMachine()
	_, out := m.Exec(0, Op{Resource: "a", Action: "start"})
	start := run(t, out)
	if _, out = m.Exec(0, Op{Resource: "a", Action: "stop"}); len(out) != 0 {
		t.Fatalf("stop did not wait: %+v", out)
	}
	if _, out = m.Exec(0, Op{Resource: "b", Action: "start"}); run(t, out).Op.Resource != "b" {
		t.Fatalf("another resource waits: %+v", out)
	}
	out = m.Finished(2*time.Second, Finish{ID: start.ID})
	if r := result(out); r == nil || r.ExecTime != 2*time.Second || r.Action != "start" {
		t.Fatalf("result of start: %+v", r)
	}
	if r := run(t, out); r.Op.Action != "stop" {
		t.Fatalf("then runs %+v", r)
	}
}

// TestRecurring runs at once, then an interval after each end, and reports
// only changes.
func TestRecurring(t *testing.T) {
	m := newMachine()
	_, out := m.Exec(0, Op{Resource: "a", Action: "monitor", Interval: 10 * time.Second})
	out = m.Finished(time.Second, Finish{ID: run(t, out).ID})
	if result(out) == nil {
		t.Fatal("first result not reported")
	}
	if at, _ := m.Next(); at != 11*time.Second {
		t.Fatalf("next at %v, want 11s", at)
	}
	out = m.Finished(12*time.Second, Finish{ID: run(t, m.Tick(11*time.Second)).ID})
	if result(out) != nil {
		t.Fatal("unchanged result reported")
	}
	out = m.Finished(23*time.Second, Finish{ID: run(t, m.Tick(22*time.Second)).ID, RC: RCNotRunning})
	if r := result(out); r == nil || r.RC != RCNotRunning {
		t.Fatalf("change not reported: %+v", r)
	}
}

// TestClockSetBack: of two results of one recurring operation the later one has the later
// time, wherever the clock is.
func TestClockSetBack(t *testing.T) {
	clock := int64(5000)
	m := New(func() int64 { return clock })
	_, out := m.Exec(0, Op{Resource: "a", Action: "monitor", Interval: 10 * time.Second})
	good := result(m.Finished(time.Second, Finish{ID: run(t, out).ID}))
	clock = 1000
	bad := result(m.Finished(12*time.Second, Finish{ID: run(t, m.Tick(11*time.Second)).ID, RC: RCNotRunning}))
	if good == nil || bad == nil || bad.RCChange <= good.RCChange || bad.RunTime != 1000 {
		t.Errorf("%+v, then %+v", good, bad)
	}
}

// TestOverdue: of a monitor whose process does not end is told once, nothing else runs
// on its resource, and who waits for it has an answer when it ends.
func TestOverdue(t *testing.T) {
	for _, ticket := range []string{"", "1:1:0:x"} {
		m := newMachine()
		_, out := m.Exec(0, Op{Resource: "a", Action: "monitor", Interval: 10 * time.Second, Ticket: ticket})
		id := run(t, out).ID
		if r := result(m.Overdue(25*time.Second, id)); r == nil || r.Status != TimedOut || r.Ticket != "" {
			t.Fatalf("%q: %+v", ticket, r)
		}
		if out := m.Overdue(26*time.Second, id); len(out) != 0 {
			t.Errorf("%q: told again: %+v", ticket, out)
		}
		if _, out := m.Exec(26*time.Second, Op{Resource: "a", Action: "stop"}); len(out) != 0 {
			t.Errorf("%q: stop does not wait: %+v", ticket, out)
		}
		out = m.Finished(60*time.Second, Finish{ID: id, RC: RCError, Status: TimedOut})
		if r := result(out); (r != nil) != (ticket != "") || r != nil && r.Ticket != ticket {
			t.Errorf("%q: at its end %+v", ticket, r)
		}
		if r := run(t, out); r.Op.Action != "stop" {
			t.Errorf("%q: then runs %+v", ticket, r)
		}
	}
	m := newMachine()
	_, out := m.Exec(0, Op{Resource: "a", Action: "stop"})
	if out := m.Overdue(25*time.Second, run(t, out).ID); len(out) != 0 {
		t.Errorf("of a stop the DC hears by its own timer: %+v", out)
	}
}

// TestCancelKillsARun cancels a recurring operation while it runs.
func TestCancelKillsARun(t *testing.T) {
	m := newMachine()
	_, out := m.Exec(0, Op{Resource: "a", Action: "monitor", Interval: time.Second})
	id := run(t, out).ID
	found, out := m.Cancel(0, "a", "monitor", time.Second)
	if !found || len(out) != 1 || out[0] != (Kill{id}) {
		t.Fatalf("cancel: %v %+v", found, out)
	}
	out = m.Finished(1, Finish{ID: id, RC: 1, Status: Failed})
	if r := result(out); r == nil || r.Status != Cancelled {
		t.Fatalf("result: %+v", r)
	}
	if at, _ := m.Next(); at != 0 {
		t.Fatalf("still due at %v", at)
	}
}
