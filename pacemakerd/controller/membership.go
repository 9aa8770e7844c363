package controller

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// quorumGain is how long the DC waits after quorum came back, so that nodes
// that come together are planned for together.
const quorumGain = 5 * time.Second

// PeersChanged is called when the cache of peers or the quorum has changed.
func (m *Machine) PeersChanged(now time.Duration, quorate bool) []Action {
	m.begin(now)
	var appeared, vanished, moved []*peer.Peer
	membership := false
	for _, p := range m.cfg.Cache.All() {
		was, is := m.seen[p.ID], presence{p.Member, p.Active("crmd")}
		m.seen[p.ID] = is
		membership = membership || was.member != is.member
		switch {
		case is.active && !was.active:
			appeared = append(appeared, p)
		case was.active && !is.active:
			vanished = append(vanished, p)
		case was.member != is.member && p.ID != m.cfg.ID && p.Name != "":
			moved = append(moved, p)
		}
	}
	if m.state == Starting {
		m.setQuorum(quorate)
		return m.out
	}
	for _, p := range vanished {
		m.peerLost(p)
	}
	for _, p := range appeared {
		m.peerCame(p)
	}
	for _, p := range moved {
		m.memberChanged(p)
	}
	if membership {
		m.request(peer.Request{Origin: "post_cache_update", Task: "noop", To: "crmd", From: "crmd"})
	}
	m.setQuorum(quorate)
	m.checkElection()
	m.settle()
	return m.out
}

func (m *Machine) setQuorum(quorate bool) {
	was := m.quorate
	m.quorate = quorate
	if quorate {
		m.hadQuor, m.lostQuor = true, false
	} else if m.hadQuor {
		m.lostQuor = true
	}
	if was == quorate || !m.isDC {
		return
	}
	m.cfg.Log.Info("quorum changed", "quorate", quorate)
	m.writeQuorum()
	if quorate {
		m.timers.replan = m.now + quorumGain
		return
	}
	m.abort(infinity, abortRestart, "quorum lost")
}

func (m *Machine) writeQuorum() {
	q := "0"
	if m.quorate {
		q = "1"
	}
	m.cibTracked(modify("cib", optScoped, xml.New("cib", "have-quorum", q, "dc-uuid", m.self())))
}

func (m *Machine) peerCame(p *peer.Peer) {
	delete(m.expected, p.ID)
	if p.ID == m.cfg.ID {
		return
	}
	m.cfg.Log.Info("peer came", "node", p.Name, "id", p.ID)
	if strings.EqualFold(p.Name, m.fencedDC) {
		m.fencedDC = ""
	}
	if p.Name != "" {
		m.request(peer.Request{Origin: "peer_update_callback", Task: "hello", To: "crmd", From: "crmd", Host: p.Name})
	}
	if m.isDC {
		if p.Name != "" {
			m.offerTo(p)
		}
	}
}

func (m *Machine) peerLost(p *peer.Peer) {
	if p.ID == m.cfg.ID {
		return
	}
	m.cfg.Log.Warn("node lost", "node", p.Name, "member", p.Member)
	m.join.forget(p.ID)
	wasDC := m.dc != "" && strings.EqualFold(p.Name, m.dc)
	if wasDC {
		m.setDC("")
	}
	switch {
	case m.isDC:
		m.stateOfLost(p)
		m.graphPeerLost(p)
		m.abort(infinity, abortRestart, "node lost: "+p.Name)
		if m.state == Integration || m.state == FinalizeJoin {
			break // the join goes on without it
		}
	case wasDC:
		m.eraseTransient(p)
		if m.state != Electing {
			m.elect()
		}
	case m.state == Electing:
		// Whoever we waited for may have been this one.
	}
}

func (m *Machine) eraseTransient(p *peer.Peer) {
	if p.Name != "" {
		m.cibOp(erase(nodeState(p.Name) + "/transient_attributes"))
	}
}

// stateOfLost writes that a peer is not there any more (DC only).
func (m *Machine) stateOfLost(p *peer.Peer) {
	if p.Name == "" {
		return
	}
	m.eraseTransient(p)
	if m.forgetUnknown(p) {
		return
	}
	n := xml.New("node_state", "id", id(p.ID), "uname", p.Name, "in_ccm", strconv.FormatBool(p.Member), "crmd", "offline", "join", "down")
	if m.expected[p.ID] {
		n.Set("expected", "down")
	}
	n.Set("crm-debug-origin", "peer_update_callback")
	m.cibTracked(modify("status", optCreate, n))
}

