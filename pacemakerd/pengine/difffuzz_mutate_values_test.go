package pengine_test

import (
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

func (m *mutator) section(names ...string) *xml.Element {
	n := m.doc
	for _, name := range names {
		n = n.Ensure(name)
	}
	return n
}

// nvpair sets a value in a set of attributes of an element.
func (m *mutator) nvpair(of *xml.Element, set, name, value string) {
	s := of.Child(set)
	if s == nil {
		s = xml.New(set, "id", m.id("set"))
		// The schema wants attributes of a clone or group before its members,
		// and of a primitive anywhere.
		if of.Name == "bundle" {
			of.Append(s)
		} else {
			of.Insert(0, s)
		}
	}
	for p := range s.Each("nvpair") {
		if p.Get("name") == name {
			p.Set("value", value)
			return
		}
	}
	s.Append(xml.New("nvpair", "id", m.id("nv"), "name", name, "value", value))
}

func (m *mutator) option(name, value string) {
	config := m.section("configuration", "crm_config")
	for n := range config.Walk() {
		if n.Name == "nvpair" && n.Get("name") == name {
			n.Set("value", value)
			return
		}
	}
	m.nvpair(config, "cluster_property_set", name, value)
}

// transient sets a transient attribute of a node.
func (m *mutator) transient(state *xml.Element, name, value string) {
	id := state.ID()
	a := state.Child("transient_attributes")
	if a == nil {
		a = state.Append(xml.New("transient_attributes", "id", id))
	}
	m.nvpair(a, "instance_attributes", name, value)
}

var clusterOptions = [][2]string{
	{"no-quorum-policy", "stop ignore freeze demote suicide"},
	{"symmetric-cluster", "true false"},
	{"maintenance-mode", "true false"},
	{"start-failure-is-fatal", "true false"},
	{"enable-startup-probes", "true false"},
	{"shutdown-lock", "true true true false"},
	{"shutdown-lock-limit", "30s 5min 1h 0"},
	{"stonith-enabled", "true true false"},
	{"stonith-action", "reboot off poweroff"},
	{"have-watchdog", "true false"},
	{"concurrent-fencing", "true false"},
	{"startup-fencing", "true false"},
	{"priority-fencing-delay", "0 15s 60s"},
	{"cluster-delay", "60s 2min"},
	{"migration-limit", "-1 0 1 2"},
	{"batch-limit", "0 1 10"},
	{"stop-all-resources", "true false"},
	{"stop-orphan-resources", "true false"},
	{"stop-orphan-actions", "true false"},
	{"remove-after-stop", "true false"},
	{"node-health-strategy", "none migrate-on-red only-green progressive custom"},
	{"node-health-base", "0 10 -10 100"},
	{"node-health-green", "0 10 50"},
	{"node-health-yellow", "0 -10 -50"},
	{"node-health-red", "-INFINITY -100 -1"},
	{"placement-strategy", "default utilization minimal balanced"},
	{"cluster-name", "alpha beta"},
}

var metas = [][2]string{
	{"target-role", "Started Stopped Promoted Unpromoted Master Slave"},
	{"is-managed", "true false false"},
	{"maintenance", "true false"},
	{"priority", "0 1 5 10 100 -1"},
	{"resource-stickiness", "0 1 50 100 1000 INFINITY -10"},
	{"migration-threshold", "0 1 2 3 INFINITY"},
	{"failure-timeout", "10s 60s 10min 0"},
	{"multiple-active", "stop_start stop_only block stop_unexpected"},
	{"requires", "nothing quorum fencing unfencing"},
	{"allow-migrate", "true true false"},
	{"critical", "true false"},
	{"allow-unhealthy-nodes", "true false"},
	{"restart-type", "restart ignore"},
	{"provides", "unfencing"},
}

var cloneMetas = [][2]string{
	{"clone-max", "0 1 2 3 4 5"},
	{"clone-node-max", "1 2 3"},
	{"clone-min", "1 2 3"},
	{"interleave", "true false"},
	{"ordered", "true false"},
	{"notify", "true false"},
	{"globally-unique", "true false"},
	{"promotable", "true true false"},
	{"promoted-max", "1 2 3"},
	{"promoted-node-max", "1 2"},
}

func (m *mutator) of(table [][2]string) (name, value string) {
	row := one(m, table)
	return row[0], one(m, strings.Fields(row[1]))
}

func (m *mutator) meta() {
	if len(m.resources) == 0 {
		return
	}
	r := one(m, m.resources)
	if m.p(0.3) {
		if p := one(m, m.prims); p != nil {
			r = p
		}
	}
	name, value := m.of(metas)
	if (r.Name == "clone" || r.Name == "master") && m.p(0.7) {
		name, value = m.of(cloneMetas)
	}
	m.nvpair(r, "meta_attributes", name, value)
}

func (m *mutator) setOption() { m.option(m.of(clusterOptions)) }

// dated lets a set of attributes depend on a rule.
func (m *mutator) dated() {
	p := one(m, m.prims)
	if p == nil {
		return
	}
	set, name, value := "meta_attributes", "", ""
	name, value = m.of(metas)
	if m.p(0.4) {
		set, name, value = "instance_attributes", "fake", one(m, []string{"a", "b"})
	}
	s := xml.New(set, "id", m.id("set"))
	if m.p(0.5) {
		s.Set("score", strconv.Itoa(m.n(1, 9)))
	}
	r := xml.New("rule", "id", m.id("rule"))
	r.Append(m.date())
	s.Append(r)
	s.Append(xml.New("nvpair", "id", m.id("nv"), "name", name, "value", value))
	p.Append(s)
}

// parameter changes a parameter, or what was recorded of one.
func (m *mutator) parameter() {
	if e := one(m, m.entries); e != nil && m.p(0.5) {
		if m.p(0.5) {
			e.Set("op-digest", "00000000000000000000000000000000")
		} else {
			e.Set("op-force-restart", " fake state ")
			e.Set("op-restart-digest", one(m, []string{"00000000000000000000000000000000", "f2317cad3d54cec5d7d7aa7d0bf35cf8"}))
		}
		return
	}
	if p := one(m, m.prims); p != nil {
		m.nvpair(p, "instance_attributes", one(m, []string{"fake", "state", "passwd"}), one(m, []string{"1", "2"}))
	}
}
