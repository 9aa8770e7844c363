//go:build interop

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// executors is a cluster of an original pacemaker, which is node1, and ours, the others.
type executors struct {
	*lab
	n1, n2 *host
	online string
	daemon map[*host]*daemon // pacemakerd
}

func newExecutors(t *testing.T, n int, before ...func(h *host)) *executors {
	original := real(t, "corosync")
	l := newLab(t, n)
	l.configure("", "")
	e := &executors{lab: l, n1: l.hosts[0], n2: l.hosts[1], daemon: map[*host]*daemon{}}
	for _, h := range l.hosts {
		e.online += h.name + " "
		for _, f := range before {
			f(h)
		}
		h.start(nil, original, "-f")
	}
	for _, h := range l.hosts {
		eventually(t, 20*time.Second, func() string {
			out, status := h.run(nil, real(t, "corosync-cpgtool"))
			return says(out, status, 0)
		})
	}
	for _, h := range l.hosts {
		e.up(h)
	}
	e.whole()
	l.must(e.n1, "crm_attribute -n stonith-enabled -v false")
	return e
}

func (e *executors) up(h *host) {
	e.t.Cleanup(func() {
		if e.t.Failed() {
			out, _ := h.run(nil, "tail", "-n", "100", "/var/log/pacemaker/pacemaker.log")
			e.t.Logf("%s: %s", h.name, out)
		}
	})
	if h == e.n1 {
		e.daemon[h] = h.start(nil, real(e.t, "pacemakerd"), "-f")
	} else {
		e.daemon[h] = h.start([]string{"GOCOROSYNC_COMPAT=el9"}, e.our("pacemakerd"))
	}
}

func (e *executors) whole(want ...string) {
	e.t.Helper()
	eventually(e.t, 60*time.Second, func() string {
		out, status := e.n1.run(nil, real(e.t, "crm_mon"), "-1")
		return says(out, status, 0, append(want, "Online: [ "+e.online+"]", "Current DC: node")...)
	})
}

// TestStopHasTheOldParameters changes an address while it is up, on a node of ours
// and on an original one: the old address is gone when the new one is there. It is
// so too when the daemon was restarted since the start, and when the resource is
// deleted right after the change.
func TestStopHasTheOldParameters(t *testing.T) {
	e := newExecutors(t, 2)
	vip := func(last int) string {
		return fmt.Sprintf(`<primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr2"><instance_attributes id="vip-i"><nvpair id="vip-ip" name="ip" value="10.88.0.%d"/><nvpair id="vip-m" name="cidr_netmask" value="24"/></instance_attributes><operations><op id="vip-mon" name="monitor" interval="10s" timeout="20s"/></operations></primitive>`, last)
	}
	change := func(last int) {
		t.Helper()
		e.must(e.n1, fmt.Sprintf(`cibadmin -M -o resources -X '<nvpair id="vip-ip" name="ip" value="10.88.0.%d"/>'`, last))
	}
	place := func(h *host) {
		t.Helper()
		e.must(e.n1, `cibadmin -M --allow-create -o constraints -X '<rsc_location id="l" rsc="vip" node="`+h.name+`" score="1000"/>'`)
	}
	addresses := func(h *host) string {
		out, _ := h.run(nil, "ip", "-4", "-o", "addr", "show")
		var list []string
		for _, w := range strings.Fields(out) {
			if a, _, ok := strings.Cut(w, "/"); ok && strings.HasPrefix(a, "10.88.0.2") && len(a) == len("10.88.0.210") {
				list = append(list, a)
			}
		}
		return strings.Join(list, " ")
	}
	only := func(what string, h *host, want string) {
		t.Helper()
		eventually(t, 30*time.Second, func() string {
			if got := addresses(h); got != want {
				return fmt.Sprintf("%s: %s has the addresses %q, want %q", what, h.name, got, want)
			}
			return ""
		})
	}
	e.must(e.n1, `cibadmin -M --allow-create -o resources -X '<resources>`+vip(210)+`</resources>'`)
	last := 210
	for _, h := range []*host{e.n1, e.n2} {
		place(h)
		only("placed", h, fmt.Sprintf("10.88.0.%d", last))
		last++
		change(last)
		only("changed", h, fmt.Sprintf("10.88.0.%d", last))
	}
	// Ours is replaced while nothing is managed.
	e.must(e.n1, "crm_attribute -n maintenance-mode -v true")
	change(213)
	e.killWorker(e.n2)
	eventually(t, 30*time.Second, func() string {
		out, status := e.n2.run(nil, real(t, "crm_mon"), "-1")
		return says(out, status, 0, "Online: [ node1 node2 ]", "vip")
	})
	e.must(e.n1, "crm_attribute -n maintenance-mode -v false")
	only("changed, daemon killed", e.n2, "10.88.0.213")

	e.must(e.n1, `cibadmin -D -X '<rsc_location id="l"/>'`)
	change(214)
	e.must(e.n1, `cibadmin -D -X '<primitive id="vip"/>'`)
	only("deleted", e.n2, "")
	only("deleted", e.n1, "")
}

