package node

import (
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestReplaced erases the CIB of a cluster that runs, or puts one without nodes
// and status in its place: within seconds the nodes are back and online, there is
// a DC, what runs is known and runs on, and a stop works.
func TestReplaced(t *testing.T) {
	for name, op := range map[string]string{
		"erase": `<cib_command t="cib" cib_op="cib_erase" cib_callid="3" cib_callopt="1048576"/>`,
		"no status": `<cib_command t="cib" cib_op="cib_replace" cib_callid="3" cib_callopt="0"><cib_calldata><cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="60" num_updates="0" admin_epoch="9">` +
			`<configuration><crm_config/><nodes/><resources><primitive id="r" class="ocf" provider="test" type="Dummy"/></resources><constraints/></configuration></cib></cib_calldata></cib_command>`,
		"empty status": `<cib_command t="cib" cib_op="cib_replace" cib_callid="3" cib_callopt="0"><cib_calldata><cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="60" num_updates="0" admin_epoch="9">` +
			`<configuration><crm_config/><nodes/><resources><primitive id="r" class="ocf" provider="test" type="Dummy"/></resources><constraints/></configuration><status/></cib></cib_calldata></cib_command>`,
		"status alone": `<cib_command t="cib" cib_op="cib_replace" cib_section="status" cib_callid="3" cib_callopt="0"><cib_calldata><status/></cib_calldata></cib_command>`,
	} {
		for _, asked := range []string{"dc", "other"} {
			t.Run(name+" at "+asked, func(t *testing.T) {
				c := newCluster(t, "n1", "n2", "n3")
				c.plan = spread
				c.run(30 * time.Second)
				c.configure(c.dc())
				c.run(10 * time.Second)
				runs := c.where("r")
				if len(runs) != 1 {
					t.Fatalf("r runs on %d nodes", len(runs))
				}
				h := c.dc()
				for _, other := range c.nodes {
					if asked == "other" && other != h {
						h = other
						break
					}
				}
				msg, err := xml.Parse([]byte(op))
				if err != nil {
					t.Fatal(err)
				}
				c.step(h, ClientOpened{Client: "eraser", Service: "cib_rw", User: "root", Program: "cibadmin", Privileged: true})
				c.step(h, ClientAsked{Client: "eraser", Frame: 1, Msg: msg})
				before := len(runs[0].runs)
				c.run(10 * time.Second)
				c.sameCIB()
				doc := c.dc().CIB()
				for _, n := range c.nodes {
					if doc.First("//node[@uname='"+n.name+"']") == nil {
						t.Errorf("node %s is not listed:\n%s", n.name, doc)
					}
					if s := doc.First("//node_state[@uname='" + n.name + "']"); s.Get("crmd") != "online" || s.Get("join") != "member" || s.Get("in_ccm") != "true" {
						t.Errorf("state of %s: %s", n.name, s)
					}
					if doc.First("//node_state[@uname='"+n.name+"']//nvpair[@name='#feature-set']") == nil {
						t.Errorf("the attributes of %s are gone", n.name)
					}
				}
				if doc.First("//node_state[@uname='"+runs[0].name+"']//lrm_resource[@id='r']") == nil {
					t.Errorf("what runs on %s is forgotten", runs[0].name)
				}
				for _, r := range runs[0].runs[before:] {
					if strings.HasSuffix(r, "start") && name != "erase" {
						t.Errorf("r was started again: %q", runs[0].runs[before:])
					}
				}
				for _, n := range c.nodes {
					c.step(n, Shutdown{})
				}
				c.run(2 * time.Minute)
				for _, n := range c.nodes {
					if !n.exited || n.active["r"] {
						t.Errorf("%s: exited %v, r active %v", n.name, n.exited, n.active["r"])
					}
				}
			})
		}
	}
}
