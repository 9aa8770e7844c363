package cib

import "time"

// saveAgain is how long after a failed write the next one is tried.
const saveAgain = 5 * time.Second

// UnsavedAttribute is a node's transient attribute that says why its disk does
// not hold the CIB in force; without it, it does.
const UnsavedAttribute = "cib-unsaved"

// mustBeOnDisk tells whether a change is acknowledged only once this node's
// disk holds it: where no other node does, and a client is told that it is
// done. What this process writes itself goes on in memory, as a full disk must
// not end the service.
func (m *Machine) mustBeOnDisk(op *Op) bool {
	c := m.clients[op.ClientID]
	return m.cfg.Peers != nil && len(m.cfg.Peers()) <= 1 && !(c != nil && c.Inside) && !op.FullSync
}

// saved takes the outcome of the last Save.
func (m *Machine) saved(code Code) {
	if code != m.unsaved {
		m.unsaved = code
		m.do(Unsaved{code})
	}
	m.saveAt = 0
	a := m.held
	m.held = nil
	switch {
	case a == nil && code != OK:
		m.saveAt = m.now + saveAgain
	case a == nil:
	case code != OK:
		m.cfg.Log.Error("a change was refused: this node is the only one, and its disk does not take it", "err", code)
		m.unsaved = OK // the disk still holds what is in force
		a.Result = Result{Code: code, Doc: a.old}
		m.conclude(a)
	default:
		m.conclude(a)
	}
}
