package pengine_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// mutate changes a CIB at random: what somebody does to a cluster, and what
// happens to one. Without one it takes a scheduler case. The result need not be
// valid; crm_simulate then refuses it.
func mutate(t *testing.T, stream string, seed int, cib []byte) []byte {
	hash := fnv.New64a()
	hash.Write([]byte(stream))
	m := &mutator{r: rand.New(rand.NewPCG(hash.Sum64(), uint64(seed))), likely: !strings.HasSuffix(stream, "-1")}
	if cib == nil {

		index := strings.Split(strings.TrimSpace(read(t, filepath.Join(captures.Outside(t, "data/scheduler"), "index.tsv"))), "\n")
		name, _, _ := strings.Cut(index[1+m.r.IntN(len(index)-1)], "\t")
		cib = []byte(read(t, filepath.Join(captures.Outside(t, "data/scheduler"), "xml", name+".xml")))
	}
	doc, err := xml.Parse(cib)
	if err != nil {
		t.Fatalf("%s, seed %d: %v", stream, seed, err)
	}
	m.doc = doc
	m.now()
	m.look()
	n := 1 + m.r.IntN(4)
	if m.p(0.3) {
		n += m.r.IntN(12)
	}
	for range n {
		if m.likely && len(m.resources) == 0 {
			break
		}
		m.step()
		m.look()
	}
	return doc.Format()
}

// A mutator holds what it may refer to in the document it changes.
type mutator struct {
	r   *rand.Rand
	doc *xml.Element

	made  int
	clock int
	// likely: no entries of histories that no cluster writes (since version 2).
	likely bool

	nodes     []string // names, remote ones too
	states    []*xml.Element
	resources []*xml.Element // primitives, groups, clones, bundles that a constraint may name
	clones    []string
	prims     []*xml.Element
	entries   []*xml.Element // lrm_rsc_op
	histories []*xml.Element // lrm_resource
	cons      []*xml.Element
}

func (m *mutator) p(chance float64) bool { return m.r.Float64() < chance }

func (m *mutator) n(from, to int) int { return from + m.r.IntN(to-from+1) }

func one[T any](m *mutator, of []T) (v T) {
	if len(of) > 0 {
		v = of[m.r.IntN(len(of))]
	}
	return v
}

func (m *mutator) id(what string) string {
	m.made++
	return fmt.Sprintf("mut-%s-%d", what, m.made)
}

// now gives the document a time, a little after what happened last.
func (m *mutator) now() {
	if t, err := strconv.Atoi(m.doc.Get("execution-date")); err == nil {
		m.clock = t
		return
	}
	m.clock = 1_000_000_000
	for n := range m.doc.Walk() {
		if t, err := strconv.Atoi(n.Get("last-rc-change")); err == nil && t < 4_000_000_000 {
			m.clock = max(m.clock, t)
		}
	}
	m.clock += m.n(1, 4000)
	m.doc.Set("execution-date", strconv.Itoa(m.clock))
}

func (m *mutator) look() {
	m.nodes, m.states, m.resources, m.clones, m.prims, m.entries, m.histories, m.cons = nil, nil, nil, nil, nil, nil, nil, nil
	for n := range m.doc.Walk() {
		switch n.Name {
		case "node":
			if n.Parent.Name == "nodes" {
				m.nodes = append(m.nodes, n.Get("uname"))
			}
		case "nvpair":
			if n.Get("name") == "remote-node" {
				m.nodes = append(m.nodes, n.Get("value"))
			}
		case "node_state":
			m.states = append(m.states, n)
		case "primitive":
			m.prims = append(m.prims, n)
			if n.Get("class") == "stonith" {
				break
			}
			if n.Get("type") == "remote" {
				m.nodes = append(m.nodes, n.ID())
			}
			if n.Parent.Name == "resources" || n.Parent.Name == "group" && m.p(0.2) {
				m.resources = append(m.resources, n)
			}
		case "group":
			if n.Parent.Name == "resources" {
				m.resources = append(m.resources, n)
			}
		case "clone", "master", "bundle":
			m.resources = append(m.resources, n)
			m.clones = append(m.clones, n.ID())
		case "lrm_rsc_op":
			m.entries = append(m.entries, n)
		case "lrm_resource":
			m.histories = append(m.histories, n)
		case "rsc_location", "rsc_colocation", "rsc_order", "rsc_ticket":
			m.cons = append(m.cons, n)
		}
	}
	slices.Sort(m.nodes)
	m.nodes = slices.Compact(m.nodes)
}

