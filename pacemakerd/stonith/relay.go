package stonith

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Who is asked to fence itself has another node do it, since it will not live to tell
// that it was done: nobody else would know, and it would be fenced once more. Spec:
// pacemaker-cluster.md 10.

// relay gives an operation on this node itself to another; false: there is none.
func (m *Machine) relay(op *operation) bool {
	for _, p := range m.cfg.Cache.Active("stonith-ng") {
		if p.Name == "" || p.ID == 0 || strings.EqualFold(p.Name, m.cfg.Node) || op.tried[p.Name] {
			continue
		}
		if op.tried == nil {
			op.id, op.tried, op.timeout = m.cfg.UUID(), map[string]bool{}, cmp.Or(op.timeout, time.Minute)
		}
		op.relayTo, op.asked, op.tried[p.Name] = p.Name, p.Name, true
		op.deadline = m.now + 3*op.timeout
		m.ops[op.id] = op
		sec := strconv.Itoa(int(op.timeout / time.Second))
		n := xml.New("stonith_command", "__name__", "stonith_command", "t", "stonith-ng", "st_async_id", op.client, "st_op", "st_relay",
			"st_callid", op.callID, "st_callopt", op.callOpt, "st_timeout", sec, "st_delay", "0", "st_clientid", op.client,
			"st_clientname", op.clientName, "st_clientnode", m.cfg.Node, "st_remote_op", op.id)
		n.Append(xml.New("st_calldata")).Append(xml.New("stonith_api_fence_with_delay", "st_target", op.target,
			"st_device_action", op.action, "st_timeout", sec, "st_tolerance", "0", "st_delay", "0"))
		m.cfg.Log.Info("fencing of this node relayed", "action", op.action, "node", p.Name)
		m.do(Send{p.Name, n})
		return true
	}
	return false
}

// relayed begins what another node was asked to do to itself.
func (m *Machine) relayed(from string, msg *xml.Element) {
	data := msg.Child("st_calldata").Child("")
	target, action := data.Get("st_target"), data.Get("st_device_action")
	if target == "" || !fences(action) || strings.EqualFold(target, m.cfg.Node) {
		m.cfg.Log.Warn("relayed fencing ignored", "node", from, "target", target, "action", action)
		return
	}
	m.cfg.Log.Info("fencing relayed", "node", from, "target", target, "action", action, "client", msg.Get("st_clientname"))
	sec, _ := strconv.Atoi(cmp.Or(data.Get("st_timeout"), msg.Get("st_timeout")))
	m.query(&operation{target: target, action: action, timeout: time.Duration(min(max(sec, 0), 1<<20)) * time.Second,
		client: msg.Get("st_clientid"), clientName: msg.Get("st_clientname"), callID: msg.Get("st_callid"), callOpt: msg.Get("st_callopt"),
		relay: msg.Get("st_remote_op")})
}

// relayEnded tells the client what came of an operation that another node has done.
func (m *Machine) relayEnded(n *xml.Element) {
	op := m.ops[n.Get("st_remote_op_relay")]
	if op == nil || op.relayTo == "" {
		return
	}
	delete(m.ops, op.id)
	var err error
	if n.Get("state") != "2" {
		err = errors.New(cmp.Or(n.Get("exit-reason"), "Generic Pacemaker error"))
	}
	m.tellClient(op, err)
}
