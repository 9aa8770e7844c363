package pengine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestShrink cuts a CIB for which ours and the real crm_simulate differ down to
// one where nothing can go without the difference going, too.
func TestShrink(t *testing.T) {
	if *fuzzShrink == "" {
		t.Skip("-shrink names a CIB")
	}
	captures.Outside(t, "tools/cib-fuzz")
	doc, err := xml.Parse([]byte(read(t, *fuzzShrink)))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, sub := range []string{"xml", "exp", "scores", "summary", "dot", "lack"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	differs := func() string {
		os.RemoveAll(filepath.Join(dir, "summary", "it.summary"))
		os.RemoveAll(filepath.Join(dir, "scores", "it.scores"))
		os.RemoveAll(filepath.Join(dir, "lack", "it"))
		if err := os.WriteFile(filepath.Join(dir, "xml", "it.xml"), doc.Format(), 0o644); err != nil {
			t.Fatal(err)
		}
		if reference(t, dir, "it") == "" {
			return runCase(t, dir, "it", "")
		}
		if planned(dir, "it") {
			return runPlan(t, dir, "it")
		}
		return ""
	}
	// What differs first stays what differs: scores before plan before words, and
	// the first lines that differ, but for numbers.
	kind := func(diff string) string {
		for _, k := range []string{"scores differs", "graph differs", "summary differs", "dot differs", "exit status"} {
			if _, after, ok := strings.Cut(diff, k); ok {
				want, got, _ := strings.Cut(after, "\n")
				got, _, _ = strings.Cut(got, "\n")
				return k + number.ReplaceAllString(want+"\n"+got, "")
			}
		}
		return ""
	}
	want := kind(differs())
	if want == "" {
		t.Fatal("there is no difference")
	}
	tries := 0
	still := func() bool {
		tries++
		return kind(differs()) == want
	}
	for changed := true; changed; {
		changed = false
		var visit func(n *xml.Element)
		visit = func(n *xml.Element) {
			for i := len(n.Children) - 1; i >= 0; {
				// As many as may go at once, then fewer, then into one.
				size := i + 1
				for ; size > 0; size /= 2 {
					cut := append([]*xml.Element(nil), n.Children[i+1-size:i+1]...)
					if n.Parent == nil && size > 0 && n.Name == "cib" {
						break
					}
					all := append([]*xml.Element(nil), n.Children...)
					for _, c := range cut {
						c.Remove()
					}
					if still() {
						changed = true
						break
					}
					n.Children = n.Children[:0]
					for _, c := range all {
						n.Append(c)
					}
				}
				if size == 0 || n.Name == "cib" {
					visit(n.Children[i])
					size = 1
				}
				i -= size
			}
			for i := len(n.Attrs) - 1; i >= 0; i-- {
				a := n.Attrs[i]
				if n.Parent == nil || a.Name == "id" || n.Name == "lrm_rsc_op" && a.Name != "exit-reason" || n.Name == "nvpair" || n.Name == "primitive" {
					continue
				}
				n.Unset(a.Name)
				if still() {
					changed = true
				} else {
					n.Set(a.Name, a.Value)
				}
			}
		}
		visit(doc)
	}
	t.Logf("%d tries\n%s", tries, differs())
	if err := os.WriteFile(*fuzzShrink+".small", doc.Format(), 0o644); err != nil {
		t.Fatal(err)
	}
}
