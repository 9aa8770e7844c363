package attrd

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

const infinity = 1000000

// Asked handles a request of a local client on behalf of user. reply is for
// the client, if it waits for one.
func (m *Machine) Asked(now time.Duration, msg *xml.Element, user string, privileged bool) (reply *xml.Element, out []Action) {
	m.begin(now)
	reply = ack(112)
	msg = clientPart(msg)
	if !privileged {
		if status, why := m.refuses(msg); status != 0 {
			m.cfg.Log.Warn("attribute request refused", "task", msg.Get("task"), "user", user, "why", why)
			return ack(status), nil
		}
	}
	switch task := msg.Get("task"); task {
	case "update", "update-both", "update-delay":
		m.clientUpdate(msg.Clone(), user)
	case "clear-failure":
		m.clearFailure(msg, user)
	case "query":
		reply = m.query(msg)
	case "refresh":
		for _, a := range m.attrs {
			a.dirty = true
		}
		if m.Writer() {
			m.writeAll()
		}
	case "peer-remove":
		fwd := msg.Clone()
		m.send("", fwd)
	case "flush":
	default:
		m.cfg.Log.Info("attribute request ignored", "task", task)
		reply = ack(76)
	}
	return reply, m.out
}

func ack(status int) *xml.Element {
	return xml.New("ack", "function", "attrd_ipc_dispatch", "line", "0", "status", strconv.Itoa(status),
		"ipc-protocol-version", strconv.Itoa(Protocol))
}

// Update is Asked for the controller's own attributes.
func (m *Machine) Update(now time.Duration, node, name, value string) []Action {
	msg := xml.New("create_attrd_op", "t", "attrd", "src", "pacemaker-controld", "attr_name", name, "task", "update")
	if value != "" {
		msg.Set("attr_value", value)
	}
	if node != "" {
		msg.Set("attr_host", node)
	}
	msg.Set("attr_is_remote", "0")
	msg.Set("attr_is_private", "0")
	_, out := m.Asked(now, msg, "hacluster", true)
	return out
}

// ClearFailure forgets the fail counts of a resource on a node.
func (m *Machine) ClearFailure(now time.Duration, node, rsc, op, interval string) []Action {
	msg := xml.New("create_attrd_op", "t", "attrd", "src", "pacemaker-controld", "task", "clear-failure", "attr_resource", rsc)
	if node != "" {
		msg.Set("attr_host", node)
	}
	if op != "" {
		msg.Set("attr_clear_operation", op)
		msg.Set("attr_clear_interval", interval)
	}
	_, out := m.Asked(now, msg, "hacluster", true)
	return out
}

func (m *Machine) clientUpdate(msg *xml.Element, user string) {
	if ops := msg.Child("op"); ops != nil { // several at once
		for op := range msg.Each("op") {
			one := op.ShallowClone()
			one.Name = msg.Name
			for _, a := range msg.Attrs {
				if !one.Has(a.Name) {
					one.Set(a.Name, a.Value)
				}
			}
			m.clientUpdate(one, user)
		}
		return
	}
	if msg.Get("attr_host") == "" {
		msg.Set("attr_host", m.cfg.Node)
	}
	if pattern := msg.Get("attr_regex"); pattern != "" && msg.Get("attr_name") == "" {
		re, err := regexp.Compile(pattern)
		if err != nil {
			m.cfg.Log.Info("attribute pattern ignored", "pattern", pattern, "err", err)
			return
		}
		msg.Unset("attr_regex")
		for _, a := range m.sorted() {
			if re.MatchString(a.name) {
				one := msg.ShallowClone()
				one.Set("attr_name", a.name)
				m.clientUpdate(one, user)
			}
		}
		return
	}
	name := msg.Get("attr_name")
	if name == "" {
		return
	}
	if v, ok := msg.Lookup("attr_value"); ok {
		old, _ := m.Value(msg.Get("attr_host"), name)
		msg.Set("attr_value", Expand(v, old))
	}
	msg.Set("acl_target", user)
	msg.Set("attr_user", user)
	m.send("", msg)
}

// Expand resolves the forms value++ and value+=N against the old value; the
// sum stops at INFINITY. Other values stay as they are.
func Expand(v, old string) string {
	by := 0
	switch {
	case v == "value++":
		by = 1
	case strings.HasPrefix(v, "value+="):
		by = number(v[len("value+="):])
	default:
		return v
	}
	sum := min(number(old)+by, infinity)
	return strconv.Itoa(max(sum, -infinity))
}

func number(s string) int {
	switch strings.ToUpper(s) {
	case "INFINITY", "+INFINITY":
		return infinity
	case "-INFINITY":
		return -infinity
	}
	n, _ := strconv.Atoi(s)
	return n
}

func (m *Machine) query(msg *xml.Element) *xml.Element {
	reply := xml.New("build_query_reply", "t", "attrd", "subt", "query", "attr_version", strconv.Itoa(Protocol))
	a := m.attrs[msg.Get("attr_name")]
	if a == nil {
		return reply
	}
	reply.Set("attr_name", a.name)
	host := msg.Get("attr_host")
	for _, v := range a.sorted() {
		if host != "" && !strings.EqualFold(host, v.node) {
			continue
		}
		n := reply.Append(xml.New("node", "attr_host", v.node))
		if v.has {
			n.Set("attr_value", v.text)
		}
	}
	return reply
}
