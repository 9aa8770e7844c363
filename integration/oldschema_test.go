//go:build interop

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestOldSchema gives a running cluster a CIB of schema 1.2, whose nodes are of
// type "normal": they are there all the same, and cibadmin --upgrade brings the
// CIB to the newest schema for good.
func TestOldSchema(t *testing.T) {
	cibadmin, mon := real(t, "cibadmin"), real(t, "crm_mon")
	l := newLab(t, 1)
	l.configure("", "provider: corosync_votequorum\n expected_votes: 1\n")
	h := l.hosts[0]
	env, _ := h.ourStack("el9")
	online := func() {
		t.Helper()
		for _, tool := range []string{l.our("crm_mon"), mon} {
			eventually(t, 60*time.Second, func() string {
				out, status := h.run(env, tool, "-1")
				return says(out, status, 0, "Current DC: node1", "Online: [ node1 ]")
			})
		}
	}
	online()
	const old = `<cib crm_feature_set="3.0.7" validate-with="pacemaker-1.2" epoch="31" num_updates="0" admin_epoch="9"><configuration>` +
		`<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="o1" name="stonith-enabled" value="false"/><nvpair id="o3" name="expected-quorum-votes" value="2"/></cluster_property_set></crm_config>` +
		`<nodes><node id="1" uname="node1" type="normal"/></nodes><resources/><constraints/></configuration></cib>`
	file := filepath.Join(t.TempDir(), "old.xml")
	if err := os.WriteFile(file, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, status := h.run(env, cibadmin, "-R", "-x", file); status != 0 {
		t.Fatalf("cibadmin -R: %d: %s", status, out)
	}
	online()
	if out, status := h.run(env, cibadmin, "--upgrade", "--force"); status != 0 {
		t.Fatalf("cibadmin --upgrade: %d: %s", status, out)
	}
	eventually(t, 15*time.Second, func() string {
		out, status := h.run(env, cibadmin, "-Q")
		if strings.Contains(out, "expected-quorum-votes") {
			return out
		}
		return says(out, status, 0, `validate-with="pacemaker-3.9"`, `type="member"`)
	})
	online()
}
