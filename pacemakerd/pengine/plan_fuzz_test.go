package pengine_test

import (
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// FuzzPlan plans whatever parses: broken input gives an error or a plan, never
// a panic, and the same input gives the same graph.
func FuzzPlan(f *testing.F) {
	f.Add([]byte(`<cib have-quorum="1" dc-uuid="1"><configuration><crm_config/><nodes><node id="1" uname="n1"/></nodes><resources>` +
		`<clone id="c"><meta_attributes id="m"><nvpair id="p" name="promotable" value="true"/></meta_attributes><group id="g"><primitive id="a" class="ocf" provider="p" type="T"/></group></clone>` +
		`<bundle id="b"><docker image="i" replicas="2"/><network ip-range-start="10.0.0.1"/><primitive id="x" class="ocf" provider="p" type="T"/></bundle>` +
		`</resources><constraints><rsc_colocation id="l" rsc="c" with-rsc="b" score="1"/></constraints></configuration>` +
		`<status><node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="1"><lrm_resources><lrm_resource id="a" class="ocf" provider="p" type="T">` +
		`<lrm_rsc_op id="o" operation="start" interval="0" call-id="1" rc-code="0" op-status="0" transition-key="1:1:0:u"/></lrm_resource></lrm_resources></lrm></node_state></status></cib>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := xml.Parse(b)
		if err != nil {
			return
		}
		o := pengine.Options{Now: time.Unix(1700000000, 0).UTC()}
		one, err := pengine.Plan(doc.Clone(), o)
		if err != nil {
			return
		}
		two, err := pengine.Plan(doc, o)
		if err != nil || string(one.Graph.Compact()) != string(two.Graph.Compact()) {
			t.Errorf("not the same again: %v", err)
		}
	})
}
