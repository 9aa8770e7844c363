package crm

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// inOldTerms changes a configuration so that the planner makes of it what
// 1.1.20 did, and returns what that warns of: it took resource defaults from
// cluster options, did not know of promotable clones but by the element master,
// and took no notice of an is-managed that is no boolean.
func inOldTerms(doc *xml.Node) (warnings []string) {
	conf := doc.Child("configuration")
	if conf == nil {
		return nil
	}
	for _, moved := range schema.MoveDefaults(doc) {
		warnings = append(warnings, "Support for '"+moved.Option+"' cluster property is deprecated and will be removed in a future release (use "+
			moved.Meta+" in rsc_defaults instead)")
	}
	for n := range conf.Walk() {
		if n.Name != "meta_attributes" {
			continue
		}
		for i := len(n.Children) - 1; i >= 0; i-- {
			nv := n.Children[i]
			unknown := nv.Get("name") == "promotable" && n.Parent.Name == "clone" || nv.Get("name") == "is-managed" && !boolean(nv.Get("value"))
			if nv.Name == "nvpair" && unknown {
				nv.Remove()
			}
		}
	}
	return warnings
}

func boolean(s string) bool {
	_, ok := rules.ParseBool(s)
	return ok || strings.EqualFold(s, "default")
}

// inOldWords is a message as 1.1.20 words it, which may take several lines or
// none.
func inOldWords(m pengine.Message) []pengine.Message {
	also := func(text ...string) (list []pengine.Message) {
		for _, t := range text {
			m.Text = t
			list = append(list, m)
		}
		return list
	}
	words := strings.Fields(m.Text)
	switch {
	case m.Origin == "pe__unpack_resource":
		return nil // 1.1.20 takes any value of multiple-active without a word
	case m.Origin == "schedule_fencing_and_shutdowns" && strings.HasPrefix(m.Text, "No fencing will be done"):
		m.Origin, m.Text = "stage6", "Delaying fencing operations until there are resources to manage"
	case m.Origin == "schedule_fencing":
		node := strings.TrimSuffix(strings.TrimPrefix(m.Text, "Scheduling node "), " for fencing")
		m.Origin, m.Text = "stage6", "Scheduling Node "+node+" for STONITH"
	case m.Origin == "cluster_option_value":
		if name, value, ok := strings.Cut(strings.TrimPrefix(m.Text, "Using default value for cluster option "), " because "); ok {
			m.Origin, m.Text = "cluster_option", "Resetting cluster option "+name+" to default: value "+value
		}
	case m.Origin == "crm_parse_interval_spec", m.Origin == "pcmk__scan_min_int", m.Origin == "scan_ll" && strings.HasPrefix(m.Text, "Could not parse"):
		return nil
	case m.Origin == "scan_ll":
		m.Origin, m.Severity = "crm_int_helper", pengine.Error
	case m.Origin == "parse_date":
		value := strings.TrimPrefix(strings.TrimSuffix(m.Text, "' is not a valid ISO 8601 date/time specification"), "'")
		list := also("Couldn't parse "+value, "crm_time_check: Triggered assert at iso8601.c:1127 : dt->days > 0",
			"parse_date: Triggered assert at iso8601.c:768 : crm_time_check(dt)")
		list[1].Origin, list[2].Origin = "crm_abort", "crm_abort"
		return list
	case m.Origin == "is_op_dup":
		m.Text = "Operation " + words[1] + " is a duplicate of " + words[5]
		return also(m.Text, "Do not use the same (name, interval) combination more than once per resource")
	case m.Origin == "unpack_operation" && strings.HasPrefix(m.Text, "Resetting 'on-fail'"):
		m.Text = "Specifying on_fail=fence and stonith-enabled=false makes no sense"
	case m.Origin == "is_recurring_history" && len(words) > 3:
		m.Origin, m.Text = "RecurringOp", "Invalid recurring action "+words[1]+" wth name: '"+words[3]+"'"
	case m.Origin == "get_target_role" && strings.HasSuffix(m.Text, "promotable clones"):
		m.Text = words[3] + " is not part of a master/slave resource, a target-role of " + words[5] + " makes no sense"
	case m.Origin == "get_target_role" && strings.HasSuffix(m.Text, "is not valid"):
		m.Text = words[3] + ": Unknown value for target-role: " + strings.Trim(words[5], "'")
	case m.Origin == "determine_online_status":
		m.Text = "Node " + m.Text
	case m.Origin == "pe_create_node":
		if _, name, ok := strings.Cut(m.Text, "name '"); ok {
			m.Text = "Detected multiple node entries with uname=" + strings.TrimSuffix(name, "'") + " - this is rarely intended"
		}
	}
	return []pengine.Message{m}
}
