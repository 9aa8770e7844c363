package pengine_test

import (
	"strconv"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// wrap makes a clone of a primitive or group.
func (m *mutator) wrap() {
	r := one(m, m.resources)
	if r == nil || r.Parent == nil || r.Parent.Name != "resources" || r.Name != "primitive" && r.Name != "group" || r.Get("type") == "remote" {
		return
	}
	at := r.Index()
	parent := r.Parent
	c := xml.New("clone", "id", m.id("clone"))
	if m.p(0.4) {
		g := xml.New("group", "id", m.id("group"))
		if r.Name == "primitive" {
			r.Remove()
			g.Append(r)
			if m.p(0.5) {
				g.Append(m.primitive())
			}
			parent.Insert(at, g)
			return
		}
	}
	r.Remove()
	c.Append(r)
	parent.Insert(at, c)
	for range m.n(0, 3) {
		name, value := m.of(cloneMetas)
		m.nvpair(c, "meta_attributes", name, value)
	}
}

func (m *mutator) primitive() *xml.Element {
	p := xml.New("primitive", "id", m.id("rsc"), "class", "ocf", "provider", "pacemaker", "type", one(m, []string{"Dummy", "Stateful"}))
	ops := p.Append(xml.New("operations"))
	ops.Append(xml.New("op", "id", m.id("op"), "name", "monitor", "interval", "10s"))
	if m.p(0.3) {
		ops.Append(xml.New("op", "id", m.id("op"), "name", one(m, []string{"start", "stop"}), "interval", "0", "on-fail", one(m, []string{"block", "ignore"})))
	}
	return p
}

// machine adds a remote node, makes a guest of a resource, or adds a resource.
func (m *mutator) machine() {
	all := m.section("configuration", "resources")
	switch m.r.IntN(3) {
	case 0:
		all.Append(m.primitive())
		return
	case 1:
		r := one(m, m.resources)
		if r == nil || r.Name != "primitive" || r.Get("type") == "remote" {
			return
		}
		m.nvpair(r, "meta_attributes", "remote-node", m.id("guest"))
		return
	}
	name := m.id("remote")
	p := xml.New("primitive", "id", name, "class", "ocf", "provider", "pacemaker", "type", "remote")
	p.Append(xml.New("operations")).Append(xml.New("op", "id", m.id("op"), "name", "monitor", "interval", "60s"))
	if m.p(0.3) {
		m.nvpair(p, "instance_attributes", "reconnect_interval", "60s")
	}
	all.Append(p)
	if m.p(0.6) {
		s := m.section("status").Append(xml.New("node_state", "id", name, "uname", name, "remote_node", "true", "in_ccm", one(m, []string{"true", "true", "false"})))
		s.Append(xml.New("lrm", "id", name)).Append(xml.New("lrm_resources"))
	}
	if to := one(m, m.states); to != nil && m.p(0.8) && to.Get("remote_node") != "true" {
		lrm := to.Child("lrm")
		if lrm == nil {
			lrm = to.Append(xml.New("lrm", "id", to.ID()))
		}
		h := lrm.Ensure("lrm_resources").Append(xml.New("lrm_resource", "id", name, "class", "ocf", "provider", "pacemaker", "type", "remote"))
		put(h, m.entry(h, "start", 0, 0, 0))
		if m.p(0.7) {
			put(h, m.entry(h, "monitor", 60000, 0, one(m, []int{0, 0, 1, 7})))
		}
	}
}

// operation changes how an operation is configured.
func (m *mutator) operation() {
	var ops []*xml.Element
	for n := range m.doc.Walk() {
		if n.Name == "op" {
			ops = append(ops, n)
		}
	}
	if p := one(m, m.prims); p != nil && m.p(0.4) {
		op := xml.New("op", "id", m.id("op"), "name", one(m, []string{"monitor", "start", "stop", "promote", "demote", "migrate_to", "notify"}), "interval", "0")
		if op.Get("name") == "monitor" {
			op.Set("interval", one(m, []string{"7s", "11s", "10s"}))
			if m.p(0.4) {
				op.Set("role", one(m, []string{"Promoted", "Unpromoted", "Stopped", "Started"}))
			}
		}
		o := p.Child("operations")
		if o == nil {
			o = p.Append(xml.New("operations"))
		}
		o.Append(op)
		ops = []*xml.Element{op}
	}
	op := one(m, ops)
	if op == nil {
		return
	}
	switch m.r.IntN(5) {
	case 0:
		op.Set("enabled", one(m, []string{"true", "false"}))
	case 1:
		op.Set("timeout", one(m, []string{"20s", "99", "2min"}))
	case 2:
		op.Set("interval", one(m, []string{"10s", "5s", "33s", "0"}))
	default:
		op.Set("on-fail", one(m, []string{"ignore", "block", "stop", "restart", "standby", "fence", "demote", "restart-container"}))
	}
}

// room makes resources need something, and nodes have it.
func (m *mutator) room() {
	m.option("placement-strategy", one(m, []string{"utilization", "minimal", "balanced"}))
	for n := range m.section("configuration", "nodes").Each("node") {
		if m.p(0.8) {
			m.nvpair(n, "utilization", "cpu", strconv.Itoa(m.n(0, 8)))
			if m.p(0.7) {
				m.nvpair(n, "utilization", "memory", strconv.Itoa(512*m.n(1, 8)))
			}
		}
	}
	for _, p := range m.prims {
		if m.p(0.6) && p.Parent.Name != "bundle" {
			m.nvpair(p, "utilization", one(m, []string{"cpu", "memory"}), strconv.Itoa(one(m, []int{0, 1, 2, 4, 512, 1024})))
		}
	}
}
