package pengine

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestClusterStays: the working set is read and unpacked, and then no stage
// writes it.
func TestClusterStays(t *testing.T) {
	texts := map[string]string{"utilization": `<cib have-quorum="1" dc-uuid="1"><configuration><crm_config>` +
		`<cluster_property_set id="cib-bootstrap-options"><nvpair id="o1" name="stonith-enabled" value="false"/>` +
		`<nvpair id="o2" name="placement-strategy" value="balanced"/></cluster_property_set></crm_config>` +
		`<nodes><node id="1" uname="n1"><utilization id="u1"><nvpair id="p1" name="cpu" value="4"/></utilization></node></nodes><resources>` +
		`<primitive id="a" class="ocf" provider="p" type="T"/>` +
		`<primitive id="b" class="ocf" provider="p" type="T"><meta_attributes id="m"><nvpair id="p2" name="resource-stickiness" value="9"/></meta_attributes></primitive>` +
		`</resources><constraints><rsc_location id="l" rsc="b" node="n1" score="7"/></constraints></configuration><status>` +
		`<node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"/></status></cib>`}
	files, _ := filepath.Glob("testdata/real/xml/*.xml")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(f)] = string(b)
	}
	// What pointers point at is not looked at, but for the document.
	look := func(c *Cluster) string { return fmt.Sprintf("%v %v %s", *c, c.rules.Colours, c.cib) }
	for name, text := range texts {
		doc, err := xml.Parse([]byte(text))
		if err != nil {
			t.Fatal(name, err)
		}
		tr, err := unpack(doc, Options{Now: time.Unix(1700000000, 0), Scores: true})
		if err != nil {
			t.Fatal(name, err)
		}
		before := look(tr.Cluster)
		if err := tr.plan(); err != nil {
			t.Fatal(name, err)
		}
		if look(tr.Cluster) != before {
			t.Errorf("%s: planning wrote the working set", name)
		}
	}
}

// TestCanFenceItself: histories that say that machines run in each other's
// guests, or one in its own, do not lead in circles.
func TestCanFenceItself(t *testing.T) {
	guest := func() *Node {
		return &Node{Kind: Remote, Connection: &Resource{container: &Resource{}}}
	}
	a, b := guest(), guest()
	a.Connection.container.Running = []*Node{b}
	b.Connection.container.Running = []*Node{a}
	c := &Cluster{}
	if c.canFence(a) || c.canFence(b) {
		t.Error("nothing can fence guests that hold each other's machines")
	}
	a.Connection.container.Running = []*Node{a}
	if c.canFence(a) {
		t.Error("nothing can fence a guest that holds its own machine")
	}
	b.Connection.container.Running = []*Node{{Online: true}}
	if !c.canFence(b) {
		t.Error("the machine of a guest on a node that is online can be stopped")
	}
}
