//go:build interop

package integration

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// namesakes is a CIB of nodes that have been given other ids since.
const namesakes = `<cib crm_feature_set="3.0.6" validate-with="pacemaker-2.10" epoch="1" num_updates="0" admin_epoch="0"><configuration>` +
	`<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="o1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>` +
	`<nodes><node id="8" uname="other"/><node id="n1" uname="n1"><instance_attributes id="x"><nvpair id="xx" name="standby" value="true"/></instance_attributes></node>` +
	`<node id="9" uname="N1"/><node id="n7" uname="n1" type="remote"/></nodes><resources/><constraints/></configuration><status/></cib>`

// ofARun is what differs from one run to the next, and between the programs.
var ofARun = regexp.MustCompile(`(Last (updated|change)|cib-last-written=|transition-(key|magic)=|call-id=|last-rc-change|exec-time|queue-time|dc-version|update-(client|origin|user)|` +
	`\(version |last updated |labnode).*`)

// TestOldCIBOnDisk starts pacemaker, the original and ours, with a CIB of an old
// schema on disk. Both show the same, keep it on disk as it was, verify it with
// the same words, upgrade it to the same, version included, and let the same
// users see the same of it.
func TestOldCIBOnDisk(t *testing.T) {
	corosync, pacemakerd := real(t, "corosync"), real(t, "pacemakerd")
	of := func(name string) string {
		text, err := os.ReadFile("../tool/crm/testdata/cases/" + name + ".xml")
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	joe := func(lines ...string) (as []string) {
		for _, l := range lines {
			as = append(as, "su joe -s /bin/sh -c '"+l+"'")
		}
		return as
	}
	const version = "grep -o '<cib .*' | grep -o 'validate-with=[^ ]*\\|crm_feature_set=[^ ]*\\|[a-z_]*epoch=[^ ]*'"
	look := append([]string{"crm_mon -1 -r", "cibadmin -Q --scope configuration", "cibadmin -Q | " + version,
		"sed 's/ [a-z_]*epoch=[^ ]*//g' /var/lib/pacemaker/cib/cib.xml | " + version,
		"grep -o '<acl_[^>]*>\\|<read[^>]*>\\|<role[^>]*>\\|<node .*' /var/lib/pacemaker/cib/cib.xml",
		"crm_verify -L", "crm_verify -LV", "crm_verify -LVV", "crm_verify -LVVV", "crm_mon -1 --output-as=xml | grep '<node '", "crm_simulate -LS"},
		joe("cibadmin -Q --scope nodes", "crm_mon -1")...)
	for name, text := range map[string]string{
		"access control": of("13e-acl-of-schema-1.2"), "type normal": of("44-old-schema-type-normal"), "namesakes": namesakes,
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, 2)
			said := make([]string, 2)
			for i, h := range l.hosts {
				h.write("/etc/corosync/corosync.conf", fmt.Sprintf("totem {\n version: 2\n cluster_name: lab%s\n transport: udpu\n}\nnodelist {\n node {\n  ring0_addr: %s\n  nodeid: 1\n  name: n1\n }\n}\n"+
					"quorum {\n provider: corosync_votequorum\n expected_votes: 1\n}\nlogging {\n to_syslog: no\n to_logfile: yes\n logfile: /var/log/corosync.log\n}\n", h.name, h.addr))
				h.write("/var/lib/pacemaker/cib/cib.xml", text)
				l.must(h, "chown hacluster:haclient /var/lib/pacemaker/cib/cib.xml; chmod 600 /var/lib/pacemaker/cib/cib.xml; useradd -M joe")
				if i == 0 {
					h.start(nil, corosync, "-f")
				} else {
					h.ours("el9")
				}
			}
			for i, h := range l.hosts {
				eventually(t, 30*time.Second, func() string {
					out, status := h.run(nil, real(t, "corosync-quorumtool"), "-s")
					return says(out, status, 0, "Quorate:          Yes")
				})
				if i == 0 {
					h.start(nil, pacemakerd, "-f")
				} else {
					h.start([]string{"GOCOROSYNC_COMPAT=el9"}, l.our("pacemakerd"))
				}
			}
			for i, h := range l.hosts {
				ask := func(lines ...string) {
					for _, line := range lines {
						out, status := h.run(nil, "sh", "-c", line)
						said[i] += fmt.Sprintf("$ %s\n%sexit status %d\n", line, ofARun.ReplaceAllString(out, "$1"), status)
					}
				}
				eventually(t, 90*time.Second, func() string {
					out, status := h.run(nil, "crm_mon", "-1")
					return says(out, status, 0, "Current DC: n1")
				})
				time.Sleep(3 * time.Second) // until the first plan is carried out
				ask(look...)
				ask("cibadmin --upgrade", "cibadmin --upgrade --force; sleep 2")
				ask(look...)
				ask("cibadmin --upgrade --force", "crm_attribute -n enable-acl -v true; gpasswd -a joe haclient; sleep 1")
				ask(joe("cibadmin -Q --scope nodes", "cibadmin -Q --scope crm_config", "crm_mon -1 -r", "crm_attribute -n foo -v bar", "crm_verify -LV", "cibadmin --upgrade --force")...)
			}
			if said[0] != said[1] {
				t.Errorf("original:\n%s\nours:\n%s", said[0], said[1])
			}
		})
	}
}

