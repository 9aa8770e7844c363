package attrd

import (
	"testing"

	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A world is a few attribute managers on one group that delivers in order.
type world struct {
	t     *testing.T
	nodes []*Machine
	names []string
	wire  []struct {
		from int
		send Send
	}
	cib []WriteCIB
}

func newWorld(t *testing.T, names ...string) *world {
	w := &world{t: t, names: names}
	for i, n := range names {
		cache := peer.NewCache()
		for j, other := range names {
			p := cache.Get(uint32(j + 1))
			p.Name, p.Member, p.In["attrd"] = other, true, true
		}
		w.nodes = append(w.nodes, New(Config{Node: n, ID: uint32(i + 1), Cache: cache, Version: "3.16.1",
			Writer: &peer.Writer{Version: "3.16.1", Now: func() int64 { return 0 }}}))
	}
	for i, m := range w.nodes {
		w.do(i, m.Start(0))
	}
	w.settle()
	return w
}

func (w *world) do(from int, out []Action) {
	for _, a := range out {
		switch a := a.(type) {
		case Send:
			w.wire = append(w.wire, struct {
				from int
				send Send
			}{from, a})
		case WriteCIB:
			w.cib = append(w.cib, a)
		}
	}
}

func (w *world) settle() {
	for n := 0; len(w.wire) > 0; n++ {
		if n > 10000 {
			w.t.Fatal("the nodes never fall silent")
		}
		f := w.wire[0]
		w.wire = w.wire[1:]
		for i, m := range w.nodes {
			if f.send.To != "" && f.send.To != w.names[i] {
				continue
			}
			msg, err := xml.Parse(f.send.Msg.Compact())
			if err != nil {
				w.t.Fatal(err)
			}
			w.do(i, m.Delivered(0, w.names[f.from], msg))
		}
	}
}

// TestOneWriterWritesEveryValue updates on a node that is not the writer.
func TestOneWriterWritesEveryValue(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	writers := 0
	for _, m := range w.nodes {
		if m.Writer() {
			writers++
		}
	}
	if writers != 1 {
		t.Fatalf("%d writers", writers)
	}
	for i, m := range w.nodes {
		w.do(i, m.Update(0, "", "ping", "10"))
	}
	w.settle()
	for i, m := range w.nodes {
		for _, n := range w.names {
			if v, ok := m.Value(n, "ping"); !ok || v != "10" {
				t.Errorf("%s believes that ping of %s is %q, %v", w.names[i], n, v, ok)
			}
		}
	}
	last := w.cib[len(w.cib)-1].Status
	if n := len(last.Children); n != 3 {
		t.Errorf("last write holds %d nodes: %s", n, last)
	}
}

// TestWriterSurvivesANewcomer adds a node to a cluster that has a writer.
func TestWriterSurvivesANewcomer(t *testing.T) {
	w := newWorld(t, "n1")
	if !w.nodes[0].Writer() {
		t.Fatal("alone and not the writer")
	}
	cache := peer.NewCache()
	for j, other := range []string{"n1", "n2"} {
		for _, c := range []*peer.Cache{cache, w.nodes[0].cfg.Cache} {
			p := c.Get(uint32(j + 1))
			p.Name, p.Member, p.In["attrd"] = other, true, true
		}
	}
	w.names = append(w.names, "n2")
	w.nodes = append(w.nodes, New(Config{Node: "n2", ID: 2, Cache: cache, Version: "3.16.1",
		Writer: &peer.Writer{Version: "3.16.1", Now: func() int64 { return 0 }}}))
	w.do(0, w.nodes[0].PeersChanged(0, []string{"n2"}, nil))
	w.do(1, w.nodes[1].Start(0))
	w.settle()
	w.do(1, w.nodes[1].Update(0, "", "ping", "7"))
	w.settle()
	if !w.nodes[0].Writer() || w.nodes[1].Writer() {
		t.Errorf("writers: n1 %v, n2 %v; want n1 alone", w.nodes[0].Writer(), w.nodes[1].Writer())
	}
	if last := w.cib[len(w.cib)-1].Status; last.First("//nvpair[@name='ping']") == nil {
		t.Errorf("value of the newcomer not written: %s", last)
	}
}

// TestFailCountsAddUpAndClear uses the forms that the controller uses.
func TestFailCountsAddUpAndClear(t *testing.T) {
	w := newWorld(t, "n1", "n2")
	for range 3 {
		w.do(0, w.nodes[0].Update(0, "n2", "fail-count-web#monitor_10000", "value++"))
		w.settle()
	}
	if v, _ := w.nodes[1].Value("n2", "fail-count-web#monitor_10000"); v != "3" {
		t.Errorf("fail count is %q, want 3", v)
	}
	w.cib = nil
	w.do(1, w.nodes[1].ClearFailure(0, "n2", "web", "", ""))
	w.settle()
	if v, ok := w.nodes[0].Value("n2", "fail-count-web#monitor_10000"); ok {
		t.Errorf("fail count is still %q", v)
	}
	if len(w.cib) != 1 || !w.cib[0].Delete || w.cib[0].Status.First("//nvpair").Get("__delete__") == "" {
		t.Errorf("not deleted from the CIB: %+v", w.cib)
	}
}

func TestExpand(t *testing.T) {
	for _, tt := range []struct{ v, old, want string }{
		{"5", "1", "5"}, {"value++", "", "1"}, {"value++", "4", "5"}, {"value+=5", "2", "7"},
		{"value+=INFINITY", "2", "1000000"}, {"value++", "INFINITY", "1000000"},
	} {
		if got := Expand(tt.v, tt.old); got != tt.want {
			t.Errorf("Expand(%q, %q) = %q, want %q", tt.v, tt.old, got, tt.want)
		}
	}
}
