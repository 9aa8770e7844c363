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
	for i, dc := range []*host{e.n1, e.n2} {
		if i > 0 { // another node is to be DC
			e.daemon[e.n1].stop()
			e.up(e.n1)
		}
		e.whole(running)
		if got := e.designated(t, e.n1); got == e.n1 != (dc == e.n1) {
			t.Fatalf("the DC is %s", got.name)
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
