package controller

import (
	"slices"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestStaysForWhatRuns: the process before this one died with a resource up. The
// DC knows of none and would let the node go, as would its own shutdown; it stays
// until the resource was looked for, but not for ever.
func TestStaysForWhatRuns(t *testing.T) {
	wall := func() int64 { return 1 }
	writer := &peer.Writer{Version: "3.16.1", Now: wall}
	agent := lrmd.Agent{Class: "service", Type: "x"}
	resumed := func() *Machine {
		cache := peer.NewCache()
		for i, name := range []string{"n1", "n2"} {
			cache.Get(uint32(i + 1)).Name = name
		}
		m := New(Config{Node: "n1", ID: 1, FeatureSet: "3.16.1", UUID: "v", Writer: writer, Cache: cache, Wall: wall, Resumed: true}, xml.New("cib"))
		m.Resume(0, nil, []lrmd.Kept{{Resource: "r", Agent: agent, Params: []xml.Attr{}}})
		m.dc = "n2"
		return m
	}
	left := func(out []Action) bool {
		return slices.ContainsFunc(out, func(a Action) bool { _, ok := a.(Left); return ok })
	}
	letGo := writer.Request(peer.Request{Origin: "te_crm_command", Task: "do_shutdown", To: "crmd", From: "tengine", Host: "n1"})

	m := resumed()
	if left(m.Delivered(time.Second, "n2", letGo.Clone())) {
		t.Error("left with a resource that nobody has looked for, when the DC let it go")
	}
	if left(m.Shutdown(2 * time.Second)) {
		t.Error("left with a resource that nobody has looked for, when told to stop")
	}
	if at, _ := m.Next(); at != unseenWait {
		t.Errorf("next look at %v, want %v", at, unseenWait)
	}
	if !left(m.Tick(unseenWait)) {
		t.Error("stays for ever")
	}

	// Once it was looked for, whatever was found, the DC knows.
	for _, rc := range []int{lrmd.RCNotRunning, lrmd.RCOK} {
		m := resumed()
		_, out := m.exec.queue.Exec(time.Second, lrmd.Op{Resource: "r", Agent: agent, Action: "monitor"})
		for _, a := range out {
			if run, ok := a.(lrmd.Run); ok {
				m.exec.queue.Finished(2*time.Second, lrmd.Finish{ID: run.ID, Status: lrmd.Done, RC: rc})
			}
		}
		if !left(m.Delivered(3*time.Second, "n2", letGo.Clone())) {
			t.Errorf("probed with rc %d: stays", rc)
		}
	}
}