// TestUpgradeBesideTheRealOne upgrades the CIB of a cluster of an original and
// ours, asked on either: both count the upgrade alike, so that the next change
// fits on both.
func TestUpgradeBesideTheRealOne(t *testing.T) {
	corosync, pacemakerd, cibadmin := real(t, "corosync"), real(t, "pacemakerd"), real(t, "cibadmin")
	l := newLab(t, 2)
	l.configure("", " two_node: 1\n")
	l.hosts[0].start(nil, corosync, "-f")
	l.hosts[1].ours("el9")
	for _, h := range l.hosts {
		eventually(t, 30*time.Second, func() string {
			out, status := h.run(nil, real(t, "corosync-quorumtool"), "-s")
			return says(out, status, 0, "Quorate:          Yes")
		})
	}
	l.hosts[0].start(nil, pacemakerd, "-f")
	l.hosts[1].start([]string{"GOCOROSYNC_COMPAT=el9"}, l.our("pacemakerd"))
	online := func() {
		t.Helper()
		eventually(t, 90*time.Second, func() string {
			out, status := l.hosts[0].run(nil, "crm_mon", "-1")
			return says(out, status, 0, "Online: [ node1 node2 ]")
		})
	}
	online()
	admin := 10
	for _, schema := range []string{"pacemaker-1.2", "pacemaker-2.10"} {
		for _, asked := range l.hosts {
			admin += 10
			out, status := asked.run(nil, cibadmin, "-R", "-X", fmt.Sprintf(`<cib crm_feature_set="3.0.7" validate-with="%s" epoch="9" num_updates="0" admin_epoch="%d"><configuration><crm_config>`+
				`<cluster_property_set id="cib-bootstrap-options"><nvpair id="o1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config><nodes>%s</nodes><resources/><constraints/></configuration></cib>`,
				schema, admin, map[bool]string{true: `<node id="1" uname="node1" type="normal"/>`}[schema == "pacemaker-1.2"]))
			if status != 0 {
				t.Fatalf("cibadmin -R: %d: %s", status, out)
			}
			online()
			time.Sleep(3 * time.Second)
			if out, status := asked.run(nil, cibadmin, "--upgrade", "--force"); status != 0 {
				t.Fatalf("cibadmin --upgrade on %s: %d: %s", asked.name, status, out)
			}
			var of []string
			for _, h := range l.hosts {
				out, _ := h.run(nil, cibadmin, "-Q", "-l")
				of = append(of, regexp.MustCompile(`(validate-with|[a-z_]*epoch|num_updates)="[^"]*"`).FindAllString(out, 4)...)
			}
			if a, b := strings.Join(of[:4], " "), strings.Join(of[4:], " "); a != b || !strings.Contains(a, `"pacemaker-3.9"`) {
				t.Errorf("%s upgraded on %s: the original has %s, ours %s", schema, asked.name, a, b)
			}
		}
	}
	if out, _ := l.hosts[0].run(nil, "grep", "-i", "digest mis-match\\|not applied\\|re-sync", "/var/log/pacemaker/pacemaker.log"); out != "" {
		t.Errorf("the original's log: %s", out)
	}
}
