package pengine_test

import (
	"strconv"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

func (m *mutator) quorum() {
	if m.doc.Get("have-quorum") == "0" || m.doc.Get("have-quorum") == "false" {
		m.doc.Set("have-quorum", "1")
	} else {
		m.doc.Set("have-quorum", "0")
		if m.p(0.5) {
			m.option("no-quorum-policy", one(m, []string{"stop", "ignore", "freeze", "demote", "suicide"}))
		}
	}
	if m.p(0.1) {
		m.doc.Set("no-quorum-panic", "1")
	}
}

// state changes what is known of a node.
func (m *mutator) state() {
	s := one(m, m.states)
	if s == nil {
		return
	}
	if s.Get("remote_node") == "true" {
		switch m.r.IntN(4) {
		case 0:
			s.Set("in_ccm", one(m, []string{"true", "false"}))
		case 1:
			s.Set("node_fenced", one(m, []string{"0", strconv.Itoa(m.clock - 50)}))
		case 2:
			s.Set("node_in_maintenance", one(m, []string{"0", "1"}))
		case 3:
			m.transient(s, "standby", "on")
		}
		return
	}
	all := [][4]string{
		{"true", "online", "member", "member"}, {"false", "offline", "down", "down"}, {"false", "offline", "down", "member"},
		{"true", "online", "pending", "member"}, {"true", "online", "pending", "down"}, {"true", "offline", "down", "member"},
		{"true", "offline", "down", "down"}, {"true", "online", "banned", "member"}, {"false", "online", "member", "member"},
		{"true", "online", "member", "down"},
	}
	switch m.r.IntN(5) {
	case 0:
		m.transient(s, "shutdown", strconv.Itoa(m.clock-m.n(1, 300)))
	case 1:
		m.transient(s, one(m, []string{"standby", "maintenance", "terminate", "probe_complete"}), one(m, []string{"true", "on", "false", "off"}))
	default:
		v := one(m, all)
		for i, name := range []string{"in_ccm", "crmd", "join", "expected"} {
			s.Set(name, v[i])
		}
	}
}

// attribute gives a node an attribute.
func (m *mutator) attribute() {
	name := one(m, []string{"rack", "#health-disk", "#health-cpu", "standby", "maintenance", "pingd", "site-name", "resource-discovery-enabled"})
	value := map[string][]string{"rack": {"r1", "r2"}, "#health-disk": {"red", "yellow", "green", "-5"}, "#health-cpu": {"red", "yellow", "green", "7"},
		"standby": {"on", "true", "false"}, "maintenance": {"true", "false"}, "pingd": {"0", "100", "1000"}, "site-name": {"east", "west"},
		"resource-discovery-enabled": {"false", "true"}}[name]
	if m.p(0.5) {
		if s := one(m, m.states); s != nil {
			m.transient(s, name, one(m, value))
		}
		return
	}
	var nodes []*xml.Element
	for n := range m.section("configuration", "nodes").Each("node") {
		nodes = append(nodes, n)
	}
	if n := one(m, nodes); n != nil {
		m.nvpair(n, "instance_attributes", name, one(m, value))
	}
}

// locked shuts a node down, or lets a resource be locked to one that was.
func (m *mutator) locked() {
	m.option("shutdown-lock", "true")
	if m.p(0.4) {
		m.option("shutdown-lock-limit", one(m, []string{"30s", "5min", "1h"}))
	}
	if s := one(m, m.states); s != nil && m.p(0.6) && s.Get("remote_node") != "true" {
		m.transient(s, "shutdown", strconv.Itoa(m.clock-m.n(0, 600)))
	}
	if h := one(m, m.histories); h != nil && m.p(0.7) {
		h.Set("shutdown-lock", strconv.Itoa(m.clock-m.n(0, 600)))
		if m.p(0.7) {
			put(h, m.entry(h, "stop", 0, 0, 0))
		}
	}
}

// unfencing makes a device provide unfencing.
func (m *mutator) unfencing() {
	for _, p := range m.prims {
		if p.Get("class") == "stonith" && m.p(0.6) {
			m.nvpair(p, "meta_attributes", "provides", "unfencing")
		}
	}
	for _, s := range m.states {
		if m.p(0.5) {
			m.transient(s, "#node-unfenced", strconv.Itoa(m.clock-m.n(0, 4000)))
		}
	}
}
