package controller

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// heard is what controllers and clients say, one of each kind.
var heard = []string{
	`<m t="crmd" subt="request" crm_task="vote" crm_sys_to="crmd" crm_sys_from="crmd" version="3.16.1" election-owner="2" election-id="1" election-age-sec="9" election-age-nano-sec="1"/>`,
	`<m t="crmd" subt="request" crm_task="no-vote" crm_sys_to="crmd" version="3.16.1" election-owner="1" election-id="1"/>`,
	`<m t="crmd" subt="request" crm_task="join_announce" crm_sys_to="dc"/>`,
	`<m t="crmd" subt="request" crm_task="join_offer" crm_sys_to="crmd" join_id="1" crm_feature_set="3.16.1"/>`,
	`<m t="crmd" subt="request" crm_task="join_request" crm_sys_to="dc" join_id="1" crm_feature_set="3.16.1"><crm_xml><generation_tuple epoch="3" num_updates="1" admin_epoch="0"/></crm_xml></m>`,
	`<m t="crmd" subt="request" crm_task="join_ack_nack" crm_sys_to="crmd" join_id="1" join_ack_nack="true"/>`,
	`<m t="crmd" subt="request" crm_task="join_confirm" crm_sys_to="dc" join_id="1"><crm_xml><node_state id="2" uname="n2"><lrm id="2"><lrm_resources/></lrm></node_state></crm_xml></m>`,
	`<m t="crmd" subt="request" crm_task="lrm_invoke" crm_sys_to="lrmd" crm_sys_from="tengine"><crm_xml><rsc_op operation="start" transition-key="1:1:0:u"><primitive id="a" class="ocf" provider="p" type="T"/><attributes ip="1" CRM_meta_timeout="20000"/></rsc_op></crm_xml></m>`,
	`<m t="crmd" subt="request" crm_task="lrm_invoke" crm_sys_to="lrmd" crm_sys_from="tengine"><crm_xml><rsc_op operation="monitor" transition-key="2:1:0:u"><primitive id="a" class="ocf" provider="p" type="T"/><attributes CRM_meta_interval="10000" CRM_meta_start_delay="10"/></rsc_op></crm_xml></m>`,
	`<m t="crmd" subt="request" crm_task="lrm_invoke" crm_sys_to="lrmd" crm_sys_from="tengine"><crm_xml><rsc_op operation="cancel" transition-key="3:1:0:u"><primitive id="a"/><attributes CRM_meta_interval="10000" CRM_meta_operation="monitor"/></rsc_op></crm_xml></m>`,
	`<m t="crmd" subt="request" crm_task="lrm_invoke" crm_sys_to="lrmd" crm_sys_from="tengine"><crm_xml><rsc_op operation="stop" transition-key="4:1:0:u"><primitive id="a" class="ocf" provider="p" type="T"/><attributes/></rsc_op></crm_xml></m>`,
	`<m t="crmd" subt="request" crm_task="lrm_invoke" crm_sys_to="lrmd" crm_sys_from="tengine"><crm_xml><rsc_op operation="delete" transition-key="5:1:0:u"><primitive id="a"/><attributes/></rsc_op></crm_xml></m>`,
	`<m t="crmd" subt="request" crm_task="lrm_invoke" crm_sys_to="lrmd" crm_sys_from="tengine"><crm_xml><rsc_op operation="notify" transition-key="6:1:0:u"><primitive id="a" class="lsb" type="T"/><attributes CRM_meta_notify_type="pre"/></rsc_op></crm_xml></m>`,
	`<m t="crmd" subt="request" crm_task="lrm_invoke" crm_sys_to="tengine" crm_sys_from="lrmd"><crm_xml><node_state id="2"><lrm><lrm_resources><lrm_resource id="a"><lrm_rsc_op operation_key="a_start_0" rc-code="0" op-status="0" interval="0" transition-key="1:1:0:u"/></lrm_resource></lrm_resources></lrm></node_state></crm_xml></m>`,
	`<m t="crmd" subt="request" crm_task="lrm_delete" crm_sys_to="crmd" crm_sys_from="c1" crm_user="root"><crm_xml><rsc_op transition-key="1:0:0:x" on_node="n1" mode="cib"><primitive id="a"/><attributes/></rsc_op></crm_xml></m>`,
	`<m t="crmd" subt="request" crm_task="lrm_fail" crm_sys_to="crmd" crm_sys_from="c1" crm_user="root"><crm_xml><rsc_op transition-key="1:0:0:x" on_node="n1"><primitive id="a" class="ocf" provider="p" type="T"/><attributes/></rsc_op></crm_xml></m>`,
	`<m t="crmd" subt="request" crm_task="probe_again" crm_sys_to="crmd" crm_sys_from="c1" crm_user="root"/>`,
	`<m t="crmd" subt="request" crm_task="clear_failcount" crm_sys_to="crmd"><crm_xml><crm_event on_node="n1"><primitive id="a"/><attributes/></crm_event></crm_xml></m>`,
	`<m t="crmd" subt="request" crm_task="req_shutdown" crm_sys_to="crmd"/>`,
	`<m t="crmd" subt="request" crm_task="do_shutdown" crm_sys_to="crmd"/>`,
	`<m t="crmd" subt="request" crm_task="hello" crm_sys_to="crmd"/>`,
	`<m t="crmd" subt="request" crm_task="ping" crm_sys_to="dc" crm_sys_from="c1"/>`,
	`<m t="crmd" subt="request" crm_task="node-info" crm_sys_to="crmd" id="2"/>`,
	`<m t="crmd" subt="request" crm_task="rm_node_cache" crm_sys_to="crmd" id="3" uname="n3"/>`,
	`<m t="crmd" subt="request" crm_task="throttle" crm_sys_to="crmd" crm-limit-mode="256" crm-limit-max="4"/>`,
	`<m t="crmd" subt="response" crm_task="ping" crm_sys_to="c1"/>`,
	// The rest are not messages: a plan and changes of the CIB.
	`<transition_graph transition_id="1" cluster-delay="60s" stonith-timeout="60s" failed-stop-offset="INFINITY" failed-start-offset="1" batch-limit="0"><synapse id="0"><action_set><rsc_op id="1" operation="start" operation_key="a_start_0" on_node="n1" on_node_uuid="1"><primitive id="a" class="ocf" provider="p" type="T"/><attributes CRM_meta_timeout="20000" CRM_meta_op_target_rc="0"/></rsc_op></action_set><inputs/></synapse>` +
		`<synapse id="1"><action_set><rsc_op id="2" operation="monitor" operation_key="b_monitor_0" on_node="n2" on_node_uuid="2"><primitive id="b" class="ocf" provider="p" type="T"/><attributes CRM_meta_op_target_rc="7"/></rsc_op></action_set><inputs><trigger><rsc_op id="1"/></trigger></inputs></synapse>` +
		`<synapse id="2"><action_set><crm_event id="3" operation="stonith" operation_key="stonith-n3-reboot" on_node="n3" on_node_uuid="3"><attributes CRM_meta_stonith_action="reboot"/></crm_event></action_set><inputs/></synapse>` +
		`<synapse id="3"><action_set><crm_event id="4" operation="clear_failcount" operation_key="a_clear_failcount_0" on_node="n2" on_node_uuid="2"><primitive id="a"/><attributes/></crm_event></action_set><inputs/></synapse>` +
		`<synapse id="4"><action_set><pseudo_event id="5" operation="all_stopped" operation_key="all_stopped"><attributes/></pseudo_event><crm_event id="6" operation="do_shutdown" operation_key="do_shutdown-n2" on_node="n2" on_node_uuid="2"><attributes/></crm_event></action_set><inputs/></synapse></transition_graph>`,
	`<diff format="2"><version/><change operation="create" path="/cib/status"><node_state id="2" uname="n2"><lrm id="2"><lrm_resources><lrm_resource id="a"><lrm_rsc_op id="a_last_0" operation_key="a_start_0" on_node="n2" rc-code="1" op-status="0" interval="0" transition-key="1:1:0:u"/></lrm_resource></lrm_resources></lrm></node_state></change>` +
		`<change operation="modify" path="/cib/status/node_state[@id='2']/lrm[@id='2']/lrm_resources/lrm_resource[@id='a']/lrm_rsc_op[@id='a_last_0']"><change-list/><change-result><lrm_rsc_op operation_key="a_monitor_10000" on_node="n2" rc-code="7" op-status="0" interval="10000" transition-key="2:1:0:u"/></change-result></change>` +
		`<change operation="delete" path="/cib/status/node_state[@id='2']/lrm[@id='2']/lrm_resources/lrm_resource[@id='a']"/><change operation="modify" path="/cib/configuration/crm_config"/></diff>`,
}

