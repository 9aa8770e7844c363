package pengine_test

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

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
