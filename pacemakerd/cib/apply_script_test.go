package cib

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestApplyScripts: each file is a document and what operations make of it; go test
// -rewrite writes the outcomes anew. Those with "real" in their first line were
// compared with cibadmin 2.1.5 on the same file.
//
//	doc                                       the document
//	apply NAME [section=S] [options=(O,...)]  input: the operation's data
func TestApplyScripts(t *testing.T) {
	options := map[string]Options{"create": CanCreate, "xpath": XPath, "multiple": Multiple, "nochildren": NoChildren, "dryrun": DryRun, "address": XPathAddress, "mixed": MixedUpdate}
	datadriven.Walk(t, "testdata/apply", func(t *testing.T, path string) {
		var doc *xml.Element
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			parse := func() *xml.Element {
				if d.Input == "" {
					return nil
				}
				n, err := xml.Parse([]byte(d.Input))
				if err != nil {
					d.Fatalf(t, "%v", err)
				}
				return n
			}
			if d.Cmd == "doc" {
				doc = parse()
				return ""
			}
			if d.Cmd != "apply" || len(d.CmdArgs) == 0 {
				d.Fatalf(t, "unknown command %s", d.Cmd)
			}
			op := &Op{Name: "cib_" + d.CmdArgs[0].Key, Data: parse()}
			for _, a := range d.CmdArgs[1:] {
				switch a.Key {
				case "section":
					op.Section = strings.Join(a.Vals, ",")
				case "options":
					for _, o := range a.Vals {
						if options[o] == 0 {
							d.Fatalf(t, "unknown option %s", o)
						}
						op.Options |= options[o]
					}
				default:
					d.Fatalf(t, "unknown argument %s", a.Key)
				}
			}
			before := string(doc.Format())
			r := Apply(doc, op, Stamp{}, Env{})
			if string(doc.Format()) != before {
				t.Errorf("%s: the document given was changed", d.Pos)
			}
			doc = r.Doc
			var b strings.Builder
			fmt.Fprintf(&b, "%d %v\n", int(r.Code), r.Code)
			if r.Output != nil {
				fmt.Fprintf(&b, "output:\n%s", r.Output.Format())
			}
			if r.Changed {
				fmt.Fprintf(&b, "now, configuration changed: %v\n%s", r.ConfigChanged, doc.Format())
				// The patch, as nodes send it to each other, makes the same of the old document.
				old, err := xml.Parse([]byte(before))
				if err != nil {
					t.Fatal(err)
				}
				again := Apply(old, &Op{Name: OpApplyDiff, Data: r.Patch.Clone(), Options: InhibitBcast | NoMtime}, Stamp{}, Env{})
				if again.Code != OK || xml.Digest(again.Doc) != xml.Digest(doc) {
					t.Errorf("%s: the patch makes something else of it (%v):\n%s", d.Pos, again.Code, again.Doc.Format())
				}
			}
			return b.String()
		})
	})
}
