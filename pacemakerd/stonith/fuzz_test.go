package stonith

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// FuzzDelivered has three fencers hear messages, one a line, some from clients, while
// their agents fail and time passes: none panics, and each operation ends.
func FuzzDelivered(f *testing.F) {
	told := []string{
		`<c t="stonith-ng" st_op="poke"/>`,
		`<c t="stonith-ng" st_op="st_query" st_async_id="i" st_remote_op="i" st_target="n3" st_device_action="reboot" st_origin="n2" st_clientid="c" st_clientname="x" st_timeout="60" st_callid="2" st_callopt="2"/>`,
		`<c t="stonith-ng" st_op="st_fence" st_async_id="i" st_remote_op="i" st_target="n3" st_device_action="off" st_origin="n2" st_clientid="c" st_timeout="60" st_delay="0"/>`,
		`<c t="stonith-ng" st_op="st_fence" st_callid="2" st_callopt="2" st_clientid="c1"><st_calldata><st_device_id st_target="n3" st_device_action="off" st_timeout="5" st_tolerance="0"/></st_calldata></c>`,
		`<c t="stonith-ng" st_op="st_execute" st_callid="3"><st_calldata><st_device_id st_device_id="d1" st_device_action="monitor" st_timeout="5"/></st_calldata></c>`,
		`<c t="stonith-ng" st_op="register" st_clientname="x" st_clientid="c1"/>`,
		`<c t="stonith-ng" st_op="st_notify" st_notify_activate="st_notify_fence"/>`,
		`<c t="stonith-ng" st_op="st_device_register"><st_calldata><st_device_id id="d2" agent="fence_test" rsc_provided="x"><attributes port="1"/></st_device_id></st_calldata></c>`,
		`<c t="stonith-ng" st_op="st_device_remove"><st_calldata><st_device_id id="d2"/></st_calldata></c>`,
		`<c t="stonith-ng" st_op="st_level_add"><st_calldata><fencing-level target="n3" index="1" devices="d1"/></st_calldata></c>`,
		`<c t="stonith-ng" st_op="st_fence_history" st_callid="4"><st_calldata><st_fence_history st_target="n3"/></st_calldata></c>`,
		`<c t="stonith-ng" st_op="st_confirm" st_callid="5"><st_calldata><st_device_id st_target="n3"/></st_calldata></c>`,
		`<r t="st-reply" subt="reply" st_op="st_query" st_remote_op="i" st_async_id="i" st_available_devices="1"><st_calldata><st_device_list st_target="n3" st_available_devices="1"><device id="d1" agent="fence_test"/></st_device_list></st_calldata></r>`,
		`<r t="st-reply" subt="broadcast" st_op="st_notify" count="1"><st_calldata><st_notify_fence state="2" st_rc="0" st_target="n3" st_device_action="reboot" st_delegate="n1" st_remote_op="i" st_origin="n2" st_clientid="c" st_clientname="x"/></st_calldata></r>`,
	}
	for _, s := range append(captures.MessagesOf(f, "stonith-ng"), told...) {
		f.Add([]byte(s))
	}
	f.Add([]byte(strings.Join(told, "\n")))
	meta, err := lrmd.ParseMetadata([]byte(plainMeta))
	if err != nil {
		f.Fatal(err)
	}
	doc, err := xml.Parse([]byte(`<cib><configuration><resources><primitive id="d1" class="stonith" type="fence_test"><instance_attributes id="i"><nvpair id="h" name="pcmk_host_list" value="n1 n2 n3"/></instance_attributes></primitive></resources><constraints/></configuration></cib>`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) > 1<<14 {
			return
		}
		names := []string{"n1", "n2", "n3"}
		var all []*Machine
		type message struct {
			from, to string
			msg      *xml.Element
		}
		var wire []message
		now := time.Second
		budget := 2000
		rc := 0
		var take func(i int, out []Action)
		take = func(i int, out []Action) {
			for _, a := range out {
				if budget--; budget < 0 {
					return
				}
				switch a := a.(type) {
				case Send:
					wire = append(wire, message{names[i], a.To, a.Msg})
				case Run:
					rc++
					take(i, all[i].Finished(now, lrmd.Finish{ID: a.ID, RC: rc % 2}))
				case Metadata:
					take(i, all[i].GotMetadata(now, a.Agent, meta))
				}
			}
		}
		for i, name := range names {
			cache := peer.NewCache()
			for j, n := range names {
				p := cache.Get(uint32(j + 1))
				p.Name, p.Member, p.In["stonith-ng"] = n, true, true
			}
			uuid := 0
			all = append(all, New(Config{Node: name, ID: uint32(i + 1), PID: 7, Cache: cache, Wall: func() int64 { return 1700000000 },
				UUID: func() string { uuid++; return fmt.Sprint(name, "-", uuid) }}))
		}
		for i, m := range all {
			take(i, m.CIBChanged(now, doc))
			take(i, m.Start(now))
		}
		deliver := func() {
			for len(wire) > 0 {
				w := wire[0]
				wire = wire[1:]
				for i, m := range all {
					if w.to == "" || strings.EqualFold(w.to, names[i]) {
						take(i, m.Delivered(now, w.from, w.msg.Clone()))
					}
				}
			}
		}
		for n, line := range bytes.Split(input, []byte("\n")) {
			msg, err := xml.Parse(line)
			if err != nil {
				continue
			}
			if n%2 == 0 {
				wire = append(wire, message{names[n%3], "", msg})
			} else {
				take(n%3, all[n%3].Asked(now, "c1", "x", n%4 == 1, int32(n), true, msg))
			}
			deliver()
			now += time.Second
			for i, m := range all {
				take(i, m.Tick(now))
			}
			deliver()
			if n == 7 {
				take(1, all[1].ClientClosed(now, "c1"))
				take(1, all[1].PeersChanged(now, nil, []string{"n3"}))
			}
		}
	})
}
