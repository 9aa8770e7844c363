package crm

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

// A judged is a configuration and what crm_verify -VV of 2.1.5 says of it: the
// exit status, and a line of its reasons.
type judged struct {
	name   string
	cib    string
	status int
	says   string
}

// configured makes a CIB of cluster options, resources and constraints.
func configured(schema, options, resources, constraints string) string {
	return fmt.Sprintf(`<cib crm_feature_set="3.16.1" validate-with="%s" epoch="1" num_updates="0" admin_epoch="0"><configuration>`+
		`<crm_config><cluster_property_set id="o"><nvpair id="o1" name="stonith-enabled" value="false"/>%s</cluster_property_set></crm_config>`+
		`<nodes><node id="1" uname="n1" type="member"/><node id="2" uname="n2" type="member"/></nodes><resources>%s</resources><constraints>%s</constraints></configuration><status/></cib>`,
		schema, options, resources, constraints)
}

func dummyNamed(id, inside string) string {
	return `<primitive id="` + id + `" class="ocf" provider="pacemaker" type="Dummy">` + inside + `</primitive>`
}

func metaOf(owner, name, value string) string {
	return `<meta_attributes id="` + owner + `-m"><nvpair id="` + owner + `-m1" name="` + name + `" value="` + value + `"/></meta_attributes>`
}

