package controller

import (
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A DC waits for the answer to each operation that it sent, and plans nothing
// before it has it or has waited for long. So what this node was asked for is
// noted before anything is done, and answered even by the next process.

type (
	// Accepted says that an operation was asked for, before it is carried out.
	Accepted struct {
		Ticket, From, Sys string
		Op                *xml.Element
	}
	// Settled says that it has been answered by what came before.
	Settled struct{ Ticket string }
)

func (Accepted) isAction() {}
func (Settled) isAction()  {}

// A Held is an operation that an earlier process of this node had accepted and
// not settled.
type Held struct {
	Ticket, From, Sys string
	Request           *xml.Element // nil: a run of a recurring operation
	Begun             *lrmd.Op     // nil: nothing was started
}

// accept notes an operation that another node's DC, or ours, waits for.
func (m *Machine) accept(a *ack) {
	if a.sys != "tengine" || a.ticket != "" {
		return
	}
	a.ticket = a.key
	m.do(Accepted{Ticket: a.ticket, From: a.node, Sys: a.sys, Op: a.op})
}

func (m *Machine) settled(ticket string) {
	if ticket != "" {
		m.do(Settled{ticket})
	}
}

// Resume takes up what an earlier process of this node has left undone. It comes
// before anything else. kept is what its resources run with.
func (m *Machine) Resume(now time.Duration, left []Held, kept []lrmd.Kept) []Action {
	m.begin(now)
	m.exec.queue.Inherit(kept)
	m.unseenUntil = now + unseenWait
	for _, h := range left {
		if h.Begun == nil {
			continue
		}
		op := *h.Begun
		op.Ticket = h.Ticket
		m.cfg.Log.Info("operation of an earlier process is waited for", "resource", op.Resource, "op", op.Action)
		// It is not recorded as pending: a new DC would have it started again,
		// and has it probed if it knows nothing, which waits in the queue.
		out := m.exec.queue.Resume(now, op)
		if wantsMetadata(op.Agent, op.Action) {
			m.withMetadata(op.Agent, func() { m.execActions(out) })
		} else {
			m.execActions(out)
		}
	}
	for _, h := range left {
		switch {
		case h.Begun != nil:
		case h.Request == nil, strings.EqualFold(h.From, m.cfg.Node), !m.cfg.Resumed:
			// Who waited for it is dead too, or saw this node leave: by now it may
			// have had it done elsewhere.
			m.settled(h.Ticket)
		default:
			m.invoke(h.From, h.Sys, h.Request)
		}
	}
	return m.out
}
