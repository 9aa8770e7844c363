package controller

import "github.com/gocorosync/gocorosync/pacemakerd/fault"

// An assertion is about this machine's own state, never about what others sent. One
// that fails is a fault of ours. Going on with such a state can start a resource
// twice; a panic would take the whole node away. So the fault is told, and the machine
// gives up what it was doing: as after any lost DC, an election and a new round of
// joins bring everything back that a plan needs.

// broken returns what must hold between two events and does not, "" if all does.
func (m *Machine) broken() fault.Invariant {
	switch m.state {
	case Integration, FinalizeJoin, PolicyEngine, TransitionEngine, Idle:
		if !m.isDC {
			return "only a DC is in its states"
		}
	case Starting, Pending, NotDC, Terminated:
		if m.isDC {
			return "a DC is in one of its states"
		}
	}
	switch {
	case m.isDC && m.state != Electing && m.dc != m.cfg.Node:
		return "a DC knows that it is"
	case m.plan.writes < 0:
		return "no more writes end than were begun"
	case m.plan.running && !m.isDC:
		return "only a DC plans"
	case m.state == TransitionEngine && m.graph == nil:
		return "there is a transition"
	case m.state == Idle && m.graph != nil && !m.graph.complete:
		return "a DC with nothing to do has no transition"
	}
	return ""
}

// assert is for the end of every event.
func (m *Machine) assert() {
	what := m.broken()
	if what == "" {
		return
	}
	graph := -1
	if m.graph != nil && !m.graph.complete {
		graph = m.graph.id
	}
	fault.Tell(m.cfg.Log, what, "The controller begins anew with an election",
		"state", m.state, "is DC", m.isDC, "dc", m.dc, "transition", graph, "planning", m.plan.running, "writes", m.plan.writes)
	m.isDC = m.isDC || m.dc == m.cfg.Node // gives up all that goes with it
	m.releaseDC()
	m.dropGraph()
	m.graph = nil
	m.newTerm()
	switch m.state {
	case Starting, Stopping, Terminated:
	default:
		m.enter(Electing)
		m.elect()
	}
}

// newTerm begins what a DC counts from nothing. What is still under way of the term
// before is none of the new one's.
func (m *Machine) newTerm() { m.plan = planning{id: m.plan.id, term: m.plan.term + 1} }
