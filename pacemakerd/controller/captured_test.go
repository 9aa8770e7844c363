package controller

import (
	"cmp"
	"os"
	"path/filepath"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// captured returns the messages of group crmd in captures of real clusters, if those
// are here; GOCOROSYNC_SHARED names their folder.
func captured() (list []string) {
	files, _ := filepath.Glob(filepath.Join(cmp.Or(os.Getenv("GOCOROSYNC_SHARED"), "../../../shared"), "vectors/pacemaker/*/cluster/*.xml"))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		doc, err := xml.Parse(b)
		if err != nil {
			continue
		}
		for m := range doc.Each("cpg") {
			if c := m.Child(""); m.Get("group") == "crmd" && c != nil {
				list = append(list, string(c.Compact()))
			}
		}
	}
	return list
}
