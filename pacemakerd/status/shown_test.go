package status_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// small is a CIB of two nodes that are there, with these resources,
// constraints, histories on the first node, and whatever else the status has.
func small(resources, constraints, history, more string) string {
	return `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0" have-quorum="1" dc-uuid="1"><configuration><crm_config>` +
		`<cluster_property_set id="o"><nvpair id="o1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>` +
		`<nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes><resources>` + resources + `</resources><constraints>` + constraints +
		`</constraints></configuration><status><node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member">` +
		`<lrm id="1"><lrm_resources>` + history + `</lrm_resources></lrm>` +
		`<transient_attributes id="1"><instance_attributes id="t"><nvpair id="t1" name="fail-count-c:1#start_0" value="2"/>` +
		`<nvpair id="t2" name="fail-count-c#start_0" value="3"/></instance_attributes></transient_attributes></node_state>` +
		`<node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member"/>` + more + `</status></cib>`
}

// done is one operation in a history.
func done(rsc, task, interval, call, rc, more string) string {
	return `<lrm_rsc_op id="` + rsc + `_` + task + `_` + interval + `" operation_key="` + rsc + `_` + task + `_` + interval + `" operation="` + task +
		`" interval="` + interval + `" call-id="` + call + `" rc-code="` + rc + `" op-status="0" on_node="n1" transition-key="1:1:0:u" transition-magic="0:` + rc + `;1:1:0:u"` + more + `/>`
}

func history(rsc string, ops ...string) string {
	return `<lrm_resource id="` + rsc + `" class="ocf" provider="p" type="T">` + strings.Join(ops, "") + `</lrm_resource>`
}

const primitive, clone = `<primitive id="a" class="ocf" provider="p" type="T"/>`, `<clone id="cl"><primitive id="c" class="ocf" provider="p" type="T"/></clone>`

