package schema

import (
	"strconv"
	"strings"
)

// The grammar: one line an element, "name | attributes | children". An
// attribute is NAME:TYPE, with "!" before it if it must be there, "3" after
// the type if schemas before 3.0 do not have it and "2" if those from 3.0 on
// do not. The types: id, ref (the id of an element), score, int, uint, bool,
// text, or the allowed words between bars. A child may be there any number of
// times, "1" after its name: at most once. "*" as attributes allows all.
const grammar = `
configuration||crm_config1 rsc_defaults1 op_defaults1 nodes1 resources1 constraints1 acls1 fencing-topology1 tags1 alerts1
crm_config||cluster_property_set
rsc_defaults||meta_attributes
op_defaults||meta_attributes
nodes||node
resources||primitive template group clone master bundle
constraints||rsc_location rsc_colocation rsc_order rsc_ticket
acls||acl_target acl_group acl_role
fencing-topology||fencing-level
tags||tag
alerts||alert
node|!id:text !uname:text type:/member/ping/remote/normal/ description:text score:score|instance_attributes utilization
cluster_property_set|id:id id-ref:ref score:score|rule1 nvpair
meta_attributes|id:id id-ref:ref score:score|rule1 nvpair
instance_attributes|id:id id-ref:ref score:score|rule1 nvpair
utilization|id:id id-ref:ref score:score|rule1 nvpair
nvpair|id:id id-ref:ref name:text value:text|
rule|id:id id-ref:ref score:score score-attribute:text boolean-op:/and/or/ role:text|expression date_expression rule rsc_expression op_expression
expression|!id:id !attribute:text !operation:/lt/gt/lte/gte/eq/ne/defined/not_defined/ value:text type:compared value-source:/literal/param/meta/|
date_expression|!id:id operation:/in_range/gt/lt/date_spec/ start:text end:text|duration1 date_spec1
duration|!id:id hours:text monthdays:text weekdays:text yearsdays:text months:text weeks:text weekyears:text years:text moon:text days:text minutes:text seconds:text|
date_spec|!id:id hours:text monthdays:text weekdays:text yeardays:text yearsdays:text months:text weeks:text weekyears:text years:text moon:text minutes:text seconds:text|
rsc_expression|!id:id class:text provider:text type:text|
op_expression|!id:id !name:text interval:text|
primitive|!id:id class:class provider:text type:text template:ref description:text|meta_attributes instance_attributes operations1 utilization
template|!id:id !class:class provider:text !type:text description:text|meta_attributes instance_attributes operations1 utilization
operations|id:id id-ref:ref|op
op|!id:id !name:text !interval:text description:text timeout:text start-delay:text interval-origin:text enabled:bool record-pending:bool role:role on-fail:onfail requires:/nothing/quorum/fencing/unfencing/2|meta_attributes instance_attributes
group|!id:id description:text|meta_attributes instance_attributes primitive
clone|!id:id description:text|meta_attributes instance_attributes primitive1 group1
master|!id:id description:text|meta_attributes instance_attributes primitive1 group1
bundle|!id:id description:text|meta_attributes instance_attributes docker1 rkt1 podman1 network1 storage1 primitive1
docker|!image:text replicas:int replicas-per-host:int promoted-max:int masters:int run-command:text network:text options:text|
rkt|!image:text replicas:int replicas-per-host:int promoted-max:int masters:int run-command:text network:text options:text|
podman|!image:text replicas:int replicas-per-host:int promoted-max:int masters:int run-command:text network:text options:text|
network|ip-range-start:text control-port:uint host-interface:text host-netmask:uint add-host:bool|port-mapping
port-mapping|!id:id port:int internal-port:int range:range|
storage||storage-mapping
storage-mapping|!id:id source-dir:text source-dir-root:text !target-dir:text options:text|
rsc_location|!id:id rsc:ref rsc-pattern:text role:role node:text score:score resource-discovery:/always/never/exclusive/|resource_set rule lifetime1
lifetime||rule
rsc_colocation|!id:id score:score score-attribute:text score-attribute-mangle:text influence:text rsc:ref with-rsc:ref node-attribute:text rsc-role:role with-rsc-role:role|resource_set lifetime1
rsc_order|!id:id symmetrical:bool require-all:bool score:score kind:/Optional/Mandatory/Serialize/ first:ref then:ref first-action:/start/promote/demote/stop/ then-action:/start/promote/demote/stop/|resource_set lifetime1
rsc_ticket|!id:id rsc:ref rsc-role:role !ticket:text loss-policy:/stop/demote/fence/freeze/|resource_set
resource_set|id:id id-ref:ref sequential:bool require-all:bool ordering:/group/listed/ action:/start/promote/demote/stop/ role:role score:score kind:/Optional/Mandatory/Serialize/|resource_ref
resource_ref|!id:ref|
fencing-level|!id:id target:text target-pattern:text target-attribute:text target-value:text !index:level !devices:devices|
acl_user|!id:id|role_ref read write deny
role_ref|!id:ref|
read|!id:id xpath:text ref:ref tag:text attribute:text|
write|!id:id xpath:text ref:ref tag:text attribute:text|
deny|!id:id xpath:text ref:ref tag:text attribute:text|
acl_target|!id:text name:text|role
acl_group|!id:id name:text|role
role|!id:ref|
acl_role|!id:id description:text|acl_permission
acl_permission|!id:id !kind:/read/write/deny/ xpath:text reference:ref object-type:text attribute:text description:text|
tag|!id:id|obj_ref
obj_ref|!id:tagged|
alert|!id:id !path:text description:text|meta_attributes instance_attributes select1 recipient
select||select_nodes1 select_fencing1 select_resources1 select_attributes1
select_nodes||
select_fencing||
select_resources||
select_attributes||attribute
attribute|!id:id !name:text|
recipient|!id:id !value:text description:text|meta_attributes instance_attributes
`

