//go:build interop

package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const offlineCIB = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="5" num_updates="3" admin_epoch="0" cib-last-written="Sun Nov 22 01:14:54 2026" update-origin="n1" update-client="cibadmin" update-user="root"><configuration><crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="o-st" name="stonith-enabled" value="false"/></cluster_property_set></crm_config><nodes><node id="1" uname="n1"/></nodes><resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/></resources><constraints/></configuration><status><node_state id="1" uname="n1"><transient_attributes id="1"><instance_attributes id="status-1"><nvpair id="status-1-t" name="t" value="1"/></instance_attributes></transient_attributes></node_state></status></cib>
`

// TestElsewhere: where the environment names a file or a shadow, every tool works
// on it and leaves the running cluster beside it alone; what it says, its exit
// status and the file are those of the original tool.
func TestElsewhere(t *testing.T) {
	cibadmin := real(t, "cibadmin")
	l := newLab(t, 1)
	l.configure("", "provider: corosync_votequorum\n expected_votes: 1\n")
	h := l.hosts[0]
	env, pacemakerd := h.ourStack("el9")
	eventually(t, 60*time.Second, func() string {
		out, status := h.run(env, l.our("crm_mon"), "-1")
		return says(out, status, 0, "Online: [ node1 ]")
	})
	live := func() string {
		t.Helper()
		out, status := h.run(env, cibadmin, "-Q")
		if status != 0 {
			t.Fatalf("cibadmin -Q: %d: %s", status, out)
		}
		return out
	}
	before := live()
	alone := func(why []string) {
		t.Helper()
		if now := live(); now != before {
			t.Fatalf("%q: the running cluster has changed:\n%s\nbefore\n%s", why, now, before)
		}
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "shadow.f")
	const primitive = `<primitive id="zz" class="ocf" provider="pacemaker" type="Dummy"/>`
	const patch = `<diff format="2"><change operation="create" path="/cib/configuration/resources" position="0">` + primitive + `</change></diff>`
	versioned := strings.Replace(patch, "2\">", `2"><version><source admin_epoch="0" epoch="5" num_updates="3"/><target admin_epoch="0" epoch="6" num_updates="0"/></version>`, 1)
	older := func(was, is string) string { return strings.Replace(offlineCIB, was, is, 1) }
	type line struct {
		args  []string
		loose bool // the text is not the original's, or needs another cluster
	}
	at := func(s ...string) line { return line{args: s} }
	loosely := func(s ...string) line { return line{s, true} }
	lines := []line{
		at("cibadmin", "-Q"), at("cibadmin", "-B"), at("cibadmin", "-E", "--force"), at("cibadmin", "-E"),
		at("cibadmin", "-C", "-o", "resources", "-X", primitive), at("cibadmin", "-D", "-X", `<primitive id="a"/>`),
		at("cibadmin", "-M", "-X", `<primitive id="a" description="x"/>`), at("cibadmin", "-M", "-X", `<primitive id="nosuch" description="x"/>`),
		at("cibadmin", "-R", "-X", older(`epoch="5"`, `epoch="4"`)), at("cibadmin", "-R", "-X", older(`num_updates="3"`, `num_updates="2"`)),
		at("cibadmin", "-R", "-X", offlineCIB), at("cibadmin", "-R", "-X", older(`"Dummy"`, `"Stateful"`)),
		at("cibadmin", "-P", "-X", patch), at("cibadmin", "-P", "-X", versioned), at("cibadmin", "-P", "-X", strings.Replace(versioned, `epoch="5"`, `epoch="4"`, 1)),
		at("cibadmin", "-M", "-U", "alice", "-X", `<primitive id="a" description="x"/>`),
		at("crm_attribute", "-n", "maintenance-mode", "-v", "true"), at("crm_attribute", "-n", "stonith-enabled", "-G"), at("crm_attribute", "-n", "nosuch", "-G"),
		at("crm_attribute", "-n", "stonith-enabled", "-D"), at("crm_attribute", "-N", "n1", "-n", "x", "-v", "1"),
		at("crm_attribute", "-N", "n1", "-n", "x", "-v", "1", "-l", "reboot"), at("crm_attribute", "-N", "n1", "-n", "t", "-G", "-l", "reboot"),
		at("crm_attribute", "-N", "n1", "-n", "t", "-D", "-l", "reboot"), loosely("crm_attribute", "-t", "rsc_defaults", "-n", "resource-stickiness", "-v", "1"),
		at("crm_attribute", "-N", "node1", "-n", "x", "-v", "1"), // a node of the running cluster only
		at("crm_standby", "-N", "n1", "-v", "on"), at("crm_standby", "-N", "n1", "-G"), at("crm_standby", "-v", "on"),
		at("crm_failcount", "-G", "-r", "a", "-N", "n1"), loosely("crm_failcount", "-D", "-r", "a", "-N", "n1"),
		at("crm_mon", "-1"), at("crm_verify", "-L"), at("crm_verify", "-L", "-V"), at("crm_simulate", "-L"), at("crm_simulate", "-LS"),
		at("crmadmin", "-N"), at("crm_node", "-l"), at("crm_node", "-n"), loosely("crm_node", "-R", "node1", "--force"),
		loosely("attrd_updater", "-n", "x", "-U", "1"), loosely("attrd_updater", "-n", "x", "-D"),
	}
	clock := regexp.MustCompile(`(Last updated: |Using the original execution date of: ).*`)
	run := func(env []string, tool string, args []string) (string, int, string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(offlineCIB), 0o640); err != nil {
			t.Fatal(err)
		}
		out, status := h.run(env, append([]string{tool}, args...)...)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return clock.ReplaceAllString(strings.ReplaceAll(out, l.our(args[0]), ""), "$1"), status, string(b)
	}
	for _, place := range [][]string{{"CIB_file=" + file}, {"CIB_shadow=f", "CIB_shadow_dir=" + dir}} {
		for i, c := range lines {
			if place[0] == "CIB_shadow=f" && i%6 != 1 && !c.loose {
				continue // what a tool does with a file, it does with each
			}
			out, status, text := run(append(place, env...), l.our(c.args[0]), c.args[1:])
			if !c.loose {
				wantOut, wantStatus, wantText := run(place, real(t, c.args[0]), c.args[1:])
				if out != wantOut || status != wantStatus {
					t.Errorf("%s %q: %d\n%s\nwant %d\n%s", place, c.args, status, out, wantStatus, wantOut)
				}
				if !equal(text, wantText) {
					t.Errorf("%s %q leaves\n%s\nwant\n%s", place, c.args, text, wantText)
				}
			}
			if c.loose { // what the original's tool does to it is not ours
				alone(c.args)
			}
		}
		alone(place)
	}
	// Another host's is refused, not taken for this one's.
	for _, c := range [][]string{{"cibadmin", "-B"}, {"crm_attribute", "-n", "x", "-v", "1"}, {"crm_standby", "-N", "node1", "-v", "on"}, {"crm_verify", "-L"}} {
		if out, status := h.run(append([]string{"CIB_port=9", "CIB_server=127.0.0.1"}, env...), append([]string{l.our(c[0])}, c[1:]...)...); status == 0 {
			t.Errorf("with CIB_port, %q: %d: %s", c, status, out)
		}
	}
	alone([]string{"CIB_port"})
	pushes(t, l, env)
	erases(t, l, env, pacemakerd)
}

