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
func inOldTerms(doc *xml.Element) (warnings []string) {
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
	switch {
	case m.Note == pengine.NoteDeprecated:
	case m.Note == pengine.NoteDeprecatedNow:
		return nil
	case m.Note == pengine.NoteNegativeThreshold:
		m.Text = "Support for negative migration-threshold is deprecated and will be removed in a future release (use 1 instead)"
	case m.Note == pengine.NoteNoSuicide:
		m.Text = "Setting no-quorum-policy=stop because 'suicide' requires fencing to be enabled"
	case m.Origin == "pe__unpack_resource":
		return nil // 1.1.20 takes any value of multiple-active without a word
	case m.Note == pengine.NoteFencingDelayed:
		m.Origin, m.Text = "stage6", "Delaying fencing operations until there are resources to manage"
	case m.Origin == "schedule_fencing":
		m.Origin, m.Text = "stage6", "Scheduling Node "+m.Names[0]+" for STONITH"
	case m.Origin == "cluster_option_value":
		m.Origin, m.Text = "cluster_option", "Resetting cluster option '"+m.Names[0]+"' to default: value '"+m.Names[1]+"' is invalid"
	case m.Origin == "crm_parse_interval_spec", m.Origin == "pcmk__scan_min_int", m.Note == pengine.NoteNoInteger:
		return nil
	case m.Origin == "scan_ll":
		m.Origin, m.Severity = "crm_int_helper", pengine.Error
	case m.Origin == "parse_date":
		list := also("Couldn't parse "+m.Names[0], "crm_time_check: Triggered assert at iso8601.c:1127 : dt->days > 0",
			"parse_date: Triggered assert at iso8601.c:768 : crm_time_check(dt)")
		list[1].Origin, list[2].Origin = "crm_abort", "crm_abort"
		return list
	case m.Origin == "is_op_dup":
		return also("Operation "+m.Names[0]+" is a duplicate of "+m.Names[1], "Do not use the same (name, interval) combination more than once per resource")
	case m.Note == pengine.NoteFenceDisabled:
		m.Text = "Specifying on_fail=fence and stonith-enabled=false makes no sense"
	case m.Origin == "is_recurring_history":
		m.Origin, m.Text = "RecurringOp", "Invalid recurring action "+m.Names[0]+" wth name: '"+m.Names[1]+"'"
	case m.Note == pengine.NoteRoleNotPromotable:
		m.Text = m.Names[0] + " is not part of a master/slave resource, a target-role of '" + m.Names[1] + "' makes no sense"
	case m.Note == pengine.NoteRoleUnknown:
		m.Text = m.Names[0] + ": Unknown value for target-role: " + m.Names[1]
	case m.Origin == "determine_online_status":
		m.Text = "Node " + m.Text
	case m.Note == pengine.NoteNodeTwice:
		m.Text = "Detected multiple node entries with uname=" + m.Names[0] + " - this is rarely intended"
	}
	return []pengine.Message{m}
}
