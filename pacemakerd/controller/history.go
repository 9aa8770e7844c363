package controller

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

func opKey(rsc, task string, interval time.Duration) string {
	return rsc + "_" + task + "_" + strconv.FormatInt(interval.Milliseconds(), 10)
}

// record writes a result into the history, here and in the CIB's status
// section (pacemaker-cluster.md 7.1).
func (m *Machine) record(r lrmd.Result, callID int) {
	if r.Action == "reload" || r.Action == "reload-agent" { // recorded as what it stands for
		if r.Status == lrmd.Pending || r.RC == lrmd.RCOK {
			r.Action = "start"
		} else {
			r.Action = "monitor"
		}
	}
	key := opKey(r.Resource, r.Action, r.Interval)
	var entries []*xml.Element
	add := func(id string) { entries = append(entries, m.entry(r, id, "do_update_resource", callID)) }
	switch failed := m.failed(r); {
	case failed && r.Interval == 0:
		add(r.Resource + "_last_failure_0")
		add(r.Resource + "_last_0")
	case failed:
		add(r.Resource + "_last_failure_0")
	case r.Interval > 0, r.Action == "migrate_to", r.Action == "migrate_from":
		add(key)
	default:
		add(r.Resource + "_last_0")
	}

	rsc := m.exec.history[r.Resource]
	if rsc == nil {
		rsc = xml.New("lrm_resource", "id", r.Resource, "type", r.Agent.Type, "class", r.Agent.Class)
		if r.Agent.Provider != "" {
			rsc.Set("provider", r.Agent.Provider)
		}
		if c := r.Param("CRM_meta_container"); c != "" {
			rsc.Set("container", c)
		}
		m.exec.history[r.Resource] = rsc
		m.exec.order = append(m.exec.order, r.Resource)
	}
	if r.Action == "stop" && r.Status == lrmd.Done && r.RC == lrmd.RCOK {
		// A stopped resource has no recurring operations.
		rsc.Children = slices.DeleteFunc(rsc.Children, func(e *xml.Element) bool { return e.Get("interval") != "0" })
	}
	for _, e := range entries {
		if old := rsc.ByID("lrm_rsc_op", e.ID()); old != nil {
			i := old.Index()
			old.Remove()
			rsc.Insert(i, e.Clone())
		} else {
			rsc.Append(e.Clone())
		}
	}

	status := xml.New("status")
	state := status.Append(xml.New("node_state", "id", m.self(), "uname", m.cfg.Node, "crm-debug-origin", "do_update_resource"))
	up := state.Append(xml.New("lrm", "id", m.self())).Append(xml.New("lrm_resources")).Append(rsc.ShallowClone())
	for _, e := range entries {
		up.Append(e)
	}
	m.cibOp(modify("status", optUpdate, status))
}

// failed tells whether a result is not what the DC expected.
func (m *Machine) failed(r lrmd.Result) bool {
	switch r.Status {
	case lrmd.Pending, lrmd.Cancelled:
		return false
	case lrmd.Done:
		k, ok := parseKey(r.UserData)
		return ok && r.RC != k.target
	}
	return true
}

// entry builds a <lrm_rsc_op>.
func (m *Machine) entry(r lrmd.Result, id, origin string, callID int) *xml.Element {
	task := r.Action
	if task == "cancel" {
		task = "monitor"
	}
	n := xml.New("lrm_rsc_op", "id", id, "operation_key", opKey(r.Resource, task, r.Interval), "operation", task,
		"crm-debug-origin", origin, "crm_feature_set", featureSet(r, m.cfg.FeatureSet),
		"transition-key", r.UserData, "transition-magic", fmt.Sprintf("%d:%d;%s", r.Status, r.RC, r.UserData),
		"exit-reason", r.Reason, "on_node", m.cfg.Node, "call-id", strconv.Itoa(callID),
		"rc-code", strconv.Itoa(r.RC), "op-status", strconv.Itoa(int(r.Status)),
		"interval", strconv.FormatInt(r.Interval.Milliseconds(), 10))
	if r.RCChange > 0 {
		change := r.RCChange
		n.Set("last-rc-change", strconv.FormatInt(change, 10))
		n.Set("exec-time", strconv.FormatInt(r.ExecTime.Milliseconds(), 10))
		n.Set("queue-time", strconv.FormatInt(max(0, r.QueueTime.Milliseconds()), 10))
	}
	if r.Action == "migrate_to" || r.Action == "migrate_from" {
		n.Set("migrate_source", r.Param("CRM_meta_migrate_source"))
		n.Set("migrate_target", r.Param("CRM_meta_migrate_target"))
	}
	m.digests(n, r)
	return n
}

func featureSet(r lrmd.Result, otherwise string) string {
	if v := r.Param("crm_feature_set"); v != "" {
		return v
	}
	return otherwise
}

// digests adds what tells later whether the resource's definition has changed
// (pacemaker-cluster.md 7.2).
func (m *Machine) digests(n *xml.Element, r lrmd.Result) {
	params := digestParams(r)
	n.Set("op-digest", xml.DigestParameters(params))
	if !wantsMetadata(r.Agent, r.Action) || r.Action == "notify" {
		return
	}
	meta := m.exec.meta[r.Agent]
	if meta == nil {
		return
	}
	if r.Interval == 0 {
		if names, ok := restartParams(meta); ok {
			n.Set("op-force-restart", nameList(names))
			n.Set("op-restart-digest", xml.DigestParameters(slices.DeleteFunc(slices.Clone(params), func(a xml.Attr) bool {
				return !slices.Contains(names, a.Name)
			})))
		}
	}
	if names := privateParams(meta); len(names) > 0 {
		n.Set("op-secure-params", nameList(names))
		n.Set("op-secure-digest", xml.DigestParameters(slices.DeleteFunc(slices.Clone(params), func(a xml.Attr) bool {
			return slices.Contains(names, a.Name)
		})))
	}
}

