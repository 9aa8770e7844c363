package attrd

import (
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// captured returns the messages of group attrd that real clusters sent.
func captured(t testing.TB) (list []string) {
	for _, name := range captures.Glob(t, "pacemaker", "*/cluster/*.xml") {
		doc, err := xml.Parse(captures.Read(t, "pacemaker", name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for m := range doc.Each("cpg") {
			if c := m.Child(""); m.Get("group") == "attrd" && c != nil {
				list = append(list, string(c.Compact()))
			}
		}
	}
	return list
}