// FuzzDelivered has a controller among others hear messages, one a line: from peers,
// from clients, as plans, as changes of the CIB, while time passes and agents end. It
// never panics, its own state is always right, and what it keeps has bounds.
func FuzzDelivered(f *testing.F) {
	all := append(captures.MessagesOf(f, "crmd"), heard...)
	for _, s := range all {
		f.Add([]byte(s))
	}
	f.Add([]byte(strings.Join(heard, "\n")))
	f.Add([]byte(strings.Join(heard[5:], "\n")))
	f.Add([]byte(heard[2] + "\n" + strings.Join(heard[26:], "\n") + "\n" + strings.Join(heard[:20], "\n")))
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) > 1<<15 {
			return
		}
		for _, isDC := range []bool{false, true} {
			m := newMember(t)
			var log bytes.Buffer
			m.cfg.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))
			now := time.Second
			var runs []int
			var tags []int
			budget := 5000
			take := func(out []Action) {
				for _, a := range out {
					budget--
					switch a := a.(type) {
					case Run:
						runs = append(runs, a.ID)
					case CIB:
						if a.Tag != 0 {
							tags = append(tags, a.Tag)
						}
					case Send:
						_ = a.Msg.Compact()
					}
				}
			}
			if isDC {
				m.begin(now)
				m.takeOver()
				take(m.out)
			}
			names := []string{"n1", "n2", "n3", "n9"}
			for i, line := range bytes.Split(input, []byte("\n")) {
				msg, err := xml.Parse(line)
				if err != nil || budget < 0 {
					continue
				}
				switch {
				case msg.Name == "transition_graph":
					if m.isDC {
						m.begin(now)
						m.state, m.plan.running, m.plan.wanted, m.graph = PolicyEngine, true, false, nil
					}
					take(m.Planned(now, m.plan.id, msg, nil))
				case msg.Name == "diff":
					take(m.CIBChanged(now, msg, m.doc))
				case msg.Name == "resource-agent":
					take(m.GotMetadata(now, lrmd.Agent{Class: "ocf", Provider: "p", Type: "T"}, nil))
				case i%4 == 3:
					take(m.Asked(now, Asker{Client: "c1", User: "root", Privileged: true}, msg))
				default:
					take(m.Delivered(now, names[i%len(names)], msg.Clone()))
					take(m.Delivered(now, m.dc, msg))
				}
				take(m.GotMetadata(now, lrmd.Agent{Class: "ocf", Provider: "p", Type: "T"}, nil))
				if len(runs) > 0 && i%2 == 0 {
					take(m.Finished(now, lrmd.Finish{ID: runs[0], RC: i % 9}))
					runs = runs[1:]
				}
				if len(tags) > 0 {
					take(m.CIBDone(now, tags[0], cib.Code(0), nil))
					tags = tags[1:]
				}
				if i%5 == 4 {
					take(m.Fenced(now, i, "n3", errors.New("no")))
				}
				now += time.Second
				take(m.Tick(now))
				if at, _ := m.Next(); at != 0 && at < now {
					take(m.Tick(now))
					if at, why := m.Next(); at != 0 && at < now {
						t.Fatalf("still due after a tick: %s at %v, now %v", why, at, now)
					}
				}
				if len(m.orders) > maxOrders {
					t.Fatalf("%d orders", len(m.orders))
				}
			}
			if strings.Contains(log.String(), "own state is wrong") {
				t.Error(log.String())
			}
		}
	})
}