// judgements are configurations of every kind that the check tells apart.
func judgements() (list []judged) {
	const newest = "pacemaker-3.9"
	two := dummyNamed("a", "") + dummyNamed("b", "")
	add := func(name, cib string, status int, says string) {
		list = append(list, judged{name, cib, status, says})
	}
	option := func(name, value string, status int, says string) {
		add("option "+name+"="+value, configured(newest, `<nvpair id="o2" name="`+name+`" value="`+value+`"/>`, two, ""), status, says)
	}
	meta := func(name, value string, status int, says string) {
		add("meta "+name+"="+value, configured(newest, "", dummyNamed("a", metaOf("a", name, value)), ""), status, says)
	}
	constraint := func(text string, status int, says string) {
		add(text, configured(newest, "", `<clone id="c">`+dummyNamed("a", "")+`</clone>`+dummyNamed("b", ""), text), status, says)
	}
	add("nothing wrong", configured(newest, "", two, ""), 0, "")
	// What goes away is named.
	const gone = "is deprecated and will be removed in a future release"
	for _, score := range []string{"INFINITY", "0", "-1"} {
		constraint(`<rsc_order id="l" score="`+score+`" first="b" then="c"/>`, 78, "Support for 'score' in rsc_order "+gone+" (use 'kind' instead)")
	}
	constraint(`<rsc_order id="l" first="c" then="b" require-all="false"/>`, 78, "Support for require-all in ordering constraints "+gone)
	constraint(`<rsc_order id="l" first="b" then="c" require-all="false"/>`, 0, "")
	constraint(`<rsc_location id="l" rsc="a" node="n1" score="1"><lifetime><rule id="r" score="1"><date_expression id="d" operation="lt" end="2030-01-01"/></rule></lifetime></rsc_location>`, 78, "Support for 'lifetime' attribute (in l) is deprecated")
	for _, name := range []string{"ordered", "collocated"} {
		add("group "+name, configured(newest, "", `<group id="g">`+metaOf("g", name, "false")+two+`</group>`, ""), 78, "Support for the '"+name+"' group meta-attribute "+gone)
		add("group not "+name, configured(newest, "", `<group id="g">`+metaOf("g", name, "true")+two+`</group>`, ""), 0, "")
	}
	add("clone-node-max of an anonymous clone", configured(newest, "", `<clone id="c">`+metaOf("c", "clone-node-max", "3")+dummyNamed("a", "")+`</clone>`, ""), 78,
		"Ignoring promoted-max for c because anonymous clones support only one instance per node")
	add("interleaved with other clone-node-max", configured(newest, "", `<clone id="c">`+metaOf("c", "clone-node-max", "0")+dummyNamed("a", "")+`</clone><clone id="d">`+
		metaOf("d", "interleave", "true")+dummyNamed("b", "")+`</clone>`, `<rsc_colocation id="l" rsc="d" with-rsc="c" score="INFINITY"/>`), 78,
		"Cannot interleave d and c because they do not support the same number of instances per node")
	meta("migration-threshold", "-1", 78, "migration-threshold must be non-negative, using 1 instead")
	meta("migration-threshold", "-INFINITY", 78, "migration-threshold must be non-negative, using 1 instead")
	meta("migration-threshold", "1.5", 0, "")
	meta("restart-type", "restart", 78, "Support for restart-type "+gone)
	meta("restart-type", "ignore", 0, "")
	meta("requires", "abc", 78, "Resetting 'requires' for a to 'quorum' because 'abc' is not valid")
	meta("failure-timeout", "abc", 0, "Using 0 instead of 'abc'")
	option("stonith-action", "poweroff", 78, "Support for stonith-action of 'poweroff' "+gone)
	option("remove-after-stop", "true", 78, "Support for the remove-after-stop cluster property "+gone)
	option("remove-after-stop", "false", 0, "")
	add("ping node", strings.Replace(configured(newest, "", two, ""), `uname="n2" type="member"`, `uname="n2" type="ping"`, 1), 78, "Support for nodes of type 'ping' (such as n2) "+gone)
	// Values that are not used.
	for _, o := range []string{"batch-limit", "migration-limit", "node-health-red", "node-health-base", "pe-warn-series-max", "cluster-delay", "stonith-timeout",
		"priority-fencing-delay", "shutdown-lock-limit", "symmetric-cluster", "placement-strategy", "node-health-strategy", "no-quorum-policy"} {
		option(o, "x", 78, "Using default value for cluster option '"+o+"' because 'x' is invalid")
		option(o, "", 78, "Using default value for cluster option '"+o+"' because '' is invalid")
	}
	option("batch-limit", "INFINITY", 0, "")
	option("batch-limit", "99999999999999999999", 78, "Integer parsed from '99999999999999999999' was clipped to 9223372036854775807")
	option("stonith-timeout", "-0", 78, "Using 0 instead of '-0'")
	option("stonith-timeout", "5 min", 0, "")
	option("stonith-timeout", "P1D", 0, "")
	option("no-quorum-policy", "suicide", 78, "Resetting no-quorum-policy to 'stop' because fencing is disabled")
	option("no-such-option", "x", 0, "")
	constraint(`<rsc_colocation id="l" rsc="b" with-rsc="c" score="1" influence="x"/>`, 78, "Constraint 'l' has invalid value for influence (using default)")
	// What a clone is made of has no name of its own until it has been looked for.
	for _, text := range []string{`<rsc_order id="l" first="a" then="b"/>`, `<rsc_location id="l" rsc="a" node="n1" score="1"/>`, `<rsc_colocation id="l" rsc="b" with-rsc="a" score="1"/>`} {
		constraint(text, 78, "Ignoring constraint 'l' because 'a' is not a valid resource or tag")
	}
	// Names that the schema has no use for any more, and attributes that it never had.
	for _, o := range []string{"is-managed-default", "default-resource-stickiness", "default-action-timeout", "stonith_enabled", "no_quorum_policy", "expected-quorum-votes"} {
		option(o, "1", 78, "element nvpair: Relax-NG validity error : Element nvpair failed to validate attributes")
	}
	option("cluster-infrastructure", "cman", 78, "Element cluster_property_set failed to validate content")
	option("cluster-infrastructure", "corosync", 0, "")
	meta("isolation", "x", 78, "Element meta_attributes failed to validate content")
	add("requires of an operation", configured(newest, "", dummyNamed("a", `<operations><op id="op" name="start" interval="0">`+metaOf("op", "requires", "quorum")+`</op></operations>`), ""), 78, "Extra element operations in interleave")
	constraint(`<rsc_order id="l" first="c" first-instance="0" then="b"/>`, 78, "Invalid attribute first-instance for element rsc_order")
	constraint(`<rsc_colocation id="l" rsc="c" rsc-instance="0" with-rsc="b" score="1"/>`, 78, "Invalid attribute rsc-instance for element rsc_colocation")
	constraint(`<rsc_order id="l" score="x" first="a" then="b"/>`, 78, "")
	// Access control of old.
	for _, s := range []string{"pacemaker-1.0", "pacemaker-1.2", "pacemaker-1.3", "pacemaker-2.0"} {
		for _, a := range oldACLs {
			status := a.status
			switch {
			case s == "pacemaker-2.0" && a.newer:
				status = 0
			case s == "pacemaker-1.0" || s == "pacemaker-2.0":
				status = 78
			}
			add(s+" "+a.name, strings.Replace(strings.ReplaceAll(configured(s, "", two, ""), `"member"`, `"normal"`), `</configuration>`, `<acls>`+a.text+`</acls></configuration>`, 1), status, "")
		}
	}
	return list
}

