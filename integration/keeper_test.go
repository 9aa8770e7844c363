//go:build interop

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tellingAgent is an agent that tells of each call, and of a start while the
// resource runs anywhere or an action of its is under way.
const tellingAgent = `#!/bin/sh
D=%s
R=$OCF_RESOURCE_INSTANCE
H=$(uname -n)
say() { echo "$H $R $*" >>$D/log; }
none() { for f in $D/$1/$R.*; do [ -e "$f" ] && say "WRONG: $2 while $1 $(basename $f)"; done; }
case $1 in
meta-data) echo '<?xml version="1.0"?><resource-agent name="Witness"><version>1.0</version><longdesc>w</longdesc><shortdesc>w</shortdesc><parameters><parameter name="takes"><longdesc>s</longdesc><shortdesc>s</shortdesc><content type="integer" default="0"/></parameter></parameters><actions><action name="start" timeout="20"/><action name="stop" timeout="20"/><action name="monitor" timeout="20" interval="10"/><action name="meta-data" timeout="5"/></actions></resource-agent>';;
start) none up start; none busy start; : >$D/busy/$R.$$; say start
 sleep ${OCF_RESKEY_takes:-0}; echo "still with an output"; : >$D/up/$R.$H; rm $D/busy/$R.$$; say started;;
stop) none busy stop; say stop; rm -f $D/up/$R.$H;;
monitor) none busy monitor; [ ${OCF_RESKEY_CRM_meta_interval:-0} = 0 ] && say probe
 [ -e $D/up/$R.$H ] || exit 7;;
*) exit 3;;
esac
`

// tellingFence is a fence agent that only tells what it is asked for.
const tellingFence = `#!/bin/sh
[ "$1" = -o ] || while read line; do case $line in action=*) a=${line#action=};; port=*|nodename=*) p=${line#*=};; esac; done
[ "$1" = -o ] && a=$2
case $a in
metadata) echo '<?xml version="1.0"?><resource-agent name="fence_tells" shortdesc="f"><longdesc>f</longdesc><vendor-url>x</vendor-url><parameters><parameter name="action" unique="0" required="1"><getopt mixed="-o, --action=[action]"/><content type="string" default="reboot"/><shortdesc lang="en">a</shortdesc></parameter><parameter name="port" unique="0" required="0"><getopt mixed="-n, --plug=[id]"/><content type="string"/><shortdesc lang="en">p</shortdesc></parameter></parameters><actions><action name="off"/><action name="reboot"/><action name="status"/><action name="list"/><action name="monitor"/><action name="metadata"/></actions></resource-agent>';;
off|reboot) echo "$a $p" >>%s/fenced;;
esac
`

// overlaid puts a program into a folder of a host that it shares with the machine.
func (h *host) overlaid(folder, name, text string) {
	h.l.t.Helper()
	up := "/mnt/" + strings.ReplaceAll(folder, "/", "-")
	h.l.must(h, fmt.Sprintf("mountpoint -q /mnt || mount -t tmpfs tmpfs /mnt\nmkdir -p %[1]s/up/%[3]s %[1]s/work\ncat >%[1]s/up/%[4]s <<'EOT'\n%[5]s\nEOT\nchmod 755 %[1]s/up/%[4]s\nmount -t overlay overlay -o lowerdir=%[2]s,upperdir=%[1]s/up,workdir=%[1]s/work %[2]s",
		up, folder, filepath.Dir(name), name, text))
}

