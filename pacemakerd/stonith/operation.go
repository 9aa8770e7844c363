package stonith

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// An operation is a request to fence a node that began on this node: it asks
// everybody who can, and has one of them do it (pacemaker-cluster.md 10).
type operation struct {
	id, target, action string
	timeout            time.Duration // of one device
	client, clientName string
	callID, callOpt    string
	frame              int32
	sync               bool
	controller         int // id of the controller's Fence, 0 for a client's

	answered map[string]int // node → how many devices it has
	asked    string         // node that was told to do it, "" while querying
	tried    map[string]bool
	deadline time.Duration
	why      string // of the last failure

	relay   string // id of the operation of another node that this is done for
	relayTo string // node that does it for us
}

// fences tells whether an action is one that operations are for.
func fences(action string) bool { return action == "off" || action == "reboot" || action == "on" }

func (m *Machine) sorted() []*operation {
	var list []*operation
	for _, id := range slices.Sorted(maps.Keys(m.ops)) {
		list = append(list, m.ops[id])
	}
	return list
}

// Fence asks for a node to be fenced on behalf of the controller; Fenced with
// the same id follows.
func (m *Machine) Fence(now time.Duration, id int, target, action string, timeout, delay time.Duration) []Action {
	m.begin(now)
	op := &operation{target: target, action: action, timeout: timeout, clientName: "pacemaker-controld." + strconv.Itoa(int(m.cfg.PID)),
		client: m.cfg.UUID(), callID: strconv.Itoa(id), callOpt: "2", controller: id}
	m.after(delay, func() { m.query(op) })
	return m.out
}

// query asks every fencer which devices it has for the target.
func (m *Machine) query(op *operation) {
	op.id = m.cfg.UUID()
	if m.leveled(op.target) {
		m.finish(op, "", ErrTopology)
		return
	}
	op.answered, op.tried = map[string]int{}, map[string]bool{}
	op.timeout = cmp.Or(op.timeout, time.Minute)
	op.deadline = m.now + op.timeout*6/5
	m.ops[op.id] = op
	n := m.command("st_query", op)
	n.Set("st_timeout", strconv.Itoa(int(op.timeout/time.Second)))
	m.do(Send{"", n})
}

func (m *Machine) command(name string, op *operation) *xml.Element {
	n := xml.New("stonith_command", "__name__", "stonith_command", "t", "stonith-ng", "st_async_id", op.id, "st_op", name,
		"st_callid", op.callID, "st_callopt", op.callOpt, "st_remote_op", op.id, "st_target", op.target, "st_device_action", op.action,
		"st_origin", m.cfg.Node, "st_clientid", op.client, "st_clientname", op.clientName)
	if op.relay != "" {
		n.Set("st_remote_op_relay", op.relay)
	}
	return n
}

// advance picks who shall do it, once enough has been heard.
func (op *operation) advance(m *Machine, last bool) {
	if op.asked != "" {
		return
	}
	all := true
	var others, self []string
	for _, p := range m.cfg.Cache.Active("stonith-ng") {
		n, ok := op.answered[p.Name]
		all = all && (ok || p.Name == "")
		switch {
		case n == 0 || op.tried[p.Name]:
		case strings.EqualFold(p.Name, op.target):
			self = append(self, p.Name)
		default:
			others = append(others, p.Name)
		}
	}
	switch {
	case len(others) > 0:
		op.execute(m, others[0])
	case !all && !last:
	case len(self) > 0:
		op.execute(m, self[0])
	case len(op.tried) > 0:
		m.finish(op, "", errors.New(cmp.Or(op.why, "Generic Pacemaker error")))
	case all:
		m.finish(op, "", ErrNoDevice)
	default:
		m.finish(op, "", ErrTimeout)
	}
}

