package pacemakerd

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestPlanOfAnOldSchema plans for a CIB of schema 1.2: its nodes are there, and
// the log says that it is old.
func TestPlanOfAnOldSchema(t *testing.T) {
	const text = `<cib crm_feature_set="3.0.7" validate-with="pacemaker-1.2" epoch="31" num_updates="0" admin_epoch="1" have-quorum="1" dc-uuid="1"><configuration>` +
		`<crm_config><cluster_property_set id="o"><nvpair id="o1" name="stonith-enabled" value="false"/><nvpair id="o3" name="expected-quorum-votes" value="2"/></cluster_property_set></crm_config>` +
		`<nodes><node id="1" uname="node1" type="normal"/></nodes><resources><primitive id="w" class="ocf" provider="pacemaker" type="Dummy"/></resources><constraints/></configuration>` +
		`<status><node_state id="1" uname="node1" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="1"><lrm_resources/></lrm></node_state></status></cib>`
	doc, err := xml.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	before := string(doc.AppendCompact(nil))
	var log bytes.Buffer
	p := &planner{dir: t.TempDir(), log: slog.New(slog.NewTextHandler(&log, nil))}
	for range 2 {
		graph, err := p.plan(doc)
		if err != nil {
			t.Fatal(err)
		}
		if s := string(graph.AppendCompact(nil)); !strings.Contains(s, `operation_key="w_start_0"`) {
			t.Errorf("nothing is started:\n%s", s)
		}
	}
	for _, says := range []string{"pacemaker-1.2", "cibadmin --upgrade", "dropping expected-quorum-votes"} {
		if strings.Count(log.String(), says) != 1 {
			t.Errorf("the log does not say %q once:\n%s", says, log.String())
		}
	}
	if after := string(doc.AppendCompact(nil)); after != before {
		t.Errorf("the CIB is changed:\n%s", after)
	}
}
