package controller

import (
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// joinOffer answers a DC's offer (the other side of join.go).
func (m *Machine) joinOffer(from string, msg *xml.Element) {
	if m.state == Stopping || m.state == Terminated || m.state == Starting {
		return
	}
	theirs := msg.Get("crm_feature_set")
	if theirs == "" {
		theirs = "3.0.14"
	}
	if !Compatible(theirs, m.cfg.FeatureSet) {
		m.cfg.Log.Error("this node's feature set does not fit the cluster's", "ours", m.cfg.FeatureSet, "theirs", theirs, "node", from)
		m.terminate(100)
		return
	}
	if strings.EqualFold(from, m.cfg.Node) {
		if !m.isDC {
			return // sent before an election was lost
		}
	} else {
		if m.isDC {
			m.cfg.Log.Warn("another DC", "node", from)
			m.elect()
			return
		}
		if m.state == Electing {
			return // the round decides; the winner offers again
		}
		if m.dc != "" && !strings.EqualFold(from, m.dc) {
			// One of the two is none any more, and this offer may be old: whoever
			// is the DC answers.
			m.cfg.Log.Warn("an offer to join from another node than the DC; asking who it is", "node", from, "dc", m.dc)
			m.setDC("")
			m.pend()
			m.announce()
			return
		}
		m.timers.dcDead, m.timers.announce = 0, 0
		if m.state == NotDC {
			m.enter(Pending)
		}
		m.election.Lose()
	}
	m.setDC(from)
	m.version = msg.Get("version")
	m.offer = msg.Get("join_id")
	m.request(peer.Request{Origin: "join_query_callback", Task: "join_request", To: "dc", From: "crmd", Host: from,
		Data:  cib.Generation(m.doc),
		Attrs: []xml.Attr{{Name: "join_id", Value: m.offer}, {Name: "crm_feature_set", Value: m.cfg.FeatureSet}}})
}

// joinAck takes the DC's word that we are in, or not.
func (m *Machine) joinAck(from string, msg *xml.Element) {
	if m.dc == "" || !strings.EqualFold(from, m.dc) || msg.Get("join_id") != m.offer {
		return
	}
	if !peer.IsTrue(msg.Get("join_ack_nack")) {
		m.cfg.Log.Error("the DC does not let this node in", "node", from)
		m.terminate(100)
		return
	}
	m.do(Attr{Node: m.cfg.Node, Name: "#feature-set", Value: m.cfg.FeatureSet})
	m.request(peer.Request{Origin: "do_cl_join_finalize_respond", Task: "join_confirm", To: "dc", From: "crmd", Host: from,
		Data:  m.ownState("controld_query_executor_state"),
		Attrs: []xml.Attr{{Name: "join_id", Value: m.offer}}})
	if !m.isDC {
		m.enter(NotDC)
		if m.stopping {
			m.askToShutDown()
		}
	}
}

// Delivered handles a message of group crmd from a node.
func (m *Machine) Delivered(now time.Duration, from string, msg *xml.Element) []Action {
	m.begin(now)
	msg.Set("src", from)
	if msg.Get("subt") == "response" {
		m.relayResponse(msg)
		return m.out
	}
	to := msg.Get("crm_sys_to")
	switch task := msg.Get("crm_task"); {
	case task == "vote", task == "no-vote":
		m.vote(from, msg)
	case task == "join_announce":
		m.announced(from)
	case task == "join_offer":
		m.joinOffer(from, msg)
	case task == "join_request":
		m.joinRequest(from, msg)
	case task == "join_ack_nack":
		m.joinAck(from, msg)
	case task == "join_confirm":
		m.joinConfirm(from, msg)
	case task == "lrm_invoke" && to == "lrmd":
		if a := peer.Data(msg); a != nil {
			m.ordered(order{from: from, sys: msg.Get("crm_sys_from"), op: a})
		}
	case task == "lrm_invoke" && to == "tengine":
		m.directAck(msg)
	case task == "lrm_invoke": // what an executor answers to a client here
		m.relayResponse(msg)
	case task == "probe_again" || task == "reprobe":
		m.reprobe(from, msg)
	case task == "lrm_delete" || task == "lrm_fail":
		if a := peer.Data(msg); a != nil {
			m.clientInvoke(from, task, msg, a)
		}
	case task == "req_shutdown":
		m.shutdownRequested(from)
	case task == "do_shutdown":
		switch {
		case m.state == Terminated || !m.fromDC(from, task):
		case m.mustStay():
			m.stayed()
		default:
			m.cfg.Log.Info("the DC lets this node go", "node", from)
			m.leave()
		}
	case task == "hello":
		if p := m.cfg.Cache.ByName(from); m.isDC && p != nil && p.Active("crmd") && m.join.phase[p.ID] == unjoined && p.ID != m.cfg.ID {
			m.offerTo(p)
		}
	case task == "rm_node_cache":
		m.forgetNode(msg)
	case task == "clear_failcount":
		if e := peer.Data(msg); e != nil && m.fromDC(from, task) {
			m.clearFailures(e)
		}
	case task == "ping":
		m.pinged(from, msg)
	case task == "throttle":
		m.throttled(from, msg)
	case task == "noop":
	default:
		m.cfg.Log.Debug("message ignored", "task", task, "node", from)
	}
	m.settle()
	return m.out
}