func (op *operation) execute(m *Machine, node string) {
	op.asked = node
	op.tried[node] = true
	op.deadline = m.now + op.timeout*time.Duration(max(1, op.answered[node]))*6/5
	n := m.command("st_fence", op)
	n.Set("st_timeout", strconv.Itoa(int(op.timeout/time.Second)))
	n.Set("st_delay", "0")
	m.cfg.Log.Info("fencing asked for", "target", op.target, "action", op.action, "node", node)
	m.do(Send{node, n})
}

func (op *operation) tick(m *Machine) {
	if op.deadline == 0 || m.now < op.deadline {
		return
	}
	if op.relayTo != "" {
		delete(m.ops, op.id)
		m.tellClient(op, ErrTimeout)
		return
	}
	op.why = ErrTimeout.Error()
	op.asked = ""
	op.deadline = m.now + op.timeout*6/5
	op.advance(m, true)
}

// peerLost gives up on a node that was asked and is gone.
func (op *operation) peerLost(m *Machine, name string) {
	if op.relayTo != "" {
		if strings.EqualFold(op.relayTo, name) {
			delete(m.ops, op.id)
			if op.relayTo = ""; !m.relay(op) {
				op.asked = ""
				m.query(op)
			}
		}
		return
	}
	if strings.EqualFold(op.asked, name) {
		op.why = "node " + name + " left while it was fencing"
		op.asked = ""
	}
	op.advance(m, false)
}

// finish tells everybody, and whoever asked, what came of an operation.
func (m *Machine) finish(op *operation, delegate string, err error) {
	delete(m.ops, op.id)
	state := "2"
	if err != nil {
		state = "4"
	}
	status, rc, legacy := codes(err)
	n := xml.New("st-reply", "t", "st_notify", "subt", "broadcast", "st_op", "st_notify", "count", strconv.Itoa(len(m.cfg.Cache.Active("stonith-ng"))))
	note := n.Append(xml.New("st_calldata")).Append(xml.New("st_notify_fence", "state", state, "st_target", op.target, "st_device_action", op.action))
	if delegate != "" {
		note.Set("st_delegate", delegate)
	}
	for _, a := range []xml.Attr{{Name: "st_remote_op", Value: op.id}, {Name: "st_origin", Value: m.cfg.Node}, {Name: "st_clientid", Value: op.client},
		{Name: "st_clientname", Value: op.clientName}, {Name: "op-status", Value: status}, {Name: "rc-code", Value: rc}, {Name: "st_rc", Value: legacy}} {
		note.Set(a.Name, a.Value)
	}
	if op.relay != "" {
		note.Set("st_remote_op_relay", op.relay)
	}
	m.do(Send{"", n})
	if op.controller != 0 {
		m.do(Fenced{op.controller, op.target, err})
		return
	}
	if op.relay == "" { // else the client is on another node
		m.tellClient(op, err)
	}
}

// codes are the numbers of an outcome.
func codes(err error) (status, rc, legacy string) {
	switch {
	case err == nil:
		return "0", "0", "0"
	case errors.Is(err, ErrNoDevice):
		return "10", "105", "-19"
	case errors.Is(err, ErrTimeout):
		return "2", "124", "-62"
	}
	return "4", "1", "-201"
}

// tellClient answers who asked for an operation.
func (m *Machine) tellClient(op *operation, err error) {
	status, rc, legacy := codes(err)
	reply := xml.New("st-reply", "st_origin", "fenced_construct_reply", "t", "stonith-ng", "op-status", status, "rc-code", rc)
	if err != nil {
		reply.Set("exit-reason", err.Error())
	}
	for _, a := range []xml.Attr{{Name: "st_rc", Value: legacy}, {Name: "st_op", Value: "st_fence"}, {Name: "st_callid", Value: op.callID},
		{Name: "st_clientid", Value: op.client}, {Name: "st_clientname", Value: op.clientName}, {Name: "st_callopt", Value: op.callOpt}} {
		reply.Set(a.Name, a.Value)
	}
	m.answer(op.client, op.frame, op.sync, reply)
}
