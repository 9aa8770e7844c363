package stonith

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Call options (pacemaker-ipc.md 7).
const (
	optManual  = 0x8
	optSync    = 0x1000
	optCleanup = 0x80000
)

// maxKinds is how many kinds of notifications a client may ask for.
const maxKinds = 32

// Asked handles a request of a local client.
func (m *Machine) Asked(now time.Duration, id, program string, privileged bool, frame int32, wants bool, msg *xml.Element) []Action {
	m.begin(now)
	c := m.clients[id]
	if c == nil {
		c = &client{notify: map[string]bool{}}
		m.clients[id] = c
	}
	opt, _ := strconv.Atoi(msg.Get("st_callopt"))
	sync := wants && (opt&optSync != 0 || msg.Get("st_op") == "st_query" || msg.Get("st_op") == "st_fence_history")
	reply := func(rc string, status, legacy string, data *xml.Element) {
		r := constructed(msg, msg.Get("st_op"), id, program, outcome{status, rc, legacy})
		if data != nil {
			r.Append(xml.New("st_calldata")).Append(data)
		}
		m.answer(id, frame, wants, r)
	}
	target := msg.Child("st_calldata").Child("")
	switch op := msg.Get("st_op"); op {
	case "register":
		m.answer(id, frame, wants, xml.New("reply", "st_op", "register", "st_clientid", id))
	case "st_notify":
		if t := msg.Get("st_notify_activate"); t != "" && len(c.notify) < maxKinds {
			c.notify[t] = true
		}
		delete(c.notify, msg.Get("st_notify_deactivate"))
		m.answer(id, frame, wants, xml.New("ack", "function", "handle_request", "line", "0", "status", "0"))
	case "st_query":
		m.list(target.Get("st_target"), reply)
	case "st_fence_history":
		m.askedHistory(target.Get("st_target"), opt, reply)
	case "st_execute":
		if !privileged { // it runs a program as root
			reply("77", "4", "-13", nil)
			return m.out
		}
		m.execute(target, msg, id, program, frame, sync, reply)
	case "st_fence":
		if !privileged {
			reply("77", "4", "-13", nil)
			return m.out
		}
		if target.Get("st_target") == "" || !fences(target.Get("st_device_action")) {
			reply("64", "4", "-22", nil) // EX_USAGE, -EINVAL
			return m.out
		}
		m.askedFence(target, msg, opt, id, program, frame, sync)
	case "st_device_register", "st_device_remove", "st_level_add", "st_level_remove", "st_relay":
		reply("3", "3", "-95", nil) // not yet
	default:
		r := constructed(msg, op, id, program, outcome{"9", "76", "-71"}) // PCMK_EXEC_INVALID, EX_PROTOCOL, -EPROTO
		r.Attrs = slices.Insert(r.Attrs, 4, xml.Attr{Name: "exit-reason", Value: "Unknown IPC request type '" + op + "' (bug?)"})
		m.answer(id, frame, wants, r)
	}
	return m.out
}

// answer sends a client its reply: as the response it waits for, or an event.
func (m *Machine) answer(id string, frame int32, sync bool, r *xml.Element) {
	if sync {
		m.do(Respond{id, frame, r})
		return
	}
	m.do(Notify{id, r})
}

// list answers with the devices, or those for a target.
func (m *Machine) list(target string, reply func(rc, status, legacy string, data *xml.Element)) {
	list := m.devices
	if target != "" {
		var ready bool
		if list, ready = m.capable(target, func() { m.list(target, reply) }); !ready {
			return
		}
	}
	data := xml.New("stonith_query_capable_device_cb", "st-available-devices", strconv.Itoa(len(list)))
	if target != "" {
		data.Set("st_target", target)
	}
	for _, d := range list {
		e := data.Append(m.described(d, true))
		if target == "" {
			a := e.Append(xml.New("attributes"))
			for _, p := range d.params {
				a.Set(p.Name, p.Value)
			}
		}
	}
	reply("0", "0", "0", data)
}

func (m *Machine) askedHistory(target string, opt int, reply func(rc, status, legacy string, data *xml.Element)) {
	if opt&optCleanup != 0 {
		m.history = slices.DeleteFunc(m.history, func(e *xml.Element) bool { return target == "" || strings.EqualFold(e.Get("st_target"), target) })
		reply("0", "0", "0", nil)
		return
	}
	h := xml.New("st_history")
	for _, e := range m.history {
		if target == "" || strings.EqualFold(e.Get("st_target"), target) {
			h.Append(e.Clone())
		}
	}
	for _, op := range m.sorted() {
		h.Append(xml.New("st_execute", "st_target", op.target, "st_device_action", op.action, "st_origin", m.cfg.Node,
			"st_clientname", op.clientName, "st_state", "1"))
	}
	reply("0", "0", "0", h)
}

// execute runs an action of one device that fences nobody.
func (m *Machine) execute(data, msg *xml.Element, id, program string, frame int32, sync bool, reply func(rc, status, legacy string, data *xml.Element)) {
	for _, d := range m.devices {
		if d.id != data.Get("st_device_id") {
			continue
		}
		action := data.Get("st_device_action")
		if action != "monitor" && action != "list" && action != "status" {
			break
		}
		sec, _ := strconv.Atoi(msg.Get("st_timeout"))
		m.run(d.agent, d.id, time.Duration(max(sec, 20))*time.Second, d.options(action, data.Get("st_target"), m.metas[d.agent]), func(f lrmd.Finish) {
			status, rc, legacy := "0", "0", "0"
			if f.RC != 0 || f.Status != lrmd.Done {
				status, rc, legacy = strconv.Itoa(max(4, int(f.Status))), "1", "-201"
			}
			r := constructed(msg, "st_execute", id, program, outcome{status, rc, legacy})
			if f.Output != "" {
				r.Set("st_output", f.Output)
			}
			m.answer(id, frame, sync, r)
		})
		return
	}
	reply("105", "10", "-19", nil)
}

// askedFence begins an operation for a client, or takes a person's word that a
// node is down.
func (m *Machine) askedFence(data, msg *xml.Element, opt int, id, program string, frame int32, sync bool) {
	sec, _ := strconv.Atoi(data.Get("st_timeout"))
	op := &operation{target: data.Get("st_target"), action: data.Get("st_device_action"), timeout: time.Duration(sec) * time.Second,
		client: id, clientName: program, callID: msg.Get("st_callid"), callOpt: msg.Get("st_callopt"), frame: frame, sync: sync}
	if opt&optManual != 0 {
		op.id = m.cfg.UUID()
		m.finish(op, "a human", nil)
		return
	}
	if strings.EqualFold(op.target, m.cfg.Node) && m.relay(op) {
		return
	}
	m.query(op)
}

func (m *Machine) notifyClients(kind string, n *xml.Element) {
	for _, id := range slices.Sorted(maps.Keys(m.clients)) {
		if m.clients[id].notify[kind] {
			m.do(Notify{id, n})
		}
	}
}

// ClientClosed says that a client is gone.
func (m *Machine) ClientClosed(now time.Duration, id string) []Action {
	delete(m.clients, id)
	return nil
}
