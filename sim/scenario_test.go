package sim

import (
	"testing"
	"time"
)

// fencedTrio is three nodes with fencing that run everything once, and a device
// that does what it says. A second copy of anything is an error from then on.
func fencedTrio(t *testing.T) (*World, *Pacemakers) {
	t.Helper()
	return fencedTrioWith(t, func(*World, *Pacemakers) {})
}

// fencedTrioWith is fencedTrio with something changed before it starts.
func fencedTrioWith(t *testing.T, change func(*World, *Pacemakers)) (*World, *Pacemakers) {
	t.Helper()
	return fencedFew(t, 3, change)
}

// fencedQuartet is fencedTrio with one node more.
func fencedQuartet(t *testing.T) (*World, *Pacemakers) {
	t.Helper()
	return fencedFew(t, 4, func(*World, *Pacemakers) {})
}

func fencedFew(t *testing.T, nodes int, change func(*World, *Pacemakers)) (*World, *Pacemakers) {
	t.Helper()
	w, p := pacemakerWorldOf(nodes, 3, nil)
	change(w, p)
	p.Faults.Twice = func(string, string, []string) bool { return false }
	for _, n := range w.Nodes {
		n.Start()
	}
	w.RunUntil(settleWithin, func() bool { return haveDC(w) })
	u := w.Nodes[0].Up.(*Pacemaker)
	u.Ask("cib_modify", "crm_config", `<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="se" name="stonith-enabled" value="true"/></cluster_property_set></crm_config>`, nil)
	u.Ask("cib_replace", "resources", fencedResources, nil)
	u.Ask("cib_replace", "constraints", preferred(len(w.Nodes)), nil)
	w.RunUntil(w.Now+settleWithin, func() bool { return fencedSettled(w, p) == "" })
	if why := fencedSettled(w, p); why != "" || w.Err() != nil {
		t.Fatalf("%s, %v", why, w.Err())
	}
	return w, p
}

// holder returns the node that a resource runs on, and the others.
func holder(t *testing.T, w *World, rsc string) (*Node, []*Node) {
	t.Helper()
	on := Where(w)[rsc]
	if len(on) != 1 {
		t.Fatalf("%s runs on %v", rsc, on)
	}
	var others []*Node
	for _, n := range w.Nodes {
		if n.name() != on[0] {
			others = append(others, n)
		}
	}
	return w.nodeNamed(on[0]), others
}

// recovered waits until a resource runs elsewhere, and tells whether the host that
// had it was fenced for that.
func recovered(t *testing.T, w *World, p *Pacemakers, rsc string, victim *Node) {
	t.Helper()
	boots := victim.boots
	for end := w.Now + settleWithin; w.Now < end && w.Err() == nil; p.run(time.Second) {
		on := Where(w)[rsc]
		if fenced := !victim.powered || victim.boots != boots; fenced && len(on) == 1 {
			return
		}
	}
	t.Errorf("%s runs on %v, %d hosts were fenced, %v", rsc, Where(w)[rsc], p.Power.Cuts, w.Err())
}

// TestUnseenIsFenced: all daemons are gone, and what one host ran runs on. The other
// two come back, and have never seen it.
func TestUnseenIsFenced(t *testing.T) {
	w, p := fencedTrio(t)
	victim, others := holder(t, w, "vip")
	victim.Kill()
	for _, n := range others {
		n.Crash()
	}
	w.Run(time.Second)
	for _, n := range others {
		n.Start()
	}
	recovered(t, w, p, "vip", victim)
}

// TestSeenUnknownIsFenced: the same, and it shows itself on the ring before there
// is a DC, or after, without coming so far as to say what it runs.
func TestSeenUnknownIsFenced(t *testing.T) {
	for _, after := range []time.Duration{5 * time.Second, 20500 * time.Millisecond, 21 * time.Second} {
		w, p := fencedTrio(t)
		victim, others := holder(t, w, "vip")
		victim.Kill()
		for _, n := range others {
			n.Crash()
		}
		w.Run(time.Second)
		others[0].Start()
		w.Run(after - 300*time.Millisecond)
		victim.Start()
		w.Run(300 * time.Millisecond)
		victim.Kill()
		others[1].Start()
		recovered(t, w, p, "vip", victim)
	}
}

// TestDeadDaemonsAreFenced: corosync dies on a host that goes on; what runs there
// is not started elsewhere before its power is gone, which takes three tries.
func TestDeadDaemonsAreFenced(t *testing.T) {
	w, p := fencedTrio(t)
	victim, _ := holder(t, w, "fs")
	p.Power.Fail = 1
	victim.Kill()
	w.Run(40 * time.Second)
	if on := Where(w)["fs"]; len(on) != 1 || on[0] != victim.name() || w.Err() != nil {
		t.Fatalf("while fencing fails fs runs on %v, %v", on, w.Err())
	}
	p.Power.Fail = 0
	recovered(t, w, p, "fs", victim)
}

// TestFailedStopIsFenced: a resource that cannot be stopped costs its host the
// power before it starts elsewhere.
func TestFailedStopIsFenced(t *testing.T) {
	w, p := fencedTrio(t)
	victim, others := holder(t, w, "vip")
	p.Faults.Broken = "stop"
	others[0].Up.(*Pacemaker).Ask("cib_modify", "constraints", `<constraints><rsc_location id="away" rsc="vip" node="`+victim.name()+`" score="-INFINITY"/></constraints>`, nil)
	recovered(t, w, p, "vip", victim)
}

// TestOrderlyStop: each node in turn, the DC's too, is asked to stop. What runs there
// moves, and nobody is fenced for it; it comes back, and all is well again.
func TestOrderlyStop(t *testing.T) {
	w, p := fencedTrio(t)
	for _, n := range w.Nodes {
		u := n.Up.(*Pacemaker)
		u.Shutdown()
		w.RunUntil(w.Now+settleWithin, func() bool { return u.Exit != 0 })
		if len(u.Active) != 0 || u.Exit != 1 {
			t.Errorf("node %d ends with %d and leaves %v", n.ID, u.Exit-1, u.Active)
		}
		n.Stop()
		w.Run(5 * time.Second)
		for _, r := range []string{"vip", "fs", "www"} {
			if on := Where(w)[r]; len(on) != 1 || on[0] == n.name() {
				t.Errorf("without node %d %s runs on %v", n.ID, r, on)
			}
		}
		n.Start()
		w.RunUntil(w.Now+settleWithin, func() bool { return fencedSettled(w, p) == "" })
		if why := fencedSettled(w, p); why != "" || w.Err() != nil || p.Power.Cuts != 0 {
			t.Fatalf("node %d is back: %s, %v, %d hosts were fenced", n.ID, why, w.Err(), p.Power.Cuts)
		}
	}
}
