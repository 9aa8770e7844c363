package attrd

import (
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Delivered handles a message of group attrd from a node.
func (m *Machine) Delivered(now time.Duration, from string, msg *xml.Element) []Action {
	m.begin(now)
	switch msg.Get("crm_task") {
	case "vote", "no-vote":
		m.vote(from, msg)
		return m.out
	}
	state, _ := strconv.Atoi(msg.Get("attr_writer"))
	if peer.ElectionState(state) == peer.ElectionWon && !strings.EqualFold(from, m.cfg.Node) {
		if m.Writer() {
			m.cfg.Log.Info("two attribute writers", "other", from)
			m.elect()
		} else {
			m.writer = from // an election under way goes on: its votes decide
		}
	}
	switch task := msg.Get("task"); task {
	case "update", "update-both", "update-delay":
		if msg.Child("op") != nil {
			for op := range msg.Each("op") {
				one := op.ShallowClone()
				for _, a := range msg.Attrs {
					if !one.Has(a.Name) {
						one.Set(a.Name, a.Value)
					}
				}
				m.update(from, one, false)
			}
		} else {
			m.update(from, msg, false)
		}
	case "sync":
		m.asked(from)
	case "sync-response":
		m.synced(from, msg, peer.ElectionState(state) == peer.ElectionWon)
		m.answered(from)
	case "peer-remove":
		m.forgetNode(msg.Get("attr_host"))
	case "clear-failure":
		m.cleared(from, msg)
	case "refresh":
		if m.Writer() {
			m.writeAll()
		}
	}
	m.assert()
	return m.out
}

func (m *Machine) vote(from string, msg *xml.Element) {
	active := false
	for _, p := range m.cfg.Cache.Active("attrd") {
		active = active || strings.EqualFold(p.Name, from)
	}
	was := m.Writer()
	outcome, reply := m.election.Count(m.now, m.cfg.Writer, msg, from, !m.stopping && !m.asking.active, active)
	if reply != nil {
		m.out = append(m.out, Send{To: from, Msg: reply, Vote: true})
	}
	switch outcome {
	case peer.VotePassed:
		m.elect()
	case peer.VoteLost:
		if was {
			m.cfg.Log.Info("not the attribute writer any more")
		}
		m.writer = ""
	case peer.VoteCounted:
		m.checkElection()
	}
}

// update stores one value. sync says that it came in a full sync.
func (m *Machine) update(from string, msg *xml.Element, sync bool) {
	name, host := msg.Get("attr_name"), msg.Get("attr_host")
	if name == "" {
		return
	}
	if host == "" { // for all nodes: only clearing does that
		if a := m.attrs[name]; a != nil {
			for _, v := range a.sorted() {
				one := msg.ShallowClone()
				one.Set("attr_host", v.node)
				m.update(from, one, sync)
			}
		}
		return
	}
	if name == "#attrd-protocol" {
		m.protocol[strings.ToLower(host)], _ = strconv.Atoi(msg.Get("attr_value"))
		// A writer tells a new node of itself before that node's first message
		// comes round, so by now it is known if there is one.
		if strings.EqualFold(from, m.cfg.Node) && m.writer == "" && m.election.State != peer.ElectionInProgress {
			m.elect()
		}
	}
	a := m.attrs[name]
	if a == nil {
		a = &attribute{name: name, values: map[string]*value{}, private: peer.IsTrue(msg.Get("attr_is_private")),
			set: msg.Get("attr_set"), dampening: dampening(msg.Get("attr_dampening"))}
		m.attrs[name] = a
		m.bytes += len(name)
	}
	if u := msg.Get("attr_user"); u != "" {
		a.user = u
	}
	task := msg.Get("task")
	if d, ok := msg.Lookup("attr_dampening"); ok && (task == "update-both" || task == "update-delay") {
		a.dampening = dampening(d)
	}
	if task == "update-delay" {
		return
	}
	key := strings.ToLower(host)
	v := a.values[key]
	text, has := msg.Lookup("attr_value")
	if sync && v != nil && m.asking.active {
		// Whatever came by itself since this node resumed is no older than the
		// state that the others answer with.
		v.seen = true
		m.learnID(v, msg)
		return
	}
	if sync && strings.EqualFold(host, m.cfg.Node) && !strings.EqualFold(from, m.cfg.Node) &&
		v != nil && (v.text != text || v.has != has) {
		// What others believe of us does not count: say it again.
		m.send("", m.valueMessage(a, v))
		v.seen = true
		return
	}
	if v == nil {
		v = &value{node: host}
		a.values[key] = v
		m.bytes += len(host)
	} else if v.has == has && v.text == text {
		v.seen = true
		m.learnID(v, msg)
		return
	}
	m.learnID(v, msg)
	v.remote = peer.IsTrue(msg.Get("attr_is_remote"))
	v.gone = v.has && !has
	m.bytes += len(text) - len(v.text)
	v.text, v.has, v.seen = text, has, true
	m.out = append(m.out, Changed{host, name, text})
	if name == "shutdown" && strings.EqualFold(host, m.cfg.Node) && has && text != "0" {
		m.stopping = true
	}
	a.dirty = true
	if a.private {
		return
	}
	if a.dampening > 0 {
		a.writeAt = m.now + a.dampening // each change starts the wait anew
		return
	}
	m.write(a)
}

func (m *Machine) learnID(v *value, msg *xml.Element) {
	if id, err := strconv.ParseUint(msg.Get("attr_host_id"), 10, 32); err == nil && id != 0 {
		v.id = uint32(id)
	}
	if v.id == 0 {
		if p := m.cfg.Cache.ByName(v.node); p != nil {
			v.id = p.ID
		}
	}
}

// dampening reads a delay: seconds without a unit, or a duration; the peers'
// messages carry milliseconds as "0" or "5s".
func dampening(s string) time.Duration {
	if s == "" {
		return 0
	}
	if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		return time.Duration(n) * time.Second
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return d
	}
	return 0
}

