package controller

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestWritesAreOfATerm: a DC that lost its office with writes under way and has it
// again plans only when its own writes are done, however many of the old ones end.
func TestWritesAreOfATerm(t *testing.T) {
	m := newMember(t)
	office := func(now time.Duration) (tag int) {
		m.begin(now)
		m.isDC, m.dc, m.state = true, "n1", PolicyEngine
		m.cibTracked(modify("status", optCreate, xml.New("node_state", "id", "2")))
		return m.lastTag
	}
	old := office(1)
	m.begin(2)
	m.releaseDC()
	fresh := office(3)
	m.plan.wanted = true
	plans := func(out []Action) (n int) {
		for _, a := range out {
			if _, ok := a.(Plan); ok {
				n++
			}
		}
		return n
	}
	if n := plans(m.CIBDone(4, old, cib.OK, nil)); n != 0 || m.plan.writes != 1 {
		t.Errorf("after a write of the term before: %d plans, %d writes under way", n, m.plan.writes)
	}
	if n := plans(m.CIBDone(5, fresh, cib.OK, nil)); n != 1 || m.plan.writes != 0 {
		t.Errorf("after its own write: %d plans, %d writes under way", n, m.plan.writes)
	}
}

// TestAssertions: a state that must not be is told, and ends in an election.
func TestAssertions(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(m *Machine)
		state State
	}{
		{"nothing", func(*Machine) {}, NotDC},
		{"writes", func(m *Machine) { m.plan.writes = -1 }, Electing},
		{"plan", func(m *Machine) { m.plan.running = true }, Electing},
		{"office", func(m *Machine) { m.isDC = true }, Electing},
		{"no office", func(m *Machine) { m.state = Idle }, Electing},
		{"another DC", func(m *Machine) { m.isDC, m.state = true, Idle }, Electing},
		{"no transition", func(m *Machine) { m.isDC, m.state, m.dc = true, TransitionEngine, "n1" }, Electing},
		{"a transition", func(m *Machine) { m.isDC, m.state, m.dc, m.graph = true, Idle, "n1", &graph{} }, Electing},
	} {
		m := newMember(t)
		var log bytes.Buffer
		m.cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
		tt.spoil(m)
		votes := 0
		for _, a := range m.CIBDone(time.Second, 99, cib.OK, nil) {
			if s, ok := a.(Send); ok && s.Msg.Get("crm_task") == "vote" {
				votes++
			}
		}
		told := strings.Count(log.String(), "own state is wrong")
		if want := map[State]int{Electing: 1}[tt.state]; m.state != tt.state || votes != want || told != want {
			t.Errorf("%s: state %s, %d votes, told %d times: %s", tt.name, m.state, votes, told, &log)
		}
		if what := m.broken(); what != "" {
			t.Errorf("%s: still not so: %s", tt.name, what)
		}
	}
}