// forgetUnknown gives no state to a node that is gone and of which nobody knows what
// it runs, takes away one that it got for being on the ring, and returns true: it has
// not joined since a DC has been here, nor left in good order, nor been fenced. The
// planner then takes it for a node that was never seen, and has it fenced
// (startup-fencing); by any state without "expected" it would pass for down. The
// original writes one, and starts what may run there.
func (m *Machine) forgetUnknown(p *peer.Peer) bool {
	if m.expected[p.ID] {
		return false
	}
	for n := range m.doc.Child("status").Each("node_state") {
		if n.Get("id") != id(p.ID) {
			continue
		}
		if n.Get("expected") != "" {
			return false
		}
		m.cibTracked(erase(nodeState(p.Name)))
	}
	return true
}

// memberChanged writes that a node came into the quorum membership or left it
// without its controller coming or going at the same time: which of the two
// corosync tells first is open, and until both are written the node would be
// half there.
func (m *Machine) memberChanged(p *peer.Peer) {
	if !m.isDC {
		return
	}
	if p.Member || !m.forgetUnknown(p) {
		m.cibTracked(modify("status", optCreate, xml.New("node_state", "id", id(p.ID), "uname", p.Name,
			"in_ccm", strconv.FormatBool(p.Member), "crm-debug-origin", "post_cache_update")))
	}
	if !p.Member {
		m.abort(infinity, abortRestart, "node left the membership: "+p.Name)
	}
}

// writeStates writes the state of every peer, as the DC does after a join.
func (m *Machine) writeStates() {
	nodes := xml.New("nodes")
	status := xml.New("status")
	for _, p := range m.cfg.Cache.All() {
		if p.Name == "" {
			continue
		}
		nodes.Append(xml.New("node", "id", id(p.ID), "uname", p.Name))
		if !p.Member && m.forgetUnknown(p) {
			continue
		}
		crmd := "offline"
		if p.In["crmd"] {
			crmd = "online"
		}
		join, expected := "down", ""
		switch {
		case m.join.phase[p.ID] == confirmed:
			join, expected = "member", "member"
		case m.join.phase[p.ID] == nacked:
			join = "nack"
		case p.Active("crmd"):
			join = "pending"
		}
		if m.expected[p.ID] {
			expected = "down"
		}
		n := status.Append(xml.New("node_state", "id", id(p.ID), "uname", p.Name,
			"in_ccm", strconv.FormatBool(p.Member), "crmd", crmd, "join", join))
		if expected != "" {
			n.Set("expected", expected)
		}
		n.Set("crm-debug-origin", "do_state_transition")
	}
	m.cibTracked(modify("nodes", optScoped, nodes))
	m.forgetNamesakes()
	m.cibTracked(modify("status", optScoped, status))
	m.writeQuorum()
}

// forgetNamesakes takes the nodes out of the CIB that have the name of a peer and
// an id that no peer has: what is left of a node that was given another id.
func (m *Machine) forgetNamesakes() {
	peers := m.cfg.Cache.All()
	for n := range m.doc.Descend("configuration", "nodes").Each("node") {
		of := slices.IndexFunc(peers, func(p *peer.Peer) bool { return p.Name != "" && p.Name == n.Get("uname") })
		if of < 0 || slices.ContainsFunc(peers, func(p *peer.Peer) bool { return id(p.ID) == n.ID() }) {
			continue
		}
		m.cfg.Log.Info("deleting an unknown node whose name another one has", "node", n.Get("uname"), "id", n.ID(), "of", peers[of].ID)
		for _, what := range [][2]string{{"nodes", "node"}, {"status", "node_state"}} {
			m.cibTracked(&cib.Op{Name: cib.OpDelete, Section: what[0], Options: optScoped,
				Data: xml.New(what[1], "id", n.ID(), "uname", n.Get("uname"))})
		}
	}
}

// cibTracked is cibOp for what a plan has to wait for.
func (m *Machine) cibTracked(op *cib.Op) {
	term := m.plan.term
	m.plan.writes++
	m.cibThen(op, func(_ time.Duration, code cib.Code, _ *xml.Element) {
		if m.plan.term == term {
			m.plan.writes--
		}
		if code != cib.OK {
			m.cfg.Log.Warn("update of the CIB failed", "op", op.Name, "section", op.Section, "err", code)
		}
	})
}