// TestShownAsByTheRealOne has a small CIB for each of what crm_mon 2.1.5 shows in
// a way of its own, and what it prints of them.
func TestShownAsByTheRealOne(t *testing.T) {
	for _, tc := range []struct {
		name   string
		cib    string
		view   status.View
		xml    bool
		want   []string // is there, in this order
		absent string
	}{
		{name: "an operation without a number is the last one",
			cib:  small(primitive, "", history("a", done("a", "monitor", "5000", "-1", "0", ""), done("a", "start", "0", "4", "0", "")), ""),
			view: status.View{Sections: status.ShowOperations}, want: []string{"(4) start\n", "(-1) monitor"}},
		{name: "a result that has no name",
			cib:  small(primitive, "", history("a", done("a", "start", "0", "4", "14", "")), ""),
			view: status.View{Sections: status.ShowDefault}, want: []string{"a start on n1 returned 'unknown'\n"}},
		{name: "failures of all instances count together",
			cib:  small(clone, "", history("c", done("c", "start", "0", "4", "0", "")), ""),
			view: status.View{Sections: status.ShowOperations}, want: []string{"c: migration-threshold=1000000 fail-count=5:\n"}},
		{name: "tickets in the order of a hash table",
			cib: small(primitive, "", "", `<tickets><ticket_state id="drbd" granted="false"/><ticket_state id="lustre" granted="true"/>`+
				`<ticket_state id="alpha" granted="true"/></tickets>`),
			view: status.View{Sections: status.ShowTickets}, want: []string{"drbd: revoked\n", "lustre: granted\n", "alpha: granted\n"}},
		{name: "a probe that cannot be is no failure",
			cib:  small(primitive, "", history("a", done("a", "monitor", "0", "4", "5", "")), ""),
			view: status.View{Sections: status.ShowDefault, Inactive: true}, want: []string{"Stopped (not installed)"}, absent: "Failed Resource Actions"},
		{name: "what a ticket freezes is not counted as blocked",
			cib: small(primitive, `<rsc_ticket id="k" rsc="a" ticket="t" loss-policy="freeze"/>`, history("a", done("a", "start", "0", "4", "0", "")),
				`<tickets><ticket_state id="t" granted="false"/></tickets>`),
			view: status.View{Sections: status.ShowDefault}, want: []string{"1 resource instance configured\n", "Started n1 (blocked)"}},
		{name: "bans by a rule with or, and by one with and",
			cib: small(primitive, `<rsc_location id="l1" rsc="a"><rule id="or" boolean-op="or" score="-INFINITY"><expression id="e1" attribute="x" operation="not_defined"/></rule></rsc_location>`+
				`<rsc_location id="l2" rsc="a"><rule id="and" score="-INFINITY"><expression id="e2" attribute="x" operation="not_defined"/></rule></rsc_location>`, "", ""),
			view: status.View{Sections: status.ShowBans},
			want: []string{"* and\tprevents a from running on n2", "* and\tprevents a from running on n1", "* or\tprevents a from running on n1", "* or\tprevents a from running on n2"}},
		{name: "what is under way stands where the role does", xml: true,
			cib: small(primitive, "", history("a", `<lrm_rsc_op id="a_last_0" operation_key="a_start_0" operation="start" interval="0" call-id="-1" rc-code="193" op-status="-1" `+
				`on_node="n1" transition-key="1:1:0:u" transition-magic="-1:193;1:1:0:u"/>`), ""),
			want: []string{`role="Starting"`}, absent: `pending="Starting"`},
		{name: "members of an instance too many", xml: true,
			cib:  small(`<clone id="cl"><meta_attributes id="m"><nvpair id="m1" name="clone-max" value="0"/></meta_attributes><group id="g">`+primitive+`</group></clone>`, "", "", ""),
			want: []string{`<group id="g:0" number_resources="1"`, `<resource id="a" resource_agent="ocf:p:T" role="Stopped" active="false" orphaned="true"`}},
		{name: "connections of guests", xml: true,
			cib:  small(`<primitive id="vm" class="ocf" provider="p" type="T"><meta_attributes id="m"><nvpair id="m1" name="remote-node" value="guest"/></meta_attributes></primitive>`, "", "", ""),
			want: []string{`<resource id="vm"`, `<resource id="guest" resource_agent="ocf:pacemaker:remote" role="Stopped"`}},
		{name: "how long is told where it is known", xml: true,
			cib:  small(primitive, "", history("a", done("a", "start", "0", "4", "1", ` last-rc-change="1700000000" exec-time="7"`)), ""),
			want: []string{`last-rc-change="2023-11-14 22:13:20Z" exec="7" interval="0"`}, absent: "queued="},
		{name: "below its node a resource is told with what is under way and its description",
			cib: small(`<primitive id="a" class="ocf" provider="p" type="T" description="our first"/>`, "",
				history("a", done("a", "start", "0", "4", "0", ""), `<lrm_rsc_op id="a_monitor_9000" operation_key="a_monitor_9000" operation="monitor" interval="9000" call-id="-1" rc-code="193" `+
					`op-status="-1" on_node="n1" transition-key="2:1:0:u" transition-magic="-1:193;2:1:0:u"/>`), ""),
			view: status.View{Sections: status.ShowNodes, ByNode: true}, want: []string{"* a\t(ocf:p:T):\t Started (Monitoring) our first\n"}},
		{name: "where a node has to leave, it is told that something runs there",
			cib:  strings.Replace(small(primitive, "", history("a", done("a", "start", "0", "4", "0", "")), ""), `name="fail-count-c#start_0" value="3"`, `name="standby" value="on"`, 1),
			view: status.View{Sections: status.ShowNodes, ByNode: true}, want: []string{"* Node n1: standby (with active resources):\n"}},
		{name: "counted is also what is configured no more",
			cib:  small(primitive, "", history("gone", done("gone", "stop", "0", "4", "0", "")), ""),
			view: status.View{Sections: status.ShowResources, Brief: true, Inactive: true}, want: []string{"* 0/2\t(ocf:p:T):\tActive\n"}},
	} {
		doc, err := xml.Parse([]byte(tc.cib))
		if err != nil {
			t.Fatal(tc.name, err)
		}
		c, err := pengine.Status(doc, pengine.Options{Now: time.Unix(1700000100, 0).UTC(), Constraints: true})
		if err != nil {
			t.Fatal(tc.name, err)
		}
		var b bytes.Buffer
		if tc.xml {
			status.EL9.XML.Print(&b, c, tc.view)
		} else {
			status.EL9.Text.Print(&b, c, tc.view)
		}
		inOrder(t, tc.name, b.String(), tc.want)
		if tc.absent != "" && strings.Contains(b.String(), tc.absent) {
			t.Errorf("%s: %q is there:\n%s", tc.name, tc.absent, b.String())
		}
	}
}
