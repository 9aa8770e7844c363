package controller

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// phase is how far a node has come in the current join.
type phase int

const (
	unjoined phase = iota
	welcomed
	integrated
	finalized
	confirmed
	nacked
)

// joins is the DC's view of who has joined (pacemaker-cluster.md 4).
type joins struct {
	id      int
	phase   map[uint32]phase
	best    cib.Version // of those that answered
	from    string      // who has it
	syncing bool
	synced  bool
}

func (j *joins) reset() {
	j.phase = map[uint32]phase{}
	j.from, j.best = "", cib.Version{}
	j.syncing, j.synced = false, false
}

func (j *joins) forget(id uint32) { delete(j.phase, id) }

func (j *joins) any(p phase) bool {
	for _, q := range j.phase {
		if q == p {
			return true
		}
	}
	return false
}

func (j *joins) ids() []uint32 { return slices.Sorted(maps.Keys(j.phase)) }

// offerAll begins a new round with every active peer, this node included.
func (m *Machine) offerAll() {
	m.haltGraph("nodes join")
	m.join.reset()
	m.join.id++
	m.enter(Integration)
	for _, p := range m.cfg.Cache.Active("crmd") {
		if p.Name == "" {
			m.cfg.Log.Info("peer has no name yet; it will be offered to join when it speaks", "id", p.ID)
			continue
		}
		m.welcome(p)
	}
}

func (m *Machine) welcome(p *peer.Peer) {
	m.join.phase[p.ID] = welcomed
	m.do(Send{To: p.Name, Type: peer.SubCRMD, Msg: m.dcMessage("join_offer", p.Name, "")})
}

func (m *Machine) dcMessage(task, to, ack string) *xml.Element {
	attrs := []xml.Attr{{Name: "join_id", Value: strconv.Itoa(m.join.id)}, {Name: "dc-leaving", Value: "false"}}
	if task == "join_offer" {
		attrs = append(attrs, xml.Attr{Name: "crm_feature_set", Value: m.cfg.FeatureSet})
	}
	if ack != "" {
		attrs = append(attrs, xml.Attr{Name: "join_ack_nack", Value: ack})
	}
	return m.cfg.Writer.Request(peer.Request{Origin: "create_dc_message", Task: task, To: "crmd", From: "dc", Host: to, Attrs: attrs})
}

// offerTo offers one node to join the current round, together with the DC
// itself, whose CIB and history have to be told anew.
func (m *Machine) offerTo(p *peer.Peer) {
	switch m.join.phase[p.ID] {
	case confirmed, welcomed:
		return
	}
	m.haltGraph("nodes join")
	m.join.from, m.join.best = "", cib.Version{}
	m.join.syncing, m.join.synced = false, false
	m.enter(Integration)
	m.welcome(p)
	if me := m.cfg.Cache.Get(m.cfg.ID); p.ID != m.cfg.ID && m.join.phase[me.ID] != welcomed {
		m.welcome(me)
	}
}

// announced answers a node that looks for a DC.
func (m *Machine) announced(from string) {
	if !m.isDC {
		return
	}
	p := m.cfg.Cache.ByName(from)
	if p == nil || !p.Active("crmd") {
		return
	}
	if p.ID != m.cfg.ID {
		switch m.join.phase[p.ID] {
		case confirmed:
			m.join.phase[p.ID] = unjoined // it has forgotten, so it has restarted
		case welcomed:
			// It was still starting when we saw it come, and let our offer pass.
			m.welcome(p)
			return
		}
	}
	m.offerTo(p)
}

// joinRequest takes a node's answer to our offer.
func (m *Machine) joinRequest(from string, msg *xml.Element) {
	p := m.cfg.Cache.ByName(from)
	if !m.isDC || p == nil || msg.Get("join_id") != strconv.Itoa(m.join.id) {
		return
	}
	generation := peer.Data(msg)
	theirs := msg.Get("crm_feature_set")
	why := ""
	switch {
	case !p.Active("crmd"):
		why = "not an active member"
	case theirs == "":
		why = "feature set pre-3.1.0 is incompatible with " + m.cfg.FeatureSet
	case !Compatible(m.cfg.FeatureSet, theirs):
		why = "feature set " + theirs + " is incompatible with " + m.cfg.FeatureSet
	case generation == nil:
		why = "no CIB generation"
	}
	if why != "" {
		m.cfg.Log.Error("join refused", "node", from, "why", why)
		m.join.phase[p.ID] = nacked
		return
	}
	if ph := m.join.phase[p.ID]; ph == finalized || ph == confirmed {
		// It answers two offers of this round, and waits for two acknowledgements.
		m.do(Send{To: p.Name, Type: peer.SubCRMD, Msg: m.dcMessage("join_ack_nack", p.Name, "true")})
		return
	}
	if v := cib.VersionOf(generation); m.join.from == "" || v.Compare(m.join.best) > 0 ||
		v == m.join.best && p.ID == m.cfg.ID {
		m.join.best, m.join.from = v, p.Name
	}
	m.join.phase[p.ID] = integrated
}

