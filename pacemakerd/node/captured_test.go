package node

import (
	"cmp"
	"os"
	"path/filepath"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// said is a message of a group.
type said struct {
	group string
	msg   *xml.Node
}

// captured returns the messages in captures of real clusters, if those are here;
// GOCOROSYNC_SHARED names their folder.
func captured() (list []said) {
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
			if c := m.Child(""); c != nil {
				list = append(list, said{m.Get("group"), c.Clone()})
			}
		}
	}
	return list
}
