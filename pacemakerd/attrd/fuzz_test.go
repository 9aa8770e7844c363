package attrd

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// FuzzDelivered has three attribute managers hear messages, one a line, some from their
// clients: none panics, and they count right what they hold.
func FuzzDelivered(f *testing.F) {
	told := []string{
		`<a t="attrd" task="update" attr_name="x" attr_value="1" attr_host="n1" attr_host_id="1" attr_is_private="0" attr_dampening="5s" attr_writer="0"/>`,
		`<a t="attrd" task="update" attr_name="fail-count-a#monitor_0" attr_value="value++" attr_host="n2"/>`,
		`<a t="attrd" task="update" attr_regex="^x" attr_value="2" attr_host="n2"/>`,
		`<a t="attrd" task="update-both" attr_name="x" attr_dampening="1ms"><op attr_name="y" attr_value="2" attr_host="n3"/><op attr_name="z"/></a>`,
		`<a t="attrd" task="update-delay" attr_name="x" attr_dampening="0"/>`,
		`<a t="attrd" task="update" attr_name="#attrd-protocol" attr_value="4" attr_host="n2"/>`,
		`<a t="attrd" task="sync-response" attr_writer="1"><a attr_name="x" attr_value="3" attr_host="n1" attr_host_id="1"/><a attr_name="q" attr_host="n2"/></a>`,
		`<a t="attrd" task="peer-remove" attr_host="n2"/>`,
		`<a t="attrd" task="clear-failure" attr_resource="a" attr_clear_operation="monitor" attr_clear_interval="10s"/>`,
		`<a t="attrd" task="refresh"/>`, `<a t="attrd" task="query" attr_name="x" attr_host="n1"/>`,
		`<a t="crmd" subt="request" crm_task="vote" version="3.16.1" election-owner="2" election-id="1" election-age-sec="9" election-age-nano-sec="1"/>`,
	}
	for _, s := range append(captures.MessagesOf(f, "attrd"), told...) {
		f.Add([]byte(s))
	}
	f.Add([]byte(strings.Join(told, "\n")))
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) > 1<<14 {
			return
		}
		names := []string{"n1", "n2", "n3"}
		var all []*Machine
		for i, name := range names {
			cache := peer.NewCache()
			for j, n := range names {
				p := cache.Get(uint32(j + 1))
				p.Name, p.Member, p.In["attrd"] = n, true, true
			}
			all = append(all, New(Config{Node: name, ID: uint32(i + 1), Writer: &peer.Writer{Version: "3.16.1", Now: func() int64 { return 1 }}, Cache: cache, Version: "3.16.1"}))
		}
		type message struct {
			from string
			to   string
			msg  *xml.Element
		}
		var wire []message
		budget := 300
		take := func(i int, out []Action) {
			for _, a := range out {
				if s, ok := a.(Send); ok && budget > 0 {
					budget--
					wire = append(wire, message{names[i], s.To, s.Msg})
				}
			}
		}
		now := time.Second
		for i, m := range all {
			take(i, m.Start(now))
		}
		for n, line := range bytes.Split(input, []byte("\n")) {
			msg, err := xml.Parse(line)
			if err != nil {
				continue
			}
			if n%2 == 0 {
				wire = append(wire, message{names[n%3], "", msg})
			} else {
				_, out := all[n%3].Asked(now, msg, "alice", n%4 == 1)
				take(n%3, out)
			}
			for len(wire) > 0 {
				w := wire[0]
				wire = wire[1:]
				for i, m := range all {
					if w.to == "" || strings.EqualFold(w.to, names[i]) {
						take(i, m.Delivered(now, w.from, w.msg.Clone()))
					}
				}
			}
			now += time.Second
			for i, m := range all {
				take(i, m.Tick(now))
			}
			if n == 5 {
				take(0, all[0].PeersChanged(now, nil, []string{"n3"}))
				take(0, all[0].CIBReplaced(now))
			}
		}
		for i, m := range all {
			sum := 0
			for _, a := range m.attrs {
				sum += len(a.name)
				for _, v := range a.values {
					sum += len(v.node) + len(v.text)
				}
			}
			if sum != m.bytes {
				t.Errorf("%s counts %d bytes of attributes and holds %d", names[i], m.bytes, sum)
			}
		}
	})
}
