package schema_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

var (
	mutants   = flag.Int("mutants", 600, "how many mutated CIBs are judged by xmllint too")
	seed      = flag.Uint64("seed", 1, "of the mutations")
	showFirst = flag.Int("show", 10, "how many disagreements are told")
)

// grammars is where Debian's pacemaker-common has the schemas.
const grammars = "/usr/share/pacemaker"

// TestAgainstXMLLint mutates CIBs and compares what we say of them, accepted or
// refused, with what xmllint says with pacemaker's own schemas.
func TestAgainstXMLLint(t *testing.T) {
	if _, err := exec.LookPath("xmllint"); err != nil {
		captures.Lack(t, captures.Peers, "there is no xmllint")
	}
	if _, err := os.Stat(filepath.Join(grammars, "pacemaker-3.9.rng")); err != nil {
		captures.Lack(t, captures.Peers, "pacemaker's schemas are not installed")
	}
	bases := baseDocuments(t)
	rng := rand.New(rand.NewPCG(*seed, 0))
	dir := t.TempDir()
	type mutant struct {
		doc        *xml.Element
		what       string
		ours, read error // by our schemas, and by pacemaker's own files
	}
	own, err := schema.Load(os.DirFS(grammars))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]string{} // by schema
	all := map[string]mutant{}
	for i := range *mutants {
		doc := bases[rng.IntN(len(bases))].Clone()
		var what []string
		for range 1 + rng.IntN(2) {
			what = append(what, mutate(rng, doc))
		}
		name := doc.Get("validate-with")
		if _, err := os.Stat(filepath.Join(grammars, name+".rng")); err != nil {
			continue
		}
		path := filepath.Join(dir, fmt.Sprintf("%d.xml", i))
		if err := os.WriteFile(path, doc.Format(), 0o600); err != nil {
			t.Fatal(err)
		}
		files[name] = append(files[name], path)
		all[path] = mutant{doc, strings.Join(what, ", "), schema.Validate(doc), own.Validate(doc)}
	}
	disagree, refused := 0, 0
	for name, list := range files {
		for chunk := range slices.Chunk(list, 100) {
			good := accepted(t, name, chunk)
			for _, path := range chunk {
				m := all[path]
				if m.ours != nil {
					refused++
				}
				if (m.read == nil) != good[path] {
					disagree++
					t.Errorf("%s, %s: xmllint accepts: %v; read from the same files: %v", name, m.what, good[path], m.read)
				}
				if (m.ours == nil) == good[path] {
					continue
				}
				disagree++
				if disagree <= *showFirst {
					t.Errorf("%s, %s: xmllint accepts: %v; we say: %v", name, m.what, good[path], m.ours)
				}
			}
		}
	}
	if disagree != 0 {
		t.Errorf("%d disagreements", disagree)
	}
	t.Logf("%d mutants, %d refused, %d disagreements", len(all), refused, disagree)
}

// accepted runs xmllint on files.
func accepted(t *testing.T, name string, files []string) map[string]bool {
	t.Helper()
	cmd := exec.Command("xmllint", append([]string{"--noout", "--relaxng", filepath.Join(grammars, name+".rng")}, files...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	_ = cmd.Run() // it fails when any file does
	good := map[string]bool{}
	told := 0
	for line := range strings.Lines(out.String()) {
		if path, ok := strings.CutSuffix(strings.TrimSpace(line), " validates"); ok {
			good[path] = true
			told++
		} else if strings.Contains(line, " fails to validate") {
			told++
		}
	}
	if told != len(files) {
		t.Fatalf("xmllint spoke of %d of %d files: %.500s", told, len(files), out.String())
	}
	return good
}

// baseDocuments are the good CIBs to start from.
func baseDocuments(t *testing.T) (list []*xml.Element) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatal("no documents in testdata", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := xml.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, doc)
	}
	return list
}

var (
	attributes = []string{"id", "name", "value", "score", "rsc", "with-rsc", "node", "role", "kind", "type", "class", "provider", "boolean-op",
		"operation", "attribute", "interval", "timeout", "first", "then", "id-ref", "ticket", "sequential", "require-all", "uname", "port", "index",
		"symmetrical", "description", "object-type", "xpath", "promoted-max", "first-action", "resource-discovery", "rsc-pattern", "critical"}
	values = []string{"", "a", "1", "-1", "INFINITY", "10s", "true", "false", "Started", "Promoted", "Master", "and", "or", "gt", "Mandatory", "7.5",
		"start", "demote", "always", "ocf", "lsb", "member", "remote", "a b", "1a", "+5", "01", "2024-01-01", "in_range", "string", "integer", "listed"}
	elements = []string{"primitive", "group", "clone", "master", "template", "bundle", "op", "operations", "nvpair", "meta_attributes",
		"instance_attributes", "utilization", "rule", "expression", "date_expression", "duration", "date_spec", "rsc_location", "rsc_colocation",
		"rsc_order", "rsc_ticket", "resource_set", "resource_ref", "node", "tag", "obj_ref", "acl_role", "acl_target", "acl_permission", "role",
		"alert", "recipient", "select", "fencing-level", "docker", "podman", "network", "storage", "rsc_expression", "op_expression", "lifetime"}
)

// mutate changes one thing below configuration, and says what.
func mutate(rng *rand.Rand, doc *xml.Element) string {
	var list []*xml.Element
	for n := range doc.Child("configuration").Walk() {
		list = append(list, n)
	}
	n := list[rng.IntN(len(list))]
	at := n.Name + " " + n.ID()
	switch rng.IntN(8) {
	case 0:
		if len(n.Attrs) > 0 {
			a := n.Attrs[rng.IntN(len(n.Attrs))].Name
			n.Unset(a)
			return at + " loses " + a
		}
	case 1, 2:
		if len(n.Attrs) > 0 {
			a, v := n.Attrs[rng.IntN(len(n.Attrs))].Name, values[rng.IntN(len(values))]
			n.Set(a, v)
			return at + " " + a + " becomes " + v
		}
	case 3:
		a, v := attributes[rng.IntN(len(attributes))], values[rng.IntN(len(values))]
		n.Set(a, v)
		return at + " gets " + a + "=" + v
	case 4:
		name := elements[rng.IntN(len(elements))]
		n.Append(xml.New(name, "id", fmt.Sprintf("new-%d", rng.IntN(1000))))
		return at + " gets an empty " + name
	case 5:
		if len(n.Children) > 0 {
			child := n.Children[rng.IntN(len(n.Children))]
			name := child.Name + " " + child.ID()
			child.Remove()
			return at + " loses " + name
		}
	case 6:
		other := list[rng.IntN(len(list))].Clone()
		for x := range other.Walk() {
			if x.Has("id") && x.Name != "resource_ref" && x.Name != "obj_ref" && x.Name != "role" {
				x.Set("id", x.ID()+fmt.Sprintf(".%d", rng.IntN(100000)))
			}
		}
		n.Append(other)
		return at + " gets a copy of " + other.Name
	case 7:
		if n.Name != "configuration" {
			name := elements[rng.IntN(len(elements))]
			n.Name = name
			return at + " is called " + name
		}
	}
	return at + " stays"
}
