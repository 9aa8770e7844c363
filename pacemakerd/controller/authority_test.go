package controller

import (
	"slices"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestOrdersWait: what is asked of the executor while no DC is known is carried out
// when the one who asked turns out to be the DC, soon enough, and for nobody else.
func TestOrdersWait(t *testing.T) {
	for _, tt := range []struct {
		name  string
		known string // the DC when it is asked
		after time.Duration
		dc    string // who it is then
		want  []string
	}{
		{"of the DC", "n2", 0, "n2", []string{"a", "b"}},
		{"of another", "n3", 0, "n3", nil},
		{"before it is known", "", time.Second, "n2", []string{"a", "b"}},
		{"of another before", "", time.Second, "n3", nil},
		{"long before", "", orderAge + 1, "n2", nil},
	} {
		cache := peer.NewCache()
		for i, name := range []string{"n1", "n2", "n3"} {
			cache.Get(uint32(i + 1)).Name = name
		}
		wall := func() int64 { return 1 }
		m := New(Config{Node: "n1", ID: 1, FeatureSet: "3.16.1", UUID: "u", Writer: &peer.Writer{Version: "3.16.1", Now: wall}, Cache: cache, Wall: wall}, xml.New("cib"))
		m.state, m.dc = Pending, tt.known
		var ran []string
		take := func(out []Action) {
			for _, a := range out {
				if r, ok := a.(Run); ok {
					ran = append(ran, r.Op.Resource)
				}
			}
		}
		for _, rsc := range []string{"a", "b"} {
			op, err := xml.Parse([]byte(`<m t="crmd" subt="request" crm_task="lrm_invoke" crm_sys_to="lrmd" crm_sys_from="tengine"><crm_xml>` +
				`<rsc_op operation="start" transition-key="1:1:0:u"><primitive id="` + rsc + `" class="service" type="x"/><attributes/></rsc_op></crm_xml></m>`))
			if err != nil {
				t.Fatal(err)
			}
			take(m.Delivered(time.Second, "n2", op))
		}
		if tt.known == "" && len(ran) != 0 {
			t.Errorf("%s: at once: %v", tt.name, ran)
		}
		m.begin(time.Second + tt.after)
		m.setDC(tt.dc)
		take(m.out)
		if !slices.Equal(ran, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, ran, tt.want)
		}
		if len(m.orders) != 0 {
			t.Errorf("%s: %d orders wait", tt.name, len(m.orders))
		}
	}
}
