package controller

import (
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// announceDelay is how long a new controller waits before it looks for a DC.
const announceDelay = time.Second

// resumeDelay is the same for a controller whose predecessor was a member: the
// DC need not get to know it first.
const resumeDelay = 100 * time.Millisecond

// Start is called when the CIB is there, this node has joined group crmd and
// the membership is known.
func (m *Machine) Start(now time.Duration) []Action {
	m.begin(now)
	if m.state != Starting {
		return nil
	}
	nodes := xml.New("nodes")
	for _, p := range m.cfg.Cache.All() {
		if p.Name != "" {
			nodes.Append(xml.New("node", "id", id(p.ID), "uname", p.Name))
		}
	}
	m.cibOp(modify("nodes", optScoped, nodes))
	m.forgetNamesakes()
	m.pend()
	switch {
	case !m.cfg.Resumed:
	case m.cfg.DC == "", strings.EqualFold(m.cfg.DC, m.cfg.Node): // nobody else may know that there is none
		m.elect()
	default: // it is there, and takes us for joined
		m.timers.announce = now + resumeDelay
	}
	return m.out
}

// pend waits for a DC, and for an election if none shows up (I_PENDING).
func (m *Machine) pend() {
	m.releaseDC()
	m.enter(Pending)
	m.timers.announce = m.now + announceDelay
	m.timers.dcDead = m.now + m.option("dc-deadtime")
}

// announce asks who is the DC.
func (m *Machine) announce() {
	m.timers.announce = 0
	m.request(peer.Request{Origin: "do_cl_join_query", Task: "join_announce", To: "dc", From: "crmd"})
}

// Tick carries out what is due.
func (m *Machine) Tick(now time.Duration) []Action {
	m.begin(now)
	due := func(t *time.Duration) bool {
		if *t == 0 || now < *t {
			return false
		}
		*t = 0
		return true
	}
	if due(&m.timers.announce) && m.state == Pending {
		m.announce()
	}
	if due(&m.timers.dcDead) && m.state == Pending {
		m.cfg.Log.Info("no DC has answered", "waited", m.option("dc-deadtime"))
		m.elect()
	}
	if m.election.Expired(now) && m.state == Electing {
		m.cfg.Log.Warn("election took too long; taking over")
		m.takeOver()
	}
	if due(&m.timers.integration) {
		m.integrationTimeout()
	}
	if due(&m.timers.finalize) {
		m.finalizeTimeout()
	}
	if due(&m.timers.recheck) && m.state == Idle {
		m.wantPlan("recheck interval")
	}
	if due(&m.timers.replan) && m.isDC {
		m.wantPlan("delayed change")
	}
	if due(&m.timers.escalation) && m.stopping && m.state != Terminated {
		m.cfg.Log.Error("shutdown took too long; leaving without it")
		m.leave()
	}
	m.execActions(m.exec.queue.Tick(now))
	m.graphTimeouts()
	m.settle()
	return m.out
}

// Next returns when the Machine wants a Tick and why, 0 for not at all.
func (m *Machine) Next() (at time.Duration, why string) {
	take := func(t time.Duration, name string) {
		if t != 0 && (at == 0 || t < at) {
			at, why = t, name
		}
	}
	take(m.timers.announce, "join announce")
	take(m.timers.dcDead, "dc-deadtime")
	take(m.election.Deadline(), "election-timeout")
	take(m.timers.integration, "join-integration-timeout")
	take(m.timers.finalize, "join-finalization-timeout")
	take(m.timers.recheck, "cluster-recheck-interval")
	take(m.timers.replan, "delayed planning")
	take(m.timers.escalation, "shutdown-escalation")
	if m.goLater {
		take(m.unseenUntil, "resources of an earlier process were not found")
	}
	t, name := m.exec.queue.Next()
	take(t, name)
	take(m.graphDeadline(), "action timer")
	return at, why
}

// elect begins a round of the election (I_ELECTION).
func (m *Machine) elect() {
	if m.state == Stopping || m.state == Terminated || m.state == Starting {
		return
	}
	m.timers.dcDead, m.timers.announce = 0, 0
	m.haltGraph("election")
	m.enter(Electing)
	m.do(Send{Type: peer.SubCRMD, Msg: m.election.Vote(m.now, m.cfg.Writer)})
}

// vote judges a vote or no-vote.
func (m *Machine) vote(from string, msg *xml.Element) {
	candidate := m.state != Starting && m.state != Stopping && m.state != Terminated
	active := false
	for _, p := range m.cfg.Cache.Active("crmd") {
		active = active || strings.EqualFold(p.Name, from)
	}
	outcome, reply := m.election.Count(m.now, m.cfg.Writer, msg, from, candidate, active)
	if reply != nil {
		m.do(Send{To: from, Type: peer.SubCRMD, Msg: reply})
	}
	switch outcome {
	case peer.VotePassed:
		m.elect()
	case peer.VoteLost:
		if m.state == Starting || m.state == Stopping || m.state == Terminated {
			return
		}
		m.setDC("")
		m.pend()
		m.timers.announce = 0 // the winner offers by itself
	case peer.VoteCounted:
		m.checkElection()
	}
}

func (m *Machine) checkElection() {
	if m.state == Electing && m.election.Complete(len(m.cfg.Cache.Active("crmd"))) {
		m.takeOver()
	}
}

// takeOver makes this node the DC (I_ELECTION_DC): it writes what a DC writes
// and offers every active peer to join.
func (m *Machine) takeOver() {
	m.cfg.Log.Info("became controller", "node", m.cfg.Node, "previous", m.dc)
	m.isDC = true
	m.timers.dcDead, m.timers.announce = 0, 0
	m.setDC(m.cfg.Node)
	m.version = m.cfg.FeatureSet
	m.cibOp(&cib.Op{Name: cib.OpMaster, Options: cib.ScopeLocal})
	m.cibOp(modify("cib", optUpdate, xml.New("cib", "crm_feature_set", m.cfg.FeatureSet)))
	m.writeOption("have-watchdog", "false")
	m.writeOption("dc-version", m.cfg.Version)
	m.writeOption("cluster-infrastructure", "corosync")
	if m.clusterOption("cluster-name") == "" && m.cfg.ClusterName != "" {
		m.writeOption("cluster-name", m.cfg.ClusterName)
	}
	if m.fencedDC != "" {
		m.fencedState(m.fencedDC)
		m.fencedDC = ""
	}
	m.offerAll()
}

// writeOption sets a cluster option, in place where it already is.
func (m *Machine) writeOption(name, value string) {
	conf := m.doc.Descend("configuration", "crm_config")
	for set := range conf.Each("cluster_property_set") {
		for nv := range set.Each("nvpair") {
			if nv.Get("name") == name {
				m.cibOp(modify("crm_config", optUpdate, xml.New("nvpair", "id", nv.ID(), "name", name, "value", value)))
				return
			}
		}
	}
	const set = "cib-bootstrap-options"
	up := xml.New("crm_config")
	up.Append(xml.New("cluster_property_set", "id", set)).
		Append(xml.New("nvpair", "id", set+"-"+name, "name", name, "value", value))
	m.cibOp(modify("crm_config", optUpdate, up))
}

// releaseDC gives up what only a DC has.
func (m *Machine) releaseDC() {
	if !m.isDC {
		return
	}
	m.isDC = false
	m.dropGraph()
	m.join.reset()
	m.newTerm()
	m.cibOp(&cib.Op{Name: cib.OpSlave, Options: cib.ScopeLocal})
	if m.dc == m.cfg.Node {
		m.setDC("")
	}
}
