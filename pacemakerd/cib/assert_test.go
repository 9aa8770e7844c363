package cib

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestAssertions: a change that is not what its patch says is told, and the copies of
// the CIB are compared.
func TestAssertions(t *testing.T) {
	doc := func(epoch string) *xml.Element {
		return xml.New("cib", "admin_epoch", "0", "epoch", epoch, "num_updates", "0")
	}
	patch := func(from, to string) *xml.Element {
		p := xml.New("diff")
		v := p.Append(xml.New("version"))
		v.Append(xml.New("source", "admin_epoch", "0", "epoch", from, "num_updates", "0"))
		v.Append(xml.New("target", "admin_epoch", "0", "epoch", to, "num_updates", "0"))
		return p
	}
	for _, tt := range []struct {
		name              string
		old, doc, patch   *xml.Element
		primary           bool
		told, asked, ping bool
	}{
		{"right", doc("1"), doc("2"), patch("1", "2"), false, false, false, false},
		{"another end", doc("1"), doc("3"), patch("1", "2"), false, true, true, false},
		{"another beginning", doc("1"), doc("2"), patch("0", "2"), false, true, true, false},
		{"on the DC", doc("1"), doc("3"), patch("1", "2"), true, true, false, true},
		{"no CIB", doc("1"), xml.New("x"), nil, false, true, true, false},
	} {
		var log bytes.Buffer
		m := New(Config{Node: "n1", Log: slog.New(slog.NewTextHandler(&log, nil))})
		m.primary = tt.primary
		m.assert(&applied{Result: Result{Doc: tt.doc, Patch: tt.patch, Changed: true}, op: &Op{Name: OpModify}, old: tt.old})
		if told := strings.Contains(log.String(), "own state is wrong"); told != tt.told || (len(m.out) == 1) != tt.asked || (m.pingAt != 0) != tt.ping {
			t.Errorf("%s: told %v, %d messages, comparison at %v", tt.name, told, len(m.out), m.pingAt)
		}
	}
}
