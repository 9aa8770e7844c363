package attrd

import (
	"strconv"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestBounds: what a user without privileges stores has bounds; the rest has not.
func TestBounds(t *testing.T) {
	update := func(attrs ...string) *xml.Element {
		return xml.New("x", append([]string{"task", "update"}, attrs...)...)
	}
	many := update()
	for i := range maxAtOnce + 1 {
		many.Append(xml.New("op", "attr_name", "a"+strconv.Itoa(i), "attr_value", "1"))
	}
	for _, tt := range []struct {
		name string
		msg  *xml.Element
		want string // status for a member
	}{
		{"plain", update("attr_name", "a", "attr_value", "1"), "112"},
		{"long value", update("attr_name", "a", "attr_value", strings.Repeat("x", maxValue)), "112"},
		{"longer value", update("attr_name", "a", "attr_value", strings.Repeat("x", maxValue+1)), "65"},
		{"long name", update("attr_name", strings.Repeat("a", maxName+1), "attr_value", "1"), "65"},
		{"long pattern", update("attr_regex", strings.Repeat("a", maxName+1), "attr_value", "1"), "65"},
		{"many at once", many, "65"},
		{"long value at once", update().Append(xml.New("op", "attr_name", "a", "attr_value", strings.Repeat("x", maxValue+1))).Parent, "65"},
		{"the nodes' own", update("attr_name", "#attrd-protocol", "attr_value", "9", "attr_host", "n2"), "4"},
		{"forget a node", xml.New("x", "task", "peer-remove", "attr_host", "n2"), "4"},
	} {
		w := newWorld(t, "n1", "n2")
		reply, out := w.nodes[0].Asked(0, tt.msg, "alice", false)
		if got := reply.Get("status"); got != tt.want || tt.want != "112" && len(out) != 0 {
			t.Errorf("%s: status %s, %d actions", tt.name, got, len(out))
		}
		if reply, _ := w.nodes[0].Asked(0, tt.msg, "hacluster", true); reply.Get("status") != "112" {
			t.Errorf("%s, by hacluster: status %s", tt.name, reply.Get("status"))
		}
	}
}

// TestAllBounds: names and bytes of all attributes together.
func TestAllBounds(t *testing.T) {
	for _, tt := range []struct {
		what string
		set  func(i int) []string
		most int
	}{
		{"names", func(i int) []string { return []string{"attr_name", "a" + strconv.Itoa(i), "attr_value", "1"} }, maxAttributes},
		{"bytes", func(i int) []string {
			return []string{"attr_name", "a" + strconv.Itoa(i), "attr_value", strings.Repeat("x", maxValue)}
		}, maxBytes / maxValue},
		{"hosts", func(i int) []string {
			return []string{"attr_name", "a", "attr_host", "h" + strconv.Itoa(i), "attr_value", strings.Repeat("x", maxValue)}
		}, maxBytes / maxValue},
	} {
		w := newWorld(t, "n1")
		m := w.nodes[0]
		stored := 0
		for i := range tt.most + 100 {
			reply, out := m.Asked(0, xml.New("x", append([]string{"task", "update", "attr_is_private", "1"}, tt.set(i)...)...), "alice", false)
			w.do(0, out)
			w.settle()
			if reply.Get("status") == "112" {
				stored++
			} else if reply.Get("status") != "65" {
				t.Fatalf("%s: status %s", tt.what, reply.Get("status"))
			}
		}
		if stored > tt.most || stored < tt.most-1 {
			t.Errorf("%s: %d stored, want about %d", tt.what, stored, tt.most)
		}
		bytes := 0
		for name, a := range m.attrs {
			bytes += len(name)
			for _, v := range a.values {
				bytes += len(v.node) + len(v.text)
			}
		}
		if bytes != m.bytes {
			t.Errorf("%s: %d bytes, counted %d", tt.what, bytes, m.bytes)
		}
		// What is there can still change, and go.
		for _, v := range [][]string{{"attr_name", "a1", "attr_value", "2"}, {"attr_name", "a1"}} {
			if tt.what != "names" {
				v = v[:2]
			}
			reply, out := m.Asked(0, xml.New("x", append([]string{"task", "update"}, v...)...), "alice", false)
			w.do(0, out)
			w.settle()
			if reply.Get("status") != "112" {
				t.Errorf("%s: %v: status %s", tt.what, v, reply.Get("status"))
			}
		}
	}
}

// TestClientIsNoNode: a client has no part in what nodes tell each other.
func TestClientIsNoNode(t *testing.T) {
	w := newWorld(t, "n1", "n2")
	msg := xml.New("x", "t", "attrd", "src", "attrd_updater", "task", "update", "attr_name", "a", "attr_value", "1", "attr_host", "n1",
		"crm_task", "vote", "election-owner", "1", "attr_writer", "3", "attr_user", "root", "acl_target", "root", "crm_user", "root")
	msg.Append(xml.New("attrd_add_value_xml", "attr_name", "b", "attr_value", "2"))
	_, out := w.nodes[0].Asked(0, msg, "alice", false)
	if len(out) != 1 {
		t.Fatalf("%d actions", len(out))
	}
	got := out[0].(Send).Msg
	for _, name := range []string{"crm_task", "election-owner", "crm_user"} {
		if got.Has(name) {
			t.Errorf("%s goes to all: %s", name, got)
		}
	}
	if got.Get("attr_user") != "alice" || got.Get("acl_target") != "alice" || got.Child("attrd_add_value_xml") != nil || got.Get("attr_value") != "1" {
		t.Errorf("%s", got)
	}
	w.do(0, out)
	w.settle()
	for i, m := range w.nodes {
		if v, ok := m.Value("n1", "a"); !ok || v != "1" {
			t.Errorf("node %d has %q", i, v)
		}
	}
}