// digestParams drops what does not belong to the resource's definition.
func digestParams(r lrmd.Result) []xml.Attr {
	var kept []xml.Attr
	for _, a := range r.Params {
		switch {
		case a.Name == "CRM_meta_timeout" && r.Interval > 0:
		case strings.HasPrefix(a.Name, "CRM_meta_"):
			continue
		}
		switch a.Name {
		case "id", "crm_feature_set", "op-digest", "on_node", "on_node_uuid", "pcmk_external_ip":
			continue
		}
		kept = append(kept, a)
	}
	return kept
}

// restartParams returns the parameters whose change needs a restart, in the
// order in which pacemaker lists them: the last declared first.
func restartParams(meta *lrmd.Metadata) (names []string, ok bool) {
	agent, legacy := meta.Supports("reload-agent"), meta.Supports("reload")
	if !agent && !legacy {
		return nil, false
	}
	for _, p := range slices.Backward(meta.Params) {
		if agent && !p.Reloadable || !agent && p.Unique {
			names = append(names, p.Name)
		}
	}
	return names, true
}

func privateParams(meta *lrmd.Metadata) (names []string) {
	for _, p := range slices.Backward(meta.Params) {
		if p.Private {
			names = append(names, p.Name)
		}
	}
	if len(names) > 0 {
		return names
	}
	for _, p := range slices.Backward(meta.Params) {
		if p.Name == "password" || p.Name == "passwd" || p.Name == "user" {
			names = append(names, p.Name)
		}
	}
	return names
}

// nameList is the form of op-force-restart in 2.1.5.
func nameList(names []string) string { return "  " + strings.Join(names, " ") + "  " }

// forgetEntry removes one entry of a resource's history.
func (m *Machine) forgetEntry(rsc, id string) {
	if m.exec.history[rsc] == nil {
		return
	}
	m.forgetEntryOn(m.cfg.Node, rsc, id, func(*xml.Element) bool { return true })
}

// forgetEntryOn removes an entry of a resource's history on a node if it is meant, as
// far as its content is known here.
func (m *Machine) forgetEntryOn(node, rsc, id string, meant func(e *xml.Element) bool) {
	if strings.EqualFold(node, m.cfg.Node) {
		if e := m.exec.history[rsc].ByID("lrm_rsc_op", id); e != nil {
			if !meant(e) {
				return
			}
			e.Remove()
		}
	}
	m.cibOp(erase(nodeState(node) + "//lrm_resource[@id=" + xml.Quoted(rsc) + "]/lrm_rsc_op[@id=" + xml.Quoted(id) + "]"))
}

// forgetResource removes a resource's whole history.
func (m *Machine) forgetResource(rsc string) {
	delete(m.exec.history, rsc)
	m.exec.order = slices.DeleteFunc(m.exec.order, func(s string) bool { return s == rsc })
	m.cibOp(erase(nodeState(m.cfg.Node) + "//lrm_resource[@id=" + xml.Quoted(rsc) + "]"))
}

// ownState returns this node's state and history, as it is confirmed to a DC.
func (m *Machine) ownState(origin string) *xml.Element {
	n := xml.New("node_state", "id", m.self(), "uname", m.cfg.Node, "in_ccm", "true", "crmd", "online", "crm-debug-origin", origin)
	list := n.Append(xml.New("lrm", "id", m.self())).Append(xml.New("lrm_resources"))
	for _, id := range m.exec.order {
		rsc := list.Append(m.exec.history[id].Clone())
		for e := range rsc.Each("lrm_rsc_op") {
			e.Set("crm-debug-origin", "build_active_RAs")
		}
	}
	return n
}

// recordLost writes the failure of an operation that its node never answered
// (DC only).
func (m *Machine) recordLost(g *graph, a *action) {
	p := a.elem.Child("primitive")
	r := lrmd.Result{Op: lrmd.Op{Resource: p.ID(), Agent: agentOf(p), Action: a.task, Interval: time.Duration(a.interval) * time.Millisecond,
		UserData: m.key(g, a), Params: a.elem.Child("attributes").AttrList()},
		RC: lrmd.RCError, Status: lrmd.TimedOut, Reason: "The DC has lost this operation", RCChange: m.cfg.Wall(), RunTime: m.cfg.Wall()}
	e := m.entry(r, p.ID()+"_last_failure_0", "cib_action_update", -1)
	e.Set("on_node", a.elem.Get("on_node"))
	state := xml.New("node_state", "id", a.nodeID, "uname", a.elem.Get("on_node"), "crm-debug-origin", "cib_action_update")
	rsc := xml.New("lrm_resource", "id", p.ID(), "type", r.Agent.Type, "class", r.Agent.Class)
	if r.Agent.Provider != "" {
		rsc.Set("provider", r.Agent.Provider)
	}
	rsc.Append(e)
	state.Append(xml.New("lrm", "id", a.nodeID)).Append(xml.New("lrm_resources")).Append(rsc)
	m.cibTracked(modify("status", optCreate, state))
}
