package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A renaming says what 3.0 did with one name of 2.x.
type renaming struct {
	old, new string // new is "" if there is nothing like it any more
	only     string // the values, between bars, that it is about; "" for all
	value    string // what takes their place, "" to keep them
	section  string // the section of defaults it moved to
	why      string // what is said beside it
	severity string // of the note, "" for what follows from the rest
}

const (
	agentsGone     = "standalone alerts can be configured instead"
	stickinessGone = "migration-threshold in rsc_defaults can be configured instead"
	isolationGone  = "i.e. resource at hand disabled; isolation wrappers obsoleted with bundle resources"
)

var clusterOptions = []renaming{
	{old: "cluster-infrastructure", only: "|heartbeat|openais|classic openais|classic openais (with plugin)|cman|",
		why: "corosync (2+) infrastructure can be used instead, though the value is not of significance"},
	{old: "default-action-timeout", new: "timeout", section: "op_defaults"},
	{old: "default_action_timeout", new: "timeout", section: "op_defaults"},
	{old: "default-migration-threshold", why: stickinessGone},
	{old: "default_migration_threshold", why: stickinessGone},
	{old: "default-resource-stickiness", new: "resource-stickiness", section: "rsc_defaults"},
	{old: "default_resource_stickiness", new: "resource-stickiness", section: "rsc_defaults"},
	{old: "default-resource-failure-stickiness", new: "migration-threshold", only: "|-INFINITY|", value: "1", section: "rsc_defaults"},
	{old: "default-resource-failure-stickiness", why: stickinessGone},
	{old: "default_resource_failure_stickiness", new: "migration-threshold", only: "|-INFINITY|", value: "1", section: "rsc_defaults"},
	{old: "default_resource_failure_stickiness", why: stickinessGone},
	{old: "expected-quorum-votes", why: "corosync (2+) infrastructure tracks quorum on its own"},
	{old: "is-managed-default", new: "is-managed", section: "rsc_defaults"},
	{old: "is_managed_default", new: "is-managed", section: "rsc_defaults"},
	{old: "notification-agent", why: agentsGone},
	{old: "notification-recipient", why: agentsGone},
	{old: "transition_idle_timeout", new: "cluster-delay"},
	// What was written with underscores long ago.
	{old: "cluster_recheck_interval", new: "cluster-recheck-interval"}, {old: "dc_deadtime", new: "dc-deadtime"},
	{old: "election_timeout", new: "election-timeout"}, {old: "no_quorum_policy", new: "no-quorum-policy"},
	{old: "remove_after_stop", new: "remove-after-stop"}, {old: "shutdown_escalation", new: "shutdown-escalation"},
	{old: "startup_fencing", new: "startup-fencing"}, {old: "stonith_action", new: "stonith-action"},
	{old: "stonith_enabled", new: "stonith-enabled"}, {old: "stop_orphan_actions", new: "stop-orphan-actions"},
	{old: "stop_orphan_resources", new: "stop-orphan-resources"}, {old: "symmetric_cluster", new: "symmetric-cluster"},
}

var metaAttributes = []renaming{
	{old: "isolation", new: "target-role", value: "Stopped", why: isolationGone, severity: "WARNING"},
	{old: "isolation-host", new: "target-role", value: "Stopped", why: isolationGone, severity: "WARNING"},
	{old: "isolation-instance", new: "target-role", value: "Stopped", why: isolationGone, severity: "WARNING"},
	{old: "isolation-wrapper", new: "target-role", value: "Stopped", why: isolationGone, severity: "WARNING"},
	{old: "resource-failure-stickiness", new: "migration-threshold", only: "|-INFINITY|", value: "1"},
	{old: "resource-failure-stickiness", why: "migration-threshold can be configured instead"},
	{old: "resource_failure_stickiness", new: "migration-threshold", only: "|-INFINITY|", value: "1"},
	{old: "resource_failure_stickiness", why: "migration-threshold can be configured instead"},
}

var instanceAttributes = []renaming{
	{old: "pcmk_arg_map"},
	{old: "pcmk_list_cmd", new: "pcmk_list_action"}, {old: "pcmk_monitor_cmd", new: "pcmk_monitor_action"},
	{old: "pcmk_off_cmd", new: "pcmk_off_action"}, {old: "pcmk_on_cmd", new: "pcmk_on_action"},
	{old: "pcmk_reboot_cmd", new: "pcmk_reboot_action"}, {old: "pcmk_status_cmd", new: "pcmk_status_action"},
}

// Modernise brings a document of a 2.x schema to 3.0: what the newer schemas
// do not have any more moves to where it belongs now. The notes say what was
// done, in the words and in the order of the original transformation.
func Modernise(doc *xml.Element) (notes []string) {
	conf := doc.Child("configuration")
	if conf == nil {
		return nil
	}
	m := &moderniser{conf: conf}
	if config := conf.Child("crm_config"); config != nil {
		for set := range config.Each("cluster_property_set") {
			m.pairs(set, "Cluster properties", "", clusterOptions)
		}
	}
	for n := range conf.Child("nodes").Each("node") {
		if n.Get("type") == "normal" {
			n.Set("type", "member")
			m.note("DEBUG", "Cluster node", n.Get("uname")+" (id="+n.ID()+")", "keeping type as type, redefined as member, for matching normal", "")
		}
	}
	m.resources(conf.Child("resources"))
	for col := range conf.Child("constraints").Each("rsc_colocation") {
		col.Unset("score-attribute")
		col.Unset("score-attribute-mangle")
	}
	return m.notes
}

