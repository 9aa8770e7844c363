package node

import (
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// own are messages of each group for where there are no captures.
var own = [][2]string{
	{"crmd", `<m t="crmd" subt="request" crm_task="join_announce" crm_sys_to="dc" crm_sys_from="crmd"/>`},
	{"crmd", `<m t="crmd" subt="request" crm_task="vote" crm_sys_to="crmd" version="3.16.1" election-owner="2" election-id="1" election-age-sec="9" election-age-nano-sec="1"/>`},
	{"crmd", `<m t="crmd" subt="request" crm_task="join_offer" crm_sys_to="crmd" join_id="1" crm_feature_set="3.16.1"/>`},
	{"crmd", `<m t="crmd" subt="request" crm_task="lrm_invoke" crm_sys_to="lrmd" crm_sys_from="tengine"><crm_xml><rsc_op operation="start" transition-key="1:1:0:u"><primitive id="a" class="ocf" provider="p" type="T"/><attributes ip="1" CRM_meta_timeout="20000"/></rsc_op></crm_xml></m>`},
	{"crmd", `<m t="crmd" subt="request" crm_task="probe_again" crm_sys_to="crmd" crm_sys_from="c1" crm_user="root"/>`},
	{"crmd", `<m t="crmd" subt="request" crm_task="req_shutdown" crm_sys_to="crmd"/>`},
	{"cib", `<cib_command t="cib" cib_op="cib_modify" cib_section="status" cib_callopt="0" cib_update="1"><cib_calldata><node_state id="1" uname="n1" crmd="offline"/></cib_calldata></cib_command>`},
	{"cib", `<cib_command t="cib" cib_op="cib_replace" cib_callopt="0" cib_update="1"><cib_calldata><cib admin_epoch="0" epoch="99" num_updates="1"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib></cib_calldata></cib_command>`},
	{"cib", `<cib_command t="cib" cib_op="cib_erase" cib_callopt="0" cib_update="1"/>`},
	{"attrd", `<a t="attrd" task="update" attr_name="x" attr_value="1" attr_host="n1" attr_host_id="1"/>`},
	{"attrd", `<a t="attrd" task="sync-response" attr_writer="1"><a attr_name="x" attr_value="3" attr_host="n1" attr_host_id="1"/></a>`},
	{"stonith-ng", `<c t="stonith-ng" st_op="st_query" st_async_id="i" st_remote_op="i" st_target="n3" st_device_action="reboot" st_origin="n2" st_clientid="c" st_timeout="60" st_callid="2" st_callopt="2"/>`},
	{"stonith-ng", `<r t="st-reply" subt="broadcast" st_op="st_notify" count="1"><st_calldata><st_notify_fence state="2" st_rc="0" st_target="n1" st_device_action="reboot" st_remote_op="i"/></st_calldata></r>`},
}

// A program reads what to do from a fuzzer's bytes.
type program struct{ b []byte }

func (p *program) next(n int) int {
	if len(p.b) == 0 || n <= 0 {
		return 0
	}
	v := int(p.b[0])
	p.b = p.b[1:]
	if n > 256 && len(p.b) > 0 {
		v = v<<8 | int(p.b[0])
		p.b = p.b[1:]
	}
	return v % n
}

// words are values that mean something somewhere.
var words = []string{"", "0", "1", "-1", "2", "n1", "n2", "n3", "n9", "dc", "crmd", "lrmd", "tengine", "c1", "INFINITY", "-9223372036854775808", "99999999999999999999",
	"true", "value++", "1:1:0:u", "0:-1:0:u", "193", "//*", "//node_state[", "a", "root", "10s", "9999999999", "3.16.1", "response", "vote", "stop", "cancel", "delete", "3"}

// change makes a message another.
func (p *program) change(n *xml.Element) {
	var all []*xml.Element
	for e := range n.Walk() {
		all = append(all, e)
	}
	e := all[p.next(len(all))]
	switch p.next(6) {
	case 0, 1, 2:
		if len(e.Attrs) > 0 {
			e.Set(e.Attrs[p.next(len(e.Attrs))].Name, words[p.next(len(words))])
		}
	case 3:
		if len(e.Attrs) > 0 {
			e.Unset(e.Attrs[p.next(len(e.Attrs))].Name)
		}
	case 4:
		if e != n {
			e.Remove()
		}
	case 5:
		if e != n && len(all) < 500 {
			e.Parent.Append(e.Clone())
		}
	}
}

// FuzzStep has two whole nodes hear messages of real clusters with changes, in every group,
// from each other, and lets time pass: none panics, and the cluster comes to rest.
func FuzzStep(f *testing.F) {
	var all []captures.Message
	for _, o := range own {
		n, err := xml.Parse([]byte(o[1]))
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, captures.Message{Group: o[0], XML: n})
	}
	all = append(all, captures.Messages(f)...)
	for i := range min(len(all), 256) {
		f.Add([]byte{byte(i / 256), byte(i % 256), 0, 0, 1, 0, byte(i), 1, 0})
	}
	f.Add([]byte(strings.Repeat("\x00\x03\x01\x01\x02\x05\x00\x0c", 20)))
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) > 512 {
			return
		}
		c := newCluster(t, "n1", "n2")
		c.plan = func(*xml.Element) *xml.Element { return xml.New("transition_graph", "transition_id", "1") }
		c.run(30 * time.Second)
		p := &program{b: input}
		var id uint32 = 1000
		for n := 0; len(p.b) > 0 && n < 40; n++ {
			s := all[p.next(max(257, len(all)))%len(all)]
			msg := s.XML.Clone()
			for range p.next(5) {
				p.change(msg)
			}
			from := c.nodes[p.next(2)]
			id++
			e := peer.Envelope{ID: id, FromPID: 1, FromType: peer.SubCRMD, FromName: from.name, Data: msg.Compact()}
			for _, to := range c.nodes {
				c.pending = append(c.pending, delivery{to, Message{s.Group, from.id, 1, e.Append(nil)}})
			}
			if p.next(3) == 0 {
				c.run(time.Duration(p.next(20)) * time.Second)
			}
		}
		c.run(10 * time.Second)
	})
}