// Compatible tells whether a node with feature set theirs may join a DC with
// ours: the same first number, and a second one that is not lower.
func Compatible(ours, theirs string) bool {
	number := func(s string, i int) int {
		parts := strings.Split(s, ".")
		if i >= len(parts) {
			return 0
		}
		n, _ := strconv.Atoi(parts[i])
		return n
	}
	return number(ours, 0) == number(theirs, 0) && number(theirs, 1) >= number(ours, 1)
}

// advanceJoin moves a round on when nothing is outstanding.
func (m *Machine) advanceJoin() {
	if !m.isDC {
		return
	}
	if m.state == Integration && !m.join.any(welcomed) {
		m.finalize()
	}
	if m.state == FinalizeJoin && m.join.synced && !m.join.any(finalized) && !m.join.any(integrated) {
		m.joined()
	}
}

// finalize gives every integrated node the newest CIB (I_INTEGRATED).
func (m *Machine) finalize() {
	if !m.join.any(integrated) {
		if m.join.any(confirmed) { // whoever was to join is gone again
			m.join.synced = true
			m.enter(FinalizeJoin)
			m.joined()
		}
		return
	}
	m.enter(FinalizeJoin)
	m.syncFrom(m.join.from)
}

func (m *Machine) syncFrom(name string) {
	round := m.join.id
	m.join.syncing = true
	m.cfg.Log.Debug("CIB taken", "node", name, "version", m.join.best.String())
	m.cibThen(&cib.Op{Name: cib.OpSync, Host: name, Options: optUpdate}, func(_ time.Duration, code cib.Code, _ *xml.Element) {
		if !m.isDC || m.join.id != round || !m.join.syncing {
			return
		}
		m.join.syncing = false
		if code != cib.OK {
			m.cfg.Log.Warn("sync of the CIB failed", "node", name, "err", code)
			m.offerAll()
			return
		}
		if !strings.EqualFold(name, m.cfg.Node) && m.join.any(confirmed) {
			// What this CIB says of those that joined before is as old as the node
			// that had it: all say again what they run.
			m.cfg.Log.Info("a joining node had a newer CIB; all join again", "node", name)
			m.offerAll()
			return
		}
		m.acknowledge()
	})
}

// acknowledge tells the integrated nodes that they are in.
func (m *Machine) acknowledge() {
	m.join.synced = true
	for _, nid := range m.join.ids() {
		p := m.cfg.Cache.Find(nid)
		if m.join.phase[nid] != integrated || p == nil {
			continue
		}
		m.cibOp(modify("nodes", optCreate, xml.New("node", "id", id(nid), "uname", p.Name)))
		m.join.phase[nid] = finalized
		m.do(Send{To: p.Name, Type: peer.SubCRMD, Msg: m.dcMessage("join_ack_nack", p.Name, "true")})
	}
}

// joinConfirm takes a node's history; with it the node is a member.
func (m *Machine) joinConfirm(from string, msg *xml.Element) {
	p := m.cfg.Cache.ByName(from)
	if !m.isDC || p == nil || msg.Get("join_id") != strconv.Itoa(m.join.id) || m.join.phase[p.ID] != finalized {
		return
	}
	state := peer.Data(msg)
	if p.ID == m.cfg.ID {
		state = m.ownState("controld_query_executor_state") // newer than what went round
	}
	if state == nil || state.Name != "node_state" || state.ID() != id(p.ID) {
		m.cfg.Log.Error("join confirmed without a node's state", "node", from)
		m.join.phase[p.ID] = nacked
		return
	}
	m.join.phase[p.ID] = confirmed
	m.cibOp(erase(nodeState(p.Name) + "/lrm"))
	m.cibTracked(modify("status", optCreate, state.Clone()))
}

// joined ends a round: what it came to is written, and planned for.
func (m *Machine) joined() {
	m.join.syncing, m.join.synced = false, false
	m.writeStates()
	var members []string
	for _, nid := range m.join.ids() {
		if p := m.cfg.Cache.Find(nid); m.join.phase[nid] == confirmed && p != nil {
			members = append(members, p.Name)
		}
	}
	m.cfg.Log.Info("join complete", "members", members)
	m.enter(PolicyEngine)
	m.wantPlan("nodes joined")
}

func (m *Machine) integrationTimeout() {
	for _, nid := range m.join.ids() {
		if m.join.phase[nid] == welcomed {
			m.cfg.Log.Warn("node has not answered our offer to join", "id", nid)
			m.join.phase[nid] = unjoined
		}
	}
}

func (m *Machine) finalizeTimeout() {
	m.cfg.Log.Warn("join has not been confirmed by all; starting again")
	m.offerAll()
}