// TestAnswersComeBack runs what crm_resource asks of executors on each node for each
// node, with a DC of ours and an original one: it ends soon, with the same status and
// the same words as where all is original.
func TestAnswersComeBack(t *testing.T) {
	agent := func(h *host) {
		h.overlaid("/usr/lib/ocf/resource.d", "test/Witness", fmt.Sprintf(tellingAgent, "/run/witness"))
		e := h.l
		e.must(h, "mkdir -p /run/witness/up /run/witness/busy")
	}
	e := newExecutors(t, 3, agent)
	e.must(e.n1, `cibadmin -M --allow-create -o resources -X '<resources><clone id="c">`+primitive("w", 0)+`</clone></resources>'`)
	running := "Started: [ " + e.online + "]"
	e.whole(running)
	asks := [][]string{{"--fail", "-r", "w"}, {"--cleanup", "-r", "w"}, {"--refresh", "-r", "w"}, {"--refresh"}}
	said := map[string]string{} // command → by the original for itself
	for _, dc := range []*host{e.n1, e.n2} {
		e.whole(running)
		if got := e.designated(t, e.n1); got == e.n1 != (dc == e.n1) {
			// Who has used more CPU time won: the others are started behind it.
			var again []*host
			for _, h := range e.hosts {
				if (h == e.n1) != (dc == e.n1) {
					e.daemon[h].stop()
					again = append(again, h)
				}
			}
			eventually(t, 60*time.Second, func() string {
				out, status := dc.run(nil, real(t, "crm_mon"), "-1")
				return says(out, status, 0, "Current DC: node")
			})
			for _, h := range again {
				e.up(h)
			}
			e.whole(running)
			if got := e.designated(t, e.n1); got == e.n1 != (dc == e.n1) {
				t.Fatalf("the DC is %s", got.name)
			}
		}
		// Original for itself, for ours, ours for the original, for itself and another.
		for _, pair := range [][2]int{{0, 0}, {0, 1}, {1, 0}, {1, 1}, {1, 2}} {
			from, to := e.hosts[pair[0]], e.hosts[pair[1]]
			for _, ask := range asks {
				e.whole(running)
				began := time.Now()
				out, status := from.run(nil, append([]string{"timeout", "20", real(t, "crm_resource")}, append(ask, "-N", to.name)...)...)
				got := fmt.Sprintf("%d: %s", status, answers(strings.ReplaceAll(out, to.name, "NODE")))
				if want, ok := said[ask[0]+fmt.Sprint(len(ask))]; !ok {
					said[ask[0]+fmt.Sprint(len(ask))] = got
				} else if got != want {
					t.Errorf("%s for %s, DC %s: %v after %v:\n%s\nwant\n%s", from.name, to.name, dc.name, ask, time.Since(began), got, want)
				}
			}
		}
		e.whole(running)
	}
}

// answers is what crm_resource says, without the order in which replies come between
// its other lines.
func answers(out string) string {
	var lines []string
	replies := 0
	for line := range strings.Lines(out) {
		switch {
		case strings.HasPrefix(line, "... got reply"):
			replies++
		case strings.HasPrefix(line, "Waiting for "):
		default:
			lines = append(lines, line)
		}
	}
	return fmt.Sprintf("%d replies\n%s", replies, strings.Join(lines, ""))
}

// sayingAgent runs where its file is, and its recurring monitor says what it is told to.
const sayingAgent = `#!/bin/sh
F=/run/saying.$OCF_RESOURCE_INSTANCE
case $1 in
meta-data) echo '<?xml version="1.0"?><resource-agent name="Saying"><version>1.1</version><longdesc>s</longdesc><shortdesc>s</shortdesc><parameters><parameter name="rc"><longdesc>r</longdesc><shortdesc>r</shortdesc><content type="integer" default="0"/></parameter></parameters><actions><action name="start" timeout="20"/><action name="stop" timeout="20"/><action name="monitor" timeout="20" interval="10"/><action name="meta-data" timeout="5"/></actions></resource-agent>';;
start) : >$F;;
stop) rm -f $F;;
monitor) [ -e $F ] || exit 7
 [ ${OCF_RESKEY_CRM_meta_interval:-0} = 0 ] && exit 0
 printf 'ocf-exit-reason:first\nocf-exit-reason:%0200d\nnoise\n' 7 >&2
 exit ${OCF_RESKEY_rc:-0};;
*) exit 3;;
esac
`

