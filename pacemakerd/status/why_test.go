package status_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// cluster is three nodes, the third in standby, with two resources: a runs on
// n1 and has failed on n2, b may not run with a.
const cluster = `<cib crm_feature_set="3.16.1" have-quorum="QUORUM" dc-uuid="1" execution-date="1700000000"><configuration>
<crm_config><cluster_property_set id="o"><nvpair id="o1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
<nodes><node id="1" uname="n1"/><node id="2" uname="n2"/><node id="3" uname="n3"><instance_attributes id="s"><nvpair id="s1" name="standby" value="on"/></instance_attributes></node></nodes>
<resources><primitive id="a" class="ocf" provider="p" type="T"><meta_attributes id="m"><nvpair id="m1" name="resource-stickiness" value="7"/><nvpair id="m2" name="migration-threshold" value="2"/></meta_attributes></primitive>
<primitive id="b" class="ocf" provider="p" type="T"/></resources>
<constraints><rsc_colocation id="apart" rsc="b" with-rsc="a" score="-INFINITY"/><rsc_location id="likes" rsc="b" node="n2" score="50"/></constraints></configuration>
<status><node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="1"><lrm_resources><lrm_resource id="a" class="ocf" provider="p" type="T">
<lrm_rsc_op id="a_last_0" operation_key="a_start_0" operation="start" interval="0" call-id="1" rc-code="0" op-status="0" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8" transition-key="1:1:0:u" transition-magic="0:0;1:1:0:u"/></lrm_resource></lrm_resources></lrm></node_state>
<node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member"><transient_attributes id="2"><instance_attributes id="t"><nvpair id="t1" name="fail-count-a#start_0" value="3"/></instance_attributes></transient_attributes></node_state>
<node_state id="3" uname="n3" in_ccm="true" crmd="online" join="member" expected="member"/></status></cib>`

func plan(t *testing.T, quorum string) *pengine.Transition {
	t.Helper()
	doc, err := xml.Parse([]byte(strings.Replace(cluster, "QUORUM", quorum, 1)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := pengine.Plan(doc, pengine.Options{Now: time.Unix(1700000000, 0), Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhyInWords(t *testing.T) {
	for _, c := range []struct{ quorum, resource, node, want string }{
		{"1", "a", "n1", "runs here and stays"},
		{"1", "a", "n1", "7  from resource-stickiness: it runs there"},
		{"1", "a", "n2", "banned by the fail count 3 of a, which has reached migration-threshold=2"},
		{"1", "a", "n3", "not here: the node is in standby"},
		{"1", "b", "n1", "banned by the colocation apart with a"},
		{"1", "b", "n2", "starts here"},
		{"1", "b", "n2", "50  from the location constraint likes"},
		{"0", "b", "n2", "cannot start: this partition has no quorum (no-quorum-policy=stop)"},
	} {
		var b bytes.Buffer
		if err := status.WriteWhy(&b, "text", plan(t, c.quorum).Explain(c.resource, c.node)); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), c.want) {
			t.Errorf("%s on %s, quorum %s: want %q in:\n%s", c.resource, c.node, c.quorum, c.want, b.String())
		}
	}
}

func TestWhyFormats(t *testing.T) {
	list := plan(t, "1").Explain("a", "")
	if len(list) != 3 {
		t.Fatalf("%d explanations for three nodes", len(list))
	}
	var b bytes.Buffer
	if err := status.WriteWhy(&b, "json", list); err != nil {
		t.Fatal(err)
	}
	var decoded []struct {
		Node, Score string
		Chosen      bool
		Parts       []struct{ Score, Why string }
	}
	if err := json.Unmarshal(b.Bytes(), &decoded); err != nil {
		t.Fatal(err)
	}
	if d := decoded[0]; d.Node != "n1" || !d.Chosen || d.Score != "7" || len(d.Parts) != 1 || d.Parts[0].Score != "7" {
		t.Errorf("the first of the list is %+v", d)
	}
	b.Reset()
	if err := status.WriteWhy(&b, "xml", list); err != nil {
		t.Fatal(err)
	}
	doc, err := xml.Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if p := doc.Child("placement"); doc.Name != "why" || p.Get("node") != "n1" || p.Get("chosen") != "true" || p.Child("part").Get("score") != "7" {
		t.Errorf("the document is %s", b.String())
	}
	if err := status.WriteWhy(&b, "yaml", list); err == nil {
		t.Error("an unknown format is taken")
	}
	if plan(t, "1").Explain("nobody", "") != nil {
		t.Error("a resource that does not exist is explained")
	}
}

// TestSummaryLines lays out changes as they stand in a transition summary: the
// columns only grow.
func TestSummaryLines(t *testing.T) {
	one, two := &pengine.Node{Name: "n1"}, &pengine.Node{Name: "node2"}
	s := status.Summary{Words: status.EL9.Words}
	for _, c := range []struct {
		change pengine.Change
		want   string
	}{
		{pengine.Change{Verb: "Start", ID: "a", Dest: one}, "Start      a       (    n1 )"},
		{pengine.Change{Verb: "Move", ID: "a", Origin: one, Dest: two, SameRole: true}, "Move       a       ( n1 -> node2 )"},
		{pengine.Change{Verb: "Stop", ID: "longer", Origin: two, Reason: "node availability"}, "Stop       longer     (       node2 )  due to node availability"},
		{pengine.Change{Verb: "Restart", ID: "b", Origin: one, Dest: one, SameHost: true, Role: pengine.RoleStarted, NextRole: pengine.RoleUnpromoted, Blocked: true},
			"Restart    b          ( Started -> Unpromoted n1 )  blocked"},
	} {
		if got := s.Line(c.change); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}