func (m *mutator) resource() string {
	if len(m.resources) == 0 {
		return "none"
	}
	return one(m, m.resources).ID()
}

func (m *mutator) several(n int) (ids []string) {
	for range n {
		if r := m.resource(); !slices.Contains(ids, r) {
			ids = append(ids, r)
		}
	}
	return ids
}

func (m *mutator) score() string {
	s := one(m, []string{"INFINITY", "INFINITY", "0", "1", strconv.Itoa(m.n(2, 50)), strconv.Itoa(m.n(51, 3000)), strconv.Itoa(m.n(3001, 300000))})
	if m.p(0.35) {
		s = "-" + s
	}
	return s
}

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

func (m *mutator) step() {
	steps := []struct {
		weight int
		do     func()
	}{
		{10, m.remove}, {14, m.result}, {10, m.meta}, {8, m.setOption}, {12, m.state}, {10, m.colocate}, {10, m.order}, {8, m.locate},
		{4, m.ticket}, {8, m.constraint}, {8, m.copyHistory}, {6, m.fail}, {8, m.append}, {4, m.wrap}, {5, m.machine}, {6, m.attribute},
		{3, m.quorum}, {5, m.operation}, {4, m.room}, {4, m.migrating}, {4, m.promotion}, {3, m.tag}, {4, m.locked}, {3, m.dated}, {3, m.parameter},
		{3, m.unfencing}, {4, m.again},
	}
	sum := 0
	for _, s := range steps {
		sum += s.weight
	}
	at := m.r.IntN(sum)
	for _, s := range steps {
		if at -= s.weight; at < 0 {
			s.do()
			return
		}
	}
}

// remove takes something away.
func (m *mutator) remove() {
	var of []*xml.Element
	switch m.r.IntN(6) {
	case 0:
		of = m.cons
	case 1, 2:
		of = m.entries
	case 3:
		of = m.histories
	case 4:
		of = m.states
		if m.p(0.6) {
			of = nil
		}
	case 5:
		for n := range m.doc.Walk() {
			if n.Name == "nvpair" || n.Name == "op" {
				of = append(of, n)
			}
		}
	}
	if n := one(m, of); n != nil {
		n.Remove()
	}
}

// setResult writes what an operation came to.
func setResult(e *xml.Element, status, rc int) {
	e.Set("op-status", strconv.Itoa(status))
	e.Set("rc-code", strconv.Itoa(rc))
	key := e.Get("transition-key")
	e.Set("transition-magic", fmt.Sprintf("%d:%d;%s", status, rc, key))
	if status == -1 {
		e.Set("call-id", "-1")
	}
}

