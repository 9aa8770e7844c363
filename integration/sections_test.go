//go:build interop

package integration

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// sectionLines are changes of sections that are missing, of what has no attributes,
// and of what the schema refuses.
var sectionLines = []string{
	`cibadmin -C -o tags -X '<tag id="t"><obj_ref id="a"/></tag>'`,
	`cibadmin -R -o tags -X '<tags><tag id="t"><obj_ref id="a"/></tag></tags>'`,
	`cibadmin -C -o configuration -X '<tags/>'`,
	`cibadmin -M -o acls -X '<acls/>'`,
	`cibadmin -M -o resources -X '<primitive id="a"><operations/></primitive>'`,
	`cibadmin -M -o resources -X '<primitive id="a"><foo/></primitive>'`,
	`cibadmin -C -o status -X '<tickets/>'`,
	`cibadmin -D -o alerts -X '<alert id="x"/>'`,
	`cibadmin -M -A //configuration -c -X '<op_defaults/>'`,
	`cibadmin -C -A //resources -X '<primitive id="c" class="ocf" provider="pacemaker" type="Dummy"/>'`,
	`cibadmin -C -X '<primitive id="a" description="d"/>'`,
	`cibadmin -R -A //configuration -X '<configuration><crm_config/><nodes/><resources/><constraints/></configuration>'`,
	`cibadmin -C -o rsc_defaults -X '<meta_attributes id="m"/>'`,
	`crm_attribute -t rsc_defaults -n resource-stickiness -v 5`,
	`cibadmin -u --force`,
	`cibadmin -Q -A ''`,
}

// TestSectionsLive types sectionLines into the original's tools beside the original
// daemon, into ours beside ours, and into the original's on either node of a cluster
// of both: all say the same and count the same, and the copies of the cluster stay
// equal.
func TestSectionsLive(t *testing.T) {
	real(t, "cibadmin")
	l := newLab(t, 4)
	groups := [][]*host{l.hosts[:1], l.hosts[1:2], l.hosts[2:]}
	ours := func(h *host) bool { return h == l.hosts[1] || h == l.hosts[3] }
	for _, g := range groups {
		text := fmt.Sprintf("totem {\n version: 2\n cluster_name: of%s\n transport: udpu\n}\nnodelist {\n", g[0].name)
		for i, h := range g {
			text += fmt.Sprintf(" node {\n  ring0_addr: %s\n  nodeid: %d\n  name: n%d\n }\n", h.addr, i+1, i+1)
		}
		text += "}\nquorum {\n provider: corosync_votequorum\n}\nlogging {\n to_syslog: no\n to_logfile: yes\n logfile: /var/log/corosync.log\n}\n"
		for _, h := range g {
			h.write("/etc/corosync/corosync.conf", text)
			h.corosync(ours(h))
		}
	}
	for _, g := range groups {
		for _, h := range g {
			h.votes(len(g))
			h.pacemaker(ours(h))
		}
	}
	for _, g := range groups {
		for _, h := range g {
			eventually(t, 90*time.Second, func() string {
				out, status := h.run(nil, "crm_mon", "-1")
				return says(out, status, 0, "Online: [ n1 "+map[int]string{2: "n2 "}[len(g)]+"]")
			})
		}
		l.must(g[0], `crm_attribute -n stonith-enabled -v false; cibadmin -C -o resources -X '<primitive id="a" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="a-m"><nvpair id="a-r" name="target-role" value="Stopped"/></meta_attributes></primitive>'`)
	}
	time.Sleep(3 * time.Second) // until it is probed
	version := regexp.MustCompile(` (?:admin_epoch|epoch)="(\d+)"`)
	epochs := func(h *host) (n [2]int) {
		out, _ := h.run(nil, "cibadmin", "-Q", "-l")
		for i, m := range version.FindAllStringSubmatch(strings.SplitN(out, ">", 2)[0], 2) {
			fmt.Sscan(m[1], &n[i])
		}
		return n
	}
	printed := regexp.MustCompile(`(?s)<cib .*</cib>`) // differs by what the controller wrote
	for i, line := range sectionLines {
		var said []string
		for _, h := range []*host{l.hosts[0], l.hosts[1], l.hosts[2+i%2]} {
			var env []string
			if h == l.hosts[1] {
				env = []string{"GOCOROSYNC_COMPAT=el9", "PATH=" + l.bin + ":/usr/sbin:/usr/bin:/sbin:/bin"}
			}
			before := epochs(h)
			out, status := h.run(env, "sh", "-c", line)
			after := epochs(h)
			conf, _ := h.run(nil, "cibadmin", "-Q", "-l", "-o", "resources")
			said = append(said, fmt.Sprintf("%sexit status %d, %v more\n%s", printed.ReplaceAllString(out, "the CIB"), status, [2]int{after[0] - before[0], after[1] - before[1]}, conf))
		}
		if said[0] != said[1] || said[0] != said[2] {
			t.Errorf("%s\noriginal:\n%s\nours:\n%s\non node%d of both:\n%s", line, said[0], said[1], 3+i%2, said[2])
		}
		eventually(t, 3*time.Second, func() string { // less than it takes to compare them
			a, _ := l.hosts[2].run(nil, "cibadmin", "-Q", "-l")
			b, _ := l.hosts[3].run(nil, "cibadmin", "-Q", "-l")
			if a == b {
				return ""
			}
			return line + ": the copies differ:\n" + a + b
		})
	}
}