// erases erases the CIB of the running cluster, and replaces it by one without
// nodes and status: both times they are back within seconds.
func erases(t *testing.T, l *lab, env []string, pacemakerd *daemon) {
	h, cibadmin := l.hosts[0], real(t, "cibadmin")
	back := func(why string) {
		t.Helper()
		start := time.Now()
		eventually(t, 15*time.Second, func() string {
			out, status := h.run(env, l.our("crm_mon"), "-1")
			return says(out, status, 0, "Current DC: node1", "1 node configured", "Online: [ node1 ]")
		})
		t.Logf("%s: back after %v", why, time.Since(start).Round(100*time.Millisecond))
	}
	if out, status := h.run(env, cibadmin, "-E", "--force"); status != 0 {
		t.Fatalf("cibadmin -E: %d: %s", status, out)
	}
	back("erased")
	const other = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="60" num_updates="0" admin_epoch="9"><configuration><crm_config/><nodes/><resources/><constraints/></configuration></cib>`
	if out, status := h.run(env, cibadmin, "-R", "-X", other); status != 0 {
		t.Fatalf("cibadmin -R: %d: %s", status, out)
	}
	back("replaced")
	if status := pacemakerd.stop(); status != 0 {
		t.Errorf("after all that, pacemakerd ends with %d", status)
	}
}

// pushes: of two administrators at a time neither loses what the other did, and
// what is outdated is refused.
func pushes(t *testing.T, l *lab, env []string) {
	h, cibadmin := l.hosts[0], real(t, "cibadmin")
	pcs := func(want int, args ...string) string {
		t.Helper()
		out, status := h.run(env, append([]string{l.our("pcs")}, args...)...)
		if status != want {
			t.Errorf("pcs %q: %d: %s", args, status, out)
		}
		return out
	}
	there := func(ids ...string) {
		t.Helper()
		out, _ := h.run(env, cibadmin, "-Q")
		for _, id := range ids {
			if !strings.Contains(out, `primitive id="`+id+`"`) {
				t.Errorf("resource %s is lost:\n%s", id, out)
			}
		}
	}
	const create = "resource create "
	file := filepath.Join(t.TempDir(), "f.xml")
	pcs(0, "cluster", "cib", file)
	pcs(0, append([]string{"-f", file}, strings.Fields(create+"off ocf:pacemaker:Dummy")...)...)
	pcs(0, strings.Fields(create+"b1 ocf:pacemaker:Dummy")...)
	pcs(0, strings.Fields(create+"b2 ocf:pacemaker:Dummy")...)
	if out := pcs(1, "cluster", "cib-push", file); !strings.Contains(out, "is older than existing one") {
		t.Errorf("an outdated CIB: %s", out)
	}
	there("b1", "b2")
	was, next := file+".was", file+".new"
	pcs(0, "cluster", "cib", was)
	pcs(0, "cluster", "cib", next)
	pcs(0, append([]string{"-f", next}, strings.Fields(create+"c ocf:pacemaker:Dummy")...)...)
	pcs(0, strings.Fields(create+"b3 ocf:pacemaker:Dummy")...)
	pcs(0, "cluster", "cib-push", next, "diff-against="+was)
	there("b1", "b2", "b3", "c")
	// Two at a time, of ours and of cibadmin.
	l.must(h, `export PATH=`+l.bin+`:$PATH GOCOROSYNC_COMPAT=el9
for i in 1 2 3 4 5 6; do pcs resource create p$i ocf:pacemaker:Dummy & done
for i in 1 2 3 4 5 6; do `+cibadmin+` -C -o resources -X '<primitive id="q'$i'" class="ocf" provider="pacemaker" type="Dummy"/>' & done
wait`)
	there("b1", "b2", "b3", "c", "p1", "p2", "p3", "p4", "p5", "p6", "q1", "q2", "q3", "q4", "q5", "q6")
}

var between = regexp.MustCompile(`>\s+<`)

// equal tells whether two texts are the same document: the original writes a
// file anew that does not change, too.
func equal(a, b string) bool {
	plain := func(s string) string { return between.ReplaceAllString(strings.TrimSpace(s), "><") }
	return plain(a) == plain(b)
}