// A Moved is a cluster option that became a default for resources.
type Moved struct{ Option, Meta string }

// MoveDefaults moves only such options to where 3.0 has them.
func MoveDefaults(doc *xml.Element) (moved []Moved) {
	conf := doc.Child("configuration")
	m := &moderniser{conf: conf}
	for set := range conf.Child("crm_config").Each("cluster_property_set") {
		for _, nv := range slices.Clone(set.Children) {
			for _, r := range clusterOptions {
				if nv.Name == "nvpair" && nv.Get("name") == r.old && r.section == "rsc_defaults" && r.only == "" {
					m.apply(nv, "", "", r)
					moved = append(moved, Moved{r.old, r.new})
					break
				}
			}
		}
	}
	return moved
}

type moderniser struct {
	conf  *xml.Element
	notes []string
}

func (m *moderniser) note(severity, what, where, done, why string) {
	m.notes = append(m.notes, fmt.Sprintf("%s: %s: %s: %s", severity, what, where, done))
	if why != "" {
		m.notes = append(m.notes, fmt.Sprintf("%s: %s: ... %s", severity, what, why))
	}
}

// pairs applies renamings to the pairs of name and value in a set; whose is
// that set's owner, for the notes.
func (m *moderniser) pairs(set *xml.Element, what, whose string, list []renaming) {
	for _, nv := range slices.Clone(set.Children) {
		if nv.Name != "nvpair" {
			continue
		}
		for _, r := range list {
			if r.old != nv.Get("name") || r.only != "" && !strings.Contains(r.only, "|"+nv.Get("value")+"|") {
				continue
			}
			where := whose
			if where == "" {
				where = nv.ID()
			}
			m.apply(nv, what, where, r)
			break
		}
	}
}

func (m *moderniser) apply(nv *xml.Element, what, where string, r renaming) {
	done, severity := "", "DEBUG"
	switch {
	case r.new == "":
		done = "dropping " + r.old
	case r.section != "":
		done = "moving " + r.old + " under " + r.section + " as " + r.new + " unless already defined there"
	default:
		done = "renaming " + r.old + " as " + r.new
	}
	if r.value != "" {
		done += ", redefined as " + r.value
		if r.only != "" {
			done += ","
		}
	}
	if r.only != "" {
		done += " for matching " + strings.Trim(r.only, "|")
	}
	if r.why != "" {
		severity = "INFO"
	}
	if r.severity != "" {
		severity = r.severity
	}
	m.note(severity, what, where, done, r.why)
	switch {
	case r.new == "":
		nv.Remove()
		return
	case r.section != "":
		nv.Remove()
		m.move(nv, r)
		return
	}
	nv.Set("name", r.new)
	if r.value != "" {
		nv.Set("value", r.value)
	}
}

// move puts a pair into a section of defaults unless its name is there.
func (m *moderniser) move(nv *xml.Element, r renaming) {
	short := map[string]string{"rsc_defaults": "rsc", "op_defaults": "op"}[r.section]
	id := "_2TO3_-" + short + "-defaults"
	defaults := m.conf.Ensure(r.section)
	var own *xml.Element
	for set := range defaults.Each("meta_attributes") {
		if set.ID() == id {
			own = set
			continue
		}
		for p := range set.Each("nvpair") {
			if p.Get("name") == r.new {
				return
			}
		}
	}
	if own == nil {
		own = defaults.Append(xml.New("meta_attributes", "id", id))
	}
	nv.Set("name", r.new)
	if r.value != "" {
		nv.Set("value", r.value)
	}
	own.Append(nv)
}

func (m *moderniser) resources(list *xml.Element) {
	for n := range list.Walk() {
		switch n.Name {
		case "primitive", "template":
			m.operations(n)
		}
		switch n.Name {
		case "primitive", "template", "group", "clone", "master", "bundle":
			for set := range n.Each("meta_attributes") {
				m.pairs(set, "Resource meta_attributes", n.ID()+" (meta="+set.ID()+")", metaAttributes)
			}
		}
		if n.Name == "primitive" || n.Name == "template" {
			for set := range n.Each("instance_attributes") {
				m.pairs(set, "Resource instance_attributes", "", instanceAttributes)
			}
		}
	}
}

// operations moves what operations require to the resource: only what its
// start or promotion requires ever counted.
func (m *moderniser) operations(rsc *xml.Element) {
	const what = "Resources-operation"
	var meta *xml.Element
	for op := range rsc.Child("operations").Each("op") {
		v, ok := op.Lookup("requires")
		if !ok {
			continue
		}
		op.Unset("requires")
		where := op.ID() + " (rsc=" + rsc.ID() + ")"
		if name := op.Get("name"); name != "start" && name != "promote" {
			m.note("INFO", what, where, "dropping requires", "only start/promote operation taken into account")
			continue
		}
		m.note("DEBUG", "Resources-operation", where, "moving requires under meta_attributes as requires unless already defined there for matching start|promote", "")
		if there := definesMeta(rsc, "requires"); there {
			continue
		}
		if meta == nil {
			meta = rsc.Append(xml.New("meta_attributes", "id", "_2TO3_"+rsc.ID()+"-meta"))
		}
		meta.Append(xml.New("nvpair", "id", "_2TO3_"+op.ID()+"-meta-requires", "name", "requires", "value", v))
	}
}

func definesMeta(rsc *xml.Element, name string) bool {
	for set := range rsc.Each("meta_attributes") {
		for p := range set.Each("nvpair") {
			if p.Get("name") == name {
				return true
			}
		}
	}
	return false
}