const oldRole = `<acl_role id="r"><read id="m1" xpath="/cib"/><write id="m2" ref="a"/><deny id="m3" tag="nvpair" attribute="value"/></acl_role>`

// oldACLs are access control as it was before pacemaker-2.0, and mistakes in it.
var oldACLs = []struct {
	name, text string
	status     int
	newer      bool // it is what 2.0 takes
}{
	{"role", oldRole, 0, false},
	{"user with a role", `<acl_role id="q"/><acl_user id="joe"><role_ref id="q"/></acl_user>`, 0, false},
	{"user with permissions", `<acl_user id="joe"><read id="u1" xpath="/cib"/></acl_user>`, 0, false},
	{"user with both", oldRole + `<acl_user id="joe"><role_ref id="r"/><deny id="u1" xpath="/cib"/></acl_user>`, 78, false},
	{"user with nothing", `<acl_user id="joe"/>`, 0, false},
	{"attribute of a path", `<acl_role id="r"><read id="m1" xpath="/cib" attribute="x"/></acl_role>`, 0, false},
	{"attribute of an element", `<acl_role id="r"><read id="m1" ref="a" attribute="x"/></acl_role>`, 0, false},
	{"path and element", `<acl_role id="r"><read id="m1" xpath="/cib" ref="a"/></acl_role>`, 78, false},
	{"no such role", `<acl_user id="joe"><role_ref id="zz"/></acl_user>`, 78, false},
	{"words of later", `<acl_role id="r"><acl_permission id="m1" kind="read" xpath="/cib"/></acl_role><acl_target id="joe"><role id="r"/></acl_target>`, 78, true},
}

// judge runs our crm_verify of 2.1.5 on a file.
func judge(file string, args ...string) (out string, status int) {
	var b bytes.Buffer
	env := &tool.Env{Name: "crm_verify", Args: append([]string{"-x", file}, args...), Stdout: &b, Stderr: &b, Profile: conf.EL9}
	status = Verify(context.Background(), env)
	return b.String(), status
}

// TestJudgements gives crm_verify one configuration of every kind.
func TestJudgements(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cib.xml")
	for _, j := range judgements() {
		if err := os.WriteFile(file, []byte(j.cib), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, status := judge(file, "-VV"); status != j.status || !strings.Contains(out, j.says) {
			t.Errorf("%s: exit status %d, want %d, and\n%swants %q", j.name, status, j.status, out, j.says)
		}
	}
}

// TestJudgedCases are inputs that people had trouble with.
func TestJudgedCases(t *testing.T) {
	for name, want := range map[string]int{
		"11-config-only-no-status": 0, "12-clone-threshold": 0, "13a-group-in-clone-inactive-member": 0, "13b-order-score-deprecated": 78,
		"13c-group-ordered-deprecated": 78, "13d-negative-threshold": 78, "13e-acl-of-schema-1.2": 0, "16-failed-resource-is-no-config-error": 0,
		"40-newer-feature-set": 0, "41-config-only-replace": 0, "44-old-schema-type-normal": 0,
	} {
		if out, status := judge("testdata/cases/" + name + ".xml"); status != want {
			t.Errorf("%s: exit status %d, want %d:\n%s", name, status, want, out)
		}
	}
}
