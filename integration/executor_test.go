//go:build interop

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// executors is a cluster of an original pacemaker, which is node1, and ours, node2.
type executors struct {
	*lab
	n1, n2 *host
	parent *daemon // of ours
}

func newExecutors(t *testing.T, before ...func(h *host)) *executors {
	pacemakerd, original := real(t, "pacemakerd"), real(t, "corosync")
	l := newLab(t, 2)
	l.configure("", "")
	e := &executors{lab: l, n1: l.hosts[0], n2: l.hosts[1]}
	for _, h := range l.hosts {
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
	e.n1.start(nil, pacemakerd, "-f")
	e.parent = e.n2.start([]string{"GOCOROSYNC_COMPAT=el9"}, l.our("pacemakerd"))
	eventually(t, 60*time.Second, func() string {
		out, status := e.n1.run(nil, real(t, "crm_mon"), "-1")
		return says(out, status, 0, "Online: [ node1 node2 ]", "Current DC: node")
	})
	l.must(e.n1, "crm_attribute -n stonith-enabled -v false")
	return e
}

// TestStopHasTheOldParameters changes an address while it is up, on a node of ours
// and on an original one: the old address is gone when the new one is there. It is
// so too when the daemon was restarted since the start, and when the resource is
// deleted right after the change.
func TestStopHasTheOldParameters(t *testing.T) {
	e := newExecutors(t)
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