// TestDaemonDiesInTheCluster kills the processes of our pacemakerd, on the DC
// and beside an original DC: nothing is fenced, nothing is started twice or
// stopped, everything is probed anew, and the cluster is whole in seconds.
func TestDaemonDiesInTheCluster(t *testing.T) {
	pacemakerd, original := real(t, "pacemakerd"), real(t, "corosync")
	if testing.Short() {
		t.Skip("takes a minute and a half")
	}
	born := time.Now()
	l := newLab(t, 3)
	l.configure("", "")
	dir := t.TempDir()
	for _, sub := range []string{"up", "busy"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	corosyncs := map[*host]*daemon{}
	ring := func(h *host) {
		if h == l.hosts[2] { // the two keep connections in their own ways
			corosyncs[h] = h.ours("el9")
		} else {
			corosyncs[h] = h.start(nil, original, "-f")
		}
	}
	for _, h := range l.hosts {
		h.overlaid("/usr/lib/ocf/resource.d", "test/Witness", fmt.Sprintf(tellingAgent, dir))
		h.overlaid("/usr/sbin", "fence_tells", fmt.Sprintf(tellingFence, dir))
		ring(h)
	}
	n1, n2, n3 := l.hosts[0], l.hosts[1], l.hosts[2]
	ours := func(h *host) *daemon {
		return h.start([]string{"GOCOROSYNC_COMPAT=el9"}, l.our("pacemakerd"))
	}
	for _, h := range l.hosts {
		eventually(t, 20*time.Second, func() string {
			out, status := h.run(nil, real(t, "corosync-cpgtool"))
			return says(out, status, 0)
		})
	}
	parents := map[*host]*daemon{n3: ours(n3)}
	eventually(t, 60*time.Second, func() string {
		out, status := n3.run(nil, real(t, "crm_mon"), "-1")
		return says(out, status, 0, "Current DC: node3")
	})
	parents[n2] = ours(n2)
	n1.start(nil, pacemakerd, "-f")
	eventually(t, 60*time.Second, func() string {
		out, status := n1.run(nil, real(t, "crm_mon"), "-1")
		return says(out, status, 0, "Online: [ node1 node2 node3 ]")
	})
	conf := `<configuration><crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="se" name="stonith-enabled" value="true"/></cluster_property_set></crm_config><resources><primitive id="f" class="stonith" type="fence_tells"><instance_attributes id="f-i"><nvpair id="f-l" name="pcmk_host_list" value="node1,node2,node3"/></instance_attributes></primitive>`
	places := ""
	for i := 1; i <= 3; i++ {
		conf += primitive(fmt.Sprintf("w%d", i), 0)
		places += fmt.Sprintf(`<rsc_location id="l%[1]d" rsc="w%[1]d" node="node%[1]d" score="100"/>`, i)
	}
	l.must(n1, `cibadmin -M -o configuration --allow-create -X '`+conf+`</resources><constraints>`+places+`</constraints></configuration>'`)

	started := []string{"w1\t(ocf:test:Witness):\t Started node1", "w2\t(ocf:test:Witness):\t Started node2", "w3\t(ocf:test:Witness):\t Started node3"}
	whole := func(what string, within time.Duration, want ...string) {
		t.Helper()
		begin := time.Now()
		eventually(t, within, func() string {
			out, status := n1.run(nil, real(t, "crm_mon"), "-1")
			return says(out, status, 0, append(want, "Online: [ node1 node2 node3 ]", "partition with quorum", "Current DC: node")...)
		})
		t.Logf("%v: %s: whole after %v", time.Since(born).Round(time.Second), what, time.Since(begin).Round(100*time.Millisecond))
	}
	whole("formed", 60*time.Second, started...)
	lines := func() []string {
		b, err := os.ReadFile(filepath.Join(dir, "log"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(string(b)), "\n")
	}
	seen := len(lines())
	// unharmed tells what went wrong since it was asked last; the victim must
	// have been probed.
	unharmed := func(what string, victim *host, starts int) {
		t.Helper()
		if victim != nil {
			eventually(t, 20*time.Second, func() string {
				return says(strings.Join(lines()[seen:], "\n"), 0, 0, victim.name+" w1 probe", victim.name+" w2 probe", victim.name+" w3 probe")
			})
		}
		time.Sleep(time.Second) // for what would come of the probes
		for _, line := range lines()[seen:] {
			words := strings.Fields(line)
			switch {
			case strings.Contains(line, "WRONG"), words[2] == "stop":
				t.Errorf("%s: %s", what, line)
			case words[2] == "start":
				if starts--; starts < 0 {
					t.Errorf("%s: %s", what, line)
				}
			}
		}
		seen = len(lines())
		if b, err := os.ReadFile(filepath.Join(dir, "fenced")); err == nil {
			t.Errorf("%s: fenced: %s", what, b)
		}
	}
	unharmed("formed", nil, 0)
	for _, h := range l.hosts {
		l.must(n1, "attrd_updater -n color -U blue -N "+h.name)
	}
	// attributes are what they were, asked at whichever node.
	attributes := func(what string) {
		t.Helper()
		for _, h := range l.hosts {
			eventually(t, 10*time.Second, func() string {
				out, status := h.run(nil, real(t, "attrd_updater"), "-n", "color", "-Q", "-A")
				return says(out, status, 0, `host="node1" value="blue"`, `host="node2" value="blue"`, `host="node3" value="blue"`)
			})
		}
		out, _ := n1.run(nil, real(t, "cibadmin"), "-Q", "-l", "-A", "//node_state//nvpair[@name='color']")
		if n := strings.Count(out, `value="blue"`); n != 3 {
			t.Errorf("%s: %d of 3 attributes in the CIB:\n%s", what, n, out)
		}
	}
	// The DC's, until an original is DC.
	for i, dc := 0, n3; dc != n1 && i < 3; i++ {
		what := "worker of the DC " + dc.name
		l.killWorker(dc)
		whole(what, 20*time.Second, started...)
		unharmed(what, dc, 0)
		dc = l.designated(t, n1)
	}

	attributes("worker of the DC")

	what := "worker beside the DC " + l.designated(t, n1).name
	l.killWorker(n2)
	whole(what, 20*time.Second, started...)
	unharmed(what, n2, 0)
	attributes(what)

	parents[n2].signal(9)
	<-parents[n2].done
	time.Sleep(500 * time.Millisecond)
	parents[n2] = ours(n2)
	whole("parent", 20*time.Second, started...)
	unharmed("parent", nil, 0)
	l.killWorker(n2)
	whole("worker under a later parent", 20*time.Second, started...)
	unharmed("worker under a later parent", n2, 0)

	// In the middle of a start.
	l.must(n1, `cibadmin -M -o configuration --allow-create -X '<configuration><resources>`+primitive("slow", 4)+`</resources><constraints><rsc_location id="ls" rsc="slow" node="node2" score="100"/></constraints></configuration>'`)
	eventually(t, 20*time.Second, func() string {
		return says(strings.Join(lines()[seen:], "\n"), 0, 0, "node2 slow start")
	})
	t.Logf("start under way on node2, DC %s", l.designated(t, n1).name)
	l.killWorker(n2)
	started = append(started, "slow\t(ocf:test:Witness):\t Started node2")
	whole("worker with a start under way", 20*time.Second, started...)
	unharmed("worker with a start under way", n2, 1)

	if status := parents[n3].stop(); status != 0 {
		t.Errorf("a parent ends with %d after an orderly stop", status)
	}
	parents[n3] = ours(n3)
	l.must(n1, "crm_attribute -n stonith-enabled -v false")
	whole("stopped and started", 30*time.Second, started...)

	// corosync dies: pacemakerd waits for it, and its resources run on.
	corosyncs[n3].signal(9)
	eventually(t, 30*time.Second, func() string {
		out, status := n1.run(nil, real(t, "crm_mon"), "-1")
		return says(out, status, 0, "OFFLINE: [ node3 ]")
	})
	if _, err := os.Stat(filepath.Join(dir, "up", "w3.node3")); err != nil {
		t.Error("a resource was stopped because corosync died")
	}
	select {
	case <-parents[n3].done:
		t.Error("pacemakerd ended with corosync")
	default:
	}
	ring(n3)
	whole("corosync", 30*time.Second, started...)

	// All that there is of pacemakerd on a node, as when all the original's
	// daemons are killed.
	l.killWorker(n2, parents[n2])
	<-parents[n2].done
	eventually(t, 20*time.Second, func() string {
		out, status := n1.run(nil, real(t, "crm_mon"), "-1")
		return says(out, status, 0, "Online: [ node1 node3 ]")
	})
	parents[n2] = ours(n2)
	whole("parent and worker", 30*time.Second, started...)
}

func primitive(id string, takes int) string {
	return fmt.Sprintf(`<primitive id="%[1]s" class="ocf" provider="test" type="Witness"><instance_attributes id="%[1]s-i"><nvpair id="%[1]s-t" name="takes" value="%[2]d"/></instance_attributes><operations><op id="%[1]s-m" name="monitor" interval="10s" timeout="20s"/><op id="%[1]s-s" name="start" interval="0" timeout="60s"/></operations></primitive>`, id, takes)
}

// killWorker kills what does the work of our pacemakerd in a host, at the same
// moment as other daemons.
func (l *lab) killWorker(h *host, with ...*daemon) {
	l.t.Helper()
	pid := l.worker(h)
	for _, d := range with {
		d.signal(9)
	}
	l.must(h, "kill -9 "+pid)
}

// worker is the process that does the work of our pacemakerd in a host.
func (l *lab) worker(h *host) (pid string) {
	l.t.Helper()
	// Nothing but a worker has that in its environment.
	out, _ := h.run(nil, "sh", "-c", "for p in /proc/[0-9]*; do grep -qz ^GOCOROSYNC_KEEPER= $p/environ 2>/dev/null && basename $p; done")
	pids := strings.Fields(out)
	if len(pids) != 1 {
		l.t.Fatalf("%s: workers: %q", h.name, out)
	}
	return pids[0]
}
