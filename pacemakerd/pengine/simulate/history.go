package simulate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// The results of operations that are written here.
const (
	opDone       = 0
	rcOK         = 0
	rcNotRunning = 7
)

// history finds, or makes, the history of a resource on a node: an existing one
// is used under whatever name it has.
//
// fresh is true for a new one, or one of several of the same name: call ids
// start again then.
func (x *executor) history(state *xml.Element, name, local string, prim *xml.Element) (found *xml.Element, fresh bool) {
	list := state.Descend("lrm", "lrm_resources")
	for _, id := range [...]string{name, local} {
		for e := range list.Each("lrm_resource") {
			if e.ID() == id {
				if found != nil {
					return found, true
				}
				found = e
			}
		}
		if found != nil {
			return found, false
		}
	}
	lrm := state.Child("lrm")
	if lrm == nil {
		lrm = state.Append(xml.New("lrm", "id", state.ID()))
	}
	e := xml.New("lrm_resource", "id", local, "class", prim.Get("class"))
	if v, ok := prim.Lookup("provider"); ok {
		e.Set("provider", v)
	}
	e.Set("type", prim.Get("type"))
	return lrm.Ensure("lrm_resources").Append(e), true
}

func (x *executor) record(history *xml.Element, id string, fresh bool, a *xml.Element, task string, ms int64, expected, result int, faulty bool) {
	attrs := a.Child("attributes")
	if task == "reload" || task == "reload-agent" {
		task = "start"
	}
	key := pengine.OpKey(id, task, ms)
	entry := pengine.OpKey(id, "last", 0)
	switch {
	case task == "notify":
		entry = pengine.NotifyKey(id, attrs.Get("CRM_meta_notify_type"), attrs.Get("CRM_meta_notify_operation"))
	case result != expected:
		entry = pengine.OpKey(id, "last_failure", 0)
	case ms > 0, task == "migrate_to", task == "migrate_from":
		entry = key
	}
	call := nextCall(history, fresh)
	status, reason := opDone, ""
	if faulty {
		reason = "User-injected result"
	}
	var params []xml.Attr
	params = append(params, attrs.Attrs...)
	for p := range attrs.Each("param") {
		params = append(params, xml.Attr{Name: p.Get("name"), Value: p.Get("value")})
	}
	var kept []xml.Attr
	for _, at := range params {
		switch at.Name {
		case "id", "crm_feature_set", "op-digest", "on_node", "on_node_uuid", "pcmk_external_ip":
			continue
		}
		if strings.HasPrefix(at.Name, "CRM_meta_") && !(at.Name == "CRM_meta_timeout" && ms > 0) {
			continue
		}
		kept = append(kept, at)
	}
	slices.SortFunc(kept, func(p, q xml.Attr) int { return strings.Compare(p.Name, q.Name) })
	transition := itoa(call) + ":-1:" + itoa(expected) + ":xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
	when := itoa(x.at.Unix())
	write := func(entry string) {
		op := historyEntry(history, entry)
		for _, kv := range [...][2]string{
			{"operation_key", key}, {"operation", task}, {"crm-debug-origin", "crm_simulate"}, {"crm_feature_set", pengine.FeatureSet},
			{"transition-key", transition}, {"transition-magic", itoa(status) + ":" + itoa(result) + ";" + transition},
			{"exit-reason", reason}, {"call-id", itoa(call)}, {"rc-code", itoa(result)}, {"op-status", itoa(status)}, {"interval", itoa(ms)},
			{"last-rc-change", when}, {"exec-time", "0"}, {"queue-time", "0"},
		} {
			op.Set(kv[0], kv[1])
		}
		if task == "migrate_to" || task == "migrate_from" {
			op.Set("migrate_source", attrs.Get("CRM_meta_migrate_source"))
			op.Set("migrate_target", attrs.Get("CRM_meta_migrate_target"))
		}
		op.Set("op-digest", xml.DigestParameters(kept))
	}
	write(entry)
	if result != expected && ms == 0 {
		write(pengine.OpKey(id, "last", 0))
	}
}

// invent writes a result that no action led to. Everything but success is a
// failure then, of probes too, and without parameters there is no digest.
func (x *executor) invent(history *xml.Element, id string, fresh bool, task string, ms int64, rc int) {
	call := nextCall(history, fresh)
	key := pengine.OpKey(id, task, ms)
	entries := []string{pengine.OpKey(id, "last", 0)}
	switch {
	case rc != rcOK && ms == 0:
		entries = []string{pengine.OpKey(id, "last_failure", 0), entries[0]}
	case rc != rcOK:
		entries[0] = pengine.OpKey(id, "last_failure", 0)
	case ms > 0:
		entries[0] = key
	}
	transition := itoa(call) + ":-1:0:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
	for _, entry := range entries {
		op := historyEntry(history, entry)
		for _, kv := range [...][2]string{
			{"operation_key", key}, {"operation", task}, {"crm-debug-origin", "crm_simulate"}, {"crm_feature_set", pengine.FeatureSet},
			{"transition-key", transition}, {"transition-magic", itoa(opDone) + ":" + itoa(rc) + ";" + transition},
			{"exit-reason", "Simulated action result"}, {"call-id", itoa(call)}, {"rc-code", itoa(rc)}, {"op-status", itoa(opDone)}, {"interval", itoa(ms)},
			{"last-rc-change", itoa(x.at.Unix())}, {"exec-time", "0"}, {"queue-time", "0"},
		} {
			op.Set(kv[0], kv[1])
		}
	}
}

// nextCall is the id of the next call in a resource's history.
func nextCall(history *xml.Element, fresh bool) int64 {
	call := int64(0)
	for op := range history.Each("lrm_rsc_op") {
		if n, _ := rules.Int(op.Get("call-id")); !fresh {
			call = max(call, n)
		}
	}
	return call + 1
}

// historyEntry finds, or makes, an entry of a resource's history.
func historyEntry(history *xml.Element, entry string) *xml.Element {
	for e := range history.Each("lrm_rsc_op") {
		if e.ID() == entry {
			return e
		}
	}
	return history.Append(xml.New("lrm_rsc_op", "id", entry))
}

// itoa keeps the many small conversions readable.
func itoa[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }
