package sim

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/controller"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/totem"
)

// restless is what a world must not have done while nothing was lost that nodes need:
// fenced, changed its ring or started anything.
type restless struct {
	cuts  int
	lost  int
	rings [5]totem.RingID
	on    string
}

func (r restless) String() string {
	var seqs []uint64
	for _, id := range r.rings {
		seqs = append(seqs, id.Seq)
	}
	return fmt.Sprintf("%d fenced, %d lost, rings %v, %s", r.cuts, r.lost, seqs, r.on)
}

func atRest(w *World, p *Pacemakers) (r restless) {
	r.cuts, r.lost, r.on = p.Power.Cuts, w.lost, fmt.Sprint(Where(w), Promoted(w))
	for i, n := range w.Nodes {
		if n.Ring != nil {
			r.rings[i] = n.Ring.Ring()
		}
	}
	return r
}

// redundantTrio is fencedTrio on two networks.
func redundantTrio(t *testing.T, mode totem.RRPMode) (*World, *Pacemakers) {
	return fencedTrioWith(t, func(w *World, _ *Pacemakers) { w.cfg.RRP = mode })
}

// TestNetworksFail cuts each of two networks under whole nodes, in all ways that one
// network can be cut, and joins it again: no node sees the ring change, and what
// runs stays where it is. A write in the middle of it is answered and everybody's.
func TestNetworksFail(t *testing.T) {
	kinds := []string{"gone", "lossy", "dead", "deaf", "mute", "one way"}
	for _, mode := range []totem.RRPMode{totem.RRPPassive, totem.RRPActive} {
		for iface := range 2 {
			w, p := redundantTrio(t, mode)
			write := 0
			for kind, what := range kinds {
				for _, d := range []time.Duration{500 * time.Millisecond, 15 * time.Second} {
					before := atRest(w, p)
					w.lame(kind, iface, 2, 3)
					w.Run(d / 2)
					write++
					w.Nodes[1].Up.(*Pacemaker).Write(write)
					w.Run(d / 2)
					clear(w.net.lame)
					w.Run(6 * time.Second)
					if after := atRest(w, p); after != before || w.Err() != nil {
						t.Fatalf("%v: network %d %s for %v: %v, before %v, %v", mode, iface, what, d, after, before, w.Err())
					}
					if !slices.Contains(p.Acked, write) {
						t.Fatalf("%v: network %d %s for %v: the write is not answered", mode, iface, what, d)
					}
				}
			}
			if why := fencedSettled(w, p); why != "" {
				t.Errorf("%v: %s", mode, why)
			}
		}
	}
}

// TestBothNetworksFail: with both networks gone for one node it is a dead node like any
// other: fenced before what it had starts elsewhere.
func TestBothNetworksFail(t *testing.T) {
	for _, mode := range []totem.RRPMode{totem.RRPPassive, totem.RRPActive} {
		w, p := redundantTrio(t, mode)
		victim, _ := holder(t, w, "vip")
		w.lame(netDead, 0, victim.ID, 0)
		w.Run(10 * time.Second)
		for _, n := range w.Nodes {
			w.net.lame[link{1, n.ID, victim.ID}], w.net.lame[link{1, victim.ID, n.ID}] = 1, 1
		}
		recovered(t, w, p, "vip", victim)
	}
}

// TestRemovedWhileRunning takes a node out of the list on all nodes while it runs
// something: the others have it fenced and take over; put back, it is one of them.
func TestRemovedWhileRunning(t *testing.T) {
	w, p := fencedQuartet(t)
	victim, others := holder(t, w, "vip")
	var list []totem.NodeID
	for _, n := range others {
		list = append(list, n.ID)
	}
	for _, n := range w.Nodes {
		n.File.List = list
		n.Reload()
		w.Run(50 * time.Millisecond)
	}
	recovered(t, w, p, "vip", victim)
	if p.Power.Cuts != 1 {
		t.Errorf("%d hosts were fenced", p.Power.Cuts)
	}
	p.run(30 * time.Second)
	if victim.Ring != nil {
		t.Error("it is up again, though it is in no list")
	}
	for _, n := range w.Nodes {
		n.File.List = w.ids()
		n.Reload()
	}
	victim.Start()
	settlesFenced(t, w, p)
}

// TestStaleList: a node is taken out of the list everywhere but on one node, and the
// network divides those two from the rest. Both halves are two nodes: with four in
// the list none may go on, and the two with the new list may go on only while the
// other two cannot.
func TestStaleList(t *testing.T) {
	w, p := fencedQuartet(t)
	w.cutBetween([]totem.NodeID{1, 2}, []totem.NodeID{3, 4})
	w.Run(10 * time.Second)
	for _, n := range w.Nodes {
		if n.Up.(*Pacemaker).quorum.Quorate {
			t.Fatalf("node %d has quorum with half of the nodes", n.ID)
		}
	}
	clear(w.net.cut)
	settlesFenced(t, w, p)
	for _, n := range w.Nodes[:2] { // 3 keeps the old one, and 4 is the one that is taken out
		n.File.List = []totem.NodeID{1, 2, 3}
		n.Reload()
	}
	w.Run(5 * time.Millisecond)
	w.cutBetween([]totem.NodeID{1, 2}, []totem.NodeID{3, 4})
	p.run(30 * time.Second)
	if w.Err() != nil {
		t.Error(w.Err())
	}
}

// TestTwoNodesDivided: two nodes do not see each other, and both keep quorum. Each has the
// other fenced before it starts what that one ran; with one faster by its device, that
// one goes on, and the other waits for it when it is up again (wait_for_all).
func TestTwoNodesDivided(t *testing.T) {
	for seed := range uint64(8) {
		w, p := fencedFew(t, 2, func(w *World, _ *Pacemakers) { w.Run(time.Duration(seed) * 13 * time.Millisecond) })
		w.cutBetween([]totem.NodeID{1}, []totem.NodeID{2})
		p.run(20 * time.Second)
		if w.Err() != nil || p.Power.Cuts == 0 || p.Power.Cuts > 2 {
			t.Fatalf("hosts were fenced %d times, %v", p.Power.Cuts, w.Err())
		}
		p.run(40 * time.Second) // who was fenced is up, still without the other, and may not fence it
		if p.Power.Cuts > 2 || w.Err() != nil {
			t.Errorf("hosts were fenced %d times, %v", p.Power.Cuts, w.Err())
		}
		clear(w.net.cut)
		settlesFenced(t, w, p)
	}
}

// TestTokenChanges: the timeout of the token is raised and lowered on some nodes
// and on all, while a node dies: it is fenced once, nobody else is, and what it ran
// goes on elsewhere.
func TestTokenChanges(t *testing.T) {
	for _, token := range []time.Duration{300 * time.Millisecond, 3 * time.Second} {
		w, p := fencedTrio(t)
		before := atRest(w, p)
		for _, n := range w.Nodes[:2] {
			n.File.Token = token
			n.Reload()
		}
		w.Run(10 * time.Second)
		if after := atRest(w, p); after != before {
			t.Errorf("token %v: %v, before %v", token, after, before)
		}
		victim, others := holder(t, w, "vip")
		victim.Crash()
		for _, n := range others {
			n.File.Token = w.cfg.Tunables.Token
			n.Reload()
			w.Run(time.Second)
		}
		recovered(t, w, p, "vip", victim)
		if p.Power.Cuts != 1 {
			t.Errorf("token %v: %d hosts were fenced", token, p.Power.Cuts)
		}
	}
}

// TestEndlessStop: the agent that is to stop a resource never ends, whatever it is sent.
// What it looks after may run on, so its host is fenced first. That pacemaker's process,
// or the whole of its daemons, is started anew meanwhile changes nothing.
func TestEndlessStop(t *testing.T) {
	for name, meanwhile := range map[string]func(*Node){
		"alone":                   func(*Node) {},
		"pacemaker is killed":     func(n *Node) { n.Up.(*Pacemaker).Replace() },
		"all daemons restart":     func(n *Node) { n.Kill(); n.w.Run(200 * time.Millisecond); n.Start() },
		"the DC is killed":        func(n *Node) { n.w.dc().Up.(*Pacemaker).Replace() },
		"the DC's power fails":    func(n *Node) { n.w.dc().Crash() },
		"the DC's clock is late":  func(n *Node) { n.pacemakers.host(n.w.dc()).clock -= 2 * time.Hour },
		"the DC's clock is early": func(n *Node) { n.pacemakers.host(n.w.dc()).clock += 2 * time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			w, p := fencedTrio(t)
			victim, others := holder(t, w, "vip")
			if w.dc() == victim { // the DC is another one
				victim, others = holder(t, w, "www")
			}
			rsc := "www"
			if on := Where(w)["vip"]; on[0] == victim.name() {
				rsc = "vip"
			}
			p.Faults.Endless = "stop"
			boots := victim.boots
			others[0].Up.(*Pacemaker).Ask("cib_modify", "constraints", `<constraints><rsc_location id="away" rsc="`+rsc+`" node="`+victim.name()+`" score="-INFINITY"/></constraints>`, nil)
			w.Run(2 * time.Second)
			if w.Nodes[victim.ID-1].pacemakers.host(victim).agents[rsc] != never {
				t.Fatalf("nothing is stuck on node %d", victim.ID)
			}
			meanwhile(victim)
			w.Run(2 * time.Second)
			if on := Where(w)[rsc]; victim.powered && victim.boots == boots && (len(on) != 1 || on[0] != victim.name()) {
				t.Errorf("before its host is fenced %s runs on %v", rsc, on)
			}
			p.Faults.Endless = ""
			recovered(t, w, p, rsc, victim)
		})
	}
}

// TestEndlessMonitor: a monitor hangs and no signal ends it. What it looks after may be
// dead; it cannot be stopped behind that monitor, so its host is fenced.
func TestEndlessMonitor(t *testing.T) {
	w, p := fencedTrio(t)
	victim, _ := holder(t, w, "fs")
	p.Faults.Endless = "monitor"
	w.RunUntil(w.Now+time.Minute, func() bool { return p.host(victim).agents["fs"] == never })
	p.Faults.Endless = ""
	recovered(t, w, p, "fs", victim)
}

// dc is the node that is DC, nil if none is.
func (w *World) dc() *Node {
	for _, n := range w.Nodes {
		if u, ok := n.Up.(*Pacemaker); ok && u.Node != nil && u.Node.IsDC() {
			return n
		}
	}
	return nil
}

// TestEndlessFenceAgent: the device on one node never answers and cannot be killed: another
// try, by it or by another node, gets the host fenced.
func TestEndlessFenceAgent(t *testing.T) {
	w, p := fencedTrio(t)
	victim, _ := holder(t, w, "fs")
	p.Power.Stuck = 1
	victim.Kill()
	w.Run(20 * time.Second)
	p.Power.Stuck = 0
	recovered(t, w, p, "fs", victim)
}

// TestClientsDie ends clients at every point of a request, on the DC's node and on
// another, and starts new ones: no answer goes to who is gone, nobody waits for who is,
// and what they asked for is on all nodes or on none.
func TestClientsDie(t *testing.T) {
	w, p := fencedTrio(t)
	write := 0
	for range 2 {
		for _, n := range w.Nodes {
			u := n.Up.(*Pacemaker)
			for after := range 12 {
				write++
				u.Write(write)
				u.Ask("cib_query", "crm_config", "", nil)
				w.Run(time.Duration(after) * 40 * time.Microsecond)
				u.Hangup()
				w.Run(time.Duration(w.Rand.IntN(300)) * time.Microsecond)
				said := ""
				u.Ask("cib_query", "crm_config", "", func(rc string) { said = rc })
				w.RunUntil(w.Now+time.Second, func() bool { return said != "" })
				if said != "0" {
					t.Fatalf("node %d: the next client is told %q after %d, %v", n.ID, said, after, w.Err())
				}
			}
		}
		w.Run(3 * time.Second)
		if why := fencedSettled(w, p); why != "" || w.Err() != nil {
			t.Fatal(why, w.Err())
		}
		for i := 1; i <= write; i++ {
			if !w.Nodes[0].Up.(*Pacemaker).Wrote(i) {
				t.Errorf("what a client asked for and did not wait for is not done: write %d", i)
			}
		}
		w.dc().Up.(*Pacemaker).Replace()
		w.Run(time.Second)
		w.RunUntil(w.Now+settleWithin, func() bool { return fencedSettled(w, p) == "" })
	}
}

// TestFencingClientDies: who wants a host fenced dies before it is. It is fenced nevertheless,
// once, and what it ran starts elsewhere after that; also where it is the DC, and where
// it is the host itself that was asked.
func TestFencingClientDies(t *testing.T) {
	for _, lives := range []time.Duration{0, 20 * time.Millisecond, 500 * time.Millisecond} {
		for i := range 4 {
			itself, rsc := i%2 == 0, []string{"vip", "fs"}[i/2]
			w, p := fencedTrio(t)
			victim, others := holder(t, w, rsc)
			ofDC := victim == w.dc()
			asked := others[0]
			if itself {
				asked = victim
			}
			asked.Up.(*Pacemaker).AskFence(victim.name(), lives)
			recovered(t, w, p, rsc, victim)
			settlesFenced(t, w, p)
			if p.Power.Cuts != 1 {
				t.Errorf("%v, itself %v, DC %v: hosts were fenced %d times", lives, itself, ofDC, p.Power.Cuts)
			}
			for _, n := range others {
				if n.boots != 1 {
					t.Errorf("%v, itself %v, DC %v: node %d was fenced too", lives, itself, ofDC, n.ID)
				}
			}
		}
	}
}

// TestClocksApart: the nodes' clocks are hours apart, run apart and are set back and
// forth. Who is DC does not matter: nothing is started, stopped or fenced for it, and
// a failure of long ago is forgotten when the DC's clock says so.
func TestClocksApart(t *testing.T) {
	w, p := fencedTrioWith(t, func(_ *World, p *Pacemakers) { p.Faults.Clocks = true })
	for _, n := range w.Nodes {
		h := p.host(n)
		h.clock, h.drift = time.Duration(n.ID-2)*3*time.Hour, float64(int(n.ID)-2)/50
	}
	w.Run(time.Minute)
	before := atRest(w, p)
	for i := range 6 {
		p.setClock(w.Nodes[i%3])
		w.Run(20 * time.Second)
		w.dc().Up.(*Pacemaker).Replace()
		w.Run(70 * time.Second)
	}
	if after := atRest(w, p); after != before || w.Err() != nil {
		t.Errorf("%v, before %v, %v", after, before, w.Err())
	}
	p.Faults.Broken = "monitor"
	w.Run(15 * time.Second)
	p.Faults.Broken = ""
	settlesFenced(t, w, p)
}

// TestClockSetBack: a clock is set back by hours, and then what ran there dies. Its failure
// is stamped with a time before that of the last success, and counts nevertheless.
func TestClockSetBack(t *testing.T) {
	w, p := fencedTrio(t)
	n, _ := holder(t, w, "fs")
	w.Run(30 * time.Second)
	p.host(n).clock -= 3 * time.Hour
	delete(p.host(n).active, "fs")
	w.Run(20 * time.Second)
	if on := Where(w)["fs"]; len(on) != 1 {
		t.Errorf("fs runs on %v", on)
	}
	settlesFenced(t, w, p)
}

func settlesFenced(t *testing.T, w *World, p *Pacemakers) {
	t.Helper()
	for end := w.Now + settleWithin; w.Now < end && w.Err() == nil && fencedSettled(w, p) != ""; {
		p.run(time.Second)
	}
	if why := fencedSettled(w, p); why != "" || w.Err() != nil {
		t.Fatalf("%s, %v", why, w.Err())
	}
}

// TestJoinWhileWriting: a node joins while clients write. A write that overtakes the copy of
// the CIB that the DC's node sends on its behalf is not in that copy, and the joining
// node has it before and not after. It gets another copy at once.
func TestJoinWhileWriting(t *testing.T) {
	for pause := range 4 {
		w, _ := fencedTrio(t)
		w.net.weather.Delay = 5 * time.Millisecond
		joins := w.Nodes[2]
		joins.Crash()
		w.Run(30 * time.Second)
		joins.Start()
		member := func() bool {
			u := joins.Up.(*Pacemaker)
			return u.Node != nil && u.Node.State() == controller.NotDC
		}
		write := 0
		for end := w.Now + settleWithin; !member() && w.Now < end && w.Err() == nil; w.Run(time.Duration(20+7*pause) * time.Millisecond) {
			write++
			w.Nodes[1].Up.(*Pacemaker).Write(write)
		}
		w.Run(2 * time.Second)
		if why := sameCIB(w); why != "" || !member() || w.Err() != nil {
			t.Errorf("after %d writes: member %v, %s, %v", write, member(), why, w.Err())
		}
	}
}

// sameCIB says which node has another copy than the first, "" for none.
func sameCIB(w *World) string {
	first := w.Nodes[0].Up.(*Pacemaker).Node.CIB()
	for _, n := range w.Nodes[1:] {
		if doc := n.Up.(*Pacemaker).Node.CIB(); xml.Digest(doc) != xml.Digest(first) {
			return fmt.Sprintf("node %d has %v, node 1 %v", n.ID, cib.VersionOf(doc), cib.VersionOf(first))
		}
	}
	return ""
}
