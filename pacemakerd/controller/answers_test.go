package controller

import (
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// newMember returns the machine of n1, in a cluster of three whose DC is n2.
func newMember(t *testing.T) *Machine {
	t.Helper()
	cache := peer.NewCache()
	for i, name := range []string{"n1", "n2", "n3"} {
		p := cache.Get(uint32(i + 1))
		p.Name, p.Member, p.In["crmd"] = name, true, true
	}
	wall := func() int64 { return 1 }
	m := New(Config{Node: "n1", ID: 1, FeatureSet: "3.16.1", UUID: "u", Writer: &peer.Writer{Version: "3.16.1", Now: wall}, Cache: cache, Wall: wall}, xml.New("cib"))
	m.state, m.dc = NotDC, "n2"
	return m
}

func parsed(t *testing.T, s string) *xml.Element {
	t.Helper()
	n, err := xml.Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAnswersForClients: what an executor answers goes to the client that waits, on
// this node or another.
func TestAnswersForClients(t *testing.T) {
	request := func(task, host string) *xml.Element {
		return parsed(t, `<m t="crmd" subt="request" crm_task="`+task+`" crm_sys_to="crmd" crm_sys_from="c1" crm_host_to="`+host+`" crm_user="root"><crm_xml>`+
			`<rsc_op transition-key="1:0:0:x-xrsc-opxx" on_node="n1"><primitive id="w" class="ocf" provider="p" type="T"/><attributes/></rsc_op></crm_xml></m>`)
	}
	root := Asker{Client: "c1", User: "root", Privileged: true}
	for _, tt := range []struct {
		name string
		do   func(m *Machine) []Action
		want string // "reply CLIENT TASK", "send NODE TASK"
	}{
		{"a peer's executor answers", func(m *Machine) []Action {
			return m.Delivered(time.Second, "n3", parsed(t, `<m t="crmd" subt="request" crm_task="lrm_invoke" crm_sys_to="c1" crm_sys_from="lrmd" crm_host_to="n1"><crm_xml><node_state id="3"/></crm_xml></m>`))
		}, "reply c1 lrm_invoke"},
		{"failed for a client here", func(m *Machine) []Action { return m.Asked(time.Second, root, request("lrm_fail", "n1")) }, "reply c1 lrm_invoke"},
		{"failed for a client elsewhere", func(m *Machine) []Action { return m.Delivered(time.Second, "n3", request("lrm_fail", "n1")) }, "send n3 lrm_invoke"},
		{"deleted for a client elsewhere", func(m *Machine) []Action { return m.Delivered(time.Second, "n3", request("lrm_delete", "n1")) }, "send n3 lrm_invoke"},
		{"all probed for a client here", func(m *Machine) []Action { return m.Asked(time.Second, root, request("probe_again", "n1")) }, "reply c1 lrm_invoke"},
		{"all probed for a client elsewhere", func(m *Machine) []Action { return m.Delivered(time.Second, "n3", request("probe_again", "n1")) }, "send n3 lrm_invoke"},
		{"all probed everywhere", func(m *Machine) []Action { return m.Asked(time.Second, root, request("probe_again", "")) }, "send  probe_again"},
	} {
		var got []string
		for _, a := range tt.do(newMember(t)) {
			switch a := a.(type) {
			case Reply:
				got = append(got, "reply "+a.Client+" "+a.Msg.Get("crm_task"))
			case Send:
				got = append(got, "send "+a.To+" "+a.Msg.Get("crm_task"))
			}
		}
		if len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestClearedFailureIsForgotten: a fail count is cleared together with the entry of the
// failure, or the next plan clears it again.
func TestClearedFailureIsForgotten(t *testing.T) {
	m := newMember(t)
	m.exec.history["w"] = parsed(t, `<lrm_resource id="w"><lrm_rsc_op id="w_last_0" operation="start" interval="0"/><lrm_rsc_op id="w_last_failure_0" operation="monitor" interval="10000"/></lrm_resource>`)
	clear := func(attrs string) (cleared bool, erased string) {
		for _, a := range m.Delivered(time.Second, "n2", parsed(t, `<m t="crmd" subt="request" crm_task="clear_failcount" crm_sys_to="crmd" crm_sys_from="tengine"><crm_xml>`+
			`<crm_event operation="clear_failcount" on_node="n1"><primitive id="w"/><attributes `+attrs+`/></crm_event></crm_xml></m>`)) {
			switch a := a.(type) {
			case ClearFailure:
				cleared = a.Resource == "w" && a.Node == "n1"
			case CIB:
				erased = a.Op.Section
			}
		}
		return
	}
	if cleared, erased := clear(`CRM_meta_clear_failure_op="start"`); !cleared || erased != "" || len(m.exec.history["w"].Children) != 2 {
		t.Errorf("of another operation: cleared %v, erased %q", cleared, erased)
	}
	if cleared, erased := clear(""); !cleared || erased != "//node_state[@uname='n1']//lrm_resource[@id='w']/lrm_rsc_op[@id='w_last_failure_0']" || len(m.exec.history["w"].Children) != 1 {
		t.Errorf("cleared %v, erased %q, left %s", cleared, erased, m.exec.history["w"])
	}
}

// TestCancelledBeforeItsResult: the DC is told of a recurring operation that is cancelled
// before its first result, or it would wait for it until its timeout.
func TestCancelledBeforeItsResult(t *testing.T) {
	m := newMember(t)
	invoke := func(task, interval, key string) []Action {
		return m.Delivered(time.Second, "n2", parsed(t, `<m t="crmd" subt="request" crm_task="lrm_invoke" crm_sys_to="lrmd" crm_sys_from="tengine"><crm_xml>`+
			`<rsc_op operation="`+task+`" transition-key="`+key+`"><primitive id="w" class="service" type="x"/><attributes CRM_meta_interval="`+interval+`"/></rsc_op></crm_xml></m>`))
	}
	invoke("start", "0", "1:1:0:u")
	invoke("monitor", "10000", "2:1:0:u") // waits for the start
	told, settled := false, false
	for _, a := range m.Delivered(time.Second, "n2", parsed(t, `<m t="crmd" subt="request" crm_task="probe_again" crm_sys_to="crmd" crm_sys_from="c1" crm_user="root"/>`)) {
		switch a := a.(type) {
		case Send:
			if e := a.Msg.ByID("lrm_rsc_op", "w_monitor_10000"); e != nil && a.To == "" && a.Msg.Get("crm_sys_to") == "tengine" {
				told = e.Get("op-status") == "1" && e.Get("transition-key") == "2:1:0:u"
			}
		case Settled:
			settled = settled || a.Ticket == "2:1:0:u"
		}
	}
	if !told || !settled {
		t.Errorf("told %v, settled %v", told, settled)
	}
}