// TestResultsAreTheOriginals has the same operations run on a node of ours and on an
// original one: agents that are not there, or cannot be executed, and monitors with
// results of every kind. What is in the history is the same. Then a recurring operation
// that failed is removed, and nothing is left that a plan would clear again.
func TestResultsAreTheOriginals(t *testing.T) {
	e := newExecutors(t, 2, func(h *host) {
		h.overlaid("/usr/lib/ocf/resource.d", "test/Saying", sayingAgent)
		h.l.must(h, `d=/usr/lib/ocf/resource.d/test; printf '#!/nonexistent\n' | tee $d/Bad >$d/Closed; chmod 755 $d/Bad; chmod 644 $d/Closed`)
	})
	conf := ""
	for _, p := range []string{`missing" class="ocf" provider="test" type="Nothing`, `script" class="lsb" type="nothing`, `service" class="service" type="nothing`,
		`closed" class="ocf" provider="test" type="Closed`, `bad" class="ocf" provider="test" type="Bad`} {
		conf += `<primitive id="` + p + `"><meta_attributes id="m-` + strings.Fields(p)[0] + `><nvpair id="t-` + strings.Fields(p)[0] + ` name="target-role" value="Stopped"/></meta_attributes></primitive>`
	}
	results := []string{"0", "190", "200", "255", "1"}
	for _, rc := range results {
		id := "r" + rc
		conf += fmt.Sprintf(`<clone id="c%[1]s"><primitive id="%[1]s" class="ocf" provider="test" type="Saying"><instance_attributes id="%[1]s-i"><nvpair id="%[1]s-rc" name="rc" value="%[2]s"/></instance_attributes>`+
			`<operations><op id="%[1]s-m" name="monitor" interval="5s" timeout="20s" on-fail="ignore"><instance_attributes id="%[1]s-o"><nvpair id="%[1]s-ol" name="OCF_CHECK_LEVEL" value="1"/></instance_attributes></op></operations></primitive></clone>`, id, rc)
	}
	e.must(e.n1, `cibadmin -M --allow-create -o resources -X '<resources>`+conf+`</resources>'`)
	entry := func(node, rsc, id string) string {
		out, _ := e.n1.run(nil, real(t, "cibadmin"), "-Q", "--xpath", "//node_state[@uname='"+node+"']//lrm_resource[@id='"+rsc+"']/lrm_rsc_op[@id='"+id+"']")
		var said []string
		for _, name := range []string{"operation_key", "exit-reason", "rc-code", "op-status"} {
			_, v, _ := strings.Cut(out, " "+name+`="`)
			v, _, _ = strings.Cut(v, `"`)
			said = append(said, name+"="+v)
		}
		return strings.Join(said, " ")
	}
	same := func(rsc, id, want string) {
		t.Helper()
		eventually(t, 40*time.Second, func() string {
			original, ours := entry("node1", rsc, id), entry("node2", rsc, id)
			if original != ours || !strings.Contains(original, want) {
				return fmt.Sprintf("%s: the original has\n%s\nours\n%s\nwant %s", id, original, ours, want)
			}
			return ""
		})
	}
	same("missing", "missing_last_0", "exit-reason=Nothing: No such file or directory rc-code=5 op-status=7")
	same("script", "script_last_0", "exit-reason=/etc/init.d/nothing: No such file or directory rc-code=5 op-status=7")
	same("service", "service_last_0", "exit-reason=/etc/init.d/nothing: No such file or directory rc-code=5 op-status=7")
	same("closed", "closed_last_0", "rc-code=4 op-status=0")
	same("bad", "bad_last_0", "rc-code=5 op-status=0")
	reason := "exit-reason=" + strings.Repeat("0", 128) + " "
	same("r0", "r0_monitor_5000", "exit-reason= rc-code=0 op-status=0")
	for rc, want := range map[string]string{"190": "rc-code=190", "200": reason + "rc-code=1 ", "255": reason + "rc-code=1 ", "1": reason + "rc-code=1 "} {
		same("r"+rc, "r"+rc+"_last_failure_0", want)
	}
	out, _ := e.n1.run(nil, real(t, "crm_mon"), "-1f")
	if strings.Contains(out, "r190: migration-threshold") {
		t.Errorf("a degraded resource has a fail count:\n%s", out)
	}
	e.must(e.n1, `cibadmin -D -X '<op id="r1-m"/>'`)
	eventually(t, 30*time.Second, func() string {
		for _, node := range []string{"node1", "node2"} {
			if left := entry(node, "r1", "r1_last_failure_0"); strings.Contains(left, "r1_monitor") {
				return node + " still has " + left
			}
		}
		return ""
	})
}