// valueMessage makes the update that tells one value to the others.
func (m *Machine) valueMessage(a *attribute, v *value) *xml.Element {
	n := xml.New("create_attrd_op", "t", "attrd", "src", "pacemaker-attrd", "attr_name", a.name, "task", "update")
	if v.has {
		n.Set("attr_value", v.text)
	}
	n.Set("attr_host", v.node)
	if v.id != 0 {
		n.Set("attr_host_id", strconv.FormatUint(uint64(v.id), 10))
	}
	n.Set("attr_is_private", flag(a.private))
	return n
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// synced takes a full list of values. If it is the writer's, values of ours
// that it lacks are told again.
func (m *Machine) synced(from string, msg *xml.Element, writer bool) {
	if strings.EqualFold(from, m.cfg.Node) {
		return
	}
	if writer {
		for _, a := range m.attrs {
			for _, v := range a.values {
				v.seen = false
			}
		}
	}
	for c := range msg.Each("") {
		m.update(from, c, true)
	}
	if !writer {
		return
	}
	for _, a := range m.sorted() {
		for _, v := range a.sorted() {
			if !v.seen && v.has && strings.EqualFold(v.node, m.cfg.Node) {
				m.send("", m.valueMessage(a, v))
				v.seen = true
			}
		}
	}
}

// syncTo sends all values, to one node or to all.
func (m *Machine) syncTo(to string) {
	n := xml.New("attrd_peer_sync", "task", "sync-response", "t", "attrd")
	n.Set("attr_version", strconv.Itoa(Protocol))
	n.Set("attr_writer", strconv.Itoa(int(m.election.State)))
	for _, a := range m.sorted() {
		for _, v := range a.sorted() {
			if !v.has {
				continue
			}
			c := n.Append(xml.New("attrd_add_value_xml", "attr_name", a.name))
			if a.set != "" {
				c.Set("attr_set", a.set)
			}
			if a.user != "" {
				c.Set("attr_user", a.user)
			}
			c.Set("attr_host", v.node)
			if v.id != 0 {
				c.Set("attr_host_id", strconv.FormatUint(uint64(v.id), 10))
			}
			c.Set("attr_value", v.text)
			c.Set("attr_dampening", strconv.Itoa(int(a.dampening/time.Second)))
			c.Set("attr_is_private", flag(a.private))
			c.Set("attrd_is_force_write", "0")
		}
	}
	m.out = append(m.out, Send{To: to, Msg: n})
}
