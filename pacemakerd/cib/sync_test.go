package cib

import (
	"testing"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestWholeCopy: the whole copy of another node is taken as it is, whatever made
// that node send it; counted as a change it would differ from its sender's by one.
func TestWholeCopy(t *testing.T) {
	whole, err := xml.Parse([]byte(`<cib epoch="5" num_updates="11" admin_epoch="0" validate-with="pacemaker-3.9" crm_feature_set="3.16.1"><configuration><crm_config/><nodes/><resources/><constraints/></configuration>` +
		`<status><node_state id="1" uname="n1"/></status></cib>`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ original, update, want string }{
		{"cib_sync", "true", "0.5.11"},
		{"cib_sync_one", "true", "0.5.11"},
		{"ping", "true", "0.5.11"}, // pacemaker 2.1.5, when digests differ
		{"", "", "0.5.12"},         // a client's
	} {
		m := New(Config{Node: "n2"})
		msg := ask(OpReplace, 0, "", whole.Clone())
		msg.Set("original_cib_op", tt.original)
		msg.Set("cib_update", tt.update)
		msg.Set("cib_delegated_from", "n1")
		msg.Set("cib_isreplyto", "n1")
		msg.Set("digest", xml.Digest(whole))
		if tt.update == "" {
			msg.Set("cib_isreplyto", "")
		}
		if o := look(m.Step(0, Delivered{From: "n1", Msg: msg})); !o.changed {
			t.Errorf("%q: not taken", tt.original)
		}
		if got := VersionOf(m.Doc()).String(); got != tt.want {
			t.Errorf("%q: version %s, want %s", tt.original, got, tt.want)
		}
		if same := xml.Digest(m.Doc()) == xml.Digest(whole); same != (tt.update == "true") {
			t.Errorf("%q: the same document: %v", tt.original, same)
		}
	}
}
