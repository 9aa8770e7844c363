//go:build interop

package integration

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSystemdResources has a real systemd start and stop units for our executor: one that
// takes its time for both, and one whose start fails after a while. The outcome is that of
// systemd's job.
func TestSystemdResources(t *testing.T) {
	real(t, "crm_resource")
	l := newLab(t, 1)
	l.configure(" token: 1000\n", "")
	h := l.hosts[0]
	units, err := filepath.Abs("../dist/systemd/")
	if err != nil {
		t.Fatal(err)
	}
	l.must(h, fmt.Sprintf("sed -i 's/to_syslog: no/to_syslog: yes/' /etc/corosync/corosync.conf; mkdir -p %[1]s; cp %[2]s/pacemaker.service %[2]s/corosync.service %[1]s", unitsDir, units))
	h.write("/etc/corosync/gocorosync.toml", "compat = \"el9\"\n")
	for name, path := range map[string]string{"corosync": real(t, "corosync"), "pacemakerd": real(t, "pacemakerd")} {
		l.must(h, "mount --bind $(realpath "+l.our(name)+") "+path)
	}
	m := h.systemd()
	m.must(`cat >` + unitsDir + `/slow.service <<X
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'sleep 2; touch /run/slow.up'
ExecStop=/bin/sh -c 'sleep 2; rm /run/slow.up'
X
cat >` + unitsDir + `/broken.service <<X
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'sleep 1; exit 1'
X
systemctl daemon-reload; systemctl start pacemaker`)
	eventually(t, 60*time.Second, func() string {
		out, status := m.run("crm_mon", "-1")
		return says(out, status, 0, "Online: [ node1 ]")
	})
	m.must(`crm_attribute -n stonith-enabled -v false; crm_attribute -n no-quorum-policy -v ignore
cibadmin -M --allow-create -o resources -X '<resources><primitive id="slow" class="systemd" type="slow"/><primitive id="broken" class="systemd" type="broken"/></resources>'`)
	eventually(t, 30*time.Second, func() string {
		out, status := m.run("crm_mon", "-1")
		return says(out, status, 0, "slow\t(systemd:slow):\t Started node1", "* broken start on node1")
	})
	if out := m.must("ls /run/slow.up; cibadmin -Q --xpath \"//lrm_rsc_op[@operation_key='broken_start_0']\""); !strings.Contains(out, "systemd&apos;s job ended with &quot;failed&quot;") &&
		!strings.Contains(out, `systemd's job ended with &quot;failed&quot;`) {
		t.Errorf("the start that failed has\n%s", out)
	}
	m.must(`crm_resource -r slow --meta -p target-role -v Stopped`)
	eventually(t, 30*time.Second, func() string {
		out, status := m.run("cibadmin", "-Q", "--xpath", "//lrm_rsc_op[@id='slow_last_0']")
		return says(out, status, 0, `operation="stop"`, `rc-code="0"`)
	})
	if out, _ := m.run("ls", "/run/slow.up"); !strings.Contains(out, "No such file") {
		t.Error("the stop was over before the unit was")
	}
}
