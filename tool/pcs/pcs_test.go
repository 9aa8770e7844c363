package pcs

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
)

const vipAgent = `#!/bin/sh
cat <<X
<?xml version="1.0"?>
<resource-agent name="IPaddr2" version="1.0"><shortdesc lang="en">Manages an address</shortdesc>
<parameters>
<parameter name="ip" unique="1" required="1"><content type="string"/></parameter>
<parameter name="cidr_netmask"><content type="string"/></parameter>
<parameter name="nic"><content type="string"/></parameter>
</parameters>
<actions><action name="start" timeout="20s"/><action name="stop" timeout="20s"/>
<action name="monitor" depth="0" timeout="20s" interval="10s"/><action name="meta-data" timeout="5s"/><action name="validate-all" timeout="20s"/></actions>
</resource-agent>
X
`

// A shell is a folder that pcs takes for the root of the file system.
type shell struct {
	t    *testing.T
	root string
}

func newShell(t *testing.T) *shell {
	s := &shell{t, t.TempDir()}
	dir := filepath.Join(s.root, "usr/lib/ocf/resource.d/heartbeat")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"IPaddr2", "apache"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(vipAgent), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	doc := cib.Empty()
	for _, n := range []string{"1", "2"} {
		cib.Section(doc, "nodes").Append(xml.New("node", "id", n, "uname", "node"+n))
	}
	if err := os.WriteFile(filepath.Join(s.root, "cib.xml"), doc.Format(), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *shell) run(line string) (stdout, stderr string, status int) {
	var out, errs bytes.Buffer
	env := &tool.Env{Name: "pcs", Args: append([]string{"-f", "/cib.xml"}, strings.Fields(line)...), Root: s.root, Stdout: &out, Stderr: &errs}
	status = Pcs(context.Background(), env)
	return out.String(), errs.String(), status
}

// must runs a line that has to work, and returns what it printed.
func (s *shell) must(line string) string {
	s.t.Helper()
	out, errs, status := s.run(line)
	if status != 0 {
		s.t.Fatalf("pcs %s: exit %d\n%s%s", line, status, out, errs)
	}
	return out
}

// TestWebGroup types the user's web cluster and compares with what pcs 0.9
// printed at the same points.
func TestWebGroup(t *testing.T) {
	s := newShell(t)
	s.must("property set stonith-enabled=false")
	s.must("resource create ClusterVIP ocf:heartbeat:IPaddr2 ip=192.168.139.118 cidr_netmask=24 op monitor interval=30s")
	s.must("resource create WebService ocf:heartbeat:apache ip=1 op monitor interval=30s")
	s.must("resource group add WebGroup ClusterVIP WebService")
	want := ` Group: WebGroup
  Resource: ClusterVIP (class=ocf provider=heartbeat type=IPaddr2)
   Attributes: cidr_netmask=24 ip=192.168.139.118
   Operations: monitor interval=30s (ClusterVIP-monitor-interval-30s)
               start interval=0s timeout=20s (ClusterVIP-start-interval-0s)
               stop interval=0s timeout=20s (ClusterVIP-stop-interval-0s)
  Resource: WebService (class=ocf provider=heartbeat type=apache)
   Attributes: ip=1
   Operations: monitor interval=30s (WebService-monitor-interval-30s)
               start interval=0s timeout=20s (WebService-start-interval-0s)
               stop interval=0s timeout=20s (WebService-stop-interval-0s)
`
	if got := s.must("resource show WebGroup"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	s.must("constraint colocation add WebService ClusterVIP INFINITY")
	if got, want := s.must("constraint order ClusterVIP then WebService"), "Adding ClusterVIP WebService (kind: Mandatory) (Options: first-action=start then-action=start)\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	want = `Location Constraints:
Ordering Constraints:
  start ClusterVIP then start WebService (kind:Mandatory) (id:order-ClusterVIP-WebService-mandatory)
Colocation Constraints:
  WebService with ClusterVIP (score:INFINITY) (id:colocation-WebService-ClusterVIP-INFINITY)
Ticket Constraints:
`
	if got := s.must("constraint --full"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	s.must("resource ungroup WebGroup")
	want = "Removing Constraint - colocation-WebService-ClusterVIP-INFINITY\nRemoving Constraint - order-ClusterVIP-WebService-mandatory\nDeleting Resource - WebService\n"
	if got := s.must("resource delete WebService"); sortedLines(got) != sortedLines(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	s.must("resource update ClusterVIP op monitor interval=10s timeout=20s")
	if got := s.must("resource show ClusterVIP"); !strings.Contains(got, "monitor interval=10s timeout=20s (ClusterVIP-monitor-interval-10s)") || strings.Contains(got, "30s") {
		t.Errorf("after the update:\n%s", got)
	}
}

func sortedLines(s string) string {
	l := strings.Split(s, "\n")
	for i := range l {
		for j := i + 1; j < len(l); j++ {
			if l[j] < l[i] {
				l[i], l[j] = l[j], l[i]
			}
		}
	}
	return strings.Join(l, "\n")
}

// TestMistakesAreExplained types the mistakes of common documents: the first
// line is pcs' own, a hint says what to do.
func TestMistakesAreExplained(t *testing.T) {
	s := newShell(t)
	s.must("resource create p_vip ocf:heartbeat:IPaddr2 ip=10.0.0.1 op monitor interval=2s")
	for _, tt := range []struct {
		line   string
		status int
		first  string // of standard error
		hint   string
	}{
		{"property set token=30000", 1, "Error: unknown cluster property: 'token', (use --force to override)", "pcs cluster config update totem token=30000"},
		{"property set stonith-enabld=true", 1, "Error: unknown cluster property: 'stonith-enabld', (use --force to override)", "did you mean 'stonith-enabled'?"},
		{"property set stonith-enabled=maybe", 1, "Error: invalid value of property: 'stonith-enabled=maybe', (use --force to override)", ""},
		{"property unset nosuch", 1, "Error: can't remove property: 'nosuch' that doesn't exist", ""},
		{"resource defaults resource-stickness=100", 0, "Warning: 'resource-stickness' is not a known resource option; did you mean resource-stickiness?", ""},
		{"resource meta ClusterIP resource-stickiness=0", 1, "Error: unable to find a resource/clone/master/group: ClusterIP", "existing resources: p_vip"},
		{"resource update p_vip monitor interval=3 timeout=20", 1, "Error: invalid resource options: 'interval', 'timeout', allowed options are: cidr_netmask, ip, nic, trace_file, trace_ra, use --force to override", "pcs resource update p_vip op monitor interval=3 timeout=20"},
		{"resource create x ocf:heartbeat:IPaddr2 op monitor interval=30s params ip=1", 1, "Error: 'params' is not used by pcs; that is crm shell syntax", "pcs resource create x ocf:heartbeat:IPaddr2 ip=1 op monitor interval=30s"},
		{"resource create x ocf:heartbeat:IPaddr2", 1, "Error: required resource option 'ip' is missing, use --force to override", ""},
		{"resource create p_vip ocf:heartbeat:IPaddr2 ip=1", 1, "Error: 'p_vip' already exists", ""},
		{"resource disable nosuch", 1, "Error: bundle/clone/group/master/resource 'nosuch' does not exist", "existing resources: p_vip"},
		{"cluster standby node9", 1, "Error: Node 'node9' does not appear to exist in configuration", "known nodes: node1, node2"},
		{"constraint delete nosuch", 1, "Error: Unable to find constraint - 'nosuch'", ""},
		{"constraint order p_vip then nosuch", 1, "Error: Resource 'nosuch' does not exist", ""},
		{"cluster restart --all", 1, "Error: 'restart' is not a pcs cluster command", "pcs cluster stop --all"},
		{"resorce show", 1, "Hint: there is no 'pcs resorce'; did you mean 'pcs resource'?", ""},
		{"resource creat x", 1, "Hint: there is no 'pcs resource creat'; did you mean 'pcs resource create'?", ""},
	} {
		t.Run(tt.line, func(t *testing.T) {
			before, err := os.ReadFile(filepath.Join(s.root, "cib.xml"))
			if err != nil {
				t.Fatal(err)
			}
			_, errs, status := s.run(tt.line)
			first, _, _ := strings.Cut(errs, "\n")
			if status != tt.status || first != tt.first || !strings.Contains(errs, tt.hint) {
				t.Errorf("exit %d, want %d\n%s\nwant first line %q and %q", status, tt.status, errs, tt.first, tt.hint)
			}
			if after, _ := os.ReadFile(filepath.Join(s.root, "cib.xml")); status != 0 && !bytes.Equal(before, after) {
				t.Error("a refused command changed the file")
			}
		})
	}
}

// TestStandbyIsAnAttributeOfTheNode sets and removes it, and nothing else.
func TestStandbyIsAnAttributeOfTheNode(t *testing.T) {
	s := newShell(t)
	s.must("cluster standby node2")
	b, _ := os.ReadFile(filepath.Join(s.root, "cib.xml"))
	if want := `<nvpair id="nodes-2-standby" name="standby" value="on"/>`; !strings.Contains(string(b), want) {
		t.Errorf("no %s in\n%s", want, b)
	}
	s.must("cluster unstandby node2")
	if out := s.must("property"); strings.Contains(out, "standby") {
		t.Errorf("still there: %s", out)
	}
}

func FuzzPairs(f *testing.F) {
	f.Add("a=1 b=2 a=3")
	f.Fuzz(func(t *testing.T, s string) {
		list, err := pairs(strings.Fields(s))
		if err != nil {
			return
		}
		for i := 1; i < len(list); i++ {
			if list[i-1].name >= list[i].name {
				t.Errorf("%q: not sorted: %v", s, list)
			}
		}
	})
}

// TestFileVersion: each change in a file is a version of its own, and a file that
// is not there yet is made.
func TestFileVersion(t *testing.T) {
	s := newShell(t)
	version := func(file string) cib.Version {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(s.root, file))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := xml.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		return cib.VersionOf(doc)
	}
	s.must("property set stonith-enabled=false")
	s.must("resource create a ocf:heartbeat:apache ip=1")
	if got, want := version("cib.xml"), (cib.Version{Epoch: 2}); got != want {
		t.Errorf("version %v after two changes, want %v", got, want)
	}
	s.must("property set stonith-enabled=false") // no change
	if got, want := version("cib.xml"), (cib.Version{Epoch: 2}); got != want {
		t.Errorf("version %v after no change, want %v", got, want)
	}
	s.must("-f /new.xml property set maintenance-mode=true")
	if got, want := version("new.xml"), (cib.Version{Epoch: 1}); got != want {
		t.Errorf("version %v of a new file, want %v", got, want)
	}
}

// TestOverwritten: what somebody else changed meanwhile is not taken back.
func TestOverwritten(t *testing.T) {
	parse := func(s string) *xml.Element {
		n, err := xml.Parse([]byte("<cib><configuration>" + s + "</configuration></cib>"))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	base := `<r><p id="a"><n id="x" v="1"/></p></r>`
	for _, c := range []struct {
		mine, theirs string
		want         bool
	}{
		{`<r><p id="a"><n id="x" v="2"/></p></r>`, base, false},
		{`<r><p id="a"><n id="x" v="2"/></p></r>`, `<r><p id="a"><n id="x" v="3"/></p></r>`, true},
		{`<r><p id="a"><n id="x" v="2"/></p></r>`, `<r><p id="a"/></r>`, true},
		{`<r><p id="a"><n id="x" v="2"/></p></r>`, `<r><p id="a"><n id="x" v="1"/></p><p id="b"/></r>`, false},
		{`<r/>`, `<r><p id="a"><n id="x" v="3"/></p></r>`, true},
		{`<r/>`, `<r/>`, false},
	} {
		if got := overwritten(parse(base), parse(c.theirs), xml.Diff(parse(base), parse(c.mine))); got != c.want {
			t.Errorf("%s onto %s: %v", c.mine, c.theirs, got)
		}
	}
}
