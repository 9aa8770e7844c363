package node

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/controller"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

func (m *Machine) opened(ev ClientOpened) {
	m.clients[ev.Client] = &client{ClientOpened: ev}
	switch ev.Service {
	case "cib_ro", "cib_rw", "cib_shm":
		m.cibStep(cib.Connected{Client: ev.Client, User: ev.User, Name: ev.Program, Privileged: ev.Privileged, ReadOnly: ev.Service == "cib_ro"})
	}
}

func (m *Machine) closed(id string) {
	c := m.clients[id]
	if c == nil {
		return
	}
	delete(m.clients, id)
	switch c.Service {
	case "cib_ro", "cib_rw", "cib_shm":
		m.cibStep(cib.Disconnected{Client: id})
	case "stonith-ng":
		m.fenceDo(m.fence.ClientClosed(m.now, id))
	}
}

// asked gives a client's message to the machine behind its endpoint.
func (m *Machine) asked(ev ClientAsked) {
	c := m.clients[ev.Client]
	if c == nil || ev.Msg == nil {
		return
	}
	switch c.Service {
	case "cib_ro", "cib_rw", "cib_shm":
		m.cibStep(cib.Asked{Client: c.Client, Frame: ev.Frame, Wants: ev.Wants, Msg: ev.Msg})
	case "crmd":
		m.askedController(c, ev)
	case "attrd":
		m.attrdKnowing(func() { m.askedAttrd(c, ev) })
	case "stonith-ng":
		m.fenceDo(m.fence.Asked(m.now, c.Client, c.fencerName(ev.Msg), c.Privileged, ev.Frame, ev.Wants, ev.Msg))
	case "pacemakerd":
		m.askedPacemakerd(c, ev)
	case "pengine":
		if ev.Wants {
			status := invalidParameter
			switch ev.Msg.Get("crm_task") {
			case "":
				status = 112
			case "pe_calc": // not yet
				status = 76
			}
			m.do(Respond{c.Client, ev.Frame, ack("handle_unknown_request", status)})
		}
	default:
		if ev.Wants {
			m.do(Respond{c.Client, ev.Frame, xml.New("nack", "function", "process", "line", "0", "status", "76")})
		}
	}
}

// fencerName is what the fencer calls a client in answers, events and its history
// (pacemaker-ipc.md 7): NAME.PID, the name being the one of its registration, the first
// if there are more.
func (c *client) fencerName(msg *xml.Element) string {
	if c.fencer == "" {
		name := cmp.Or(msg.Get("st_clientname"), "unknown")
		if c.PID != 0 {
			name += "." + strconv.Itoa(c.PID)
		}
		c.fencer = name
	}
	return c.fencer
}

// invalidParameter is what the originals acknowledge a request with that they do
// not know (CRM_EX_INVALID_PARAM).
const invalidParameter = 2

func ack(function string, status int) *xml.Element {
	return xml.New("ack", "function", function, "line", "0", "status", strconv.Itoa(status))
}

func (m *Machine) askedController(c *client, ev ClientAsked) {
	if ev.Msg.Get("crm_task") == "hello" {
		opts := ev.Msg.Descend("crm_xml", "options")
		c.hello = opts.Get("client_name") != ""
		if ev.Wants {
			m.do(Respond{c.Client, ev.Frame, ack("dispatch_controller_ipc", 0)})
		}
		return
	}
	if ev.Wants {
		m.do(Respond{c.Client, ev.Frame, ack("dispatch_controller_ipc", 112)})
	}
	if !c.hello {
		m.log.Info("client of crmd has not said hello", "client", c.Program)
		return
	}
	m.dcDo(m.dc.Asked(m.now, controller.Asker{Client: c.Client, User: c.User, Privileged: c.Privileged}, ev.Msg))
}

// askedPacemakerd serves the endpoint of pacemakerd itself (pacemaker-ipc.md 10).
func (m *Machine) askedPacemakerd(c *client, ev ClientAsked) {
	if ev.Msg.Name == "poke" { // 1.1.20
		m.do(Notify{c.Client, m.pokeAnswer()})
		return
	}
	switch ev.Msg.Get("crm_task") {
	case "ping":
		if ev.Wants {
			m.do(Respond{c.Client, ev.Frame, ack("pcmk_ipc_dispatch", 112)})
		}
		state := "running"
		switch {
		case m.leaving:
			state = "shutting_down"
		case m.dc.State() == "S_STARTING":
			state = "starting_daemons"
		}
		w := peer.Writer{Version: cib.FeatureSet, Now: m.cfg.Wall}
		pong := xml.New("ping_response", "pacemakerd_state", state, "crm-timestamp", strconv.FormatInt(m.cfg.Wall(), 10), "result", "ok")
		if to := ev.Msg.Get("crm_sys_to"); to != "" {
			pong.Attrs = slices.Insert(pong.Attrs, 0, xml.Attr{Name: "crm_subsystem", Value: to})
		}
		reply := w.Reply(ev.Msg, pong)
		if reply.Get("crm_sys_from") == "" {
			reply.Unset("crm_sys_from")
		}
		m.do(Notify{c.Client, reply})
	case "quit":
		status := 77
		if c.Privileged {
			status = 0
			m.later(func() { m.take(Shutdown{}) })
		}
		if ev.Wants {
			m.do(Respond{c.Client, ev.Frame, ack("pcmk_ipc_dispatch", 112)})
		}
		m.do(Notify{c.Client, xml.New("shutdown", "op-status", strconv.Itoa(status))})
	case "rm_node_cache":
		if ev.Wants {
			m.do(Respond{c.Client, ev.Frame, ack("pcmk_ipc_dispatch", 0)})
		}
	default:
		if ev.Wants {
			m.do(Respond{c.Client, ev.Frame, ack("pcmk_ipc_dispatch", invalidParameter)})
		}
	}
}

// processesUp is the mask of 1.1.20's daemons, all running.
const processesUp = "68227856"

func (m *Machine) pokeAnswer() *xml.Element {
	q := "0"
	if m.quorate {
		q = "1"
	}
	n := xml.New("nodes", "quorate", q)
	for _, p := range m.cache.All() {
		state, up := "lost", "0"
		if p.Member {
			state = "member"
		}
		if p.In["crmd"] {
			up = processesUp
		}
		n.Append(xml.New("node", "id", strconv.FormatUint(uint64(p.ID), 10), "uname", p.Name, "state", state, "processes", up))
	}
	return n
}

func (m *Machine) askedAttrd(c *client, ev ClientAsked) {
	if m.clients[ev.Client] != c {
		return // gone while the attributes were asked for
	}
	user := c.User
	if u := ev.Msg.Get("attr_user"); u != "" && c.Privileged {
		user = u
	}
	reply, out := m.attrd.Asked(m.now, ev.Msg, user, c.Privileged)
	if ev.Wants {
		m.do(Respond{c.Client, ev.Frame, reply})
	}
	m.attrdDo(out)
}
