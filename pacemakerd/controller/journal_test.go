package controller

import (
	"slices"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestWhatWasLeftUndone: what an earlier process had begun is waited for, and
// what comes after waits for it; what it had not begun is done only if the DC
// that asked for it has not seen this node leave.
func TestWhatWasLeftUndone(t *testing.T) {
	request := func(rsc string) *xml.Element {
		op, err := xml.Parse([]byte(`<rsc_op operation="start" transition-key="` + rsc + `:1:0:u"><primitive id="` + rsc + `" class="service" type="x"/><attributes/></rsc_op>`))
		if err != nil {
			t.Fatal(err)
		}
		return op
	}
	for _, tt := range []struct {
		name    string
		resumed bool
		from    string
		run     []string // started, or waited for
		settled []string // at once
	}{
		{"still a member", true, "n2", []string{"wait begun", "start fresh"}, nil},
		{"asked for by itself", true, "n1", []string{"wait begun"}, []string{"t2"}},
		{"seen to leave", false, "n2", []string{"wait begun"}, []string{"t2"}},
	} {
		cache := peer.NewCache()
		for i, name := range []string{"n1", "n2"} {
			cache.Get(uint32(i + 1)).Name = name
		}
		wall := func() int64 { return 1 }
		m := New(Config{Node: "n1", ID: 1, FeatureSet: "3.16.1", UUID: "v", Writer: &peer.Writer{Version: "3.16.1", Now: wall}, Cache: cache, Wall: wall,
			Resumed: tt.resumed, DC: "n2"}, xml.New("cib"))
		var run, settled, accepted []string
		var waits int
		take := func(out []Action) {
			for _, a := range out {
				switch a := a.(type) {
				case Run:
					word := "start "
					if a.Resumed {
						word, waits = "wait ", a.ID
					}
					run = append(run, word+a.Op.Resource)
				case Settled:
					settled = append(settled, a.Ticket)
				case Accepted:
					accepted = append(accepted, a.Ticket)
				}
			}
		}
		take(m.Resume(0, []Held{
			{Ticket: "t1", From: tt.from, Sys: "tengine", Request: request("begun"),
				Begun: &lrmd.Op{Resource: "begun", Agent: lrmd.Agent{Class: "service", Type: "x"}, Action: "start", UserData: "begun:1:0:u"}},
			{Ticket: "t2", From: tt.from, Sys: "tengine", Request: request("fresh")},
		}, nil))
		if !slices.Equal(run, tt.run) || !slices.Equal(settled, tt.settled) {
			t.Errorf("%s: run %q, settled %q; want %q and %q", tt.name, run, settled, tt.run, tt.settled)
		}
		run, settled = nil, nil
		m.dc = "n2"
		m.begin(time.Second)
		stop := request("begun")
		stop.Set("operation", "stop")
		stop.Set("transition-key", "9:1:0:u")
		m.invoke("n2", "tengine", stop)
		take(m.out)
		if len(run) != 0 || !slices.Contains(accepted, "9:1:0:u") {
			t.Errorf("%s: a stop did not wait: run %q, accepted %q", tt.name, run, accepted)
		}
		take(m.Finished(2*time.Second, lrmd.Finish{ID: waits}))
		if !slices.Equal(run, []string{"start begun"}) || !slices.Equal(settled, []string{"t1"}) {
			t.Errorf("%s: after its end: run %q, settled %q", tt.name, run, settled)
		}
	}
}
