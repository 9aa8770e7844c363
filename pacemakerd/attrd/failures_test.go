package attrd

import (
	"testing"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestClearFailureOfAPeer: a request that a peer passes on clears on every node
// what it is for, of one node or of all, and nothing else.
func TestClearFailureOfAPeer(t *testing.T) {
	for _, tt := range []struct {
		name string
		msg  []string
		left map[string]bool // by name@host
	}{
		{"of one node", []string{"attr_resource", "r", "attr_host", "n1"}, map[string]bool{"fail-count-r#monitor_10000@n2": true, "last-failure-r#monitor_10000@n2": true, "fail-count-r2#start_0@n1": true, "fail-count-r2#start_0@n2": true, "x@n1": true, "x@n2": true}},
		{"of all", []string{"attr_resource", "r"}, map[string]bool{"fail-count-r2#start_0@n1": true, "fail-count-r2#start_0@n2": true, "x@n1": true, "x@n2": true}},
		{"of another operation", []string{"attr_resource", "r2", "attr_clear_operation", "monitor", "attr_clear_interval", "10s"}, nil},
		{"of one operation", []string{"attr_resource", "r", "attr_clear_operation", "monitor", "attr_clear_interval", "10s", "attr_host", "n2"}, map[string]bool{"fail-count-r#monitor_10000@n1": true, "last-failure-r#monitor_10000@n1": true, "fail-count-r2#start_0@n1": true, "fail-count-r2#start_0@n2": true, "x@n1": true, "x@n2": true}},
		{"of every resource", nil, map[string]bool{"x@n1": true, "x@n2": true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "n1", "n2")
			names := []string{"fail-count-r#monitor_10000", "last-failure-r#monitor_10000", "fail-count-r2#start_0", "x"}
			for _, name := range names {
				for _, host := range w.names {
					_, out := w.nodes[0].Asked(0, xml.New("x", "task", "update", "attr_name", name, "attr_value", "3", "attr_host", host), "root", true)
					w.do(0, out)
				}
			}
			w.settle()
			msg := xml.New("create_attrd_op", append([]string{"t", "attrd", "src", "crm_resource", "task", "clear-failure"}, tt.msg...)...)
			for i, m := range w.nodes {
				w.do(i, m.Delivered(0, "n1", msg.Clone()))
			}
			w.settle()
			for i, m := range w.nodes {
				for _, name := range names {
					for _, host := range w.names {
						_, has := m.Value(host, name)
						if want := tt.left == nil || tt.left[name+"@"+host]; has != want {
							t.Errorf("%s: %s of %s: %v, want %v", w.names[i], name, host, has, want)
						}
					}
				}
			}
		})
	}
}