// result changes what an operation came to.
func (m *mutator) result() {
	e := one(m, m.entries)
	if e == nil {
		return
	}
	switch m.r.IntN(8) {
	case 0:
		setResult(e, -1, 193)
	case 1:
		setResult(e, 2, 1)
	case 2:
		setResult(e, m.n(0, 8), one(m, []int{0, 1, 7}))
	default:
		setResult(e, 0, one(m, []int{0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 7, 8, 8, 9, 190, 191, 193, 198}))
	}
	if m.likely && e.Get("op-status") != "-1" && e.Get("call-id") == "-1" {
		e.Set("call-id", strconv.Itoa(m.n(100, 200)))
	}
	if m.p(0.5) {
		e.Set("last-rc-change", strconv.Itoa(m.clock-m.n(0, 900)))
	}
	if m.p(0.2) && e.Get("operation") == "monitor" {
		e.Set("id", e.Parent.ID()+"_last_failure_0")
	}
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

func (m *mutator) role(of string) string {
	if slices.Contains(m.clones, of) || m.p(0.05) {
		return one(m, []string{"Promoted", "Promoted", "Unpromoted", "Started", "Stopped", "Master", "Slave"})
	}
	return "Started"
}

// set appends a set of resources to a constraint.
func (m *mutator) set(c *xml.Element, n int, attrs func(s *xml.Element, ids []string)) {
	ids := m.several(n)
	s := xml.New("resource_set", "id", m.id("rs"))
	attrs(s, ids)
	for _, id := range ids {
		s.Append(xml.New("resource_ref", "id", id))
	}
	c.Append(s)
}

func (m *mutator) colocate() {
	c := xml.New("rsc_colocation", "id", m.id("col"), "score", m.score())
	if m.p(0.25) {
		for range m.n(1, 3) {
			m.set(c, m.n(1, 3), func(s *xml.Element, ids []string) {
				if m.p(0.4) {
					s.Set("sequential", one(m, []string{"true", "false"}))
				}
				if m.p(0.3) {
					s.Set("role", m.role(ids[0]))
				}
			})
		}
	} else {
		ids := m.several(6)
		if len(ids) < 2 {
			return
		}
		c.Set("rsc", ids[0])
		c.Set("with-rsc", ids[1])
		if m.p(0.3) {
			c.Set("rsc-role", m.role(ids[0]))
		}
		if m.p(0.3) {
			c.Set("with-rsc-role", m.role(ids[1]))
		}
		if m.p(0.1) {
			c.Set("node-attribute", one(m, []string{"rack", "#site-name", "site"}))
		}
		if m.p(0.1) {
			c.Set("influence", one(m, []string{"true", "false"}))
		}
	}
	m.section("configuration", "constraints").Append(c)
}

func (m *mutator) order() {
	c := xml.New("rsc_order", "id", m.id("ord"))
	if m.p(0.5) {
		c.Set("kind", one(m, []string{"Mandatory", "Optional", "Optional", "Serialize"}))
	}
	if m.p(0.15) {
		c.Set("symmetrical", one(m, []string{"true", "false"}))
	}
	if m.p(0.3) {
		for range m.n(1, 3) {
			m.set(c, m.n(1, 3), func(s *xml.Element, ids []string) {
				if m.p(0.4) {
					s.Set("sequential", one(m, []string{"true", "false"}))
				}
				if m.p(0.3) {
					s.Set("require-all", one(m, []string{"true", "false"}))
				}
				if m.p(0.3) {
					s.Set("action", one(m, []string{"start", "stop", "promote", "demote"}))
				}
				if m.p(0.1) {
					s.Set("role", m.role(ids[0]))
				}
			})
		}
	} else {
		ids := m.several(6)
		if len(ids) < 2 {
			return
		}
		c.Set("first", ids[0])
		c.Set("then", ids[1])
		if m.p(0.3) {
			c.Set("first-action", one(m, []string{"start", "stop", "promote", "demote"}))
		}
		if m.p(0.3) {
			c.Set("then-action", one(m, []string{"start", "stop", "promote", "demote"}))
		}
		if m.p(0.1) {
			c.Set("require-all", one(m, []string{"true", "false"}))
		}
	}
	m.section("configuration", "constraints").Append(c)
}

func (m *mutator) rule() *xml.Element {
	r := xml.New("rule", "id", m.id("rule"))
	if m.p(0.3) {
		r.Set("boolean-op", one(m, []string{"and", "or"}))
	}
	for range m.n(1, 2) {
		if m.p(0.3) {
			r.Append(m.date())
			continue
		}
		e := xml.New("expression", "id", m.id("e"), "attribute", one(m, []string{"#uname", "rack", "#kind", "pingd", "#is_dc", "standby", "none"}),
			"operation", one(m, []string{"eq", "ne", "defined", "not_defined", "lt", "gte"}))
		if op := e.Get("operation"); op != "defined" && op != "not_defined" {
			e.Set("value", one(m, append([]string{"r1", "true", "remote", "container", "100"}, m.nodes...)))
		}
		r.Append(e)
	}
	return r
}

func (m *mutator) date() *xml.Element {
	e := xml.New("date_expression", "id", m.id("d"))
	past, future := one(m, []string{"2002-01-01", "1999-12-31 10:00:00"}), one(m, []string{"2033-06-01", "2035-001"})
	switch m.r.IntN(4) {
	case 0:
		e.Set("operation", "in_range")
		e.Set("start", past)
		e.Set("end", one(m, []string{future, past}))
	case 1:
		e.Set("operation", "gt")
		e.Set("start", one(m, []string{future, past}))
	case 2:
		e.Set("operation", "lt")
		e.Set("end", one(m, []string{future, past}))
	case 3:
		e.Set("operation", "date_spec")
		e.Append(xml.New("date_spec", "id", m.id("ds"), one(m, []string{"hours", "weekdays", "months", "monthdays", "years"}), one(m, []string{"1-5", "2", "9-16", "3-", "2005-2024"})))
	}
	return e
}

func (m *mutator) locate() {
	c := xml.New("rsc_location", "id", m.id("loc"))
	if m.p(0.1) {
		c.Set("rsc-pattern", one(m, []string{".*", "^r", "[0-9]$", "!^r"}))
	} else if m.p(0.1) {
		m.set(c, m.n(1, 3), func(*xml.Element, []string) {})
	} else {
		c.Set("rsc", m.resource())
	}
	if m.p(0.3) && !c.Has("rsc-pattern") && len(c.Children) == 0 {
		r := m.rule()
		if m.p(0.2) {
			r.Set("score-attribute", one(m, []string{"pingd", "rack"}))
		} else {
			r.Set("score", m.score())
		}
		if m.p(0.15) {
			r.Set("role", one(m, []string{"Promoted", "Unpromoted"}))
		}
		c.Append(r)
	} else {
		c.Set("node", one(m, m.nodes))
		c.Set("score", m.score())
		if m.p(0.15) {
			c.Set("role", one(m, []string{"Promoted", "Unpromoted", "Started"}))
		}
	}
	if m.p(0.15) {
		c.Set("resource-discovery", one(m, []string{"always", "never", "exclusive"}))
	}
	m.section("configuration", "constraints").Append(c)
}

func (m *mutator) ticket() {
	name := one(m, []string{"ticketA", "ticketB"})
	c := xml.New("rsc_ticket", "id", m.id("tic"), "ticket", name)
	if m.p(0.3) {
		m.set(c, m.n(1, 3), func(s *xml.Element, ids []string) {
			if m.p(0.4) {
				s.Set("role", m.role(ids[0]))
			}
		})
	} else {
		c.Set("rsc", m.resource())
		if m.p(0.4) {
			c.Set("rsc-role", m.role(c.Get("rsc")))
		}
	}
	if m.p(0.8) {
		c.Set("loss-policy", one(m, []string{"stop", "demote", "freeze", "fence"}))
	}
	m.section("configuration", "constraints").Append(c)
	if m.p(0.7) {
		tickets := m.section("status", "tickets")
		if tickets.ByID("ticket_state", name) == nil {
			s := tickets.Append(xml.New("ticket_state", "id", name, "granted", one(m, []string{"true", "true", "false"}), "last-granted", strconv.Itoa(m.clock-100)))
			if m.p(0.3) {
				s.Set("standby", "true")
			}
		}
	}
}

// constraint changes an attribute of a constraint that is there.
func (m *mutator) constraint() {
	c := one(m, m.cons)
	if c == nil {
		return
	}
	switch c.Name {
	case "rsc_colocation":
		switch m.r.IntN(4) {
		case 0:
			c.Set("score", m.score())
		case 1:
			if c.Has("rsc") {
				a, b := c.Get("rsc"), c.Get("with-rsc")
				c.Set("rsc", b)
				c.Set("with-rsc", a)
			}
		case 2:
			if c.Has("rsc") {
				c.Set("with-rsc-role", m.role(c.Get("with-rsc")))
			}
		case 3:
			if c.Has("rsc") {
				c.Set("rsc-role", m.role(c.Get("rsc")))
			}
		}
	case "rsc_order":
		switch m.r.IntN(3) {
		case 0:
			c.Unset("score")
			c.Set("kind", one(m, []string{"Mandatory", "Optional", "Serialize"}))
		case 1:
			c.Set("symmetrical", one(m, []string{"true", "false"}))
		case 2:
			if c.Has("first") {
				c.Set("first-action", one(m, []string{"start", "stop", "promote", "demote"}))
			}
		}
	case "rsc_location":
		if c.Has("score") {
			c.Set("score", m.score())
		}
		if m.p(0.3) && c.Has("node") {
			c.Set("node", one(m, m.nodes))
		}
	case "rsc_ticket":
		c.Set("loss-policy", one(m, []string{"stop", "demote", "freeze", "fence"}))
	}
	if s := c.Child("resource_set"); s != nil && m.p(0.5) {
		s.Set("sequential", one(m, []string{"true", "false"}))
	}
}

// copyHistory makes what happened on one node happen on another, too, or
// instead.
func (m *mutator) copyHistory() {
	h, to := one(m, m.histories), one(m, m.states)
	if h == nil || to == nil {
		return
	}
	lrm := to.Child("lrm")
	if lrm == nil {
		lrm = to.Append(xml.New("lrm", "id", to.ID()))
	}
	all := lrm.Ensure("lrm_resources")
	if old := all.ByID("lrm_resource", h.ID()); old != nil {
		old.Remove()
	}
	if m.p(0.4) && h.Parent != nil {
		all.Append(h.Clone())
		h.Remove()
	} else {
		all.Append(h.Clone())
	}
}

// fail counts a failure.
func (m *mutator) fail() {
	h := one(m, m.histories)
	if h == nil {
		return
	}
	state := h.Parent.Parent.Parent
	if state == nil || state.Name != "node_state" {
		return
	}
	id, _, _ := strings.Cut(h.ID(), ":")
	op := one(m, []string{"monitor_10000", "start_0", "stop_0", "monitor_0", "promote_0"})
	if e := h.Child("lrm_rsc_op"); e != nil && m.p(0.6) {
		op = e.Get("operation") + "_" + e.Get("interval")
	}
	m.transient(state, "fail-count-"+id+"#"+op, one(m, []string{"1", "2", "3", "INFINITY"}))
	if m.p(0.8) {
		m.transient(state, "last-failure-"+id+"#"+op, strconv.Itoa(m.clock-m.n(0, 2000)))
	}
}

// entry is a new entry of a history.
func (m *mutator) entry(h *xml.Element, task string, interval, status, rc int) *xml.Element {
	top := 0
	for e := range h.Parent.Walk() {
		if c, err := strconv.Atoi(e.Get("call-id")); err == nil {
			top = max(top, c)
		}
	}
	id, _, _ := strings.Cut(h.ID(), ":")
	name := "_last_0"
	if interval > 0 {
		name = fmt.Sprintf("_%s_%d", task, interval)
	}
	if strings.HasPrefix(task, "migrate") {
		name = "_" + task + "_0"
	}
	if m.p(0.3) && rc != 0 && rc != 7 {
		name = "_last_failure_0"
	}
	target := rc
	if m.p(0.5) {
		target = one(m, []int{0, 7, 8})
	}
	if m.likely && task != "monitor" {
		target = 0
	}
	key := fmt.Sprintf("%d:%d:%d:0d3a6a2c-9d5c-4f25-8f0b-6c1f3f1f5a11", m.n(1, 90), m.n(1, 300), target)
	e := xml.New("lrm_rsc_op", "id", h.ID()+name, "operation_key", fmt.Sprintf("%s_%s_%d", id, task, interval), "operation", task,
		"crm-debug-origin", "build_active_RAs", "crm_feature_set", "3.16.1", "transition-key", key, "transition-magic", "",
		"call-id", strconv.Itoa(top+m.n(0, 2)), "rc-code", "0", "op-status", "0", "interval", strconv.Itoa(interval),
		"last-rc-change", strconv.Itoa(m.clock-m.n(0, 3000)), "exec-time", "20", "queue-time", "0",
		"op-digest", "f2317cad3d54cec5d7d7aa7d0bf35cf8")
	if interval > 0 {
		e.Set("last-rc-change", strconv.Itoa(m.clock-m.n(0, 3000)))
	}
	setResult(e, status, rc)
	return e
}

func put(h, e *xml.Element) {
	if old := h.ByID("lrm_rsc_op", e.ID()); old != nil {
		old.Remove()
	}
	h.Append(e)
}

// append makes something happen.
func (m *mutator) append() {
	h := one(m, m.histories)
	if h == nil {
		return
	}
	for range m.n(1, 3) {
		task := one(m, []string{"start", "stop", "monitor", "monitor", "promote", "demote", "notify"})
		interval := 0
		if task == "monitor" && m.p(0.7) {
			interval = one(m, []int{10000, 5000, 60000, 123000})
		}
		status, rc := 0, one(m, []int{0, 0, 0, 1, 5, 7, 8, 9})
		if m.p(0.25) {
			status, rc = -1, 193
		} else if m.p(0.1) {
			status, rc = 2, 1
		}
		put(h, m.entry(h, task, interval, status, rc))
	}
}

// again lets a node have a longer history: the same resource elsewhere.
func (m *mutator) again() {
	p, to := one(m, m.prims), one(m, m.states)
	if p == nil || to == nil || !p.Has("class") {
		return
	}
	lrm := to.Child("lrm")
	if lrm == nil {
		lrm = to.Append(xml.New("lrm", "id", to.ID()))
	}
	all := lrm.Ensure("lrm_resources")
	h := all.ByID("lrm_resource", p.ID())
	if h == nil {
		h = all.Append(xml.New("lrm_resource", "id", p.ID(), "class", p.Get("class"), "type", p.Get("type")))
		if p.Has("provider") {
			h.Set("provider", p.Get("provider"))
		}
	}
	if m.p(0.7) {
		put(h, m.entry(h, "start", 0, 0, 0))
		if m.p(0.5) {
			put(h, m.entry(h, "monitor", 10000, 0, one(m, []int{0, 0, 0, 1, 7})))
		}
	} else {
		put(h, m.entry(h, "monitor", 0, 0, one(m, []int{7, 7, 0, 1, 5, 8})))
	}
}

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

// migrating puts a resource on its way to another node.
func (m *mutator) migrating() {
	h, to := one(m, m.histories), one(m, m.states)
	if h == nil || to == nil || h.Parent.Parent.Parent == to {
		return
	}
	from := h.Parent.Parent.Parent
	lrm := to.Child("lrm")
	if lrm == nil {
		lrm = to.Append(xml.New("lrm", "id", to.ID()))
	}
	all := lrm.Ensure("lrm_resources")
	there := all.ByID("lrm_resource", h.ID())
	if there == nil {
		there = all.Append(xml.New("lrm_resource", "id", h.ID(), "class", h.Get("class"), "type", h.Get("type")))
		if h.Has("provider") {
			there.Set("provider", h.Get("provider"))
		}
	}
	for _, p := range m.prims {
		if p.ID() == h.ID() && m.p(0.8) {
			m.nvpair(p, "meta_attributes", "allow-migrate", "true")
		}
	}
	ways := func(e *xml.Element) *xml.Element {
		e.Set("migrate_source", from.Get("uname"))
		e.Set("migrate_target", to.Get("uname"))
		return e
	}
	switch m.r.IntN(5) {
	case 0:
		put(h, ways(m.entry(h, "migrate_to", 0, -1, 193)))
	case 1:
		put(h, ways(m.entry(h, "migrate_to", 0, 0, 1)))
	case 2:
		put(h, ways(m.entry(h, "migrate_to", 0, 0, 0)))
	case 3:
		put(h, ways(m.entry(h, "migrate_to", 0, 0, 0)))
		put(there, ways(m.entry(there, "migrate_from", 0, 0, one(m, []int{0, 1}))))
	case 4:
		put(h, ways(m.entry(h, "migrate_to", 0, 0, 0)))
		put(there, ways(m.entry(there, "migrate_from", 0, -1, 193)))
	}
}

// promotion gives an instance a promotion score.
func (m *mutator) promotion() {
	h := one(m, m.histories)
	if h == nil {
		return
	}
	if s := h.Parent.Parent.Parent; s != nil && s.Name == "node_state" {
		m.transient(s, "master-"+h.ID(), one(m, []string{"1", "5", "10", "100", "1000", "INFINITY", "-1", "-INFINITY"}))
	}
}

func (m *mutator) tag() {
	ids := m.several(m.n(1, 3))
	name := m.id("tag")
	t := xml.New("tag", "id", name)
	for _, id := range ids {
		t.Append(xml.New("obj_ref", "id", id))
	}
	m.section("configuration", "tags").Append(t)
	c := m.section("configuration", "constraints")
	other := m.resource()
	switch m.r.IntN(3) {
	case 0:
		c.Append(xml.New("rsc_location", "id", m.id("loc"), "rsc", name, "node", one(m, m.nodes), "score", m.score()))
	case 1:
		c.Append(xml.New("rsc_colocation", "id", m.id("col"), "rsc", name, "with-rsc", other, "score", m.score()))
	case 2:
		c.Append(xml.New("rsc_order", "id", m.id("ord"), "first", other, "then", name))
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
