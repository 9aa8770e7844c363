package pengine

import (
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// actionXML is an action's element in the graph (scheduler.md 22.5).
func (w *graphWriter) actionXML(a *Action, details bool) *xml.Element {
	name, hasNode := "rsc_op", true
	switch {
	case a.Task == "stonith" && !a.pseudo, a.Task == "do_shutdown", a.Task == "clear_failcount", a.delete:
		name = "crm_event"
	case a.pseudo:
		name = "pseudo_event"
		hasNode = a.Task == "stonith"
	}
	e := xml.New(name)
	if a.delete {
		e.Set("mode", "cib")
	}
	e.Set("id", itoa(a.ID))
	e.Set("operation", a.Task)
	key := a.GraphKey()
	e.Set("operation_key", key)
	if key != a.Key {
		e.Set("internal_operation_key", a.Key)
	}
	if hasNode && a.Node != nil {
		e.Set("on_node", a.Node.Name)
		e.Set("on_node_uuid", a.Node.ID)
		if via := a.router(); via != nil {
			e.Set("router_node", via.Name)
		}
		a.meta["on_node"], a.meta["on_node_uuid"] = a.Node.Name, a.Node.ID
	}
	if !details {
		return e
	}
	if a.Rsc != nil && !a.pseudo {
		if a.locked() {
			e.Set("shutdown-lock", itoa(a.Rsc.LockTime))
		}
		e.Append(a.Rsc.Identity())
	}
	e.Append(w.attributesXML(a))
	if !a.pseudo || a.Task == "stonith" {
		w.downed(a, e)
	}
	if a.Key == "maintenance_nodes" {
		m := e.Append(xml.New("maintenance"))
		for _, n := range w.Nodes {
			if n.Away() && n.Maintenance != n.remoteMaintenance {
				v := "0"
				if n.Maintenance {
					v = "1"
				}
				m.Append(xml.New("node", "id", n.ID, "node_in_maintenance", v))
			}
		}
	}
	return e
}

// GraphKey is the operation key under the name histories know the resource by.
func (a *Action) GraphKey() string {
	if a.Rsc == nil || a.Rsc.cloneName == "" {
		return a.Key
	}
	name := a.Rsc.cloneName
	switch {
	case a.Task == "notify":
		return NotifyKey(name, a.meta["notify_type"], a.meta["notify_operation"])
	case a.cancelTask != "":
		return OpKey(name, a.cancelTask, a.cancelMS)
	}
	ms, _ := rules.Int(a.meta["interval"])
	return OpKey(name, a.Task, ms)
}

// locked tells whether the action belongs to a resource locked to its node.
func (a *Action) locked() bool {
	if a.Node == nil || a.Rsc.LockNode != a.Node {
		return false
	}
	return !a.Node.Shutdown || a.Task == "stop"
}

// Identity is the element that names the resource to the executor.
func (r *Resource) Identity() *xml.Element {
	e := xml.New(r.XML.Name)
	base := r.XML.ID()
	switch {
	case r.Orphan && r.cloneName != "":
		e.Set("id", r.cloneName)
		e.Set("long-id", r.ID)
	case !r.Unique:
		e.Set("id", base)
		if r.cloneName != "" && r.cloneName != base {
			e.Set("long-id", r.cloneName)
		} else {
			e.Set("long-id", r.ID)
		}
	default:
		e.Set("id", r.ID)
	}
	for _, name := range [...]string{"class", "provider", "type"} {
		if v, ok := r.XML.Lookup(name); ok {
			e.Set(name, v)
		}
	}
	return e
}

// attributesXML are the parameters and meta attributes of an action.
func (w *graphWriter) attributesXML(a *Action) *xml.Element {
	set := map[string]string{"crm_feature_set": FeatureSet}
	e := xml.New("attributes")
	for k, v := range a.extra {
		set[k] = v
	}
	r := a.Rsc
	smart := func(k, v string) {
		if k != "" && isDigit(k[0]) {
			e.Append(xml.New("param", "name", k, "value", v))
			return
		}
		if _, there := set[k]; !there {
			set[k] = v
		}
	}
	if r != nil && (a.Node != nil || r.Kind == Primitive) {
		params := w.parameters(r, a.Node)
		keys := make([]string, 0, len(params))
		for k := range params {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			v := params[k]
			if k == "addr" && v == "#uname" {
				if host := w.connectionHost(r); host != "" {
					v = host
				}
			}
			smart(k, v)
		}
	}
	meta := func(k, v string) {
		if !strings.ContainsAny(k, "#:") {
			set["CRM_meta_"+strings.ReplaceAll(k, "-", "_")] = v
		}
	}
	for k, v := range a.meta {
		meta(k, v)
	}
	switch {
	case r != nil:
		for p := r; p != nil; p = p.Parent {
			p.resourceMetaXML(set)
		}
		if ip, ok := r.Meta["external-ip"]; ok {
			smart("pcmk_external_ip", ip)
		}
		a.bundleMetaXML(meta)
	case a.Task == "stonith" && a.Node != nil:
		for k, v := range a.Node.Attrs {
			meta(k, v)
		}
	}
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	e.Attrs = make([]xml.Attr, len(keys))
	for i, k := range keys {
		e.Attrs[i] = xml.Attr{Name: k, Value: set[k]}
	}
	return e
}

func (r *Resource) resourceMetaXML(set map[string]string) {
	switch r.Kind {
	case Clone:
		i := r.Clone
		set["CRM_meta_globally_unique"] = trueFalse(r.Unique)
		set["CRM_meta_notify"] = trueFalse(r.Notify)
		set["CRM_meta_clone_max"] = itoa(i.Max)
		set["CRM_meta_clone_node_max"] = itoa(i.NodeMax)
		if r.Promotable {
			set["CRM_meta_promoted_max"] = itoa(i.PromotedMax)
			set["CRM_meta_promoted_node_max"] = itoa(i.PromotedNodeMax)
			set["CRM_meta_master_max"] = itoa(i.PromotedMax)
			set["CRM_meta_master_node_max"] = itoa(i.PromotedNodeMax)
		}
	case Primitive:
		if r.number != "" {
			set["CRM_meta_clone"] = r.number
		}
		if v, ok := r.Meta["remote-node"]; ok {
			set["CRM_meta_remote_node"] = v
		}
		for p := r; p != nil; p = p.Parent {
			if p.container != nil {
				set["CRM_meta_container"] = p.container.ID
			}
		}
		if v, ok := r.Meta["external-ip"]; ok {
			set["pcmk_external_ip"] = v
		}
	}
}

// bundleMetaXML tells agents on guest nodes about the host.
func (a *Action) bundleMetaXML(meta func(k, v string)) {
	if !a.Node.Guest() {
		return
	}
	task := a.Task
	if task == "notify" || task == "notified" {
		task = a.meta["notify_operation"]
	}
	var host *Node
	machine := a.Node.Connection.container
	switch task {
	case "stop", "stopped", "demote", "demoted":
		host = machine.CurrentNode()
	case "start", "running", "monitor", "promote", "promoted":
		host = machine.Assigned
	}
	if host == nil {
		return
	}
	if v, ok := a.Rsc.Meta["container-attribute-target"]; ok {
		meta("container-attribute-target", v)
	}
	meta("physical-host", host.Name)
}

// downed lists the nodes that an action takes down.
func (w *graphWriter) downed(a *Action, e *xml.Element) {
	var ids []string
	switch {
	case a.Task == "do_shutdown":
		ids = append(ids, a.Node.ID)
	case a.Task == "stonith":
		if op := a.meta["stonith_action"]; op == "off" || op == "reboot" {
			ids = append(ids, a.Node.ID)
			for _, r := range a.Node.Running {
				if r.isConnection && r.container != nil {
					if g := w.node(r.ID); g != nil && g.Guest() {
						ids = append(ids, g.ID)
					}
				}
			}
		}
	case a.Rsc != nil && a.Rsc.isConnection && a.Task == "stop":
		for _, e := range a.before {
			if e.a.Rsc == a.Rsc && e.a.Task == "migrate_from" {
				return // part of a migration
			}
		}
		ids = append(ids, a.Rsc.ID)
	}
	if len(ids) == 0 {
		return
	}
	d := e.Append(xml.New("downed"))
	for _, id := range ids {
		d.Append(xml.New("node", "id", id))
	}
}