const (
	oldClasses = "/ocf/lsb/heartbeat/stonith/upstart/service/systemd/nagios/"
	oldRoles   = "/Stopped/Started/Master/Slave/"
	roles      = "/Stopped/Started/Promoted/Unpromoted/Master/Slave/"
	onFail     = "/ignore/block/stop/restart/standby/fence/restart-container/"
)

// before2 are the lines of the grammar that were others before pacemaker-2.0.
var before2 = map[string]string{
	"acls":     "acls||acl_user acl_role",
	"acl_role": "acl_role|!id:id|read write deny",
}

// since are the schemas with which sections came, of those that were not there
// from the first.
var since = map[string]string{
	"acls": "pacemaker-1.2", "fencing-topology": "pacemaker-1.2", "tags": "pacemaker-1.3", "alerts": "pacemaker-2.5",
}

// onlyModern tells whether an element came with pacemaker-3.0 or later.
func onlyModern(name string) bool {
	return name == "podman" || name == "rsc_expression" || name == "op_expression"
}

// An attribute is what the grammar says about one attribute of an element.
type attribute struct {
	name, kind string
	required   bool
	generation byte // '2' or '3', or 0 for both
}

// A definition is a line of the grammar.
type definition struct {
	name     string
	attrs    []attribute
	children map[string]bool // value: at most once
}

// define reads the line of the grammar for an element, and whether there is one.
func define(name string) (d definition, ok bool) {
	_, rest, ok := strings.Cut(grammar, "\n"+name+"|")
	if !ok {
		return d, false
	}
	line, _, _ := strings.Cut(rest, "\n")
	return defineBy(name, line), true
}

// defineBy reads what a line of the grammar says of an element, its name apart.
func defineBy(name, line string) (d definition) {
	attrs, children, _ := strings.Cut(line, "|")
	d = definition{name: name, children: map[string]bool{}}
	for _, w := range strings.Fields(attrs) {
		var a attribute
		a.name, a.kind, _ = strings.Cut(w, ":")
		a.name, a.required = strings.TrimPrefix(a.name, "!"), strings.HasPrefix(a.name, "!")
		if g := a.kind[len(a.kind)-1]; g == '2' || g == '3' {
			a.kind, a.generation = a.kind[:len(a.kind)-1], g
		}
		d.attrs = append(d.attrs, a)
	}
	for _, w := range strings.Fields(children) {
		n, once := strings.CutSuffix(w, "1")
		d.children[n] = once
	}
	return d
}

// of finds the attribute name of a definition.
func (d definition) of(name string) (attribute, bool) {
	for _, a := range d.attrs {
		if a.name == name {
			return a, true
		}
	}
	return attribute{}, false
}

func deviceName(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '.' || r == '-'
}

// choices are the allowed words between bars, "" if the kind has no list.
func (a attribute) choices(modern bool) string {
	switch a.kind {
	case "bool":
		return "/true/false/1/0/"
	case "class":
		return oldClasses
	case "role":
		if modern {
			return roles
		}
		return oldRoles
	case "compared":
		if modern {
			return "/string/number/version/integer/"
		}
		return "/string/number/version/"
	case "onfail":
		if modern {
			return onFail + "demote/"
		}
		return onFail
	}
	if strings.HasPrefix(a.kind, "/") {
		return a.kind
	}
	return ""
}

// words are the values an attribute may have, as far as they can be listed.
func (a attribute) words(modern bool) []string {
	if a.kind == "score" {
		return []string{"INFINITY", "-INFINITY", "+INFINITY"}
	}
	if c := a.choices(modern); c != "" {
		return strings.Split(strings.Trim(c, "/"), "/")
	}
	return nil
}

// wanted says in words what the value of an attribute is to be.
func (a attribute) wanted(modern bool) string {
	switch a.kind {
	case "score":
		return "a number, INFINITY or -INFINITY"
	case "int":
		return "a number"
	case "uint":
		return "a number that is not negative"
	case "id", "ref", "tagged":
		return "an id: letters, digits, '-', '_' and '.', the first one a letter or '_'"
	case "level":
		return "a number from 1 to 9"
	case "devices":
		return "ids with commas between them"
	case "range":
		return "a range of numbers"
	}
	return "one of " + strings.Join(a.words(modern), ", ")
}

// conforms tells whether an attribute may have a value, leaving aside whether
// ids are unique and references lead anywhere.
func (a attribute) conforms(v string, modern bool) bool {
	switch a.kind {
	case "text":
		return true
	case "id", "ref":
		return isID(v)
	case "score":
		return isScore(v)
	case "int":
		return isInteger(v)
	case "uint":
		return isInteger(v) && !strings.HasPrefix(v, "-")
	case "tagged": // until 3.0 only what exists
		return modern || isID(v)
	case "devices":
		for _, d := range strings.Split(v, ",") {
			if d == "" || strings.ContainsFunc(d, func(r rune) bool { return !deviceName(r) }) {
				return false
			}
		}
		return true
	case "range":
		return strings.Trim(v, "0123456789-") == "" && v != ""
	case "level":
		n, err := strconv.Atoi(strings.TrimSpace(v))
		return err == nil && n >= 1 && n <= 9
	}
	return !strings.Contains(v, "/") && v != "" && strings.Contains(a.choices(modern), "/"+v+"/")
}
