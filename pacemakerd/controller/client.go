package controller

import (
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Asked handles a request of a local client of the endpoint crmd, after its
// hello. crm_sys_from is replaced by the client's id, which answers go to.
// Spec: pacemaker-ipc.md 5.
func (m *Machine) Asked(now time.Duration, by Asker, msg *xml.Element) []Action {
	m.begin(now)
	if msg.Get("subt") == "response" {
		return nil // clients answer nothing
	}
	by.sign(msg)
	to, host, task := msg.Get("crm_sys_to"), msg.Get("crm_host_to"), msg.Get("crm_task")
	elsewhere := to == "dc" && !m.isDC || host != "" && !strings.EqualFold(host, m.cfg.Node)
	switch {
	case elsewhere && !mayRelay(task, by.Privileged):
		m.cfg.Log.Warn("client's request for another node refused", "task", task, "user", by.User, "node", host)
	case to == "dc" && !m.isDC:
		if m.dc == "" {
			m.cfg.Log.Debug("request for the DC, which is unknown", "task", task)
			break
		}
		m.relay(m.dc, msg)
	case elsewhere:
		m.relay(host, msg)
	case host == "" && (task == "probe_again" || task == "reprobe"): // of every node
		if mayRelay(task, by.Privileged) {
			m.do(Send{Type: peer.SubCRMD, Msg: msg})
		}
	default:
		m.serve(by, msg)
	}
	m.settle()
	return m.out
}

// relay passes a client's request to another node, whose answer comes back by
// the client's id.
func (m *Machine) relay(host string, msg *xml.Element) {
	msg.Set("crm_host_to", host)
	m.do(Send{To: host, Type: peer.SubCRMD, Msg: msg})
}

func (m *Machine) serve(by Asker, msg *xml.Element) {
	reply := func(data *xml.Element) {
		r := m.cfg.Writer.Reply(msg, data)
		r.Set("src", m.cfg.Node)
		m.do(Reply{Client: by.Client, Msg: r})
	}
	switch task := msg.Get("crm_task"); task {
	case "ping":
		reply(m.pingResponse(msg))
	case "node-info":
		reply(m.nodeInfo(msg))
	case "list-nodes":
		nodes := xml.New("nodes")
		for _, p := range m.cfg.Cache.All() {
			state := "lost"
			if p.Member {
				state = "member"
			}
			nodes.Append(xml.New("node", "id", id(p.ID), "uname", p.Name, "in_ccm", state))
		}
		reply(nodes)
	case "rm_node_cache":
		if by.Privileged {
			m.request(peer.Request{Origin: "handle_rm_node_cache", Task: "rm_node_cache", To: "crmd", From: "crmd",
				Attrs: []xml.Attr{{Name: "id", Value: msg.Get("id")}, {Name: "uname", Value: msg.Get("uname")}}})
		}
	case "lrm_delete", "lrm_fail":
		if a := peer.Data(msg); a != nil {
			m.clientInvoke(m.cfg.Node, task, msg, a)
		}
	case "probe_again", "reprobe":
		m.reprobe(m.cfg.Node, msg)
	case "lrm_refresh":
		if by.Privileged && m.isDC {
			m.wantPlan("probe asked for")
		}
	case "start_shutdown":
		if by.Privileged {
			m.shutdown()
		}
	default:
		m.cfg.Log.Info("client's request ignored", "task", task)
	}
}

// clientInvoke carries out what crm_resource asks of a node's executor.
func (m *Machine) clientInvoke(from, task string, msg, op *xml.Element) {
	p := op.Child("primitive")
	a := ack{node: from, sys: msg.Get("crm_sys_from"), key: op.Get("transition-key"), rsc: p.ID(), task: "delete", op: op}
	if a.rsc == "" || m.state == Stopping || m.state == Terminated {
		return
	}
	if task == "lrm_fail" {
		a.task = "asyncmon"
	}
	if !m.mayInvoke(from, task, a.rsc, msg) {
		if msg.Get(attrUser) != "" {
			m.refuseInvoke(a, a.task)
		}
		return
	}
	if task == "lrm_fail" {
		m.invokeFail(a)
		return
	}
	if op.Get("mode") == "cib" && op.Get("on_node") != m.cfg.Node {
		m.cibOp(erase(nodeState(op.Get("on_node")) + "//lrm_resource[@id=" + xml.Quoted(a.rsc) + "]"))
	}
	m.invokeDelete(a)
}

func (m *Machine) pingResponse(msg *xml.Element) *xml.Element {
	return xml.New("ping_response", "crm_subsystem", msg.Get("crm_sys_to"), "crmd_state", string(m.state), "result", "ok")
}

// pinged answers a peer's client.
func (m *Machine) pinged(from string, msg *xml.Element) {
	if msg.Get("crm_sys_to") == "dc" && !m.isDC {
		return
	}
	m.do(Send{To: from, Type: peer.SubCRMD, Msg: m.cfg.Writer.Reply(msg, m.pingResponse(msg))})
}

// relayResponse hands an answer from a peer to the client that waits for it.
func (m *Machine) relayResponse(msg *xml.Element) {
	if c := msg.Get("crm_sys_to"); c != "" && c != "crmd" && c != "dc" {
		m.do(Reply{Client: c, Msg: msg})
	}
}

func (m *Machine) nodeInfo(msg *xml.Element) *xml.Element {
	n := xml.New("node", "crm_subsystem", "crmd", "have-quorum", strconv.FormatBool(m.quorate))
	nid, name := m.cfg.ID, m.cfg.Node
	if v, err := strconv.ParseUint(msg.Get("id"), 10, 32); err == nil && v != 0 {
		nid, name = uint32(v), ""
	} else if u := msg.Get("uname"); u != "" {
		nid, name = 0, u
	}
	var p *peer.Peer
	if nid != 0 {
		p = m.cfg.Cache.Find(nid)
	} else {
		p = m.cfg.Cache.ByName(name)
	}
	if p == nil {
		return n
	}
	state := "lost"
	if p.Member {
		state = "member"
	}
	n.Set("id", id(p.ID))
	n.Set("uname", p.Name)
	n.Set("crmd", state)
	n.Set("remote_node", "false")
	return n
}

func (m *Machine) forgetNode(msg *xml.Element) {
	nid, _ := strconv.ParseUint(msg.Get("id"), 10, 32)
	if m.cfg.Cache.Remove(uint32(nid), msg.Get("uname")) {
		m.cfg.Log.Info("peer forgotten", "id", nid, "node", msg.Get("uname"))
	}
}
