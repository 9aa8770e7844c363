package node

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// told is what a client of a node was sent, as events and responses.
func (c *cluster) told(h *host, client string, ev Event) (list []*xml.Element) {
	for _, a := range h.Step(c.now, ev) {
		switch n := a.(type) {
		case Notify:
			if n.Client == client {
				list = append(list, n.Msg)
			}
		case Respond:
			if n.Client == client {
				list = append(list, n.Msg)
			}
		}
		c.act(h, a)
	}
	return list
}

// ask has a user's client of a service of node h say something.
func (c *cluster) ask(h *host, service, user, text string) []*xml.Element {
	c.t.Helper()
	id := service + "-" + user
	known := h.clients[id] != nil
	if !known {
		c.step(h, ClientOpened{Client: id, Service: service, User: user, Program: "tool", Privileged: user == "root" || user == "hacluster"})
	}
	if service == "crmd" && !known {
		hello, _ := xml.Parse([]byte(`<hello crm_task="hello"><crm_xml><options client_name="tool"/></crm_xml></hello>`))
		c.step(h, ClientAsked{Client: id, Msg: hello})
	}
	msg, err := xml.Parse([]byte(text))
	if err != nil {
		c.t.Fatal(err)
	}
	return c.told(h, id, ClientAsked{Client: id, Frame: 2, Wants: true, Msg: msg})
}

// op is a request of crm_resource, or one that somebody made up.
func op(task, to, host, more string) string {
	return `<create_request_adv origin="x" t="crmd" version="3.16.1" subt="request" reference="ref-1" crm_task="` + task + `" crm_sys_to="` + to +
		`" crm_sys_from="me" crm_host_to="` + host + `" ` + more + `><crm_xml><rsc_op id="9" operation="start" operation_key="r_start_0" on_node="` + host +
		`" transition-key="130:0:0:xxxxxxxx-xrsc-opxx-xcrm-resourcexxxx"><primitive id="r" class="ocf" provider="test" type="Dummy"/>` +
		`<attributes CRM_meta_timeout="20000" crm_feature_set="3.16.1"/></rsc_op></crm_xml></create_request_adv>`
}

// TestRightsTravel: what a client may not do on its own node it may not do by
// another either, whatever it says of itself.
func TestRightsTravel(t *testing.T) {
	for _, tt := range []struct {
		name, user, task, to string
		attrs                string
		acl                  bool
		want                 string // what happened on the other node
	}{
		{"an operation", "alice", "lrm_invoke", "lrmd", "", false, ""},
		{"an operation, by root", "root", "lrm_invoke", "lrmd", "", false, ""},
		{"an operation in the name of the transitioner", "alice", "lrm_invoke", "lrmd", `src="n1" subsystem="tengine"`, false, ""},
		{"a shutdown", "alice", "do_shutdown", "crmd", "", false, ""},
		{"a vote", "alice", "vote", "crmd", `election-id="1" election-owner="1"`, false, ""},
		{"forget a node", "alice", "rm_node_cache", "crmd", `id="2" uname="n2"`, false, ""},
		{"an answer", "alice", "ping", "crmd", "", false, "ping"},
		{"fail", "alice", "lrm_fail", "crmd", "", false, "refused"},
		{"fail, as root", "alice", "lrm_fail", "crmd", `crm_user="root" acl_target="root"`, false, "refused"},
		{"fail, by root", "root", "lrm_fail", "crmd", "", false, "failed"},
		{"fail, by hacluster", "hacluster", "lrm_fail", "crmd", "", false, "failed"},
		{"fail, by root for another", "root", "lrm_fail", "crmd", `crm_user="alice"`, false, "refused"},
		{"delete", "alice", "lrm_delete", "crmd", "", false, "deleted"},
		{"delete, with ACLs", "alice", "lrm_delete", "crmd", "", true, "refused"},
		{"delete, as root, with ACLs", "alice", "lrm_delete", "crmd", `crm_user="root"`, true, "refused"},
		{"delete, by root, with ACLs", "root", "lrm_delete", "crmd", "", true, "deleted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, local := range []bool{false, true} {
				c := newCluster(t, "n1", "n2", "n3")
				c.plan = spread
				c.run(30 * time.Second)
				c.configure(c.nodes[0])
				c.run(10 * time.Second)
				on := c.where("r")
				if len(on) != 1 {
					t.Fatalf("r runs on %d nodes", len(on))
				}
				if tt.acl {
					c.ask(on[0], "cib_rw", "root", `<cib_command t="cib" cib_op="cib_create" cib_section="crm_config" cib_callid="3" cib_callopt="0"><cib_calldata>`+
						`<cluster_property_set id="o"><nvpair id="o-acl" name="enable-acl" value="true"/></cluster_property_set></cib_calldata></cib_command>`)
					c.run(time.Second)
				}
				// The client is of a node that is not the DC, unless it is that of the resource.
				from := on[0]
				for _, h := range c.nodes {
					if !local && h != on[0] && !h.IsDC() {
						from = h
					}
				}
				if !local && from == on[0] {
					t.Fatal("no node for the client")
				}
				runs := len(on[0].runs)
				told := c.ask(from, "crmd", tt.user, op(tt.task, tt.to, on[0].name, tt.attrs))
				history := func() string {
					r := on[0].CIB().First("//node_state[@uname='" + on[0].name + "']//lrm_resource[@id='r']")
					switch {
					case r == nil:
						return "deleted"
					case strings.Contains(r.String(), "asyncmon"):
						return "failed"
					}
					return ""
				}
				c.plan = func(*xml.Element) *xml.Element { return xml.New("transition_graph", "transition_id", "999") } // what happened stays visible
				c.run(5 * time.Second)
				want := tt.want
				if want == "refused" || want == "ping" {
					want = ""
				}
				if got := history(); got != want {
					t.Errorf("local %v: the history is %q, want %q", local, got, want)
				}
				if n := len(on[0].runs); n != runs {
					t.Errorf("local %v: %v", local, on[0].runs[runs:])
				}
				if local && tt.want == "refused" && !slices.ContainsFunc(told, func(n *xml.Element) bool { return strings.Contains(n.String(), `rc-code="4"`) }) {
					t.Errorf("the client is not told that it may not: %v", told)
				}
				for _, h := range c.nodes {
					if h.exited {
						t.Errorf("%s has ended", h.name)
					}
				}
				c.sameCIB()
			}
		})
	}
}

