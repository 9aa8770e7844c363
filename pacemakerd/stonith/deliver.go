package stonith

import (
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// maxHistory is how many finished operations are remembered.
const maxHistory = 500

// Delivered handles a message of group stonith-ng from a node.
func (m *Machine) Delivered(now time.Duration, from string, msg *xml.Element) []Action {
	m.begin(now)
	reply := msg.Name == "st-reply"
	switch op := msg.Get("st_op"); {
	case op == "st_query" && reply:
		if o := m.ops[msg.Get("st_remote_op")]; o != nil {
			n, _ := strconv.Atoi(msg.Child("st_calldata").Child("").Get("st-available-devices"))
			o.answered[from] = n
			o.advance(m, false)
		}
	case op == "st_query":
		m.answerQuery(from, msg)
	case op == "st_fence" && reply:
		m.executed(from, msg)
	case op == "st_fence":
		m.fenceLocally(from, msg)
	case op == "st_relay":
		m.relayed(from, msg)
	case op == "st_notify":
		m.noticed(msg.Descend("st_calldata", "st_notify_fence"))
	case op == "st_fence_history":
		for e := range msg.Walk() {
			if e.Name == "st_execute" {
				m.remember(e.Clone())
			}
		}
	}
	return m.out
}

// capable returns the devices for a target. ready is false while an agent has
// to be asked for its list; then is called again when it has answered.
func (m *Machine) capable(target string, then func()) (list []*device, ready bool) {
	ready = true
	for _, d := range m.devices {
		meta := m.metas[d.agent]
		yes, known := m.reaches(d, target)
		if !known {
			ready = false
			m.run(d.agent, d.id, 20*time.Second, d.options("list", "", meta), func(f lrmd.Finish) {
				text := f.Output
				if f.RC != 0 || f.Status != lrmd.Done {
					m.cfg.Log.Warn("fence device does not list its targets", "device", d.id, "reason", f.Reason)
					text = ""
				}
				d.takeList(text, m.now)
				then()
			})
			return nil, false
		}
		if yes {
			list = append(list, d)
		}
	}
	return list, ready
}

// answerQuery tells the origin which devices this node has for the target.
func (m *Machine) answerQuery(from string, msg *xml.Element) {
	target := msg.Get("st_target")
	list, ready := m.capable(target, func() { m.answerQuery(from, msg) })
	if !ready {
		return
	}
	r := constructed(msg, "st_query", msg.Get("st_clientid"), msg.Get("st_clientname"), outcome{"0", "0", "0"}, "st_remote_op")
	q := r.Append(xml.New("st_calldata")).Append(xml.New("stonith_query_capable_device_cb", "st_target", target, "st-available-devices", strconv.Itoa(len(list))))
	for _, d := range list {
		e := q.Append(m.described(d, m.started[d.id]))
		e.Append(xml.New("st_device_action", "id", "off"))
		e.Append(xml.New("st_device_action", "id", "on"))
	}
	m.do(Send{from, r})
}

// support is the bit mask of what an agent can do.
func (m *Machine) support(d *device) (flags int) {
	meta := m.metas[d.agent]
	if meta == nil {
		return 0
	}
	for action, bit := range map[string]int{"list": 1, "status": 2, "reboot": 4, "on": 32} {
		if meta.Supports(action) {
			flags |= bit
		}
	}
	if meta.Param("plug") != nil {
		flags |= 8
	}
	if meta.Param("port") != nil {
		flags |= 16
	}
	return flags
}

// fenceLocally carries out a request with this node's devices, one after the
// other until one succeeds.
func (m *Machine) fenceLocally(from string, msg *xml.Element) {
	target, action := msg.Get("st_target"), msg.Get("st_device_action")
	if !fences(action) {
		m.replyFence(from, msg, "", "action "+action+" fences nobody")
		return
	}
	list, ready := m.capable(target, func() { m.fenceLocally(from, msg) })
	if !ready {
		return
	}
	if want := msg.Get("st_device_id"); want != "" {
		var one []*device
		for _, d := range list {
			if d.id == want {
				one = append(one, d)
			}
		}
		list = one
	}
	sec, _ := strconv.Atoi(msg.Get("st_timeout"))
	timeout := time.Duration(max(sec, 1)) * time.Second
	var next func(i int, why string)
	next = func(i int, why string) {
		if i >= len(list) {
			if len(list) == 0 {
				why = ErrNoDevice.Error()
			}
			m.replyFence(from, msg, "", why)
			return
		}
		d := list[i]
		m.after(d.delay(action, msg.Get("st_remote_op")+m.cfg.Node), func() {
			m.act(d, action, target, timeout, d.tries(action), func(f lrmd.Finish) {
				if f.RC == 0 && f.Status == lrmd.Done {
					m.replyFence(from, msg, d.id, "")
					return
				}
				m.cfg.Log.Error("fence device failed", "device", d.id, "target", target, "action", action, "reason", f.Reason)
				next(i+1, f.Reason)
			})
		})
	}
	next(0, "")
}

// act runs an agent's action, again after a second if it fails, and as off
// and on where the agent knows no reboot.
func (m *Machine) act(d *device, action, target string, timeout time.Duration, tries int, then func(lrmd.Finish)) {
	meta := m.metas[d.agent]
	if action == "reboot" && meta != nil && !meta.Supports("reboot") && d.param("pcmk_reboot_action") == "" {
		m.act(d, "off", target, timeout, tries, func(f lrmd.Finish) {
			if f.RC != 0 || f.Status != lrmd.Done {
				then(f)
				return
			}
			// It is off, so it is fenced, whatever becomes of on.
			m.act(d, "on", target, timeout, 1, func(lrmd.Finish) { then(f) })
		})
		return
	}
	if t := seconds(d.param("pcmk_" + action + "_timeout")); t > 0 {
		timeout = t
	}
	m.run(d.agent, d.id, timeout, d.options(action, target, meta), func(f lrmd.Finish) {
		if (f.RC != 0 || f.Status != lrmd.Done) && tries > 1 && f.Status != lrmd.TimedOut {
			m.after(time.Second, func() { m.act(d, action, target, timeout, tries-1, then) })
			return
		}
		then(f)
	})
}

// replyFence tells the origin what came of it; why is "" for success.
func (m *Machine) replyFence(from string, msg *xml.Element, device, why string) {
	status, rc, legacy := "0", "0", "0"
	if device == "" {
		status, rc, legacy = "4", "1", "-201"
	}
	r := xml.New("st-reply", "st_origin", m.cfg.Node, "t", "stonith-ng", "st_op", "st_fence")
	if device != "" {
		r.Set("st_device_id", device)
	}
	for _, a := range []string{"st_remote_op", "st_clientid", "st_clientname", "st_target"} {
		r.Set(a, msg.Get(a))
	}
	r.Set("st_device_action", "st_fence")
	r.Set("st_callid", msg.Get("st_callid"))
	r.Set("st_callopt", msg.Get("st_callopt"))
	r.Set("op-status", status)
	r.Set("rc-code", rc)
	if why != "" {
		r.Set("exit-reason", why)
	}
	r.Set("st_rc", legacy)
	m.do(Send{from, r})
}

// executed takes the result from the node that was asked.
func (m *Machine) executed(from string, msg *xml.Element) {
	op := m.ops[msg.Get("st_remote_op")]
	if op == nil || !strings.EqualFold(op.asked, from) {
		return
	}
	ok := msg.Get("st_rc") == "0"
	if v, has := msg.Lookup("rc-code"); has { // 1.1.20 sends only st_rc
		ok = ok && v == "0" && msg.Get("op-status") == "0"
	}
	if ok {
		m.finish(op, from, nil)
		return
	}
	op.why = msg.Get("exit-reason")
	op.asked = ""
	op.advance(m, false)
}

// noticed takes the word of a finished operation, our own included.
func (m *Machine) noticed(n *xml.Element) {
	if n == nil {
		return
	}
	e := xml.New("st_execute", "st_remote_op", n.Get("st_remote_op"), "st_target", n.Get("st_target"), "st_device_action", n.Get("st_device_action"),
		"st_origin", n.Get("st_origin"))
	if v := n.Get("st_delegate"); v != "" {
		e.Set("st_delegate", v)
	}
	e.Set("st_clientname", n.Get("st_clientname"))
	e.Set("st_date", strconv.FormatInt(m.cfg.Wall(), 10))
	e.Set("st_state", n.Get("state"))
	for _, a := range []string{"op-status", "rc-code", "st_rc"} {
		e.Set(a, n.Get(a))
	}
	m.remember(e)
	note := xml.New("notify", "t", "st_notify", "subt", "st_notify_fence", "st_op", "st_notify_fence",
		"op-status", n.Get("op-status"), "rc-code", n.Get("rc-code"), "st_rc", n.Get("st_rc"))
	note.Append(xml.New("st_calldata")).Append(n.Clone())
	m.notifyClients("st_notify_fence", note)
	m.notifyClients("st_notify_history", xml.New("notify", "t", "st_notify", "subt", "st_notify_history", "st_op", "st_notify_history"))
	m.relayEnded(n)
	action := n.Get("st_device_action")
	if n.Get("state") != "2" || action == "on" {
		return
	}
	if strings.EqualFold(n.Get("st_target"), m.cfg.Node) {
		m.do(SelfFenced{})
		return
	}
	if !strings.EqualFold(n.Get("st_origin"), m.cfg.Node) || !strings.HasPrefix(n.Get("st_clientname"), "pacemaker-controld") {
		m.do(Fenced{0, n.Get("st_target"), nil}) // somebody else's, but the node is down
	}
}

func (m *Machine) remember(e *xml.Element) {
	for _, old := range m.history {
		if old.Get("st_remote_op") == e.Get("st_remote_op") {
			return
		}
	}
	m.history = append(m.history, e)
	if len(m.history) > maxHistory {
		m.history = append(m.history[:0], m.history[maxHistory/2:]...)
	}
}
