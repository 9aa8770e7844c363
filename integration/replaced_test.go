//go:build interop

package integration

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestReplaced erases and replaces the CIB of three running nodes with the
// original cibadmin: whatever status the new document has, or has not, the
// controllers write what is true again, all nodes hold the same, and no resource
// runs twice or is left running by mistake. In one cluster all is the original, for
// what is right.
func TestReplaced(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	for _, tt := range []struct {
		name string
		ours string // which nodes run our daemons; the first one is started first and is the DC
	}{{"original", "..."}, {"ours", "ooo"}, {"original DC", ".oo"}, {"our DC", "o.."}} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t, 3)
			l.configure("", "")
			parents := map[*host]*daemon{}
			for i, h := range l.hosts {
				h.corosync(tt.ours[i] == 'o')
			}
			for i, h := range l.hosts {
				h.votes(3)
				parents[h] = h.pacemaker(tt.ours[i] == 'o')
				if i == 0 {
					eventually(t, 60*time.Second, func() string {
						out, status := h.run(nil, real(t, "crm_mon"), "-1")
						return says(out, status, 0, "Current DC: node1")
					})
				}
			}
			r := replaced{l}
			r.whole("formed", 60*time.Second)
			l.must(l.hosts[1], `crm_attribute -n stonith-enabled -v false`)
			l.must(l.hosts[1], `cibadmin -M -o configuration --allow-create -X '<configuration><resources><primitive id="r" class="ocf" provider="pacemaker" type="Dummy"><operations><op id="r-m" name="monitor" interval="10s"/></operations></primitive></resources><constraints><rsc_location id="l" rsc="r" node="node1" score="100"/></constraints></configuration>'`)
			r.whole("configured", 60*time.Second, "Started node1")
			r.runs("node1")
			old, status := l.hosts[1].run(nil, "cibadmin", "-Q")
			if status != 0 {
				t.Fatal(old)
			}

			l.must(l.hosts[1], `crm_resource -M -r r -N node3`)
			r.whole("moved", 60*time.Second, "Started node3")
			r.runs("node3")
			// The old document says that r runs on node1, with an epoch above all.
			head, rest, _ := strings.Cut(old, ">")
			r.push("an older document", l.hosts[1], epoch(head)+">"+rest)
			r.whole("an older document", 30*time.Second, "Started node1")
			r.runs("node1")

			head, rest, _ = strings.Cut(r.query(l.hosts[2]), ">")
			before, _, _ := strings.Cut(rest, "<status")
			r.push("a document without status", l.hosts[2], epoch(head)+">"+before+"</cib>")
			r.whole("a document without status", 30*time.Second, "Started node1")
			r.runs("node1")

			again := func(i int) { // with what a node comes back, beside a DC of the other kind too
				h := l.hosts[i]
				if status := parents[h].stop(); status != 0 {
					t.Errorf("%s: pacemakerd ends with %d", h.name, status)
				}
				parents[h] = h.pacemaker(tt.ours[i] == 'o')
				r.whole("again "+h.name, 60*time.Second, "Started node1")
			}
			for range 3 {
				again(1)
			}
			again(2)
			r.runs("node1")

			l.must(l.hosts[2], `cibadmin -E --force`)
			r.whole("erased", 30*time.Second, "ORPHANED Started node1")
			// Nothing is started or stopped as long as fencing is wanted and there is none.
			r.runs("node1")
			l.must(l.hosts[2], `crm_attribute -n stonith-enabled -v false`)
			r.whole("allowed to stop", 30*time.Second)
			eventually(t, 20*time.Second, func() string { return r.running("") })
			for i, h := range l.hosts {
				if tt.ours[i] == 'o' {
					if status := parents[h].stop(); status != 0 {
						t.Errorf("%s: after all that, pacemakerd ends with %d", h.name, status)
					}
				}
			}
		})
	}
}

type replaced struct{ l *lab }

var lastWritten = regexp.MustCompile(` cib-last-written="[^"]*"`)

// epoch raises the epoch of a CIB's first tag by 1000.
func epoch(head string) string {
	return strings.Replace(head, ` epoch="`, ` epoch="1`, 1) // 12 becomes 112; the tests reach no hundreds
}

func (r replaced) query(h *host) string {
	r.l.t.Helper()
	out, status := h.run(nil, "cibadmin", "-Q")
	if status != 0 {
		r.l.t.Fatalf("%s: cibadmin -Q: %d: %s", h.name, status, out)
	}
	return out
}

func (r replaced) push(what string, h *host, cib string) {
	r.l.t.Helper()
	h.write("/tmp/push.xml", cib)
	if out, status := h.run(nil, "cibadmin", "-R", "-x", "/tmp/push.xml"); status != 0 {
		r.l.t.Fatalf("%s: cibadmin -R: %d: %s", what, status, out)
	}
}

// whole waits until all nodes are members of one cluster that is at rest, every
// one holds the same document, and crm_mon says what is wanted.
func (r replaced) whole(what string, within time.Duration, want ...string) {
	r.l.t.Helper()
	begin := time.Now()
	eventually(r.l.t, within, func() string {
		var same string
		for _, h := range r.l.hosts {
			out, status := h.run(nil, "crm_mon", "-1")
			if why := says(out, status, 0, append(want, "3 nodes configured", "Online: [ node1 node2 node3 ]", "partition with quorum", "Current DC: node")...); why != "" {
				return h.name + ": " + why
			}
			dc, _, _ := strings.Cut(out[strings.Index(out, "Current DC: ")+len("Current DC: "):], " ")
			out, status = h.run(nil, "crmadmin", "-S", dc) // a replace may make another one DC
			if why := says(out, status, 0, "S_IDLE"); why != "" {
				return why
			}
			cib, status := h.run(nil, "cibadmin", "-Ql")
			if status != 0 {
				return cib
			}
			cib = lastWritten.ReplaceAllString(cib, "") // each node's own, and in no digest
			if same == "" {
				same = cib
			} else if cib != same {
				return fmt.Sprintf("%s holds\n%s\nand %s\n%s", h.name, cib, r.l.hosts[0].name, same)
			}
		}
		return ""
	})
	r.l.t.Logf("%s: whole after %v", what, time.Since(begin).Round(100*time.Millisecond))
}

// runs wants the resource to run on one host, and nowhere else.
func (r replaced) runs(on string) {
	r.l.t.Helper()
	if why := r.running(on); why != "" {
		r.l.t.Error(why)
	}
}

func (r replaced) running(on string) string {
	for _, h := range r.l.hosts {
		out, _ := h.run(nil, "sh", "-c", "ls /run/Dummy-r.state /var/run/Dummy-r.state /run/resource-agents/Dummy-r.state 2>/dev/null")
		if is := out != ""; is != (h.name == on) {
			return fmt.Sprintf("r on %s: %v, and it should run on %q", h.name, is, on)
		}
	}
	return ""
}