// TestOrdersAreTheDCs: a node that is not the DC gives no orders to executors.
func TestOrdersAreTheDCs(t *testing.T) {
	c := newCluster(t, "n1", "n2", "n3")
	c.plan = spread
	c.run(30 * time.Second)
	d := c.dc()
	var victim, other *host
	for _, h := range c.nodes {
		switch {
		case h == d:
		case victim == nil:
			victim = h
		default:
			other = h
		}
	}
	tell := func(from *host, text string) {
		e := peer.Envelope{ID: 1, ToName: victim.name, ToID: victim.id, ToType: peer.SubCRMD, FromPID: 1, FromType: peer.SubCRMD, FromName: from.name, Data: []byte(text)}
		c.step(victim, Message{"crmd", from.id, 1, e.Append(nil)})
		c.run(time.Second)
	}
	for _, task := range []string{"lrm_invoke", "lrm_delete", "lrm_fail", "do_shutdown", "clear_failcount"} {
		to := map[string]string{"lrm_invoke": "lrmd"}[task]
		tell(other, op(task, to, victim.name, ""))
	}
	if len(victim.runs) != 0 || victim.exited || victim.State() == "S_STOPPING" {
		t.Errorf("it obeyed: %v, %s", victim.runs, victim.State())
	}
	tell(d, op("lrm_invoke", "lrmd", victim.name, ""))
	if !slices.Contains(victim.runs, "r start") {
		t.Errorf("it does not obey the DC: %v", victim.runs)
	}
}

// TestClientSpeaksForNobody: the attributes by which nodes know their own messages
// are of no use to a client.
func TestClientSpeaksForNobody(t *testing.T) {
	c := newCluster(t, "n1", "n2")
	c.plan = spread
	c.run(30 * time.Second)
	h := c.nodes[0] // the other one is n2
	c.step(h, ClientOpened{Client: "a", Service: "cib_rw", User: "alice", Program: "tool"})
	msg, err := xml.Parse([]byte(`<cib_command t="cib" cib_op="cib_replace" original_cib_op="cib_sync" cib_update="true" cib_schema_max="pacemaker-3.9" src="n2" cib_delegated_from="n2" ` +
		`cib_callid="3" cib_callopt="0" cib_user="root" acl_target="root"><cib_calldata><cib/></cib_calldata></cib_command>`))
	if err != nil {
		t.Fatal(err)
	}
	sent := 0
	for _, a := range h.Step(c.now, ClientAsked{Client: "a", Msg: msg}) {
		m, ok := a.(Multicast)
		if !ok {
			continue
		}
		sent++
		text := string(m.Data)
		for _, word := range []string{"original_cib_op", "cib_update", "cib_schema_max", "n2", `"root"`} {
			if strings.Contains(text, word) {
				t.Errorf("%s goes to all: %s", word, text)
			}
		}
		for _, word := range []string{`cib_user="alice"`, `acl_target="alice"`, `cib_delegated_from="` + h.name + `"`} {
			if !strings.Contains(text, word) {
				t.Errorf("no %s in %s", word, text)
			}
		}
	}
	if sent != 1 {
		t.Errorf("%d messages", sent)
	}
	// An answer to somebody else's call.
	c.step(h, ClientOpened{Client: "victim", Service: "cib_rw", User: "root", Program: "tool", Privileged: true})
	if got := c.ask(h, "cib_rw", "alice", `<cib_command t="cib" cib_op="cib_modify" cib_isreplyto="`+h.name+`" cib_clientid="victim" cib_callid="9" cib_callopt="0" cib_rc="0"/>`); len(got) != 0 {
		t.Logf("%v", got)
	}
	for len(c.pending) > 0 {
		p := c.pending[0]
		c.pending = c.pending[1:]
		if got := c.told(p.to, "victim", p.ev); len(got) != 0 {
			t.Errorf("another client was told %v", got)
		}
	}
	// cib_ro does not make all nodes send their copies.
	for _, op := range []string{"cib_sync", "cib_sync_one", "cib_modify"} {
		got := c.ask(h, "cib_ro", "alice", `<cib_command t="cib" cib_op="`+op+`" cib_callid="4" cib_callopt="0"/>`)
		if len(got) != 1 || got[0].Get("cib_rc") != "-13" {
			t.Errorf("%s over cib_ro: %v", op, got)
		}
	}
}

// TestCallsUnderWay: calls that nobody answers are not remembered without end.
func TestCallsUnderWay(t *testing.T) {
	c := newCluster(t, "n1", "n2")
	c.plan = spread
	c.run(30 * time.Second)
	h := c.dc()
	refused := 0
	for i := range 200 {
		got := c.ask(h, "cib_rw", "bob", `<cib_command t="cib" cib_op="cib_query" cib_host="nobody" cib_callid="`+strings.Repeat("1", i+1)+`" cib_callopt="4096"/>`)
		if len(got) == 1 && got[0].Get("cib_rc") == "-11" {
			refused++
		}
	}
	if refused != 200-64 {
		t.Errorf("%d of 200 calls refused", refused)
	}
}
