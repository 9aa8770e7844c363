package cib

import (
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// delivered handles one message of group cib (pacemaker-cluster.md 5).
func (m *Machine) delivered(ev Delivered) {
	msg := ev.Msg
	msg.Set("src", ev.From)
	op := Decode(msg)
	if to := msg.Get("cib_isreplyto"); to != "" && msg.Get("cib_update") != "true" {
		if strings.EqualFold(to, m.cfg.Node) {
			m.repliedTo(ev, op)
		}
		return
	}
	if msg.Get("cib_update") == "true" && op.Name != OpReplace {
		m.cfg.Log.Warn("message of a peer older than pacemaker 1.1.12 ignored", "node", ev.From, "op", op.Name)
		return
	}
	if op.Host != "" && !strings.EqualFold(op.Host, m.cfg.Node) {
		return
	}
	switch {
	case op.Name == OpUpgrade && op.SchemaMax == "":
		if m.primary {
			m.upgradeRequest(op)
		}
	case op.Modifies():
		m.applyDelivered(ev, op)
	case op.Name == OpSync:
		m.sendSync(op, "", m.doc, "")
	case op.Name == OpSyncOne:
		if m.primary && !strings.EqualFold(ev.From, m.cfg.Node) {
			m.sendSync(op, ev.From, m.doc, "")
		}
	case op.Name == OpPing:
		m.answerPing(ev)
	case op.Name == OpShutdown:
		m.do(Send{ev.From, xml.New("cib-reply", "t", "cib", "cib_op", OpShutdown, "cib_callopt", "0", "cib_rc", "0", "cib_isreplyto", ev.From)})
	case op.Name == OpQuery && op.Host != "":
		r := m.Try(op)
		reply := Reply(op, r.Code, r.Output)
		reply.Set("cib_isreplyto", ev.From)
		m.do(Send{ev.From, reply})
	}
}

func (m *Machine) applyDelivered(ev Delivered, op *Op) {
	old := m.doc
	stamp := Stamp{Origin: ev.From, Client: op.ClientName, User: op.User}
	if m.cfg.Clock != nil {
		stamp.Time = m.cfg.Clock()
	}
	if op.FullSync {
		m.catchUp(ev, op)
	} else {
		m.sincePing(op, stamp)
	}
	a := &applied{from: ev.From, op: op, old: old, Result: Apply(old, op, stamp, m.env())}
	if a.Changed && a.ConfigChanged && m.mustBeOnDisk(op) {
		m.held = a
		m.do(Save{a.Doc})
		return
	}
	if a.Changed && a.ConfigChanged {
		m.do(Save{a.Doc})
	}
	m.conclude(a)
}

// An applied operation, not in force yet.
type applied struct {
	Result
	from string
	op   *Op
	old  *xml.Element
}

// conclude puts the outcome of an operation in force and tells of it.
func (m *Machine) conclude(a *applied) {
	op, r := a.op, a.Result
	if r.Changed {
		m.assert(a)
		m.doc = r.Doc
		m.do(Changed{op, r.Patch, m.doc, r.ConfigChanged})
		if m.primary && m.pingAt == 0 { // where changes never end, they are compared too
			m.pingAt = m.now + pingDelay
		}
	}
	if !r.Changed && r.Code == OK {
		m.doc = r.Doc // which may have more in it, though nothing has changed
	}
	if r.Panic != nil {
		m.cfg.Log.Error("operation broken off; this is a fault of ours, please report it", "op", op.Name, "section", op.Section, "client", op.ClientName, "node", a.from, "err", r.Panic)
		if m.primary { // do the others agree that nothing changed?
			m.pingAt = m.now + pingDelay
		}
	}
	if r.Denied != nil {
		m.cfg.Log.Warn("operation refused", "user", op.User, "op", op.Name, "client", op.ClientName, "node", a.from, "err", r.Denied)
	}
	if r.Code != OK {
		m.cfg.Log.Info("operation refused", "op", op.Name, "section", op.Section, "client", op.ClientName, "node", a.from, "err", r.Code)
		m.do(Refused{op, r.Code})
		if r.Code == OldData && op.FullSync && m.primary {
			// A change has overtaken the copy on its way. Who was behind had that change
			// first and took the copy then, which does not have it; or refused it, too.
			m.pingAt = m.now
		}
		if r.Code == DiffResync && !m.primary {
			m.askSync()
		}
	}
	if (r.Changed || r.Code == SchemaInvalid) && op.Options&InhibitNotify == 0 {
		m.notifyDiff(op, a.old, r)
		if r.Changed && (op.Name == OpReplace || op.Name == OpErase) {
			m.notifyRefresh(op, a.old, r.Doc)
		}
	}
	if strings.EqualFold(op.Origin, m.cfg.Node) && !op.FullSync {
		if c := m.clients[op.ClientID]; c != nil {
			m.answer(c, op, r.Code, r.Output)
		}
	}
}

// notifyDiff tells subscribers what an operation changed (pacemaker-ipc.md 4.3).
func (m *Machine) notifyDiff(op *Op, old *xml.Element, r Result) {
	var msg *xml.Element
	for _, id := range m.sorted() {
		c := m.clients[id]
		if !c.notify["cib_diff_notify"] {
			continue
		}
		if limited := m.limitedNotification(c, op, old, r); limited != nil {
			if limited.Name != "" {
				m.do(Notify{id, limited})
			}
			continue
		}
		if msg == nil {
			msg = m.notification("cib_diff_notify", op, r.Code)
			if op.Data != nil {
				msg.Append(xml.New("cib_update")).Append(op.Data.Clone())
			}
			msg.Append(xml.New("cib_update_result")).Append(r.Patch)
		}
		m.do(Notify{id, msg})
	}
}

func (m *Machine) notification(kind string, op *Op, code Code) *xml.Element {
	object := op.Section
	if op.Data != nil {
		object = op.Data.Name
	}
	n := xml.New("notify", "t", "cib_notify", "subt", kind, "cib_op", op.Name, "cib_rc", strconv.Itoa(int(code)))
	if object != "" {
		n.Set("cib_object_type", object)
	}
	n.Append(xml.New("cib_generation")).Append(Generation(m.doc))
	return n
}

// Bits of cib_change_section.
const (
	changedNodes  = 1
	changedAlerts = 2
	changedStatus = 4
)

func (m *Machine) notifyRefresh(op *Op, old, new *xml.Element) {
	mask := 0
	for _, s := range []struct {
		name string
		bit  int
	}{{"nodes", changedNodes}, {"alerts", changedAlerts}, {"status", changedStatus}} {
		a, b := Section(old, s.name), Section(new, s.name)
		if a == nil && b == nil || a != nil && b != nil && xml.Equal(a, b) {
			continue
		}
		mask |= s.bit
	}
	if mask == 0 {
		return
	}
	for _, id := range m.sorted() {
		if m.clients[id].notify["cib_refresh_notify"] {
			n := m.notification("cib_refresh_notify", op, OK)
			n.Set("cib_change_section", strconv.Itoa(mask))
			m.do(Notify{id, n})
		}
	}
}

// sendSync multicasts our whole CIB, to one node or to all (5.3). ping is the id of the
// question that it answers, "" for none.
func (m *Machine) sendSync(op *Op, to string, doc *xml.Element, ping string) {
	n := xml.New("copy", "__name__", "cib_command", "t", "cib", "cib_clientid", op.ClientID,
		"cib_callopt", strconv.Itoa(int(op.Options)), "cib_callid", op.CallID, "cib_op", OpReplace,
		"cib_delegated_from", op.Origin, "cib_async_id", op.ClientID, "cib_clientname", op.ClientName, "cib_user", op.User,
		"cib_isreplyto", op.Origin, "original_cib_op", op.Name, "cib_update", "true",
		"crm_feature_set", FeatureSet, "digest", xml.Digest(doc))
	if ping != "" {
		n.Set("cib_ping_id", ping)
	}
	n.Append(xml.New("cib_calldata")).Append(doc.Clone())
	m.do(Send{to, n})
	if op.Name == OpSync && op.Origin != "" {
		reply := Reply(op, OK, nil)
		reply.Set("cib_isreplyto", op.Origin)
		m.do(Send{op.Origin, reply})
	}
}

// askSync asks the DC's node for its copy.
func (m *Machine) askSync() {
	m.do(Send{"", xml.New("cib_command", "t", "cib", "cib_op", OpSyncOne, "cib_delegated_from", m.cfg.Node)})
}

func (m *Machine) repliedTo(ev Delivered, op *Op) {
	switch op.Name {
	case OpPing:
		m.comparePing(ev)
		return
	case OpShutdown:
		m.left = m.leaving
		return
	}
	c := m.clients[op.ClientID]
	if c == nil {
		return
	}
	if rc := ev.Msg.Get("cib_upgrade_rc"); rc != "" {
		ev.Msg.Set("cib_rc", rc)
	}
	if frame, ok := c.frames[op.CallID]; ok {
		delete(c.frames, op.CallID)
		m.do(Respond{c.Client, frame, ev.Msg})
		return
	}
	m.do(Notify{c.Client, ev.Msg})
}

// another is the document with another schema, which only who may write all of
// it can ask for.
func another(doc *xml.Element) *xml.Element {
	n := doc.Clone()
	n.Set("validate-with", "")
	return n
}

// upgradeRequest is the primary's part of 5.5.
func (m *Machine) upgradeRequest(op *Op) {
	n := xml.New("cib_process_upgrade_server", "t", "cib", "cib_op", OpUpgrade)
	fill := func() {
		n.Set("cib_delegated_from", op.Origin)
	}
	tail := func() {
		n.Set("cib_clientid", op.ClientID)
		n.Set("cib_callopt", strconv.Itoa(int(op.Options)))
		n.Set("cib_callid", op.CallID)
	}
	code := OK
	max := ""
	if m.cfg.Schemas == nil {
		code = TransformFail
	} else if next, changed, err := m.cfg.Schemas.Upgrade(m.doc.Clone(), ""); err == nil && !changed {
		code = SchemaSame // which is no secret, to the original either
	} else if rules, limited := m.env().rules(m.doc, op.User); limited && rules.Allow(m.doc, another(m.doc), true) != nil {
		code = AccessDenied
	} else if err != nil {
		code = TransformFail
	} else {
		max = next.Get("validate-with")
	}
	if code == OK {
		n.Set("cib_schema_max", max)
		fill()
		tail()
		m.do(Send{"", n})
		return
	}
	fill()
	n.Set("cib_isreplyto", op.Origin)
	tail()
	n.Set("cib_upgrade_rc", strconv.Itoa(int(code)))
	m.do(Send{op.Origin, n})
}

// Leave begins the shutdown of 5.7 and returns the message to multicast.
func (m *Machine) Leave() *xml.Element {
	m.leaving = true
	return xml.New("exit-notification", "t", "cib", "cib_op", OpShutdown)
}

// Left tells whether a peer has acknowledged Leave.
func (m *Machine) Left() bool { return m.left }
